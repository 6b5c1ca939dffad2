/*
 * Chains: tokens that say which one they are in a row, and which token came before them.
 */

import { checkOptions, invalidArgument, show } from '../args.js';
import type { AttestationClaims, VerdictClaim } from './claims.js';
import { checkLink, linkTo } from './link.js';
import { type AttestationVerification, type VerificationCode, Verifier, type VerifyAttestationOptions } from './verify.js';

/** What is wrong between the tokens of a chain. */
export type ChainCode =
  /** A token is not valid by itself; see its verification. */
  | VerificationCode
  /** It is of no chain, or of another one than the first. */
  | 'CHAIN_ID'
  /** A place in the chain is missing before it. */
  | 'GAP'
  /** It is at a place that came already. */
  | 'REORDERED'
  /** It is there twice. */
  | 'REPEATED'
  /** It names another token before it, or none; or the first names one. */
  | 'LINK'
  /** Another issuer than that of the first signed it. */
  | 'ISSUER';

/** A problem of a chain. */
export interface ChainProblem {
  /** Which token, from 0. */
  readonly index: number;
  readonly code: ChainCode;
  /** For people. */
  readonly message: string;
}

/** What {@link verifyAttestationChain} found. */
export interface ChainVerification {
  /** Whether all tokens are valid, and follow each other without a gap from the beginning. */
  readonly ok: boolean;
  readonly chainId: string | null;
  readonly problems: readonly ChainProblem[];
  /** Of each token, in the order that they were given in. */
  readonly tokens: readonly AttestationVerification[];
}

/** Options of {@link verifyAttestationChain}: those of verifying each token. */
export interface VerifyChainOptions extends Omit<VerifyAttestationOptions, 'kind' | 'query' | 'proofHash' | 'documentHash' | 'admission' | 'previous'> {
  /** Takes tokens that are expired by now: what they said is past, and their order can still be checked. Default false. */
  readonly allowExpired?: boolean | undefined;
}

/** Most tokens of one chain. */
const MAX_TOKENS = 10_000;

/**
 * Verifies the tokens of a chain, from its first one on, and that each names the one before it: a chain can be cut only at
 * its end, where nothing but a known last token shows it.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`
 */
export async function verifyAttestationChain(tokens: readonly string[], options: VerifyChainOptions): Promise<ChainVerification> {
  if (!Array.isArray(tokens) || tokens.length === 0 || tokens.length > MAX_TOKENS) {
    throw invalidArgument(`tokens must be an array of 1 to ${MAX_TOKENS} tokens, found ${show(tokens)}`);
  }
  const { allowExpired = false, ...rest } = checkOptions(options, CHAIN_NAMES, 'verifyAttestationChain') as VerifyChainOptions;
  if (typeof allowExpired !== 'boolean') throw invalidArgument(`allowExpired must be a boolean, found ${show(allowExpired)}`);
  const verifier = new Verifier(rest);
  const verified: AttestationVerification[] = [];
  for (const token of tokens as unknown[]) verified.push(await verifier.verify(token));
  const problems = verified.flatMap((verification, index) => problemsOf(tokens, verified, verification, index, allowExpired));
  const chainId = verified[0]?.claims == null ? null : (verdictOf(verified[0].claims).chain_id ?? null);
  return { ok: problems.length === 0, chainId, problems, tokens: verified };
}

const CHAIN_NAMES = ['issuers', 'trustedIssuers', 'jwks', 'resolver', 'resolverTimeoutMs', 'leeway', 'at', 'revocations', 'requireLowS', 'allowExpired'] as const;

function problemsOf(
  tokens: readonly string[],
  verified: readonly AttestationVerification[],
  { status, claims, code, error }: AttestationVerification,
  index: number,
  allowExpired: boolean,
): ChainProblem[] {
  const problem = (found: ChainCode, message: string): ChainProblem => ({ index, code: found, message });
  const own = status === 'VALID' || (status === 'EXPIRED' && allowExpired) ? [] : [problem(code ?? 'MALFORMED', error ?? '')];
  if (claims === null) return own;
  const first = verified.find((verification) => verification.claims !== null)?.claims ?? claims;
  return [...own, ...orderProblems(verified, claims, index, problem), ...linkProblems(tokens, verified, claims, first, index, problem)];
}

type Problem = (code: ChainCode, message: string) => ChainProblem;

/** The place that a token says it has, against how many came before it. */
function orderProblems(verified: readonly AttestationVerification[], claims: AttestationClaims, index: number, problem: Problem): ChainProblem[] {
  const before = verified.slice(0, index);
  if (before.some((verification) => verification.claims?.jti === claims.jti)) return [problem('REPEATED', `${claims.jti} is there twice`)];
  const place = verdictOf(claims).chain_index;
  if (place === undefined) return [problem('CHAIN_ID', 'it says no place in a chain')];
  const expected = 1 + Math.max(-1, ...before.map((verification) => (verification.claims === null ? -1 : (verdictOf(verification.claims).chain_index ?? -1))));
  if (place > expected) return [problem('GAP', `place ${expected} is missing before ${place}`)];
  return place < expected ? [problem('REORDERED', `place ${place} comes after ${expected - 1}`)] : [];
}

function linkProblems(
  tokens: readonly string[],
  verified: readonly AttestationVerification[],
  claims: AttestationClaims,
  first: AttestationClaims,
  index: number,
  problem: Problem,
): ChainProblem[] {
  const { chain_id: chain, previous_attestation: link } = verdictOf(claims);
  const problems = chain === undefined || chain !== verdictOf(first).chain_id ? [problem('CHAIN_ID', `it is not of the chain ${verdictOf(first).chain_id ?? 'of the first'}`)] : [];
  if (claims.iss !== first.iss) problems.push(problem('ISSUER', `${claims.iss} signed it, not ${first.iss}`));
  const before = index === 0 ? null : verified[index - 1]?.claims === null ? undefined : linkTo(tokens[index - 1], 'a token');
  const wrong = before === undefined ? null : checkLink(link, before);
  if (wrong !== null) problems.push(problem('LINK', wrong));
  return problems;
}

function verdictOf({ qwed }: AttestationClaims): Partial<VerdictClaim> {
  return qwed as Partial<VerdictClaim>;
}
