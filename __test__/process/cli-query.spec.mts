// sealwright query: which lines are printed, and how bad ledgers and bad words end.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { newFifo, newFolder, newPath } from '../helpers/folders.mts';
import { chainOf, ended, START, textOf, toolCalled, writeLedger } from '../helpers/ledgers.mts';
import { testWith } from '../helpers/parts.mts';
import { cliOutput, runCli, RunningCli, runOnTerminal } from './helpers/cli.mts';
import { EXAMPLE_EVENTS, exampleFolder } from './helpers/example.mts';

const chain = chainOf(300, { event: (seq) => (seq % 3 === 0 ? toolCalled({ n: seq }) : ended(seq)) });
/** 11 MB, which no pipe holds, in more events than a block of an index has. */
const long = textOf(chainOf(1100, { event: () => toolCalled({ padding: 'x'.repeat(10_000) }) }));

test('it prints the lines that all options want, byte for byte', async (t) => {
  const path = newPath(t);
  writeLedger(path, chain);
  const query = (...words: string[]) => cliOutput(t, ['query', path, ...words]);
  t.is(await query(), textOf(chain));
  t.is(await query('--from', '10', '--to', '12'), textOf(chain.slice(10, 13)));
  t.is(await query('--kind', 'ToolCalled', '--limit', '2'), textOf([0, 3].flatMap((seq) => chain.slice(seq, seq + 1))));
  t.is(await query('--kind', 'ToolCalled', '--kind', 'SessionEnded', '--count'), '300\n');
  t.is(await query('--limit', '0'), '');
  t.is(await query('--session', 'nobody', '--count'), '0\n');
  for (const since of [String(START + 290_000_000_000n), '2023-11-14T22:18:10Z', '2023-11-14t23:18:10+01:00']) {
    t.is(await query('--since', since), textOf(chain.slice(290)), since);
    t.is(await query('--since', since, '--no-index'), textOf(chain.slice(290)), since);
  }
  t.is(await query('--since', '2023-11-14T22:18:10.000000001Z', '--count'), '9\n');
  t.is(await query('--since', '2023-11-14', '--until', '2023-11-14T22:13:21Z', '--count'), '1\n');
});

test('an index is made beside the ledger, unless told otherwise', async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const words = ['query', path, '--kind', 'ToolCalled', '--count'];
  t.is(await cliOutput(t, [...words, '--no-index']), '1100\n');
  t.false(existsSync(`${path}.index`));
  t.is(await cliOutput(t, words), '1100\n');
  t.true(existsSync(`${path}.index`));
});

test('the ledger may be named by the environment', async (t) => {
  const env = { SEALWRIGHT_LEDGER: 'ledger.ndjson' };
  t.is(await cliOutput(t, ['query', '--count'], { cwd: await exampleFolder(t), env }), `${EXAMPLE_EVENTS}\n`);
});

test('a broken ledger ends with 1, after the events before', async (t) => {
  const path = newPath(t);
  writeFileSync(path, textOf(chain.slice(0, 10)) + textOf(chain.slice(11)));
  const { code, stdout, stderr } = await runCli(t, ['query', path]);
  t.deepEqual([code, stdout], [1, textOf(chain.slice(0, 10))]);
  t.regex(stderr, /^sealwright: the ledger is broken: line 11, byte \d+: .*\(ERR_CHAIN_BROKEN\)\n$/);
});

test('what cannot be read ends with 2', async (t) => {
  const path = newPath(t);
  writeFileSync(path, `${textOf(chain.slice(0, 2))}no event\n`);
  const cases: (readonly [string, readonly string[], RegExp])[] = [
    ['not JSON', [path], /ERR_LEDGER_MALFORMED/],
    ['missing', [newPath(t)], /ERR_LEDGER_NOT_FOUND/],
    ['a folder', [newFolder(t)], /ERR_LEDGER_NOT_A_FILE/],
    ['a FIFO', [newFifo(t)], /ERR_LEDGER_NOT_A_FILE/],
    ['no word', [], /missing required argument/],
    ['no time', [path, '--since', 'yesterday'], /--since must be a time such as/],
    ['no day', [path, '--until', '2026-02-30'], /--until must be a time such as .* found 2026-02-30/],
    ['too late', [path, '--until', '99999999999999999999'], /ERR_OUT_OF_RANGE/],
    ['no number', [path, '--from', '-1'], /whole number/],
    ['no option', [path, '--index'], /unknown option/],
  ];
  for (const [name, words, expected] of cases) {
    const { code, stderr } = await runCli(t, ['query', ...words]);
    t.is(code, 2, name);
    t.regex(stderr, expected, name);
  }
});

test('who reads its output may stop at any time', async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const running = new RunningCli(t, ['query', path]);
  await running.printed('{');
  running.closeOutput();
  t.like(await running.end, { code: 2, stderr: '' });
});

test('Ctrl-C ends it with 130', async (t) => {
  const path = newPath(t);
  writeFileSync(path, long);
  const running = new RunningCli(t, ['query', path]);
  await running.printed('{');
  running.pauseOutput();
  running.interrupt();
  running.resumeOutput();
  t.like(await running.end, { code: 130, stderr: 'sealwright: interrupted\n' });
});

testWith(['python'], 'on a terminal what is not seen is an escape of JSON', async (t) => {
  const path = newPath(t);
  const [event] = chainOf(1, { event: () => ended('\u202e\u009b31m\u2028') });
  writeFileSync(path, `${event?.toLine() ?? ''}\n`);
  const { stdout } = await runOnTerminal(t, ['query', path]);
  t.true(stdout.includes('"reason":"\\u202e\\u009b31m\\u2028"'), stdout);
  t.deepEqual(JSON.parse(stdout), JSON.parse(readFileSync(path, 'utf8')));
  t.is(await cliOutput(t, ['query', path]), readFileSync(path, 'utf8'));
});
