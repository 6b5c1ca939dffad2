/*
 * importLedger: takes over a ledger that another program of the same format wrote, such as the Provedex SDK.
 *
 * The native side verifies the ledger, holds it against sessions, and adopts it; here the head store is asked and told
 * in between, since it may be JavaScript. docs/from-provedex.md is the guide.
 */

import { checkOptions, checkSignal, type PathLike } from './args.js';
import { cancellable } from './cancel.js';
import { SealwrightError, wrap, wrapAsync } from './errors.js';
import { type HeadStoreOption, keepHeads, readHeads, storeOf } from './headstore.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import type { ChainReport, Head } from './report.js';
import { checksOf, reportOf, type VerifyChecks } from './verify.js';

/** Options of {@link importLedger}. */
export interface ImportOptions extends Pick<VerifyChecks, 'signers' | 'expectedHead' | 'expectedFirst'> {
  /**
   * Where to put a copy, byte for byte: a path that is free. Mode 0600, durable, whole or not at all; missing folders
   * are made. Default: the ledger is adopted where it lies, made durable, and its mode narrowed to 0600.
   */
  readonly to?: PathLike | undefined;
  /**
   * Is asked whether the ledger has lost anything that it knows, and told the ledger's head and path, so that a later
   * cut or swap is noticed. Give the same store to {@link Session.open}.
   */
  readonly headStore?: HeadStoreOption | undefined;
  /** Ends the import, which rejects with `signal.reason`. Not heard once the ledger is adopted. */
  readonly signal?: AbortSignal | undefined;
}

/** A ledger that was imported. */
export interface ImportedLedger {
  /** Where it is, absolute and with symbolic links resolved: the `ledgerPath` of {@link Session.open}. */
  readonly path: string;
  /** What was found; `verdict` is `'verified'` when `signers` and `expectedHead` were given, else `'intact'`. */
  readonly report: ChainReport;
  /** Its last event. */
  readonly head: Head;
  /** Hash of its first event: what tells it from other ledgers. */
  readonly firstHash: string;
}

/**
 * Verifies a ledger of core events from its first byte to its last, every signature included, and takes it over, to be
 * continued by a {@link Session} with the key that signed its last event. Stop the program that writes it before: that
 * one asks for no lock. No event is added, changed or left out.
 *
 * Without `signers` the ledger itself says who signed it: name the key that you know.
 *
 * Rejects, leaving no copy and in place every byte as it was, with {@link LedgerError} `ERR_LEDGER_TAMPERED` (broken),
 * `ERR_TORN_TAIL` (bytes at its end that are no event), `ERR_EVENT_SET` (other than core kinds),
 * `ERR_LEDGER_NOT_FOUND` (no file, or one without events), these with a `report` where there is a file;
 * `ERR_LEDGER_LOCKED` (a session has it open), `ERR_LEDGER_CHANGED` (written to meanwhile), `ERR_LEDGER_IO` (`osCode`
 * `EEXIST`: something is at `to`), `ERR_LEDGER_NOT_A_FILE`, `ERR_ROLLBACK_DETECTED`, `ERR_HEAD_STORE`;
 * {@link ChainError} where it could not be read; TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`; RangeError
 * `ERR_OUT_OF_RANGE`; `signal.reason`.
 */
export async function importLedger(path: PathLike, options?: ImportOptions): Promise<ImportedLedger> {
  const source = toPath(path, 'path');
  const given = checkOptions(options, OPTIONS, 'importLedger');
  const { signers, expectedHead, expectedFirst } = given;
  const checks = checksOf({ signers, expectedHead, expectedFirst });
  const copyTo = given.to === undefined ? null : toPath(given.to, 'to');
  const store = storeOf(given.headStore);
  const signal = checkSignal(given.signal, 'signal');
  const held = await cancellable(signal, (cancel) => native.NativeImport.verify(source, copyTo, checks, cancel));
  try {
    const { path: adopted, heads } = held;
    const known = store === undefined ? [] : await readHeads(store, heads.map(({ id }) => id));
    signal?.throwIfAborted();
    await wrapAsync(() => held.adopt(known));
    if (store !== undefined) {
      try {
        await keepHeads(store, heads);
      } catch (error) {
        // A copy that the store does not know would look like a finished import.
        await wrapAsync(() => held.withdraw());
        throw error;
      }
    }
    return importedLedger(adopted, reportOf(held.report));
  } finally {
    wrap(() => held.release());
  }
}

const OPTIONS = ['signers', 'expectedHead', 'expectedFirst', 'to', 'headStore', 'signal'] as const;

function importedLedger(path: string, report: ChainReport): ImportedLedger {
  const { head, firstHash } = report;
  // The native side imports no ledger without events.
  if (head === null || firstHash === null) throw new SealwrightError('ERR_INTERNAL', 'imported a ledger without events');
  return { path, report, head, firstHash };
}
