/*
 * How a token names the one before it.
 */

import { invalidArgument, show } from '../args.js';
import { isLink, isObject, type PreviousAttestation } from './claims.js';
import { parseCompact } from './compact.js';
import { AttestationResult } from './result.js';

/** The token before: its text, what {@link createAttestation} gave, or a link that was made of it. */
export type PreviousInput = string | AttestationResult | PreviousAttestation;

/** @throws TypeError `ERR_INVALID_ARGUMENT` for what is no token with a `jti` */
export function linkTo(previous: unknown, name: string): PreviousAttestation {
  if (isLink(previous)) return { jti: previous.jti, signing_input_hash: previous.signing_input_hash };
  const token = previous instanceof AttestationResult ? previous.token : previous;
  const compact = typeof token === 'string' ? parseCompact(token) : 'it was not issued';
  const jti = typeof compact === 'string' || !isObject(compact.payload) ? undefined : compact.payload['jti'];
  const link = typeof compact === 'string' ? undefined : { jti, signing_input_hash: compact.signingInputHash };
  if (!isLink(link)) throw invalidArgument(`${name} must be a token, an AttestationResult that was issued, or a link, found ${show(previous)}`);
  return link;
}

/** Why a claim is not this link; null when it is. */
export function checkLink(claim: unknown, expected: PreviousAttestation | null): string | null {
  if (expected === null) return claim === undefined ? null : 'it names a token before it';
  if (!isLink(claim)) return 'it names no token before it';
  if (claim.jti !== expected.jti) return `it names ${claim.jti} as the token before it, not ${expected.jti}`;
  return claim.signing_input_hash === expected.signing_input_hash ? null : `it names another token with the jti ${claim.jti}`;
}
