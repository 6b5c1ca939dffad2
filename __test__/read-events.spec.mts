// Reading gives the events of a ledger in order, as they stand on their lines, and stops where they no longer follow.

import { appendFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import {
  ChainError,
  events,
  LedgerError,
  readEvents,
  type ReadOptions,
  SealwrightRangeError,
  SealwrightTypeError,
  Session,
  type SignedEvent,
} from 'sealwright';
import { sealedLine } from './helpers/canonical.mts';
import { reasonOf, rejectsError, throwsError } from './helpers/errors.mts';
import { descriptorsOn, danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import {
  chainOf,
  DIGEST,
  ended,
  forged,
  key1,
  openSession,
  seed1,
  textOf,
  toolCalled,
  writeLedger,
} from './helpers/ledgers.mts';

const kindOf = (seq: number) =>
  seq % 3 === 0 ? toolCalled({ seq }) : seq % 3 === 1 ? ended(seq) : events.custom({ name: 'com.example', data: seq });
const ten = chainOf(10, { event: kindOf });

async function collect(path: string, options?: ReadOptions): Promise<SignedEvent[]> {
  const read: SignedEvent[] = [];
  for await (const signed of readEvents(path, options)) read.push(signed);
  return read;
}

/** What came before reading was refused, and the refusal. */
async function collectUntilError(path: string, options?: ReadOptions): Promise<[read: SignedEvent[], reason: unknown]> {
  const read: SignedEvent[] = [];
  try {
    for await (const signed of readEvents(path, options)) read.push(signed);
  } catch (error) {
    return [read, error];
  }
  throw new Error('reading came to its end');
}

test('every event, with its line byte for byte', async (t) => {
  const path = newPath(t);
  writeLedger(path, ten);
  const read = await collect(path);
  t.deepEqual(
    read.map((signed) => signed.toLine()),
    ten.map((signed) => signed.toLine()),
  );
  t.deepEqual(
    read.map((signed) => signed.toJSON()),
    ten.map((signed) => signed.toJSON()),
  );
  t.is(descriptorsOn(path) ?? 0, 0);
});

test('from and to select by seq, both included; kinds select by name', async (t) => {
  const path = newPath(t);
  writeLedger(path, ten);
  const seqs = async (options: ReadOptions) => (await collect(path, options)).map(({ seq }) => seq);
  t.deepEqual(await seqs({ from: 3, to: 5 }), [3, 4, 5]);
  t.deepEqual(await seqs({ from: 8 }), [8, 9]);
  t.deepEqual(await seqs({ to: 0 }), [0]);
  t.deepEqual(await seqs({ from: 4, to: 4 }), [4]);
  t.deepEqual(await seqs({ from: 5, to: 4 }), []);
  t.deepEqual(await seqs({ from: 10 }), []);
  t.deepEqual(await seqs({ from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }), []);
  t.deepEqual(await seqs({ kinds: ['ToolCalled'] }), [0, 3, 6, 9]);
  t.deepEqual(await seqs({ kinds: ['Custom', 'SessionEnded'], from: 2, to: 6 }), [2, 4, 5]);
  t.deepEqual(await seqs({ kinds: ['NoSuchKind'] }), []);
  t.deepEqual(await seqs({ kinds: [] }), []);
  t.deepEqual(
    await seqs({ from: undefined, to: undefined, kinds: undefined, maxLineBytes: undefined, signal: undefined }),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('thousands of events, and long ones', async (t) => {
  const path = newPath(t);
  const chain = chainOf(1500, {
    event: (seq) => toolCalled({ seq, text: 'x'.repeat(seq % 500 === 0 ? 2 << 20 : 10) }),
  });
  writeLedger(path, chain);
  let seq = 0;
  for await (const signed of readEvents(path)) {
    t.true(signed.toLine() === chain[seq]?.toLine());
    seq += 1;
  }
  t.is(seq, 1500);
});

test('an early break closes the file', async (t) => {
  const path = newPath(t);
  // More than is read at once.
  writeLedger(path, chainOf(600));
  let open: number | undefined;
  for await (const { seq } of readEvents(path)) {
    open = descriptorsOn(path);
    if (seq === 2) break;
  }
  t.is(open ?? 1, 1);
  t.is(descriptorsOn(path) ?? 0, 0);
  const iterator = readEvents(path);
  t.is((await iterator.next()).value?.seq, 0);
  await iterator.return?.();
  t.is(descriptorsOn(path) ?? 0, 0);
  t.true((await iterator.next()).done);
  const failing = (async () => {
    for await (const { seq } of readEvents(path)) throw new Error(`at ${seq}`);
  })();
  await t.throwsAsync(failing, { message: 'at 0' });
  t.is(descriptorsOn(path) ?? 0, 0);
});

test('reading stops at a line that does not follow: ERR_CHAIN_BROKEN with its place', async (t) => {
  const path = newPath(t);
  const lines = ten.map((signed) => signed.toLine());
  const breaks: Record<string, string> = {
    hash_mismatch: (lines[4] ?? '').replace('"reason":"4"', '"reason":"x"'),
    unsigned_field: (lines[4] ?? '').replace('"seq":4', '"seq":4,"note":1'),
    seq_mismatch: lines[5] ?? '',
    non_canonical_hex: (lines[4] ?? '').replace(/"signer_pubkey":"../, '"signer_pubkey":"AA'),
    parent_mismatch: sealedLine(
      { seq: 4, timestampNanos: 0n, parentHash: DIGEST, eventText: ended(4).toString() },
      seed1,
    ),
  };
  for (const [code, line] of Object.entries(breaks)) {
    const broken = lines.with(4, line);
    writeFileSync(path, `${broken.join('\n')}\n`);
    const [read, error] = await collectUntilError(path);
    t.is(read.length, 4);
    t.true(ChainError.is(error));
    t.like(error, { code: 'ERR_CHAIN_BROKEN', line: 5, byteOffset: `${lines.slice(0, 4).join('\n')}\n`.length });
    t.true((error as Error).message.includes(code));
    // Not needed for what is asked, not read.
    t.is((await collect(path, { to: 3 })).length, 4);
    // Also when it is behind the last wanted event of a kind.
    t.deepEqual((await collectUntilError(path, { kinds: ['NoSuchKind'] }))[0], []);
    t.is(descriptorsOn(path) ?? 0, 0);
  }
});

test('a line that cannot be read: its own code, with its place', async (t) => {
  const path = newPath(t);
  const nested = ten[2]?.toLine().replace('"data":2', `"data":${'['.repeat(125)}${']'.repeat(125)}`);
  for (const [line, code] of [
    ['garbage', 'ERR_LEDGER_MALFORMED'],
    ['x'.repeat((16 << 20) + 1), 'ERR_LINE_TOO_LONG'],
    [nested, 'ERR_DEPTH_EXCEEDED'],
  ] as const) {
    writeFileSync(path, `${textOf(ten.slice(0, 2))}${line}\n${textOf(ten.slice(3))}`);
    const [read, error] = await collectUntilError(path);
    t.is(read.length, 2);
    t.like(error as ChainError, { name: 'ChainError', code, line: 3, byteOffset: textOf(ten.slice(0, 2)).length });
  }
  await rejectsError(t, () => collect(path, { maxLineBytes: 100 }), {
    instanceOf: ChainError,
    code: 'ERR_LINE_TOO_LONG',
    line: 1,
  });
});

test('a signature is not looked at: that is verification', async (t) => {
  const path = newPath(t);
  writeFileSync(path, `${[forged(ten[0]), ...ten.slice(1).map((signed) => signed.toLine())].join('\n')}\n`);
  t.is((await collect(path)).length, 10);
});

test('a torn tail is not yielded; a whole last event without its LF is', async (t) => {
  const path = newPath(t);
  const last = ten.at(-1)?.toLine() ?? '';
  for (const tail of [
    last.slice(0, 1),
    last.slice(0, 200),
    last.slice(0, -1),
    `${last}{`,
    '\0'.repeat(100),
    'x'.repeat((16 << 20) + 2),
  ]) {
    writeFileSync(path, textOf(ten.slice(0, 9)) + tail);
    t.is((await collect(path)).length, 9, tail.slice(0, 20));
  }
  writeFileSync(path, textOf(ten.slice(0, 9)) + last);
  t.is((await collect(path)).length, 10);
  writeFileSync(path, textOf(ten.slice(0, 9)) + forged(ten.at(-1)));
  t.is((await collect(path)).length, 9);
});

test('blank lines are passed over; a line spelled in another way keeps its bytes', async (t) => {
  const path = newPath(t);
  const lines = ten.map((signed) => signed.toLine());
  const spelled = `\t${lines[2]?.replace(':2,', ' : 2 ,')} `;
  writeFileSync(path, `\n \r\n${lines.slice(0, 2).join('\n\n')}\n${spelled}\r\n${lines.slice(3).join('\r\n')}\r\n`);
  const read = await collect(path);
  t.deepEqual(
    read.map(({ seq, selfHash }) => [seq, selfHash]),
    ten.map(({ seq, selfHash }) => [seq, selfHash]),
  );
  t.is(read[2]?.toLine(), `${spelled}\r`);
  t.is(read[2]?.event.toString(), ten[2]?.event.toString());
});

test('an empty ledger has no events', async (t) => {
  const path = newPath(t);
  writeFileSync(path, '');
  t.deepEqual(await collect(path), []);
});

test('a ledger can be read while it is written: as far as it was when reading began', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  await session.recordMany(Array.from({ length: 1000 }, (_, seq) => ended(seq)));
  let count = 0;
  for await (const { seq } of readEvents(path)) {
    if (seq % 100 === 0) session.recordSync(ended('later'));
    count += 1;
  }
  t.is(count, 1000);
  t.is((await collect(path)).length, 1010);
  appendFileSync(path, '{"seq":1010');
  t.is((await collect(path)).length, 1010);
});

test("an abort ends the reading with the signal's reason", async (t) => {
  const path = newPath(t);
  writeLedger(path, ten);
  const controller = new AbortController();
  const read: number[] = [];
  const reading = (async () => {
    for await (const { seq } of readEvents(path, { signal: controller.signal })) {
      read.push(seq);
      if (seq === 3) controller.abort(new Error('enough'));
    }
  })();
  t.is(await reasonOf(reading), controller.signal.reason);
  t.deepEqual(read, [0, 1, 2, 3]);
  t.is(descriptorsOn(path) ?? 0, 0);
  t.is(await reasonOf(collect(path, { signal: controller.signal })), controller.signal.reason);
});

test('no ledger at the path', async (t) => {
  const missing = { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' } as const;
  await rejectsError(t, () => collect(newPath(t)), missing);
  await rejectsError(t, () => collect(danglingLink(t).link), missing);
  for (const path of [newFolder(t), newFifo(t), '/dev/zero']) {
    await rejectsError(t, () => collect(path), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_A_FILE' }, path);
  }
});

test('wrong arguments are thrown by the call itself', (t) => {
  const path = newPath(t);
  const invalid = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
  for (const wrong of [undefined, null, '', 1, {}, 'a\0b', '\ud800'])
    throwsError(t, () => readEvents(wrong as string), invalid, inspect(wrong));
  const wrongOptions: unknown[] = [
    null,
    1,
    [],
    { form: 1 },
    { from: '0' },
    { from: 0n },
    { to: null },
    { kinds: 'ToolCalled' },
    { kinds: [1] },
    { kinds: ['\ud800'] },
    { kinds: new Set(['A']) },
    { signal: {} },
  ];
  for (const options of wrongOptions)
    throwsError(t, () => readEvents(path, options as object), invalid, inspect(options));
  const outOfRange: ReadOptions[] = [
    { from: -1 },
    { from: 0.5 },
    { from: 2 ** 53 },
    { to: -1 },
    { to: Number.NaN },
    { maxLineBytes: 0 },
  ];
  for (const options of outOfRange)
    throwsError(
      t,
      () => readEvents(path, options),
      { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' },
      inspect(options),
    );
});

test('an event that was read can be recorded again without change', async (t) => {
  const [from, to] = [newPath(t), newPath(t)];
  writeLedger(from, ten);
  await using session = await Session.open({ keypair: key1, ledgerPath: to, sessionId: 'copy', events: 'extended' });
  for await (const { event } of readEvents(from)) {
    const copy = await session.record(event);
    t.is(copy.event.toString(), event.toString());
  }
});
