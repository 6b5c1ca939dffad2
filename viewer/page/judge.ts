/*
 * A report as the command line judges it, in the parts that a page shows.
 */

import { type Findings, findingsOf, NO_DEMANDS } from '../../src/cli/verify/findings.js';
import { ChainReport, type ReportJson, SegmentsReport, type SegmentsReportJson } from '../../src/report.js';

/** What a page shows of a report: it asks for nothing beyond "is it broken". */
export function judge(report: ReportJson | SegmentsReportJson): Findings {
  return findingsOf('files' in report ? new SegmentsReport(report) : new ChainReport(report), NO_DEMANDS);
}

/** A headline in its parts. */
export interface Headline {
  /** `Broken at line 12`. */
  readonly title: string;
  /** `Nothing is broken in 7 events.` */
  readonly sentence: string;
  /** What was not checked. */
  readonly limits: readonly string[];
}

export function splitHeadline(headline: string): Headline {
  const end = headline.indexOf(': ');
  const rest = headline.slice(end + 2);
  const [sentence = '', limits] = rest.split('; not checked: ');
  return { title: capital(headline.slice(0, end)), sentence: `${capital(sentence)}.`, limits: limits?.split(', ') ?? [] };
}

/** As a sentence begins; the name of a field stays as it is. */
export function capital(text: string): string {
  return /^\w+_/.test(text) ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
}
