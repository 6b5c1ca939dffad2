/*
 * What the package tells on Node's `diagnostics_channel`, for metrics and traces. Nothing of an event's content is ever
 * told: paths, counts, durations and codes only. Without a subscriber nothing is measured or made on this side.
 *
 *   sealwright:record   RecordDiagnostics, once for each session with records in a group that was written or failed
 *   sealwright:verify   VerifyDiagnostics, once for each verification that ended
 */

import { channel } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import { ChainError, type ErrorCode, isSealwrightError } from './errors.js';
import type { ChainReport, FaultCode, Verdict } from './report.js';

/** A group of events that was sealed, written and synced at once. Times are milliseconds. */
export interface RecordGroup {
  /** Events in the group, of all sessions of the ledger in this process. */
  readonly events: number;
  /** Bytes of their lines. */
  readonly bytes: number;
  /** How long the first of them was queued. */
  readonly queuedMs: number;
  /** Hashing and signing. */
  readonly sealMs: number;
  readonly writeMs: number;
  /** Until the system said that they are on stable storage. */
  readonly syncMs: number;
}

/** The message of the channel `sealwright:record`. */
export interface RecordDiagnostics {
  readonly ledgerPath: string;
  readonly sessionId: string;
  /** Calls of this session that the group settled; `recordMany` is one. */
  readonly records: number;
  /** How the group was written; null when it failed. */
  readonly group: RecordGroup | null;
  /** Why it failed; null when it did not. */
  readonly code: ErrorCode | null;
}

/** The message of the channel `sealwright:verify`. */
export interface VerifyDiagnostics {
  /** Which function: `verifyFile`, `verifySegments` and their twins, `verifyStream`, or `verifyChain`. */
  readonly source: 'file' | 'segments' | 'stream' | 'chain';
  /** The path that was given; null for several, and for what has none. */
  readonly ledgerPath: string | null;
  readonly durationMs: number;
  /** What was found; null when it could not be checked. */
  readonly verdict: Verdict | null;
  /** How the ledger is broken, or why it could not be checked; null when neither. */
  readonly code: FaultCode | ErrorCode | null;
  /** Events accepted. */
  readonly events: number;
  /** Bytes read; on a fault, those before it. */
  readonly bytes: number;
}

const records = channel('sealwright:record');
const verifications = channel('sealwright:verify');

/** Whether anyone listens to records. */
export function recordsAreWatched(): boolean {
  return records.hasSubscribers;
}

/** Tells of a group: `measures` as the native side gives them, empty when it failed. */
export function tellOfGroup(
  session: { readonly ledgerPath: string; readonly sessionId: string },
  count: number,
  measures: readonly number[],
  code: ErrorCode | null,
): void {
  if (!records.hasSubscribers) return;
  const { ledgerPath, sessionId } = session;
  const [events = 0, bytes = 0, queuedMs = 0, sealMs = 0, writeMs = 0, syncMs = 0] = measures;
  const group = measures.length === 0 ? null : { events, bytes, queuedMs, sealMs, writeMs, syncMs };
  records.publish({ ledgerPath, sessionId, records: count, group, code } satisfies RecordDiagnostics);
}

/** Verifies, and tells how that went. */
export async function watchVerification<Report extends ChainReport>(
  source: VerifyDiagnostics['source'],
  ledgerPath: string | null,
  verify: () => Promise<Report>,
): Promise<Report> {
  if (!verifications.hasSubscribers) return verify();
  const started = performance.now();
  try {
    const report = await verify();
    tellOfReport(source, ledgerPath, started, report);
    return report;
  } catch (error) {
    tellOfFailure(source, ledgerPath, started, error);
    throw error;
  }
}

/** {@link watchVerification} at once. */
export function watchVerificationSync<Report extends ChainReport>(
  source: VerifyDiagnostics['source'],
  ledgerPath: string | null,
  verify: () => Report,
): Report {
  if (!verifications.hasSubscribers) return verify();
  const started = performance.now();
  try {
    const report = verify();
    tellOfReport(source, ledgerPath, started, report);
    return report;
  } catch (error) {
    tellOfFailure(source, ledgerPath, started, error);
    throw error;
  }
}

function tellOfReport(
  source: VerifyDiagnostics['source'],
  ledgerPath: string | null,
  started: number,
  { verdict, code, eventCount: events, bytes }: ChainReport,
): void {
  const durationMs = performance.now() - started;
  verifications.publish({ source, ledgerPath, durationMs, verdict, code, events, bytes } satisfies VerifyDiagnostics);
}

/** What could not be checked may have a report of what came before it. */
function tellOfFailure(
  source: VerifyDiagnostics['source'],
  ledgerPath: string | null,
  started: number,
  error: unknown,
): void {
  const durationMs = performance.now() - started;
  const code = isSealwrightError(error) ? error.code : null;
  const { eventCount: events = 0, bytes = 0 } = (ChainError.is(error) ? error.report : undefined) ?? {};
  const verdict = null;
  verifications.publish({ source, ledgerPath, durationMs, verdict, code, events, bytes } satisfies VerifyDiagnostics);
}
