/*
 * Files, which only Node.js has. Nothing waits for a FIFO: a path is opened without blocking and must be a regular
 * file. What is read of a ledger is the length that it has when it is opened.
 */

import { checkString, invalidArgument, show } from '../args.js';
import { ledgerError, SealwrightTypeError } from '../errors.js';
import { builtin } from './runtime.js';

/** A ledger file that is open. */
export interface LedgerFile {
  readonly size: number;
  /** Its bytes in blocks; a block is valid until the next one. */
  blocks(): AsyncGenerator<Uint8Array, void, undefined>;
  close(): Promise<void>;
}

/** A path as a string. Refused: an empty one, one with a NUL or a lone surrogate, a URL that is not `file:`. */
export function toPath(value: unknown, name: string): string {
  const path = value instanceof URL ? pathOfUrl(value, name) : checkString(value, name, 'a path or a file: URL');
  if (path === '' || path.includes('\0')) throw invalidArgument(`${name} must be a path, found ${show(path)}`);
  return path;
}

/** @throws {@link LedgerError} `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_IO` */
export async function openLedger(path: string): Promise<LedgerFile> {
  let opened: Opened;
  try {
    opened = await open(path);
  } catch (cause) {
    throw ledgerErrorOf(cause, path);
  }
  const { handle, size } = opened;
  return { size, blocks: () => blocksOf(opened, path), close: () => handle.close() };
}

/**
 * The path and trimmed text of a small file with a public key.
 *
 * @throws {@link LedgerError} `ERR_PUBLIC_KEY` when it cannot be read; TypeError `ERR_PUBLIC_KEY` when it is too long,
 * `ERR_INVALID_ARGUMENT` for what is no path
 */
export async function readKeyFile(value: string | URL): Promise<{ readonly path: string; readonly text: string }> {
  const path = toPath(value, 'a signer');
  const buffer = new Uint8Array(MAX_KEY_BYTES + 1);
  let length = 0;
  try {
    const { handle } = await open(path);
    try {
      for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
        ({ bytesRead } = await handle.read(buffer, length, buffer.length - length, null));
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw ledgerError('ERR_PUBLIC_KEY', `cannot read the public key ${path}: ${message}`, { cause, osCode: code });
  }
  if (length > MAX_KEY_BYTES) {
    throw new SealwrightTypeError('ERR_PUBLIC_KEY', `${path} is longer than ${MAX_KEY_BYTES} bytes: no public key`);
  }
  return { path, text: new TextDecoder().decode(buffer.subarray(0, length)).trim() };
}

/** Bytes read at once. */
export const BLOCK_BYTES = 128 * 1024;

const MAX_KEY_BYTES = 16 * 1024;

interface Opened {
  readonly handle: import('node:fs').promises.FileHandle;
  readonly size: number;
}

/** What was opened is no regular file. */
class NotAFile extends Error {}

function pathOfUrl(url: URL, name: string): string {
  try {
    return builtin('node:url')?.fileURLToPath(url) ?? url.href;
  } catch (error) {
    throw invalidArgument(`${name} must be a file: URL, found ${url.href} (${(error as Error).message})`);
  }
}

async function open(path: string): Promise<Opened> {
  const fs = builtin('node:fs');
  if (fs === undefined) throw new Error('this runtime has no files');
  const { constants, promises } = fs;
  // Windows has no O_NONBLOCK, nor FIFOs at such paths.
  const handle = await promises.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(async (error) => {
    // Sockets, and folders on Windows, cannot be opened at all.
    const stats = await promises.stat(path).catch(() => undefined);
    throw stats === undefined || stats.isFile() ? error : new NotAFile('not a regular file');
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new NotAFile('not a regular file');
    return { handle, size: stats.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* blocksOf({ handle, size }: Opened, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const block = new Uint8Array(Math.min(BLOCK_BYTES, size));
  for (let place = 0; place < size;) {
    const length = Math.min(block.length, size - place);
    const { bytesRead } = await handle.read(block, 0, length, place).catch((cause: unknown) => {
      throw ledgerErrorOf(cause, path);
    });
    if (bytesRead === 0) throw ledgerError('ERR_LEDGER_IO', `${path} was cut while it was read`);
    place += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}

function ledgerErrorOf(cause: unknown, path: string): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof NotAFile) return ledgerError('ERR_LEDGER_NOT_A_FILE', `${path} is no regular file`);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return ledgerError('ERR_LEDGER_NOT_FOUND', `there is no ledger at ${path}`, { cause, osCode: code });
  }
  return ledgerError('ERR_LEDGER_IO', `cannot read ${path}: ${message}`, { cause, osCode: code });
}
