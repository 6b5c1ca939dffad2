/*
 * Verifying timestamps (RFC 3161, sections 2.2 and 2.4.2), offline and by the roots that the caller brings.
 *
 *   the token says it of these bytes     imprint, and nonce and policy that were asked for
 *   the authority said it                signature over the attributes, digest in them over the timestamp
 *   it is that authority                 certificate named by hash in what is signed (RFC 5035), for timestamps only
 *   the caller trusts it                 chain to a root, all of it valid at the time that the timestamp says
 */

import { checkOptions, checkString, invalidArgument } from '../../args.js';
import type { Problem } from '../report.js';
import { parts } from './parts.js';
import { checkBytes, checkPolicy, imprintOf } from './request.js';

/** Certificates: PEM text of one or more, or the DER of one. */
export type CertificateInput = string | Uint8Array;

/** Options of {@link verifyTimestamp}. */
export interface VerifyTimestampOptions {
  /** The checkpoint that it is to be about: a signed note, byte for byte. */
  readonly checkpoint: string;
  /** Who is trusted: certificates of authorities. Those of the system are not asked. */
  readonly roots: CertificateInput | readonly CertificateInput[];
  /** Further certificates of authorities between, for a token that does not bring them. */
  readonly certificates?: CertificateInput | readonly CertificateInput[] | undefined;
  /** What {@link timestampRequest} gave: the token has to have its nonce, and its policy. */
  readonly request?: Uint8Array | undefined;
  /** The policy that it has to be under, as a dotted object identifier. */
  readonly policy?: string | undefined;
}

/** Who made a timestamp. */
export interface TimestampAuthority {
  /** The subject of its certificate, such as `O=Example, CN=Example TSA`. */
  readonly subject: string;
  /** SHA-256 of its certificate: 64 lower-case hex digits. */
  readonly sha256: string;
}

/** What a timestamp shows. */
export interface TimestampReport {
  /** There are no problems: an authority that the roots vouch for has seen this checkpoint at this time. */
  readonly ok: boolean;
  /** All that were found. */
  readonly problems: readonly Problem[];
  /** When, ISO 8601, UTC, with the digits that it was told with. Null, as what follows, unless it is of a trusted authority. */
  readonly time: string | null;
  /** Microseconds, more or less; null too if the authority did not say. */
  readonly accuracy: number | null;
  /** What the authority keeps to: a dotted object identifier. */
  readonly policy: string | null;
  /** Its number of the timestamp: lower-case hex digits. */
  readonly serial: string | null;
  readonly tsa: TimestampAuthority | null;
}

/**
 * Checks that a timestamp is of a checkpoint and was made by an authority that is trusted. A certificate that has expired
 * since does not matter; one that was revoked is not noticed.
 *
 * @param token what {@link timestampIngest} gave
 * @throws `ProofError` `ERR_CERTIFICATE` (roots or certificates that are none), `ERR_TIMESTAMP_MALFORMED` (the request
 * cannot be read); TypeError `ERR_INVALID_ARGUMENT`
 */
export function verifyTimestamp(token: Uint8Array, options: VerifyTimestampOptions): TimestampReport {
  const bytes = checkBytes(token, 'token');
  const given = checkOptions(options, ['checkpoint', 'roots', 'certificates', 'request', 'policy'], 'verifyTimestamp');
  const checkpoint = checkString(given.checkpoint, 'checkpoint');
  const roots = parts.checks.certificatesOf(given.roots, 'roots');
  if (roots.length === 0) throw invalidArgument('roots must name at least one certificate');
  const others = given.certificates === undefined ? [] : parts.checks.certificatesOf(given.certificates, 'certificates');
  const request = given.request === undefined ? undefined : parts.messages.parseRequest(checkBytes(given.request, 'request'));
  const policy = checkPolicy(given.policy) ?? request?.policy;
  return parts.checks.reportOn(bytes, { imprint: imprintOf(checkpoint), policy, nonce: request?.nonce }, { roots, others });
}
