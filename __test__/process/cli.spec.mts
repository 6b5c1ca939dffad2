// The program itself: help, version, mistakes in its words, colours, and what is made visible.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot } from '../helpers/parts.mts';
import { cliOutput, runCli } from './helpers/cli.mts';

test('help and version go to standard output and end with 0', async (t) => {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  t.is(await cliOutput(t, ['--version']), `${version}\n`);
  for (const words of [['--help'], ['help']]) t.regex(await cliOutput(t, words), /^Usage: sealwright .*\n[^]*\nExit codes:\n {2}0 /);
  t.regex(await cliOutput(t, ['help', 'keygen']), /^Usage: sealwright keygen .*\n[^]*\nExamples:\n {2}sealwright keygen /);
});

test('a mistake in the words ends with 2, says so on standard error, and prints nothing else', async (t) => {
  for (const words of [['nothing'], ['keygen'], ['keygen', '--nothing'], ['keygen', 'a', 'b']]) {
    const { code, stdout, stderr } = await runCli(t, words);
    t.deepEqual([code, stdout], [2, ''], words.join(' '));
    t.regex(stderr, /^error: .+\n/);
  }
});

test('what it repeats of its words is made visible', async (t) => {
  const { code, stderr } = await runCli(t, ['a\u001b[31m\u202e']);
  t.is(code, 2);
  t.true(stderr.includes("unknown command 'a\\u{1b}[31m\\u{202e}'"), stderr);
});

test('an environment variable stands for what is not given', async (t) => {
  const path = join(newFolder(t), 'agent.key');
  t.regex(await cliOutput(t, ['keygen'], { env: { SEALWRIGHT_KEY: path } }), /^ {2}key file /);
});


test('a disk that is full behind standard output ends with 2, and is no defect of the program', async (t) => {
  const through = ['sh', '-c', 'exec "$0" "$@" > /dev/full'];
  for (const words of [['--help'], ['completion', 'bash'], ['doctor', '--json']]) {
    const { code, stderr } = await runCli(t, words, { through });
    t.is(code, 2, words.join(' '));
    t.regex(stderr, /^sealwright: cannot write the output: ENOSPC: .*\n$/);
  }
});
