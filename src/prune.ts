/*
 * Which sealed segments a session may remove.
 */

import type { NativePruneLimits } from '../index.js';
import { checkInteger, checkOptions, invalidArgument, millisOf, show } from './args.js';
import type { SignedEvent } from './signed-event.js';

/** Options of {@link Session.prune}; `before` or `keep` must be given. */
export interface PruneOptions {
  /**
   * A seq: segments go whose events all come before it. A time: segments go whose last event was recorded before it, by
   * the clock of the writer.
   */
  readonly before?: number | Date | undefined;
  /** How many sealed segments stay at least; from 1, which is the default. */
  readonly keep?: number | undefined;
}

/** What {@link Session.prune} removed. */
export interface Pruned {
  /** The `LedgerPruned` event that says so. */
  readonly event: SignedEvent;
  /** Seq of the first event that is gone. */
  readonly from: number;
  /** Seq of the last event that is gone. */
  readonly to: number;
}

/** Checked options. */
export function pruneLimitsOf(options: unknown): NativePruneLimits {
  const { before, keep } = checkOptions(options, ['before', 'keep'], 'session.prune');
  if (before === undefined && keep === undefined) throw invalidArgument('session.prune needs before or keep');
  const limits: NativePruneLimits = { keep: keep === undefined ? 1 : checkInteger(keep, 'keep', 1) };
  const beforeMs = millisOf(before);
  if (beforeMs !== undefined) limits.beforeMs = checkInteger(beforeMs, 'before', 0);
  else if (typeof before === 'number') limits.beforeSeq = checkInteger(before, 'before', 0);
  else if (before !== undefined) throw invalidArgument(`before must be a seq or a Date, found ${show(before)}`);
  return limits;
}
