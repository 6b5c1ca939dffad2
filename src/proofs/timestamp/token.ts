/*
 * A timestamp token as it is read (RFC 3161, section 2.4.2): signed data (RFC 5652) of one signer over a TSTInfo. Nothing is
 * checked here but its form.
 *
 *   ContentInfo { signedData, SignedData { digests, { tSTInfo, TSTInfo }, certificates, { signer } } }
 */

import { integerOf, isSorted, NotDer, readDer, type Type, writeDer } from './der.js';
import { type CertificateName, Content, ContentType, Info, SignedAttributes, SignerNames } from './types.js';
import { type AlgorithmIdentifier, type Attribute, type MessageImprint, OctetString, type SignerInfo } from './vendor.js';

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
  readonly signatureAlgorithm: AlgorithmIdentifier;
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
  const { contentType, content: data } = readDer(bytes, Content, 'signed data');
  if (contentType !== SIGNED_DATA) throw new NotDer('it is no signed data');
  const { encapContentInfo: inner, signerInfos } = data;
  const certificates = data.certificates?.parts ?? [];
  if (inner.eContentType !== TST_INFO || inner.eContent?.single === undefined) throw new NotDer('it is no timestamp');
  if (certificates.length > MAX_CERTIFICATES) throw new NotDer(`it brings more than ${MAX_CERTIFICATES} certificates`);
  const [signer, ...others] = signerInfos;
  if (signer === undefined || others.length > 0) throw new NotDer('it has not one signer');
  const content = bytesOf(inner.eContent.single.buffer);
  // Other forms of certificates, which have tags of their own, are of no use here.
  const known = certificates.map(({ valueBeforeDecodeView }) => valueBeforeDecodeView).filter(([tag]) => tag === SEQUENCE);
  return { info: parseInfo(content), content, certificates: known, ...signerOf(signer) };
}

const SEQUENCE = 0x30;

function parseInfo(bytes: Uint8Array): TimestampInfo {
  const { version, policy, messageImprint, serialNumber, genTime, accuracy, nonce, extensions } = readDer(bytes, Info, 'timestamp');
  if (version !== 1) throw new NotDer('it is of another version than 1');
  if (extensions?.some(({ critical }) => critical)) throw new NotDer('it has a critical extension, whose meaning is not known here');
  return {
    policy,
    imprint: imprintIn(messageImprint),
    serial: integerOf(serialNumber),
    time: timeOf(genTime),
    accuracy: accuracy === undefined ? null : microsOf(accuracy),
    nonce: nonce === undefined ? null : integerOf(nonce),
  };
}

/** `MessageImprint { algorithm, hash }`, of a request too. */
export function imprintIn({ hashAlgorithm, hashedMessage }: MessageImprint): TimestampInfo['imprint'] {
  return { algorithm: hashAlgorithm.algorithm, hash: bytesOf(hashedMessage.buffer) };
}

/** A time in UTC, as milliseconds since 1970 and in ISO 8601 with all of its digits. RFC 3161, section 2.4.2. */
function timeOf(text: string): TimestampInfo['time'] {
  const [, digits = '', fraction = ''] = /^(\d{14})(\.\d{0,9}[1-9])?Z$/.exec(text) ?? [];
  const whole = digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6');
  const iso = `${whole}${fraction}Z`;
  const millis = Date.parse(iso);
  // A day that no month has is another day to Date.
  if (Number.isNaN(millis) || !new Date(millis).toISOString().startsWith(whole)) throw new NotDer('it has a time that is none, or not in UTC');
  return { millis, iso };
}

function microsOf(accuracy: NonNullable<Info['accuracy']>): number {
  const units = [accuracy.seconds, accuracy.millis, accuracy.micros];
  const [seconds = 0n, millis = 0n, micros = 0n] = units.map((unit) => (unit === undefined ? 0n : integerOf(unit)));
  const isRange = seconds >= 0n && seconds < 1n << 31n && millis >= 0n && millis < 1000n && micros >= 0n && micros < 1000n;
  if (!isRange) throw new NotDer('it has an accuracy that is none');
  return Number((seconds * 1000n + millis) * 1000n + micros);
}

function signerOf({ sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature }: SignerInfo): Omit<Token, 'info' | 'content' | 'certificates'> {
  const values = attributesOf(signedAttrs ?? []);
  if (valueOf(values, CONTENT_TYPE, ContentType).value !== TST_INFO) throw new NotDer('its signature is over no timestamp');
  const { issuerAndSerialNumber: named, subjectKeyIdentifier: key } = sid;
  return {
    signer: named === undefined ? { keyId: bytesOf(key?.buffer) } : { issuer: writeDer(named.issuer), serial: integerOf(named.serialNumber) },
    digestAlgorithm: digestAlgorithm.algorithm,
    signatureAlgorithm,
    signature: bytesOf(signature.buffer),
    // What the library writes is what was there, but for the tag of a SET in place of [0]: RFC 5652, section 5.4.
    signed: writeDer(new SignedAttributes(signedAttrs)),
    digest: bytesOf(valueOf(values, MESSAGE_DIGEST, OctetString).buffer),
    certificateIds: certificateIdsOf(values),
  };
}

/** The signed attributes by type, each of which is there once and has one value, as DER. */
function attributesOf(attributes: readonly Attribute[]): ReadonlyMap<string, Uint8Array> {
  if (!isSorted(attributes.map(writeDer))) throw new NotDer('its signed attributes are not in order');
  const values = new Map<string, Uint8Array>();
  for (const { attrType, attrValues } of attributes) {
    const [value, ...others] = attrValues;
    if (value === undefined || others.length > 0 || values.has(attrType)) throw new NotDer('it has a signed attribute twice, or without a value');
    values.set(attrType, bytesOf(value));
  }
  return values;
}

function valueOf<Value>(values: ReadonlyMap<string, Uint8Array>, type: string, form: Type<Value>): Value {
  return readDer(values.get(type) ?? Uint8Array.of(), form, `signed attribute ${type}`);
}

/** The first certificate that each attribute names: that of the signer. RFC 5816, section 2.2.1: one of them is there. */
function certificateIdsOf(values: ReadonlyMap<string, Uint8Array>): readonly CertificateId[] {
  const types = [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2].filter((type) => values.has(type));
  if (types.length === 0) throw new NotDer('its signature does not name the certificate of the signer');
  return types.map((type) => {
    const [first] = valueOf(values, type, SignerNames).certs;
    const isFirst = type === SIGNING_CERTIFICATE;
    if (first === undefined || (isFirst && first.hashAlgorithm !== undefined)) throw new NotDer('its signature names no certificate');
    return certificateIdOf(first, isFirst ? SHA1 : SHA256);
  });
}

function certificateIdOf({ hashAlgorithm, certHash, issuerSerial }: CertificateName, algorithm: string): CertificateId {
  const hash = { algorithm: hashAlgorithm?.algorithm ?? algorithm, hash: bytesOf(certHash.buffer) };
  if (issuerSerial === undefined) return { ...hash, issuer: undefined };
  const [issuer, ...others] = issuerSerial.issuer;
  if (issuer?.directoryName === undefined || others.length > 0) throw new NotDer('its issuer is no name of a directory');
  return { ...hash, issuer: { name: writeDer(issuer.directoryName), serial: integerOf(issuerSerial.serialNumber) } };
}

/** Of a NULL, of which the library keeps nothing, none. */
function bytesOf(buffer: ArrayBuffer | null | undefined): Uint8Array {
  return new Uint8Array(buffer ?? new ArrayBuffer(0));
}
