/*
 * Which rows are trusted, and what is said where that ends: where a ledger breaks, or where its verification stopped.
 */

import { grouped } from '../../src/cli/words.js';
import type { ReportJson } from '../../src/report.js';
import type { Verified } from '../client.js';
import { type Break, breakOf } from '../charts/trust.js';
import type { Model } from '../model/model.js';

/** What is drawn of a verification. */
export interface Trust {
  /** For pictures. Of a verification that stopped it is what was found before, as of a ledger that breaks there; null of none. */
  readonly drawn: ReportJson | null;
  /** Where trust ends; null where it does not. */
  readonly end: (Break & { readonly title: string; readonly reason: string }) | null;
  /** Rows that are trusted: those in front of the end, and of a tail that is no event. */
  readonly rows: number;
}

export function trustOf(model: Model, verified: Verified | null): Trust {
  const { events } = model;
  if (verified === null) return { drawn: null, end: null, rows: events.length };
  if ('report' in verified) {
    const { report } = verified;
    const broken = breakOf(model, report);
    if (broken === null) return { drawn: report, end: null, rows: Math.min(report.eventCount, events.length) };
    const title = report.line === null && broken.count > 0 ? `Broken in front of ${placeOf(broken)}` : `Broken at ${placeOf(broken)}`;
    return { drawn: report, end: { ...broken, title, reason: report.reason ?? report.code ?? '' }, rows: broken.row };
  }
  const { failure } = verified;
  const drawn = failure.report === undefined ? null : { ...failure.report, ok: false };
  const stop = breakOf(model, drawn) ?? { row: 0, line: events.line[0] ?? null, count: events.length };
  return { drawn, end: { ...stop, title: `Verification stops at ${placeOf(stop)}`, reason: failure.message }, rows: stop.row };
}

function placeOf({ line }: Break): string {
  return line === null ? 'its end' : `line ${grouped(line)}`;
}
