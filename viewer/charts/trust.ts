/*
 * Where trust ends. The row of a break and every row behind it are shown, and are not trusted.
 */

import type { ReportJson } from '../../src/report.js';
import type { Model } from '../model/model.js';
import { partitionPoint } from '../model/partition.js';

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
  const { line, eventCount } = report;
  const row =
    line === null ? Math.min(eventCount, events.length) : partitionPoint(0, events.length, (place) => (events.line[place] ?? 0) < line);
  return { row, line: events.line[row] ?? null, count: events.length - row };
}
