/*
 * Heads on a command line: SEQ:HASH, or a file that keeps one.
 */

import { type Head, readHeadFile } from '../index.js';
import { UsageError } from './context.js';
import { parseHeadText } from './head-text.js';

/** What is meant to be SEQ:HASH, and no path. */
const NEARLY = /^\d+:/;

/**
 * The event that a word names. Where a ledger is given the word may be a file too: a head store, or one with a head alone.
 *
 * @throws {@link UsageError}; LedgerError `ERR_HEAD_STORE`
 */
export function parseHead(word: string, option: string, ledger?: string): Head {
  const written = parseHeadText(word);
  if (written !== null) return written;
  if (ledger === undefined || NEARLY.test(word)) {
    throw new UsageError(`${option} must be SEQ:HASH, such as 41:${'0'.repeat(8)}…, with 64 lower-case hex digits, found ${word}`);
  }
  const head = readHeadFile(word, ledger);
  if (head === null) throw new UsageError(`${option}: ${word} knows no head of ${ledger}`);
  return head;
}

/** The spelling that {@link parseHead} takes. */
export function formatHead({ seq, hash }: Head): string {
  return `${seq}:${hash}`;
}
