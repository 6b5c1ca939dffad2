// A process or thread ends when its work is done, and what it has recorded is in the ledger by then. The two tests that
// measure time run first, one at a time, and again where the machine was busy with others.

import test, { type ExecutionContext } from 'ava';
import { newPath } from '../helpers/folders.mts';
import type { Plan } from './children/ends.mts';
import { Agent } from './helpers/agent.mts';
import { Child, type End, runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

/** Bytes of a line of which three do not fit into one group, so that ten records need several writes and syncs. */
const LARGE = 500_000;

/** Runs `children/ends.mts`; tells how it ended and how long that took from its last word on. */
async function ends(t: ExecutionContext, plan: Omit<Plan, 'ledgerPath'>) {
  const ledgerPath = newPath(t);
  const child = new Child(t, 'ends', { input: { ledgerPath, ...plan } satisfies Plan });
  await child.next();
  const said = performance.now();
  const end: End = await child.end;
  if (plan.records > 0) await intact(t, ledgerPath);
  return { ...end, milliseconds: end.at - said, found: recorded(ledgerPath) };
}

/** Requires each run to end well, and one of ten to end within a second: what keeps a process alive keeps all of them. */
async function endsSoon(t: ExecutionContext, records: number): Promise<void> {
  const times: number[] = [];
  do {
    const { code, stderr, milliseconds, found } = await ends(t, { records, awaited: true, end: 'nothing' });
    t.is(code, 0, stderr);
    t.deepEqual(found, names('end', records));
    times.push(milliseconds);
  } while (times.length < 10 && times.every((time) => time >= 1000));
  t.true(times.some((time) => time < 1000), `${times.join(', ')} ms after the last record`);
}

test.serial('a process whose records are awaited exits by itself, without close', (t) => endsSoon(t, 20));

test.serial('an open session without records does not keep the process alive', (t) => endsSoon(t, 0));

test('records that nobody awaits keep the process alive until they are written', async (t) => {
  const { code, stderr, found } = await ends(t, { records: 10, padding: LARGE, end: 'nothing' });
  t.is(code, 0, stderr);
  t.deepEqual(found, names('end', 10));
});

test('process.exit() waits for what was recorded', async (t) => {
  const { code, stderr, found } = await ends(t, { records: 10, padding: LARGE, end: 'exit' });
  t.is(code, 0, stderr);
  t.deepEqual(found, names('end', 10));
});

test('an uncaught exception waits for what was recorded', async (t) => {
  const { code, stderr, found } = await ends(t, { records: 10, padding: LARGE, end: 'throw' });
  t.is(code, 1);
  t.regex(stderr, /nobody catches this/);
  t.deepEqual(found, names('end', 10));
});

for (const [how, end, code] of [
  ['the natural end', 'nothing', 0],
  ['process.exit()', 'exit', 0],
  ['an uncaught exception', 'throw', 1],
] as const) {
  for (const worker of [false, true]) {
    test(`${how} of a ${worker ? 'worker thread' : 'process'} in the tick of a record comes behind it`, async (t) => {
      const ledgerPath = newPath(t);
      const input: Plan = { ledgerPath, worker, records: 3, end };
      const child = new Child(t, 'ends', { input });
      await child.next();
      t.is((await child.end).code, worker ? 0 : code);
      t.deepEqual(recorded(ledgerPath), worker ? [...names('end', 3), 'main:0'] : names('end', 3));
      await intact(t, ledgerPath);
    });
  }
}

for (const listener of ['before', 'after'] as const) {
  for (const end of ['nothing', 'exit'] as const) {
    const how = end === 'exit' ? 'process.exit()' : 'the natural end';
    test(`an exit listener set ${listener} opening can record at ${how}`, async (t) => {
      const { code, stderr, found } = await ends(t, { records: 10, padding: LARGE, end, listener });
      t.is(code, 0, stderr);
      t.deepEqual(found, [...names('end', 10), 'exit:0']);
    });
  }
}

for (const [how, end, code] of [
  ['that ends by itself', 'nothing', 0],
  ['that calls process.exit()', 'exit', 0],
  ['that throws', 'throw', 1],
] as const) {
  test(`a worker thread ${how} leaves nothing behind, and the ledger to others`, async (t) => {
    const ledgerPath = newPath(t);
    const input: Plan = { ledgerPath, worker: true, records: 10, padding: LARGE, end };
    t.deepEqual(await runChild(t, 'ends', { input }), [{ code }]);
    t.deepEqual(recorded(ledgerPath), [...names('end', 10), 'main:0']);
    await intact(t, ledgerPath);
  });
}

test('a session that is dropped is closed, and its lock released', async (t) => {
  const ledgerPath = newPath(t);
  const child = new Child(t, 'dropped', { input: { ledgerPath }, flags: ['--expose-gc'] });
  const other = await Agent.start(t);
  await child.next();
  await other.open(ledgerPath, { lockTimeoutMs: 30_000 });
  t.is(await other.recordOne(), 2);
  child.tell();
  t.is((await child.end).code, 0);
  t.deepEqual(recorded(ledgerPath), [...names('dropped', 2), 'agent:0']);
  await intact(t, ledgerPath);
});
