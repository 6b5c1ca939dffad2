// Packs: what is in one, that the same ledger gives the same bytes, and that the ledger in it is verified with what the caller
// knows and nothing else.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { checkVerification, LedgerError, SealwrightTypeError, signVerification, verifyFile, verifySegments } from 'sealwright';
import { openEvidence, packEvidence, type PackedEvidence, verifyEvidence } from 'sealwright/evidence';
import { reasonOf, reasonOfDisturbed, reasonOfGivenUp, rejectsError } from './helpers/errors.mts';
import { newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, forged, key1, key2, linesOf, newLedger, type NewLedger, newSegments, openSession, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';
import { checkedJson } from './helpers/schemas.mts';

/** The viewer, where it was built. */
const viewerPath = join('dist', 'viewer', 'viewer.html');
const pages = ['report.html', ...(existsSync(viewerPath) ? ['viewer.html'] : [])];
const chain = chainOf(20);
const head = { seq: 19, hash: chain[19]?.selfHash ?? '' };

interface Place extends NewLedger {
  readonly output: string;
}

function place(t: ExecutionContext, text = textOf(chain)): Place {
  const { folder, ledger } = newLedger(t, text);
  return { folder, ledger, output: join(folder, 'evidence.zip') };
}

async function rotated(t: ExecutionContext, name = 'ledger.ndjson'): Promise<Place> {
  return { ...(await newSegments(t, { name })), output: newPath(t, 'evidence.zip') };
}

async function textIn(path: string, name: string): Promise<string> {
  const evidence = await openEvidence(path);
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of evidence.read(name)) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  } finally {
    await evidence.close();
  }
}

/** The text of the manifest, which is the last entry. */
function manifestIn(pack: Buffer): string {
  const start = pack.lastIndexOf('PK\u0003\u0004') + 30 + 'manifest.json'.length;
  return inflateRawSync(pack.subarray(start)).toString();
}

/** Long enough for a verification to tell how far it is. */
const large = textOf(chainOf(12, { event: (seq) => toolCalled(`${seq}`.repeat(1_500_000)) }));

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const temporaries = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.tmp'));

test('a pack of one file holds it, and what is said about it', async (t) => {
  const { ledger, output, folder } = place(t);
  const packed = await packEvidence({ ledger, output, head, publicKeys: [key1.publicKeyHex, key2.publicKeyHex] });
  const bytes = readFileSync(output);
  t.like(packed, { bytes: bytes.length, sha256: sha256(bytes) });
  t.is(basename(packed.path), 'evidence.zip');
  t.is(statSync(output).mode & 0o777, 0o600);
  t.deepEqual(temporaries(folder), []);
  t.deepEqual(packed.entries.map(({ name }) => name), ['VERIFY.md', 'ledger.ndjson', 'claimed-keys.json', 'head.json', 'report.json', ...pages]);
  t.like(packed.entries[1], { bytes: statSync(ledger).size, sha256: sha256(readFileSync(ledger)) });
  const evidence = await openEvidence(output);
  t.deepEqual(evidence.entries, packed.entries);
  t.is(evidence.bytes, bytes.length);
  const { claims } = evidence;
  await evidence.close();
  t.deepEqual(claims.head, head);
  t.deepEqual(claims.keys, [
    { publicKey: key1.publicKeyHex, first: 0, last: 19 },
    { publicKey: key2.publicKeyHex, first: null, last: null },
  ]);
  t.deepEqual(claims.report, packed.report.toJSON());
  t.is(claims.report.checks.head, 'matched');
  t.is(await textIn(output, 'ledger.ndjson'), textOf(chain));
  for (const { name } of packed.entries) t.false((await textIn(output, name)).includes(folder), name);
  checkedJson(t, await textIn(output, 'report.json'), 'report');
  checkedJson(t, await textIn(output, 'claimed-keys.json'), 'evidence-keys');
  checkedJson(t, await textIn(output, 'head.json'), 'evidence-head');
  checkedJson(t, manifestIn(bytes), 'evidence-manifest');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const guide = await textIn(output, 'VERIFY.md');
  t.true(guide.includes(`npx sealwright@${version} verify evidence.zip --signer KEY --head SEQ:HASH --require-signer --require-head`));
});

test('the pages of a pack are the report, and the viewer byte for byte', async (t) => {
  const { ledger, output } = place(t);
  await packEvidence({ ledger, output });
  const report = await textIn(output, 'report.html');
  t.regex(report, /data-verdict="intact"/);
  t.regex(report, /ledger\.ndjson/);
  t.false(/<script/i.test(report));
  if (existsSync(viewerPath)) t.is(await textIn(output, 'viewer.html'), readFileSync(viewerPath, 'utf8'));
});

test('the same ledger gives the same bytes, wherever it lies', async (t) => {
  const packs: PackedEvidence[] = [];
  for (let time = 0; time < 2; time += 1) {
    const { ledger, output } = place(t);
    packs.push(await packEvidence({ ledger, output, head }));
  }
  t.is(packs[0]?.sha256, packs[1]?.sha256);
  const { ledger, output } = place(t, textOf(chain.slice(1)).replace(/^/, textOf(chain.slice(0, 1))));
  t.not((await packEvidence({ ledger, output })).sha256, packs[0]?.sha256);
});

test('a ledger in a pack is verified with what the caller knows, and with nothing that the pack says', async (t) => {
  const { ledger, output } = place(t);
  await packEvidence({ ledger, output, head, publicKeys: key1.publicKeyHex });
  const plain = await verifyEvidence(output);
  t.like(plain.report, { verdict: 'intact', eventCount: 20 });
  t.like(plain.report.checks, { signer: 'self-asserted', head: 'not-checked' });
  t.deepEqual(plain.report.toJSON(), (await verifyFile(ledger)).toJSON());
  const pinned = await verifyEvidence(output, { signers: key1.publicKeyHex, expectedHead: head });
  t.is(pinned.report.verdict, 'verified');
  const others = await verifyEvidence(output, { signers: key2.publicKeyHex });
  t.is(others.report.code, 'untrusted_signer');
  const later = await verifyEvidence(output, { expectedHead: { seq: 20, hash: head.hash } });
  t.is(later.report.code, 'head_mismatch');
  const { report, subject } = pinned;
  const options = { signers: key1.publicKeyHex, expectedHead: head };
  const { record } = checkVerification(signVerification({ report, subject, options, keypair: key2 }));
  t.deepEqual(record.subject.files, [{ name: 'ledger.ndjson', bytes: statSync(ledger).size, sha256: sha256(readFileSync(ledger)), source: 'verification' }]);
});

test('a ledger in several files is packed and verified as one', async (t) => {
  const temporaryFolder = newFolder(t);
  for (const name of ['ledger.ndjson', 'Agent 7.log.ndjson', 'ledger']) {
    const { ledger, output, folder } = await rotated(t, name);
    const packed = await packEvidence({ ledger, output });
    const names = ['segments/ledger.0-9.ndjson', 'segments/ledger.10-19.ndjson', 'segments/ledger.ndjson'];
    t.deepEqual(packed.entries.map((entry) => entry.name), ['VERIFY.md', ...names, 'claimed-keys.json', 'report.json', ...pages]);
    t.deepEqual(packed.report.files.map(({ path }) => path), names);
    const seen: number[] = [];
    const { report, subject } = await verifyEvidence(output, { temporaryFolder, onProgress: ({ bytes }) => seen.push(bytes) });
    t.deepEqual(report.toJSON(), packed.report.toJSON());
    t.like(report.toJSON(), { verdict: 'intact', eventCount: 25, gaps: [], orphans: [], foreign: [] });
    t.deepEqual(subject.files.map((file) => file.name), names);
    t.deepEqual(readdirSync(temporaryFolder), []);
    const inFolder = await packEvidence({ ledger: folder, output });
    t.is(inFolder.sha256, packed.sha256);
  }
});

test('segments that are no part of the chain are packed too, and found again', async (t) => {
  const { ledger, output, folder } = await rotated(t);
  const path = join(folder, 'ledger.0-9.ndjson');
  const lines = linesOf(path);
  writeFileSync(path, `${lines.toSpliced(3, 1).join('\n')}\n`);
  const packed = await packEvidence({ ledger, output });
  const { report } = await verifyEvidence(output);
  t.is(packed.report.code, 'seq_mismatch');
  t.deepEqual(report.toJSON(), packed.report.toJSON());
  t.is((report.toJSON() as { orphans?: string[] }).orphans?.length, 2);
  t.false(JSON.stringify(report).includes('sealwright-evidence'));
});

test('a ledger that begins behind what was pruned is packed as segments', async (t) => {
  const { ledger, output, folder } = await rotated(t);
  const session = await openSession(t, { ledgerPath: ledger, rotate: { maxEvents: 10 }, events: 'extended' });
  await session.prune({ before: 20 });
  await session.close();
  t.false(existsSync(join(folder, 'ledger.0-9.ndjson')));
  const direct = await verifySegments(ledger);
  const packed = await packEvidence({ ledger, output });
  t.like((await verifyEvidence(output)).report, { verdict: 'intact', eventCount: direct.eventCount, startedAfter: direct.startedAfter });
  t.true(packed.entries.some(({ name }) => name === 'segments/ledger.10-19.ndjson'));
});

test('a broken ledger is packed, and its pack says so', async (t) => {
  const lines = chain.map((event, index) => (index === 7 ? forged(event) : event.toLine()));
  const { ledger, output } = place(t, `${lines.join('\n')}\n`);
  const packed = await packEvidence({ ledger, output });
  t.like(packed.report, { code: 'bad_signature', eventCount: 7 });
  const { report, claims } = await verifyEvidence(output);
  t.is(claims.report.verdict, 'broken');
  t.like(report, { code: 'bad_signature', eventCount: 7, line: 8 });
  t.is(await textIn(output, 'ledger.ndjson'), readFileSync(ledger, 'utf8'));
});

test('what compresses too well to be believed is stored', async (t) => {
  const { ledger, output } = place(t, textOf(chainOf(3, { event: () => toolCalled('x'.repeat(2_000_000)) })));
  const packed = await packEvidence({ ledger, output });
  t.true(packed.bytes > 6_000_000);
  t.is((await verifyEvidence(output)).report.eventCount, 3);
});

test('an empty ledger and one with a torn tail are packed as they are', async (t) => {
  for (const text of ['', `${textOf(chain)}{"seq":20,"time`]) {
    const { ledger, output } = place(t, text);
    await packEvidence({ ledger, output });
    t.is(await textIn(output, 'ledger.ndjson'), text);
    t.deepEqual((await verifyEvidence(output)).report.toJSON(), (await verifyFile(ledger)).toJSON());
  }
});

test('nothing is written over what is read, or over what is no regular file', async (t) => {
  const { ledger, folder } = await rotated(t);
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString()]);
  const link = join(newFolder(t), 'link');
  symlinkSync(ledger, link);
  const refused = { instanceOf: LedgerError, code: 'ERR_OUTPUT_REFUSED' } as const;
  for (const output of [ledger, link, join(folder, 'ledger.0-9.ndjson'), join(folder, 'ledger.25-30.ndjson'), `${ledger}.lock`, folder, newFifo(t)]) {
    await rejectsError(t, () => packEvidence({ ledger, output }), refused, output);
  }
  t.deepEqual(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString()]), before);
});

test('what was at the output is replaced when the pack is whole, and stays when it is not', async (t) => {
  const { ledger, output, folder } = place(t);
  writeFileSync(output, 'before', { mode: 0o644 });
  await rejectsError(t, () => packEvidence({ ledger: join(folder, 'missing.ndjson'), output }), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
  writeFileSync(join(folder, 'garbage.ndjson'), 'garbage\n');
  await t.throwsAsync(packEvidence({ ledger: join(folder, 'garbage.ndjson'), output }), { code: 'ERR_LEDGER_MALFORMED' });
  const reason = new Error('enough');
  t.is(await reasonOf(packEvidence({ ledger, output, signal: AbortSignal.abort(reason) })), reason);
  const long = place(t, large);
  t.is(await reasonOfGivenUp(reason, (watching) => packEvidence({ ledger: long.ledger, output, ...watching }), () => writeFileSync(output, 'before')), reason);
  t.is(readFileSync(output, 'utf8'), 'before');
  t.deepEqual(temporaries(folder), []);
  await packEvidence({ ledger, output });
  t.is(statSync(output).mode & 0o777, 0o600);
  t.is((await verifyEvidence(output)).report.eventCount, 20);
});

test('what is appended while a ledger is packed is not packed', async (t) => {
  const { ledger, output } = place(t, large);
  const appended: string[] = [];
  const onProgress = () => {
    if (appended.length === 0) appendFileSync(ledger, 'more');
    appended.push('more');
  };
  let { report } = await packEvidence({ ledger, output, onProgress });
  // On a busy machine it may be done before this thread hears of it.
  for (let tries = 0; appended.length === 0 && tries < 20; tries += 1) ({ report } = await packEvidence({ ledger, output, onProgress }));
  t.not(appended.length, 0);
  t.is(report.eventCount, 12);
  t.is(await textIn(output, 'ledger.ndjson'), large);
});

test('a ledger that is changed while it is packed is not packed', async (t) => {
  const { ledger, output } = place(t, large);
  const cut = () => truncateSync(ledger, 10);
  t.true((await reasonOfDisturbed(cut, (onProgress) => packEvidence({ ledger, output, onProgress }), () => rmSync(output))) instanceof LedgerError);
  t.false(existsSync(output));
});

test('a verification of a pack can be given up, and leaves nothing', async (t) => {
  const temporaryFolder = newFolder(t);
  const { ledger, output, folder } = await rotated(t);
  writeLedger(join(folder, 'ledger.0-9.ndjson'), chainOf(10, { event: (seq) => toolCalled(`${seq}`.repeat(2_000_000)) }));
  await packEvidence({ ledger, output });
  const reason = new Error('enough');
  t.is(await reasonOfGivenUp(reason, (watching) => verifyEvidence(output, { temporaryFolder, ...watching })), reason);
  t.is(await reasonOf(verifyEvidence(output, { temporaryFolder, signal: AbortSignal.abort(reason) })), reason);
  const single = place(t, large);
  await packEvidence({ ledger: single.ledger, output: single.output });
  t.is(await reasonOfGivenUp(reason, (watching) => verifyEvidence(single.output, watching)), reason);
  t.deepEqual(readdirSync(temporaryFolder), []);
});

test('there must be room to unpack several files', async (t) => {
  const { ledger, output } = await rotated(t);
  await packEvidence({ ledger, output });
  await t.throwsAsync(verifyEvidence(output, { temporaryFolder: newPath(t, 'missing') }), { code: 'ENOENT' });
});

test('arguments are checked', async (t) => {
  const { ledger, output } = place(t);
  const wrong = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const options of [undefined, {}, { ledger }, { ledger, output, more: 1 }, { ledger, output, head: 'x' }, { ledger, output, publicKeys: [] }]) {
    await rejectsError(t, () => packEvidence(options as never), wrong);
  }
  await rejectsError(t, () => verifyEvidence(output, { state: 'x' } as never), wrong);
  await rejectsError(t, () => openEvidence(output, { maxBytes: '1' } as never), wrong);
  await t.throwsAsync(openEvidence(output, { maxBytes: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  t.false(existsSync(output));
});

test('a linked ledger is packed with the files beside the file itself', async (t) => {
  const { ledger, output } = await rotated(t);
  const link = join(newFolder(t), 'latest.ndjson');
  symlinkSync(ledger, link);
  const packed = await packEvidence({ ledger: link, output });
  t.is(packed.report.eventCount, 25);
});
