// sealwright replay: the lines of the peer's command line, and one of each further kind.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { newFifo, newFolder, newPath } from '../helpers/folders.mts';
import { chainOf, key2, openSession, textOf, writeLedger } from '../helpers/ledgers.mts';
import { projectRoot } from '../helpers/project.mts';
import { peerPath, vectorsFolder } from '../helpers/vectors.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { EXAMPLE_EVENTS, exampleFolder } from './helpers/example.mts';

const { visible } = createRequire(import.meta.url)(join(projectRoot, 'dist', 'cli', 'safe-text.js')) as {
  visible(text: string): string;
};

test('core kinds are told as the peer tells them, but for characters that are not seen', async (t) => {
  const theirs = readFileSync(peerPath('replay_200.txt'), 'utf8').trimEnd().split(/\n(?=\[ *\d+\] 2023-)/);
  t.is(theirs.length, 200);
  const expected = theirs.map((event) => `${visible(event)}\n`).join('');
  t.true(expected.includes('\\u{a}'));
  t.is(await cliOutput(t, ['replay', peerPath('ledger_200_fixed_ts.ndjson')]), expected);
  t.is(await cliOutput(t, ['replay', '--ledger', peerPath('ledger_200_fixed_ts.ndjson')]), expected);
});

test('further kinds, known and not', async (t) => {
  const folder = await exampleFolder(t);
  const lines = (await cliOutput(t, ['replay'], { cwd: folder, env: { SEALWRIGHT_LEDGER: 'ledger.ndjson' } })).trimEnd().split('\n');
  t.is(lines.length, EXAMPLE_EVENTS);
  const told = lines.map((line) => line.replace(/^\[ *\d+\] \S+ {2}/, ''));
  t.deepEqual(told.slice(-4), [
    'custom com.example.refund',
    'heartbeat session=support-2 interval=1000ms',
    'session_ended reason=done',
    'session_sealed session=support-2 count=11',
  ]);
  const path = newPath(t);
  const session = await openSession(t, { ledgerPath: path, events: 'extended' });
  const { publicKeyHex: before } = session;
  await session.rotateKey(key2);
  await session.close();
  const rotated = `key_rotated old=${before.slice(0, 12)}... new=${key2.publicKeyHex.slice(0, 12)}...\n`;
  t.true((await cliOutput(t, ['replay', path])).endsWith(`+00:00  ${rotated}`));
  t.regex(await cliOutput(t, ['replay', join(vectorsFolder, 'chains', 'unknown_kinds.ndjson')]), /\+00:00 {2}[A-Z]\w+\n/);
});

test('an empty ledger is told to be empty', async (t) => {
  const path = newPath(t);
  writeFileSync(path, '');
  t.is(await cliOutput(t, ['replay', path]), 'ledger is empty\n');
});

test('it ends with 1 where the chain breaks, and with 2 where nothing can be read', async (t) => {
  const path = newPath(t);
  const chain = chainOf(10);
  writeFileSync(path, textOf(chain.slice(0, 4)) + textOf(chain.slice(5)));
  const broken = await runCli(t, ['replay', path]);
  t.deepEqual([broken.code, broken.stdout.split('\n').length], [1, 5]);
  t.regex(broken.stderr, /^sealwright: the ledger is broken: line 5, /);
  for (const words of [[newPath(t)], [newFolder(t)], [newFifo(t)], []]) t.is((await runCli(t, ['replay', ...words])).code, 2);
  writeLedger(path, chain);
  t.is((await runCli(t, ['replay', path, 'more'])).code, 2);
});
