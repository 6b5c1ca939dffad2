// A defect in the native code is an error of the call it happened in. It never ends the process, and never leaves a
// session that pretends to record.

import test from 'ava';
import { newPath } from '../helpers/folders.mts';
import { Agent, type Brief, brief } from './helpers/agent.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

/** Bytes of a line of which two do not fit into one group. */
const LARGE = 800_000;

test('a panic in a call is ERR_INTERNAL, and the next call is as good as ever', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await Agent.start(t);
  await agent.open(ledgerPath);
  await agent.do({ do: 'fault', name: 'panic-export' });
  // Making the event panics.
  await t.throwsAsync(agent.record(), { code: 'ERR_INTERNAL' });
  t.is(await agent.recordOne(), 0);
  await intact(t, ledgerPath);
});

test('a panic in work of another thread rejects its promise with ERR_INTERNAL, and the next try succeeds', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await Agent.start(t);
  const tries = [
    () => agent.open(ledgerPath).then(() => agent.recordOne()),
    () => agent.do({ do: 'verify', path: ledgerPath }),
    () => agent.do({ do: 'read', path: ledgerPath }),
    () => agent.open(ledgerPath, { name: 'another' }),
  ];
  for (const attempt of tries) {
    await agent.do({ do: 'fault', name: 'panic-task' });
    await t.throwsAsync(attempt(), { code: 'ERR_INTERNAL' }, attempt.toString());
    await t.notThrowsAsync(attempt(), attempt.toString());
  }
  t.is(await agent.recordOne({ name: 'another' }), 1);
  await intact(t, ledgerPath);
});

test('a panic while a group is written poisons the session, and the ledger can be opened again', async (t) => {
  const ledgerPath = newPath(t);
  const [agent, other] = await Promise.all([Agent.start(t), Agent.start(t, 'other')]);
  await agent.open(ledgerPath);
  await agent.open(ledgerPath, { name: 'another' });
  await agent.record({ times: 2 });

  await agent.do({ do: 'fault', name: 'panic-commit' });
  const poisoned: Brief = ['ERR_SESSION_POISONED', 'not-written', null];
  const results = await agent.record({ times: 3, padding: LARGE });
  t.deepEqual(results.map(brief), [['ERR_INTERNAL', 'unknown', null], poisoned, poisoned]);
  t.deepEqual((await agent.record({ times: 2 })).map(brief), [poisoned, poisoned]);
  t.deepEqual((await agent.record({ name: 'another' })).map(brief), [poisoned]);
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), poisoned);
  t.is((await agent.state()).head?.seq, 1, 'an old handle still tells the last durable event');

  // The lock is free before anything is closed.
  const { recovery } = await other.open(ledgerPath);
  t.deepEqual(recovery, { tail: null, unacknowledged: null });
  t.is(await other.recordOne(), 2);
  await other.close();
  await agent.close();
  await agent.close('another');

  t.is((await agent.open(ledgerPath)).head?.seq, 2);
  t.is(await agent.recordOne(), 3);
  await intact(t, ledgerPath);
  t.deepEqual(recorded(ledgerPath).slice(0, 3), [...names('agent', 2), 'other:0']);
});

test('a panic while recordSync writes is its error, and poisons the session', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await Agent.start(t);
  await agent.open(ledgerPath);
  await agent.do({ do: 'recordSync' });
  await agent.do({ do: 'fault', name: 'panic-commit' });
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), ['ERR_INTERNAL', 'unknown', null]);
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), ['ERR_SESSION_POISONED', 'not-written', null]);
  await agent.open(ledgerPath, { name: 'again' });
  t.is(await agent.recordOne({ name: 'again' }), 1);
  t.is((await agent.finish()).code, 0);
  await intact(t, ledgerPath);
});
