// followEvents: what is recorded is given once it is verified, over new files, torn records, cuts and replacements.

import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import {
  ChainError,
  followEvents,
  type FollowOptions,
  LedgerError,
  SealwrightRangeError,
  SealwrightTypeError,
  type SignedEvent,
} from 'sealwright';
import { rejectsError, throwsError } from './helpers/errors.mts';
import { descriptorsOn, newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, ledgerFiles, openSession, reasonsOf, textOf, writeLedger } from './helpers/ledgers.mts';

const chain = chainOf(20);

/** Someone who follows a ledger: what was given so far, and how it ended. */
class Follower {
  readonly given: SignedEvent[] = [];
  readonly end: Promise<unknown>;
  #hasEnded = false;
  readonly #controller = new AbortController();

  constructor(t: ExecutionContext, path: string, options: FollowOptions = {}) {
    this.end = this.#follow(path, options)
      .catch((error: unknown) => error)
      .finally(() => (this.#hasEnded = true));
    t.teardown(() => this.stop());
  }

  /** Waits for so many events in all. */
  async has(count: number): Promise<readonly SignedEvent[]> {
    while (this.given.length < count && !this.#hasEnded) await sleep(5);
    return this.given;
  }

  async stop(): Promise<unknown> {
    this.#controller.abort(new Error('enough'));
    return this.end;
  }

  async #follow(path: string, options: FollowOptions): Promise<void> {
    for await (const signed of followEvents(path, { pollMs: 20, signal: this.#controller.signal, ...options })) this.given.push(signed);
  }
}

/** The lines of some events. */
const lines = (from: number, to: number) => textOf(chain.slice(from, to));

test('events are given as they are recorded', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  await session.recordMany([ended('a'), ended('b')]);
  const follower = new Follower(t, path, { signers: key1.publicKeyHex });
  t.deepEqual(reasonsOf(await follower.has(2)), ['a', 'b']);
  const recorded = await session.record(ended('c'));
  await follower.has(3);
  t.is(follower.given[2]?.toLine(), recorded.toLine());
  session.recordSync(ended('d'));
  t.deepEqual(reasonsOf(await follower.has(4)), ['a', 'b', 'c', 'd']);
  t.is((await follower.stop() as Error).message, 'enough');
});

test('it starts where it is told, and verifies what it does not give', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain.slice(0, 10));
  const seqs = async (options: FollowOptions, count: number) => (await new Follower(t, path, options).has(count)).map(({ seq }) => seq);
  t.deepEqual(await seqs({ from: 8 }, 2), [8, 9]);
  const startAfter = { seq: 6, hash: chain[6]?.selfHash ?? '' };
  t.deepEqual(await seqs({ startAfter }, 3), [7, 8, 9]);
  t.deepEqual(await seqs({ startAfter, from: 9 }, 1), [9]);
  writeFileSync(path, `${lines(0, 3)}${forged(chain[3])}\n${lines(4, 10)}`);
  t.deepEqual(await seqs({ startAfter }, 3), [7, 8, 9]);
  t.like(await new Follower(t, path, { from: 8 }).end, { name: 'ChainError', code: 'ERR_CHAIN_BROKEN' });
  const wrong = new Follower(t, path, { startAfter: { seq: 6, hash: 'f'.repeat(64) } });
  t.regex(((await wrong.end) as Error).message, /parent_mismatch/);
  const beyond = new Follower(t, path, { startAfter: { seq: 10, hash: 'f'.repeat(64) } });
  t.like(await beyond.end, { code: 'ERR_CHAIN_BROKEN' });
  // The last event that is there.
  const behind = new Follower(t, path, { startAfter: { seq: 9, hash: chain[9]?.selfHash ?? '' } });
  await sleep(50);
  appendFileSync(path, lines(10, 12));
  t.deepEqual((await behind.has(2)).map(({ seq }) => seq), [10, 11]);
});

test('it goes on through files, however fast they follow one another', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, rotate: { maxEvents: 3 } });
  for (let n = 0; n < 10; n += 1) await session.record(ended(n));
  const slow = new Follower(t, path, { pollMs: 1000 });
  const follower = new Follower(t, path);
  await Promise.all([slow.has(10), follower.has(10)]);
  for (let n = 10; n < 60; n += 1) {
    await session.record(ended(n));
    if (n % 7 === 0) await sleep(15);
  }
  const expected = Array.from({ length: 60 }, (_, n) => String(n));
  t.deepEqual(reasonsOf(await follower.has(60)), expected);
  t.deepEqual(reasonsOf(await slow.has(60)), expected);
  const middle = new Follower(t, path, { startAfter: { seq: 40, hash: follower.given[40]?.selfHash ?? '' } });
  t.deepEqual(reasonsOf(await middle.has(19)), expected.slice(41));
  t.true(ledgerFiles(path).length > 15);
});

test('a file that is sealed while it is looked for is found', async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const path = newPath(t);
    const session = await openSession(t, { ledgerPath: path, rotate: { maxEvents: 2 } });
    await session.record(ended(0));
    const follower = new Follower(t, path);
    await follower.has(1);
    await Promise.all(Array.from({ length: 199 }, (_, n) => session.record(ended(n + 1))));
    t.is((await follower.has(200)).length, 200);
  }
});

test('a key that is handed over is followed', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, events: 'extended' });
  const follower = new Follower(t, path, { signers: key1.publicKeyHex });
  await session.record(ended('a'));
  await session.rotateKey(key2);
  await session.record(ended('b'));
  const given = await follower.has(3);
  t.deepEqual(given.map(({ signerPubkey }) => signerPubkey), [key1, key1, key2].map(({ publicKeyHex }) => publicKeyHex));
});

test('a record that is being written is waited for, and one that was torn may be cut off', async (t) => {
  const path = newPath(t);
  const text = lines(0, 6);
  const half = lines(0, 5).length + 100;
  writeFileSync(path, text.slice(0, half));
  const follower = new Follower(t, path);
  await follower.has(5);
  await sleep(60);
  t.is(follower.given.length, 5);
  appendFileSync(path, text.slice(half));
  await follower.has(6);
  appendFileSync(path, lines(6, 7).slice(0, 300));
  await sleep(60);
  truncateSync(path, text.length);
  await sleep(60);
  // Another event of the same length in its place.
  const other = chainOf(8, { event: (seq) => ended(seq === 6 ? 'x' : seq) }).slice(6);
  appendFileSync(path, textOf(other));
  t.deepEqual(reasonsOf(await follower.has(8)), ['0', '1', '2', '3', '4', '5', 'x', '7']);
});

test('it ends where the chain breaks, behind the events before', async (t) => {
  const other = chainOf(6, { keypair: key2 });
  const cases: (readonly [string, string, FollowOptions, number, RegExp])[] = [
    ['an event is missing', lines(6, 8), {}, 5, /seq_mismatch/],
    ['a signature', `${lines(5, 6)}${forged(chain[6])}\n${lines(7, 8)}`, {}, 6, /bad_signature/],
    ['another signer', textOf(other.slice(5)), { signers: key1.publicKeyHex }, 5, /untrusted_signer/],
    ['no JSON', `${lines(5, 6)}no event\n`, {}, 6, /line 7/],
    ['a line that is too long', `${lines(5, 6)}${'x'.repeat(17 << 20)}`, {}, 6, /byte \d+: a line of more than 16777216 bytes/],
  ];
  for (const [what, text, options, count, message] of cases) {
    const path = newPath(t);
    writeFileSync(path, lines(0, 5));
    const follower = new Follower(t, path, options);
    await follower.has(5);
    appendFileSync(path, text);
    const error = (await follower.end) as ChainError;
    t.true(error instanceof ChainError, what);
    t.regex(error.message, message, what);
    t.is(follower.given.length, count, what);
  }
  const path = newPath(t);
  writeFileSync(path, lines(0, 5));
  t.regex(((await new Follower(t, path, { signers: key2.publicKeyHex }).end) as Error).message, /untrusted_signer/);
});

/** Puts another file in the place of one. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

test('it ends where the file is cut, replaced or taken away', async (t) => {
  const cases: (readonly [string, (path: string) => void, object])[] = [
    ['cut', (path) => truncateSync(path, lines(0, 3).length), { name: 'ChainError', code: 'ERR_CHAIN_BROKEN' }],
    ['emptied', (path) => writeFileSync(path, ''), { name: 'ChainError', code: 'ERR_CHAIN_BROKEN' }],
    ['another in its place', (path) => replace(path, textOf(chainOf(30, { keypair: key2 }))), { name: 'ChainError', code: 'ERR_CHAIN_BROKEN' }],
    ['an empty one in its place', (path) => replace(path, ''), { name: 'ChainError', code: 'ERR_CHAIN_BROKEN' }],
    ['removed', (path) => rmSync(path), { name: 'LedgerError', code: 'ERR_LEDGER_NOT_FOUND' }],
  ];
  for (const [what, change, expected] of cases) {
    const path = newPath(t);
    writeFileSync(path, lines(0, 5));
    const follower = new Follower(t, path);
    await follower.has(5);
    change(path);
    t.like(await follower.end, expected, what);
  }
});

test('a ledger without its beginning takes an event to start behind', async (t) => {
  const path = newPath(t);
  writeFileSync(path, lines(5, 10));
  t.like(await new Follower(t, path).end, { name: 'LedgerError', code: 'ERR_SEGMENT_MISSING' });
  const startAfter = { seq: 4, hash: chain[4]?.selfHash ?? '' };
  t.is((await new Follower(t, path, { startAfter }).has(5)).length, 5);
  writeFileSync(join(dirname(path), 'ledger.3-4.ndjson'), lines(3, 5), { mode: 0o400 });
  t.like(await new Follower(t, path).end, { name: 'LedgerError', code: 'ERR_SEGMENT_MISSING' });
});

test('no ledger, and wrong arguments', async (t) => {
  const path = newPath(t);
  t.like(await new Follower(t, path).end, { code: 'ERR_LEDGER_NOT_FOUND' });
  for (const other of [newFolder(t), newFifo(t)]) t.like(await new Follower(t, other).end, { code: 'ERR_LEDGER_NOT_A_FILE' });
  for (const wrong of [null, { start: 1 }, { from: '1' }, { signers: [] }, { startAfter: 1 }, { signal: {} }]) {
    throwsError(t, () => followEvents(path, wrong as FollowOptions), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  for (const wrong of [{ from: -1 }, { pollMs: 0 }]) {
    throwsError(t, () => followEvents(path, wrong), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  }
  const reason = new Error('enough');
  const aborted = followEvents(path, { signal: AbortSignal.abort(reason) });
  t.is(await aborted.next().catch((error: unknown) => error), reason);
  await rejectsError(t, () => followEvents(path).next(), { instanceOf: LedgerError, code: 'ERR_LEDGER_NOT_FOUND' });
});

test('leaving the loop closes the file', async (t) => {
  const path = newPath(t);
  writeFileSync(path, lines(0, 5));
  for await (const { seq } of followEvents(path)) if (seq === 4) break;
  t.is(descriptorsOn(path) ?? 0, 0);
});
