/*
 * Files that are made from a ledger: written beside their place under another name, mode 0600, synced, then renamed.
 * Whatever goes wrong, what was there stays and nothing is left. A file that is read is never the one that is written.
 */

import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { builtin } from './builtin.js';
import { ledgerError } from './errors.js';

/**
 * Where an output is to be written: links resolved.
 *
 * @throws {@link LedgerError} `ERR_OUTPUT_REFUSED` for one of the inputs, for a name that a ledger gives its own files, and
 * for what is there and is no regular file; in a folder that is not there
 */
export async function outputPath(output: string, inputs: readonly string[]): Promise<string> {
  const there = await builtin.files.stat(output, { bigint: true }).catch(() => undefined);
  if (there !== undefined && !there.isFile()) {
    throw ledgerError('ERR_OUTPUT_REFUSED', `${output} is there and is no regular file`);
  }
  const path = there === undefined ? join(await builtin.files.realpath(dirname(output)).catch(() => resolve(dirname(output))), basename(output)) : await builtin.files.realpath(output);
  if (!(await builtin.files.stat(dirname(path)).catch(() => undefined))?.isDirectory()) {
    throw ledgerError('ERR_OUTPUT_REFUSED', `${output} cannot be written: its folder is not there`);
  }
  for (const input of inputs) {
    const read = await builtin.files.stat(input, { bigint: true }).catch(() => undefined);
    const isSame = read !== undefined && there !== undefined && read.dev === there.dev && read.ino === there.ino;
    if (isSame || (await builtin.files.realpath(input).catch(() => resolve(input))) === path) {
      throw ledgerError('ERR_OUTPUT_REFUSED', `${output} is read: it cannot be written over`);
    }
    if (isOfLedger(path, await builtin.files.realpath(input).catch(() => resolve(input)))) {
      throw ledgerError('ERR_OUTPUT_REFUSED', `${output} is a name that the ledger ${input} gives to files of its own`);
    }
  }
  return path;
}

/** Whether a ledger file would find a file of this name beside it: a segment, its lock, its index. */
function isOfLedger(path: string, input: string): boolean {
  const { dir, base, name, ext } = parse(input);
  if (dirname(path) !== dir) return false;
  const stem = name.replace(/\.\d+-\d+$/, '');
  const found = basename(path);
  return found.startsWith(`${base}.`) || (found.startsWith(`${stem}.`) && /^\.\d+-\d+$/.test(found.slice(stem.length, found.length - ext.length)) && found.endsWith(ext));
}

/** Writes a whole file at a path of {@link outputPath}; one that is there is replaced. Rejects with what `write` throws. */
export async function writeOutput(path: string, write: (file: FileHandle, temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${builtin.crypto.randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await builtin.files.open(temporary, 'wx', 0o600);
    try {
      await write(file, temporary);
      await file.sync();
    } finally {
      await file.close();
    }
    await builtin.files.rename(temporary, path);
  } catch (error) {
    await builtin.files.rm(temporary, { force: true });
    throw error;
  }
}
