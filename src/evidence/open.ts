/*
 * Opening a pack that is a file.
 */

import { checkInteger, checkOptions, checkSignal, type PathLike } from '../args.js';
import { toPath } from '../paths.js';
import { type Evidence, readEvidence } from './evidence.js';
import { openPackFile } from './file.js';

/** Options of {@link openEvidence}. */
export interface OpenEvidenceOptions {
  /** Bytes that the pack may hold when it is unpacked. Default 16 GiB. */
  readonly maxBytes?: number | undefined;
  /** Ends the opening; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_MAX_BYTES = 16 * 1024 ** 3;

/**
 * Opens a pack: checks its outer form, its manifest, and the small files, and reads nothing of the ledger. It is not
 * verified: see {@link verifyEvidence}.
 *
 * Rejects with LedgerError `ERR_EVIDENCE_IO`, `ERR_EVIDENCE_INVALID` (no ZIP file of the form of a pack),
 * `ERR_EVIDENCE_ENTRY` (holds what no pack holds), `ERR_EVIDENCE_TOO_LARGE`, `ERR_EVIDENCE_MANIFEST`,
 * `ERR_EVIDENCE_DIGEST`; TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`; `signal.reason`.
 */
export async function openEvidence(path: PathLike, options?: OpenEvidenceOptions): Promise<Evidence> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, ['maxBytes', 'signal'], 'openEvidence');
  const maxBytes = given.maxBytes === undefined ? DEFAULT_MAX_BYTES : checkInteger(given.maxBytes, 'maxBytes', 1);
  const signal = checkSignal(given.signal, 'signal');
  signal?.throwIfAborted();
  const evidence = await readEvidence(await openPackFile(file), file, maxBytes);
  if (signal?.aborted !== true) return evidence;
  await evidence.close();
  throw signal.reason;
}
