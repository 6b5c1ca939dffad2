/*
 * The checks of timestamps (RFC 3161, sections 2.2 and 2.4.2), offline and by the roots that the caller brings.
 *
 *   the token says it of these bytes     imprint, and nonce and policy that were asked for
 *   the authority said it                signature over the attributes, digest in them over the timestamp
 *   it is that authority                 certificate named by hash in what is signed (RFC 5035), for timestamps only
 *   the caller trusts it                 chain to a root, all of it valid at the time that the timestamp says
 */

import { invalidArgument, isBytes } from '../../args.js';
import { builtin } from '../../builtin.js';
import { ProofError } from '../../errors.js';
import type { Problem, ProblemCode } from '../report.js';
import { type Certificate, findChain, isForTimestamps, keyIdOf, parseCertificate } from './certificates.js';
import { isSame, NotDer } from './der.js';
import type { Asked } from './messages.js';
import { imprintOf } from './request.js';
import { digestOf, holds, isStrong, schemeOf } from './signatures.js';
import { parseToken, type Token } from './token.js';
import type { TimestampReport } from './verify.js';

/** Whom the caller trusts, and certificates between. */
export interface Trusted {
  readonly roots: readonly Certificate[];
  readonly others: readonly Certificate[];
}

/** What a token shows. */
export function reportOn(bytes: Uint8Array, asked: Asked, { roots, others }: Trusted): TimestampReport {
  const problems: Problem[] = [];
  const read = readToken(bytes, problems);
  const brought = read === undefined ? [] : certificatesIn(read);
  const authority = read === undefined ? undefined : authorityOf(read, [...brought, ...others, ...roots], problems);
  if (read !== undefined && authority !== undefined) checkTrust(read, authority, { roots, others: [...brought, ...others] }, problems);
  const isTrusted = problems.length === 0;
  if (read !== undefined) checkAnswer(read, asked, problems);
  return reportOf(problems, isTrusted ? read : undefined, authority);
}

/** What keeps a token from being the answer to a request; trust is not looked at. */
export function answerProblem(bytes: Uint8Array, checkpoint: string, asked: Asked): { readonly problem: Problem | undefined; readonly time: string } {
  const problems: Problem[] = [];
  if (!isSame(asked.imprint, imprintOf(checkpoint))) add(problems, 'imprint_mismatch', 'the request was made for another checkpoint');
  const token = readToken(bytes, problems);
  if (token !== undefined) {
    checkAnswer(token, asked, problems);
    authorityOf(token, certificatesIn(token), problems);
  }
  return { problem: problems[0], time: token?.info.time.iso ?? '' };
}

const PEM = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]*)-----END CERTIFICATE-----/g;

/** Certificates as the caller gives them. Throws `ProofError` `ERR_CERTIFICATE`; TypeError `ERR_INVALID_ARGUMENT`. */
export function certificatesOf(given: unknown, name: string): readonly Certificate[] {
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  return all.flatMap((one) => {
    if (typeof one !== 'string' && !isBytes(one)) throw invalidArgument(`${name} must be PEM text, bytes, or an array of these`);
    const text = typeof one === 'string' ? one : Buffer.from(one).toString('latin1');
    const blocks = typeof one === 'string' || text.includes('-----BEGIN') ? Array.from(text.matchAll(PEM), ([, base64 = '']) => Buffer.from(base64, 'base64')) : [one];
    if (blocks.length === 0) throw new ProofError('ERR_CERTIFICATE', `${name} has a text without a certificate in PEM`);
    return blocks.map((bytes) => opened(bytes, name));
  });
}

function opened(bytes: Uint8Array, name: string): Certificate {
  try {
    return parseCertificate(bytes);
  } catch (error) {
    if (!(error instanceof NotDer)) throw error;
    throw new ProofError('ERR_CERTIFICATE', `${name} has a certificate that is none: ${error.message}`);
  }
}

function add(problems: Problem[], code: ProblemCode, reason: string): void {
  problems.push({ code, reason });
}

function readToken(bytes: Uint8Array, problems: Problem[]): Token | undefined {
  try {
    return parseToken(bytes);
  } catch (error) {
    if (!(error instanceof NotDer)) throw error;
    add(problems, 'timestamp_malformed', `not a timestamp token: ${error.message}`);
    return undefined;
  }
}

function checkAnswer({ info }: Token, asked: Asked, problems: Problem[]): void {
  const { algorithm, hash } = info.imprint;
  if (algorithm !== SHA256 || !isSame(hash, asked.imprint)) {
    add(problems, 'imprint_mismatch', 'the timestamp is of other bytes than this checkpoint');
  }
  if (asked.nonce !== undefined && info.nonce !== asked.nonce) {
    add(problems, 'nonce_mismatch', 'the timestamp answers another request: its nonce is another one');
  }
  if (asked.policy !== undefined && info.policy !== asked.policy) {
    add(problems, 'timestamp_policy', `the timestamp is under the policy ${info.policy}, asked for was ${asked.policy}`);
  }
}

const SHA256 = '2.16.840.1.101.3.4.2.1';

/** The certificate that the token was signed with, if it is named in the token and the signature holds under it. */
function authorityOf(token: Token, certificates: readonly Certificate[], problems: Problem[]): Certificate | undefined {
  const certificate = certificates.find((candidate) => isOf(token, candidate));
  if (certificate === undefined) {
    add(problems, 'tsa_missing', 'the certificate that the token names as the one of its signer is not there, or is not the one that it has hashes of');
    return undefined;
  }
  const scheme = attempt(() => schemeOf(token.signatureAlgorithm, token.digestAlgorithm));
  if (scheme === undefined || !isStrong(certificate.key)) {
    add(problems, 'timestamp_algorithm', 'the timestamp is signed with an algorithm or a key that is not taken: SHA-256 to SHA-512, with RSA from 2048 bits on, ECDSA or Ed25519');
    return undefined;
  }
  const digest = digestOf(token.digestAlgorithm, token.content);
  const isSigned = digest !== undefined && isSame(digest, token.digest) && holds(scheme, certificate.key, token.signed, token.signature);
  if (isSigned) return certificate;
  add(problems, 'timestamp_signature', 'the signature of the timestamp does not hold');
  return undefined;
}

/** Those that can be read. Others can only be missing. */
function certificatesIn(token: Token): readonly Certificate[] {
  return token.certificates.flatMap((bytes) => attempt(() => parseCertificate(bytes)) ?? []);
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotDer) return undefined;
    throw error;
  }
}

/** Whether a certificate is the one that all of a token's names and hashes mean. */
function isOf({ signer, certificateIds }: Token, certificate: Certificate): boolean {
  const { bytes, issuer, serial } = certificate;
  const isNamed = 'keyId' in signer ? isSame(signer.keyId, keyIdOf(certificate) ?? Uint8Array.of()) : signer.serial === serial && isSame(signer.issuer, issuer);
  return (
    isNamed &&
    certificateIds.every((id) => {
      const hash = digestOf(id.algorithm, bytes);
      const isIssuer = id.issuer === undefined || (id.issuer.serial === serial && isSame(id.issuer.name, issuer));
      return hash !== undefined && isSame(hash, id.hash) && isIssuer;
    })
  );
}

function checkTrust(token: Token, authority: Certificate, { roots, others }: Trusted, problems: Problem[]): void {
  if (attempt(() => isForTimestamps(authority)) !== true) {
    add(problems, 'tsa_usage', 'the certificate of the signer is not one for timestamps and nothing else: its extended key usage has to be critical and say that alone');
  }
  const chain = findChain(authority, others, roots, token.info.time.millis);
  if (chain !== undefined) problems.push(chain);
}

function reportOf(problems: readonly Problem[], token: Token | undefined, authority: Certificate | undefined): TimestampReport {
  const { time, accuracy, policy, serial } = token?.info ?? {};
  const isKnown = token !== undefined && authority !== undefined;
  return {
    ok: problems.length === 0,
    problems,
    time: time?.iso ?? null,
    accuracy: accuracy ?? null,
    policy: policy ?? null,
    serial: serial?.toString(16) ?? null,
    tsa: isKnown ? { subject: authority.name, sha256: builtin.crypto.createHash('sha256').update(authority.bytes).digest('hex') } : null,
  };
}
