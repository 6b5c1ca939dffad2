// A verification says what it found and what it did not check. A broken ledger is a report; only what could not be
// checked is an error, and it comes at once.

import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import test from 'ava';
import {
  ChainError,
  ChainReport,
  events,
  GENESIS_PARENT_HASH,
  type Head,
  LedgerError,
  SealwrightRangeError,
  SealwrightTypeError,
  type SignedEvent,
  verifyChain,
  verifyFile,
  verifyFileSync,
  type VerifyOptions,
  type VerifyProgress,
} from 'sealwright';
import { sealedLine } from './helpers/canonical.mts';
import { reasonOf, rejectsError, throwsError } from './helpers/errors.mts';
import { danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  DIGEST,
  ended,
  forged,
  key1,
  key2,
  seed1,
  START,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';

const headOf = (signed: SignedEvent | undefined): Head => ({ seq: signed?.seq ?? 0, hash: signed?.selfHash ?? '' });
const five = chainOf(5);
const [first] = five;
const head = headOf(five.at(-1));
const pinned = { signers: key1.publicKeyHex };
const nothing = { brokenAt: null, line: null, byteOffset: null, code: null, reason: null, expected: null, found: null };

test('the report of an intact ledger, whole', async (t) => {
  const path = newPath(t);
  writeLedger(path, five);
  const report = await verifyFile(path, { ...pinned, expectedHead: head, expectedFirst: first?.selfHash });
  t.deepEqual(report.toJSON(), {
    schemaVersion: 1,
    ok: true,
    verdict: 'verified',
    eventCount: 5,
    ...nothing,
    rootHash: head.hash,
    firstHash: first?.selfHash ?? null,
    head,
    startedAfter: null,
    resumed: null,
    segments: null,
    signers: [{ publicKey: key1.publicKeyHex, first: 0, last: 4, pinned: true }],
    unlistedSignerEvents: 0,
    checks: {
      parse: 5,
      fields: 5,
      links: 5,
      hashes: 5,
      signatures: { mode: 'all', checked: 5 },
      signer: 'pinned',
      head: 'matched',
      first: 'matched',
    },
    tail: null,
    events: 'core',
    kinds: { SessionEnded: 5 },
    unknownKinds: {},
    openSessions: null,
    erased: 0,
    warnings: [],
    timeRange: { from: String(START), to: String(START + 4_000_000_000n) },
    bytes: readFileSync(path).length,
    sha256: hash('sha256', readFileSync(path)),
  });
  t.deepEqual(report.timeRange, { from: START, to: START + 4_000_000_000n });
});

test('the report of a broken ledger, whole', (t) => {
  const lines = five.map((signed) => signed.toLine());
  const edited = lines.with(2, lines[2]?.replace('"reason":"2"', '"reason":"x"') ?? '');
  const offset = lines.slice(0, 2).join('\n').length + 1;
  const report = verifyChain(edited, { ...pinned, expectedHead: head });
  t.like(report, {
    ok: false,
    verdict: 'broken',
    eventCount: 2,
    brokenAt: 2,
    line: 3,
    byteOffset: offset,
    code: 'hash_mismatch',
    found: five[2]?.selfHash,
    rootHash: five[1]?.selfHash,
    firstHash: first?.selfHash,
    head: headOf(five[1]),
    signers: [{ publicKey: key1.publicKeyHex, first: 0, last: 1, pinned: true }],
    checks: {
      parse: 3,
      fields: 3,
      links: 3,
      hashes: 2,
      signatures: { mode: 'all', checked: 2 },
      signer: 'pinned',
      head: 'not-checked',
      first: 'not-checked',
    },
    tail: null,
    bytes: offset,
    sha256: null,
  });
  t.regex(report.reason ?? '', /hash/);
  t.regex(report.expected ?? '', /^[0-9a-f]{64}$/);
});

test('a report goes through JSON and back, and is frozen', (t) => {
  for (const report of [verifyChain(five), verifyChain([]), verifyChain(five.slice(1))]) {
    const text = JSON.stringify(report);
    t.deepEqual(JSON.parse(text), report.toJSON());
    t.deepEqual(new ChainReport(JSON.parse(text)), report);
    t.true(Object.isFrozen(report));
    t.false(inspect(report).includes('[Getter'));
  }
});

test('verified takes a pinned signer, a matched head, every signature, no tail and no unknown kind', async (t) => {
  const path = newPath(t);
  writeLedger(path, five);
  const all = { ...pinned, expectedHead: head };
  t.is((await verifyFile(path, all)).verdict, 'verified');
  t.is((await verifyFile(path, { ...all, signatures: 'all', events: 'core', spelling: 'exact' })).verdict, 'verified');
  const missing: VerifyOptions[] = [
    {},
    pinned,
    { expectedHead: head },
    { ...all, signatures: 'last' },
    { ...pinned, expectedFirst: first?.selfHash },
  ];
  for (const options of missing) t.like(await verifyFile(path, options), { verdict: 'intact', ok: true, ...nothing });
  writeFileSync(path, `${textOf(five)}{"seq":5`);
  t.like(await verifyFile(path, all), { verdict: 'intact', ok: true, tail: { offset: textOf(five).length, bytes: 8 } });
  const eventText = '{"type":"OvenPreheated","payload":{}}';
  const unknown = sealedLine({ seq: 5, timestampNanos: START, parentHash: head.hash, eventText }, seed1);
  writeFileSync(path, `${textOf(five)}${unknown}\n`);
  t.like(await verifyFile(path, all), {
    verdict: 'intact',
    ok: true,
    unknownKinds: { OvenPreheated: 1 },
    events: 'extended',
  });
});

test('empty: a file without an event is neither broken nor verified', async (t) => {
  const path = newPath(t);
  for (const text of ['', '\n \n\t\r\n']) {
    writeFileSync(path, text);
    const report = await verifyFile(path, pinned);
    t.like(report, {
      verdict: 'empty',
      ok: true,
      eventCount: 0,
      head: null,
      firstHash: null,
      rootHash: GENESIS_PARENT_HASH,
      timeRange: null,
      signers: [],
    });
    t.is(report.checks.signer, 'pinned');
  }
});

test('signers: whoever is not among them is found at the first line', (t) => {
  const chain = chainOf(4, { keypairAt: (seq) => (seq < 2 ? key1 : key2) });
  const both = [key1.publicKeyHex, key2.publicKeyHex];
  t.like(verifyChain(chain, pinned), {
    verdict: 'broken',
    code: 'untrusted_signer',
    brokenAt: 2,
    line: 3,
    found: key2.publicKeyHex,
  });
  t.like(verifyChain(chain, { signers: key2.publicKeyHex }), { code: 'untrusted_signer', brokenAt: 0, line: 1 });
  t.like(verifyChain(chain, { signers: both, expectedHead: headOf(chain.at(-1)) }), { verdict: 'verified' });
  const report = verifyChain(chain);
  t.is(report.checks.signer, 'self-asserted');
  t.deepEqual(report.signers, [
    { publicKey: key1.publicKeyHex, first: 0, last: 1, pinned: false },
    { publicKey: key2.publicKeyHex, first: 2, last: 3, pinned: false },
  ]);
  t.deepEqual(report.warnings, [{ code: 'mixed_signers', count: 1, firstLine: 3 }]);
});

test('expectedHead: matched anywhere, mismatched by hash, missed by a cut', (t) => {
  const checked = (expectedHead: Head) => verifyChain(five, { ...pinned, expectedHead });
  for (const signed of five) t.like(checked(headOf(signed)), { verdict: 'verified', checks: { head: 'matched' } });
  t.like(checked({ seq: 2, hash: DIGEST }), {
    verdict: 'broken',
    code: 'head_mismatch',
    brokenAt: 2,
    line: 3,
    eventCount: 5,
    expected: DIGEST,
    found: five[2]?.selfHash,
  });
  t.like(checked({ seq: 5, hash: DIGEST }), {
    verdict: 'broken',
    code: 'head_mismatch',
    brokenAt: 5,
    line: null,
    byteOffset: textOf(five).length,
  });
  t.like(checked({ seq: Number.MAX_SAFE_INTEGER, hash: DIGEST }), {
    verdict: 'broken',
    code: 'head_mismatch',
    brokenAt: 5,
  });
  t.like(verifyChain([], { expectedHead: head }), {
    verdict: 'broken',
    code: 'head_mismatch',
    brokenAt: 0,
    line: null,
  });
});

test('expectedFirst: matched, mismatched, nothing there', (t) => {
  t.like(verifyChain(five, { expectedFirst: first?.selfHash }), { verdict: 'intact', checks: { first: 'matched' } });
  t.like(verifyChain(five, { expectedFirst: DIGEST }), {
    verdict: 'broken',
    code: 'first_mismatch',
    brokenAt: 0,
    line: 1,
    expected: DIGEST,
  });
  t.like(verifyChain([], { expectedFirst: DIGEST }), {
    verdict: 'broken',
    code: 'first_mismatch',
    brokenAt: 0,
    line: null,
  });
});

test("signatures: 'last' checks the last of each run of one signer, and says so", (t) => {
  const chain = chainOf(9, { keypairAt: (seq) => (seq < 3 || seq > 5 ? key1 : key2) });
  const report = verifyChain(chain, {
    signatures: 'last',
    signers: [key1.publicKeyHex, key2.publicKeyHex],
    expectedHead: headOf(chain.at(-1)),
  });
  t.like(report, { verdict: 'intact', checks: { hashes: 9, signatures: { mode: 'last', checked: 3 } } });
  const forgedAt = (seq: number) => chain.map((signed) => signed.toLine()).with(seq, forged(chain[seq]));
  t.is(verifyChain(forgedAt(1), { signatures: 'last' }).verdict, 'intact');
  for (const seq of [2, 5, 8])
    t.like(verifyChain(forgedAt(seq), { signatures: 'last' }), { code: 'bad_signature', brokenAt: seq });
  for (const seq of [1, 2, 5, 8]) t.like(verifyChain(forgedAt(seq)), { code: 'bad_signature', brokenAt: seq });
});

test("events: 'core' refuses every other kind", (t) => {
  const chain = chainOf(3, {
    event: (seq) => (seq === 1 ? events.custom({ name: 'com.example', data: null }) : ended(seq)),
  });
  t.like(verifyChain(chain, { events: 'core' }), {
    verdict: 'broken',
    code: 'unexpected_kind',
    brokenAt: 1,
    line: 2,
    found: 'Custom',
  });
  t.like(verifyChain(chain), { verdict: 'intact', events: 'extended', unknownKinds: {} });
  t.like(verifyChain(chain, { events: 'extended' }), { verdict: 'intact', events: 'extended' });
  t.is(verifyChain(five, { events: 'extended' }).events, 'core');
});

test("spelling: 'exact' takes only the writer's bytes", (t) => {
  const lines = five.map((signed) => signed.toLine());
  const spaced = lines.with(3, `${lines[3]} `);
  t.like(verifyChain(spaced, { spelling: 'exact' }), { verdict: 'broken', code: 'spelling', line: 4 });
  t.like(verifyChain(spaced, { spelling: 'any' }), {
    verdict: 'intact',
    warnings: [{ code: 'non_canonical_spelling', count: 1, firstLine: 4 }],
  });
  t.is(verifyChain(lines, { spelling: 'exact' }).verdict, 'intact');
});

test('maxLineBytes can be lowered and raised', async (t) => {
  const length = Math.max(...five.map((signed) => signed.toLine().length));
  t.is(verifyChain(five, { maxLineBytes: length }).verdict, 'intact');
  throwsError(t, () => verifyChain(five, { maxLineBytes: length - 1 }), {
    instanceOf: ChainError,
    code: 'ERR_LINE_TOO_LONG',
  });
  const eventText = `{"type":"UtteranceSpoken","payload":{"text_sha256":"${DIGEST}","text":"${'x'.repeat(17 << 20)}","audio_sha256":""}}`;
  const path = newPath(t);
  writeFileSync(
    path,
    `${sealedLine({ seq: 0, timestampNanos: 0n, parentHash: GENESIS_PARENT_HASH, eventText }, seed1)}\n`,
  );
  const tooLong = { instanceOf: ChainError, code: 'ERR_LINE_TOO_LONG', line: 1, byteOffset: 0 } as const;
  throwsError(t, () => verifyFileSync(path), tooLong);
  await rejectsError(t, () => verifyFile(path), tooLong);
  t.is((await verifyFile(path, { maxLineBytes: 32 << 20 })).verdict, 'intact');
});

test('warnings count what does not break a ledger', (t) => {
  const times = [5n, 7n, 6n, 6n, 0n];
  let parentHash = GENESIS_PARENT_HASH;
  const lines = times.map((timestampNanos, seq) => {
    const eventText = `{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":"${seq > 2 ? 'short' : ''}"}}`;
    const line = sealedLine({ seq, timestampNanos, parentHash, eventText }, seed1);
    parentHash = /"self_hash":"([0-9a-f]+)"/.exec(line)?.[1] ?? '';
    return line;
  });
  const report = verifyChain(lines, { ...pinned, expectedHead: { seq: 4, hash: parentHash } });
  t.is(report.verdict, 'verified');
  t.deepEqual(report.warnings, [
    { code: 'malformed_digest', count: 2, firstLine: 4 },
    { code: 'time_went_back', count: 2, firstLine: 3 },
  ]);
  t.deepEqual(report.timeRange, { from: 0n, to: 7n });
});

test('of unknown kinds at most 64 are named, the rest is counted', (t) => {
  let parentHash = GENESIS_PARENT_HASH;
  const lines = Array.from({ length: 300 }, (_, seq) => {
    const eventText = `{"type":"Kind${seq % 100}","payload":{}}`;
    const line = sealedLine({ seq, timestampNanos: START, parentHash, eventText }, seed1);
    parentHash = /"self_hash":"([0-9a-f]+)"/.exec(line)?.[1] ?? '';
    return line;
  });
  const { unknownKinds, warnings, verdict } = verifyChain(lines);
  const named = Array.from({ length: 64 }, (_, index) => [`Kind${index}`, 3]);
  t.deepEqual(unknownKinds, { ...Object.fromEntries(named), '(other)': 36 * 3 });
  t.deepEqual(warnings, [{ code: 'unknown_kind', count: 300, firstLine: 1 }]);
  t.is(verdict, 'intact');
});

/** Each way to verify what is at a path. */
const verifiers: Record<string, (path: string, options?: VerifyOptions) => Promise<ChainReport>> = {
  verifyFile,
  verifyFileSync: async (path, options) => verifyFileSync(path, options),
};

for (const [name, verify] of Object.entries(verifiers)) {
  test(`${name}: a missing file and a dangling symlink are no ledger`, async (t) => {
    const missing = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
    await rejectsError(t, () => verify(newPath(t)), missing);
    await rejectsError(t, () => verify(danglingLink(t).link), missing);
    await rejectsError(t, () => verify(join(newPath(t), 'below')), missing);
    const file = newPath(t);
    writeLedger(file, five);
    await rejectsError(t, () => verify(join(file, 'below')), missing);
  });

  test(`${name}: a folder, a FIFO and a device are refused at once`, async (t) => {
    for (const path of [newFolder(t), newFifo(t), '/dev/zero', '/dev/null']) {
      await rejectsError(t, () => verify(path), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' }, path);
    }
  });

  test(`${name}: a line that cannot be read ends it, with its place and the report of the lines before`, async (t) => {
    const path = newPath(t);
    const before = textOf(five.slice(0, 3));
    const nested = five[3]?.toLine().replace('"3"', `${'['.repeat(125)}${']'.repeat(125)}`);
    for (const [text, code] of [
      ['garbage', 'ERR_LEDGER_MALFORMED'],
      [nested, 'ERR_DEPTH_EXCEEDED'],
      ['x'.repeat((16 << 20) + 1), 'ERR_LINE_TOO_LONG'],
    ] as const) {
      writeFileSync(path, `${before}${text}\n${five[4]?.toLine()}\n`);
      const place = { line: 4, byteOffset: before.length };
      const error = await rejectsError(t, () => verify(path, pinned), { instanceOf: ChainError, code, ...place });
      t.true(ChainError.is(error));
      t.like(error.report, {
        verdict: 'intact',
        ok: true,
        eventCount: 3,
        rootHash: five[2]?.selfHash,
        bytes: before.length,
        sha256: null,
        ...nothing,
      });
      t.true(error.report instanceof ChainReport);
    }
  });

  test(`${name}: wrong arguments are refused`, async (t) => {
    const path = newPath(t);
    writeLedger(path, five);
    const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
    const outOfRange = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
    for (const wrong of [
      undefined,
      null,
      '',
      'a\0b',
      '\ud800',
      1,
      {},
      Buffer.from(path),
      new URL('https://example.com/'),
    ]) {
      await rejectsError(t, () => verify(wrong as string), invalid, inspect(wrong));
    }
    const wrongOptions: unknown[] = [
      null,
      'all',
      1,
      [],
      { unknown: 1 },
      { signer: key1.publicKeyHex },
      { signatures: 'some' },
      { signatures: true },
      { events: 'all' },
      { spelling: 'canonical' },
      { maxLineBytes: '1' },
      { expectedFirst: 'abc' },
      { expectedFirst: DIGEST.toUpperCase() },
      { expectedFirst: 1 },
      { expectedFirst: '\ud800' },
      { expectedHead: null },
      { expectedHead: DIGEST },
      { expectedHead: { seq: 0 } },
      { expectedHead: { hash: DIGEST } },
      { expectedHead: { seq: 0n, hash: DIGEST } },
      { expectedHead: { seq: 0, hash: 'abc' } },
      { expectedHead: { seq: 0, hash: DIGEST, extra: 1 } },
    ];
    for (const options of wrongOptions)
      await rejectsError(t, () => verify(path, options as object), invalid, inspect(options));
    for (const options of [
      { maxLineBytes: 0 },
      { maxLineBytes: -1 },
      { maxLineBytes: 0.5 },
      { expectedHead: { seq: -1, hash: DIGEST } },
      { expectedHead: { seq: 2 ** 53, hash: DIGEST } },
    ]) {
      await rejectsError(t, () => verify(path, options), outOfRange, inspect(options));
    }
    const undefinedOptions = {
      signers: undefined,
      expectedHead: undefined,
      expectedFirst: undefined,
      signatures: undefined,
      events: undefined,
      spelling: undefined,
      maxLineBytes: undefined,
    };
    t.is((await verify(path, undefinedOptions)).verdict, 'intact');
  });
}

test('a path may be a file: URL, relative, or a symlink', async (t) => {
  const path = newPath(t, 'a ledger é.ndjson');
  writeLedger(path, five);
  symlinkSync(path, `${path}.link`);
  for (const form of [path, pathToFileURL(path), `${path}.link`, join(path, '..', 'a ledger é.ndjson')]) {
    t.is((await verifyFile(form)).eventCount, 5);
    t.is(verifyFileSync(form).eventCount, 5);
  }
});

// What happens on the way is tested one at a time, so that this thread is free to hear of it.

/** Some MiB of small events: a verification that takes many steps. */
const large = chainOf(8000, { event: (seq) => toolCalled({ seq, text: 'x'.repeat(400) }) });

test.serial('progress is told on the way, and never backwards', async (t) => {
  const path = newPath(t);
  writeLedger(path, large);
  const total = readFileSync(path).length;
  const steps: VerifyProgress[] = [];
  const report = await verifyFile(path, { onProgress: (progress) => steps.push(progress) });
  t.is(report.eventCount, 8000);
  const told = steps.length;
  t.true(told > 1);
  for (const [index, { bytes, totalBytes, events: count }] of steps.entries()) {
    t.is(totalBytes, total);
    t.true(bytes > (steps[index - 1]?.bytes ?? 0) && bytes <= total);
    t.true(count >= (steps[index - 1]?.events ?? 0) && count <= 8000);
  }
  // Nothing is told once the promise has settled.
  await setImmediate();
  t.is(steps.length, told);
});

test.serial("a verification is aborted with the signal's reason", async (t) => {
  const path = newPath(t);
  writeLedger(path, large);
  for (const reason of [new Error('enough'), 'a string', undefined]) {
    const before = AbortSignal.abort(reason);
    t.is(await reasonOf(verifyFile(path, { signal: before })), before.reason);
    const during = new AbortController();
    const verifying = verifyFile(path, { signal: during.signal, onProgress: () => during.abort(reason) });
    t.is(await reasonOf(verifying), during.signal.reason);
    const atOnce = new AbortController();
    const running = verifyFile(path, { signal: atOnce.signal });
    atOnce.abort(reason);
    t.is(await reasonOf(running), atOnce.signal.reason);
  }
  const after = new AbortController();
  t.is((await verifyFile(path, { signal: after.signal })).verdict, 'intact');
  after.abort();
});

test.serial('what onProgress throws ends the verification with it', async (t) => {
  const path = newPath(t);
  writeLedger(path, large);
  for (const thrown of [new Error('no more'), 'text', undefined]) {
    const verifying = verifyFile(path, {
      onProgress: () => {
        throw thrown;
      },
    });
    t.is(await reasonOf(verifying), thrown);
  }
});

test('signal and onProgress must be what they are', async (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const path = newPath(t);
  writeLedger(path, five);
  for (const signal of [null, {}, new AbortController(), 'abort'])
    await rejectsError(t, () => verifyFile(path, { signal: signal as AbortSignal }), invalid);
  for (const onProgress of [null, {}, 'f'])
    await rejectsError(t, () => verifyFile(path, { onProgress: onProgress as never }), invalid);
  throwsError(t, () => verifyFileSync(path, { signal: AbortSignal.abort() } as object), invalid);
  throwsError(t, () => verifyFileSync(path, { onProgress: () => {} } as object), invalid);
});

test.serial('the length at the start is what is verified: a ledger that grows meanwhile verifies', async (t) => {
  const path = newPath(t);
  writeLedger(path, large);
  const length = readFileSync(path).length;
  let grown = false;
  const report = await verifyFile(path, {
    onProgress: () => {
      if (!grown) writeFileSync(path, 'garbage', { flag: 'a' });
      grown = true;
    },
  });
  t.true(grown);
  t.like(report, { verdict: 'intact', eventCount: 8000, bytes: length, tail: null });
});

test.serial('a ledger that is cut while it is read could not be checked', async (t) => {
  const path = newPath(t);
  writeLedger(path, large);
  const cut = verifyFile(path, { onProgress: () => truncateSync(path, 10) });
  await rejectsError(t, () => cut, { instanceOf: LedgerError, code: 'ERR_LEDGER_IO' });
});

test('a line without end, longer than any line may be, is a tail', async (t) => {
  const path = newPath(t);
  writeLedger(path, five);
  const offset = readFileSync(path).length;
  // As a hole: it takes no space on the disk.
  truncateSync(path, offset + 100 * 1024 * 1024);
  t.like(await verifyFile(path), { verdict: 'intact', eventCount: 5, tail: { offset, bytes: 100 * 1024 * 1024 } });
});

test('verifyChain takes lines with or without an LF, signed events, and any iterable of them', (t) => {
  const lines = five.map((signed) => signed.toLine());
  const expected = verifyChain(lines).toJSON();
  const chains: Iterable<string | SignedEvent>[] = [
    lines.map((line) => `${line}\n`),
    five,
    five.map((signed, index) => (index % 2 === 0 ? signed : signed.toLine())),
    new Set(lines),
    lines.values(),
    (function* () {
      yield* lines;
    })(),
  ];
  for (const chain of chains) t.deepEqual(verifyChain(chain).toJSON(), expected);
});

test('verifyChain refuses what has lost digits, and what is no chain', (t) => {
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  const lines = five.map((signed) => signed.toLine());
  const error = throwsError(t, () => verifyChain(lines.map((line) => JSON.parse(line))), invalid);
  t.regex(error.message, /line 1.*JSON\.parse loses/);
  throwsError(t, () => verifyChain(five.map((signed) => signed.toJSON()) as never), invalid);
  for (const chain of [undefined, null, 1, {}, lines.join('\n'), textOf(five), five[0]])
    throwsError(t, () => verifyChain(chain as never), invalid);
  throwsError(t, () => verifyChain([lines.join('\n')]), invalid);
  throwsError(t, () => verifyChain(['\ud800']), { instanceOf: SealwrightTypeError, code: 'ERR_JSON_STRING' });
  throwsError(t, () => verifyChain(lines, { signal: AbortSignal.abort() } as object), invalid);
});
