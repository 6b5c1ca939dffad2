/*
 * What a line says, to be shown and not to be believed: a line may hold anything, so each field is taken only if it is of
 * its type.
 */

import { copyOf } from '../../src/crosscheck/bytes.js';

/** A line that can be read: an object with a seq, and an event with a kind. */
export interface Fields {
  readonly seq: number;
  /** Null when it has none. */
  readonly time: Time | null;
  readonly kind: string;
  readonly payload: Payload;
  /** 64 hex digits, or empty. */
  readonly signer: string;
}

/** A time since 1970 to the nanosecond, which one double would round. */
export interface Time {
  readonly milliseconds: number;
  /** Nanoseconds behind them, below 1,000,000. */
  readonly nanoseconds: number;
}

export type Payload = Readonly<Record<string, unknown>>;

/** Null for a line that cannot be read. */
export function fieldsOf(line: Uint8Array): Fields | null {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(line);
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || !isObject(value['event'])) return null;
  const { seq, timestamp_nanos: nanos, event, signer_pubkey: signer } = value;
  const { type: kind, payload } = event as Payload;
  if (!Number.isSafeInteger(seq) || (seq as number) < 0 || typeof kind !== 'string' || !KIND.test(kind)) return null;
  return {
    seq: seq as number,
    time: isCount(nanos) ? timeOf(text, nanos) : null,
    kind,
    payload: isObject(payload) ? payload : {},
    signer: typeof signer === 'string' && HEX.test(signer) ? signer : '',
  };
}

/** A text field, and '' for what is none. */
export function textOf(payload: Payload, name: string): string {
  const value = payload[name];
  return typeof value === 'string' ? value : '';
}

/** A count, and NaN for what is none. */
export function countOf(payload: Payload, name: string): number {
  const value = payload[name];
  return isCount(value) ? value : Number.NaN;
}

/** The beginning of a text, in memory of its own and without half a character at its end. */
export function beginningOf(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = (text.codePointAt(most - 1) ?? 0) > 0xffff ? most - 1 : most;
  return copyOf(text.slice(0, cut));
}

/** Milliseconds from one time to another, to the nanosecond where it decides about the sign. */
export function millisecondsBetween(from: Time, to: Time): number {
  return to.milliseconds - from.milliseconds + (to.nanoseconds - from.nanoseconds) / 1e6;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const KIND = /^[A-Z][A-Za-z0-9]{0,63}$/;
const HEX = /^[0-9a-f]{64}$/;
const NANOS = /"timestamp_nanos"\s*:\s*(\d{1,20})/g;

function isObject(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 64;
}

/** The digits are those in the line that stand for the value: beyond 2^53 the value alone has lost the last three. */
function timeOf(text: string, value: number): Time {
  NANOS.lastIndex = 0;
  for (let found = NANOS.exec(text); found !== null; found = NANOS.exec(text)) {
    const digits = found[1] ?? '';
    if (Number(digits) === value) return { milliseconds: Number(digits.slice(0, -6)), nanoseconds: Number(digits.slice(-6)) };
  }
  return { milliseconds: Math.floor(value / 1e6), nanoseconds: value % 1e6 };
}
