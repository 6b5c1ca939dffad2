// Files that a command reads whole: whatever a word names, the program says in one line what is wrong with it, and ends.

import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SigningKeypair } from 'sealwright';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { log, policyOf, vkey } from '../proofs/helpers/history.mts';
import { runCli } from './helpers/cli.mts';

const LIMIT = 16 << 20;

/** A folder with what commands need besides the file that is wrong. */
function prepared(t: ExecutionContext): string {
  const cwd = newFolder(t);
  SigningKeypair.generate().save(join(cwd, 'w.key'));
  writeFileSync(join(cwd, 'text'), 'a text\n');
  writeFileSync(join(cwd, 'policy'), policyOf());
  return cwd;
}

/** Commands that read a file, by the file. */
const COMMANDS: readonly ((file: string) => readonly string[])[] = [
  (file) => ['fork', 'check', file, '--policy', 'policy'],
  (file) => ['fork', 'check', 'text', '--policy', file],
  (file) => ['witness', 'serve', '--state', 'state', '--key', 'w.key', '--name', 'w.example', '--log', vkey(log), '--token-file', file],
  (file) => ['timestamp', 'request', file, 'request'],
];

async function refused(t: ExecutionContext, cwd: string, file: string, expected: string): Promise<void> {
  for (const words of COMMANDS.map((command) => command(file))) {
    const { code, stdout, stderr } = await runCli(t, words, { cwd });
    t.deepEqual({ code, stdout, stderr }, { code: 2, stdout: '', stderr: `sealwright: ${expected}\n` }, words.join(' '));
  }
}

test('what is no regular file is not waited for, and not read without end', async (t) => {
  const [cwd, fifo] = [prepared(t), newFifo(t)];
  for (const file of ['/dev/zero', '.', fifo]) await refused(t, cwd, file, `${file} is no regular file`);
});

test('a file that is not there, is too long or is no text is named', async (t) => {
  const cwd = prepared(t);
  writeFileSync(join(cwd, 'long'), '');
  truncateSync(join(cwd, 'long'), LIMIT + 1);
  writeFileSync(join(cwd, 'bytes'), Buffer.from('caf\xe9', 'latin1'));
  await refused(t, cwd, 'missing', 'cannot open missing: ENOENT');
  await refused(t, cwd, 'long', 'long has more than 16 MiB');
  await refused(t, cwd, 'bytes', 'bytes is no text in UTF-8');
  // At the limit it is read, and is no evidence.
  truncateSync(join(cwd, 'long'), LIMIT);
  const { code, stdout } = await runCli(t, ['fork', 'check', 'long', '--policy', 'policy'], { cwd });
  t.is(code, 2);
  t.regex(stdout, /proof_malformed/);
});
