// What is recorded by one run of synchronous code is written together, in the order of the calls. Until the writer has
// it, it can be taken back, and is written before the session ends.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { RecordDiagnostics } from 'sealwright';
import { newPath } from './helpers/folders.mts';
import { ended, isIntact, linesOf, openSession, reasonsOf, toolCalled } from './helpers/ledgers.mts';
import { GatedHeadStore } from './helpers/stores.mts';

/** The sizes of a ledger's groups from now on. */
function groupsOf(t: ExecutionContext, ledgerPath: string): number[] {
  const sizes: number[] = [];
  const listener = (message: unknown) => {
    const { group, ...told } = message as RecordDiagnostics;
    if (told.ledgerPath === ledgerPath) sizes.push(group?.events ?? 0);
  };
  subscribe('sealwright:record', listener);
  t.teardown(() => unsubscribe('sealwright:record', listener));
  return sizes;
}

test('records of one tick are one group', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  const groups = groupsOf(t, path);
  const whole = () => groups.filter((size) => size === 50).length;
  let rounds = 0;
  // Half of the ticks on a machine that has time for them, and as many in the end on one that interrupts ticks.
  for (; rounds < 20 || (rounds < 200 && whole() < 10); rounds += 1) {
    // The writer may still be on its way to sleep, and takes what it meets there.
    await setTimeout(5);
    const records = Array.from({ length: 50 }, (_, index) => {
      // Time enough for a writer that is awake, and too little for one to lose patience.
      const end = performance.now() + 0.02;
      while (performance.now() < end);
      return session.record(ended(index));
    });
    await Promise.all(records);
  }
  t.is(
    groups.reduce((sum, size) => sum + size, 0),
    50 * rounds,
  );
  t.true(whole() >= 10, `${whole()} of ${rounds} ticks are one group`);
});

test('calls of every kind, of several sessions, stand in the ledger in their order', async (t) => {
  const path = newPath(t);
  const [a, b] = [await openSession(t, { ledgerPath: path }), await openSession(t, { ledgerPath: path })];
  const signed: unknown[] = [
    a.record(ended(0)),
    b.record(ended(1)),
    a.record(ended(2)),
    b.recordMany([ended(3), ended(4)]),
    a.record(ended(5)),
    b.recordSync(ended(6)),
    b.record(ended(7)),
  ];
  a.closeSync();
  signed.push(b.recordSync(ended(8)), b.recordMany([ended(9)]), b.record(ended(10)));
  await b.close();
  t.deepEqual(
    reasonsOf((await Promise.all(signed)).flat() as never),
    Array.from({ length: 11 }, (_, index) => String(index)),
  );
  t.deepEqual(
    linesOf(path).map((line) => /"reason":"(\d+)"/.exec(line)?.[1]),
    Array.from({ length: 11 }, (_, index) => String(index)),
  );
  await isIntact(t, path, 11);
});

test('a signal that fires in the same tick takes its record back, and no other', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path });
  let [isWithdrawn, events] = [false, 0];
  // On a machine that interrupts the tick the writer may lose its patience in between, but not every time.
  for (let rounds = 0; !isWithdrawn && rounds < 200; rounds += 1) {
    const controller = new AbortController();
    const { signal } = controller;
    const kept = session.record(ended('kept'));
    const withdrawn = [session.record(ended('x'), { signal }), session.record(ended('y'), { signal })];
    const late = session.record(ended('late'));
    controller.abort(new Error('changed my mind'));
    const results = await Promise.allSettled(withdrawn);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    for (const reason of reasons) t.is(reason, signal.reason);
    t.deepEqual(reasonsOf([await kept, await late]), ['kept', 'late']);
    isWithdrawn = reasons.length === withdrawn.length;
    events += 4 - reasons.length;
  }
  t.true(isWithdrawn);
  await isIntact(t, path, events);
});

test('who waits for room in the same tick gets it', async (t) => {
  const session = await openSession(t, { ledgerPath: newPath(t), maxQueueBytes: 1 });
  for (let seq = 0; seq < 5; seq += 1) {
    const record = session.record(ended(seq));
    await session.ready();
    t.is((await record).seq, seq);
  }
});

test('no record waits long for the end of the tick', async (t) => {
  for (const [count, event] of [
    [1, ended('x')],
    [64, ended('x')],
    [1, toolCalled('x'.repeat(300_000))],
  ] as const) {
    const session = await openSession(t, { ledgerPath: newPath(t) });
    const records = Array.from({ length: count }, () => session.record(event));
    const end = performance.now() + 30_000;
    while (session.head?.seq !== count - 1 && performance.now() < end);
    t.is(session.head?.seq, count - 1);
    await Promise.all(records);
  }
});

test('a large group settles in its order, and leaves the event loop its turns', async (t) => {
  const path = newPath(t);
  const store = new GatedHeadStore();
  const session = await openSession(t, { ledgerPath: path, headStore: { store, wait: true } });
  const reached = store.close();
  const records = [session.record(ended(0))];
  await reached;
  // The writer stands still, and will take all of these at once.
  for (let index = 1; index <= 1500; index += 1) records.push(session.record(ended(index)));
  const order: number[] = [];
  for (const record of records) void record.then(({ seq }) => order.push(seq));
  store.open();
  let most = 0;
  while (order.length < records.length) {
    const before = order.length;
    await new Promise(setImmediate);
    most = Math.max(most, order.length - before);
  }
  t.deepEqual(
    order,
    records.map((_, index) => index),
  );
  t.true(most < 600, `${most} records settled in one turn`);
  await isIntact(t, path, 1501);
});
