/*
 * float(): a number that is a double even when it is whole. JavaScript has one number type, the ledger two.
 */

import { invalidArgument, show } from './args.js';
import { SealwrightRangeError } from './errors.js';

let newFloat: (value: number) => Float;

/** Whether an object was made by {@link float}. */
export let isFloat: (value: object) => value is Float;

/** A number that is written as a double even when it is whole. Made by {@link float}. */
export class Float {
  readonly #value: number;

  private constructor(value: number) {
    // The constructor of a value can be reached from JavaScript; what it takes is written without quotes.
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('float() takes a finite number');
    this.#value = value;
    Object.freeze(this);
  }

  /** The number. */
  valueOf(): number {
    return this.#value;
  }

  /** As it is written in a ledger: always with a fraction or an exponent. */
  toString(): string {
    const text = Object.is(this.#value, -0) ? '-0' : String(this.#value);
    return Number.isInteger(this.#value) && !text.includes('e') ? `${text}.0` : text;
  }

  static {
    newFloat = (value) => new Float(value);
    isFloat = (value): value is Float => #value in value;
  }
}

/**
 * A number to be written as a double: `float(1)` is `1.0`, which has another hash than `1`.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT` when it is not a number
 * @throws RangeError `ERR_JSON_NUMBER` for NaN and the infinities
 */
export function float(value: number): Float {
  if (typeof value !== 'number') throw invalidArgument(`float takes a number, found ${show(value)}`);
  if (!Number.isFinite(value)) throw new SealwrightRangeError('ERR_JSON_NUMBER', `JSON has no ${value}`);
  return newFloat(value);
}
