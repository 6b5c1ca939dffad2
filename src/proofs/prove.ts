/*
 * Making proofs, by the tree that lies beside a ledger.
 */

import { checkInteger, checkOptions, checkSignal, checkString, type PathLike } from '../args.js';
import { cancellable } from '../cancel.js';
import { wrapAsync } from '../errors.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';

/** Options of {@link proveInclusion}. */
export interface ProveInclusionOptions {
  /** The checkpoint that the proof leads to, a signed note: the last one, or any before it. */
  readonly checkpoint: string;
  /** Ends the work, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link proveConsistency}. */
export interface ProveConsistencyOptions {
  /** The earlier checkpoint, a signed note; or how many events it has. */
  readonly from: string | number;
  /** The later one, a signed note. */
  readonly to: string;
  /** Ends the work, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** What a tree begins with, see {@link proveGrowth}. */
export interface Growth {
  /** The root of the events that it begins with: 64 lower-case hex digits. */
  readonly root: string;
  /** The consistency proof from there. */
  readonly proof: readonly string[];
}

/**
 * The proof that an event is in a ledger: the text of a file (c2sp.org/tlog-proof), which carries the event's line. Whoever
 * has it needs nothing else of the ledger, see {@link verifyInclusion}.
 *
 * The tree beside the ledger, `<ledger>.tlog`, is made anew where it is missing or wrong; where that cannot be written, in
 * memory.
 *
 * Rejects with `ProofError` `ERR_NOTE_MALFORMED`, `ERR_CHECKPOINT_MALFORMED`, `ERR_PROOF_DIVERGED` (the ledger is
 * not that of the checkpoint), `ERR_TREE_MISSING` (events were pruned, and their hashes are gone), `ERR_TREE_IO`; RangeError
 * `ERR_OUT_OF_RANGE` for an event behind the checkpoint; `LedgerError` and `ChainError` as `readEvents`;
 * TypeError `ERR_INVALID_ARGUMENT`; `signal.reason`.
 *
 * @param seq the event's place, from 0
 */
export async function proveInclusion(ledger: PathLike, seq: number, options: ProveInclusionOptions): Promise<string> {
  const path = toPath(ledger, 'ledger');
  const place = checkInteger(seq, 'seq', 0);
  const given = checkOptions(options, ['checkpoint', 'signal'], 'proveInclusion');
  const checkpoint = checkString(given.checkpoint, 'checkpoint');
  const signal = checkSignal(given.signal, 'signal');
  return cancellable(signal, (cancel) => native.proveInclusion(path, place, checkpoint, cancel));
}

/**
 * The proof that a ledger only grew from one checkpoint to another: hashes for {@link verifyConsistency}, 64 lower-case hex
 * digits each; none if the two have one size, or the earlier one none.
 *
 * Rejects as {@link proveInclusion}; RangeError `ERR_OUT_OF_RANGE` when `to` is smaller than `from`.
 */
export async function proveConsistency(ledger: PathLike, options: ProveConsistencyOptions): Promise<string[]> {
  const path = toPath(ledger, 'ledger');
  const given = checkOptions(options, ['from', 'to', 'signal'], 'proveConsistency');
  const to = checkString(given.to, 'to');
  const signal = checkSignal(given.signal, 'signal');
  if (typeof given.from === 'number') return [...(await proveGrowth(path, given.from, to, signal)).proof];
  const from = checkString(given.from, 'from', 'a signed note or a number of events');
  return cancellable(signal, (cancel) => native.proveConsistency(path, from, to, cancel));
}

/** The proof of {@link proveConsistency} from a number of events, and their root. */
export async function proveGrowth(path: string, size: number, to: string, signal?: AbortSignal): Promise<Growth> {
  const oldSize = checkInteger(size, 'from', 0);
  const [root = '', ...proof] = await cancellable(signal, (cancel) => native.proveGrowth(path, oldSize, to, cancel));
  return { root, proof };
}

/**
 * The checkpoint that was signed last, with the cosignatures that were kept; null before the first. Nothing of it is
 * checked. It is given where the ledger is gone, too.
 *
 * Rejects with `ProofError` `ERR_NOTE_MALFORMED`, `ERR_TREE_IO`; `LedgerError` `ERR_LEDGER_NOT_FOUND` where there is neither
 * a checkpoint nor a ledger, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_IO`; TypeError `ERR_INVALID_ARGUMENT`.
 */
export async function lastCheckpoint(ledger: PathLike): Promise<string | null> {
  const path = toPath(ledger, 'ledger');
  return wrapAsync(() => native.lastCheckpoint(path));
}

/**
 * Keeps the cosignatures of a checkpoint beside the ledger, if it is the one that was signed last. They are not checked.
 *
 * Rejects as {@link lastCheckpoint}, and where the ledger is gone.
 */
export async function keepCosignatures(ledger: PathLike, checkpoint: string): Promise<void> {
  const path = toPath(ledger, 'ledger');
  const note = checkString(checkpoint, 'checkpoint');
  await wrapAsync(() => native.keepCosignatures(path, note));
}
