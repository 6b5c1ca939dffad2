/*
 * Bytes, hex digits, and UTF-8.
 */

/** Bytes of this or another realm. */
export function isBytes(value: unknown): value is Uint8Array {
  return typedArrayName.call(value) === 'Uint8Array';
}

/** Whether the memory of bytes was given away: they would pass for no bytes. */
export function isDetached({ buffer, byteLength }: Uint8Array): boolean {
  if (byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).byteLength < 0;
  } catch {
    return true;
  }
}

/** Whether a string has UTF-8: no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** Lower-case hex digits. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX_OF_BYTE[byte];
  return hex;
}

/** The bytes of an even number of hex digits. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** The same string in memory of its own: a part of a longer string keeps all of that. */
export function copyOf(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

// What a typed array is called whatever its realm and its properties; undefined of anything else.
const { get: typedArrayName } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
) as { get(this: unknown): string | undefined };
// With the flag u, a surrogate of a pair is part of its character.
const LONE_SURROGATE = /\p{Surrogate}/u;
const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
