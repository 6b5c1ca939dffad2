/*
 * JSON text of a tree: the canonical form, and the writer's spelling, which differs from it in the order of keys only.
 *
 *   no white space; keys ascending by their UTF-8 bytes, or as they stand
 *   integers in decimal; doubles with the fewest digits that read back, halves to even, never without `.` or `e`
 *   strings with the escapes \" \\ \b \t \n \f \r and \u00xx below U+0020, and no other
 *
 * json-canonicalize (RFC 8785) spells what the two forms spell alike: strings, keys, and the digits of doubles from
 * 1e-5 to below 1e16. It is given nothing else. Of a whole tree it would lose integers beyond 2^53 and the difference
 * of 1 and 1.0, call a member `toJSON`, take `__proto__` for the prototype, and sort U+E000 behind U+10000.
 */

import { canonicalize } from 'json-canonicalize';
import { compareKeys, type JsonObject, type JsonValue } from './json.js';

/** The canonical form of a value, told in parts: a form may be longer than a string can be. */
export function writeCanonical(value: JsonValue, take: (part: string) => void): void {
  const writer = new Writer(sortedKeys, take);
  writer.value(value);
  writer.flush();
}

/** The canonical form of a value as UTF-8. */
export function canonicalBytes(value: JsonValue): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  writeCanonical(value, (part) => parts.push(encoder.encode(part)));
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/** A value with its keys as they stand, told in parts. */
export function writeAsItStands(value: JsonValue, take: (part: string) => void): void {
  const writer = new Writer(keysAsTheyStand, take);
  writer.value(value);
  writer.flush();
}

/** A double as the ledger writes it. */
export function doubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const magnitude = Math.abs(value);
  // ECMA-262, toExponential without an argument: as many digits as are necessary.
  if (magnitude < 1e-5 || magnitude >= 1e16) return value.toExponential();
  const text = canonicalize(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** The keys of an object by their UTF-8 bytes. */
export function sortedKeys(object: JsonObject): string[] {
  return [...object.keys()].toSorted(compareKeys);
}

/** Characters that are collected before they are handed on. */
const PART_LENGTH = 32 * 1024;

type Order = (object: JsonObject) => Iterable<string>;

/** The depth of a tree is bounded, and so is the stack. */
class Writer {
  readonly #order: Order;
  readonly #take: (part: string) => void;
  #text = '';

  constructor(order: Order, take: (part: string) => void) {
    this.#order = order;
    this.#take = take;
  }

  value(value: JsonValue): void {
    if (this.#text.length > PART_LENGTH) this.flush();
    switch (typeof value) {
      case 'string':
        this.#text += canonicalize(value);
        return;
      case 'number':
        this.#text += doubleText(value);
        return;
      case 'object':
        if (value instanceof Map) return this.#members(value as JsonObject);
        if (value !== null) return this.#elements(value as readonly JsonValue[]);
    }
    // What is left has one spelling: null, true, false and integers.
    this.#text += String(value);
  }

  flush(): void {
    this.#take(this.#text);
    this.#text = '';
  }

  #members(object: JsonObject): void {
    let separator = '{';
    for (const key of this.#order(object)) {
      this.#text += `${separator}${canonicalize(key)}:`;
      this.value(object.get(key) ?? null);
      separator = ',';
    }
    this.#text += separator === '{' ? '{}' : '}';
  }

  #elements(elements: readonly JsonValue[]): void {
    let separator = '[';
    for (const element of elements) {
      this.#text += separator;
      this.value(element);
      separator = ',';
    }
    this.#text += separator === '[' ? '[]' : ']';
  }
}

function keysAsTheyStand(object: JsonObject): Iterable<string> {
  return object.keys();
}
