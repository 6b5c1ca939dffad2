/*
 * Checks of arguments: JavaScript types, names of options, safe integers. What a value means is checked by the
 * native side. A wrong type or an unknown name is a TypeError `ERR_INVALID_ARGUMENT`, an integer out of its range
 * a RangeError `ERR_OUT_OF_RANGE`. Nothing here is of Node.js alone: crosscheck checks its options with it, too.
 */

import { isDetached, isUint8Array, isWellFormed } from './bytes.js';
import { type ErrorCode, SealwrightRangeError, SealwrightTypeError } from './errors.js';
import type { Head } from './report.js';

/** Where a file is: a path, or a `file:` URL. */
export type PathLike = string | URL;

/** A failed check of an argument. */
export function invalidArgument(message: string): SealwrightTypeError {
  return new SealwrightTypeError('ERR_INVALID_ARGUMENT', message);
}

/**
 * Options as an object with known names only; `undefined` is an object without any. Their values are returned as
 * they are: `undefined` stands for "not given".
 */
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

/** A well-formed string; a lone surrogate has no UTF-8 and would be replaced on the way. */
export function checkString(
  value: unknown,
  name: string,
  what = 'a string',
  malformed: ErrorCode = 'ERR_INVALID_ARGUMENT',
): string {
  if (typeof value !== 'string') throw invalidArgument(`${name} must be ${what}, found ${show(value)}`);
  if (!isWellFormed(value)) throw new SealwrightTypeError(malformed, `${name} holds a lone surrogate`);
  return value;
}

/** An array of well-formed strings, copied. */
export function checkStrings(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw invalidArgument(`${name} must be an array of strings, found ${show(value)}`);
  return Array.from(value as unknown[], (item, index) => checkString(item, `${name}[${index}]`));
}

/** A boolean, or the default when not given. */
export function checkBoolean(value: unknown, name: string, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be a boolean, found ${show(value)}`);
  return value;
}

/** A safe integer within bounds, both included. */
export function checkInteger(value: unknown, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number') throw invalidArgument(`${name} must be a number, found ${show(value)}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    const message = `${name} must be an integer from ${least} to ${most}, found ${value}`;
    throw new SealwrightRangeError('ERR_OUT_OF_RANGE', message);
  }
  return value;
}

/** A valid Date, copied. */
export function checkDate(value: unknown, name: string): Date {
  const milliseconds = millisOf(value) ?? Number.NaN;
  if (Number.isNaN(milliseconds)) throw invalidArgument(`${name} must be a Date, found ${show(value)}`);
  return new Date(milliseconds);
}

/** Nanoseconds since 1970: a bigint from 0 to 2^64-1. */
export function checkNanos(value: unknown, name: string): bigint {
  if (typeof value !== 'bigint') throw invalidArgument(`${name} must be a bigint, found ${show(value)}`);
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) {
    throw new SealwrightRangeError('ERR_OUT_OF_RANGE', `${name} must be from 0 to 2^64-1, found ${value}`);
  }
  return value;
}

/** The milliseconds of a Date, NaN of an invalid one; undefined of anything else, a proxy or an heir of a Date included. */
export function millisOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
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
export function checkSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (!isSignal(value)) throw invalidArgument(`${name} must be an AbortSignal, found ${show(value)}`);
  return value;
}

/** Whether a value is one, and not only made to look like one: its own methods would refuse to run. */
function isSignal(value: unknown): value is AbortSignal {
  if (!(value instanceof AbortSignal)) return false;
  try {
    return typeof value.aborted === 'boolean';
  } catch {
    return false;
  }
}

/**
 * What stands in front of the start cannot be expected behind it.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function checkBehind(startAfter: Head, expectedHead: Head | undefined, expectedFirst: unknown): void {
  if (expectedFirst !== undefined) {
    throw invalidArgument('expectedFirst and startAfter exclude each other: the first event is not behind startAfter');
  }
  if (expectedHead !== undefined && expectedHead.seq <= startAfter.seq) {
    const [expected, start] = [expectedHead.seq, startAfter.seq];
    throw invalidArgument(`expectedHead must be behind startAfter, found seq ${expected} and ${start}`);
  }
}

/** A value in an error text: short, and without running code of the value's own. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Bytes, of this or another realm; not those whose memory was given away, which would pass for no bytes. */
export function isBytes(value: unknown): value is Uint8Array {
  return isUint8Array(value) && !isDetached(value);
}
