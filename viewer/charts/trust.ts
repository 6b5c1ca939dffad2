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
 * The break that a report tells of; null where there is none, or no report yet. Every line in front of it that is not blank
 * is an event, so that their number is its row, also where files are missing between two lines.
 */
export function breakOf({ events }: Model, report: ReportJson | null): Break | null {
  if (report === null || report.ok) return null;
  const row = Math.min(report.eventCount, events.length);
  return { row, line: events.line[row] ?? null, count: events.length - row };
}
