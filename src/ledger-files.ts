/*
 * The files of a ledger, and places in them.
 */

import { wrap } from './errors.js';
import { native } from './native.js';

/** A file of a ledger: a sealed segment with the events that its name says, or the active file. */
export interface LedgerFile {
  readonly path: string;
  readonly range: { readonly first: number; readonly last: number } | null;
}

/** A place between two lines: the offset of the line behind it, and the seq that it should have. */
export interface Gap {
  readonly offset: number;
  readonly nextSeq: number;
}

/**
 * Its files in the order of their events: sealed segments, then the active file. A segment's path is that file alone.
 *
 * @throws {@link LedgerError} as {@link readEvents}
 */
export function ledgerFiles(path: string): LedgerFile[] {
  return wrap(() => native.ledgerFiles(path)).map(({ path: file, first, last }) => ({
    path: file,
    range: first === undefined || last === undefined ? null : { first, last },
  }));
}

/**
 * In front of an event of a file; behind the last one where all are before it. Seqs are believed, so what follows has to
 * be verified.
 */
export function findGap(file: string, seq: number): Gap {
  return wrap(() => native.findGap(file, seq));
}

/** The seq that the next event of a ledger has; an event whose line has no end yet is not counted. */
export function endOf(files: readonly LedgerFile[]): number {
  for (const { path, range } of files.toReversed()) {
    const { nextSeq } = findGap(path, Number.MAX_SAFE_INTEGER);
    if (nextSeq > 0) return nextSeq;
    if (range !== null) return range.last + 1;
  }
  return 0;
}
