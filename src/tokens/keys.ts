/*
 * Public keys of issuers as JSON Web Keys.
 */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { isObject } from './claims.js';

/** A JSON Web Key (RFC 7517), as far as it is read here. */
export interface PublicJwk {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly key_ops?: readonly string[];
}

/** A key that tokens may be signed by. */
export interface TokenKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The key of a JWK that ES256 may be checked by; undefined for all others, private ones and points off the curve among them. */
export function tokenKey(jwk: unknown): TokenKey | undefined {
  if (!isObject(jwk)) return undefined;
  const { kty, crv, x, y, kid, alg = 'ES256', use = 'sig', d, key_ops: operations = ['verify'] } = jwk;
  if (kty !== 'EC' || crv !== 'P-256' || alg !== 'ES256' || use !== 'sig' || d !== undefined) return undefined;
  if (typeof kid !== 'string' || kid === '' || !isCoordinate(x) || !isCoordinate(y)) return undefined;
  if (!Array.isArray(operations) || !Object.values(operations as unknown[]).includes('verify')) return undefined;
  try {
    return Object.freeze({ kid, key: createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }) });
  } catch {
    return undefined;
  }
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && Buffer.from(value, 'base64url').length === 32;
}
