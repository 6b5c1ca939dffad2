/*
 * The end of a ledger, looked at and mended without a session, and so without a key. What opening a ledger does by
 * itself, for whoever wants to see it before.
 */

import type { PathLike } from './args.js';
import { wrapAsync } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import type { Head } from './report.js';
import type { Recovery } from './session.js';

/** Bytes behind the last event that a crash left. */
export interface TornTail {
  /** Where they begin in the ledger's own file. */
  readonly offset: number;
  readonly bytes: number;
  /** Lines, or parts of them. */
  readonly lines: number;
  /** `'unterminated'`: the first bad line has no end; `'hole'`: it holds NULs, a page that never reached the disk. */
  readonly reason: 'unterminated' | 'hole';
  /** The first 256 of them at most. Anything may be in them: make them safe before they are shown. */
  readonly excerpt: Buffer;
}

/** A tail that was cut off earlier and is kept in a file beside the ledger. */
export interface QuarantinedTail {
  readonly path: string;
  /** Where its bytes were in the ledger's own file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What {@link inspectTail} found. */
export interface TailInspection {
  /** The last good event; null in an empty ledger, and in one whose rotation a crash left halfway. */
  readonly head: Head | null;
  /** What follows it; null when nothing does. */
  readonly tail: TornTail | null;
  /** What was cut off earlier, by its offset. */
  readonly quarantined: readonly QuarantinedTail[];
}

/**
 * Looks at the end of a ledger, as {@link Session.open} does before it mends it, and changes nothing. It takes the lock for
 * that moment, so that bytes which are just being written are not taken for a torn tail.
 *
 * Rejects with {@link LedgerError} `ERR_LEDGER_LOCKED` when someone records in it; `ERR_LEDGER_TAMPERED` when its end is not
 * good and no crash explains that: verify it; `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_SEALED`,
 * `ERR_LEDGER_CHANGED`, `ERR_LEDGER_IO`, `ERR_SEGMENT_MISSING`, `ERR_SEGMENT_REFUSED`; TypeError `ERR_INVALID_ARGUMENT`.
 */
export async function inspectTail(ledger: PathLike): Promise<TailInspection> {
  const path = toPath(ledger, 'ledger');
  const { head, tail, kept } = JSON.parse(await wrapAsync(() => native.lookAtEnd(path))) as NativeEnd;
  const torn = tail === null ? null : { ...tail, excerpt: Buffer.from(tail.excerpt, 'hex') };
  return { head, tail: torn, quarantined: kept };
}

/**
 * Keeps a torn tail in a file beside the ledger and cuts it off, as {@link Session.open} does. Resolves with what was cut
 * off and where it is kept, or with null when there was nothing. Rejects as {@link inspectTail}.
 */
export async function recoverLedger(ledger: PathLike): Promise<Recovery['tail']> {
  const path = toPath(ledger, 'ledger');
  return JSON.parse(await wrapAsync(() => native.mendEnd(path))) as Recovery['tail'];
}

/**
 * Removes the files in which torn tails of a ledger are kept: the only copies of those bytes. Resolves with what is gone.
 * Rejects as {@link inspectTail}; if one file cannot be removed, those before it are gone.
 */
export async function discardQuarantined(ledger: PathLike): Promise<readonly QuarantinedTail[]> {
  const path = toPath(ledger, 'ledger');
  return JSON.parse(await wrapAsync(() => native.discardKept(path))) as readonly QuarantinedTail[];
}

interface NativeEnd {
  readonly head: Head | null;
  readonly tail: (Omit<TornTail, 'excerpt'> & { readonly excerpt: string }) | null;
  readonly kept: readonly QuarantinedTail[];
}
