// What waits to be written can be taken back, and is bounded: a full queue refuses at once, and says when there is room.

import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { LedgerError, type SessionOptions } from 'sealwright';
import { reasonOf, rejectsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { ended, isIntact, linesOf, openSession, reasonsOf, toolCalled } from './helpers/ledgers.mts';
import { GatedHeadStore } from './helpers/stores.mts';

const refusal = (code: LedgerError['code']) => ({ instanceOf: LedgerError, code, outcome: 'not-written' }) as const;

test('recordMany: none is a batch too; beyond 1 MiB of lines it is refused whole', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  t.deepEqual(await session.recordMany([]), []);
  const half = toolCalled('x'.repeat(520 << 10));
  await rejectsError(t, () => session.recordMany([half, half]), refusal('ERR_BATCH_TOO_LARGE'));
  await rejectsError(
    t,
    () => session.recordMany(Array.from({ length: 4000 }, (_, index) => ended(index))),
    refusal('ERR_BATCH_TOO_LARGE'),
  );
  t.is(readFileSync(path).length, 0);
  const large = toolCalled('x'.repeat(3 << 20));
  await rejectsError(t, () => session.recordMany([large]), refusal('ERR_BATCH_TOO_LARGE'));
  t.is((await session.record(large)).seq, 0);
  t.is((await session.recordMany(Array.from({ length: 1000 }, (_, index) => ended(index)))).at(-1)?.seq, 1000);
  await isIntact(t, path, 1001);
});

test('a signal that has fired already: nothing is recorded', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  for (const reason of [new Error('no'), 'text', undefined]) {
    const signal = AbortSignal.abort(reason);
    t.is(await reasonOf(session.record(ended(0), { signal })), signal.reason);
    t.is(await reasonOf(session.recordMany([ended(0)], { signal })), signal.reason);
  }
  t.is((await session.record(ended(0), { signal: undefined })).seq, 0);
  t.is(linesOf(path).length, 1);
});

/** A session whose writer stands still behind a first record until the store is opened. */
async function stalled(t: ExecutionContext, options: Partial<SessionOptions> = {}) {
  const path = newPath(t);
  const store = new GatedHeadStore();
  const session = await openSession(t, { ledgerPath: path, headStore: { store, wait: true }, ...options });
  const controller = new AbortController();
  const reached = store.close();
  const first = session.record(ended('taken'), { signal: controller.signal });
  await reached;
  return { path, store, session, first, controller };
}

test('a signal takes back a record that is still queued', async (t) => {
  const { path, store, session, first } = await stalled(t);
  const controller = new AbortController();
  const { signal } = controller;
  const withdrawn = [
    session.record(ended('withdrawn'), { signal }),
    session.recordMany([ended('withdrawn'), ended('too')], { signal }),
  ];
  const kept = session.record(ended('kept'), { signal: new AbortController().signal });
  controller.abort(new Error('changed my mind'));
  for (const record of withdrawn) t.is(await reasonOf(record), signal.reason);
  store.open();
  t.deepEqual(reasonsOf([await first, await kept]), ['taken', 'kept']);
  t.deepEqual(linesOf(path).length, 2);
  await isIntact(t, path, 2);
});

test('a signal that fires once the writer has taken the record is ignored', async (t) => {
  const { path, store, first, controller } = await stalled(t);
  controller.abort();
  store.open();
  t.is((await first).seq, 0);
  t.is(linesOf(path).length, 1);
});

test('backpressure: a full queue refuses, ready() resolves when there is room', async (t) => {
  const { path, store, session, first } = await stalled(t, { maxQueueBytes: 2000 });
  await session.ready();
  const queued = [session.record(ended(1)), session.record(ended(2)), session.record(ended(3))];
  await rejectsError(t, () => session.record(ended('too many')), refusal('ERR_BACKPRESSURE'));
  await rejectsError(t, () => session.recordMany([ended('too'), ended('many')]), refusal('ERR_BACKPRESSURE'));
  let ready = 0;
  const waiting = [session.ready(), session.ready()].map((promise) => promise.then(() => (ready += 1)));
  await new Promise(setImmediate);
  t.is(ready, 0);
  store.open();
  await Promise.all(waiting);
  t.is((await session.record(ended('room again'))).seq, 4);
  t.deepEqual(reasonsOf(await Promise.all([first, ...queued])), ['taken', '1', '2', '3']);
  await session.ready();
  await isIntact(t, path, 5);
});

test('a record larger than the queue is taken when the queue is empty', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, maxQueueBytes: 1 });
  t.is((await session.record(toolCalled('x'.repeat(100_000)))).seq, 0);
  await session.ready();
  t.is((await session.record(ended(1))).seq, 1);
  t.is(session.recordSync(ended(2)).seq, 2);
});

test('closing lets go who waits for room', async (t) => {
  const { store, session, first } = await stalled(t, { maxQueueBytes: 600 });
  const queued = session.record(ended(1));
  const waiting = session.ready();
  const closing = session.close();
  await waiting;
  store.open();
  await closing;
  t.deepEqual(reasonsOf(await Promise.all([first, queued])), ['taken', '1']);
});
