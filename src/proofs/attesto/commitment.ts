/*
 * Commitments to payloads and metadata: the hash that stands in an event in the place of what it is about.
 */

import { checkBoolean, checkOptions, checkString, invalidArgument } from '../../args.js';
import { wrap } from '../../errors.js';
import { native } from '../../native.js';
import type { CommitmentReport } from './report.js';
import { committedText, verifiedText } from './values.js';

/** Options of what commits. */
export interface CommitmentOptions {
  /**
   * Refuses numbers that not every language reads as the same value: whatever is no integer, and integers beyond 2^53-1.
   * Default true. Without it the service decides.
   */
  readonly preflight?: boolean | undefined;
  /** What the path of a refused number begins with. Default `'$.payload'`, `'$.metadata'` for metadata, else `'$'`. */
  readonly path?: string | undefined;
}

/** A commitment to a payload. */
export interface PayloadCommitment {
  readonly hash_alg: 'sha256';
  /** 64 lower-case hex digits. */
  readonly canonical_payload_hash: string;
}

/** A commitment to metadata. */
export interface MetadataCommitment {
  readonly hash_alg: 'sha256';
  /** 64 lower-case hex digits. */
  readonly canonical_metadata_hash: string;
}

/**
 * The canonical JSON that is hashed, as UTF-8: keys by code point, no white space, numbers as Python spells them. A `Uint8Array`
 * is its hex, a `Date` its UTC time with milliseconds, a `bigint` its digits, `float(1)` is `1.0`.
 *
 * @throws RangeError {@link UnsafeNumberError} `ERR_UNSAFE_NUMBER` with the number's `path`; `ERR_JSON_NUMBER`,
 * `ERR_DEPTH_EXCEEDED` (127 levels); TypeError `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING`, `ERR_INVALID_ARGUMENT`
 */
export function canonicalCommitmentJson(value: unknown, options?: CommitmentOptions): Buffer {
  const { text, root } = toCommit(value, options, '$', 'canonicalCommitmentJson');
  return wrap(() => native.attestoCanonicalJson(text, root));
}

/** The commitment to a payload. Throws what {@link canonicalCommitmentJson} throws. */
export function payloadCommitment(payload: unknown, options?: CommitmentOptions): PayloadCommitment {
  const { text, root } = toCommit(payload, options, '$.payload', 'payloadCommitment');
  return { hash_alg: 'sha256', canonical_payload_hash: wrap(() => native.attestoCommitment(text, root)) };
}

/** The commitment to metadata. Throws what {@link canonicalCommitmentJson} throws. */
export function metadataCommitment(metadata: unknown, options?: CommitmentOptions): MetadataCommitment {
  const { text, root } = toCommit(metadata, options, '$.metadata', 'metadataCommitment');
  return { hash_alg: 'sha256', canonical_metadata_hash: wrap(() => native.attestoCommitment(text, root)) };
}

/**
 * SHA-256 of `domain`, a zero byte and the canonical JSON of a value, which may have any numbers: 64 lower-case hex digits.
 *
 * @param domain such as `attesto.v2.event`; without zero bytes
 * @throws what {@link canonicalCommitmentJson} throws, but for `ERR_UNSAFE_NUMBER`
 */
export function domainHash(domain: string, value: unknown): string {
  if (checkString(domain, 'domain').includes('\0')) throw invalidArgument('domain must have no zero bytes');
  const text = committedText(value, '$', false);
  return wrap(() => native.attestoDomainHash(domain, text));
}

/**
 * Checks that an event commits to a payload. The commitment stands in the event's `envelope` (or `envelope_json`), or in the
 * event itself; where both have one they must be the same, and the event's hash must be that of the envelope.
 *
 * @param event an object, or JSON text, which loses no digit of a number
 * @throws for the payload what {@link canonicalCommitmentJson} throws, but for `ERR_UNSAFE_NUMBER`
 */
export function verifyPayloadCommitment(payload: unknown, event: object | string): CommitmentReport {
  return verifyCommitment(payload, event, '$.payload', false);
}

/** The same of metadata. */
export function verifyMetadataCommitment(metadata: unknown, event: object | string): CommitmentReport {
  return verifyCommitment(metadata, event, '$.metadata', true);
}

function verifyCommitment(value: unknown, event: unknown, root: string, isMetadata: boolean): CommitmentReport {
  const text = committedText(value, root, false);
  const eventText = verifiedText(event, 'event');
  if (typeof eventText !== 'string') return { ok: false, problems: [eventText], eventHash: null };
  const hash = wrap(() => native.attestoCommitment(text));
  return JSON.parse(wrap(() => native.attestoVerifyCommitment(eventText, isMetadata, hash))) as CommitmentReport;
}

function toCommit(value: unknown, options: unknown, byDefault: string, where: string): { text: string; root?: string } {
  const given = checkOptions(options, ['preflight', 'path'], where);
  const preflight = checkBoolean(given.preflight, 'preflight', true);
  const path = given.path === undefined ? byDefault : checkString(given.path, 'path');
  const text = committedText(value, path, preflight);
  return preflight ? { text, root: path } : { text };
}
