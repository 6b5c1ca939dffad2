/*
 * Asking for a timestamp (RFC 3161, section 2.4.1). The caller carries what is asked: nothing here opens a connection.
 */

import { checkOptions, checkString, invalidArgument, isBytes, show } from '../../args.js';
import { builtin } from '../../builtin.js';
import { parts } from './parts.js';

/** Options of {@link timestampRequest}. */
export interface TimestampRequestOptions {
  /** The policy that the authority is to keep to, as a dotted object identifier. Without it, its own. */
  readonly policy?: string | undefined;
}

/** What {@link timestampRequest} makes. */
export interface TimestampRequest {
  /** To be sent as `application/timestamp-query`, and to be kept: DER. */
  readonly request: Uint8Array;
  /** What the answer has to repeat: 16 lower-case hex digits, in the request too. */
  readonly nonce: string;
  /** SHA-256 of the checkpoint's bytes: 64 lower-case hex digits. */
  readonly imprint: string;
}

/**
 * Asks a timestamping authority when a checkpoint was there.
 *
 * @param checkpoint the signed note, byte for byte: with other signatures on it the timestamp would be of something else
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function timestampRequest(checkpoint: string, options?: TimestampRequestOptions): TimestampRequest {
  const hash = imprintOf(checkString(checkpoint, 'checkpoint'));
  const policy = checkPolicy(checkOptions(options, ['policy'], 'timestampRequest').policy);
  const nonce = builtin.crypto.randomBytes(8);
  // A positive integer that begins with no zeros, so that its hex is the nonce.
  nonce.writeUInt8((nonce.readUInt8() & 0x3f) | 0x40);
  const request = parts.messages.encodeRequest(hash, nonce, policy);
  return { request, nonce: nonce.toString('hex'), imprint: hash.toString('hex') };
}

/** SHA-256 of the checkpoint's bytes. */
export function imprintOf(checkpoint: string): Buffer {
  return builtin.crypto.createHash('sha256').update(checkpoint, 'utf8').digest();
}

/** An object identifier in dotted form, or none. */
export function checkPolicy(policy: unknown): string | undefined {
  if (policy === undefined) return undefined;
  const text = checkString(policy, 'policy');
  if (text.length > 128 || !/^([01]\.[1-3]?\d|2\.(0|[1-9]\d*))(\.(0|[1-9]\d*))*$/.test(text)) {
    throw invalidArgument(`policy must be a dotted object identifier, found ${show(policy)}`);
  }
  return text;
}

/** Bytes. */
export function checkBytes(value: unknown, name: string): Uint8Array {
  if (!isBytes(value)) throw invalidArgument(`${name} must be bytes, found ${show(value)}`);
  return value;
}
