/*
 * Ed25519 (RFC 8032, section 5.1) by libsodium, which is as strict as the format: S below L, A and R not of small
 * order, A canonical, and R compared byte for byte, without the cofactor.
 *
 * libsodium is loaded when it is first needed, not when this module is.
 */

import { builtin } from './runtime.js';

let isDetachedSignature: ((signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean) | undefined;

/** Loads libsodium; must have resolved before the first {@link verifySignature}. */
export async function loadEd25519(): Promise<void> {
  const sodium = await libsodium();
  await sodium.ready;
  isDetachedSignature = sodium.crypto_sign_verify_detached;
}

/** Whether a signature holds. What has a wrong length is no signature or no key, and none that holds. */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (isDetachedSignature === undefined) throw new Error('loadEd25519() has not resolved');
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  return isDetachedSignature(signature, message, publicKey);
}

/**
 * Whether a signature can hold under a key at all: 32 bytes that are the canonical encoding of a point of the curve
 * that is not of small order. libsodium can be asked this only of keys without a component of small order.
 */
export function isUsableKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  let encoded = 0n;
  for (const byte of publicKey.toReversed()) encoded = (encoded << 8n) | BigInt(byte);
  const y = encoded & (2n ** 255n - 1n);
  // x = 0 with its sign bit set, which has no point, occurs at y = 1 and y = -1 only.
  if (y >= P || SMALL_ORDER_Y.has(y)) return false;
  // Section 5.1.3: x^2 = (y^2 - 1) / (d y^2 + 1). It is a square, as (y^2 - 1)(d y^2 + 1) is, by Euler's criterion.
  const square = (y * y) % P;
  return power(((square - 1n) * (D * square + 1n)) % P, (P - 1n) / 2n) === 1n;
}

interface Libsodium {
  readonly ready: Promise<void>;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/**
 * In Node.js by `require`, since not every test runner has `import()`; unseen by bundlers, since what it finds asks for
 * modules of Node.js. By `import()` in browsers, and in what a bundler made for Node.js.
 */
async function libsodium(): Promise<Libsodium> {
  try {
    const required: unknown = builtin('node:module')?.createRequire(__filename)('libsodium-wrappers');
    if (required !== undefined) return required as Libsodium;
  } catch {
    // Bundled: there is no such package beside this file, or no __filename.
  }
  return (await import('libsodium-wrappers')).default;
}

const P = 2n ** 255n - 19n;
/** -121665 / 121666. */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
/** One y of order 8; the other is its negative. */
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** The y of the eight points of small order: 1 has order 1, -1 order 2, 0 order 4. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, ORDER_8_Y, P - ORDER_8_Y]);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [factor, rest] = [base, exponent]; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * factor) % P;
    factor = (factor * factor) % P;
  }
  return result;
}
