/*
 * Checks of arguments, with the codes of the main package: a wrong type or an unknown name is a TypeError
 * `ERR_INVALID_ARGUMENT`, an integer out of its range a RangeError `ERR_OUT_OF_RANGE`.
 */

import { SealwrightRangeError, SealwrightTypeError } from '../errors.js';
import { isWellFormed } from './bytes.js';

/** A failed check of an argument. */
export function invalidArgument(message: string): SealwrightTypeError {
  return new SealwrightTypeError('ERR_INVALID_ARGUMENT', message);
}

/** Options as an object with known names only; `undefined` is an object without any. */
export function checkOptions<Names extends string>(
  value: unknown,
  known: readonly Names[],
  where: string,
): { readonly [Name in Names]?: unknown } {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${where} takes an object of options, found ${show(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!(known as readonly string[]).includes(name)) {
      throw invalidArgument(`${where} has no option ${JSON.stringify(name)}; it has ${known.join(', ')}`);
    }
  }
  return value as { readonly [Name in Names]?: unknown };
}

/** A string without lone surrogates. */
export function checkString(value: unknown, name: string, what = 'a string'): string {
  if (typeof value !== 'string') throw invalidArgument(`${name} must be ${what}, found ${show(value)}`);
  if (!isWellFormed(value)) throw invalidArgument(`${name} holds a lone surrogate`);
  return value;
}

/** A safe integer from `least` on. */
export function checkInteger(value: unknown, name: string, least: number): number {
  if (typeof value !== 'number') throw invalidArgument(`${name} must be a number, found ${show(value)}`);
  if (!Number.isSafeInteger(value) || value < least) {
    const message = `${name} must be an integer from ${least} to ${Number.MAX_SAFE_INTEGER}, found ${value}`;
    throw new SealwrightRangeError('ERR_OUT_OF_RANGE', message);
  }
  return value;
}

/** One of a few words. */
export function checkOneOf<Word extends string>(value: unknown, name: string, words: readonly Word[]): Word {
  if (!(words as readonly unknown[]).includes(value)) {
    const choice = words.map((word) => `'${word}'`).join(' or ');
    throw invalidArgument(`${name} must be ${choice}, found ${show(value)}`);
  }
  return value as Word;
}

/** An AbortSignal, or undefined when not given. */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!(value instanceof AbortSignal)) throw invalidArgument(`signal must be an AbortSignal, found ${show(value)}`);
  return value;
}

/** A value in an error text: short, and without running code of the value's own. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}
