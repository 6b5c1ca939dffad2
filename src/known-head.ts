/*
 * The head that someone knows of a ledger: read from a file to verify by it, and kept for the next time.
 */

import { invalidArgument, type PathLike, show } from './args.js';
import { ledgerError, wrap } from './errors.js';
import { checkHead, type HeadStore, idsOf, isHash, keepHeads } from './headstore.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import type { Head } from './report.js';

/**
 * The head that a file keeps of a ledger: a file of a {@link FileHeadStore}, or one that holds a head alone, as JSON:
 * `{"seq": 4, "hash": "..."}`. Null when the store knows nothing of that ledger.
 *
 * In a store a ledger is found by its first event, else by its path, so that another ledger in its place is compared with
 * what was there. Without `ledger`, or where it cannot be read, such as one in a compressed file, the only one that the
 * store knows is taken. The ledger is not verified: give the head to {@link verifyFile} as `expectedHead`.
 *
 * @throws {@link LedgerError} `ERR_HEAD_STORE` when the file is missing, is neither, or it is open which ledger is meant;
 * TypeError `ERR_INVALID_ARGUMENT`
 */
export function readHeadFile(path: PathLike, ledger?: PathLike): Head | null {
  const file = toPath(path, 'path');
  const ledgerPath = ledger === undefined ? undefined : toPath(ledger, 'ledger');
  return wrap(() => native.knownHead(file, ledgerPath));
}

/**
 * Keeps a head of a ledger in a store, as a session with that `headStore` does: {@link Session.open} then notices when the
 * ledger does not hold it any more. Take it from a report that is not broken. A store does not move a head backwards.
 *
 * Rejects with {@link LedgerError} `ERR_HEAD_STORE` when the store knows another ledger at that path, or another event at
 * that place; `ERR_LEDGER_NOT_FOUND` when there is no event; `ERR_LEDGER_NOT_A_FILE`, `ERR_SEGMENT_REFUSED`,
 * `ERR_LEDGER_IO`; TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`.
 */
export async function keepHead(ledger: PathLike, store: HeadStore, head: Head): Promise<void> {
  const ledgerPath = toPath(ledger, 'ledger');
  const { seq, hash } = checkHead(head, 'head');
  if (typeof store !== 'object' || store === null) throw invalidArgument(`store must be a head store, found ${show(store)}`);
  if (!isHash(hash)) throw invalidArgument(`head.hash must be 64 lower-case hex digits, found ${show(hash)}`);
  const { firstHash, ledgerId, pathId } = idsOf(ledgerPath);
  if (ledgerId === null) throw ledgerError('ERR_LEDGER_NOT_FOUND', `${ledgerPath} has no event to be known by`);
  // The one that is refused comes first.
  await keepHeads(store, [
    { id: pathId, seq: 0, hash: firstHash },
    { id: ledgerId, seq, hash },
  ]);
}
