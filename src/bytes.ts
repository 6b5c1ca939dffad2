/*
 * What bytes and text are, in Node.js and in browsers, without running code of a value's own.
 */

/** Whether a value is a Uint8Array, of this or another realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
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

/** Whether a string has no lone surrogate, so that it has UTF-8. */
export function isWellFormed(text: string): boolean {
  // In every supported Node.js, but newer than the library that the types are taken from, and than some browsers.
  return (text as string & { isWellFormed?(): boolean }).isWellFormed?.() ?? !LONE_SURROGATE.test(text);
}

// What a typed array is called whatever its realm and its properties; undefined of anything else.
const { get: typedArrayName } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
) as { get(this: unknown): string | undefined };
// With the flag u, a surrogate of a pair is part of its character.
const LONE_SURROGATE = /\p{Surrogate}/u;
