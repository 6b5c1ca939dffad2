/*
 * Which algorithms a timestamp may be made with. The arithmetic is OpenSSL's.
 *
 *   digests      SHA-256, SHA-384, SHA-512
 *   signatures   RSA with PKCS #1 1.5 or PSS (RFC 8017) from 2048 bits on, ECDSA over curves from 256 bits on, Ed25519
 */

import type { KeyObject } from 'node:crypto';
import { builtin } from '../../builtin.js';
import { NotDer, readSpelled } from './der.js';
import { AlgorithmIdentifier, RsaSaPssParams } from './vendor.js';

/** Hash algorithms by their identifiers; SHA-1 is none of them. */
export const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

type Scheme = 'rsa' | 'pss' | 'ecdsa' | 'ed25519';

/** Signature algorithms; without a digest it is told elsewhere. */
const SCHEMES: ReadonlyMap<string, readonly [scheme: Scheme, digest?: string]> = new Map([
  ['1.2.840.113549.1.1.1', ['rsa']],
  ['1.2.840.113549.1.1.11', ['rsa', 'sha256']],
  ['1.2.840.113549.1.1.12', ['rsa', 'sha384']],
  ['1.2.840.113549.1.1.13', ['rsa', 'sha512']],
  ['1.2.840.113549.1.1.10', ['pss']],
  ['1.2.840.10045.4.3.2', ['ecdsa', 'sha256']],
  ['1.2.840.10045.4.3.3', ['ecdsa', 'sha384']],
  ['1.2.840.10045.4.3.4', ['ecdsa', 'sha512']],
  ['1.3.101.112', ['ed25519']],
]);

/** Bytes: more than a key of 4,096 bits has room for. */
const MAX_SALT = 512;
const MGF1 = '1.2.840.113549.1.1.8';
const CURVES: ReadonlySet<string | undefined> = new Set([
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
]);

/** How a signature is checked. */
export interface SignatureScheme {
  readonly scheme: Scheme;
  /** Null for Ed25519, which has its own. */
  readonly digest: string | null;
  /** Bytes of the salt, of PSS. */
  readonly salt?: number;
}

/**
 * The scheme of an algorithm; undefined for one that is not taken. Where the digest is told beside it, both have to agree.
 */
export function schemeOf(algorithm: AlgorithmIdentifier, digestAlgorithm?: string): SignatureScheme | undefined {
  const beside = digestAlgorithm === undefined ? undefined : DIGESTS.get(digestAlgorithm);
  if (digestAlgorithm !== undefined && beside === undefined) return undefined;
  const [scheme, own] = SCHEMES.get(algorithm.algorithm) ?? [];
  if (scheme === undefined) return undefined;
  if (scheme === 'ed25519') return { scheme, digest: null };
  if (scheme === 'pss') {
    const pss = pssOf(algorithm);
    return pss !== undefined && (beside ?? pss.digest) === pss.digest ? { scheme, ...pss } : undefined;
  }
  const digest = own ?? beside;
  return digest === undefined || (beside ?? digest) !== digest ? undefined : { scheme, digest };
}

/** Digest and salt of `RSASSA-PSS-params`, whose default digest is SHA-1 and so is not taken. RFC 4055, section 3.1. */
function pssOf({ parameters }: AlgorithmIdentifier): { readonly digest: string; readonly salt: number } | undefined {
  if (parameters === undefined || parameters === null) return undefined;
  const { hashAlgorithm, maskGenAlgorithm: mask, saltLength } = read(parameters, RsaSaPssParams);
  const digest = DIGESTS.get(hashAlgorithm.algorithm);
  if (digest === undefined || mask.algorithm !== MGF1 || mask.parameters === undefined || mask.parameters === null) return undefined;
  if (DIGESTS.get(read(mask.parameters, AlgorithmIdentifier).algorithm) !== digest) return undefined;
  if (!(saltLength >= 0 && saltLength <= MAX_SALT)) throw new NotDer('it has a salt that is none');
  return { digest, salt: saltLength };
}

function read<Value>(parameters: ArrayBuffer, type: new () => Value): Value {
  return readSpelled(new Uint8Array(parameters), type, 'signature algorithm');
}

/** Whether a key is of a kind and a size that are taken. */
export function isStrong(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'rsa-pss') return modulusLength >= 2048;
  return key.asymmetricKeyType === 'ec' ? CURVES.has(namedCurve) : key.asymmetricKeyType === 'ed25519';
}

/** Whether a signature holds. */
export function holds({ scheme, digest, salt }: SignatureScheme, key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean {
  const { constants, verify } = builtin.crypto;
  const types = { rsa: ['rsa'], pss: ['rsa', 'rsa-pss'], ecdsa: ['ec'], ed25519: ['ed25519'] }[scheme];
  if (!types.includes(key.asymmetricKeyType ?? '')) return false;
  const padding = scheme === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt } : {};
  try {
    return verify(digest, signed, { key, ...padding }, signature);
  } catch {
    // OpenSSL refuses some signatures that are none with an error.
    return false;
  }
}

/** The hash of bytes under an algorithm; undefined for one that is not taken. SHA-1 is, to name a certificate (RFC 5816). */
export function digestOf(algorithm: string, bytes: Uint8Array): Buffer | undefined {
  const name = algorithm === '1.3.14.3.2.26' ? 'sha1' : DIGESTS.get(algorithm);
  return name === undefined ? undefined : builtin.crypto.createHash(name).update(bytes).digest();
}
