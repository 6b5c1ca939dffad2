// What doctor() can only find with another process, another user or another file system.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DoctorCheck, DoctorReport } from 'sealwright';
import { newFolder, newPath } from '../helpers/folders.mts';
import { testWith, unshareArguments } from '../helpers/parts.mts';
import { Agent, type Paths } from './helpers/agent.mts';

/** Status and code of one check, made by an agent. */
async function look(agent: Agent, name: DoctorCheck['name'], paths: Paths): Promise<readonly (string | null)[]> {
  const { checks } = await agent.do<DoctorReport>({ do: 'doctor', ...paths });
  const { status, code } = checks.find((check) => check.name === name) ?? {};
  return [status ?? '', code ?? null];
}

const OK = ['ok', null];

test('a ledger that another process records in', async (t) => {
  const ledgerPath = newPath(t);
  const [agent, other] = await Promise.all([Agent.start(t), Agent.start(t, 'other')]);
  await agent.open(ledgerPath);
  t.deepEqual(await look(agent, 'lock', { ledgerPath }), OK);
  t.deepEqual(await look(other, 'lock', { ledgerPath }), ['warning', 'ledger_locked']);
  await agent.close();
  t.deepEqual(await look(other, 'lock', { ledgerPath }), OK);
});

test('two that look at the same time do not take each other for a recorder', async (t) => {
  const ledgerPath = newPath(t);
  const [agent, other] = await Promise.all([Agent.start(t), Agent.start(t, 'other')]);
  await agent.open(ledgerPath);
  await agent.close();
  for (let round = 0; round < 50; round += 1) {
    const both = await Promise.all([agent, other].map((one) => look(one, 'lock', { ledgerPath })));
    t.deepEqual(both, [OK, OK]);
  }
});

test('records go on while another process looks again and again', async (t) => {
  const ledgerPath = newPath(t);
  const [agent, other] = await Promise.all([Agent.start(t), Agent.start(t, 'other')]);
  await agent.open(ledgerPath);
  const [results] = await Promise.all([
    agent.record({ times: 300 }),
    ...Array.from({ length: 20 }, () => look(other, 'lock', { ledgerPath })),
  ]);
  t.true(results.every((result) => 'seq' in result));
});

/** An agent with a file system of a type on a folder. */
async function on(t: ExecutionContext, type: 'tmpfs' | 'overlay') {
  const folder = newFolder(t);
  const layers = newFolder(t);
  for (const layer of ['lower', 'upper', 'work']) mkdirSync(join(layers, layer));
  const options = {
    tmpfs: 'size=64k,mode=700',
    overlay: `lowerdir=${layers}/lower,upperdir=${layers}/upper,workdir=${layers}/work`,
  };
  const mount = `mount -t ${type} -o ${options[type]} ${type} "$0" && exec "$@"`;
  const through = ['unshare', ...unshareArguments(), 'sh', '-c', mount, folder];
  return { agent: await Agent.start(t, 'agent', { through }), folder };
}

testWith(['mount'], 'a ledger in memory, and a head store that is on another device', async (t) => {
  const { agent, folder } = await on(t, 'tmpfs');
  const ledgerPath = join(folder, 'ledger.ndjson');
  t.deepEqual(await look(agent, 'file-system', { ledgerPath }), ['warning', 'file_system_volatile']);
  await agent.open(ledgerPath);
  t.deepEqual(await look(agent, 'file-system', { ledgerPath }), ['warning', 'file_system_volatile']);
  t.deepEqual(await look(agent, 'head-store', { ledgerPath, headStorePath: newPath(t) }), OK);
  const beside = { ledgerPath, headStorePath: join(folder, 'heads') };
  t.deepEqual(await look(agent, 'head-store', beside), ['warning', 'head_store_same_device']);
});

testWith(['mount'], 'a ledger in the layer of a container', async (t) => {
  const { agent, folder } = await on(t, 'overlay');
  const ledgerPath = join(folder, 'ledger.ndjson');
  t.deepEqual(await look(agent, 'file-system', { ledgerPath }), ['warning', 'file_system_overlay']);
});

testWith(['unprivileged'], 'what a user may not do is found, and never thrown', async (t) => {
  const folder = newFolder(t);
  chmodSync(folder, 0o755);
  const [closed, readOnly] = [join(folder, 'closed'), join(folder, 'read-only')];
  mkdirSync(closed, { mode: 0o700 });
  mkdirSync(readOnly, { mode: 0o755 });
  for (const parent of [closed, readOnly]) writeFileSync(join(parent, 'ledger.ndjson'), '', { mode: 0o644 });
  const agent = await Agent.start(t);
  await agent.do({ do: 'become', id: 65534 });

  const unreachable = { ledgerPath: join(closed, 'ledger.ndjson'), headStorePath: join(closed, 'heads') };
  for (const name of ['ledger', 'lock', 'file-system', 'clock'] as const) {
    t.deepEqual(await look(agent, name, unreachable), ['failed', 'path_unreachable'], name);
  }
  t.deepEqual(await look(agent, 'sync', unreachable), ['failed', 'sync_failed']);
  t.deepEqual(await look(agent, 'head-store', unreachable), ['failed', 'head_store_unreadable']);
  t.deepEqual(await look(agent, 'key', { keyPath: join(closed, 'key') }), ['failed', 'key_unreadable']);

  const existing = { ledgerPath: join(readOnly, 'ledger.ndjson') };
  t.deepEqual(await look(agent, 'ledger', existing), ['failed', 'ledger_unwritable']);
  t.deepEqual(await look(agent, 'lock', existing), ['failed', 'lock_failed']);
  t.deepEqual(await look(agent, 'sync', existing), ['failed', 'sync_failed']);
  t.deepEqual(await look(agent, 'ledger', { ledgerPath: join(readOnly, 'new') }), ['failed', 'ledger_unwritable']);
});
