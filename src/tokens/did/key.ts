/*
 * DIDs that are their own key: did:key (P-256) and did:jwk. Nothing is asked for them.
 */

import { ECDH } from 'node:crypto';
import { isObject } from '../claims.js';
import { base58 } from '../vendor.js';

/** A document, or why there is none. */
export type Found = { readonly document: object } | { readonly error: 'invalidDid' | 'notFound'; readonly message: string };

/** What a compressed point on P-256 begins with: the multicodec 0x1200 as a varint. */
const P256_PREFIX = [0x80, 0x24];

/** did:key (W3C CCG): `z`, base58btc of a multicodec and a key. */
export function resolveKey(did: string): Found {
  const encoded = did.slice('did:key:'.length);
  const jwk = multikey(encoded);
  return typeof jwk === 'string' ? { error: 'invalidDid', message: jwk } : { document: documentOf(did, `${did}#${encoded}`, jwk) };
}

/** The key on P-256 of a Multikey (W3C Controlled Identifiers 2.2.2), as a JWK; a string says why there is none. */
export function multikey(encoded: string): object | string {
  if (!encoded.startsWith('z') || encoded.length > 100) return 'not base58btc';
  try {
    const bytes = base58.decode(encoded.slice(1));
    if (bytes.length !== 35 || bytes[0] !== P256_PREFIX[0] || bytes[1] !== P256_PREFIX[1]) return 'not a key on P-256';
    const point = ECDH.convertKey(bytes.subarray(2), 'prime256v1', undefined, undefined, 'uncompressed') as Buffer;
    return { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  } catch {
    return 'not a point on P-256';
  }
}

/** did:jwk: base64url of a JWK, whose key is `#0`. */
export function resolveJwk(did: string): Found {
  const encoded = did.slice('did:jwk:'.length);
  try {
    const bytes = Buffer.from(encoded, 'base64url');
    const jwk: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (bytes.toString('base64url') !== encoded || !isObject(jwk) || 'd' in jwk) return { error: 'invalidDid', message: 'not the JWK of a public key' };
    const { assertionMethod, ...others } = documentOf(did, `${did}#0`, jwk);
    // A key that is there to encrypt makes no assertions.
    return { document: jwk['use'] === 'enc' ? others : { ...others, assertionMethod } };
  } catch {
    return { error: 'invalidDid', message: 'not base64url of JSON' };
  }
}

function documentOf(did: string, id: string, publicKeyJwk: object) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id: did,
    verificationMethod: [{ id, type: 'JsonWebKey2020', controller: did, publicKeyJwk }],
    assertionMethod: [id],
  };
}
