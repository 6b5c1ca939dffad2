// sealwright stats: tables for people, one object for programs.

import { writeFileSync } from 'node:fs';
import test from 'ava';
import { newFifo, newFolder, newPath } from '../helpers/folders.mts';
import { chainOf, textOf } from '../helpers/ledgers.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { EXAMPLE_EVENTS, exampleFolder } from './helpers/example.mts';

test('tables', async (t) => {
  const text = await cliOutput(t, ['stats', 'ledger.ndjson'], { cwd: await exampleFolder(t) });
  t.regex(text, /^ledger\.ndjson: 20 events, 0 to 19\n\n {2}size +\d+\.\d KiB in 1 file\n/);
  t.true(text.includes('  sessions    2 begun, 1 ended, 1 sealed\n'), text);
  t.true(text.includes('  tool           calls  returns  failures       p50       p95       max\n'), text);
  t.true(text.includes('  refund             1        1         0  1,250 ms  1,250 ms  1,250 ms\n'), text);
  t.true(text.endsWith('  Signatures were not checked: sealwright verify ledger.ndjson\n'), text);
});

test('one object', async (t) => {
  const cwd = await exampleFolder(t);
  const found = checkedJson<object>(t, await cliOutput(t, ['stats', '--json'], { cwd, env: { SEALWRIGHT_LEDGER: 'ledger.ndjson' } }), 'stats');
  t.like(found, { ledger: 'ledger.ndjson', events: EXAMPLE_EVENTS, sessions: { begun: 2, ended: 1, sealed: 1 } });
  const empty = newPath(t);
  writeFileSync(empty, '');
  t.like(checkedJson<object>(t, await cliOutput(t, ['stats', empty, '--json']), 'stats'), { events: 0, time: null });
  t.regex(await cliOutput(t, ['stats', empty]), /: 0 events\n/);
});

test('a broken ledger ends with 1, and one that cannot be read with 2', async (t) => {
  const path = newPath(t);
  const chain = chainOf(5);
  writeFileSync(path, textOf(chain.slice(0, 2)) + textOf(chain.slice(3)));
  t.like(await runCli(t, ['stats', path]), { code: 1, stdout: '' });
  for (const words of [[newPath(t)], [newFolder(t)], [newFifo(t)], []]) t.like(await runCli(t, ['stats', ...words]), { code: 2, stdout: '' });
});
