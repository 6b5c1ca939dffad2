// A signer written in JavaScript serves while its thread lives, and nobody waits for a thread that has ended.

import test, { type ExecutionContext } from 'ava';
import { newPath } from '../helpers/folders.mts';
import type { Plan } from './children/signers.mts';
import { runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

/** Milliseconds: the session of a thread that was waited for would give its signer up after 30 s. */
const AT_ONCE = 20_000;

async function scene(t: ExecutionContext, name: Plan['scene']) {
  const ledgerPath = newPath(t);
  const started = performance.now();
  const said = await runChild<unknown>(t, 'signers', { input: { ledgerPath, scene: name } satisfies Plan });
  const milliseconds = performance.now() - started;
  await intact(t, ledgerPath);
  return { said, found: recorded(ledgerPath), milliseconds };
}

test('when the thread of the signer ends, the record in its hands fails, and the next session signs', async (t) => {
  const { said, found, milliseconds } = await scene(t, 'ended');
  t.deepEqual(said, [{ asked: 0 }, { failed: ['ERR_SIGNER_FAILED', 'not-written'] }, { asked: 1 }]);
  t.deepEqual(found, ['main:0', 'main:2']);
  t.true(milliseconds < AT_ONCE, `${milliseconds} ms`);
});

test('records that are being signed keep the process alive', async (t) => {
  t.deepEqual((await scene(t, 'natural')).found, names('session', 3));
});

for (const [name, where] of [
  ['exit', 'a process'],
  ['exitOfWorker', 'a worker thread'],
] as const) {
  test(`process.exit() of ${where} does not wait for its own signer`, async (t) => {
    const { found, milliseconds } = await scene(t, name);
    t.deepEqual(found, names('session', 1));
    t.true(milliseconds < AT_ONCE, `${milliseconds} ms`);
  });
}
