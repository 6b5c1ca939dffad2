// `sealwright keygen`, `init` and `doctor`: what is there before anything is recorded.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SigningKeypair } from 'sealwright';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

interface Key {
  readonly publicKeyHex: string;
  readonly fingerprint: string;
}

test('keygen makes a key that only its owner reads, and never replaces a file', async (t) => {
  const cwd = newFolder(t);
  const key = checkedJson<Key>(t, await cliOutput(t, ['keygen', 'agent.key', '--json'], { cwd }), 'keygen');
  const { publicKeyHex, fingerprint } = SigningKeypair.load(join(cwd, 'agent.key'));
  t.deepEqual([key.publicKeyHex, key.fingerprint], [publicKeyHex, fingerprint]);
  t.is(statSync(join(cwd, 'agent.key')).mode & 0o777, 0o600);
  const before = readFileSync(join(cwd, 'agent.key'));
  for (const words of [['keygen', 'agent.key'], ['keygen', 'agent.key', '--force']]) {
    const { code, stdout } = await runCli(t, words, { cwd });
    t.deepEqual([code, stdout], [2, '']);
  }
  t.deepEqual(readFileSync(join(cwd, 'agent.key')), before);
  t.regex(await cliOutput(t, ['keygen', 'other.key'], { cwd }), /public key +[0-9a-f]{64}\n +fingerprint +[0-9a-f]{4}-/);
});

test('init makes a key and says what comes next; again it says what is there', async (t) => {
  const cwd = newFolder(t);
  const first = await cliOutput(t, ['init', 'audit'], { cwd });
  t.regex(first, /key file +audit\/agent\.key \(new, mode 0600, keep it secret\)\n/);
  t.regex(first, /\n {2}const session = await Session\.open\(\{ keypair, ledgerPath: 'audit\/ledger\.ndjson', sessionId: 'call-1' \}\);\n/);
  const { publicKeyHex } = SigningKeypair.load(join(cwd, 'audit', 'agent.key'));
  t.true(first.endsWith(`  sealwright verify audit/ledger.ndjson --signer ${publicKeyHex}\n`));
  t.deepEqual(['audit', 'audit/agent.key'].map((name) => statSync(join(cwd, name)).mode & 0o777), [0o700, 0o600]);
  t.false(existsSync(join(cwd, 'audit', 'ledger.ndjson')));
  t.regex(await cliOutput(t, ['init', 'audit'], { cwd }), /agent\.key \(was there\)/);
  const again = checkedJson<Key & { readonly keyCreated: boolean }>(t, await cliOutput(t, ['init', 'audit', '--json'], { cwd }), 'init');
  t.deepEqual([again.keyCreated, again.publicKeyHex], [false, publicKeyHex]);
});

test('what init prints records a first event, and verifies it', async (t) => {
  const cwd = newFolder(t);
  const printed = await cliOutput(t, ['init'], { cwd });
  const program = printed.split('\n').filter((line) => /^ {2}(import|const|await)/.test(line)).join('\n');
  t.is(program.split('\n').length, 5);
  const words = (/\n {2}sealwright (.*)\n$/.exec(printed)?.[1] ?? '').split(' ');
  writeFileSync(join(cwd, 'record.mjs'), program.replace("'sealwright'", `'${join(projectRoot, 'dist', 'index.js')}'`));
  const recorded = spawnSync(process.execPath, ['record.mjs'], { cwd });
  t.is(recorded.status, 0, String(recorded.stderr));
  t.regex(await cliOutput(t, words, { cwd }), /intact: nothing is broken in 1 event;/);
  t.regex(await cliOutput(t, ['init'], { cwd }), /ledger +ledger\.ndjson \(is there, \d+ bytes\)/);
});

test('a place that cannot be is no defect', async (t) => {
  const cwd = newFolder(t);
  writeFileSync(join(cwd, 'file'), '');
  for (const words of [['init', 'file'], ['init', 'file/below'], ['keygen', 'file/below'], ['keygen', '.']]) {
    const { code, stdout, stderr } = await runCli(t, words, { cwd });
    t.deepEqual([code, stdout], [2, ''], words.join(' '));
    t.regex(stderr, /^sealwright: .+ \([A-Z_]+\)\n$/, words.join(' '));
  }
});

test('doctor names what is wrong and what to do, and ends with 2 when something failed', async (t) => {
  const cwd = await exampleFolder(t);
  const words = ['doctor', '--ledger', 'ledger.ndjson', '--key', 'agent.key', '--head-store', 'heads.json'];
  t.regex(await cliOutput(t, words, { cwd }), /^ok +platform +.*\n[^]*\nwarning +head-store +.* \(head_store_same_device\)\n +keep the head store on another device/);
  const report = checkedJson<{ readonly ok: boolean }>(t, await cliOutput(t, [...words, '--json'], { cwd }), 'doctor');
  t.true(report.ok);
  t.regex(await cliOutput(t, ['doctor'], { cwd }), /\nskipped +key +keyPath is not given\n/);
  writeFileSync(join(cwd, 'short.key'), 'x', { mode: 0o600 });
  mkdirSync(join(cwd, 'folder'));
  t.regex(await cliOutput(t, ['doctor', '--key', 'short.key', '--ledger', 'folder'], { cwd, code: 2 }), /\nfailed +key +.*\(key_length\)[^]*\nfailed +ledger +.*\(ledger_not_a_file\)/);
  t.is((await runCli(t, ['doctor', 'ledger.ndjson'], { cwd })).code, 2);
});

testWith(['unprivileged'], 'who may not write gets no key', async (t) => {
  const cwd = newFolder(t);
  chmodSync(cwd, 0o755);
  for (const words of [['keygen', 'agent.key'], ['init'], ['init', 'audit']]) {
    const { code, stderr } = await runCli(t, words, { cwd, uid: 65534 });
    t.is(code, 2, stderr);
    t.regex(stderr, /^sealwright: .*(EACCES|ermission)/);
  }
});
