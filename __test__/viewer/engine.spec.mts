// The engine answers as the native side does, to the last word: every vector through both, single files and segments.

import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { publicKeyFingerprint } from 'sealwright';
import type { ByteSource, Engine, Explanation, Trust, Unreadable } from '../../viewer/engine.ts';
import { failureOf, native } from '../helpers/addon.mts';
import { type Outcome, outcomeOf, sourceAt, sourceOf, testEngine } from '../helpers/engine.mts';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, ended, key1, key2, textOf } from '../helpers/ledgers.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { chains, jsonLines, mutations, peerPath, variants, type VectorOptions } from '../helpers/vectors.mts';

const NOTHING_KNOWN: Trust = { signers: [], head: null };

/** What the native side says of files: of one alone, or of several as one chain. Of paths only the names are left. */
function natively(paths: readonly string[], { signers, head }: Trust): Outcome {
  const options = JSON.stringify({ signers, expectedHead: head ?? undefined });
  const [one = '', ...others] = paths;
  const alone = others.length === 0;
  try {
    const text = native.verifyFilesSync(alone ? one : [...paths], alone, options, undefined, undefined, false);
    return { report: withNames(JSON.parse(text) as Record<string, unknown>) };
  } catch (error) {
    const { code, message, report } = failureOf(error);
    const named = paths.reduce((text, path) => text.replaceAll(path, basename(path)), String(message));
    return { code, message: named, ...(report === undefined ? {} : { report }) };
  }
}

function withNames(report: Record<string, unknown>): unknown {
  const { files, orphans, ...rest } = report as { files?: { path: string }[]; orphans?: string[] };
  if (files === undefined || orphans === undefined) return report;
  const named = files.map((file) => ({ ...file, path: basename(file.path) }));
  return { ...rest, files: named, orphans: orphans.map((path) => basename(path)) };
}

const verified = (engine: Engine, files: readonly ByteSource[], trust: Trust) =>
  outcomeOf(() => ({ report: engine.verify(files, trust, () => {}) }));

/** What the engine can be told of a vector's options. */
function trustOf({ signers = [], expectedHead }: VectorOptions): Trust {
  return { signers: [signers].flat().map(String), head: expectedHead ?? null };
}

testWith(['wasm'], 'every ledger of the vectors has one report', async (t) => {
  const engine = await testEngine();
  const peers = ['ledger_200', 'ledger_200_fixed_ts', 'compat_rust_signed_ledger'];
  const vectors = [...chains(), ...mutations(), ...variants(), ...peers.map((name) => ({ path: peerPath(`${name}.ndjson`), cases: [] }))];
  const counts = { verified: 0, intact: 0, broken: 0, empty: 0, error: 0 };
  for (const { path, cases } of vectors) {
    for (const trust of [NOTHING_KNOWN, ...cases.map(({ options }) => trustOf(options))]) {
      const expected = natively([path], trust);
      t.deepEqual(verified(engine, [sourceAt(path)], trust), expected, `${basename(path)} ${JSON.stringify(trust)}`);
      counts['code' in expected ? 'error' : (expected.report as { verdict: keyof typeof counts }).verdict] += 1;
    }
  }
  t.true(Object.values(counts).every((count) => count > 2) && counts.broken > 300, JSON.stringify(counts));
});

testWith(['wasm'], 'signatures are checked by tables as well as one by one', async (t) => {
  const engine = await testEngine();
  const path = join(newFolder(t), 'ledger.ndjson');
  const compare = (text: string, what: string) => {
    writeFileSync(path, text);
    const expected = natively([path], NOTHING_KNOWN);
    t.deepEqual(verified(engine, [sourceAt(path)], NOTHING_KNOWN), expected, what);
    return expected.report as { code: string | null; line: number | null; eventCount: number };
  };
  // 160 signatures of a key make a small table of it, 16,384 a large one.
  const few = textOf(chainOf(400, { keypairAt: (seq) => (seq % 3 === 0 ? key2 : key1) })).split('\n');
  t.is(compare(few.join('\n'), 'a good one').eventCount, 400);
  for (let place = 1; place < 400; place += 23) {
    const forged = few.with(place, withSignatureOf(few[place] ?? '', few[place - 1] ?? ''));
    const { code, line } = compare(forged.join('\n'), `line ${place + 1}`);
    t.deepEqual([code, line], ['bad_signature', place + 1]);
  }
  const many = textOf(chainOf(17_000)).split('\n');
  t.is(compare(many.join('\n'), 'a long one').eventCount, 17_000);
  const forged = many.with(16_990, withSignatureOf(many[16_990] ?? '', many[16_989] ?? ''));
  t.is(compare(forged.join('\n'), 'a long one, forged').line, 16_991);
});

const SIGNATURE = /"signature":"[0-9a-f]{128}"/;
const withSignatureOf = (line: string, other: string) => line.replace(SIGNATURE, SIGNATURE.exec(other)?.[0] ?? '');

testWith(['wasm'], 'segments are one chain, whatever is wrong with them', async (t) => {
  const engine = await testEngine();
  const chain = chainOf(30, { keypairAt: (seq) => (seq < 15 ? key1 : key2) });
  const text = (from: number, to: number) => textOf(chain.slice(from, to + 1));
  const head = { seq: 29, hash: chain[29]?.selfHash ?? '' };
  const known = { signers: [key1.publicKeyHex, key2.publicKeyHex], head };
  const whole: Record<string, string> = {
    'ledger.ndjson': text(25, 29),
    'ledger.12-24.ndjson': text(12, 24),
    'ledger.0-9.ndjson': text(0, 9),
    'ledger.10-11.ndjson': text(10, 11),
  };
  const { 'ledger.10-11.ndjson': _, ...gap } = whole;
  const { 'ledger.0-9.ndjson': __, ...beheaded } = whole;
  // What is found where nothing is known, where signers and head are, and of which files.
  const cases: [verdict: string, known: string, files: Record<string, string>][] = [
    ['intact', 'verified', whole],
    ['intact', 'verified', { 'a.ndjson': text(0, 20), 'b.ndjson': text(21, 29) }],
    ['intact', 'intact', { ...whole, 'ledger.ndjson': `${text(25, 29)}{"seq":30` }],
    ['broken', 'broken', gap],
    ['broken', 'broken', beheaded],
    ['broken', 'broken', { ...whole, 'ledger.8-9.ndjson': text(8, 9) }],
    ['broken', 'broken', { ...whole, 'ledger.12-24.ndjson': text(12, 23) }],
    ['broken', 'broken', { ...whole, 'ledger.12-24.ndjson': text(12, 24).slice(0, -1) }],
    ['broken', 'broken', { ...whole, 'ledger.12-24.ndjson': text(12, 24).replace('"SessionEnded"', '"SessionEndes"') }],
    ['broken', 'broken', { ...whole, 'ledger.10-11.ndjson': '' }],
    ['intact', 'broken', { ...whole, 'ledger.ndjson': '' }],
    ['ERR_LEDGER_MALFORMED', 'ERR_LEDGER_MALFORMED', { ...whole, 'ledger.12-24.ndjson': `${text(12, 20)}x\n${text(21, 24)}` }],
    ['ERR_SEGMENT_REFUSED', 'ERR_SEGMENT_REFUSED', { ...whole, 'ledger.00-9.ndjson': text(0, 9) }],
  ];
  for (const [verdict, verdictIfKnown, files] of cases) {
    const folder = newFolder(t);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const paths = Object.keys(files).map((name) => join(folder, name));
    for (const [trust, expected] of [[NOTHING_KNOWN, verdict], [known, verdictIfKnown]] as const) {
      const outcome = natively(paths, trust);
      t.deepEqual(verified(engine, paths.map(sourceAt), trust), outcome);
      const report = outcome.report as { verdict: string } | undefined;
      t.is(outcome.code ?? report?.verdict, expected, Object.keys(files).join());
    }
    // Each of them without the others, as well.
    for (const [name, content] of Object.entries(files)) {
      const path = join(newFolder(t), name);
      writeFileSync(path, content);
      t.deepEqual(verified(engine, [sourceAt(path)], NOTHING_KNOWN), natively([path], NOTHING_KNOWN), name);
    }
  }
  const sources = Object.entries(whole).map(([name, content]) => sourceOf(name, Buffer.from(content)));
  t.deepEqual(engine.order(sources), [2, 3, 1, 0]);
  t.deepEqual(engine.order(sources.slice(1, 2)), [0]);
  t.like(t.throws(() => engine.order([sourceOf('ledger.9-0.ndjson', Buffer.of()), ...sources])), { code: 'ERR_SEGMENT_REFUSED' });
  t.like(t.throws(() => engine.verify([], NOTHING_KNOWN, () => {})), { code: 'ERR_INVALID_ARGUMENT' });
});

testWith(['wasm'], 'what cannot be read gives no verdict', async (t) => {
  const engine = await testEngine();
  const bytes = Buffer.from(textOf(chainOf(100, { event: () => ended('x'.repeat(90_000)) })));
  const whole = sourceOf('ledger.ndjson', bytes);
  t.true(bytes.length > 8 << 20);
  const failing = (read: ByteSource['read'], length = bytes.length): ByteSource => ({ name: 'ledger.ndjson', length, read });
  /** Reads in another way what reaches behind an offset. */
  const when = (offset: number, instead: (part: Uint8Array) => unknown) =>
    failing((from, length) => {
      const part = whole.read(from, length);
      return (from + length > offset ? instead(part) : part) as Uint8Array;
    });
  const gone = () => {
    throw new Error('it was taken away');
  };
  const cases: [what: string, source: ByteSource][] = [];
  for (const from of [0, 1 << 20, 5 << 20, bytes.length - 100_000]) {
    cases.push(['throws', when(from, gone)], ['less', when(from, (part) => part.subarray(1))]);
    cases.push(['more', when(from, (part) => Buffer.concat([part, part]))], ['nothing', when(from, () => undefined)]);
    cases.push(['a list', when(from, (part) => [...part.subarray(0, 1)])]);
  }
  for (const length of [-1, 0.5, Number.NaN, 2 ** 60, bytes.length + 1]) {
    cases.push([`length ${length}`, failing((offset, count) => whole.read(offset, count), length)]);
  }
  for (const [what, source] of cases) {
    for (const files of [[source], [source, sourceOf('ledger.90000-90001.ndjson', Buffer.of())]]) {
      t.like(t.throws(() => engine.verify(files, NOTHING_KNOWN, () => {})), { name: 'Failure', code: 'ERR_LEDGER_IO' }, what);
    }
  }
  t.true(t.throws(() => engine.verify([when(0, gone)], NOTHING_KNOWN, () => {}))?.message.endsWith('it was taken away'));
  const { verdict } = engine.verify([whole], NOTHING_KNOWN, () => {});
  t.is(verdict, 'intact', 'the engine goes on');
  for (const trust of [
    { signers: ['0'], head: null },
    { signers: [key1.publicKeyHex.toUpperCase()], head: null },
    { signers: [], head: { seq: -1, hash: '0'.repeat(64) } },
    { signers: [], head: { seq: 0.5, hash: '0'.repeat(64) } },
    { signers: [], head: { seq: 2 ** 53, hash: '0'.repeat(64) } },
    { signers: [], head: { seq: 0, hash: '' } },
  ]) {
    t.like(t.throws(() => engine.verify([whole], trust, () => {})), { code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(trust));
  }
});

testWith(['wasm'], 'progress is told, and whoever is told can stop it', async (t) => {
  const engine = await testEngine();
  const bytes = Buffer.from(textOf(chainOf(100, { event: () => ended('x'.repeat(90_000)) })));
  const told: { bytes: number; totalBytes: number; events: number }[] = [];
  engine.verify([sourceOf('a', bytes)], NOTHING_KNOWN, (progress) => told.push(progress));
  t.true(told.length >= 3 && told.every(({ totalBytes }) => totalBytes === bytes.length));
  t.true(told.every((one, index) => one.bytes > (told[index - 1]?.bytes ?? 0)));
  t.deepEqual(told.at(-1), { bytes: bytes.length, totalBytes: bytes.length, events: 100 });
  const why = new Error('enough');
  let times = 0;
  const stop = () => {
    times += 1;
    throw why;
  };
  // Also where it is told of the end only.
  for (const part of [bytes, bytes.subarray(0, bytes.indexOf(10) + 1)]) {
    times = 0;
    t.is(t.throws(() => engine.verify([sourceOf('a', part)], NOTHING_KNOWN, stop)), why);
    t.is(times, 1);
  }
});

testWith(['wasm'], 'a line is explained: what is hashed, the hash, the signature', async (t) => {
  const engine = await testEngine();
  let explained = 0;
  for (const name of ['all_kinds', 'custom', 'doubles', 'odd_spelling', 'unknown_kinds', 'written_by_the_library', 'crlf']) {
    const vector = chains().find((chain) => chain.name === name);
    for (const line of linesOf(readFileSync(vector?.path ?? ''))) {
      if (/^\s*$/.test(line.toString())) continue;
      const found = engine.explain(line) as Explanation;
      t.is(found.recomputedHash, found.selfHash, line.toString());
      t.is(createHash('sha256').update(found.canonical).digest('hex'), found.selfHash);
      t.true(found.signatureHolds);
      const said = JSON.parse(line.toString()) as Record<string, unknown>;
      const event = said['event'] as Record<string, unknown>;
      t.like(found, { seq: said['seq'], parentHash: said['parent_hash'], kind: event['type'], signer: said['signer_pubkey'] });
      t.deepEqual(JSON.parse(found.payload), event['payload']);
      t.true(line.toString().includes(`"timestamp_nanos":${found.timestampNanos},`) || name === 'odd_spelling');
      t.is(found.isWritersSpelling, native.parseLine(line.toString()) === line.toString());
      explained += 1;
    }
  }
  t.true(explained > 50, String(explained));
});

testWith(['wasm'], 'a line that is wrong is explained by what is wrong', async (t) => {
  const engine = await testEngine();
  const seen = new Set<string>();
  for (const { path, cases, name } of mutations()) {
    const report = natively([path], NOTHING_KNOWN);
    const { code, line, reason } = (report.report ?? {}) as { code?: string | null; line?: number; reason?: string };
    if (code === undefined || code === null || cases.some(({ options }) => 'maxLineBytes' in options)) continue;
    const found = engine.explain(linesOf(readFileSync(path))[(line ?? 1) - 1] ?? Buffer.of());
    if (code === 'hash_mismatch') {
      const { recomputedHash, selfHash, signatureHolds } = found as Explanation;
      t.not(recomputedHash, selfHash, name);
      t.is(signatureHolds, holdsByNode(found as Explanation), name);
    } else if (code === 'bad_signature') t.false((found as Explanation).signatureHolds, name);
    else if ('code' in found) t.deepEqual(found, { code, reason } as Unreadable, name);
    // The other faults are of the place between two lines.
    else t.true(['seq_mismatch', 'parent_mismatch', 'head_mismatch', 'rotation_unendorsed'].includes(code), `${name} ${code}`);
    seen.add(code);
  }
  t.true(['hash_mismatch', 'bad_signature', 'duplicate_key', 'wrong_type', 'non_canonical_hex'].every((code) => seen.has(code)));
  for (const line of ['', '{', '[]', '\ufeff{}', '{"a":1e400}']) {
    t.like(engine.explain(Buffer.from(line)), { code: 'ERR_LEDGER_MALFORMED' });
  }
  t.like(engine.explain(Buffer.from('['.repeat(200))), { code: 'ERR_LEDGER_MALFORMED' });
  t.like(engine.explain(Buffer.from(`{"a":${'['.repeat(200)}`)), { code: 'ERR_DEPTH_EXCEEDED' });
});

testWith(['wasm'], 'canonical JSON, keys and digests are those of the native side', async (t) => {
  const engine = await testEngine();
  for (const { input, canonical } of jsonLines<{ input: string; canonical: string }>('canonical', 'good.jsonl')) {
    t.is(Buffer.from(engine.canonicalJson(input)).toString(), canonical);
  }
  for (const { input } of jsonLines<{ input?: string }>('canonical', 'refuse.jsonl')) {
    if (input === undefined) continue;
    const { code, message } = failureOf(t.throws(() => native.canonicalJson(input)));
    t.deepEqual(outcomeOf(() => ({ report: engine.canonicalJson(input) })), { code, message });
  }
  t.like(t.throws(() => engine.canonicalJson('"\ud800"')), { code: 'ERR_JSON_STRING' });
  const pem =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n';
  const expected = { publicKey: key1.publicKeyHex, fingerprint: publicKeyFingerprint(key1.publicKeyHex) };
  for (const text of [pem, key1.publicKeyHex, ` ${key1.publicKeyHex.toUpperCase()}\n`]) {
    t.deepEqual(engine.publicKey(text), expected);
  }
  for (const text of ['', 'x', '0'.repeat(64), `01${'0'.repeat(62)}`, key1.publicKeyHex.slice(1), pem.replace('MCow', 'MCox')]) {
    const { code, message } = failureOf(t.throws(() => native.parsePublicKey(text)));
    t.deepEqual(outcomeOf(() => ({ report: engine.publicKey(text) })), { code, message });
  }
  const bytes = Buffer.alloc(3_000_001, 'abc');
  for (const sizes of [[0], [3_000_001], [1, 63, 64, 65, 2_999_808]]) {
    const [digest, reference] = [engine.sha256(), createHash('sha256')];
    let at = 0;
    for (const size of sizes) {
      digest.update(bytes.subarray(at, at + size));
      reference.update(bytes.subarray(at, (at += size)));
    }
    t.is(digest.hex(), reference.digest('hex'));
    t.like(t.throws(() => digest.hex()), { code: 'ERR_INVALID_ARGUMENT' });
    t.like(t.throws(() => digest.update(Buffer.of(1))), { code: 'ERR_INVALID_ARGUMENT' });
  }
});

testWith(['wasm'], 'behind a defect the engine says nothing any more', async (t) => {
  const engine = await testEngine();
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  t.is(engine.version, version);
  const digest = engine.sha256();
  // More than its memory can have.
  const endless = { length: 0xffff_fff0 } as Uint8Array;
  t.like(t.throws(() => engine.explain(endless)), { name: 'Failure', code: 'ERR_INTERNAL' });
  const source = sourceOf('a', Buffer.from(textOf(chainOf(1))));
  for (const call of [
    () => engine.verify([source], NOTHING_KNOWN, () => {}),
    () => engine.order([source]),
    () => engine.explain(Buffer.from('{}')),
    () => engine.canonicalJson('1'),
    () => engine.publicKey(key1.publicKeyHex),
    () => engine.sha256(),
    () => digest.hex(),
  ]) {
    t.like(t.throws(call), { code: 'ERR_INTERNAL' });
  }
  const another = await testEngine();
  t.is(another.verify([source], NOTHING_KNOWN, () => {}).verdict, 'intact');
  // One that comes up in a call that is inside of another one is not passed over by that.
  const inside = (): Uint8Array => {
    t.throws(() => another.explain(endless));
    return source.read(0, source.length);
  };
  t.like(t.throws(() => another.verify([{ ...source, read: inside }], NOTHING_KNOWN, () => {})), { code: 'ERR_INTERNAL' });
});

/** The same by OpenSSL, whose rule is as strict for keys and signatures that are well-formed. */
function holdsByNode({ recomputedHash, signature, signer }: Explanation): boolean {
  const key = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(signer, 'hex')]);
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  return verifySignature(null, Buffer.from(recomputedHash, 'hex'), publicKey, Buffer.from(signature, 'hex'));
}

/** Lines without their LFs. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines = bytes.toString('latin1').split('\n');
  return lines.map((line) => Buffer.from(line, 'latin1'));
}
