/*
 * JavaScript values to JSON text and back, without loss and without running code of the values' own.
 *
 * JavaScript has one number type, the ledger tells 1 from 1.0:
 *
 *   safe integer            -> integer          1       -> 1
 *   -0                      -> double           -0      -> -0.0
 *   other finite number     -> double           0.1     -> 0.1
 *   bigint, -2^63..2^64-1   -> integer          1n      -> 1
 *   float(number)           -> double           float(1) -> 1.0
 *
 * A whole number beyond 2^53-1 is ambiguous and refused: write a bigint or float(). Refused too: NaN, Infinity,
 * undefined, functions, symbols, lone surrogates, cycles, accessors, proxies, class instances (Map, Set, Date, typed
 * arrays and boxed primitives among them), arrays with holes or further properties, symbol keys and properties that
 * are not enumerable. `toJSON` is not called. A plain object is one whose prototype is null or has a null prototype,
 * so objects of another realm pass. `__proto__` is a key like any other.
 */

import { types } from 'node:util';
import { isWellFormed } from './bytes.js';
import { type ErrorCode, SealwrightRangeError, SealwrightTypeError } from './errors.js';
import { isFloat } from './float.js';

/** JSON read from a ledger: integers beyond 2^53-1 are bigint, every other number is a number. Frozen. */
export type JsonView =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonView[]
  | { readonly [key: string]: JsonView };

/** What a text may hold beside what a ledger does. */
export interface Dialect {
  /** The string that an object stands for; undefined for all others. Must not run code of the object's own. */
  readonly stringOf?: ((object: object) => string | undefined) | undefined;
  /** Which integers are written with all their digits, however many: each bigint, or all whole numbers, rounded or not. */
  readonly anyInteger?: 'bigint' | 'all' | undefined;
}

/**
 * The JSON text of a value. At most `maxDepth` containers may be inside each other, and the text may have at most
 * `maxLength` UTF-16 units: both end the walk early, long before the stack or memory is used up.
 *
 * @throws TypeError `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING`; RangeError `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED`,
 * `ERR_LINE_TOO_LONG`; each with the `path` of the value, which begins with `root`
 */
export function writeJson(
  value: unknown,
  maxDepth: number,
  maxLength = MAX_TEXT,
  root = '',
  dialect: Dialect = {},
): string {
  const writer = new Writer(maxDepth, maxLength, root, dialect);
  writer.value(value);
  return writer.text;
}

/**
 * The value of JSON text that the native side has checked. `large` makes the value of an integer beyond 2^53-1 from
 * its digits.
 */
export function readJson(text: string, large: (digits: string) => JsonView = BigInt): JsonView {
  // Without sixteen digits in a row no integer is beyond 2^53-1, and JSON.parse is exact.
  return freeze(LONG_NUMBER.test(text) ? new Reader(text, large).value() : (JSON.parse(text) as JsonView));
}

/** UTF-16 units that leave room for what is put around a text before it is one string too long for the runtime. */
const MAX_TEXT = 256 * 1024 * 1024;
const LEAST_INTEGER = -(2n ** 63n);
const GREATEST_INTEGER = 2n ** 64n - 1n;
const LONG_NUMBER = /\d{16}/;
/** What a string needs before it can stand between quotes as it is. */
const NEEDS_CARE = /["\\\u0000-\u001f\ud800-\udfff]/;
const PLAIN_KEY = /^[A-Za-z0-9_]+$/;

class Writer {
  text = '';
  readonly #maxDepth: number;
  readonly #maxLength: number;
  readonly #root: string;
  readonly #dialect: Dialect;
  /** The open containers, outermost first. */
  readonly #open: object[] = [];
  /** Which member of each open container is being written. */
  readonly #trail: (string | number)[] = [];

  constructor(maxDepth: number, maxLength: number, root: string, dialect: Dialect) {
    this.#maxDepth = maxDepth;
    this.#maxLength = maxLength;
    this.#root = root;
    this.#dialect = dialect;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        this.text += value ? 'true' : 'false';
        return;
      case 'bigint':
        return this.#bigint(value);
      case 'object':
        return value === null ? this.#append('null') : this.#object(value);
      default:
        throw this.#unsupported(value === undefined ? 'undefined' : `a ${typeof value}`);
    }
  }

  #append(text: string): void {
    this.text += text;
  }

  #string(value: string): void {
    if (this.text.length + value.length > this.#maxLength) {
      throw this.#range('ERR_LINE_TOO_LONG', `the text is longer than ${this.#maxLength} characters`);
    }
    if (!NEEDS_CARE.test(value)) {
      this.text += `"${value}"`;
    } else if (isWellFormed(value)) {
      this.text += JSON.stringify(value);
    } else {
      throw new SealwrightTypeError('ERR_JSON_STRING', `a lone surrogate${this.#at()}`, this.#path());
    }
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.text += value === 0 && Object.is(value, -0) ? '-0.0' : value;
      return;
    }
    if (!Number.isFinite(value)) throw this.#range('ERR_JSON_NUMBER', `JSON has no ${value}`);
    if (Number.isInteger(value)) {
      if (this.#dialect.anyInteger === 'all') return this.#append(String(BigInt(value)));
      const remedy = 'use a bigint for an integer, float() for a double';
      throw this.#range('ERR_JSON_NUMBER', `${value} is beyond 2^53-1 and may have been rounded: ${remedy}`);
    }
    this.text += value;
  }

  #bigint(value: bigint): void {
    if (this.#dialect.anyInteger === undefined && (value < LEAST_INTEGER || value > GREATEST_INTEGER)) {
      throw this.#range('ERR_JSON_NUMBER', 'an integer must be from -2^63 to 2^64-1');
    }
    this.text += value;
  }

  #object(value: object): void {
    if (types.isProxy(value)) throw this.#unsupported('a proxy');
    if (isFloat(value)) return this.#append(value.toString());
    const text = this.#dialect.stringOf?.(value);
    if (text !== undefined) return this.#string(text);
    if (this.#open.includes(value)) throw this.#unsupported('a cycle');
    if (this.#open.length >= this.#maxDepth) {
      throw this.#range('ERR_DEPTH_EXCEEDED', `nested deeper than ${this.#maxDepth} containers`);
    }
    this.#open.push(value);
    if (Array.isArray(value)) this.#array(value);
    else this.#members(value);
    this.#open.pop();
    if (this.#trail.length > this.#open.length) this.#trail.pop();
    if (this.text.length > this.#maxLength) {
      throw this.#range('ERR_LINE_TOO_LONG', `the text is longer than ${this.#maxLength} characters`);
    }
  }

  #members(object: object): void {
    const place = this.#open.length - 1;
    if (!isPlain(object)) throw this.#unsupported(`${describe(object)}, not a plain object`);
    let separator = '{';
    if (Object.getOwnPropertySymbols(object).length > 0) throw this.#unsupported('an object with a symbol key');
    for (const key of Object.getOwnPropertyNames(object)) {
      this.#trail[place] = key;
      this.text += separator;
      this.#string(key);
      this.text += ':';
      this.value(this.#dataOf(object, key));
      separator = ',';
    }
    this.text += separator === '{' ? '{}' : '}';
  }

  #array(array: readonly unknown[]): void {
    const place = this.#open.length - 1;
    const prototype: unknown = Object.getPrototypeOf(array);
    // The prototype of arrays, of this or another realm, is itself an array; that of a subclass is not.
    if (prototype !== Array.prototype && (types.isProxy(prototype) || !Array.isArray(prototype))) {
      throw this.#unsupported(`${describe(array)}, not a plain array`);
    }
    const { length } = array;
    if (length > 0 && !Object.hasOwn(array, length - 1)) {
      throw this.#unsupported('an array with holes or further properties');
    }
    // Each element takes two characters at least. Asked first: the names below would take memory for each of them.
    if (this.text.length + 2 * length > this.#maxLength) {
      throw this.#range('ERR_LINE_TOO_LONG', `the text is longer than ${this.#maxLength} characters`);
    }
    // Every index and `length`, or the array has holes or further properties.
    if (Object.getOwnPropertyNames(array).length !== length + 1 || Object.getOwnPropertySymbols(array).length > 0) {
      throw this.#unsupported('an array with holes or further properties');
    }
    this.text += '[';
    for (let index = 0; index < length; index += 1) {
      this.#trail[place] = index;
      if (index > 0) this.text += ',';
      this.value(this.#dataOf(array, index));
    }
    this.text += ']';
  }

  /** The value of an own property, got without running a getter. */
  #dataOf(object: object, key: string | number): unknown {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) throw this.#unsupported('an array with holes or further properties');
    if (property.get !== undefined || property.set !== undefined) throw this.#unsupported('an accessor');
    if (!property.enumerable) throw this.#unsupported('a property that is not enumerable');
    return property.value;
  }

  #unsupported(what: string): SealwrightTypeError {
    return new SealwrightTypeError('ERR_JSON_UNSUPPORTED', `not JSON: ${what}${this.#at()}`, this.#path());
  }

  #range(code: ErrorCode, message: string): SealwrightRangeError {
    return new SealwrightRangeError(code, `${message}${this.#at()}`, this.#path());
  }

  #at(): string {
    const path = this.#path();
    return path === '' ? '' : ` (at ${path})`;
  }

  #path(): string {
    let path = this.#root;
    for (const step of this.#trail) {
      if (typeof step === 'number') path += `[${step}]`;
      else if (!PLAIN_KEY.test(step)) path += `[${JSON.stringify(step)}]`;
      else path += path === '' ? step : `.${step}`;
    }
    return path;
  }
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype) return true;
  if (holdsMore(object)) return false;
  return prototype === null || (!types.isProxy(prototype) && Object.getPrototypeOf(prototype) === null);
}

/** Whether an object is more than its properties, whatever prototype it was given since. */
function holdsMore(object: object): boolean {
  return (
    types.isMap(object) ||
    types.isSet(object) ||
    types.isDate(object) ||
    types.isRegExp(object) ||
    types.isPromise(object) ||
    types.isBoxedPrimitive(object) ||
    types.isAnyArrayBuffer(object) ||
    types.isWeakMap(object) ||
    types.isWeakSet(object) ||
    ArrayBuffer.isView(object)
  );
}

/** What an object calls itself, without running its code: the name of its constructor, if that is plain data. */
function describe(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (typeof prototype !== 'object' || prototype === null || types.isProxy(prototype)) return 'an object';
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof made !== 'function' || types.isProxy(made)) return 'an object';
  const name: unknown = Object.getOwnPropertyDescriptor(made, 'name')?.value;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object';
}

/** Reads JSON that is known to be valid. */
class Reader {
  readonly #text: string;
  readonly #large: (digits: string) => JsonView;
  /** White space, commas and colons; then a bracket or a literal, or the quote of a string. */
  readonly #token = /[\s,:]*(?:([{}[\]]|[^\s,:{}[\]"]+)|")/y;

  constructor(text: string, large: (digits: string) => JsonView) {
    this.#text = text;
    this.#large = large;
  }

  value(): JsonView {
    return this.#valueOf(this.#next());
  }

  #next(): string {
    const found = this.#token.exec(this.#text);
    return found?.[1] ?? this.#string(this.#token.lastIndex - 1);
  }

  /** The string whose quote is at `start`. A regular expression would run out of stack on a long one. */
  #string(start: number): string {
    let end = start;
    do end = this.#text.indexOf('"', end + 1);
    while (this.#isEscaped(end));
    this.#token.lastIndex = end + 1;
    return this.#text.slice(start, end + 1);
  }

  #isEscaped(place: number): boolean {
    let backslashes = 0;
    while (this.#text[place - 1 - backslashes] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  #valueOf(token: string): JsonView {
    if (token === '{') return this.#members();
    if (token === '[') return this.#elements();
    return INTEGER.test(token) ? this.#integer(token) : (JSON.parse(token) as JsonView);
  }

  #members(): JsonView {
    const object: { [key: string]: JsonView } = {};
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      const key = JSON.parse(token) as string;
      // Assignment would take `__proto__` for the prototype.
      Object.defineProperty(object, key, {
        value: this.value(),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return object;
  }

  #elements(): JsonView {
    const array: JsonView[] = [];
    for (let token = this.#next(); token !== ']'; token = this.#next()) array.push(this.#valueOf(token));
    return array;
  }

  #integer(digits: string): JsonView {
    const number = Number(digits);
    return Number.isSafeInteger(number) ? number : this.#large(digits);
  }
}

const INTEGER = /^-?\d+$/;

function freeze(value: JsonView): JsonView {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
