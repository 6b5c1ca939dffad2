// Across processes a ledger has one writer at a time; the lock ends with its process and is nobody else's.

import { linkSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFolder, newPath } from '../helpers/folders.mts';
import { Agent } from './helpers/agent.mts';
import { Child, runChild } from './helpers/child.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

test('six processes that wait for each other record one chain', async (t) => {
  const ledgerPath = newPath(t);
  const [rounds, events] = [4, 5];
  const processes = ['a', 'b', 'c', 'd', 'e', 'f'].map((who) => ({
    who,
    child: new Child(t, 'rounds', { input: { who, ledgerPath, rounds, events } }),
  }));
  await Promise.all(processes.map(({ child }) => child.next()));
  for (const { child } of processes) child.tell();
  const ends = await Promise.all(processes.map(({ child }) => child.end));
  for (const { code, stderr } of ends) t.is(code, 0, stderr);

  t.is((await intact(t, ledgerPath)).eventCount, 6 * rounds * events);
  const found = recorded(ledgerPath);
  for (const { who } of processes) {
    const own = found.filter((name) => name.startsWith(who));
    t.deepEqual(own, names(who, rounds * events));
  }
});

test('a second process is refused, by any name of the file, and the ledger stays as it is', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, 'ledger.ndjson');
  const [first, second] = await Promise.all([Agent.start(t, 'first'), Agent.start(t, 'second')]);
  await first.open(path);
  await first.recordOne();
  symlinkSync(path, join(folder, 'symlink'));
  linkSync(path, join(folder, 'hard-link'));
  for (const ledgerPath of [path, join(folder, 'symlink'), join(folder, 'hard-link')]) {
    for (const sync of [false, true]) {
      await t.throwsAsync(second.open(ledgerPath, { sync }), { code: 'ERR_LEDGER_LOCKED' });
    }
  }
  await first.recordOne();
  t.deepEqual(recorded(path), names('first', 2));
});

test('lockTimeoutMs waits as long as it says, and no longer than the other process needs', async (t) => {
  const ledgerPath = newPath(t);
  const [first, second] = await Promise.all([Agent.start(t, 'first'), Agent.start(t, 'second')]);
  await first.open(ledgerPath);
  for (const sync of [false, true]) {
    const started = performance.now();
    await t.throwsAsync(second.open(ledgerPath, { sync, lockTimeoutMs: 300 }), { code: 'ERR_LEDGER_LOCKED' });
    const waited = performance.now() - started;
    t.true(waited >= 299 && waited < 5000, `${waited} ms`);
  }
  for (const sync of [false, true]) {
    const opening = second.open(ledgerPath, { sync, lockTimeoutMs: 2 ** 32 - 1 });
    await first.recordOne();
    await first.close();
    await opening;
    await second.recordOne();
    await second.close();
    await first.open(ledgerPath);
  }
  t.deepEqual(recorded(ledgerPath), ['first:0', 'second:0', 'first:1', 'second:1']);
  await intact(t, ledgerPath);
});

test('who does not wait for another process is not held up by a thread that does', async (t) => {
  const ledgerPath = newPath(t);
  const holder = await Agent.start(t);
  await holder.open(ledgerPath);
  const said = await runChild<{ code: string; milliseconds: number } | { worker: string }>(t, 'patience', {
    input: { ledgerPath, lockTimeoutMs: 3000 },
  });
  const answers = said.filter((answer) => 'code' in answer);
  t.deepEqual(said.filter((answer) => 'worker' in answer), [{ worker: 'ERR_LEDGER_LOCKED' }]);
  for (const { code } of answers) t.is(code, 'ERR_LEDGER_LOCKED');
  // One that is held up waits for as long as the thread does; now and then the machine holds one up.
  const times = answers.map(({ milliseconds }) => milliseconds);
  t.true(times.filter((time) => time < 700).length > 5, `${times.join(', ')} ms`);
});

test('the lock ends with a process that is killed, and what it had acknowledged is there', async (t) => {
  const ledgerPath = newPath(t);
  const [first, second] = await Promise.all([Agent.start(t, 'first'), Agent.start(t, 'second')]);
  await first.open(ledgerPath);
  await first.record({ times: 5 });
  first.child.kill();
  t.is((await first.child.end).signal, 'SIGKILL');
  t.is((await second.open(ledgerPath)).head?.seq, 4);
  t.is(await second.recordOne(), 5);
  t.is((await intact(t, ledgerPath)).eventCount, 6);
});

test('programs that an agent has started do not keep its lock', async (t) => {
  const ledgerPath = newPath(t);
  const parent = new Child(t, 'family', { input: { ledgerPath } });
  const started = await parent.next<number[]>();
  t.teardown(() => started.forEach((pid) => process.kill(pid, 'SIGKILL')));
  t.is(started.length, 3);
  const next = await Agent.start(t);
  await t.throwsAsync(next.open(ledgerPath), { code: 'ERR_LEDGER_LOCKED' });
  for (const pid of started) t.deepEqual(openFiles(pid).filter((file) => file.startsWith(ledgerPath)), []);

  parent.tell();
  t.is((await parent.end).code, 0);
  await next.open(ledgerPath);
  t.is(await next.recordOne(), 1);
  for (const pid of started) t.notThrows(() => process.kill(pid, 0), 'it lives on');
  await intact(t, ledgerPath);
});

test('a ledger that was closed can be opened, also while programs are being started', async (t) => {
  const ledgerPath = newPath(t);
  const [answer] = await runChild<{ failed: object; spawned: number }>(t, 'spawning', {
    input: { ledgerPath, times: 3000 },
  });
  // Between fork and exec a new process has every descriptor of its parent, the locked one too.
  t.deepEqual(answer?.failed, {});
  t.true((answer?.spawned ?? 0) > 5, `${answer?.spawned} programs`);
});

/** The files that a process has open; on Linux only. */
function openFiles(pid: number): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
}
