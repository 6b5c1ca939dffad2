// `sealwright rotate-key`, `prune` and `restore`: one thing is recorded, and the ledger is closed again.

import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Head, Session, SigningKeypair, verifySegments } from 'sealwright';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { ended, key1, key2, linesOf } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { Agent } from './helpers/agent.mts';
import { answered, cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

/** A folder with a ledger of ten events, three in a file, and its key. */
async function ledgerOfTen(t: ExecutionContext): Promise<string> {
  const cwd = newFolder(t);
  key1.save(join(cwd, 'agent.key'));
  key2.save(join(cwd, 'other.key'));
  const ledgerPath = join(cwd, 'ledger.ndjson');
  const session = await Session.open({ keypair: key1, sessionId: 's', ledgerPath, events: 'extended', rotate: { maxEvents: 3 } });
  for (let seq = 0; seq < 10; seq += 1) await session.record(ended(seq));
  await session.close();
  return cwd;
}

const sealed = (cwd: string) => readdirSync(cwd).filter((name) => /^ledger\.\d/.test(name)).toSorted();

test('rotate-key hands a ledger over, to a key that is there or made', async (t) => {
  const cwd = await exampleFolder(t);
  const ledger = join(cwd, 'ledger.ndjson');
  const words = ['rotate-key', 'ledger.ndjson', '--key', 'agent.key', '--new-key', 'next.key', '--head-store', 'heads.json'];
  const done = checkedJson<{ readonly seq: number; readonly from: string; readonly to: string; readonly newKeyCreated: boolean }>(
    t,
    await cliOutput(t, [...words, '--json'], { cwd }),
    'rotate-key',
  );
  const next = SigningKeypair.load(join(cwd, 'next.key'));
  t.deepEqual([done.seq, done.to, done.newKeyCreated], [20, next.publicKeyHex, true]);
  t.is(done.from, readFileSync(join(cwd, 'agent.pub'), 'utf8').trim());
  t.regex(await cliOutput(t, ['verify', 'ledger.ndjson', '--signer', 'agent.pub', '--head', 'heads.json'], { cwd }), /: verified: 21 events/);
  const again = await runCli(t, words, { cwd });
  t.is(again.code, 2);
  t.regex(again.stderr, /\(ERR_SIGNER_MISMATCH\)\n$/);
  const back = await cliOutput(t, ['rotate-key', 'ledger.ndjson', '--key', 'next.key', '--new-key', 'auditor.key'], { cwd });
  t.regex(back, /handed over +by event 21:[0-9a-f]{64}\n[^]*new key +auditor\.key\n/);
  t.is(linesOf(ledger).length, 22);
});

test('prune says what goes, asks, and removes what it said', async (t) => {
  const cwd = await ledgerOfTen(t);
  const prune = (...words: string[]) => runCli(t, ['prune', 'ledger.ndjson', '--key', 'agent.key', ...words], { cwd });
  const asked = await prune('--keep', '1');
  t.deepEqual([asked.code, asked.stdout], [2, '']);
  t.regex(asked.stderr, /^would remove 6 events \(0 to 5\)\nsealwright: nothing was changed: --yes is needed/);
  t.is(sealed(cwd).length, 3);
  interface Pruned {
    readonly removed: { readonly from: number; readonly to: number } | null;
    readonly event: Head | null;
  }
  const nothing = checkedJson<Pruned>(t, (await prune('--before-seq', '2', '--yes', '--json')).stdout, 'prune');
  t.deepEqual([nothing.removed, nothing.event], [null, null]);
  t.regex((await prune('--before-time', '2001-01-01', '--yes')).stdout, /^nothing to remove/);
  const done = checkedJson<Pruned>(t, (await prune('--before-seq', '3', '--yes', '--json')).stdout, 'prune');
  t.deepEqual([done.removed, done.event?.seq], [{ from: 0, to: 2 }, 10]);
  t.deepEqual(sealed(cwd), ['ledger.3-5.ndjson', 'ledger.6-8.ndjson']);
  t.regex((await prune('--before-time', '2100-01-01T00:00:00Z', '--yes')).stdout, /^removed 3 events \(3 to 5\); event 11:[0-9a-f]{64} says so\n$/);
  t.true((await verifySegments(join(cwd, 'ledger.ndjson'))).ok);
  for (const words of [[], ['--keep', '0', '--yes'], ['--before-seq', '1', '--before-time', '2001-01-01'], ['--before-time', 'soon']]) {
    t.is((await prune(...words)).code, 2, words.join(' '));
  }
  t.is((await prune('--keep', '1', '--key', 'other.key', '--yes')).code, 2);
});

testWith(['python'], 'on a terminal prune asks, and no is the default', async (t) => {
  const cwd = await ledgerOfTen(t);
  const words = ['prune', 'ledger.ndjson', '--key', 'agent.key', '--keep', '2'];
  t.is((await answered(t, words, '\r', { cwd })).code, 2);
  t.is(sealed(cwd).length, 3);
  t.is((await answered(t, words, 'y', { cwd })).code, 0);
  t.is(sealed(cwd).length, 2);
});

test('restore goes on behind an event that says why', async (t) => {
  const cwd = await exampleFolder(t);
  const words = ['restore', 'ledger.ndjson', '--key', 'agent.key', '--head-store', 'heads.json', '--reason', 'disk \u202e failed'];
  const early = await runCli(t, words, { cwd });
  t.is(early.code, 2);
  t.regex(early.stderr, /\(ERR_NOT_ROLLED_BACK\)\n$/);
  const lines = linesOf(join(cwd, 'ledger.ndjson'));
  writeFileSync(join(cwd, 'ledger.ndjson'), `${lines.slice(0, 12).join('\n')}\n{"seq":12,"t`);
  const end = await runCli(t, words, { cwd });
  t.is(end.code, 0, end.stderr);
  t.regex(end.stdout, /restored +by event 12:[0-9a-f]{64}\n +reason +disk \\u\{202e\} failed\n$/);
  t.regex(end.stderr, /^sealwright: 12 bytes that a crash left were cut off, and are kept in .*\.torn-/);
  t.regex(await cliOutput(t, ['verify', 'ledger.ndjson', '--signer', 'agent.pub', '--head', 'heads.json'], { cwd }), /ledger_restored/);
  copyFileSync(join(cwd, 'heads.json'), join(cwd, 'later.json'));
  writeFileSync(join(cwd, 'ledger.ndjson'), `${lines.slice(0, 3).join('\n')}\n`);
  const json = await cliOutput(t, [...words.slice(0, -1), 'again', '--json'], { cwd });
  t.is(checkedJson<{ readonly head: Head }>(t, json, 'restore').head.seq, 3);
});

test('nothing is made where there is no ledger, and nothing is recorded where it must not be', async (t) => {
  const cwd = await exampleFolder(t);
  const agent = await Agent.start(t);
  await agent.open(join(cwd, 'live.ndjson'));
  await agent.recordOne();
  writeFileSync(join(cwd, 'binary.ndjson'), Buffer.from([0, 1, 2, 255, 10]));
  const more: Readonly<Record<string, readonly string[]>> = {
    'rotate-key': ['--new-key', 'next.key'],
    prune: ['--keep', '1', '--yes'],
    restore: ['--head-store', 'heads.json', '--reason', 'x'],
  };
  const before = readFileSync(join(cwd, 'ledger.ndjson'));
  for (const [name, options] of Object.entries(more)) {
    for (const [ledger, key, code] of [
      ['missing.ndjson', 'agent.key', 'ERR_LEDGER_NOT_FOUND'],
      ['.', 'agent.key', 'ERR_LEDGER_NOT_A_FILE'],
      [newFifo(t), 'agent.key', 'ERR_LEDGER_NOT_A_FILE'],
      ['binary.ndjson', 'agent.key', 'ERR_LEDGER_TAMPERED'],
      ['live.ndjson', 'agent.key', 'ERR_LEDGER_LOCKED'],
      ['ledger.ndjson', 'auditor.key', 'ERR_SIGNER_MISMATCH'],
      ['ledger.ndjson', 'missing.key', 'ERR_KEY_NOT_FOUND'],
      ['ledger.ndjson', 'agent.pub', 'ERR_KEY_LENGTH'],
    ] as const) {
      const end = await runCli(t, [name, ledger, '--key', key, ...options], { cwd });
      t.deepEqual([end.code, end.stdout], [2, ''], `${name} ${ledger}`);
      t.true(end.stderr.endsWith(` (${code})\n`), `${name} ${ledger}: ${end.stderr}`);
    }
    t.is((await runCli(t, [name, 'ledger.ndjson', ...options], { cwd })).code, 2, `${name} without a key`);
  }
  t.is((await runCli(t, ['rotate-key', 'ledger.ndjson', '--key', 'agent.key', '--new-key', 'agent.key'], { cwd })).code, 2);
  t.deepEqual(readFileSync(join(cwd, 'ledger.ndjson')), before);
  t.false(['missing.ndjson', 'missing.key', 'next.key'].some((name) => existsSync(join(cwd, name))));
  await agent.recordOne();
});

testWith(['unprivileged'], 'who may not read the key records nothing', async (t) => {
  const cwd = await exampleFolder(t);
  chmodSync(cwd, 0o755);
  chmodSync(join(cwd, 'ledger.ndjson'), 0o644);
  const words = ['rotate-key', 'ledger.ndjson', '--new-key', 'next.key'];
  const refused = await runCli(t, [...words, '--key', 'agent.key'], { cwd, uid: 65534 });
  t.regex(refused.stderr, /\(ERR_KEY_[A-Z_]+\)\n$/);
  t.is(refused.code, 2);
});
