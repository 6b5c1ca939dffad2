/*
 * Certificates (RFC 5280), and the way from that of an authority to a root that the caller trusts. All of it is judged at one
 * time, that of the timestamp. Revocation is not looked at: nothing here opens a connection.
 *
 * What is not understood is refused: a critical extension other than those below, and name constraints.
 */

import type { KeyObject } from 'node:crypto';
import { builtin } from '../../builtin.js';
import { booleanOf, type Der, integerOf, NotDer, oidOf, onlyPart, parseDer, Parts, Tag, timeOf } from './der.js';
import { holds, isStrong, schemeOf } from './signatures.js';
import { type Algorithm, algorithmOf } from './token.js';

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
  readonly extensions: ReadonlyMap<string, { readonly isCritical: boolean; readonly value: Der }>;
  readonly signed: Uint8Array;
  readonly algorithm: Algorithm;
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
  const outer = new Parts(parseDer(bytes), 'certificate');
  const body = outer.take(Tag.sequence, 'body');
  const algorithm = outer.take(Tag.sequence, 'algorithm');
  const signature = bitsOf(outer.take(Tag.bitString, 'signature'));
  outer.end();
  const parts = new Parts(body, 'certificate');
  parts.optional(Tag.constructed(0));
  const serial = integerOf(parts.take(Tag.integer, 'serial number'));
  const inner = parts.take(Tag.sequence, 'algorithm');
  if (!isSame(inner.bytes, algorithm.bytes)) throw new NotDer('its signature is of another algorithm than it says');
  const issuer = parts.take(Tag.sequence, 'issuer').bytes;
  const [from, to, ...others] = parts.take(Tag.sequence, 'validity').parts;
  if (from === undefined || to === undefined || others.length > 0) throw new NotDer('its validity is none');
  const subject = parts.take(Tag.sequence, 'subject').bytes;
  parts.take(Tag.sequence, 'key');
  parts.optional(Tag.primitive(1));
  parts.optional(Tag.primitive(2));
  const extensions = parts.optional(Tag.constructed(3));
  parts.end();
  return {
    ...opened(bytes),
    bytes,
    subject,
    issuer,
    serial,
    from: timeOf(from).millis,
    to: timeOf(to).millis,
    extensions: extensionsOf(extensions),
    signed: body.bytes,
    algorithm: algorithmOf(algorithm),
    signature,
  };
}

/** What OpenSSL reads better. */
function opened(bytes: Uint8Array): Pick<Certificate, 'key' | 'name'> {
  try {
    const { publicKey, subject } = new builtin.crypto.X509Certificate(bytes);
    return { key: publicKey, name: (subject ?? '').split('\n').join(', ') };
  } catch (error) {
    throw new NotDer(`it cannot be read: ${(error as Error).message}`);
  }
}

function bitsOf({ content }: Der): Uint8Array {
  if (content[0] !== 0) throw new NotDer('its signature has not whole bytes');
  return content.subarray(1);
}

function extensionsOf(der: Der | undefined): Certificate['extensions'] {
  const extensions = new Map<string, { readonly isCritical: boolean; readonly value: Der }>();
  for (const extension of der === undefined ? [] : onlyPart(der, 'list of extensions').parts) {
    const parts = new Parts(extension, 'extension');
    const oid = oidOf(parts.take(Tag.objectIdentifier, 'name'));
    const critical = parts.optional(Tag.boolean);
    const { content } = parts.take(Tag.octetString, 'value');
    parts.end();
    if (extensions.has(oid)) throw new NotDer('it has an extension twice');
    extensions.set(oid, { isCritical: critical !== undefined && booleanOf(critical), value: parseDer(content) });
  }
  return extensions;
}

/** The identifier of its key, where it has one. */
export function keyIdOf({ extensions }: Certificate): Uint8Array | undefined {
  return extensions.get(KEY_ID)?.value.content;
}

/**
 * Whether a certificate is one to sign timestamps with and for nothing else: the extended key usage is critical and has
 * that purpose only (RFC 3161, section 2.3), and the key usage, where there is one, is to sign.
 */
export function isForTimestamps(certificate: Certificate): boolean {
  const usage = certificate.extensions.get(EXTENDED_USAGE);
  const keyUsage = keyUsageOf(certificate);
  const maySign = keyUsage === undefined || ((keyUsage[0] ?? 0) & (DIGITAL_SIGNATURE | NON_REPUDIATION)) !== 0;
  return usage?.isCritical === true && usage.value.tag === Tag.sequence && String(purposes(usage.value)) === TIME_STAMPING && maySign;
}

const DIGITAL_SIGNATURE = 0x80;
const NON_REPUDIATION = 0x40;
const KEY_CERT_SIGN = 0x04;

/** The bits of the key usage. */
function keyUsageOf({ extensions }: Certificate): Uint8Array | undefined {
  const value = extensions.get(KEY_USAGE)?.value;
  if (value === undefined) return undefined;
  // The first byte counts unused bits.
  return value.tag === Tag.bitString ? value.content.subarray(1) : Uint8Array.of();
}

function purposes(value: Der): readonly string[] {
  return value.parts.map((part) => (part.tag === Tag.objectIdentifier ? oidOf(part) : ''));
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
    const constraints = issuer.extensions.get(BASIC_CONSTRAINTS)?.value;
    if (constraints === undefined) return unfit('is not one of an authority');
    const parts = new Parts(constraints, 'basic constraints');
    const isAuthority = parts.optional(Tag.boolean);
    const most = parts.optional(Tag.integer);
    if (isAuthority === undefined || !booleanOf(isAuthority)) return unfit('is not one of an authority');
    if (most !== undefined && integerOf(most) < below) return unfit('may not stand so far from the end of a chain');
    const usage = keyUsageOf(issuer);
    if (usage !== undefined && ((usage[0] ?? 0) & KEY_CERT_SIGN) === 0) return unfit('may not sign certificates');
    const extended = issuer.extensions.get(EXTENDED_USAGE);
    const allowed = extended === undefined ? [ANY_USAGE] : purposes(extended.value);
    return allowed.includes(ANY_USAGE) || allowed.includes(TIME_STAMPING) ? undefined : unfit('is not for timestamps');
  } catch (error) {
    return unfit(`cannot be read: ${(error as Error).message}`);
  }
}

/** Whether bytes are the same. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
