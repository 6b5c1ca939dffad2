// Worker threads come and go, by force too; the ledger and the other threads are none the worse.

import test from 'ava';
import { newPath } from '../helpers/folders.mts';
import { Agent } from './helpers/agent.mts';
import { Child, runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

test('three consecutive worker threads, and then the main thread, can load the addon and record', async (t) => {
  const ledgerPath = newPath(t);
  t.deepEqual(await runChild(t, 'consecutive', { input: { ledgerPath } }), [0, 0, 0]);
  t.deepEqual(recorded(ledgerPath), ['first:0', 'second:0', 'third:0', 'main:0']);
  await intact(t, ledgerPath);
});

test('twenty worker threads that are terminated while they open and record lose nothing acknowledged', async (t) => {
  const ledgerPath = newPath(t);
  const times = 20;
  const child = new Child(t, 'terminated', { input: { ledgerPath, times } });
  const said: { who: string; acknowledged: number }[] = [];
  while (said.length <= times) said.push(await child.next());

  const next = await Agent.start(t, 'next');
  const { head } = await next.open(ledgerPath, { lockTimeoutMs: 10_000 });
  await next.recordOne();
  await intact(t, ledgerPath);
  const found = recorded(ledgerPath);
  t.is(found.length, (head?.seq ?? -1) + 2);
  for (const { who, acknowledged } of said) {
    const own = found.filter((name) => name.startsWith(`${who}:`));
    t.true(own.length >= acknowledged, `${who}: ${own.length} recorded, ${acknowledged} acknowledged`);
    t.deepEqual(own, names(who, own.length), 'nothing is missing in between');
  }
  child.tell();
  t.is((await child.end).code, 0);
});
