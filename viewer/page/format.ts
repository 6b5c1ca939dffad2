/*
 * How values of a ledger are written on the page.
 */

import type { ReportJson } from '../../src/report.js';

/** `2026-11-21 09:30:15.250` of milliseconds since 1970, in UTC; '' of none. */
export function formatMoment(milliseconds: number): string {
  if (!(Math.abs(milliseconds) <= LAST_DATE)) return '';
  return new Date(milliseconds).toISOString().replace('T', ' ').slice(0, -1);
}

/** `2026-11-21 09:30:15.25 UTC` of decimal nanoseconds, none of them lost. */
export function formatNanos(nanos: string): string {
  const value = BigInt(nanos);
  const seconds = formatMoment(Number(value / NANOS) * 1000).slice(0, 19);
  const fraction = String(value % NANOS).padStart(9, '0').replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`} UTC`;
}

/** From the first to the last event of a report, in words. */
export function formatRange({ timeRange }: ReportJson): string | null {
  return timeRange === null ? null : `${formatNanos(timeRange.from)} to ${formatNanos(timeRange.to)}`;
}

const NANOS = 1_000_000_000n;
/** The last moment that a Date can be, in milliseconds. */
const LAST_DATE = 8.64e15;
