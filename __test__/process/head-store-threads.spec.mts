// A head store written in JavaScript serves while its thread lives, and nobody waits for a thread that waits for him.

import test, { type ExecutionContext } from 'ava';
import { newPath } from '../helpers/folders.mts';
import type { Plan } from './children/heads.mts';
import { runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

async function scene(t: ExecutionContext, plan: Omit<Plan, 'ledgerPath'>) {
  const ledgerPath = newPath(t);
  const started = performance.now();
  const said = await runChild<Record<string, unknown>>(t, 'heads', { input: { ledgerPath, ...plan } satisfies Plan });
  const milliseconds = performance.now() - started;
  await intact(t, ledgerPath);
  return { said, found: recorded(ledgerPath), milliseconds };
}

for (const wait of [false, true]) {
  test(`when the thread that brought a head store ends, others go on recording (wait: ${wait})`, async (t) => {
    const { said, found } = await scene(t, { scene: 'ended', wait });
    t.deepEqual(said[0], { error: null });
    t.regex(String(said[1]?.['error']), /the thread that brought the head store has ended/);
    t.deepEqual(found, ['worker:0', ...names('main', 4)]);
  });
}

test('a call that blocks the thread of a head store is refused or does not wait for it', async (t) => {
  const { said, found } = await scene(t, { scene: 'blocking', wait: true });
  t.deepEqual(Object.assign({}, ...said), {
    recordSync: 'ERR_SESSION_OPTIONS',
    otherRecordSync: 'ERR_SESSION_OPTIONS',
    openSync: 'done',
    otherCloseSync: 'done',
    otherDispose: 'done',
    closeSync: 'ERR_SESSION_OPTIONS',
    lastCloseSync: 'done',
  });
  t.deepEqual(found, names('session', 3));
});

test('closing many sessions at once leaves a head store the threads it needs', async (t) => {
  const { said, found, milliseconds } = await scene(t, { scene: 'pool', wait: true });
  t.deepEqual(said, [{ error: null, kept: 2 }]);
  t.deepEqual(found, ['session:0']);
  t.true(milliseconds < 15_000, `${milliseconds} ms`);
});

for (const [name, where] of [
  ['exit', 'a process'],
  ['exitOfWorker', 'a worker thread'],
] as const) {
  for (const wait of [false, true]) {
    test(`process.exit() of ${where} writes what is queued, without its own head store (wait: ${wait})`, async (t) => {
      const { found, milliseconds } = await scene(t, { scene: name, wait });
      t.deepEqual(found, names('session', 5));
      t.true(milliseconds < 10_000, `${milliseconds} ms`);
    });
  }
}
