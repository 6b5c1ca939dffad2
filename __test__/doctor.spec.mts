// doctor(): what is wrong has a code and a remedy, what is right has neither, and looking changes nothing.

import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { doctor, type DoctorCheck, type DoctorOptions, FileHeadStore } from 'sealwright';
import { danglingLink, newFifo, newFolder, newPath } from './helpers/folders.mts';
import { chainOf, ended, key1, openSession, seed1, writeLedger } from './helpers/ledgers.mts';

/** Status and code of one check. */
async function look(name: DoctorCheck['name'], options: DoctorOptions): Promise<readonly (string | null)[]> {
  const { checks } = await doctor(options);
  const { status, code } = checks.find((check) => check.name === name) ?? {};
  return [status ?? '', code ?? null];
}

function ledger(t: ExecutionContext): string {
  const path = newPath(t);
  writeLedger(path, chainOf(2));
  return path;
}

const OK = ['ok', null];

test('without options it looks at what needs none', async (t) => {
  const report = await doctor();
  t.is(report.schemaVersion, 1);
  t.true(report.ok);
  t.deepEqual(
    report.checks.map(({ name, status }) => `${name} ${status}`),
    [
      `platform ${process.platform === 'linux' && process.arch === 'x64' ? 'ok' : 'warning'}`,
      'addon ok',
      'key skipped',
      'ledger skipped',
      'lock skipped',
      'file-system skipped',
      'sync skipped',
      'clock ok',
      'head-store skipped',
    ],
  );
});

test('a report is plain JSON, with code and remedy exactly where something is wrong', async (t) => {
  const path = newPath(t);
  const report = await doctor({ keyPath: path, ledgerPath: newFolder(t), headStorePath: path });
  t.false(report.ok);
  t.deepEqual(JSON.parse(JSON.stringify(report)), report);
  for (const { name, status, code, remedy, message } of report.checks) {
    const wrong = status === 'warning' || status === 'failed';
    t.is(code !== null, wrong, name);
    t.is(remedy !== null, wrong, name);
    t.not(message, '');
  }
});

test('a recorder as it should be', async (t) => {
  const ledgerPath = newPath(t);
  const keyPath = newPath(t, 'key');
  key1.save(keyPath);
  const session = await openSession(t, { ledgerPath });
  await session.record(ended('x'));
  const { ok, checks } = await doctor({ keyPath, ledgerPath });
  t.true(ok);
  t.deepEqual(checks.filter(({ status }) => status === 'failed'), []);
  t.is(checks.find(({ name }) => name === 'key')?.message, `${keyPath}: ${key1.fingerprint}`);
  t.is(checks.find(({ name }) => name === 'lock')?.message, 'this process records in it');
});

test('it changes nothing, and takes the lock for a moment only', async (t) => {
  const ledgerPath = ledger(t);
  const before = readFileSync(ledgerPath);
  const { mtimeMs } = statSync(ledgerPath);
  const headStorePath = newPath(t, 'heads');
  await doctor({ ledgerPath, keyPath: newPath(t), headStorePath });
  t.deepEqual(readFileSync(ledgerPath), before);
  t.is(statSync(ledgerPath).mtimeMs, mtimeMs);
  t.deepEqual(readdirSync(dirname(ledgerPath)), ['ledger.ndjson']);
  t.deepEqual(readdirSync(dirname(headStorePath)), []);
  await t.notThrowsAsync(openSession(t, { ledgerPath }));
});

test('keys', async (t) => {
  const key = (bytes: Uint8Array, mode = 0o600) => {
    const path = newPath(t, 'key');
    writeFileSync(path, bytes, { mode });
    chmodSync(path, mode);
    return path;
  };
  const check = (keyPath: string) => look('key', { keyPath });
  t.deepEqual(await check(key(seed1)), OK);
  t.deepEqual(await check(newPath(t)), ['warning', 'key_missing']);
  t.deepEqual(await check(key(seed1, 0o644)), ['failed', 'key_permissions']);
  t.deepEqual(await check(key(seed1.subarray(1))), ['failed', 'key_length']);
  t.deepEqual(await check(newFolder(t)), ['failed', 'key_not_a_file']);
  const shared = key(seed1);
  chmodSync(dirname(shared), 0o775);
  t.deepEqual(await check(shared), ['warning', 'key_folder_writable']);
  chmodSync(dirname(shared), 0o1777);
  t.deepEqual(await check(shared), OK, 'a sticky folder protects what is in it');
});

test('ledgers', async (t) => {
  const check = (ledgerPath: string) => look('ledger', { ledgerPath });
  t.deepEqual(await check(ledger(t)), OK);
  t.deepEqual(await check(newPath(t)), OK, 'it can be created');
  t.deepEqual(await check(join(newFolder(t), 'folders', 'to', 'come', 'ledger.ndjson')), OK);
  t.deepEqual(await check(newFolder(t)), ['failed', 'ledger_not_a_file']);
  t.deepEqual(await check(newFifo(t)), ['failed', 'ledger_not_a_file']);
  t.deepEqual(await check(danglingLink(t).link), ['failed', 'ledger_dangling_link']);
  t.deepEqual(await check(join(ledger(t), 'below')), ['failed', 'path_unreachable']);
  for (const mode of [0o640, 0o644, 0o602]) {
    const open = ledger(t);
    chmodSync(open, mode);
    t.deepEqual(await check(open), ['warning', 'ledger_mode'], mode.toString(8));
  }
  const shared = ledger(t);
  chmodSync(dirname(shared), 0o777);
  t.deepEqual(await check(shared), ['warning', 'ledger_folder_writable']);
});

test('a ledger behind a link is the ledger', async (t) => {
  const link = newPath(t, 'link');
  symlinkSync(ledger(t), link);
  t.deepEqual(await look('ledger', { ledgerPath: link }), OK);
  t.deepEqual(await look('lock', { ledgerPath: link }), OK);
});

test('a sync is timed where the ledger is, or will be', async (t) => {
  const ledgerPath = ledger(t);
  const { checks } = await doctor({ ledgerPath });
  const { message = '', status } = checks.find(({ name }) => name === 'sync') ?? {};
  t.regex(message, /^one sync took \d+\.\d{3} ms$/);
  t.not(status, 'failed');
  t.not((await look('sync', { ledgerPath: join(newFolder(t), 'to', 'come') }))[0], 'failed');
  t.deepEqual(await look('sync', { ledgerPath: '/proc/ledger.ndjson' }), ['failed', 'sync_failed']);
});

test('a ledger from the future is a clock that is behind', async (t) => {
  const ledgerPath = ledger(t);
  t.deepEqual(await look('clock', { ledgerPath }), OK);
  const tomorrow = Date.now() / 1000 + 86_400;
  utimesSync(ledgerPath, tomorrow, tomorrow);
  t.deepEqual(await look('clock', { ledgerPath }), ['warning', 'clock_behind_ledger']);
});

test('head stores', async (t) => {
  const ledgerPath = ledger(t);
  const headStorePath = newPath(t, 'heads');
  const check = () => look('head-store', { ledgerPath, headStorePath });
  t.deepEqual(await check(), ['warning', 'head_store_same_device']);
  t.deepEqual(await look('head-store', { headStorePath }), OK, 'no ledger to compare it with');
  new FileHeadStore(headStorePath).set('id', { seq: 0, hash: '0'.repeat(64) });
  t.deepEqual(await check(), ['warning', 'head_store_same_device']);
  writeFileSync(headStorePath, 'no heads');
  t.deepEqual(await check(), ['failed', 'head_store_unreadable']);
});

test('wrong arguments reject', async (t) => {
  await t.throwsAsync(doctor({ path: 'x' } as never), { code: 'ERR_INVALID_ARGUMENT' });
  await t.throwsAsync(doctor({ keyPath: 1 } as never), { code: 'ERR_INVALID_ARGUMENT' });
  await t.throwsAsync(doctor({ ledgerPath: '' }), { code: 'ERR_INVALID_ARGUMENT' });
});
