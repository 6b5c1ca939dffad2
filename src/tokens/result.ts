/*
 * What became of signing an attestation.
 */

import { inspect } from 'node:util';

/**
 * `ISSUED`: it was signed. `BLOCKED`: it was not, or must not be. `UNVERIFIABLE`: nothing could sign it. Only the first one
 * lets a caller go on.
 */
export type AttestationStatus = 'ISSUED' | 'BLOCKED' | 'UNVERIFIABLE';

/** Why there is no token. */
export type IssueErrorCode =
  /** The key, or what uses it, failed. */
  | 'SIGNING_FAILURE'
  /** There is no key, or no WebCrypto. */
  | 'CRYPTO_UNAVAILABLE'
  /** `proofHash` is not `sha256:` and 64 lower-case hex digits. */
  | 'INVALID_PROOF_HASH'
  /** It is neither `ADMIT` nor `BLOCKED`, or admits what is not verified and proved. */
  | 'INVALID_ADMISSION'
  /** It says that something was verified, and has no proof. */
  | 'VERIFIED_WITHOUT_PROOF'
  /** What it would say contradicts itself, or is more than a token holds. */
  | 'INVALID_CLAIMS'
  /** The ledger or the store did not take it. */
  | 'RECORDING_FAILURE';

/** What {@link createAttestation} gives: a token, or why there is none. */
export class AttestationResult {
  readonly status: AttestationStatus;
  /** The token; null unless it was issued. */
  readonly token: string | null;
  readonly jti: string | null;
  readonly errorCode: IssueErrorCode | null;
  /** Why, for people. */
  readonly error: string | null;

  private constructor(status: AttestationStatus, token: string | null, jti: string | null, errorCode: IssueErrorCode | null, error: string | null) {
    this.status = status;
    this.token = token;
    this.jti = jti;
    this.errorCode = errorCode;
    this.error = error;
    Object.freeze(this);
  }

  /** With a token. @internal */
  static issued(token: string, jti: string): AttestationResult {
    return new AttestationResult('ISSUED', token, jti, null, null);
  }

  /** Without one. @internal */
  static refused(errorCode: IssueErrorCode, error: string): AttestationResult {
    return new AttestationResult(errorCode === 'CRYPTO_UNAVAILABLE' ? 'UNVERIFIABLE' : 'BLOCKED', null, null, errorCode, error);
  }

  /** Whether there is a token. Nothing may pass for verified without one. */
  get isIssued(): boolean {
    return this.status === 'ISSUED';
  }

  /** Without the token: whoever has it can show it. */
  [inspect.custom](): string {
    return this.isIssued ? `AttestationResult { ISSUED ${this.jti} }` : `AttestationResult { ${this.status} ${this.errorCode}: ${this.error} }`;
  }
}
