/*
 * Public keys as signed notes name them: `NAME+ID+KEY`, which policies list.
 */

import { checkString } from '../args.js';
import { wrap } from '../errors.js';
import { native } from '../native.js';
import { resolveSigners, type SignerInput } from '../signers.js';

/**
 * The key of a log, for the `log` line of a policy. The name is the log's origin.
 *
 * @throws `ProofError` `ERR_CHECKPOINT_ORIGIN` unless it is a host and a path without a scheme, as in
 * `example.com/ledger`; TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`
 */
export function logKey(origin: string, publicKey: SignerInput): string {
  return noteKey(checkString(origin, 'origin'), publicKey, false);
}

/**
 * The key of a witness, for a `witness` line of a policy. One key is one witness: its cosignatures do not have its name.
 *
 * @throws `ProofError` `ERR_NOTE_KEY` for a name with spaces, `+` or nothing in it; TypeError
 * `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`
 */
export function witnessKey(name: string, publicKey: SignerInput): string {
  return noteKey(checkString(name, 'name'), publicKey, true);
}

function noteKey(name: string, publicKey: SignerInput, isWitness: boolean): string {
  const [key = ''] = resolveSigners(publicKey);
  return wrap(() => native.noteKey(name, key, isWitness));
}
