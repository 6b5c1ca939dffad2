/*
 * The files of tokens: read only where they are regular ones, and changed by one holder of a lock at a time.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { tokenError, wrapAsync } from '../errors.js';
import { native } from '../native.js';

/**
 * Opens a file to read it.
 *
 * @throws {@link TokenError} `ERR_TOKEN_IO`, with the `osCode` of the system
 */
export async function openRegular(path: string): Promise<FileHandle> {
  // A FIFO must not be waited for. Windows has neither.
  const file = await reading(path, () => open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw tokenError('ERR_TOKEN_IO', `cannot read ${path}: it is no regular file`);
}

/** What reads a file, its error as `ERR_TOKEN_IO`. */
export async function reading<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw tokenError('ERR_TOKEN_IO', `cannot read ${path}: ${code ?? 'unknown'}`, code);
  }
}

/** How long a lock is waited for, in milliseconds: a process that was stopped must not stop all others. */
const PATIENCE_MS = 10_000;

/**
 * Does work while nobody else does who takes the same lock, in whichever process. The waiting is done here and not on a
 * thread of the pool, all of which the holder of the lock may need.
 *
 * @throws {@link TokenError} `ERR_TOKEN_IO`; what the work throws
 */
export async function underLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = await taken(path);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function taken(path: string) {
  // Counted is what was waited, not the clock: a thread that was busy meanwhile has not waited for anybody.
  for (let waited = 0; ; ) {
    const lock = await wrapAsync(() => native.tryLock(path));
    if (lock !== null) return lock;
    if (waited > PATIENCE_MS) throw tokenError('ERR_TOKEN_IO', `another process holds ${path} for too long`);
    const pause = 2 + Math.random() * 8;
    await setTimeout(pause);
    waited += pause;
  }
}
