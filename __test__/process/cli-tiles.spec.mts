// `sealwright tiles export`: a folder for a web server, and exit codes to branch on.

import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { testWith } from '../helpers/parts.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { EXAMPLE_EVENTS, exampleFolder } from './helpers/example.mts';
import { parseTrace, traceTo } from './helpers/trace.mts';

test('a folder to be served says what is in it', async (t) => {
  const cwd = await exampleFolder(t);
  const events = EXAMPLE_EVENTS - 1;
  const words = ['tiles', 'export', 'ledger.ndjson', 'ledger.checkpoint'];
  t.regex(await cliOutput(t, [...words, 'served'], { cwd }), new RegExp(`folder +served\\n +events +${events} events\\n +files +3 files, 1\\.\\d KiB\\n`));
  t.deepEqual(readFileSync(join(cwd, 'served', 'checkpoint')), readFileSync(join(cwd, 'ledger.checkpoint')));
  mkdirSync(join(cwd, 'further'));
  const printed = checkedJson<{ readonly bytes: number }>(t, await cliOutput(t, [...words, 'further', '--json'], { cwd }), 'tiles');
  const size = (name: string) => readFileSync(join(cwd, 'further', name)).length;
  const bytes = size('checkpoint') + size(`tile/0/000.p/${events}`) + size(`tile/entries/000.p/${events}`);
  t.like(printed, { ledger: 'ledger.ndjson', checkpoint: 'ledger.checkpoint', folder: 'further', events, files: 3, bytes });
});

test('what cannot be exported ends with 2, a ledger that is broken with 1, and nothing is written', async (t) => {
  const cwd = await exampleFolder(t);
  const run = (...words: string[]) => runCli(t, ['tiles', 'export', ...words], { cwd });
  for (const [words, expected] of [
    [['ledger.ndjson', 'checkpoint.txt', 'served'], /ERR_PROOF_DIVERGED/],
    [['ledger.ndjson', 'policy.txt', 'served'], /ERR_NOTE_MALFORMED/],
    [['ledger.ndjson', 'missing', 'served'], /ENOENT/],
    [['missing', 'ledger.checkpoint', 'served'], /ERR_LEDGER_NOT_FOUND/],
    [['ledger.ndjson', 'ledger.checkpoint', '.'], /ERR_OUTPUT_REFUSED/],
    [['ledger.ndjson', 'ledger.checkpoint'], /missing required argument/],
  ] as const) {
    const { code, stdout, stderr } = await run(...words);
    t.deepEqual([code, stdout], [2, ''], words.join(' '));
    t.regex(stderr, expected);
  }
  const ledger = join(cwd, 'ledger.ndjson');
  writeFileSync(ledger, readFileSync(ledger, 'utf8').replace('blue kettle', 'red kettle'));
  const { code, stderr } = await run('ledger.ndjson', 'ledger.checkpoint', 'served');
  t.is(code, 1);
  t.regex(stderr, /ERR_CHAIN_BROKEN/);
  t.false(existsSync(join(cwd, 'served')));
});

testWith(['strace'], 'a checkpoint has its name only when everything else was written, read again and synced', async (t) => {
  const cwd = realpathSync(await exampleFolder(t));
  const trace = join(cwd, 'trace');
  const through = traceTo(trace, ['openat', 'write', 'syncfs', 'fsync', 'rename', 'renameat', 'renameat2']);
  await cliOutput(t, ['tiles', 'export', 'ledger.ndjson', 'ledger.checkpoint', 'served'], { cwd, through });
  const folder = join(cwd, 'served');
  const steps = parseTrace(readFileSync(trace, 'utf8')).flatMap(({ name, text, path }) => {
    if (!path.startsWith(folder)) return path === cwd && name === 'fsync' ? [`${name} above`] : [];
    const file = path.slice(folder.length + 1).replace(/\.checkpoint\.\w+\.tmp/, 'temporary').replace(/\.p\/\d+/, '');
    const isRead = name === 'openat' && !text.includes('O_CREAT');
    return [`${isRead ? 'open' : name} ${file}`.trimEnd()];
  });
  const tiles = ['tile/entries/000', 'tile/0/000'];
  const synced = steps.indexOf('syncfs');
  // Which call comes first between two files is nobody's concern; the folder itself is opened to be listed and synced.
  const before = steps.slice(0, synced).filter((step) => step !== 'open');
  t.deepEqual(before.slice(0, 4).toSorted(), tiles.flatMap((file) => [`openat ${file}`, `write ${file}`]).toSorted());
  t.deepEqual([...new Set(before.slice(4))].toSorted(), tiles.map((file) => `open ${file}`).toSorted());
  const behind = ['openat temporary', 'write temporary', 'fsync temporary', 'rename temporary', 'fsync above', 'open', 'fsync'];
  t.deepEqual(steps.slice(synced + 1), behind);
});
