/*
 * JavaScript values as the JSON text that commitments are made of. Beside what a ledger takes:
 *
 *   Uint8Array   -> lower-case hex                  new Uint8Array([0, 255])   -> "00ff"
 *   Date         -> UTC, milliseconds               new Date(0)                -> "1970-01-01T00:00:00.000Z"
 *   bigint       -> its digits, however many        10n ** 30n
 *
 * A whole number is an integer, and `float(1)` is 1.0.
 */

import { types } from 'node:util';
import { invalidArgument, isBytes, show } from '../../args.js';
import { isWellFormed } from '../../bytes.js';
import { SealwrightRangeError, SealwrightTypeError } from '../../errors.js';
import { type Dialect, writeJson } from '../../json.js';
import type { Problem } from '../report.js';

/** Containers that may be inside each other. */
const MAX_DEPTH = 127;
/** UTF-16 units of any text that is checked. */
const MAX_TEXT = 64 * 1024 * 1024;

/** As they come: what is wrong with a number is said when its text is read. */
const ANY_NUMBER: Dialect = { stringOf, anyInteger: 'all' };
const EXACT: Dialect = { stringOf, anyInteger: 'bigint' };

/**
 * The text of a value that is committed to. A whole number beyond 2^53-1 may have been rounded: with `preflight` it is written
 * to be refused by name, else it is refused here.
 */
export function committedText(value: unknown, root: string, preflight: boolean): string {
  return writeJson(value, MAX_DEPTH, undefined, root, preflight ? ANY_NUMBER : EXACT);
}

/** What is verified, as text; or the problem that it is none. Text is taken as it is. */
export function verifiedText(value: unknown, name: string): string | Problem {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) {
    throw invalidArgument(`${name} must be an object or JSON text, found ${show(value)}`);
  }
  try {
    if (typeof value !== 'string') return writeJson(value, MAX_DEPTH, MAX_TEXT, name, EXACT);
    if (value.length > MAX_TEXT) return malformed(`${name} has more than ${MAX_TEXT} characters`);
    return isWellFormed(value) ? value : malformed(`${name} holds a lone surrogate`);
  } catch (error) {
    if (!(error instanceof SealwrightTypeError || error instanceof SealwrightRangeError)) throw error;
    return malformed(error.message);
  }
}

function malformed(reason: string): Problem {
  return { code: 'json_malformed', reason };
}

function stringOf(object: object): string | undefined {
  if (isBytes(object)) return Buffer.from(object.buffer, object.byteOffset, object.byteLength).toString('hex');
  if (!types.isDate(object)) return undefined;
  const time = Date.prototype.getTime.call(object);
  // Years that are written with four digits by everyone.
  if (!(time >= FIRST_TIME && time <= LAST_TIME)) {
    throw new SealwrightTypeError('ERR_JSON_UNSUPPORTED', 'not JSON: a Date outside of the years 1000 to 9999');
  }
  return new Date(time).toISOString();
}

const FIRST_TIME = Date.UTC(1000, 0);
const LAST_TIME = Date.UTC(10_000, 0) - 1;
