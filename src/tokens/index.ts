/*
 * Tokens: short-lived statements that somebody verified something, which another service can check. ES256 JWTs, compatible
 * with QWED's. docs/tokens.md shows how they are used.
 */

export { badgeEndpoint, type BadgeEndpoint, type BadgeInput, type BadgeOptions, type BadgeStatus, badgeSvg } from './badge.js';
export {
  type ChainCode,
  type ChainProblem,
  type ChainVerification,
  verifyAttestationChain,
  type VerifyChainOptions,
} from './chain.js';
export type {
  Admission,
  AttestationClaims,
  AttestationKind,
  ContextClaim,
  ContextClaims,
  PrefixedHash,
  PreviousAttestation,
  RegisteredClaims,
  VerdictClaim,
  VerdictClaims,
  VerdictResult,
} from './claims.js';
export type { LocalServer } from '../local-server.js';
export { didResolver, type DidResolverOptions, type DidWebOptions } from './did/index.js';
export type { DidResolution, DidResolver } from './did/resolver.js';
export type { FetchLike } from './did/web.js';
export {
  type AttestedVerification,
  attestVerification,
  createAttestation,
  type CreateAttestationFields,
  type Verdict,
  type VerificationEngine,
} from './issue.js';
export {
  type IssuerInfo,
  type IssuerJwk,
  type IssuerJwks,
  type IssuerKeyOptions,
  IssuerKeyPair,
  type KeyContinuityPolicy,
  type TokenKeyDiagnostics,
} from './issuer-key.js';
export type { PublicJwk, TokenKey } from './keys.js';
export type { PreviousInput } from './link.js';
export { type Issuer, IssuerRegistry, type IssuerStatus, type RegisteredIssuer } from './registry.js';
export { AttestationResult, type AttestationStatus, type IssueErrorCode } from './result.js';
export { type Revocation, RevocationList } from './revocations.js';
export { serveTokens, type ServeTokensOptions, type TokenServer } from './server.js';
export { TokenFolder, type TokenStore } from './store.js';
export {
  type AttestationVerification,
  isAttestationValid,
  type VerificationCode,
  type VerificationStatus,
  verifyAttestation,
  type VerifyAttestationOptions,
} from './verify.js';
export { TokenError } from '../errors.js';
