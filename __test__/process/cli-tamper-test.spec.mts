// `sealwright tamper-test`: every change of a copy is found, and the ledger is not touched.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { events, Session } from 'sealwright';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { chainOf, ended, forged, key1, textOf } from '../helpers/ledgers.mts';
import { checkedJson } from '../helpers/schemas.mts';
import { cliOutput, runCli } from './helpers/cli.mts';
import { exampleFolder } from './helpers/example.mts';

interface Tried {
  readonly seq: number;
  readonly ok: boolean;
  readonly edits: readonly { readonly edit: string; readonly found: boolean; readonly code: string | null; readonly line: number | null }[];
}

async function tried(t: ExecutionContext, cwd: string, ...words: string[]): Promise<Tried> {
  return checkedJson<Tried>(t, await cliOutput(t, ['tamper-test', 'ledger.ndjson', '--json', ...words], { cwd, env: { TMPDIR: cwd } }), 'tamper-test');
}

test('every change is found where it was made, at both ends and in the middle', async (t) => {
  const cwd = newFolder(t);
  const path = join(cwd, 'ledger.ndjson');
  const blank = (text: string) => text.replace('\n', '\n \t\r\n\n');
  // Other spellings, characters that other programs take for ends of lines, no strings: whatever a line is.
  const event = (seq: number) => (seq % 2 === 0 ? ended(`a\u2028b\u0085"\r`) : events.custom({ name: 'com.example', data: [seq] }));
  writeFileSync(path, `${blank(textOf(chainOf(5, { event })))}{"seq":5,`);
  const before = statSync(path);
  for (const [seq, lines] of [
    // Blank lines in between come first.
    ['0', [3, 3, 3, 3]],
    ['2', [5, 5, 5, 5]],
    ['4', [7, 6, null, 7]],
  ] as const) {
    const found = await tried(t, cwd, '--seq', seq);
    t.is(found.ok, true);
    t.deepEqual(found.edits.map(({ edit, line }) => [edit, line]), [['value', lines[0]], ['order', lines[1]], ['removal', lines[2]], ['signature', lines[3]]]);
  }
  t.is((await tried(t, cwd)).seq, 2, 'the one in the middle');
  const after = statSync(path);
  t.deepEqual([after.mtimeMs, after.ino, after.size], [before.mtimeMs, before.ino, before.size]);
  t.deepEqual(readdirSync(cwd), ['ledger.ndjson'], 'no copy is left');
});

test('a ledger of several files, the first of them pruned', async (t) => {
  const cwd = newFolder(t);
  const ledgerPath = join(cwd, 'ledger.ndjson');
  const session = await Session.open({ keypair: key1, sessionId: 's', ledgerPath, events: 'extended', rotate: { maxEvents: 3 } });
  for (let seq = 0; seq < 10; seq += 1) await session.record(ended(seq));
  await session.prune({ before: 3 });
  await session.close();
  for (const seq of ['3', '5', '6', '10']) t.true((await tried(t, cwd, '--seq', seq)).ok, seq);
  for (const seq of ['2', '11', '-1', 'x']) t.is((await runCli(t, ['tamper-test', 'ledger.ndjson', '--seq', seq], { cwd })).code, 2);
});

test('a copy is kept where nothing is, and is broken', async (t) => {
  const cwd = await exampleFolder(t);
  const words = ['tamper-test', 'ledger.ndjson', '--keep'];
  const out = await cliOutput(t, [...words, 'tampered.ndjson'], { cwd });
  t.regex(out, /^event 9, in copies of 20 events[^]*\nevery change was found\nkept, with another value: tampered\.ndjson\n$/);
  t.is(statSync(join(cwd, 'tampered.ndjson')).mode & 0o777, 0o600);
  t.regex(await cliOutput(t, ['verify', 'tampered.ndjson', '-q'], { cwd, code: 1 }), /broken at line 10: /);
  const names = readdirSync(cwd);
  for (const taken of ['tampered.ndjson', 'ledger.ndjson', 'agent.key', '.', 'missing/copy']) {
    const kept = existsSync(join(cwd, taken)) && taken !== '.' ? readFileSync(join(cwd, taken)) : null;
    const end = await runCli(t, [...words, taken], { cwd });
    t.is(end.code, 2, taken);
    if (kept !== null) t.deepEqual(readFileSync(join(cwd, taken)), kept);
    t.deepEqual(readdirSync(cwd), names);
  }
});

test('what cannot be tried', async (t) => {
  const cwd = newFolder(t);
  const put = (name: string, text: string) => writeFileSync(join(cwd, name), text);
  put('one.ndjson', textOf(chainOf(1)));
  put('empty.ndjson', '');
  put('binary.ndjson', '\u0000\u0001\n');
  put('forged.ndjson', `${forged(chainOf(1)[0])}\n`);
  mkdirSync(join(cwd, 'folder'));
  for (const [word, expected] of [
    ['one.ndjson', 2],
    ['empty.ndjson', 2],
    ['binary.ndjson', 2],
    ['missing.ndjson', 2],
    ['folder', 2],
    ['-', 2],
    [newFifo(t), 2],
    ['forged.ndjson', 1],
  ] as const) {
    const { code, stdout, stderr } = await runCli(t, ['tamper-test', word], { cwd });
    t.deepEqual([code, stdout], [expected, ''], word);
    t.regex(stderr, /^sealwright: .+\n$/, word);
  }
  put('good.ndjson', textOf(chainOf(4)));
  t.is((await runCli(t, ['tamper-test', 'good.ndjson'], { cwd, env: { TMPDIR: join(cwd, 'none') } })).code, 2);
});
