/*
 * Reads JSON as the ledger does, into a tree that loses nothing.
 *
 *   text                                        value in the tree
 *   integer from -2^63 to 2^64-1, not -0        bigint
 *   any other number                            number, the nearest double
 *   object                                      Map, in the order of the text; `__proto__` is a key like any other
 *   the rest                                    as JSON.parse has it
 *
 * The first byte that is wrong ends the reading: syntax (RFC 8259, so no byte-order mark either), a lone surrogate, a
 * number beyond the largest double, or a bracket that opens the 128th container. A repeated key is noted, not refused:
 * it counts only in a text without any of these. Nothing is backtracked and the stack is bounded by the depth, so the
 * time is linear whatever the text holds.
 */

/** JSON without loss: an integer is a bigint, a double a number. */
export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject;
/** Keys in the order of the text. */
export type JsonObject = ReadonlyMap<string, JsonValue>;
/** Steps from the top to a value: keys and indices. */
export type Trail = readonly (string | number)[];

/** Containers that may be inside each other, the outermost being 1. */
export const MAX_DEPTH = 127;
export const LEAST_INTEGER = -(2n ** 63n);
export const GREATEST_INTEGER = 2n ** 64n - 1n;

/** Why a text is not JSON as the ledger reads it. */
export type RefusalKind = 'utf8' | 'syntax' | 'depth' | 'lone_surrogate' | 'number_overflow';

/** A text is not JSON as the ledger reads it. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** Place of the first byte that is wrong, from 0. */
  readonly byte: number;
  /** The value in which it was met. */
  readonly trail: Trail;

  constructor(kind: RefusalKind, byte: number, trail: Trail = []) {
    super(kind);
    this.kind = kind;
    this.byte = byte;
    this.trail = trail;
  }
}

/** What a text stands for. */
export interface Document {
  readonly value: JsonValue;
  /** Of the first object to close with a key that comes twice, the least such key; the object keeps its first value. */
  readonly repeated: Trail | undefined;
}

/** The text of bytes. @throws {@link Refusal} `utf8`, also for an encoded surrogate */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch {
    throw new Refusal('utf8', firstInvalidByte(bytes));
  }
}

/** The value of a JSON text, which must hold no lone surrogate itself. @throws {@link Refusal} */
export function readJson(text: string): Document {
  const reader = new Reader(text);
  const value = reader.document();
  return { value, repeated: reader.repeated };
}

/** Whether the first character of a text that is not white space opens an object. */
export function opensObject(text: string): boolean {
  let at = 0;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === OPEN_OBJECT;
}

/** A value as an object, if it is one. */
export function objectOf(value: JsonValue | undefined): JsonObject | undefined {
  return value instanceof Map ? (value as JsonObject) : undefined;
}

/** Where a value stands, such as `event.payload.items[3].price`; empty for the top. */
export function pathOf(trail: Trail): string {
  return trail.reduce<string>(pathInto, '');
}

/** The path of a member of the value at `path`. */
export function pathInto(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  if (!PLAIN_KEY.test(step)) return `${path}[${JSON.stringify(step)}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** Keys by their UTF-8 bytes. */
export function compareKeys(left: string, right: string): number {
  // UTF-16 units sort as UTF-8 bytes do, but for surrogates, which stand for what is above all others.
  if (!SURROGATE.test(left) && !SURROGATE.test(right)) return left < right ? -1 : Number(left > right);
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const SURROGATE = /[\ud800-\udfff]/;
// One for all: a line may hold millions.
const NO_MEMBERS: JsonObject = new Map();
const NO_ELEMENTS: readonly JsonValue[] = [];
const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PLAIN_KEY = /^[A-Za-z0-9_]+$/;
/** Digits and sign of the longest integers of 64 bits. */
const LONGEST_INTEGER = 20;

const [QUOTE, COMMA, MINUS, PLUS, POINT, ZERO, NINE] = [0x22, 0x2c, 0x2d, 0x2b, 0x2e, 0x30, 0x39];
const [COLON, BACKSLASH, SMALL_U] = [0x3a, 0x5c, 0x75];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

class Reader {
  repeated: Trail | undefined;
  readonly #text: string;
  #at = 0;
  /** Which member of each open container is being read. */
  readonly #trail: (string | number)[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    this.#space();
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#refusal('syntax');
    return value;
  }

  #value(depth: number): JsonValue {
    const first = this.#text.charCodeAt(this.#at);
    if (first === QUOTE) return this.#string();
    if (first === OPEN_OBJECT || first === OPEN_ARRAY) {
      if (depth === MAX_DEPTH) throw this.#refusal('depth');
      this.#at += 1;
      return first === OPEN_OBJECT ? this.#members(depth + 1) : this.#elements(depth + 1);
    }
    if (first === MINUS || isDigit(first)) return this.#number();
    return this.#word();
  }

  #members(depth: number): JsonObject {
    this.#space();
    if (this.#take(CLOSE_OBJECT)) return NO_MEMBERS;
    const members = new Map<string, JsonValue>();
    let repeated: string | undefined;
    for (;;) {
      if (this.#text.charCodeAt(this.#at) !== QUOTE) throw this.#refusal('syntax');
      const key = this.#string();
      this.#space();
      this.#expect(COLON);
      this.#space();
      this.#trail.push(key);
      const value = this.#value(depth);
      this.#trail.pop();
      if (!members.has(key)) members.set(key, value);
      else if (repeated === undefined || compareKeys(key, repeated) < 0) repeated = key;
      this.#space();
      if (this.#take(CLOSE_OBJECT)) {
        if (repeated !== undefined) this.repeated ??= [...this.#trail, repeated];
        return members;
      }
      this.#expect(COMMA);
      this.#space();
    }
  }

  #elements(depth: number): readonly JsonValue[] {
    this.#space();
    if (this.#take(CLOSE_ARRAY)) return NO_ELEMENTS;
    const elements: JsonValue[] = [];
    for (;;) {
      this.#trail.push(elements.length);
      elements.push(this.#value(depth));
      this.#trail.pop();
      this.#space();
      if (this.#take(CLOSE_ARRAY)) return elements;
      this.#expect(COMMA);
      this.#space();
    }
  }

  #string(): string {
    const text = this.#text;
    let string = '';
    let start = this.#at + 1;
    for (let at = start; ; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return string + text.slice(start, at);
      }
      if (unit === BACKSLASH) {
        this.#at = at;
        string += text.slice(start, at) + this.#escape();
        start = this.#at;
        at = start - 1;
      } else if (!(unit >= 0x20)) {
        // A control character, or NaN: the end of the text.
        throw this.#refusal('syntax', at);
      }
    }
  }

  #escape(): string {
    const start = this.#at;
    if (this.#text.charCodeAt(start + 1) !== SMALL_U) {
      const character = ESCAPED.get(this.#text.charAt(start + 1));
      if (character === undefined) throw this.#refusal('syntax', start);
      this.#at = start + 2;
      return character;
    }
    const unit = this.#unit(start);
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    // RFC 8259, section 7: a character beyond U+FFFF is two escapes, of a high and of a low surrogate.
    const isPair = unit < 0xdc00 && this.#text.startsWith('\\u', this.#at);
    const low = isPair ? this.#unit(start) : 0;
    if (low < 0xdc00 || low > 0xdfff) throw this.#refusal('lone_surrogate', start);
    return String.fromCharCode(unit, low);
  }

  /** The number of an escape of four hex digits; one with others is refused at `start`, as the whole that it is part of. */
  #unit(start: number): number {
    let unit = 0;
    for (let at = this.#at + 2; at < this.#at + 6; at += 1) {
      const digit = hexDigit(this.#text.charCodeAt(at));
      if (digit < 0) throw this.#refusal('syntax', start);
      unit = unit * 16 + digit;
    }
    this.#at += 6;
    return unit;
  }

  #number(): number | bigint {
    const start = this.#at;
    this.#take(MINUS);
    const leadingZero = this.#take(ZERO);
    if (leadingZero ? isDigit(this.#text.charCodeAt(this.#at)) : !this.#digits()) throw this.#refusal('syntax');
    let isInteger = true;
    if (this.#take(POINT)) {
      isInteger = false;
      if (!this.#digits()) throw this.#refusal('syntax');
    }
    // 0x20 makes a small letter of a capital one.
    if ((this.#text.charCodeAt(this.#at) | 0x20) === 0x65) {
      isInteger = false;
      this.#at += 1;
      if (!this.#take(MINUS)) this.#take(PLUS);
      if (!this.#digits()) throw this.#refusal('syntax');
    }
    const literal = this.#text.slice(start, this.#at);
    if (isInteger && literal !== '-0' && literal.length <= LONGEST_INTEGER) {
      const integer = BigInt(literal);
      if (integer >= LEAST_INTEGER && integer <= GREATEST_INTEGER) return integer;
    }
    // ECMA-262, StringToNumber: rounded to the nearest double, halves to even, as every digit says.
    const double = Number(literal);
    if (!Number.isFinite(double)) throw this.#refusal('number_overflow', start);
    return double;
  }

  #digits(): boolean {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at += 1;
    return this.#at > start;
  }

  #word(): boolean | null {
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.#refusal('syntax');
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #take(unit: number): boolean {
    const found = this.#text.charCodeAt(this.#at) === unit;
    if (found) this.#at += 1;
    return found;
  }

  #expect(unit: number): void {
    if (!this.#take(unit)) throw this.#refusal('syntax');
  }

  #refusal(kind: RefusalKind, at = this.#at): Refusal {
    return new Refusal(kind, utf8Length(this.#text.slice(0, at)), [...this.#trail]);
  }
}

/** A UTF-16 unit, with surrogates moved behind U+FFFF. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function isDigit(unit: number): boolean {
  return unit >= ZERO && unit <= NINE;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

function hexDigit(unit: number): number {
  if (isDigit(unit)) return unit - ZERO;
  const letter = unit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1;
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Where the first sequence begins that is not UTF-8. */
function firstInvalidByte(bytes: Uint8Array): number {
  // A prefix of so many bytes can still become UTF-8, one of `beyond` bytes cannot.
  let valid = 0;
  for (let beyond = bytes.length + 1; beyond - valid > 1;) {
    const middle = Math.floor((valid + beyond) / 2);
    if (isUtf8(bytes.subarray(0, middle), true)) valid = middle;
    else beyond = middle;
  }
  // Without the beginning of the sequence that is broken off.
  while (!isUtf8(bytes.subarray(0, valid), false)) valid -= 1;
  return valid;
}

function isUtf8(bytes: Uint8Array, mayGoOn: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: mayGoOn });
    return true;
  } catch {
    return false;
  }
}
