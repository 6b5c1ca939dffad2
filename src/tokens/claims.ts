/*
 * What attestations say: the claims of QWED's two kinds of token, by the names that they have on the wire.
 *
 *   verdict  typ qwed-attestation+jwt  a verification engine's verdict on one query
 *   context  typ qwed-context+jwt      the same on a Verification Context document
 *
 * The rules here are both what an issuer may sign and what a verifier takes: a token that contradicts itself is neither.
 */

/** A SHA-256 on the wire: `sha256:` and 64 lower-case hex digits. */
export type PrefixedHash = `sha256:${string}`;

/** What a recipient is told to do with the answer. */
export type Admission = 'ADMIT' | 'BLOCKED';

/** The token before, in a chain. */
export interface PreviousAttestation {
  readonly jti: string;
  /** The SHA-256 of what its signature is over: `header.payload` of its text. */
  readonly signing_input_hash: PrefixedHash;
}

/** What a verification engine found. */
export interface VerdictResult {
  /** `VERIFIED`, or in capitals what else became of it. */
  readonly status: string;
  /** True exactly when `status` is `VERIFIED`. */
  readonly verified: boolean;
  readonly engine: string;
  /** From 0 to 1. */
  readonly confidence: number;
}

/** The claim `qwed` of a verdict. */
export interface VerdictClaim {
  readonly version: '1.0';
  readonly result: VerdictResult;
  /** Of the query's UTF-8. */
  readonly query_hash: PrefixedHash;
  /** Of what proves the verdict; never absent when it is `VERIFIED`. */
  readonly proof_hash?: PrefixedHash;
  readonly admission?: Admission;
  readonly chain_id?: string;
  /** Counts from 0. */
  readonly chain_index?: number;
  readonly previous_attestation?: PreviousAttestation;
}

/** The claim `qwed` of a document. */
export interface ContextClaim {
  readonly version: '1.1';
  readonly document_hash: PrefixedHash;
  readonly verdict: string;
  readonly admission: 'ADMIT' | 'DENY';
  /** Of what proves the verdict; null unless it is `VERIFIED`. */
  readonly proof_ref: PrefixedHash | null;
}

/** Claims that every token has. Times are Unix seconds. */
export interface RegisteredClaims {
  /** Who issued it: a DID. */
  readonly iss: string;
  /** What it is about: the `query_hash` or the `document_hash`. */
  readonly sub: PrefixedHash;
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
  /** Its name; that of no other token of the issuer. */
  readonly jti: string;
}

/** The claims of a verdict. */
export interface VerdictClaims extends RegisteredClaims {
  readonly qwed: VerdictClaim;
}

/** The claims of a document. */
export interface ContextClaims extends RegisteredClaims {
  readonly qwed: ContextClaim;
}

/** The claims of a token of either kind. */
export type AttestationClaims = VerdictClaims | ContextClaims;

/** The kinds of token. */
export type AttestationKind = 'verdict' | 'context';

/** The `typ` of each. */
export const TYPES: Readonly<Record<AttestationKind, string>> = {
  verdict: 'qwed-attestation+jwt',
  context: 'qwed-context+jwt',
};

/** Longest text of a token, and of its payload: the peer's limits, in base64url. */
export const MAX_TOKEN = 8192;
export const MAX_PAYLOAD = 4096;

/** Why a value is not the claims of a token; null when it is. */
export function claimsProblem(value: unknown, kind: AttestationKind): string | null {
  if (!isObject(value)) return 'the payload is no object';
  const { iss, sub, iat, exp, nbf, jti, qwed } = value;
  if (!isDid(iss)) return 'iss is no DID';
  if (!isHash(sub)) return 'sub is no hash';
  if (!isTime(iat) || !isTime(exp) || !(nbf === undefined || isTime(nbf))) return 'iat, exp and nbf are whole seconds';
  if (exp <= iat) return 'it expires before it was issued';
  if (!isName(jti)) return 'jti is no name';
  if (!isObject(qwed)) return 'there is no claim qwed';
  return kind === 'verdict' ? verdictProblem(qwed, sub) : contextProblem(qwed, sub);
}

function verdictProblem(claim: Fields, sub: string): string | null {
  const { version, result, query_hash, proof_hash, admission, chain_id, chain_index, previous_attestation } = claim;
  if (version !== '1.0') return 'qwed.version is not 1.0';
  if (query_hash !== sub) return 'qwed.query_hash is not sub';
  if (!isObject(result)) return 'qwed.result is no object';
  if (!isStatus(result['status'])) return 'qwed.result.status is no word in capitals';
  if (result['verified'] !== (result['status'] === 'VERIFIED')) return 'qwed.result.verified contradicts the status';
  if (!isText(result['engine'])) return 'qwed.result.engine is no text';
  if (!isShare(result['confidence'])) return 'qwed.result.confidence is not from 0 to 1';
  if (proof_hash !== undefined && !isHash(proof_hash)) return 'qwed.proof_hash is no hash';
  if (result['verified'] === true && proof_hash === undefined) return 'it says VERIFIED and has no proof_hash';
  if (admission !== undefined && admission !== 'ADMIT' && admission !== 'BLOCKED') return 'qwed.admission is neither ADMIT nor BLOCKED';
  if (admission === 'ADMIT' && result['verified'] !== true) return 'it admits what is not VERIFIED';
  if (chain_id !== undefined && !isName(chain_id)) return 'qwed.chain_id is no name';
  if (chain_index !== undefined && (chain_id === undefined || !isIndex(chain_index))) return 'qwed.chain_index is no place in a chain';
  if (previous_attestation !== undefined && !isLink(previous_attestation)) return 'qwed.previous_attestation is no link';
  return null;
}

function contextProblem(claim: Fields, sub: string): string | null {
  const { version, document_hash, verdict, admission, proof_ref } = claim;
  if (version !== '1.1') return 'qwed.version is not 1.1';
  if (document_hash !== sub) return 'qwed.document_hash is not sub';
  if (!isStatus(verdict)) return 'qwed.verdict is no word in capitals';
  if (admission !== 'ADMIT' && admission !== 'DENY') return 'qwed.admission is neither ADMIT nor DENY';
  if (proof_ref !== null && !isHash(proof_ref)) return 'qwed.proof_ref is no hash';
  if (verdict === 'VERIFIED' && proof_ref === null) return 'it says VERIFIED and has no proof_ref';
  if (verdict !== 'VERIFIED' && proof_ref !== null) return 'it proves what is not VERIFIED';
  if (admission === 'ADMIT' && verdict !== 'VERIFIED') return 'it admits what is not VERIFIED';
  return null;
}

/** Parsed JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether text is a DID (W3C DID Core 3.1), without path, query or fragment, of at most 2,048 characters. */
export function isDid(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 2048 && /^did:[a-z0-9]+:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2}|:(?!$))+$/.test(value);
}

export function isHash(value: unknown): value is PrefixedHash {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
}

/** Whether it can name a token or a chain: 1 to 128 of the characters that no file name, URL or page has to escape. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(value);
}

export function isStatus(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(value);
}

export function isLink(value: unknown): value is PreviousAttestation {
  return isObject(value) && isName(value['jti']) && isHash(value['signing_input_hash']);
}

export function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

export function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTime(value: unknown): value is number {
  return isIndex(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 256;
}
