// sealwright completion: what shells offer.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { newPath } from '../helpers/folders.mts';
import { testWith } from '../helpers/parts.mts';
import { cliOutput, runCli } from './helpers/cli.mts';

/** What is typed, and some of what is offered then. Behind `none` nothing is, and of files the shell knows itself. */
const CASES: readonly (readonly [typed: string, offered: readonly string[] | 'none'])[] = [
  ['sealwright ver', ['verify']],
  ['sealwright he', ['head', 'help']],
  ['sealwright head ', ['show', 'save', 'check']],
  ['sealwright head sh', ['show']],
  ['sealwright help inspe', ['inspect']],
  ['sealwright verify --sig', ['--signer', '--signatures']],
  ['sealwright verify --quiet --signatures ', ['all', 'last']],
  ['sealwright head save --js', ['--json']],
  ['sealwright completion ', ['bash', 'zsh', 'fish']],
  ['sealwright nothing --', 'none'],
];

/** A script in a file. */
async function scriptFor(t: ExecutionContext, shell: string): Promise<string> {
  const path = newPath(t, 'script');
  writeFileSync(path, await cliOutput(t, ['completion', shell]));
  return path;
}

function run(t: ExecutionContext, program: string, words: readonly string[], home: string): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home } });
  t.deepEqual([status, stderr], [0, ''], `${program} ${words.join(' ')}`);
  return stdout;
}

testWith(['bash'], 'bash', async (t) => {
  const script = await scriptFor(t, 'bash');
  const complete = [
    'set -euo pipefail',
    'source "$1"',
    'read -ra COMP_WORDS <<< "$2"',
    'if [[ $2 == *" " ]]; then COMP_WORDS+=(""); fi',
    'COMP_CWORD=$((${#COMP_WORDS[@]} - 1))',
    '_sealwright',
    'printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}',
  ].join('\n');
  const offered = (typed: string) => run(t, 'bash', ['--norc', '-c', complete, '-', script, typed], dirname(script)).trim().split(/\s+/);
  for (const [typed, expected] of CASES) {
    if (expected === 'none') t.deepEqual(offered(typed), [''], typed);
    else for (const word of expected) t.true(offered(typed).includes(word), `${typed}: ${word}`);
  }
  // Files are bash's own: nothing is offered in their place.
  for (const typed of ['sealwright verify l', 'sealwright verify --signer ', 'sealwright query --since ']) t.deepEqual(offered(typed), [''], typed);
  t.deepEqual(offered('sealwright verify --signatures = l'), ['last']);
  t.true(offered('sealwright --').includes('--version'));
});

testWith(['fish'], 'fish', async (t) => {
  const script = await scriptFor(t, 'fish');
  const offered = (typed: string) => {
    const lines = run(t, 'fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, typed], dirname(script)).split('\n');
    return lines.map((line) => line.split('\t')[0] ?? '').filter((word) => word !== '');
  };
  for (const [typed, expected] of CASES) {
    if (expected === 'none') t.deepEqual(offered(typed), [], typed);
    else for (const word of expected) t.true(offered(typed).includes(word), `${typed}: ${word}`);
  }
  writeFileSync(join(dirname(script), 'ledger.ndjson'), '');
  t.deepEqual(offered(`sealwright verify ${dirname(script)}/led`), [`${dirname(script)}/ledger.ndjson`]);
});

testWith(['zsh'], 'zsh takes the script', async (t) => {
  const script = await scriptFor(t, 'zsh');
  run(t, 'zsh', ['-f', '-n', script], dirname(script));
  const words = (await cliOutput(t, ['completion', 'zsh'])).split('\n');
  t.true(words.some((line) => line.includes('signatures[') && line.includes(':MODE:(all last)')));
});

test('other shells are refused', async (t) => {
  const { code, stdout, stderr } = await runCli(t, ['completion', 'tcsh']);
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /bash, zsh, fish/);
});
