// `sealwright timestamp`: asked, taken and verified offline, with exit codes to branch on.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { newer, older } from '../proofs/helpers/proof.mts';
import { Tsa } from '../proofs/helpers/tsa.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

testWith(['openssl'], 'a checkpoint is stamped by an authority and verified', async (t) => {
  const cwd = newFolder(t);
  const tsa = new Tsa(newFolder(t));
  writeFileSync(join(cwd, 'root.pem'), tsa.issue('root', { use: 'ca' }));
  tsa.issue('tsa', { use: 'tsa', by: 'root' });
  writeFileSync(join(cwd, 'checkpoint'), newer);
  const request = await cliOutput(t, ['timestamp', 'request', 'checkpoint', 'request', '--policy', '1.2.3.4.5'], { cwd });
  t.regex(request, /nonce +[0-9a-f]{16}\n/);
  writeFileSync(join(cwd, 'response'), tsa.reply('tsa', readFileSync(join(cwd, 'request')), []));
  const files = ['timestamp', 'ingest', 'checkpoint', 'request', 'response'];
  t.regex(await cliOutput(t, [...files, 'token'], { cwd }), /time +\d{4}-\S+Z, as the authority says\n/);
  t.is((await runCli(t, [...files, 'response'], { cwd })).code, 2);
  const words = ['timestamp', 'verify', 'checkpoint', 'token', '--root', 'root.pem', '--request', 'request', '--policy', '1.2.3.4.5'];
  t.regex(await cliOutput(t, words, { cwd }), /^checkpoint: verified: was there at \d{4}-[^]*authority +CN=tsa\n/);
  writeFileSync(join(cwd, 'checkpoint'), older);
  t.regex(await cliOutput(t, words, { cwd, code: 1 }), /^checkpoint: not shown: [^]*imprint_mismatch/);
});

test('what is wrong, what cannot be checked and what was not asked for are told apart', async (t) => {
  const cwd = await exampleFolder(t);
  const verify = (...words: string[]) => runCli(t, ['timestamp', 'verify', ...words], { cwd });
  const good = ['checkpoint.txt', 'token.der', '--root', 'authority.pem'];
  const { code, stdout } = await verify(...good, '--request', 'request.tsq', '--json');
  t.is(code, 0);
  t.like(checkedJson<object>(t, stdout, 'timestamp'), { ok: true, time: '2026-11-22T06:56:55.613Z', accuracy: 1_500_100, policy: '1.2.3.4.1' });
  const whole = readFileSync(join(cwd, 'token.der'));
  writeFileSync(join(cwd, 'cut.der'), whole.subarray(0, -1));
  writeFileSync(join(cwd, 'longer.der'), Buffer.concat([whole, Buffer.of(0)]));
  writeFileSync(join(cwd, 'empty.der'), '');
  for (const [words, expected] of [
    [good, 0],
    [['agent.pub', ...good.slice(1)], 1],
    [['checkpoint.txt', 'agent.pub', '--root', 'authority.pem'], 2],
    [['checkpoint.txt', 'cut.der', '--root', 'authority.pem'], 2],
    [['checkpoint.txt', 'longer.der', '--root', 'authority.pem'], 2],
    [['checkpoint.txt', 'empty.der', '--root', 'authority.pem'], 2],
    [[...good, '--policy', '1.2.3.4.5'], 1],
    [[...good, '--policy', 'x'], 2],
    [[...good, '--request', 'response.tsr'], 2],
    [['checkpoint.txt', 'token.der', '--root', 'agent.pub'], 2],
    [['checkpoint.txt', 'token.der', '--root', 'missing.pem'], 2],
    [['token.der', ...good.slice(1)], 2],
    [['.', ...good.slice(1)], 2],
    [['checkpoint.txt', newFifo(t), '--root', 'authority.pem'], 2],
    [good.slice(0, 2), 3],
  ] as const) {
    t.is((await verify(...words)).code, expected, words.join(' '));
  }
  const wrong = checkedJson<{ readonly time: unknown }>(t, (await verify('checkpoint.txt', 'agent.pub', '--root', 'authority.pem', '--json')).stdout, 'timestamp');
  t.is(wrong.time, null);
  const { code: refused, stderr } = await runCli(t, ['timestamp', 'ingest', 'agent.pub', 'request.tsq', 'response.tsr', 'new.der'], { cwd });
  t.is(refused, 2);
  t.regex(stderr, /ERR_TIMESTAMP_MISMATCH/);
  t.false(existsSync(join(cwd, 'new.der')));
});
