/*
 * The text of a token: `header.payload.signature` (RFC 7515, compact), signed by ES256 (RFC 7518 3.4).
 *
 * One token has many texts: whoever has (r, s) has (r, n - s) too, and half of all honest signatures have the greater s.
 * So the text names nothing here. What identifies a token is its `jti`, and the SHA-256 of its signing input, the part that
 * is signed.
 */

import { createHash, type KeyObject } from 'node:crypto';
import { wrap } from '../errors.js';
import { native } from '../native.js';
import { type Fields, isObject, MAX_PAYLOAD, MAX_TOKEN, type PrefixedHash } from './claims.js';
import { CompactSign } from './vendor.js';

/** A token that was taken apart, and nothing of it checked beyond its form. */
export interface Compact {
  readonly header: Fields;
  readonly payload: unknown;
  readonly signingInputHash: PrefixedHash;
  /** Whether s is at most half of the order. */
  readonly isLowS: boolean;
}

/** The order of P-256, and half of it. */
const ORDER = 0xffffffff_00000000_ffffffff_ffffffff_bce6faad_a7179e84_f3b9cac2_fc632551n;
const HALF = ORDER >> 1n;

/**
 * Takes a token apart. A string says why it is none: base64url in its one spelling, a JSON object without doubled keys, 64
 * bytes of signature, within the limits of size.
 */
export function parseCompact(token: string): Compact | string {
  if (token.length > MAX_TOKEN) return `it has more than ${MAX_TOKEN} characters`;
  const [protectedPart = '', payloadPart = '', signaturePart = '', ...more] = token.split('.');
  if (more.length > 0 || signaturePart === '') return 'it does not have three parts';
  if (payloadPart.length > MAX_PAYLOAD) return `its payload has more than ${MAX_PAYLOAD} characters`;
  const [protectedBytes, payloadBytes, signature] = [protectedPart, payloadPart, signaturePart].map(fromBase64url);
  if (protectedBytes === undefined || payloadBytes === undefined || signature === undefined) return 'a part is not base64url';
  if (signature.length !== 64) return 'its signature does not have 64 bytes';
  const header = parseJson(protectedBytes);
  const payload = parseJson(payloadBytes);
  if (!isObject(header) || payload === undefined) return 'a part is not the JSON that it should be';
  return {
    header,
    payload,
    signingInputHash: signingInputHash(token),
    isLowS: scalar(signature.subarray(32)) <= HALF,
  };
}

/** `sha256:` and the hash of what a token's signature is over. */
export function signingInputHash(token: string): PrefixedHash {
  return prefixedHash(token.slice(0, token.lastIndexOf('.')));
}

/** `sha256:` and the hash of bytes, or of a text's UTF-8. */
export function prefixedHash(data: string | Uint8Array): PrefixedHash {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** The text of a JWS whose signature has the lesser s. */
export async function signText(header: { readonly kid: string; readonly typ: string }, payload: object, key: KeyObject): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const token = await new CompactSign(bytes).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
  const at = token.lastIndexOf('.') + 1;
  const signature = Buffer.from(token.slice(at), 'base64url');
  const s = scalar(signature.subarray(32));
  if (s > HALF) signature.write((ORDER - s).toString(16).padStart(64, '0'), 32, 'hex');
  return token.slice(0, at) + signature.toString('base64url');
}

function scalar(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/** The value of UTF-8 JSON; undefined for what is none, or has a key twice: readers take one or the other of them. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    wrap(() => native.canonicalJson(text));
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
