// sealwright tail: the last events, and those that come behind them.

import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { newFifo, newFolder, newPath } from '../helpers/folders.mts';
import { chainOf, ended, forged, key1, key2, openSession, textOf, writeLedger } from '../helpers/ledgers.mts';
import { cliOutput, runCli, RunningCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

const chain = chainOf(30);
const lineOf = (seq: number) => `[${String(seq).padStart(4)}] 2023-11-14T22:13:${20 + seq}+00:00  session_ended reason=${seq}\n`;
const from = (seq: number, to = 30) => Array.from({ length: to - seq }, (_, index) => lineOf(seq + index)).join('');

test('the last events, as summaries or as lines', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  t.is(await cliOutput(t, ['tail', path]), from(20));
  t.is(await cliOutput(t, ['tail', path, '-n', '2']), from(28));
  t.is(await cliOutput(t, ['tail', path, '-n', '0']), '');
  t.is(await cliOutput(t, ['tail', path, '--lines=100', '--json']), textOf(chain));
  const folder = await exampleFolder(t);
  t.regex(await cliOutput(t, ['tail', '-n', '1'], { cwd: folder, env: { SEALWRIGHT_LEDGER: 'ledger.ndjson' } }), /^\[ {2}19\] .* session_sealed /);
  const rotated = newPath(t);
  const session = await openSession(t, { ledgerPath: rotated, rotate: { maxEvents: 3 } });
  for (let n = 0; n < 8; n += 1) await session.record(ended(n));
  t.regex(await cliOutput(t, ['tail', rotated, '-n', '4']), /^\[ {3}4\].*\n\[ {3}5\].*\n\[ {3}6\].*\n\[ {3}7\].*\n$/);
});

test('-f prints what is recorded once it is verified, until Ctrl-C', async (t) => {
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, rotate: { maxEvents: 4 } });
  for (let n = 0; n < 6; n += 1) await session.record(ended(n));
  const running = new RunningCli(t, ['tail', path, '-f', '-n', '2', '--signer', key1.publicKeyHex]);
  await running.printed('reason=5\n');
  for (let n = 6; n < 16; n += 1) await session.record(ended(n));
  await running.printed('reason=15\n');
  running.interrupt();
  const { code, stdout, stderr } = await running.end;
  t.is(code, 130);
  t.deepEqual(stdout.trimEnd().split('\n').map((line) => line.replace(/^.*=/, '')), Array.from({ length: 12 }, (_, n) => String(n + 4)));
  t.is(stderr, 'sealwright: verifying behind event 3, which is trusted\nsealwright: interrupted\n');
});

test('-f ends with 1 where the chain breaks, and where the file is cut', async (t) => {
  for (const [change, expected] of [
    [(path: string) => appendFileSync(path, `${forged(chain[20])}\n`), /bad_signature/],
    [(path: string) => appendFileSync(path, textOf(chain.slice(21, 22))), /seq_mismatch/],
    [(path: string) => truncateSync(path, textOf(chain.slice(0, 10)).length), /was cut/],
  ] as const) {
    const path = newPath(t);
    writeLedger(path, chain.slice(0, 20));
    const running = new RunningCli(t, ['tail', path, '--follow', '--json']);
    await running.printed('"seq":19,');
    change(path);
    const { code, stdout, stderr } = await running.end;
    t.deepEqual([code, stdout], [1, textOf(chain.slice(10, 20))]);
    t.regex(stderr, expected);
  }
  const path = newPath(t);
  writeLedger(path, chain);
  const other = await runCli(t, ['tail', path, '-f', '--signer', key2.publicKeyHex]);
  t.deepEqual([other.code, other.stdout], [1, '']);
  t.regex(other.stderr, /untrusted_signer/);
});

test('-f --all verifies what it does not print, too', async (t) => {
  const path = newPath(t);
  writeFileSync(path, `${textOf(chain.slice(0, 5))}${forged(chain[5])}\n${textOf(chain.slice(6))}`);
  const running = new RunningCli(t, ['tail', path, '-f', '-n', '1']);
  await running.printed('reason=29');
  running.interrupt();
  t.is((await running.end).code, 130);
  const all = await runCli(t, ['tail', path, '-f', '-n', '1', '--all']);
  t.deepEqual([all.code, all.stdout], [1, '']);
});

test('what cannot be read ends with 2', async (t) => {
  const path = newPath(t);
  writeFileSync(path, '\u0000\u0001\n'.repeat(10));
  for (const words of [[newPath(t)], [newFolder(t)], [newFifo(t)], [path], [path, '-f'], [newPath(t), '-f'], [], [path, '--all'], [path, '-n', 'x']]) {
    const { code, stdout, stderr } = await runCli(t, ['tail', ...words]);
    t.deepEqual([code, stdout], [2, ''], words.join(' '));
    t.regex(stderr, /^(sealwright|error): /m, words.join(' '));
  }
});
