/*
 * A timestamp token as it is read (RFC 3161, section 2.4.2): signed data (RFC 5652) of one signer over a TSTInfo. Nothing is
 * checked here but its form.
 *
 *   ContentInfo { signedData, SignedData { digests, { tSTInfo, TSTInfo }, certificates, { signer } } }
 */

import { booleanOf, type Der, integerOf, NotDer, oidOf, onlyPart, parseDer, Parts, Tag, timeOf } from './der.js';

/** Most bytes of a token, and of a response with one. */
export const MAX_TOKEN = 64 << 10;

/** Most certificates in a token. */
const MAX_CERTIFICATES = 32;

/** What a timestamping authority says. */
export interface TimestampInfo {
  /** Dotted. */
  readonly policy: string;
  /** Hash algorithm, dotted, and the hash. */
  readonly imprint: { readonly algorithm: string; readonly hash: Uint8Array };
  readonly serial: bigint;
  /** When. */
  readonly time: { readonly millis: number; readonly iso: string };
  /** Microseconds, more or less. */
  readonly accuracy: number | null;
  readonly nonce: bigint | null;
}

/** An algorithm, and its parameters. */
export interface Algorithm {
  readonly oid: string;
  readonly parameters: Der | undefined;
}

/** How the certificate of the signer is named: what was signed, RFC 5035. */
export interface CertificateId {
  /** Hash algorithm, dotted. */
  readonly algorithm: string;
  readonly hash: Uint8Array;
  /** Issuer, as DER, and serial number, where they are told. */
  readonly issuer: { readonly name: Uint8Array; readonly serial: bigint } | undefined;
}

/** A token. */
export interface Token {
  readonly info: TimestampInfo;
  /** What the digest in the signed attributes is of. */
  readonly content: Uint8Array;
  /** Certificates that came with it. */
  readonly certificates: readonly Uint8Array[];
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: Algorithm;
  /** The bytes that are signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** The digest among the signed attributes. */
  readonly digest: Uint8Array;
  /** Whose certificate it is, said twice: by name or key id, and by hashes. */
  readonly signer: { readonly issuer: Uint8Array; readonly serial: bigint } | { readonly keyId: Uint8Array };
  readonly certificateIds: readonly CertificateId[];
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const SHA1 = '1.3.14.3.2.26';
const SHA256 = '2.16.840.1.101.3.4.2.1';

/** Reads a token. Throws {@link NotDer}, and nothing else, for other bytes. */
export function parseToken(bytes: Uint8Array): Token {
  if (bytes.length > MAX_TOKEN) throw new NotDer(`it has more than ${MAX_TOKEN} bytes`);
  const outer = new Parts(parseDer(bytes), 'content info');
  if (oidOf(outer.take(Tag.objectIdentifier, 'type')) !== SIGNED_DATA) throw new NotDer('it is no signed data');
  const data = new Parts(onlyPart(outer.take(Tag.constructed(0), 'content'), 'content'), 'signed data');
  outer.end();
  data.take(Tag.integer, 'version');
  data.take(Tag.set, 'digest algorithms');
  const content = contentOf(data.take(Tag.sequence, 'content'));
  const certificates = data.optional(Tag.constructed(0))?.parts ?? [];
  if (certificates.length > MAX_CERTIFICATES) throw new NotDer(`it brings more than ${MAX_CERTIFICATES} certificates`);
  data.optional(Tag.constructed(1));
  const signer = onlyPart(data.take(Tag.set, 'signers'), 'list of signers');
  data.end();
  return {
    info: parseInfo(content),
    content,
    // Other forms of certificates are of no use here.
    certificates: certificates.filter(({ tag }) => tag === Tag.sequence).map((certificate) => certificate.bytes),
    ...signerOf(signer),
  };
}

function contentOf(der: Der): Uint8Array {
  const parts = new Parts(der, 'content');
  if (oidOf(parts.take(Tag.objectIdentifier, 'type')) !== TST_INFO) throw new NotDer('it is no timestamp');
  const content = onlyPart(parts.take(Tag.constructed(0), 'bytes'), 'content');
  parts.end();
  if (content.tag !== Tag.octetString) throw new NotDer('its content is no octet string');
  return content.content;
}

function parseInfo(bytes: Uint8Array): TimestampInfo {
  const parts = new Parts(parseDer(bytes), 'timestamp');
  if (integerOf(parts.take(Tag.integer, 'version')) !== 1n) throw new NotDer('it is of another version than 1');
  const policy = oidOf(parts.take(Tag.objectIdentifier, 'policy'));
  const imprint = parseImprint(parts.take(Tag.sequence, 'imprint'));
  const serial = integerOf(parts.take(Tag.integer, 'serial number'));
  const time = timeOf(parts.take(Tag.generalizedTime, 'time'));
  const accuracy = parts.optional(Tag.sequence);
  const ordering = parts.optional(Tag.boolean);
  if (ordering !== undefined) booleanOf(ordering);
  const nonce = parts.optional(Tag.integer);
  parts.optional(Tag.constructed(0));
  const extensions = parts.optional(Tag.constructed(1));
  parts.end();
  if (extensions?.parts.some((extension) => extension.parts.some(({ tag }) => tag === Tag.boolean))) {
    throw new NotDer('it has a critical extension, whose meaning is not known here');
  }
  return {
    policy,
    imprint,
    serial,
    time,
    accuracy: accuracy === undefined ? null : microsOf(accuracy),
    nonce: nonce === undefined ? null : integerOf(nonce),
  };
}

/** `MessageImprint { algorithm, hash }`, of a request too. */
export function parseImprint(der: Der): TimestampInfo['imprint'] {
  const parts = new Parts(der, 'imprint');
  const algorithm = algorithmOf(parts.take(Tag.sequence, 'algorithm')).oid;
  const hash = parts.take(Tag.octetString, 'hash').content;
  parts.end();
  return { algorithm, hash };
}

function microsOf(der: Der): number {
  const parts = new Parts(der, 'accuracy');
  const units = [parts.optional(Tag.integer), parts.optional(Tag.primitive(0)), parts.optional(Tag.primitive(1))];
  parts.end();
  const [seconds = 0n, millis = 0n, micros = 0n] = units.map((unit) => (unit === undefined ? 0n : integerOf(unit)));
  const isRange = seconds >= 0n && seconds < 1n << 31n && millis >= 0n && millis < 1000n && micros >= 0n && micros < 1000n;
  if (!isRange) throw new NotDer('it has an accuracy that is none');
  return Number((seconds * 1000n + millis) * 1000n + micros);
}

/** `AlgorithmIdentifier { algorithm, parameters }`. */
export function algorithmOf(der: Der): Algorithm {
  const [oid, parameters, ...others] = der.parts;
  if (oid?.tag !== Tag.objectIdentifier || others.length > 0) throw new NotDer('it has an algorithm that is none');
  return { oid: oidOf(oid), parameters };
}

function signerOf(der: Der): Omit<Token, 'info' | 'content' | 'certificates'> {
  const parts = new Parts(der, 'signer');
  parts.take(Tag.integer, 'version');
  const keyId = parts.optional(Tag.primitive(0));
  const signer = keyId === undefined ? issuerAndSerial(parts.take(Tag.sequence, 'name')) : { keyId: keyId.content };
  const digestAlgorithm = algorithmOf(parts.take(Tag.sequence, 'digest algorithm')).oid;
  const attributes = parts.take(Tag.constructed(0), 'signed attributes');
  const signatureAlgorithm = algorithmOf(parts.take(Tag.sequence, 'signature algorithm'));
  const signature = parts.take(Tag.octetString, 'signature').content;
  parts.optional(Tag.constructed(1));
  parts.end();
  const values = attributesOf(attributes);
  const type = values.get(CONTENT_TYPE);
  if (type?.tag !== Tag.objectIdentifier || oidOf(type) !== TST_INFO) throw new NotDer('its signature is over no timestamp');
  const digest = values.get(MESSAGE_DIGEST);
  if (digest?.tag !== Tag.octetString) throw new NotDer('its signature is over no digest');
  // RFC 5652, section 5.4: signed with the tag of a SET in place of [0].
  const signed = Uint8Array.from(attributes.bytes);
  signed[0] = Tag.set;
  const certificateIds = certificateIdsOf(values);
  return { signer, digestAlgorithm, signatureAlgorithm, signature, signed, digest: digest.content, certificateIds };
}

function issuerAndSerial(der: Der): { readonly issuer: Uint8Array; readonly serial: bigint } {
  const parts = new Parts(der, 'name of the signer');
  const issuer = parts.take(Tag.sequence, 'issuer').bytes;
  const serial = integerOf(parts.take(Tag.integer, 'serial number'));
  parts.end();
  return { issuer, serial };
}

/** The signed attributes, each of which is there once and has one value. */
function attributesOf(der: Der): ReadonlyMap<string, Der> {
  const values = new Map<string, Der>();
  for (const attribute of der.parts) {
    const parts = new Parts(attribute, 'signed attribute');
    const oid = oidOf(parts.take(Tag.objectIdentifier, 'type'));
    const value = onlyPart(parts.take(Tag.set, 'values'), 'signed attribute');
    parts.end();
    if (values.has(oid)) throw new NotDer('it has a signed attribute twice');
    values.set(oid, value);
  }
  return values;
}

/** The first certificate that each attribute names: that of the signer. RFC 5816, section 2.2.1: one of them is there. */
function certificateIdsOf(values: ReadonlyMap<string, Der>): readonly CertificateId[] {
  const ids = [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2].flatMap((oid) => {
    const value = values.get(oid);
    if (value === undefined) return [];
    const [first] = new Parts(value, 'signing certificate').take(Tag.sequence, 'certificates').parts;
    return [certificateIdOf(first, oid === SIGNING_CERTIFICATE ? SHA1 : undefined)];
  });
  if (ids.length === 0) throw new NotDer('its signature does not name the certificate of the signer');
  return ids;
}

function certificateIdOf(der: Der | undefined, fixed: string | undefined): CertificateId {
  const parts = new Parts(der, 'signing certificate');
  const algorithm = fixed ?? algorithmIn(parts.optional(Tag.sequence));
  const hash = parts.take(Tag.octetString, 'hash').content;
  const named = parts.optional(Tag.sequence);
  parts.end();
  return { algorithm, hash, issuer: named === undefined ? undefined : issuerOf(named) };
}

function algorithmIn(der: Der | undefined): string {
  return der === undefined ? SHA256 : algorithmOf(der).oid;
}

/** `IssuerSerial { { [4] name }, serial }`. */
function issuerOf(der: Der): CertificateId['issuer'] {
  const parts = new Parts(der, 'issuer');
  const name = onlyPart(parts.take(Tag.sequence, 'names'), 'issuer');
  if (name.tag !== Tag.constructed(4)) throw new NotDer('its issuer is no name of a directory');
  const serial = integerOf(parts.take(Tag.integer, 'serial number'));
  parts.end();
  return { name: onlyPart(name, 'issuer').bytes, serial };
}
