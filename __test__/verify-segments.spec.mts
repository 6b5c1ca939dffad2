// A ledger in several files is verified as one chain: what `cat` of them would be, and what no file holds is named.

import {
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  ChainError,
  ChainReport,
  LedgerError,
  SealwrightTypeError,
  SegmentsReport,
  type SegmentsReportJson,
  SigningKeypair,
  verifyFile,
  type VerifyFileOptions,
  verifyFileSync,
  type VerifyProgress,
  verifySegments,
  verifySegmentsSync,
} from 'sealwright';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { newFolder } from './helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, openSession, textOf, toolCalled } from './helpers/ledgers.mts';

const chain = chainOf(30, { keypairAt: (seq) => (seq < 15 ? key1 : key2) });
const headOf = (seq: number) => ({ seq, hash: chain[seq]?.selfHash ?? '' });
const signers = [key1.publicKeyHex, key2.publicKeyHex];
const known = { signers, expectedHead: headOf(29), expectedFirst: headOf(0).hash };
const text = (from: number, to: number) => textOf(chain.slice(from, to + 1));
const stateKey = SigningKeypair.fromSeed(new Uint8Array(32));

/** A folder with events 0 to 29 in three sealed segments and the active file, and what else is named. */
function folderOf(t: ExecutionContext, files: Readonly<Record<string, string | undefined>> = {}): string {
  const folder = newFolder(t);
  const all: Record<string, string | undefined> = {
    'ledger.0-9.ndjson': text(0, 9),
    'ledger.10-11.ndjson': text(10, 11),
    'ledger.12-24.ndjson': text(12, 24),
    'ledger.ndjson': text(25, 29),
    ...files,
  };
  for (const [name, content] of Object.entries(all)) {
    if (content !== undefined) writeFileSync(join(folder, name), content);
  }
  return folder;
}

const names = (paths: readonly string[]) => paths.map((path) => path.replace(/.*[/\\]/, ''));

/** The report without what only several files have. */
function chainPart(report: SegmentsReport): Omit<SegmentsReportJson, 'files' | 'gaps' | 'orphans' | 'foreign'> {
  const { files: _, gaps: __, orphans: ___, foreign: ____, ...rest } = report.toJSON();
  return rest;
}

test('a folder, its active file, a segment, a pattern, or the files in any order: one chain', async (t) => {
  const folder = folderOf(t, { 'heads.json': '{}' });
  const whole = join(newFolder(t), 'cat');
  writeFileSync(whole, text(0, 29));
  const paths = ['ledger.ndjson', 'ledger.12-24.ndjson', 'ledger.0-9.ndjson', 'ledger.10-11.ndjson'];
  for (const options of [{}, known, { signatures: 'last' }, { ...known, signatures: 'last', spelling: 'exact' }] as const) {
    const cat = await verifyFile(whole, options);
    for (const where of [
      folder,
      `${folder}/`,
      pathToFileURL(folder),
      join(folder, 'ledger.ndjson'),
      join(folder, 'ledger.10-11.ndjson'),
      join(folder, 'ledger*.ndjson'),
      join(folder, 'l?dger*son'),
      paths.map((name) => join(folder, name)),
      paths.map((name) => pathToFileURL(join(folder, name))),
    ]) {
      const report = await verifySegments(where, options);
      t.deepEqual(chainPart(report), cat.toJSON(), String(where));
      t.deepEqual(verifySegmentsSync(where, options).toJSON(), report.toJSON());
      t.deepEqual(names(report.files.map(({ path }) => path)), [...paths.slice(2), ...paths.slice(0, 2).toReversed()]);
      t.deepEqual([report.gaps, report.orphans, report.foreign], [[], [], []]);
    }
  }
  const report = await verifySegments(folder, known);
  t.is(report.verdict, 'verified');
  const parts = [[0, 9], [10, 11], [12, 24], [25, 29]] as const;
  t.deepEqual(
    report.files,
    parts.map(([first, last], index) => {
      const content = text(first, last);
      const { path = '' } = report.files[index] ?? {};
      return { path, first, last, events: last - first + 1, bytes: content.length, sha256: hash('sha256', content) };
    }),
  );
  t.true(report instanceof ChainReport && report instanceof SegmentsReport && Object.isFrozen(report));
  t.deepEqual(new SegmentsReport(JSON.parse(JSON.stringify(report)) as SegmentsReportJson), report);
});

test('an empty active file, none, a file under two names, one segment alone', async (t) => {
  const cut = { ...known, expectedHead: headOf(24) };
  const empty = folderOf(t, { 'ledger.ndjson': '' });
  t.like(await verifySegments(empty, cut), { verdict: 'verified', eventCount: 25 });
  t.deepEqual((await verifySegments(empty, cut)).files.at(-1)?.events, 0);
  t.like(await verifySegments(folderOf(t, { 'ledger.ndjson': undefined }), cut), { verdict: 'verified' });
  const twice = folderOf(t, { 'ledger.ndjson': undefined });
  linkSync(join(twice, 'ledger.12-24.ndjson'), join(twice, 'ledger.ndjson'));
  const report = await verifySegments(twice, cut);
  t.like(report, { verdict: 'verified', eventCount: 25 });
  t.is(report.files.length, 3);
  const alone = newFolder(t);
  writeFileSync(join(alone, 'ledger.ndjson'), text(0, 29));
  t.like(await verifySegments(alone, known), { verdict: 'verified', eventCount: 30 });
  const named = newFolder(t);
  writeFileSync(join(named, 'agent.0-24'), text(0, 24));
  writeFileSync(join(named, 'agent'), text(25, 29));
  t.like(await verifySegments(named, known), { verdict: 'verified', eventCount: 30 });
});

test('what is in no file is named, and what stands behind it', async (t) => {
  const without = (...gone: string[]) => folderOf(t, Object.fromEntries(gone.map((name) => [name, undefined])));
  const found = async (folder: string, options?: VerifyFileOptions) => {
    const report = await verifySegments(folder, options);
    const { ok, code, brokenAt, line, eventCount, gaps } = report;
    return { ok, code, brokenAt, line, eventCount, gaps, orphans: names(report.orphans) };
  };
  const missing = { ok: false, code: 'segment_missing', line: null } as const;
  t.deepEqual(await found(without('ledger.10-11.ndjson')), {
    ...missing, brokenAt: 10, eventCount: 10, gaps: [{ from: 10, to: 11 }],
    orphans: ['ledger.12-24.ndjson', 'ledger.ndjson'],
  });
  t.deepEqual(await found(without('ledger.0-9.ndjson', 'ledger.12-24.ndjson')), {
    ...missing, brokenAt: 0, eventCount: 0, gaps: [{ from: 0, to: 9 }, { from: 12, to: 24 }],
    orphans: ['ledger.10-11.ndjson', 'ledger.ndjson'],
  });
  // A fault in front of a gap comes first, whichever way signatures are checked.
  const folder = without('ledger.10-11.ndjson');
  writeFileSync(join(folder, 'ledger.0-9.ndjson'), `${text(0, 8)}${forged(chain[9])}\n`);
  for (const signatures of ['all', 'last'] as const) {
    t.like(await found(folder, { signatures }), { code: 'bad_signature', brokenAt: 9, gaps: [{ from: 10, to: 11 }] });
  }
});

test('a file that begins inside of another one, or holds what its name does not say', async (t) => {
  const mismatch = async (
    files: Record<string, string | undefined>,
    brokenAt: number,
    orphans: string[],
    gaps: SegmentsReport['gaps'] = [],
  ) => {
    const report = await verifySegments(folderOf(t, files));
    t.like(report, { verdict: 'broken', code: 'segment_mismatch', brokenAt, line: null }, JSON.stringify(Object.keys(files)));
    t.deepEqual(names(report.orphans), orphans);
    t.deepEqual(report.gaps, gaps);
  };
  const [middle, last, active] = ['ledger.10-11.ndjson', 'ledger.12-24.ndjson', 'ledger.ndjson'];
  await mismatch({ 'ledger.5-9.ndjson': text(5, 9) }, 10, ['ledger.5-9.ndjson', middle, last, active]);
  await mismatch({ [middle]: undefined, 'ledger.10-12.ndjson': text(10, 11) }, 12, [last, active]);
  await mismatch({ [middle]: undefined, 'ledger.9-11.ndjson': text(10, 11) }, 10, ['ledger.9-11.ndjson', last, active]);
  // It was not read: what it holds is what its name says.
  const gaps = [{ from: 11, to: 11 }];
  const lying = 'ledger.9-10.ndjson';
  await mismatch({ [middle]: undefined, [lying]: text(10, 11) }, 10, [lying, last, active], gaps);
  await mismatch({ [active]: text(20, 29) }, 25, [active]);
  await mismatch({ [middle]: '' }, 10, [last, active]);
  await mismatch({ [middle]: '\n' }, 10, [last, active]);
  // Bytes that are no event are nowhere but at the end of the active file.
  await mismatch({ [middle]: text(10, 11).slice(0, -1) }, 11, [last, active]);
  await mismatch({ [middle]: `${text(10, 11)}{"seq"` }, 12, [last, active]);
  const torn = folderOf(t, { [active]: `${text(25, 29)}{"seq"` });
  t.like(await verifySegments(torn, known), { verdict: 'intact', eventCount: 30, tail: { bytes: 6 } });
  // Another ledger's file in the right place.
  const other = chainOf(30, { event: (seq) => ended(seq + 1) });
  const swapped = folderOf(t, { [middle]: textOf(other.slice(10, 12)) });
  t.like(await verifySegments(swapped), { code: 'parent_mismatch', brokenAt: 10, line: 11 });
});

test('links, what is no file, and tricks of names are refused', async (t) => {
  const refused = { instanceOf: LedgerError, code: 'ERR_SEGMENT_REFUSED' } as const;
  for (const name of ['ledger.00-9.ndjson', 'ledger.9-0.ndjson', 'Ledger.0-9.ndjson', 'ledger.0-9.NDJSON', 'ledger.0-09.ndjson']) {
    await rejectsError(t, () => verifySegments(folderOf(t, { [name]: text(0, 9) })), refused, name);
  }
  await rejectsError(t, () => verifySegments([join(folderOf(t, { 'x.00-9.ndjson': '' }), 'x.00-9.ndjson')]), refused);
  const make: Record<string, (path: string) => void> = {
    link: (path) => symlinkSync('ledger.0-9.ndjson', path),
    folder: (path) => mkdirSync(path),
    fifo: (path) => t.is(spawnSync('mkfifo', [path]).status, 0),
  };
  for (const [what, place] of Object.entries(make)) {
    for (const name of ['ledger.10-11.ndjson', 'ledger.ndjson']) {
      const folder = folderOf(t, { [name]: undefined });
      place(join(folder, name));
      await rejectsError(t, () => verifySegments(folder), refused, `${what} ${name}`);
      await rejectsError(t, () => verifySegments([join(folder, 'ledger.0-9.ndjson'), join(folder, name)]), refused, what);
    }
  }
});

test('what is not found, or not said', async (t) => {
  const notFound = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const folder = newFolder(t);
  for (const where of [folder, join(folder, 'ledger.ndjson'), join(folder, '*'), join(folder, 'no', 'x'), [join(folder, 'x')]]) {
    await rejectsError(t, () => verifySegments(where), notFound, String(where));
  }
  for (const where of [undefined, null, '', [], [''], [1], {}, 1]) {
    await rejectsError(t, () => verifySegments(where as string), invalid, JSON.stringify(where));
  }
  const two = folderOf(t, { 'agent.0-1.ndjson': text(0, 1) });
  await rejectsError(t, () => verifySegments(two), invalid);
  const report = await verifySegments(join(two, 'ledger.ndjson'), known);
  t.is(report.verdict, 'verified');
  t.deepEqual(names(report.foreign), ['agent.0-1.ndjson']);
  await rejectsError(t, () => verifySegments(two, { unknown: 1 } as object), invalid);
});

test('a line that cannot be read is an error that names its file', async (t) => {
  const folder = folderOf(t, { 'ledger.10-11.ndjson': `${text(10, 10)}garbage\n` });
  const error = await rejectsError(t, () => verifySegments(folder), {
    instanceOf: ChainError,
    code: 'ERR_LEDGER_MALFORMED',
    line: 12,
    byteOffset: text(0, 10).length,
  });
  t.regex(error.message, /ledger\.10-11\.ndjson/);
  t.is(error.report?.eventCount, 11);
});

test('startAfter: the rest of a ledger, its segments in front of it aside', async (t) => {
  const folder = folderOf(t);
  const { expectedFirst: _, ...options } = known;
  const report = await verifySegments(folder, { ...options, startAfter: headOf(11) });
  t.like(report, { verdict: 'intact', eventCount: 18, startedAfter: headOf(11), head: headOf(29) });
  t.deepEqual(names(report.files.map(({ path }) => path)), ['ledger.12-24.ndjson', 'ledger.ndjson']);
  t.deepEqual(names(report.orphans), ['ledger.0-9.ndjson', 'ledger.10-11.ndjson']);
  const paths = ['ledger.ndjson', 'ledger.12-24.ndjson'].map((name) => join(folder, name));
  t.like(await verifySegments(paths, { startAfter: headOf(11) }), { ok: true, eventCount: 18 });
  t.like(await verifySegments(paths), { code: 'segment_missing', brokenAt: 0 });
  t.like(await verifySegments(paths, { startAfter: headOf(9) }), { code: 'segment_missing', brokenAt: 10 });
  t.like(await verifySegments(paths, { startAfter: { ...headOf(9), seq: 11 } }), { code: 'parent_mismatch', brokenAt: 12 });
  t.like(await verifySegments(paths, { startAfter: headOf(13) }), { code: 'segment_mismatch', brokenAt: 14 });
});

test('progress is of all files together; an abort and a failing listener end it', async (t) => {
  const folder = newFolder(t);
  const large = chainOf(6000, { event: (seq) => toolCalled({ seq, text: 'x'.repeat(400) }) });
  for (const [name, from, to] of [['0-1999.', 0, 2000], ['2000-3999.', 2000, 4000], ['', 4000, 6000]] as const) {
    writeFileSync(join(folder, `ledger.${name}ndjson`), textOf(large.slice(from, to)));
  }
  const told: VerifyProgress[] = [];
  await verifySegments(folder, { onProgress: (progress) => told.push(progress) });
  const totalBytes = textOf(large).length;
  t.true(told.length > 1);
  for (const [index, progress] of told.entries()) {
    t.is(progress.totalBytes, totalBytes);
    t.true(progress.bytes > (told[index - 1]?.bytes ?? 0) && progress.bytes <= totalBytes);
    t.true(progress.events >= (told[index - 1]?.events ?? 0) && progress.events <= 6000);
  }
  const reason = new Error('enough');
  t.is(await reasonOf(verifySegments(folder, { signal: AbortSignal.abort(reason) })), reason);
  const failing = () => {
    throw reason;
  };
  // A verification that ends before this thread gets its turn tells its listener nothing.
  const failed = async () => verifySegments(folder, { onProgress: failing }).then(() => undefined, (thrown: unknown) => thrown);
  let thrown = await failed();
  for (let attempt = 0; thrown === undefined && attempt < 10; attempt += 1) thrown = await failed();
  t.is(thrown, reason);
});

test('verifyFile of a segment says which part it is, and never that it is all', async (t) => {
  const folder = folderOf(t);
  const part = async (name: string, options?: VerifyFileOptions) => verifyFile(join(folder, name), options);
  const first = { signers, expectedHead: headOf(9), expectedFirst: headOf(0).hash };
  t.like(await part('ledger.0-9.ndjson', first), {
    verdict: 'intact', eventCount: 10, segments: { seen: { from: 0, to: 9 }, missing: null, later: true },
    checks: { head: 'matched', first: 'matched' },
  });
  const middle = await part('ledger.10-11.ndjson');
  t.like(middle, { verdict: 'intact', eventCount: 2, startedAfter: null, firstHash: null, head: headOf(11) });
  t.deepEqual(middle.segments, { seen: { from: 10, to: 11 }, missing: { from: 0, to: 9 }, later: true });
  const active = await part('ledger.ndjson', { signers, expectedHead: headOf(29) });
  t.like(active, { verdict: 'intact', eventCount: 5 });
  t.deepEqual(active.segments, { seen: { from: 25, to: 29 }, missing: { from: 0, to: 24 }, later: false });
  t.deepEqual(verifyFileSync(join(folder, 'ledger.ndjson')).segments, active.segments);
  t.like(await part('ledger.10-11.ndjson', { startAfter: headOf(9) }), { ok: true, startedAfter: headOf(9) });
  t.like(await part('ledger.10-11.ndjson', { startAfter: headOf(8) }), { code: 'seq_mismatch', brokenAt: 9 });
  t.like(await part('ledger.10-11.ndjson', { expectedFirst: headOf(0).hash }), { code: 'first_mismatch', brokenAt: 10 });
  // A name that says more than is there, less, or something else.
  const renamed = (from: string, to: string) => {
    renameSync(join(folder, from), join(folder, to));
    return part(to);
  };
  t.like(await renamed('ledger.10-11.ndjson', 'ledger.10-12.ndjson'), { code: 'segment_mismatch', brokenAt: 12 });
  t.like(await renamed('ledger.10-12.ndjson', 'ledger.10-10.ndjson'), { code: 'segment_mismatch', brokenAt: 12 });
  t.like(await renamed('ledger.10-10.ndjson', 'ledger.11-11.ndjson'), { code: 'seq_mismatch', brokenAt: 0, segments: null });
  t.like(await renamed('ledger.11-11.ndjson', 'other.ndjson'), { code: 'seq_mismatch', segments: null });
  truncateSync(join(folder, 'ledger.12-24.ndjson'), text(12, 20).length);
  t.like(await part('ledger.12-24.ndjson'), { code: 'segment_mismatch', brokenAt: 21, eventCount: 9 });
  rmSync(join(folder, 'ledger.12-24.ndjson'));
  t.like(await part('ledger.ndjson'), { code: 'seq_mismatch', segments: null });
  await rejectsError(t, () => verifyFile(folder), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' });
});

test('what a session rotates and prunes is verified, night after night', async (t) => {
  const folder = newFolder(t);
  const ledgerPath = join(folder, 'ledger.ndjson');
  const state = join(folder, 'states', 'nightly');
  const session = await openSession(t, { ledgerPath, events: 'extended', rotate: { maxEvents: 7 } });
  const firstHash = (await session.record(ended('first'))).selfHash;
  let before = 0;
  for (let night = 1; night < 6; night += 1) {
    for (let index = 0; index < 9; index += 1) await session.record(ended(index));
    const expected = { signers: key1.publicKeyHex, expectedHead: session.head ?? undefined };
    const plain = await verifySegments(folder, { ...expected, expectedFirst: firstHash });
    t.like(plain, { verdict: 'verified', eventCount: 1 + night * 9, gaps: [], orphans: [] });
    const resumed = await verifySegments(folder, { ...expected, state, stateKey });
    t.like(resumed, { verdict: night === 1 ? 'verified' : 'intact', eventCount: plain.eventCount, head: plain.head });
    t.is(resumed.resumed?.seq, night === 1 ? undefined : before - 1);
    t.deepEqual(resumed.files.map(({ first, last }) => [first, last]), plain.files.map(({ first, last }) => [first, last]));
    before = plain.eventCount;
  }
  const pruned = await session.prune({ keep: 2 });
  t.not(pruned, null);
  const expected = { signers: key1.publicKeyHex, expectedHead: session.head ?? undefined };
  const report = await verifySegments(folder, { ...expected, expectedFirst: firstHash });
  t.like(report, { verdict: 'intact', gaps: [], checks: { first: 'matched', head: 'matched' } });
  t.is(report.startedAfter?.seq, (report.files[0]?.first ?? 0) - 1);
  t.true((report.startedAfter?.seq ?? 0) > 20);
  t.like(await verifySegments(folder, { expectedFirst: 'a'.repeat(64) }), { ok: false, code: 'first_mismatch' });
  await rejectsError(t, () => verifySegments(folder, { ...expected, state, stateKey }), {
    instanceOf: LedgerError,
    code: 'ERR_STATE_MISMATCH',
  });
  t.true((await verifySegments(folder, { ...expected, state, stateKey, full: true })).ok);
  t.like(await verifySegments(folder, { ...expected, state, stateKey }), { ok: true, eventCount: report.eventCount });
  // One more that no event covers.
  rmSync(report.files[0]?.path ?? '');
  t.like(await verifySegments(folder, expected), { ok: false, code: 'segment_missing', brokenAt: 0, eventCount: 0 });
});
