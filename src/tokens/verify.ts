/*
 * Verifying a token: whether an issuer that the caller trusts said this, whether it still holds, and whether it is about what
 * the caller asked. Nothing is fetched unless the caller brings a resolver.
 *
 *   size and form -> header -> issuer -> key -> signature -> claims -> times -> the issuer's own -> revocations -> what it is about
 */

import { invalidArgument, show } from '../args.js';
import { TokenError } from '../errors.js';
import { type Admission, type AttestationClaims, type AttestationKind, claimsProblem, type Fields, isDid, isObject, type PrefixedHash, TYPES } from './claims.js';
import { type Compact, parseCompact } from './compact.js';
import { type DidResolver, resolvedIssuer } from './did/resolver.js';
import type { PublicJwk } from './keys.js';
import { checkLink, type PreviousInput } from './link.js';
import type { IssuerRegistry, RegisteredIssuer } from './registry.js';
import type { RevocationList } from './revocations.js';
import { compactVerify } from './vendor.js';
import { checkVerifying } from './verify-options.js';

/** Options of {@link verifyAttestation}. Whom to trust: `issuers`; or `trustedIssuers` and `jwks` or `resolver`. */
export interface VerifyAttestationOptions {
  readonly issuers?: IssuerRegistry | undefined;
  /** DIDs of issuers that are trusted with the keys of `jwks`, or with those that `resolver` finds. */
  readonly trustedIssuers?: readonly string[] | undefined;
  readonly jwks?: { readonly keys: readonly PublicJwk[] } | undefined;
  /** Finds the keys of a DID: {@link didResolver}, or any of the shape of `did-resolver`. Asked for trusted issuers alone. */
  readonly resolver?: DidResolver | undefined;
  /** How long the resolver may take for a DID, in milliseconds, 1 to 120,000; default 10,000. */
  readonly resolverTimeoutMs?: number | undefined;
  /** Which kind of token it must be; default `'verdict'`. */
  readonly kind?: AttestationKind | undefined;
  /** The query that it must be about. */
  readonly query?: string | undefined;
  /** The hash of the proof or, of a context token, the document: what `proof_hash` and `document_hash` must be. */
  readonly proofHash?: string | undefined;
  readonly documentHash?: string | undefined;
  /** The admission that it must sign; null: it must sign none. */
  readonly admission?: Admission | 'DENY' | null | undefined;
  /** The token before it, which it must name; null: it must name none. */
  readonly previous?: PreviousInput | null | undefined;
  /** By how many seconds clocks may differ, 0 to 600; default 30. */
  readonly leeway?: number | undefined;
  /** The time to verify for; default now. */
  readonly at?: Date | undefined;
  /** What was revoked. One of them has to be of the token's issuer, and readable, or the token is invalid. */
  readonly revocations?: RevocationList | readonly RevocationList[] | undefined;
  /** Refuses a signature with the greater s. Default false: half of the honest ones have it. */
  readonly requireLowS?: boolean | undefined;
}

/** What a token is worth. */
export type VerificationStatus = 'VALID' | 'EXPIRED' | 'REVOKED' | 'INVALID';

/** Why a token is not valid. `docs/tokens.md` says what each means. */
export type VerificationCode =
  | 'MALFORMED'
  | 'ALGORITHM'
  | 'TYPE'
  | 'CRITICAL'
  | 'KEY_ID'
  | 'ISSUER_UNTRUSTED'
  | 'ISSUER_UNRESOLVED'
  | 'ISSUER_REVOKED'
  | 'ISSUER_WINDOW'
  | 'KEY_UNKNOWN'
  | 'SIGNATURE'
  | 'HIGH_S'
  | 'CLAIMS'
  | 'NOT_YET_VALID'
  | 'EXPIRED'
  | 'REVOKED'
  | 'REVOCATIONS'
  | 'QUERY'
  | 'PROOF'
  | 'DOCUMENT'
  | 'ADMISSION'
  | 'PREVIOUS';

/** What {@link verifyAttestation} found. */
export interface AttestationVerification {
  readonly status: VerificationStatus;
  /** What it says; null of an invalid one: nobody said it. */
  readonly claims: AttestationClaims | null;
  /** Why it is not valid, for people; null when it is. */
  readonly error: string | null;
  /** Why, for programs. */
  readonly code: VerificationCode | null;
  /** What identifies it beside its `jti`: the hash of what is signed; null when it has no form. */
  readonly signingInputHash: PrefixedHash | null;
}

/**
 * Verifies a token. A token that does not hold is a result; only options that are none throw.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`
 */
export async function verifyAttestation(token: string, options: VerifyAttestationOptions): Promise<AttestationVerification> {
  return new Verifier(options).verify(token);
}

/** Whether {@link verifyAttestation} says `VALID`, and nothing more. Throws what it throws. */
export async function isAttestationValid(token: string, options: VerifyAttestationOptions): Promise<boolean> {
  return (await verifyAttestation(token, options)).status === 'VALID';
}

/** A reason to stop. */
class Refusal extends Error {
  constructor(
    readonly code: VerificationCode,
    message: string,
  ) {
    super(message);
  }
}

/** What verifies tokens by one set of options. */
export class Verifier {
  readonly #options: ReturnType<typeof checkVerifying>;
  /** What the resolver found: a chain of many tokens asks once. */
  readonly #resolved = new Map<string, Promise<RegisteredIssuer | string>>();

  constructor(options: VerifyAttestationOptions) {
    this.#options = checkVerifying(options);
  }

  async verify(token: unknown): Promise<AttestationVerification> {
    if (typeof token !== 'string') throw invalidArgument(`token must be a string, found ${show(token)}`);
    const compact = parseCompact(token);
    if (typeof compact === 'string') return invalid('MALFORMED', compact, null);
    const hash = compact.signingInputHash;
    let claims: AttestationClaims | null = null;
    try {
      const { iss, kid } = this.#checkHeader(compact);
      const issuer = await this.#find(iss);
      await this.#checkSignature(token, compact, issuer, kid);
      claims = this.#checkClaims(compact.payload);
      checkIssuer(issuer, claims);
      this.#checkTimes(claims);
      await this.#checkRevocations(claims);
      this.#checkSubject(claims);
      return { status: 'VALID', claims, error: null, code: null, signingInputHash: hash };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message } = error;
      if (code !== 'EXPIRED' && code !== 'REVOKED') return invalid(code, message, hash);
      return { status: code, claims, error: message, code, signingInputHash: hash };
    }
  }

  /** What names the key; nothing of it is believed before the signature holds. */
  #checkHeader({ header, payload }: Compact): { readonly iss: string; readonly kid: string } {
    if (header['alg'] !== 'ES256') throw new Refusal('ALGORITHM', `its algorithm is ${show(header['alg'])}, not ES256`);
    if (header['typ'] !== TYPES[this.#options.kind]) throw new Refusal('TYPE', `its type is ${show(header['typ'])}, not ${TYPES[this.#options.kind]}`);
    // No extension is understood here (RFC 7515 4.1.11, RFC 7797).
    if ('crit' in header || 'b64' in header) throw new Refusal('CRITICAL', 'it names an extension that has to be understood, and is not');
    const iss = isObject(payload) ? payload['iss'] : undefined;
    if (!isDid(iss)) throw new Refusal('CLAIMS', 'iss is no DID');
    const kid = header['kid'];
    if (typeof kid !== 'string' || !kid.startsWith(`${iss}#`)) throw new Refusal('KEY_ID', `its kid ${show(kid)} is not one of ${iss}`);
    return { iss, kid };
  }

  async #find(iss: string): Promise<RegisteredIssuer> {
    const { registry, trusted, resolver, resolverTimeoutMs } = this.#options;
    const registered = registry?.get(iss);
    if (registered !== undefined) return registered;
    if (resolver === undefined || !trusted.has(iss)) throw new Refusal('ISSUER_UNTRUSTED', `${iss} is not an issuer that is trusted`);
    const resolving = this.#resolved.get(iss) ?? resolvedIssuer(resolver, iss, resolverTimeoutMs);
    this.#resolved.set(iss, resolving);
    const resolved = await resolving;
    if (typeof resolved === 'string') throw new Refusal('ISSUER_UNRESOLVED', `${iss} cannot be resolved: ${resolved}`);
    return resolved;
  }

  async #checkSignature(token: string, { isLowS }: Compact, { did, keys, status }: RegisteredIssuer, kid: string): Promise<void> {
    const found = keys.find((key) => key.kid === kid);
    if (found === undefined) throw new Refusal('KEY_UNKNOWN', `${did} has no key ${kid}`);
    try {
      await compactVerify(token, found.key, { algorithms: ['ES256'] });
    } catch {
      throw new Refusal('SIGNATURE', `it is not signed by ${kid}`);
    }
    if (this.#options.requireLowS && !isLowS) throw new Refusal('HIGH_S', 'its signature has the greater s');
    if (status === 'revoked') throw new Refusal('ISSUER_REVOKED', `${did} is revoked`);
  }

  #checkClaims(payload: unknown): AttestationClaims {
    const problem = claimsProblem(payload, this.#options.kind);
    if (problem !== null) throw new Refusal('CLAIMS', problem);
    return payload as AttestationClaims;
  }

  #checkTimes({ iat, nbf = iat, exp }: AttestationClaims): void {
    const { leeway, at } = this.#options;
    const now = Math.floor((at?.getTime() ?? Date.now()) / 1000);
    if (Math.max(iat, nbf) > now + leeway) throw new Refusal('NOT_YET_VALID', 'it is of a time to come');
    if (exp <= now - leeway) throw new Refusal('EXPIRED', `it expired at ${new Date(exp * 1000).toISOString()}`);
  }

  async #checkRevocations({ iss, jti }: AttestationClaims): Promise<void> {
    const { revocations } = this.#options;
    if (revocations === undefined) return;
    const lists = revocations.filter(({ did }) => did === iss);
    if (lists.length === 0) throw new Refusal('REVOCATIONS', `whether it is revoked is not known: no list is of ${iss}`);
    for (const list of lists) {
      const isRevoked = await list.isRevoked(jti).catch((error: unknown) => {
        if (!TokenError.is(error)) throw error;
        throw new Refusal('REVOCATIONS', `whether it is revoked is not known: ${error.message}`);
      });
      if (isRevoked) throw new Refusal('REVOKED', 'it was revoked');
    }
  }

  #checkSubject({ qwed }: AttestationClaims): void {
    const { queryHash, proofHash, documentHash, admission, previous } = this.#options;
    const claim: Fields = { ...qwed };
    if (queryHash !== undefined && claim['query_hash'] !== queryHash) throw new Refusal('QUERY', 'it is about another query');
    if (proofHash !== undefined && (claim['proof_hash'] ?? claim['proof_ref']) !== proofHash) throw new Refusal('PROOF', 'it is about another proof');
    if (documentHash !== undefined && claim['document_hash'] !== documentHash) throw new Refusal('DOCUMENT', 'it is about another document');
    if (admission !== undefined && (claim['admission'] ?? null) !== admission) {
      throw new Refusal('ADMISSION', `it signs ${claim['admission'] === undefined ? 'no admission' : `the admission ${show(claim['admission'])}`}`);
    }
    const problem = previous === undefined ? null : checkLink(claim['previous_attestation'], previous);
    if (problem !== null) throw new Refusal('PREVIOUS', problem);
  }
}

function checkIssuer({ did, validFrom, validUntil }: RegisteredIssuer, { iat }: AttestationClaims): void {
  if (iat < validFrom || iat > validUntil) throw new Refusal('ISSUER_WINDOW', `it is of a time for which ${did} is not trusted`);
}

function invalid(code: VerificationCode, error: string, signingInputHash: PrefixedHash | null): AttestationVerification {
  return { status: 'INVALID', claims: null, error, code, signingInputHash };
}
