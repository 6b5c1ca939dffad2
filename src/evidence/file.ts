/*
 * The bytes of a pack, wherever they are. Here those of a file; the viewer has those that were dropped on it.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ledgerError } from '../errors.js';

/** A pack's bytes. */
export interface PackFile {
  readonly bytes: number;
  /** Fills as much of the buffer as there is from a position on, and says how much that was; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens a file. Rejects with LedgerError `ERR_EVIDENCE_IO`, and `ERR_EVIDENCE_INVALID` when it is no regular file. */
export async function openPackFile(path: string): Promise<PackFile> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    return {
      bytes: size,
      read: async (buffer, position) => (await file.read(buffer, 0, buffer.length, position)).bytesRead,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    // A FIFO must not be waited for. Windows has neither.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw ledgerError('ERR_EVIDENCE_IO', `cannot open the pack ${path}: ${message}`, { cause, osCode: code });
  }
  throw ledgerError('ERR_EVIDENCE_INVALID', `no evidence pack: ${path} is no regular file`);
}
