// What a user may not do fails with its own code, and nothing is harmed. Root may do everything, so an agent starts as
// root, loads the addon and goes on as nobody.

import { appendFileSync, chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { Agent, type Brief, brief } from './helpers/agent.mts';
import { intact } from './helpers/ledger.mts';

const NOBODY = 65534;
const ANOTHER = 4711;

/** A folder that everyone may enter and read, and an agent that is nobody. */
async function unprivileged(t: ExecutionContext) {
  const folder = newFolder(t);
  chmodSync(folder, 0o755);
  const agent = await Agent.start(t);
  t.is(await agent.do<number>({ do: 'become', id: NOBODY }), NOBODY);
  return { folder, agent };
}

/** A folder that belongs to nobody. */
function folderOfNobody(parent: string, mode = 0o700): string {
  const folder = join(parent, 'own');
  mkdirSync(folder);
  chownSync(folder, NOBODY, NOBODY);
  chmodSync(folder, mode);
  return folder;
}

/** A ledger with three events. */
async function oldLedger(t: ExecutionContext, path: string, owner: number, mode = 0o600): Promise<Buffer> {
  const root = await Agent.start(t, 'root');
  await root.open(path);
  await root.record({ times: 3 });
  await root.finish();
  chownSync(path, owner, owner);
  chmodSync(path, mode);
  return readFileSync(path);
}

const DENIED: Brief = ['ERR_LEDGER_IO', null, 'EACCES'];

testWith(['unprivileged'], 'a ledger that may not be read or written is refused, and stays as it is', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  for (const [name, owner, mode, readable] of [
    ['unreadable.ndjson', 0, 0o600, false],
    ['read-only-of-others.ndjson', 0, 0o644, true],
    ['read-only.ndjson', NOBODY, 0o400, true],
    ['write-only.ndjson', NOBODY, 0o200, false],
    ['closed/ledger.ndjson', NOBODY, 0o600, false],
  ] as const) {
    const ledgerPath = join(folder, name);
    const before = await oldLedger(t, ledgerPath, owner, mode);
    for (const sync of [false, true]) {
      t.deepEqual(await agent.refusal({ do: 'open', ledgerPath, sync }), DENIED, name);
    }
    const verified = await agent.refusal({ do: 'verify', path: ledgerPath });
    t.deepEqual(verified, readable ? 'done' : DENIED, name);
    t.deepEqual(readFileSync(ledgerPath), before, name);
  }
});

testWith(['unprivileged'], 'a new ledger in a read-only folder is refused, and leaves nothing behind', async (t) => {
  const { folder, agent } = await unprivileged(t);
  for (const name of ['ledger.ndjson', 'new/ledger.ndjson', 'new/newer/ledger.ndjson']) {
    t.deepEqual(await agent.refusal({ do: 'open', ledgerPath: join(folder, name) }), DENIED, name);
  }
  t.deepEqual(readdirSync(folder), []);
});

testWith(['unprivileged'], 'a ledger of its own in a folder of others can be recorded in', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const ledgerPath = join(folder, 'ledger.ndjson');
  await oldLedger(t, ledgerPath, NOBODY);
  await agent.open(ledgerPath);
  t.is(await agent.recordOne(), 3);
  await intact(t, ledgerPath);
});

testWith(['unprivileged'], 'a folder that cannot be synced is refused when opening, not when recording', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const ledgerPath = join(folder, 'ledger.ndjson');
  const before = await oldLedger(t, ledgerPath, NOBODY);
  chmodSync(folder, 0o711);
  t.deepEqual(await agent.refusal({ do: 'open', ledgerPath }), DENIED);
  t.deepEqual(readFileSync(ledgerPath), before);
});

testWith(['unprivileged'], 'a torn tail in a read-only folder is not cut off, as it could not be kept', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const ledgerPath = join(folder, 'ledger.ndjson');
  await oldLedger(t, ledgerPath, NOBODY);
  appendFileSync(ledgerPath, '{"seq":3,');
  const torn = readFileSync(ledgerPath);
  t.deepEqual(await agent.refusal({ do: 'open', ledgerPath }), DENIED);
  t.deepEqual(readFileSync(ledgerPath), torn);
  t.deepEqual(readdirSync(folder), ['ledger.ndjson']);

  chownSync(folder, NOBODY, NOBODY);
  const { recovery } = await agent.open(ledgerPath);
  t.is(recovery.tail?.bytes, 9);
  t.is(await agent.recordOne(), 3);
  await intact(t, ledgerPath);
});

testWith(['unprivileged'], 'an open ledger that can no longer be reached is not written until it can', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const own = folderOfNobody(folder);
  const ledgerPath = join(own, 'ledger.ndjson');
  await agent.open(ledgerPath);
  await agent.recordOne();
  chmodSync(folder, 0o700);
  t.deepEqual((await agent.record()).map(brief), [['ERR_LEDGER_IO', 'not-written', 'EACCES']]);
  chmodSync(folder, 0o755);
  t.is(await agent.recordOne(), 1);
  await intact(t, ledgerPath);
});

testWith(['unprivileged'], 'a key that may not be read, or that others may read, is refused', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const key = (name: string, owner: number, mode: number) => {
    const path = join(folder, name);
    writeFileSync(path, Buffer.alloc(32, 7));
    chownSync(path, owner, owner);
    chmodSync(path, mode);
    return path;
  };
  const unreadable: Brief = ['ERR_KEY_IO', null, 'EACCES'];
  const insecure: Brief = ['ERR_KEY_PERMISSIONS', null, null];
  for (const [name, owner, mode, expected] of [
    ['root-600', 0, 0o600, unreadable],
    ['another-600', ANOTHER, 0o600, unreadable],
    ['own-000', NOBODY, 0o000, unreadable],
    ['another-644', ANOTHER, 0o644, insecure],
    ['own-640', NOBODY, 0o640, insecure],
    ['own-604', NOBODY, 0o604, insecure],
    ['own-620', NOBODY, 0o620, insecure],
    ['own-602', NOBODY, 0o602, insecure],
    ['own-601', NOBODY, 0o601, insecure],
    ['own-600', NOBODY, 0o600, 'done'],
    ['own-400', NOBODY, 0o400, 'done'],
    ['own-700', NOBODY, 0o700, 'done'],
  ] as const) {
    const path = key(name, owner, mode);
    t.deepEqual(await agent.refusal({ do: 'key', path }), expected, name);
    t.deepEqual(await agent.refusal({ do: 'key', path, create: false }), expected, name);
    const anyway = await agent.refusal({ do: 'key', path, allowInsecurePermissions: true });
    t.deepEqual(anyway, expected === insecure ? 'done' : expected, name);
  }
  t.deepEqual(await agent.refusal({ do: 'key', path: join(folder, 'new') }), unreadable, 'a read-only folder');
  t.deepEqual(await agent.refusal({ do: 'saveKey', path: join(folder, 'new') }), unreadable);
  t.false(readdirSync(folder).some((name) => name.startsWith('new') || name.endsWith('.tmp')));
});

testWith(['unprivileged'], 'a private key of another user is refused even to root, unless root insists', async (t) => {
  const path = join(newFolder(t), 'signing.key');
  writeFileSync(path, Buffer.alloc(32, 7), { mode: 0o600 });
  chownSync(path, ANOTHER, ANOTHER);
  const root = await Agent.start(t);
  t.deepEqual(await root.refusal({ do: 'key', path }), ['ERR_KEY_PERMISSIONS', null, null]);
  t.is(await root.refusal({ do: 'key', path, allowInsecurePermissions: true }), 'done');
});

testWith(['unprivileged'], 'a head store that may not be read keeps the ledger from being opened', async (t) => {
  const { folder, agent } = await unprivileged(t);
  const own = folderOfNobody(folder);
  const ledgerPath = join(own, 'ledger.ndjson');
  const headFile = join(folder, 'heads.json');
  writeFileSync(headFile, '{}', { mode: 0o600 });
  const expected: Brief = ['ERR_HEAD_STORE', null, 'EACCES'];
  t.deepEqual(await agent.refusal({ do: 'open', ledgerPath, headFile }), expected);

  // One that may be read but not written loses no event and says so.
  chmodSync(headFile, 0o644);
  await agent.open(ledgerPath, { headFile });
  t.is(await agent.recordOne(), 0);
  t.regex((await agent.state()).headStoreError ?? '', /cannot (lock|write) the head store/);
  t.is(readFileSync(headFile, 'utf8'), '{}');
  await intact(t, ledgerPath);
});
