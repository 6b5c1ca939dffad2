/*
 * A ledger's tree as a folder that any web server can serve (c2sp.org/tlog-tiles).
 */

import { checkOptions, checkSignal, checkString, type PathLike } from '../args.js';
import { cancellable } from '../cancel.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';

/** Options of {@link exportTiles}. */
export interface ExportTilesOptions {
  /** The checkpoint whose tree it is, a signed note: the last one, or any before it. It is written as it is. */
  readonly checkpoint: string;
  /** Ends the work, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link exportTiles} wrote. */
export interface ExportedTiles {
  /** Events in the tree. */
  readonly events: number;
  /** Files, the checkpoint included. */
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

/**
 * Writes the tree of a checkpoint into a folder, to be served as it is: `checkpoint`; `tile/`, the hashes; and
 * `tile/entries/`, what the leaves are of, which are the 32 bytes of each event's `self_hash` and nothing else of it. Whoever
 * can fetch these files needs neither this package nor the ledger to check proofs, or all of the log.
 *
 * The folder is made, or is empty; files have the modes that the umask leaves them. All is read again and led to the root of
 * the checkpoint before `checkpoint` is written, as the last file: a folder that has one is whole, after a power failure too.
 * What fails leaves nothing. Memory does not grow with the ledger.
 *
 * Rejects with `LedgerError` `ERR_OUTPUT_REFUSED` (a folder with anything in it, or no folder); `ProofError`
 * `ERR_NOTE_MALFORMED`, `ERR_CHECKPOINT_MALFORMED`, `ERR_PROOF_DIVERGED` (the ledger is not that of the checkpoint),
 * `ERR_TREE_MISSING` (events were pruned: what is exported is made of all of them), `ERR_TREE_IO`; `LedgerError` and
 * `ChainError` as `readEvents`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`; `signal.reason`.
 */
export async function exportTiles(ledger: PathLike, folder: PathLike, options: ExportTilesOptions): Promise<ExportedTiles> {
  const path = toPath(ledger, 'ledger');
  const target = toPath(folder, 'folder');
  const given = checkOptions(options, ['checkpoint', 'signal'], 'exportTiles');
  const checkpoint = checkString(given.checkpoint, 'checkpoint');
  const signal = checkSignal(given.signal, 'signal');
  return cancellable(signal, (cancel) => native.exportTiles(path, target, checkpoint, cancel));
}
