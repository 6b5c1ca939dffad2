// Reading chooses events by place, time, kind and session, from all files of a ledger.

import { readdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  ChainError,
  events,
  LedgerError,
  type LedgerEvent,
  readEvents,
  type ReadOptions,
  SealwrightRangeError,
  SealwrightTypeError,
  Session,
} from 'sealwright';
import { reasonOf, rejectsError, throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { chainOf, ended, key1, ledgerFiles, openSession, START, textOf, toolCalled, writeLedger } from './helpers/ledgers.mts';

const started = (sessionId: string) => events.sessionStarted({ agentId: 'agent', modelId: 'model', sessionId });

/** Of these 2,000 are longer than what an index is made for. */
const called = (seq: number) => toolCalled({ seq, text: 'x'.repeat(150) });

async function seqs(path: string, options?: ReadOptions): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq } of readEvents(path, options)) found.push(seq);
  return found;
}

/** The numbers from one to another, both included. */
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A ledger of many files, each longer than what an index is made for. */
async function longLedger(t: ExecutionContext, event: (seq: number) => LedgerEvent): Promise<string> {
  const ledgerPath = newPath(t);
  const options = { keypair: key1, ledgerPath, sessionId: 'long', rotate: { maxEvents: 2000 } };
  await using session = await Session.open(options);
  for (let first = 0; first < 5000; first += 500) {
    await session.recordMany(range(first, first + 499).map(event));
  }
  return ledgerPath;
}

const indexesOf = (path: string) => readdirSync(dirname(path)).filter((name) => name.endsWith('.index'));

test('since is included, until is not; nanoseconds or a Date', async (t) => {
  const path = newPath(t);
  writeLedger(path, chainOf(10));
  const second = (seq: number) => START + BigInt(seq) * 1_000_000_000n;
  const date = (seq: number) => new Date(Number(second(seq) / 1_000_000n));
  for (const at of [second, date]) {
    t.deepEqual(await seqs(path, { since: at(7) }), [7, 8, 9]);
    t.deepEqual(await seqs(path, { until: at(2) }), [0, 1]);
    t.deepEqual(await seqs(path, { since: at(3), until: at(5) }), [3, 4]);
    t.deepEqual(await seqs(path, { since: at(5), until: at(5) }), []);
    t.deepEqual(await seqs(path, { since: at(5), from: 8 }), [8, 9]);
  }
  t.deepEqual(await seqs(path, { since: second(7) + 1n }), [8, 9]);
  t.deepEqual(await seqs(path, { since: 0n, until: 2n ** 64n - 1n }), range(0, 9));
});

test('a session is found by its id, in the kinds that hold one', async (t) => {
  const path = newPath(t);
  const kinds = [started('a'), toolCalled({ session_id: 'a' }), started('b\n"é'), ended('a'), started('a')];
  writeLedger(path, chainOf(5, { event: (seq) => kinds[seq] ?? ended('') }));
  t.deepEqual(await seqs(path, { session: 'a' }), [0, 4]);
  t.deepEqual(await seqs(path, { session: 'b\n"é' }), [2]);
  t.deepEqual(await seqs(path, { session: '' }), []);
  t.deepEqual(await seqs(path, { session: 'a', kinds: ['SessionSealed'] }), []);
  const recorded = newPath(t);
  const session = await openSession(t, { ledgerPath: recorded, sessionId: 'mine', events: 'extended' });
  await session.record(started('mine'));
  await session.record(ended('x'));
  await session.end();
  t.deepEqual(await seqs(recorded, { session: 'mine' }), [0, 2]);
});

test('segments are read before the active file; one by its own name alone', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, rotate: { maxEvents: 4 } });
  for (let seq = 0; seq < 10; seq += 1) await session.record(ended(seq));
  t.deepEqual(await seqs(path), range(0, 9));
  t.deepEqual(await seqs(path, { from: 3, to: 8 }), range(3, 8));
  const [, second = ''] = ledgerFiles(path);
  t.is(basename(second), 'ledger.4-7.ndjson');
  t.deepEqual(await seqs(second), range(4, 7));
  // Rotated twice while it is read.
  const reading: number[] = [];
  for await (const { seq } of readEvents(path)) {
    reading.push(seq);
    if (seq % 2 === 0) session.recordSync(ended('later'));
  }
  t.deepEqual(reading, range(0, 9));
  t.deepEqual(await seqs(path, { from: 9 }), range(9, 14));
});

test('a segment that is gone: ERR_SEGMENT_MISSING, behind the events before', async (t) => {
  const path = newPath(t);
  writeLedger(path, []);
  const lines = chainOf(9);
  writeFileSync(join(dirname(path), 'ledger.0-2.ndjson'), textOf(lines.slice(0, 3)));
  writeLedger(path, lines.slice(6));
  const found: number[] = [];
  const reading = (async () => {
    for await (const { seq } of readEvents(path)) found.push(seq);
  })();
  await rejectsError(t, () => reading, { instanceOf: LedgerError, code: 'ERR_SEGMENT_MISSING' });
  t.deepEqual(found, [0, 1, 2]);
  t.deepEqual(await seqs(path, { from: 6 }), [6, 7, 8]);
  writeFileSync(join(dirname(path), 'ledger.03-5.ndjson'), '');
  await rejectsError(t, () => seqs(path), { instanceOf: LedgerError, code: 'ERR_SEGMENT_REFUSED' });
});

test('an index is made beside each file by the first query that needs it, and changes no answer', async (t) => {
  const kindOf = (seq: number) => (seq % 700 === 699 ? started(`s-${seq}`) : called(seq));
  const path = await longLedger(t, kindOf);
  const files = ledgerFiles(path).map((file) => basename(file));
  t.is(files.length, 3);
  const wanted = range(0, 4999).filter((seq) => seq % 700 === 699);
  t.deepEqual(await seqs(path, { from: 4990 }), range(4990, 4999));
  t.deepEqual(await seqs(path, { kinds: ['SessionStarted'], index: false }), wanted);
  t.deepEqual(indexesOf(path), []);
  for (let round = 0; round < 2; round += 1) {
    t.deepEqual(await seqs(path, { kinds: ['SessionStarted'] }), wanted);
    t.deepEqual(await seqs(path, { session: 's-2799' }), [2799]);
    // The active file has no block that is full.
    t.deepEqual(indexesOf(path).toSorted(), ['ledger.0-1999.ndjson.index', 'ledger.2000-3999.ndjson.index']);
  }
  const [first = ''] = ledgerFiles(path);
  t.is(statSync(`${first}.index`).mode & 0o777, 0o600);
  // One that is damaged is made anew.
  const whole = readFileSync(`${first}.index`);
  const damaged = Buffer.from(whole);
  damaged[200] = (damaged[200] ?? 0) ^ 1;
  writeFileSync(`${first}.index`, damaged);
  t.deepEqual(await seqs(path, { kinds: ['SessionStarted'] }), wanted);
  t.deepEqual(readFileSync(`${first}.index`), whole);
  utimesSync(`${first}.index`, 1, 1);
  t.deepEqual(await seqs(path, { kinds: ['SessionStarted'] }), wanted);
  t.is(statSync(`${first}.index`).mtimeMs, 1000);
});

test('a pruned ledger is read from where it begins, and the index of what is gone is gone too', async (t) => {
  const path = await longLedger(t, called);
  t.is((await seqs(path, { kinds: ['ToolCalled'] })).length, 5000);
  t.is(indexesOf(path).length, 2);
  const session = await openSession(t, { ledgerPath: path, events: 'extended', rotate: { maxEvents: 2000 } });
  await session.prune({ before: 2000 });
  await session.close();
  t.deepEqual(indexesOf(path), ['ledger.2000-3999.ndjson.index']);
  const [segment = ''] = ledgerFiles(path);
  t.is(basename(segment), 'ledger.2000-3999.ndjson');
  t.deepEqual(await seqs(path), range(2000, 5000));
  t.deepEqual(await seqs(path, { kinds: ['LedgerPruned'], since: 1n }), [5000]);
  // Nothing accounts for what is missing now: a file without segments has to begin with event 0.
  unlinkSync(segment);
  await rejectsError(t, () => seqs(path, { from: 3999 }), { instanceOf: ChainError, code: 'ERR_CHAIN_BROKEN' });
  t.deepEqual(await seqs(path, { from: 4999 }), [4999, 5000]);
});

test('an abort ends a query that finds nothing', async (t) => {
  const path = await longLedger(t, ended);
  const controller = new AbortController();
  const reading = seqs(path, { kinds: ['NoSuchKind'], index: false, signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  t.is(await reasonOf(reading), controller.signal.reason);
});

test('wrong arguments are thrown by the call itself', (t) => {
  const path = newPath(t);
  const wrong: unknown[] = [
    { since: 1 },
    { since: '2026-01-01' },
    { until: null },
    { session: 1 },
    { session: '\ud800' },
    { index: 'no' },
    { index: null },
  ];
  for (const options of wrong) {
    const expected = { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' } as const;
    throwsError(t, () => readEvents(path, options as ReadOptions), expected, inspect(options));
  }
  const outOfRange: ReadOptions[] = [
    { since: -1n },
    { until: 2n ** 64n },
    { since: new Date(-1) },
    { until: new Date(Number.NaN) },
  ];
  for (const options of outOfRange) {
    const expected = { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' } as const;
    throwsError(t, () => readEvents(path, options), expected, inspect(options));
  }
});
