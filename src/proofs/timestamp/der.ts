/*
 * DER, as timestamps are written in it (X.690, sections 8, 10 and 11): tag, length, content, each value with one spelling.
 *
 * The library that knows the definitions reads BER, passes over parts that it does not know and bytes behind the last one,
 * and takes for a time or a boolean what is none. What it read counts here under two conditions:
 *
 *   every value is spelled as in DER     looked at in the bytes, at the places where the library found the values
 *   nothing was passed over              what was read is written again, and is the same bytes
 *
 * Neither does without the other. The library keeps integers, and values of no fixed type, as the bytes that they were.
 */

import { AsnParser, AsnSerializer, type BaseBlock, Constructed, fromBER } from './vendor.js';

/** First bytes of values: class, form and number of their tag. */
const Tag = { boolean: 0x01, integer: 0x02, bitString: 0x03, null: 0x05, oid: 0x06, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const;
const CONSTRUCTED = 0x20;
/** The bits of a tag of other classes than the universal one. */
const CLASS = 0xc0;

/** Values inside each other, and values. */
const LIMITS = { maxDepth: 32, maxNodes: 8192 };

/** Bytes that are not what they should be. Its message goes on behind what they should have been. */
export class NotDer extends Error {}

/** What reads a type. */
export type Type<Value> = new () => Value;

/** Reads a value of a type, all of it. Throws {@link NotDer}, and nothing else, for other bytes. */
export function readDer<Value>(bytes: Uint8Array, type: Type<Value>, what: string): Value {
  const value = readSpelled(bytes, type, what);
  if (!isSame(attempt(() => writeDer(value), what), bytes)) throw new NotDer(`its ${what} has parts that it may not have, or spells out a default`);
  return value;
}

/** Reads a value of a type; parts that the type does not have are passed over. Throws {@link NotDer}, and nothing else. */
export function readSpelled<Value>(bytes: Uint8Array, type: Type<Value>, what: string): Value {
  // The library takes offsets of the whole buffer for those of a view.
  const { offset, result } = attempt(() => fromBER(Uint8Array.from(bytes), { ...LIMITS, parseEmbedded: false }), what);
  if (offset === -1) throw new NotDer('it is cut off, or not spelled as in DER');
  if (offset !== bytes.length) throw new NotDer(`${bytes.length - offset} bytes follow it`);
  checkSpelling(result);
  return attempt(() => AsnParser.fromASN(result, type), what);
}

/** Writes a value. */
export function writeDer(value: unknown): Buffer {
  return Buffer.from(AsnSerializer.serialize(value));
}

/** An INTEGER of which the library keeps the bytes, at most 64. */
export function integerOf(kept: ArrayBuffer): bigint {
  const content = Buffer.from(kept);
  // Under another tag than its own it was not looked at.
  if (!isSpelled(Tag.integer, content) || content.length > 64) throw new NotDer('it has an integer that is not spelled as in DER');
  return BigInt.asIntN(8 * content.length, BigInt(`0x${content.toString('hex')}`));
}

/** Whether bytes are the same. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether values stand in the order of a SET OF: X.690, section 11.6. */
export function isSorted(values: readonly Uint8Array[]): boolean {
  return values.every((value, index) => index === 0 || Buffer.compare(values[index - 1] ?? value, value) <= 0);
}

function attempt<Value>(action: () => Value, what: string): Value {
  try {
    return action();
  } catch {
    // The library says in many ways and types of errors that bytes are not of a type.
    throw new NotDer(`its ${what} is of another form`);
  }
}

function checkSpelling(block: BaseBlock): void {
  const { idBlock, lenBlock } = block;
  const bytes = block.valueBeforeDecodeView;
  const content = bytes.subarray(idBlock.blockLength + lenBlock.blockLength);
  const { length } = content;
  const shortest = length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 4;
  if (idBlock.blockLength !== 1 || lenBlock.isIndefiniteForm || lenBlock.blockLength !== shortest || lenBlock.length !== length) {
    throw new NotDer('it has a tag or a length that is not spelled as in DER');
  }
  const tag = bytes[0] ?? 0;
  if (!isSpelled(tag, content)) throw new NotDer(`it has a value with the tag ${tag} that is not spelled as in DER`);
  if ((tag & CONSTRUCTED) === 0) return;
  const parts = block instanceof Constructed ? block.valueBlock.value : [];
  if (parts.reduce((sum, part) => sum + part.valueBeforeDecodeView.length, 0) !== length) throw new NotDer('it has a value that cannot be read');
  if (tag === Tag.set && !isSorted(parts.map((part) => part.valueBeforeDecodeView))) throw new NotDer('it has a set that is not in order');
  parts.forEach(checkSpelling);
}

function isSpelled(tag: number, content: Uint8Array): boolean {
  const [first = 0, second = 0] = content;
  const { length } = content;
  switch (tag) {
    case Tag.boolean:
      return length === 1 && (first === 0 || first === 0xff);
    case Tag.integer:
    case Tag.enumerated:
      return length > 0 && (length === 1 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)));
    case Tag.bitString:
      return length > 0 && (length === 1 ? first === 0 : first < 8 && ((content[length - 1] ?? 0) & ((1 << first) - 1)) === 0);
    case Tag.null:
      return length === 0;
    case Tag.oid:
      return length > 0 && length <= 64 && (content[length - 1] ?? 0) < 0x80 && content.every((byte, place) => byte !== 0x80 || (content[place - 1] ?? 0) >= 0x80);
    default:
      // No strings in pieces.
      return (tag & CLASS) !== 0 || (tag & CONSTRUCTED) === 0 || tag === Tag.sequence || tag === Tag.set;
  }
}
