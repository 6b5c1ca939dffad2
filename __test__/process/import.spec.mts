// importLedger and the system: other processes, refused permissions, a full disk, the order of syncs.

import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GENESIS_PARENT_HASH, signEvent } from 'sealwright';
import { newFolder } from '../helpers/folders.mts';
import { testWith, unshareArguments } from '../helpers/parts.mts';
import { Agent, type Brief, type Command } from './helpers/agent.mts';
import { keypair, numbered } from './helpers/fixture.mts';
import { intact } from './helpers/ledger.mts';
import { isSync, parseTrace, traceTo, written } from './helpers/trace.mts';

const NOBODY = 65534;

/** Writes a ledger of so many events, as another program would. */
function writeOther(path: string, events = 3, padding = 0): Buffer {
  let parentHash = GENESIS_PARENT_HASH;
  let text = '';
  for (let seq = 0; seq < events; seq += 1) {
    const signed = signEvent({ event: numbered('other', seq, padding), seq, parentHash, keypair });
    parentHash = signed.selfHash;
    text += `${signed.toLine()}\n`;
  }
  writeFileSync(path, text);
  chmodSync(path, 0o644);
  return readFileSync(path);
}

/** A folder that everyone may enter, a ledger of root's that everyone may read, and an agent that is nobody. */
async function unprivileged(t: ExecutionContext) {
  const folder = realpathSync(newFolder(t));
  chmodSync(folder, 0o755);
  const path = join(folder, 'old.ndjson');
  const bytes = writeOther(path);
  const own = join(folder, 'own');
  mkdirSync(own);
  chownSync(own, NOBODY, NOBODY);
  const agent = await Agent.start(t);
  t.is(await agent.do<number>({ do: 'become', id: NOBODY }), NOBODY);
  return { folder, path, bytes, own, agent };
}

const DENIED: Brief = ['ERR_LEDGER_IO', null, 'EACCES'];

testWith(['unprivileged'], 'a ledger of another user is imported as a copy, which is private, and not in place', async (t) => {
  const { path, bytes, own, agent } = await unprivileged(t);
  const to = join(own, 'new', 'ledger.ndjson');
  await agent.do({ do: 'umask', mask: 0 });
  t.like(await agent.do({ do: 'import', path, to }), { seq: 2 });
  t.true(readFileSync(to).equals(bytes));
  const { mode, uid } = statSync(to);
  t.deepEqual([mode & 0o777, uid], [0o600, NOBODY]);
  t.is(statSync(dirname(to)).mode & 0o777, 0o700);

  t.deepEqual(await agent.refusal({ do: 'import', path }), DENIED);
  // It may be written, but its mode is not nobody's to change.
  chmodSync(path, 0o666);
  t.deepEqual(await agent.refusal({ do: 'import', path }), ['ERR_LEDGER_IO', null, 'EPERM']);
  t.true(readFileSync(path).equals(bytes));
});

testWith(['unprivileged'], 'a ledger that may not be read, or a folder that may not be written, is refused', async (t) => {
  const { folder, path, own, agent } = await unprivileged(t);
  for (const to of [join(folder, 'copy'), join(folder, 'new', 'copy')]) {
    t.deepEqual(await agent.refusal({ do: 'import', path, to }), DENIED, to);
  }
  chmodSync(path, 0o600);
  t.deepEqual(await agent.refusal({ do: 'import', path, to: join(own, 'copy') }), DENIED);
  t.deepEqual(readdirSync(folder).toSorted(), ['old.ndjson', 'own']);
  t.deepEqual(readdirSync(own), []);
});

testWith(['mount'], 'a disk that is too small leaves no part of a copy', async (t) => {
  const disk = newFolder(t);
  const path = join(newFolder(t), 'old.ndjson');
  writeOther(path, 100, 1000);
  const mount = 'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0" && exec "$@"';
  const agent = await Agent.start(t, 'agent', { through: ['unshare', ...unshareArguments(), 'sh', '-c', mount, disk] });
  const seen = `/proc/${agent.child.pid}/root${disk}`;
  const to = join(disk, 'ledger.ndjson');
  t.deepEqual(await agent.refusal({ do: 'import', path, to }), ['ERR_LEDGER_IO', null, 'ENOSPC']);
  t.deepEqual(readdirSync(seen), []);
  writeOther(path, 10, 1000);
  t.like(await agent.do({ do: 'import', path, to }), { seq: 9 });
  t.deepEqual(readdirSync(seen), ['ledger.ndjson']);
});

test('a ledger that another process has open is not imported', async (t) => {
  const path = join(newFolder(t), 'ledger.ndjson');
  const [holder, other] = await Promise.all([Agent.start(t, 'holder'), Agent.start(t, 'other')]);
  await holder.open(path);
  await holder.recordOne();
  const locked: Brief = ['ERR_LEDGER_LOCKED', null, null];
  t.deepEqual(await other.refusal({ do: 'import', path }), locked);
  t.deepEqual(await other.refusal({ do: 'import', path, to: `${path}.copy` }), locked);
  await holder.close();
  t.like(await other.do({ do: 'import', path }), { seq: 0 });
  t.like(await other.do({ do: 'import', path, to: `${path}.copy` }), { seq: 0 });
});

test('of four processes that import to one path at once one does, and the copy is whole', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, 'old.ndjson');
  const bytes = writeOther(path, 50);
  const agents = await Promise.all(['a', 'b', 'c', 'd'].map((who) => Agent.start(t, who)));
  for (let round = 0; round < 5; round += 1) {
    const to = join(folder, `${round}.ndjson`);
    const command: Command = { do: 'import', path, to, at: Date.now() + 20 };
    const answers = await Promise.all(agents.map((agent) => agent.refusal(command)));
    const refused = answers.filter((answer) => answer !== 'done');
    t.deepEqual(refused, Array.from({ length: 3 }, (): Brief => ['ERR_LEDGER_IO', null, 'EEXIST']));
    t.true(readFileSync(to).equals(bytes));
    t.like(statSync(to), { nlink: 1 });
    await intact(t, to);
  }
  t.is(readdirSync(folder).length, 6);
});

testWith(['strace'], 'a copy is on stable storage before it has its name, and its name before the import resolves', async (t) => {
  const folder = realpathSync(newFolder(t));
  const [path, to, trace] = [join(folder, 'old.ndjson'), join(folder, 'ledger.ndjson'), join(folder, 'trace')];
  const { length } = writeOther(path, 20, 100_000);
  const calls = ['pwrite64', 'fdatasync', 'fsync', 'link', 'linkat', 'unlink', 'unlinkat', 'fchmod', 'write'];
  const agent = await Agent.start(t, 'agent', { through: traceTo(trace, calls) });
  await agent.do({ do: 'import', path, to });
  await agent.do({ do: 'import', path });
  await agent.finish();
  const seen = parseTrace(readFileSync(trace, 'utf8')).filter((call) => call.name !== 'write' || call.text.includes('"seq'));

  const nameOf = (file: string) => basename(file).replace(/^\.ledger\.ndjson\.[0-9a-f]{16}\.tmp$/, 'temporary');
  const shown = seen.map((call) => {
    if (call.name === 'write') return 'answer';
    return `${written(call) === undefined ? call.name.replace(/at$/, '') : 'write'} ${nameOf(call.path)}`;
  });
  const inFolder = `fsync ${basename(folder)}`;
  t.deepEqual(shown.filter((call, index) => call !== shown[index - 1]), [
    'write temporary',
    'fsync temporary',
    'link temporary',
    'unlink temporary',
    inFolder,
    'answer',
    'fchmod old.ndjson',
    'fsync old.ndjson',
    inFolder,
    'answer',
  ]);
  t.is(seen.reduce((end, call) => Math.max(end, written(call)?.to ?? 0), 0), length);
  t.true(seen.filter(isSync).every(({ result }) => result === '0'));
});
