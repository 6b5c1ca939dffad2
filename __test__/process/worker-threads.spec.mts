// Worker threads come and go, by force too; the ledger and the other threads are none the worse.

import test from 'ava';
import { newPath } from '../helpers/folders.mts';
import { Agent } from './helpers/agent.mts';
import { runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

test('three consecutive worker threads, and then the main thread, can load the addon and record', async (t) => {
  const ledgerPath = newPath(t);
  t.deepEqual(await runChild(t, 'consecutive', { input: { ledgerPath } }), [0, 0, 0]);
  t.deepEqual(recorded(ledgerPath), ['first:0', 'second:0', 'third:0', 'main:0']);
  await intact(t, ledgerPath);
});

test('twenty worker threads that are terminated while they record lose nothing that was acknowledged', async (t) => {
  const ledgerPath = newPath(t);
  const times = 20;
  const said = await runChild<{ who: string; acknowledged: number }>(t, 'terminated', { input: { ledgerPath, times } });

  t.is(said.length, times + 1);
  await intact(t, ledgerPath);
  const found = recorded(ledgerPath);
  for (const { who, acknowledged } of said) {
    const own = found.filter((name) => name.startsWith(`${who}:`));
    t.true(own.length >= acknowledged, `${who}: ${own.length} recorded, ${acknowledged} acknowledged`);
    t.deepEqual(own, names(who, own.length), 'nothing is missing in between');
  }
  const next = await Agent.start(t);
  await next.open(ledgerPath);
  t.is(await next.recordOne(), found.length);
});
