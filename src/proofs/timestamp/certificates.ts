/*
 * Certificates (RFC 5280), and the way from that of an authority to a root that the caller trusts. All of it is judged at one
 * time, that of the timestamp. Revocation is not looked at: nothing here opens a connection.
 *
 * What is not understood is refused: a critical extension other than those below, and name constraints.
 */

import type { KeyObject } from 'node:crypto';
import { builtin } from '../../builtin.js';
import { integerOf, isSame, NotDer, readDer, readSpelled, type Type, writeDer } from './der.js';
import { holds, isStrong, schemeOf } from './signatures.js';
import { type AlgorithmIdentifier, BasicConstraints, Certificate as CertificateType, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier } from './vendor.js';

/** A certificate. */
export interface Certificate {
  readonly bytes: Uint8Array;
  /** Names, as DER. */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly serial: bigint;
  /** Milliseconds since 1970, both included. */
  readonly from: number;
  readonly to: number;
  readonly key: KeyObject;
  /** Of the subject, for people. */
  readonly name: string;
  readonly extensions: ReadonlyMap<string, { readonly isCritical: boolean; readonly value: Uint8Array }>;
  readonly signed: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

const KEY_ID = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const NAME_CONSTRAINTS = '2.5.29.30';
const POLICIES = '2.5.29.32';
const EXTENDED_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const ANY_USAGE = '2.5.29.37.0';
/** Extensions whose rules are kept here. Policies: any is taken, as long as nothing constrains them. */
const UNDERSTOOD: ReadonlySet<string> = new Set([KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, EXTENDED_USAGE]);

/** Reads a certificate. Throws {@link NotDer}, and nothing else, for other bytes. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const { tbsCertificate: body, tbsCertificateRaw: signed, signatureAlgorithm: algorithm, signatureValue } = readSpelled(bytes, CertificateType, 'form');
  if (signed === undefined) throw new NotDer('its body is missing');
  if (!isSame(writeDer(body.signature), writeDer(algorithm))) throw new NotDer('its signature is of another algorithm than it says');
  const extensions = new Map<string, { readonly isCritical: boolean; readonly value: Uint8Array }>();
  for (const { extnID, critical, extnValue } of body.extensions ?? []) {
    if (extensions.has(extnID)) throw new NotDer('it has an extension twice');
    extensions.set(extnID, { isCritical: critical, value: new Uint8Array(extnValue.buffer) });
  }
  return {
    ...opened(bytes),
    bytes,
    subject: writeDer(body.subject),
    issuer: writeDer(body.issuer),
    serial: integerOf(body.serialNumber),
    extensions,
    signed: new Uint8Array(signed),
    algorithm,
    signature: new Uint8Array(signatureValue),
  };
}

/** What OpenSSL reads better. It refuses parts that the library passes over. */
function opened(bytes: Uint8Array): Pick<Certificate, 'key' | 'name' | 'from' | 'to'> {
  try {
    const { publicKey, subject, validFrom, validTo } = new builtin.crypto.X509Certificate(bytes);
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    if (Number.isNaN(from) || Number.isNaN(to)) throw new Error('its times are none');
    return { key: publicKey, name: (subject ?? '').split('\n').join(', '), from, to };
  } catch (error) {
    throw new NotDer(`it cannot be read: ${(error as Error).message}`);
  }
}

/** An extension of a type; undefined if there is none. Throws {@link NotDer}. */
function extensionOf<Value>({ extensions }: Certificate, oid: string, type: Type<Value>): Value | undefined {
  const value = extensions.get(oid)?.value;
  return value === undefined ? undefined : readDer(value, type, `extension ${oid}`);
}

/** The identifier of its key, where it has one. */
export function keyIdOf(certificate: Certificate): Uint8Array | undefined {
  const keyId = extensionOf(certificate, KEY_ID, SubjectKeyIdentifier);
  return keyId === undefined ? undefined : new Uint8Array(keyId.buffer);
}

/**
 * Whether a certificate is one to sign timestamps with and for nothing else: the extended key usage is critical and has
 * that purpose only (RFC 3161, section 2.3), and the key usage, where there is one, is to sign. Throws {@link NotDer}.
 */
export function isForTimestamps(certificate: Certificate): boolean {
  const purposes = extensionOf(certificate, EXTENDED_USAGE, ExtendedKeyUsage);
  const isCritical = certificate.extensions.get(EXTENDED_USAGE)?.isCritical;
  return isCritical === true && String(purposes) === TIME_STAMPING && hasUsage(certificate, DIGITAL_SIGNATURE | NON_REPUDIATION);
}

const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_CERT_SIGN = 0x04;

/** Whether the key usage, where there is one, has one of these bits of its first byte. */
function hasUsage(certificate: Certificate, bits: number): boolean {
  const usage = extensionOf(certificate, KEY_USAGE, KeyUsage);
  return usage === undefined || ((new Uint8Array(usage.value)[0] ?? 0) & bits) !== 0;
}

/** Why there is no way to a root. */
export interface NoChain {
  readonly code: 'chain_untrusted' | 'certificate_time' | 'certificate_unfit';
  readonly reason: string;
}

/** Most certificates between an authority's and a root. */
const MAX_CHAIN = 8;
/** Most signatures that are checked in search of a way. */
const MAX_CHECKS = 200;

/** Finds a way from a certificate through others to a root; undefined if there is one. Never throws. */
export function findChain(leaf: Certificate, others: readonly Certificate[], roots: readonly Certificate[], time: number): NoChain | undefined {
  let found: NoChain = { code: 'chain_untrusted', reason: `no certificate that is trusted has issued that of ${JSON.stringify(leaf.name)}` };
  const blame = (reason: NoChain) => {
    // What goes wrong farther on says more than that nobody knows the way.
    if (found.code === 'chain_untrusted') found = reason;
  };
  let checks = 0;
  /** From one that is fit on, with so many below it. */
  const reaches = (certificate: Certificate, below: readonly Certificate[]): boolean => {
    if (roots.some((root) => isSame(root.bytes, certificate.bytes))) return true;
    if (below.length >= MAX_CHAIN) return false;
    return [...roots, ...others].some((issuer) => {
      const isLoop = [certificate, ...below].some((known) => isSame(known.bytes, issuer.bytes));
      if (isLoop || !isSame(issuer.subject, certificate.issuer) || checks >= MAX_CHECKS) return false;
      checks += 1;
      if (!isSignedBy(certificate, issuer)) return false;
      const unfit = unfitness(issuer, time) ?? unfitnessOfIssuer(issuer, below.length);
      if (unfit !== undefined) blame(unfit);
      return unfit === undefined && reaches(issuer, [certificate, ...below]);
    });
  };
  const unfit = unfitness(leaf, time);
  if (unfit !== undefined) return unfit;
  return reaches(leaf, []) ? undefined : found;
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    const scheme = schemeOf(certificate.algorithm);
    return scheme !== undefined && isStrong(issuer.key) && holds(scheme, issuer.key, certificate.signed, certificate.signature);
  } catch {
    return false;
  }
}

/** What keeps any certificate out of a chain. */
function unfitness({ name, from, to, extensions }: Certificate, time: number): NoChain | undefined {
  const whose = `the certificate of ${JSON.stringify(name)}`;
  if (time < from || time > to) {
    const range = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
    return { code: 'certificate_time', reason: `${whose} is valid from ${range}, the timestamp is of another time` };
  }
  const [unknown] = [...extensions].find(([oid, { isCritical }]) => (isCritical && !UNDERSTOOD.has(oid)) || oid === NAME_CONSTRAINTS) ?? [];
  return unknown === undefined ? undefined : { code: 'certificate_unfit', reason: `${whose} has the extension ${unknown}, which is not understood here` };
}

/** What keeps a certificate from issuing others, with so many of authorities below it. */
function unfitnessOfIssuer(issuer: Certificate, below: number): NoChain | undefined {
  const unfit = (why: string): NoChain => ({ code: 'certificate_unfit', reason: `the certificate of ${JSON.stringify(issuer.name)} ${why}` });
  try {
    const constraints = extensionOf(issuer, BASIC_CONSTRAINTS, BasicConstraints);
    if (constraints?.cA !== true) return unfit('is not one of an authority');
    if (Number(constraints.pathLenConstraint ?? below) < below) return unfit('may not stand so far from the end of a chain');
    if (!hasUsage(issuer, KEY_CERT_SIGN)) return unfit('may not sign certificates');
    const allowed = extensionOf(issuer, EXTENDED_USAGE, ExtendedKeyUsage) ?? [ANY_USAGE];
    return allowed.includes(ANY_USAGE) || allowed.includes(TIME_STAMPING) ? undefined : unfit('is not for timestamps');
  } catch (error) {
    return unfit(`cannot be read: ${(error as Error).message}`);
  }
}
