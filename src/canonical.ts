/*
 * Canonical JSON and SHA-256: what digests in events are made with, so that anyone can make them again.
 *
 *   text       -> sha256Hex(text)            the UTF-8 bytes
 *   structure  -> canonicalSha256(value)     the canonical JSON: sorted keys, no white space, fixed numbers
 */

import { checkString, invalidArgument, isBytes, show } from './args.js';
import { wrap } from './errors.js';
import { writeJson } from './json.js';
import { native } from './native.js';

/** Containers that may be inside each other in any JSON that the ledger hashes. */
const MAX_DEPTH = 127;

/**
 * The canonical JSON of a value, as UTF-8: keys sorted by their bytes, no white space, numbers in one form. It is
 * the form that a ledger hashes. See {@link float} for `1` and `1.0`.
 *
 * @throws TypeError `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING` for values that are not JSON; RangeError
 * `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED` (127 levels); each with the `path` of the value
 */
export function canonicalJson(value: unknown): Buffer {
  const text = writeJson(value, MAX_DEPTH);
  return wrap(() => native.canonicalJson(text));
}

/** SHA-256 of {@link canonicalJson}: 64 lower-case hex digits. Throws what it throws. */
export function canonicalSha256(value: unknown): string {
  const text = writeJson(value, MAX_DEPTH);
  return wrap(() => native.canonicalSha256(text));
}

/**
 * SHA-256 of bytes, or of a string's UTF-8: 64 lower-case hex digits.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT` for other types and for a string with a lone surrogate
 */
export function sha256Hex(data: string | Uint8Array): string {
  if (typeof data === 'string') checkString(data, 'data');
  else if (!isBytes(data)) throw invalidArgument(`data must be a string or bytes, found ${show(data)}`);
  return wrap(() => native.sha256Hex(data));
}
