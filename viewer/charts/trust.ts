/*
 * Where trust ends. The row of a break and every row behind it are shown, and are not trusted.
 */

import type { ReportJson } from '../../src/report.js';
import type { Model } from '../model/model.js';

/** Where a ledger breaks. */
export interface Break {
  /** The first row that is not trusted; the number of rows when it breaks at its end. */
  readonly row: number;
  /** Of that row, as the report counts lines; null at the end. */
  readonly line: number | null;
  /** Rows that are not trusted. */
  readonly count: number;
}

/**
 * The break that a report tells of; null where there is none, or no report yet. Where it names no line it is behind the last
 * event that was accepted: at the end, or where files are missing.
 */
export function breakOf({ events }: Model, report: ReportJson | null): Break | null {
  if (report === null || report.ok) return null;
  const row = report.line === null ? Math.min(report.eventCount, events.length) : firstFrom(events.line, events.length, report.line);
  return { row, line: events.line[row] ?? null, count: events.length - row };
}

/** The first row whose line has this number or a greater one; `length` when there is none. */
function firstFrom(lines: Uint32Array, length: number, line: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lines[middle] ?? 0) < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
