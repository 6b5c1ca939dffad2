// sealwright export and pack: what they write and print, what they end with, and that nothing is left when they fail.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { verifyEvidence } from 'sealwright/evidence';
import { newFolder } from '../helpers/folders.mts';
import { chainOf, forged, key1, key2, newLedger, newSegments, textOf, toolCalled } from '../helpers/ledgers.mts';
import { testWith, unshareArguments } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli, RunningCli } from './helpers/cli.mts';

const chain = chainOf(20);
const head = `19:${chain[19]?.selfHash}`;
const commands = ['export', 'pack'] as const;
const lines = (text: string) => text.trimEnd().split('\n');

/** Some 60 MB that hardly compress: long enough to be interrupted. */
const long = textOf(chainOf(60, { event: () => toolCalled(randomBytes(500_000).toString('hex')) }));

test('export writes the document and says how many events it has', async (t) => {
  const { folder: cwd } = newLedger(t);
  t.is(await cliOutput(t, ['export', 'ledger.ndjson', '-o', 'events.json'], { cwd }), 'exported 20 events to events.json\n');
  t.is(await cliOutput(t, ['export', '--ledger', 'ledger.ndjson', '--output', 'other.json'], { cwd }), 'exported 20 events to other.json\n');
  const env = { SEALWRIGHT_LEDGER: 'ledger.ndjson', SEALWRIGHT_SIGNERS: key1.publicKeyHex };
  const text = await cliOutput(t, ['export', '-o', 'events.json', '--head', head, '--json'], { cwd, env });
  const { report } = checkedJson<{ report: { verdict: string } }>(t, text, 'export');
  t.is(report.verdict, 'verified');
  t.is(statSync(join(cwd, 'events.json')).mode & 0o777, 0o600);
  const document = JSON.parse(readFileSync(join(cwd, 'events.json'), 'utf8')) as { events: unknown[] };
  t.is(document.events.length, 20);
});

test('pack writes a pack and says what to tell the auditor', async (t) => {
  const { folder: cwd } = await newSegments(t);
  const text = await cliOutput(t, ['pack', 'ledger.ndjson', '-o', 'evidence.zip', '--public-key', key2.publicKeyHex], { cwd });
  const digest = createHash('sha256').update(readFileSync(join(cwd, 'evidence.zip'))).digest('hex');
  t.regex(text, /^evidence\.zip: 25 events in 3 files, /);
  for (const part of [`sha256      ${digest}`, `signer      ${key1.publicKeyHex}`, `fingerprint ${key1.fingerprint}`, 'head        24:']) {
    t.true(text.includes(part), part);
  }
  t.is(statSync(join(cwd, 'evidence.zip')).mode & 0o777, 0o600);
  const { report, claims } = await verifyEvidence(join(cwd, 'evidence.zip'), { signers: key1.publicKeyHex });
  t.like(report, { ok: true, eventCount: 25 });
  t.deepEqual(claims.keys.map(({ publicKey }) => publicKey), [key1.publicKeyHex, key2.publicKeyHex]);
  const packed = checkedJson<{ sha256: string }>(t, await cliOutput(t, ['pack', '.', '-o', '../evidence.zip', '--json'], { cwd: newLedger(t).folder }), 'pack');
  t.is(packed.sha256.length, 64);
});

for (const command of commands) {
  test(`${command} ends with 1 for a broken ledger, and writes it`, async (t) => {
    const { folder: cwd } = newLedger(t, `${chain.map((event, index) => (index === 7 ? forged(event) : event.toLine())).join('\n')}\n`);
    const { code, stdout } = await runCli(t, [command, 'ledger.ndjson', '-o', 'output', '--json'], { cwd });
    t.is(code, 1);
    t.is(checkedJson<{ report: { code: string } }>(t, stdout, command).report.code, 'bad_signature');
    t.true(existsSync(join(cwd, 'output')));
    const plain = await runCli(t, [command, 'ledger.ndjson', '-o', 'output'], { cwd });
    t.is(plain.code, 1);
    t.regex(plain.stdout + plain.stderr, /broken/);
    const other = await runCli(t, [command, 'ledger.ndjson', '-o', 'output', '--head', `30:${'0'.repeat(64)}`], { cwd: newLedger(t).folder });
    t.is(other.code, 1);
  });

  test(`${command} ends with 2 and one line when it cannot be done, and leaves nothing`, async (t) => {
    const { folder: cwd } = await newSegments(t);
    writeFileSync(join(cwd, 'garbage.txt'), 'garbage\n');
    const before = readdirSync(cwd);
    for (const [words, message] of [
      [['ledger.ndjson'], /takes -o FILE/],
      [['missing.ndjson', '-o', 'output'], /ERR_LEDGER_NOT_FOUND/],
      [['garbage.txt', '-o', 'output'], /ERR_LEDGER_MALFORMED/],
      [['ledger.ndjson', '-o', 'ledger.ndjson'], /ERR_OUTPUT_REFUSED/],
      [['.', '-o', './ledger.10-19.ndjson'], /ERR_OUTPUT_REFUSED/],
      [['ledger.0-9.ndjson', '-o', 'ledger.ndjson'], /ERR_OUTPUT_REFUSED/],
      [['ledger.ndjson', '-o', '/dev/null'], /ERR_OUTPUT_REFUSED/],
      [['ledger.ndjson', '-o', 'missing/output'], /ERR_OUTPUT_REFUSED/],
      [['ledger.ndjson', '-o', 'output', '--head', '1:abc'], /--head must be/],
      [['ledger.ndjson', '-o', 'output', '--wrong'], /unknown option/],
    ] as const) {
      const { code, stdout, stderr } = await runCli(t, [command, ...words], { cwd });
      t.is(code, 2, words.join(' '));
      t.is(stdout, '');
      t.regex(stderr, message);
      if (!/unknown option/.test(stderr)) t.is(lines(stderr).length, 1, stderr);
      t.deepEqual(readdirSync(cwd), before, words.join(' '));
    }
    const none = await runCli(t, [command, '-o', 'output'], { cwd });
    t.is(none.code, 2);
  });

  test(`Ctrl-C in the middle of ${command} leaves what was there`, async (t) => {
    const { folder: cwd } = newLedger(t, long);
    // On a busy machine the command may be done before the signal comes: then it is tried again.
    for (let tries = 1; ; tries += 1) {
      writeFileSync(join(cwd, 'output'), 'before');
      const running = new RunningCli(t, [command, 'ledger.ndjson', '-o', 'output'], { cwd });
      const hasEnded = running.end.then(() => true);
      const isWriting = () => readdirSync(cwd).some((name) => name.endsWith('.tmp') && statSync(join(cwd, name)).size > 0);
      while (!isWriting() && !(await Promise.race([hasEnded, wait(2, false)])));
      running.interrupt();
      const end = await running.end;
      t.deepEqual(readdirSync(cwd).toSorted(), ['ledger.ndjson', 'output']);
      if (end.code === 0 && tries < 20) continue;
      t.like(end, { code: 130, stdout: '', stderr: 'sealwright: interrupted\n' });
      t.is(readFileSync(join(cwd, 'output'), 'utf8'), 'before');
      return;
    }
  });

  testWith(['mount'], `${command} on a full disk ends with 2 and leaves nothing`, async (t) => {
    const { folder: cwd } = newLedger(t, textOf(chainOf(20, { event: () => toolCalled(randomBytes(10_000).toString('hex')) })));
    const disk = newFolder(t);
    // The folder is looked at from inside: its file system goes away with the program.
    const script = 'mount -t tmpfs -o size=64k,mode=700 tmpfs "$0" && echo before > "$0/output" && { "$@"; code=$?; ls -A "$0"; cat "$0/output"; exit $code; }';
    const through = ['unshare', ...unshareArguments(), 'sh', '-c', script, disk];
    const { code, stdout, stderr } = await runCli(t, [command, 'ledger.ndjson', '-o', join(disk, 'output')], { cwd, through });
    t.is(code, 2);
    t.regex(stderr, /^sealwright: ENOSPC[^\n]*\(ENOSPC\)\n$/);
    t.is(stdout, 'output\nbefore\n');
  });

  test(`${command} is done when nobody reads what it prints`, async (t) => {
    const { folder: cwd } = newLedger(t);
    const running = new RunningCli(t, [command, 'ledger.ndjson', '-o', 'output', '--json'], { cwd });
    running.closeOutput();
    const { code, stderr } = await running.end;
    t.is(code, 2);
    t.is(stderr, '');
    t.deepEqual(readdirSync(cwd).toSorted(), ['ledger.ndjson', 'output']);
  });
}
