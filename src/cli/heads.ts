/*
 * Heads on a command line: SEQ:HASH, or a file that keeps one.
 */

import type { Head } from '../index.js';
import { UsageError } from './context.js';

const HEAD = /^(\d{1,16}):([0-9a-f]{64})$/;

/**
 * The event that a word names.
 *
 * @throws {@link UsageError}
 */
export function parseHead(word: string, option: string, _ledger?: string): Head {
  const [, seq = '', hash = ''] = HEAD.exec(word) ?? [];
  if (hash === '' || !Number.isSafeInteger(Number(seq))) {
    throw new UsageError(`${option} must be SEQ:HASH, such as 41:${'0'.repeat(8)}…, with 64 lower-case hex digits, found ${word}`);
  }
  return { seq: Number(seq), hash };
}
