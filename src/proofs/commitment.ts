/*
 * Commitments: what stands in a ledger for a value that may have to be forgotten.
 *
 *   commitment = SHA-256( "sealwright/commitment/v1" LF domain LF salt canonical(value) )
 *
 * The commitment is recorded, value and salt are kept elsewhere. Without the salt nobody can tell whether the value is
 * one of a few that he can think of; with both, anybody can. To erase: delete both, then record `payloadErased`.
 */

import { checkOptions, checkString } from '../args.js';
import { wrap } from '../errors.js';
import { writeJson } from '../json.js';
import { native } from '../native.js';

/** Options of {@link commit}. */
export interface CommitOptions {
  /**
   * What the value is about, such as `com.example.patient`: a commitment under one domain is none under another. At most
   * 255 bytes of UTF-8 without control characters. Default: empty.
   */
  readonly domain?: string | undefined;
}

/** What {@link commit} makes. */
export interface Commitment {
  /** To be recorded: 64 lower-case hex digits. */
  readonly commitment: string;
  /** To be kept with the value, as secret as that, and deleted with it: 32 random bytes as 64 lower-case hex digits. */
  readonly salt: string;
}

/** Arguments of {@link verifyCommitment}. */
export interface VerifyCommitmentFields extends CommitOptions {
  /** The value that is said to have been committed to. */
  readonly value: unknown;
  /** The salt that {@link commit} gave with the commitment. */
  readonly salt: string;
}

/**
 * Commits to a value, under a salt of its own each time.
 *
 * @param value any JSON; what counts is its canonical form, as of `canonicalJson`
 * @throws TypeError `ERR_INVALID_ARGUMENT` (a domain that is none), `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING`; RangeError
 * `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED` (127 levels); `SelfTestError`
 */
export function commit(value: unknown, options?: CommitOptions): Commitment {
  const domain = domainOf(checkOptions(options, ['domain'], 'commit').domain);
  const text = writeJson(value, MAX_DEPTH);
  return JSON.parse(wrap(() => native.commit(text, domain))) as Commitment;
}

/**
 * Whether a commitment is the one to this value under this salt and domain. A commitment or a salt that is not 64
 * lower-case hex digits belongs to no value. The hashes are compared in constant time.
 *
 * @throws as {@link commit}
 */
export function verifyCommitment(commitment: string, fields: VerifyCommitmentFields): boolean {
  const hash = checkString(commitment, 'commitment');
  const given = checkOptions(fields, ['value', 'salt', 'domain'], 'verifyCommitment');
  const salt = checkString(given.salt, 'salt');
  const domain = domainOf(given.domain);
  const text = writeJson(given.value, MAX_DEPTH);
  return wrap(() => native.verifyCommitment(hash, text, salt, domain));
}

function domainOf(domain: unknown): string {
  return domain === undefined ? '' : checkString(domain, 'domain');
}

/** Containers that may be inside each other in any JSON that the ledger hashes. */
const MAX_DEPTH = 127;
