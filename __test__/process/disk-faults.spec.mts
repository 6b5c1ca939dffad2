// The disk says no. strace makes a system call fail, so that each case is exact.
//
// strace counts the calls of each thread for itself. A writer has a thread of its own, whose first fdatasync is that of
// the window, whose second that of its first group; a writer of an empty ledger has no window to write.

import { appendFileSync, readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { newPath } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { Agent, type Brief, brief } from './helpers/agent.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

/** Bytes of a line of which two do not fit into one group. */
const LARGE = 800_000;

/** An agent of which some system calls fail. */
function failing(t: ExecutionContext, ...faults: readonly string[]): Promise<Agent> {
  const calls = [...new Set(faults.map((fault) => fault.split(':')[0]))].join(',');
  const injections = faults.flatMap((fault) => ['-e', `inject=${fault}`]);
  const through = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, ...injections];
  return Agent.start(t, 'agent', { through });
}

testWith(['strace'], 'a failed sync poisons the session, frees the ledger, and reopening names what was found', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await failing(t, 'fdatasync:error=EIO:when=3');
  await agent.open(ledgerPath);
  await agent.open(ledgerPath, { name: 'another' });
  t.is(await agent.recordOne(), 0);

  const poisoned: Brief = ['ERR_SESSION_POISONED', 'not-written', 'EIO'];
  const results = await agent.record({ times: 3, padding: LARGE });
  t.deepEqual(results.map(brief), [['ERR_SESSION_POISONED', 'unknown', 'EIO'], poisoned, poisoned]);
  t.deepEqual((await agent.record({ name: 'another' })).map(brief), [poisoned]);
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), poisoned);
  t.is((await agent.state()).head?.seq, 0);

  const { recovery, head } = await agent.open(ledgerPath, { name: 'again' });
  t.deepEqual(recovery, { tail: null, unacknowledged: { from: 1, to: 1 } });
  t.is(head?.seq, 1);
  t.is(await agent.recordOne({ name: 'again' }), 2);
  t.deepEqual((await agent.record()).map(brief), [poisoned], 'the old handle stays poisoned');
  for (const name of ['session', 'another', 'again']) await agent.close(name);
  const third = await agent.open(ledgerPath, { name: 'third' });
  t.deepEqual(third.recovery, { tail: null, unacknowledged: null }, 'it is named once');
  t.is((await intact(t, ledgerPath)).eventCount, 3);
});

testWith(['strace'], 'after a failed sync another process can have the ledger at once', async (t) => {
  const ledgerPath = newPath(t);
  const [agent, other] = [await failing(t, 'fdatasync:error=EIO:when=3'), await Agent.start(t, 'other')];
  await agent.open(ledgerPath);
  await agent.recordOne();
  t.deepEqual((await agent.record()).map(brief), [['ERR_SESSION_POISONED', 'unknown', 'EIO']]);
  t.deepEqual((await other.open(ledgerPath)).recovery, { tail: null, unacknowledged: null });
  t.is(await other.recordOne(), 2);
  t.deepEqual(await agent.refusal({ do: 'open', ledgerPath }), ['ERR_LEDGER_LOCKED', null, null]);
  await other.close();
  const { recovery, head } = await agent.open(ledgerPath, { name: 'again' });
  t.is(recovery.unacknowledged?.from, 1);
  t.is(head?.seq, 2);
  t.deepEqual(recorded(ledgerPath), [...names('agent', 2), 'other:0']);
  await intact(t, ledgerPath);
});

testWith(['strace'], 'a failed sync of recordSync is its error', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await failing(t, 'fdatasync:error=EIO:when=3');
  await agent.open(ledgerPath);
  t.is(await agent.do<number>({ do: 'recordSync' }), 0);
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), ['ERR_SESSION_POISONED', 'unknown', 'EIO']);
  t.deepEqual(await agent.refusal({ do: 'recordSync' }), ['ERR_SESSION_POISONED', 'not-written', 'EIO']);
  t.deepEqual((await agent.open(ledgerPath, { name: 'again' })).recovery.unacknowledged, { from: 1, to: 1 });
  await intact(t, ledgerPath);
});

for (const call of ['fdatasync', 'fsync']) {
  const what = call === 'fsync' ? 'the folder' : 'the window';
  testWith(['strace'], `nothing is appended after a failed sync of ${what}`, async (t) => {
    const ledgerPath = newPath(t);
    const [other, agent] = [await Agent.start(t, 'other'), await failing(t, `${call}:error=EIO:when=1`)];
    await other.open(ledgerPath);
    await other.recordOne();
    await other.close();
    const before = readFileSync(ledgerPath);
    await agent.open(ledgerPath);
    const results = await agent.record({ times: 2 });
    const poisoned: Brief = ['ERR_SESSION_POISONED', 'not-written', 'EIO'];
    t.deepEqual(results.map(brief), [poisoned, poisoned]);
    t.deepEqual(readFileSync(ledgerPath), before);
    t.is((await other.open(ledgerPath)).head?.seq, 0);
  });
}

for (const [what, error] of [
  ['a full disk', 'ENOSPC'],
  ['an error of the disk', 'EIO'],
  ['an exceeded quota', 'EDQUOT'],
] as const) {
  testWith(['strace'], `${what} fails the record it hits, and the next one succeeds`, async (t) => {
    const ledgerPath = newPath(t);
    const agent = await failing(t, `pwrite64:error=${error}:when=2`);
    await agent.open(ledgerPath);
    t.is(await agent.recordOne(), 0);
    t.deepEqual((await agent.record()).map(brief), [['ERR_LEDGER_IO', 'not-written', error]]);
    t.is((await agent.state()).head?.seq, 0);
    t.is(await agent.recordOne(), 1);
    await agent.close();
    t.deepEqual(recorded(ledgerPath), ['agent:0', 'agent:2']);
    await intact(t, ledgerPath);
  });
}

testWith(['strace'], 'a failed write that cannot be cut back poisons the session', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await failing(t, 'pwrite64:error=ENOSPC:when=3', 'ftruncate:error=EIO');
  await agent.open(ledgerPath);
  await agent.recordOne();
  await agent.recordOne();
  t.deepEqual((await agent.record()).map(brief), [['ERR_SESSION_POISONED', 'unknown', 'ENOSPC']]);
  t.deepEqual((await agent.record()).map(brief), [['ERR_SESSION_POISONED', 'not-written', 'ENOSPC']]);
  const { recovery } = await agent.open(ledgerPath, { name: 'again' });
  t.deepEqual(recovery, { tail: null, unacknowledged: null });
  t.is(await agent.recordOne({ name: 'again' }), 2);
  t.deepEqual(recorded(ledgerPath), ['agent:0', 'agent:1', 'agent:4']);
  await intact(t, ledgerPath);
});

testWith(['strace'], 'a failed write whose cut cannot be synced poisons the session', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await failing(t, 'pwrite64:error=ENOSPC:when=2', 'fdatasync:error=EIO:when=3');
  await agent.open(ledgerPath);
  await agent.recordOne();
  t.deepEqual((await agent.record()).map(brief), [['ERR_SESSION_POISONED', 'unknown', 'ENOSPC']]);
  t.deepEqual((await agent.record()).map(brief), [['ERR_SESSION_POISONED', 'not-written', 'ENOSPC']]);
  t.is((await intact(t, ledgerPath)).eventCount, 1);
});

testWith(['strace'], 'a ledger whose folder cannot be synced is not opened', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await failing(t, 'fsync:error=EIO:when=1');
  t.deepEqual(await agent.refusal({ do: 'open', ledgerPath, sync: true }), ['ERR_LEDGER_IO', null, 'EIO']);
  await agent.open(ledgerPath, { sync: true });
  t.is(await agent.do<number>({ do: 'recordSync' }), 0);
  await intact(t, ledgerPath);
});

testWith(['strace'], 'a torn tail that cannot be kept and cut off is left, and found again', async (t) => {
  const ledgerPath = newPath(t);
  const other = await Agent.start(t, 'other');
  await other.open(ledgerPath);
  await other.recordOne();
  await other.close();
  appendFileSync(ledgerPath, '{"seq":1,"timest');
  const torn = readFileSync(ledgerPath);
  for (const fault of ['fsync:error=EIO', 'ftruncate:error=EIO']) {
    const agent = await failing(t, fault);
    t.deepEqual(await agent.refusal({ do: 'open', ledgerPath }), ['ERR_LEDGER_IO', null, 'EIO'], fault);
    t.deepEqual(readFileSync(ledgerPath), torn, fault);
    t.is((await agent.finish()).code, 0);
  }
  const { recovery } = await other.open(ledgerPath);
  t.like(recovery.tail, { bytes: 16, lines: 1, reason: 'unterminated' });
  t.deepEqual(readFileSync(recovery.tail?.path ?? ''), torn.subarray(-16));
  await intact(t, ledgerPath);
});
