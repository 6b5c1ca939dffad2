/*
 * JavaScript values as JSON trees, by the rules of the main package: what is not JSON is refused with its path, and no
 * code of a value runs.
 *
 * A browser can neither see that an object is a proxy, nor that it was a Map or the like before it was given the
 * prototype null: there such an object passes for the plain object that it looks like.
 */

import { type ErrorCode, SealwrightRangeError, SealwrightTypeError } from '../errors.js';
import { isFloat } from '../float.js';
import { isWellFormed } from '../bytes.js';
import { GREATEST_INTEGER, type JsonObject, type JsonValue, LEAST_INTEGER, MAX_DEPTH, pathOf } from './json.js';
import { builtin } from './runtime.js';

/**
 * The tree of a value.
 *
 * @throws TypeError `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING`; RangeError `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED`,
 * `ERR_LINE_TOO_LONG`; each with the `path` of the value
 */
export function treeOf(value: unknown): JsonValue {
  return new Walk().value(value);
}

/** UTF-16 units of strings, and elements, in one value. */
const MAX_LENGTH = 256 * 1024 * 1024;

class Walk {
  readonly #types = builtin('node:util')?.types;
  /** The open containers, outermost first. */
  readonly #open: object[] = [];
  /** Which member of each open container is being walked. */
  readonly #trail: (string | number)[] = [];
  #length = 0;

  value(value: unknown): JsonValue {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'bigint':
        return this.#bigint(value);
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.#object(value);
      default:
        throw this.#unsupported(value === undefined ? 'undefined' : `a ${typeof value}`);
    }
  }

  #string(value: string): string {
    this.#lengthen(value.length);
    if (isWellFormed(value)) return value;
    throw new SealwrightTypeError('ERR_JSON_STRING', `a lone surrogate${this.#at()}`, pathOf(this.#trail));
  }

  #number(value: number): JsonValue {
    if (Object.is(value, -0)) return value;
    if (Number.isSafeInteger(value)) return BigInt(value);
    if (!Number.isFinite(value)) throw this.#range('ERR_JSON_NUMBER', `JSON has no ${value}`);
    if (!Number.isInteger(value)) return value;
    const remedy = 'use a bigint for an integer, float() for a double';
    throw this.#range('ERR_JSON_NUMBER', `${value} is beyond 2^53-1 and may have been rounded: ${remedy}`);
  }

  #bigint(value: bigint): bigint {
    if (value >= LEAST_INTEGER && value <= GREATEST_INTEGER) return value;
    throw this.#range('ERR_JSON_NUMBER', 'an integer must be from -2^63 to 2^64-1');
  }

  #object(value: object): JsonValue {
    if (this.#isProxy(value)) throw this.#unsupported('a proxy');
    if (isFloat(value)) return value.valueOf();
    if (this.#open.includes(value)) throw this.#unsupported('a cycle');
    if (this.#open.length >= MAX_DEPTH) {
      throw this.#range('ERR_DEPTH_EXCEEDED', `nested deeper than ${MAX_DEPTH} containers`);
    }
    this.#open.push(value);
    const tree = Array.isArray(value) ? this.#elements(value) : this.#members(value);
    this.#open.pop();
    return tree;
  }

  #members(object: object): JsonObject {
    if (!this.#isPlain(object)) throw this.#unsupported('an object that is not plain');
    if (Object.getOwnPropertySymbols(object).length > 0) throw this.#unsupported('an object with a symbol key');
    const members = new Map<string, JsonValue>();
    for (const key of Object.getOwnPropertyNames(object)) {
      this.#trail.push(key);
      members.set(this.#string(key), this.value(this.#dataOf(object, key)));
      this.#trail.pop();
    }
    return members;
  }

  #elements(array: readonly unknown[]): readonly JsonValue[] {
    const prototype: unknown = Object.getPrototypeOf(array);
    // The prototype of arrays, of this or another realm, is itself an array; that of a subclass is not.
    if (prototype !== Array.prototype && (this.#isProxy(prototype) || !Array.isArray(prototype))) {
      throw this.#unsupported('an array that is not plain');
    }
    const { length } = array;
    if (length > 0 && !Object.hasOwn(array, length - 1)) throw this.#unsupported(HOLES);
    // Before the names below take memory for each element.
    this.#lengthen(2 * length);
    // Every index and `length`, or the array has holes or further properties.
    if (Object.getOwnPropertyNames(array).length !== length + 1 || Object.getOwnPropertySymbols(array).length > 0) {
      throw this.#unsupported(HOLES);
    }
    const elements: JsonValue[] = [];
    for (let index = 0; index < length; index += 1) {
      this.#trail.push(index);
      elements.push(this.value(this.#dataOf(array, index)));
      this.#trail.pop();
    }
    return elements;
  }

  /** The value of an own property, got without running a getter. */
  #dataOf(object: object, key: string | number): unknown {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) throw this.#unsupported(HOLES);
    if (property.get !== undefined || property.set !== undefined) throw this.#unsupported('an accessor');
    if (!property.enumerable) throw this.#unsupported('a property that is not enumerable');
    return property.value;
  }

  #isPlain(object: object): boolean {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === Object.prototype) return true;
    if (this.#holdsMore(object)) return false;
    return prototype === null || (!this.#isProxy(prototype) && Object.getPrototypeOf(prototype) === null);
  }

  /** Whether an object is more than its properties, whatever prototype it was given since. */
  #holdsMore(object: object): boolean {
    const types = this.#types;
    if (types === undefined) return ArrayBuffer.isView(object);
    const tests = [
      types.isMap,
      types.isSet,
      types.isDate,
      types.isRegExp,
      types.isPromise,
      types.isBoxedPrimitive,
      types.isAnyArrayBuffer,
      types.isWeakMap,
      types.isWeakSet,
      types.isArrayBufferView,
    ];
    return tests.some((isOne) => isOne(object));
  }

  #isProxy(value: unknown): boolean {
    return this.#types?.isProxy(value) === true;
  }

  #lengthen(length: number): void {
    this.#length += length;
    if (this.#length > MAX_LENGTH) {
      throw this.#range('ERR_LINE_TOO_LONG', `the text is longer than ${MAX_LENGTH} characters`);
    }
  }

  #unsupported(what: string): SealwrightTypeError {
    return new SealwrightTypeError('ERR_JSON_UNSUPPORTED', `not JSON: ${what}${this.#at()}`, pathOf(this.#trail));
  }

  #range(code: ErrorCode, message: string): SealwrightRangeError {
    return new SealwrightRangeError(code, `${message}${this.#at()}`, pathOf(this.#trail));
  }

  #at(): string {
    const path = pathOf(this.#trail);
    return path === '' ? '' : ` (at ${path})`;
  }
}

const HOLES = 'an array with holes or further properties';
