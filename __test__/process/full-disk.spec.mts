// A disk that is really full: writes end in the middle of a line. What was acknowledged stays, the rest is cut back, and
// recording goes on once there is room.

import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { proveConsistency, verifyConsistency } from 'sealwright/proofs';
import { newFolder, newPath } from '../helpers/folders.mts';
import { testWith, unshareArguments } from '../helpers/parts.mts';
import { ORIGIN, policyFor } from '../proofs/helpers/recorded.mts';
import { Agent, type Brief, brief } from './helpers/agent.mts';
import { keypair } from './helpers/fixture.mts';
import { intact, names, recorded } from './helpers/ledger.mts';

const NO_SPACE: Brief = ['ERR_LEDGER_IO', 'not-written', 'ENOSPC'];

/** An agent that has a disk of 64 KiB, which this process reaches under another name. */
async function onSmallDisk(t: ExecutionContext) {
  const disk = newFolder(t);
  const mount = 'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0" && exec "$@"';
  const through = ['unshare', ...unshareArguments(), 'sh', '-c', mount, disk];
  const agent = await Agent.start(t, 'agent', { through });
  return { agent, disk, seen: `/proc/${agent.child.pid}/root${disk}` };
}

/** Writes a file until the disk is full; gives its path. */
function fill(folder: string): string {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
  return path;
}

testWith(['mount'], 'on a full disk records fail as not written, and go on once there is room', async (t) => {
  const { agent, disk, seen } = await onSmallDisk(t);
  await agent.open(join(disk, 'ledger.ndjson'));
  const ledger = join(seen, 'ledger.ndjson');
  await agent.record({ times: 10 });
  const filler = fill(seen);

  // The last page of the ledger has some room left.
  const results = await agent.record({ times: 20, padding: 1000 });
  const failed = results.filter((result) => 'code' in result);
  t.true(failed.length > 0);
  for (const result of failed) t.deepEqual(brief(result), NO_SPACE);
  const acknowledged = 10 + results.length - failed.length;
  t.deepEqual((await agent.record({ times: 2, batch: 10 })).map(brief), [NO_SPACE, NO_SPACE]);
  t.is((await agent.state()).head?.seq, acknowledged - 1);
  t.is((await intact(t, ledger)).eventCount, acknowledged);

  rmSync(filler);
  // The system may take a moment to give the room back.
  let [again] = await agent.record({ times: 1 });
  for (let tries = 0; tries < 100 && again !== undefined && 'code' in again; tries += 1) {
    t.deepEqual(brief(again), NO_SPACE);
    await setTimeout(20);
    [again] = await agent.record({ times: 1 });
  }
  t.is(again && brief(again), acknowledged);
  t.deepEqual((await agent.record({ times: 1, batch: 3 })).map(brief), [acknowledged + 3]);
  await agent.close();
  t.is((await intact(t, ledger)).eventCount, acknowledged + 4);
  t.deepEqual(recorded(ledger).slice(0, 10), names('agent', 10));
});

testWith(['mount'], 'on a full disk a ledger can be opened, and closed, and what it holds stays', async (t) => {
  const { agent, disk, seen } = await onSmallDisk(t);
  const ledgerPath = join(disk, 'ledger.ndjson');
  await agent.open(ledgerPath);
  await agent.record({ times: 5 });
  await agent.close();
  const filler = fill(seen);
  t.is((await agent.open(ledgerPath)).head?.seq, 4);
  t.deepEqual((await agent.record({ padding: 10_000 })).map(brief), [NO_SPACE]);
  await agent.close();
  const fresh = await agent.open(join(disk, 'fresh.ndjson'), { name: 'fresh' });
  t.is(fresh.head, null);
  t.deepEqual((await agent.record({ name: 'fresh' })).map(brief), [NO_SPACE]);
  t.is(statSync(join(seen, 'fresh.ndjson')).size, 0);
  rmSync(filler);
  t.is(await agent.recordOne({ name: 'fresh' }), 0);
  t.is((await intact(t, join(seen, 'ledger.ndjson'))).eventCount, 5);
  t.is((await intact(t, join(seen, 'fresh.ndjson'))).eventCount, 1);
});

testWith(['mount'], 'a head store on a full disk says so, and loses no event', async (t) => {
  const { agent, disk, seen } = await onSmallDisk(t);
  const ledgerPath = newPath(t);
  await agent.open(ledgerPath, { headFile: join(disk, 'heads.json') });
  await agent.recordOne();
  t.is((await agent.state()).headStoreError, null);
  const filler = fill(seen);
  await agent.recordOne();
  const { head, headStoreError } = await agent.state();
  t.is(head?.seq, 1);
  t.regex(headStoreError ?? '', /cannot write the head store/);
  rmSync(filler);
  await agent.recordOne();
  t.is((await agent.state()).headStoreError, null);
  t.deepEqual(readdirSync(seen).filter((name) => name.endsWith('.tmp')), []);
  t.is((await intact(t, ledgerPath)).eventCount, 3);
});

testWith(['mount'], 'a checkpoint that finds no room is not signed, recording goes on, and so do checkpoints', async (t) => {
  const { agent, disk, seen } = await onSmallDisk(t);
  // The tree is on the small disk, the ledger is not.
  const ledgerPath = newPath(t);
  mkdirSync(join(seen, 'tree'));
  symlinkSync(join(disk, 'tree'), `${ledgerPath}.tlog`);
  const sign = () => agent.do<string>({ do: 'checkpoint', origin: ORIGIN });
  await agent.open(ledgerPath);
  await agent.record({ times: 100 });
  const from = await sign();
  const filler = fill(seen);
  await agent.record({ times: 300 });
  for (let tries = 0; tries < 2; tries += 1) {
    t.deepEqual(await agent.refusal({ do: 'checkpoint', origin: ORIGIN }), ['ERR_TREE_IO', null, 'ENOSPC']);
  }
  t.is(await agent.recordOne(), 400);
  t.is(readFileSync(join(seen, 'tree', 'checkpoint'), 'utf8'), from);
  rmSync(filler);
  // The system may take a moment to give the room back.
  while ((await agent.refusal({ do: 'checkpoint', origin: ORIGIN })) !== 'done') await setTimeout(20);
  t.deepEqual(readdirSync(join(seen, 'tree'), { recursive: true }).filter((name) => String(name).endsWith('.tmp')), []);
  const to = await sign();
  const proof = await proveConsistency(ledgerPath, { from, to });
  const report = verifyConsistency({ from, to, proof, policy: policyFor(keypair) });
  t.deepEqual(report.problems, []);
  t.is(report.to?.size, 401);
  await agent.close();
  t.is((await intact(t, ledgerPath)).eventCount, 401);
});

testWith(['mount'], 'a key that finds no room is not made, and leaves nothing behind', async (t) => {
  const { agent, disk, seen } = await onSmallDisk(t);
  const path = join(disk, 'signing.key');
  const filler = fill(seen);
  t.deepEqual(await agent.refusal({ do: 'key', path }), ['ERR_KEY_IO', null, 'ENOSPC']);
  t.deepEqual(readdirSync(seen), ['filler']);
  rmSync(filler);
  t.is((await agent.key(path)).created, true);
});

// Where no disk can be mounted there is still a limit on the length of a file. `ulimit` counts in 512 or 1024 bytes.
const limited = ['sh', '-c', 'ulimit -S -f 64 && exec "$@"', 'sh'];

test('a file that may not grow fails the record that is too long, after a part of it was written', async (t) => {
  const ledgerPath = newPath(t);
  const agent = await Agent.start(t, 'agent', { through: limited });
  const tooBig: Brief = ['ERR_LEDGER_IO', 'not-written', 'EFBIG'];
  await agent.open(ledgerPath);
  t.is(await agent.recordOne(), 0);
  t.deepEqual((await agent.record({ padding: 100_000 })).map(brief), [tooBig]);
  t.deepEqual((await agent.record({ batch: 10, padding: 10_000 })).map(brief), [tooBig]);
  t.deepEqual(await agent.refusal({ do: 'recordSync', padding: 100_000 }), tooBig);
  t.is((await intact(t, ledgerPath)).eventCount, 1);
  t.is(await agent.recordOne(), 1);
  await agent.close();
  const other = await Agent.start(t, 'other');
  t.deepEqual((await other.open(ledgerPath)).recovery, { tail: null, unacknowledged: null });
  t.is(await other.recordOne({ padding: 100_000 }), 2);
  await intact(t, ledgerPath);
});

testWith(['strace'], 'a part of a group that cannot be cut off again is found by the next one to open', async (t) => {
  const ledgerPath = newPath(t);
  const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=ftruncate', '-e', 'inject=ftruncate:error=EIO'];
  const agent = await Agent.start(t, 'agent', { through: [...limited, ...strace] });
  await agent.open(ledgerPath);
  await agent.recordOne();
  const results = await agent.record({ batch: 20, padding: 10_000 });
  t.deepEqual(results.map(brief), [['ERR_SESSION_POISONED', 'unknown', 'EFBIG']]);
  const [other, length] = [await Agent.start(t, 'other'), statSync(ledgerPath).size];

  const { recovery, head } = await other.open(ledgerPath);
  const last = head?.seq ?? -1;
  t.true(last >= 2 && last < 8, `whole lines stay: ${last}`);
  t.like(recovery.tail, { reason: 'unterminated', lines: 1, bytes: length - statSync(ledgerPath).size });
  t.is(statSync(recovery.tail?.path ?? '').size, recovery.tail?.bytes ?? -1);
  t.is(await other.recordOne(), last + 1);
  t.deepEqual(recorded(ledgerPath), [...names('agent', last + 1), 'other:0']);
  await intact(t, ledgerPath);
});
