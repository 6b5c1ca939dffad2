/*
 * Times as people write them: RFC 3339 in UTC, with as many digits behind the second as are not zero, at most nine; and
 * nanoseconds since 1970 in decimal. Exact in both directions.
 */

import { UsageError } from './context.js';

const NANOS = 1_000_000_000n;
const RFC3339 = /^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DECIMAL = /^\d{1,20}$/;

/** `2026-11-21T22:47:59.25Z` of nanoseconds since 1970. */
export function formatTime(nanos: bigint): string {
  const seconds = new Date(Number(nanos / NANOS) * 1000).toISOString().slice(0, -5);
  const fraction = String(nanos % NANOS).padStart(9, '0').replace(/0+$/, '');
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

/**
 * Nanoseconds since 1970 of an RFC 3339 time, of a date (its midnight in UTC) or of digits.
 *
 * @throws {@link UsageError}
 */
export function parseTime(text: string, option: string): bigint {
  if (DECIMAL.test(text)) return BigInt(text);
  const written = DATE.test(text) ? `${text}T00:00:00Z` : text;
  const [, date, time, fraction = '', zone = ''] = RFC3339.exec(written) ?? [];
  const milliseconds = date === undefined ? Number.NaN : Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  // A day that its month does not have moves on to the next month.
  const isDate = date !== undefined && new Date(`${date}T00:00:00Z`).getUTCDate() === Number(date.slice(8));
  if (Number.isNaN(milliseconds) || milliseconds < 0 || !isDate) {
    throw new UsageError(`${option} must be a time such as 2026-11-21T09:30:00Z, a date, or nanoseconds since 1970, found ${text}`);
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
