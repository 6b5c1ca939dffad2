/*
 * What a verification means for someone who has to decide by it: each check with its outcome, a verdict that names its
 * limits, and the exit code. Every form of output is made of this.
 */

import type { ChainReport, SegmentsReport, WarningCode } from '../../report.js';
import { ExitCode } from '../exit-code.js';
import type { CheckStatus } from '../facts.js';
import { counted, grouped } from '../words.js';

/** What the caller asked for beyond "is it broken". */
export interface Demands {
  readonly requireSigner: boolean;
  readonly requireHead: boolean;
  readonly allowTornTail: boolean;
  readonly allowUnknownKinds: boolean;
}

/** Nothing beyond "is it broken": whoever reads sees what was not checked. */
export const NO_DEMANDS: Demands = { requireSigner: false, requireHead: false, allowTornTail: false, allowUnknownKinds: false };

/** A check and how it ended. */
export interface Check {
  readonly name: 'lines' | 'chain' | 'signatures' | 'signer' | 'head' | 'first' | 'start' | 'tail' | 'kinds';
  readonly status: CheckStatus;
  readonly message: string;
  /** Options that would check it; null when it was checked, or cannot be. */
  readonly remedy: string | null;
}

/** Something that was asked for and is not there. */
export interface Unmet {
  readonly what: string;
  /** The option of `verify` that asks for less, and what that means; null where there is none. */
  readonly remedy: string | null;
}

/** What to tell of a report. */
export interface Findings {
  readonly exitCode: ExitCode;
  /** The first word of the headline. */
  readonly verdict: 'verified' | 'intact' | 'broken' | 'empty';
  /** One sentence, with its limits. */
  readonly headline: string;
  readonly checks: readonly Check[];
  /** What was asked for and is not there. */
  readonly unmet: readonly Unmet[];
}

/** Judges a report by what was asked. */
export function findingsOf(report: ChainReport, demands: Demands): Findings {
  const checks = report.ok ? intactChecks(report, demands) : brokenChecks(report, demands);
  const unmet = report.ok ? unmetDemands(report, demands) : [];
  const exitCode = report.ok ? (unmet.length > 0 ? ExitCode.limited : ExitCode.ok) : ExitCode.broken;
  return { exitCode, verdict: report.verdict, headline: headlineOf(report, checks), checks, unmet };
}

/** What is missing, in one line for who runs `verify`. */
export function unmetText({ what, remedy }: Unmet): string {
  return remedy === null ? what : `${what}: ${remedy}`;
}

/** The files of a ledger in several ones; undefined for a report of one. */
export function filesOf(report: ChainReport): SegmentsReport['files'] | undefined {
  return 'files' in report ? (report as SegmentsReport).files : undefined;
}

/** A warning in words. */
export function warningText(code: WarningCode): string {
  return WARNINGS[code];
}

const WARNINGS: Readonly<Record<WarningCode, string>> = {
  ledger_restored: 'the ledger was put back to an earlier state',
  malformed_digest: 'a digest that is no SHA-256',
  mixed_signers: 'another signer than the event before, without a handover',
  non_canonical_spelling: 'not spelled as the writer spells',
  time_went_back: 'an earlier time than the event before',
  unknown_kind: 'a kind that this version does not know',
};

function headlineOf(report: ChainReport, checks: readonly Check[]): string {
  const events = counted(report.eventCount, 'event');
  if (report.verdict === 'broken') {
    return `broken ${placeOf(report)}: ${report.reason ?? report.code ?? ''}; ${events} before it hold`;
  }
  if (report.verdict === 'empty') return 'empty: there is no event, so nothing is shown';
  const unchecked = checks.filter(({ status }) => status === 'not-checked').map(({ name }) => name);
  if (report.verdict === 'verified') {
    const behind = `what followed event ${grouped(report.head?.seq ?? 0)}`;
    return `verified: ${events}, each under a key that you named, your head among them; not checked: ${[...unchecked, behind].join(', ')}`;
  }
  return `intact: nothing is broken in ${events}; not checked: ${unchecked.join(', ')}`;
}

function placeOf({ line, code, eventCount }: ChainReport): string {
  if (line !== null) return `at line ${grouped(line)}`;
  if (code !== 'segment_missing' && code !== 'segment_mismatch') return 'at its end';
  return eventCount === 0 ? 'at its beginning' : 'between its files';
}

function unmetDemands(report: ChainReport, demands: Demands): Unmet[] {
  const unmet: Unmet[] = [];
  const miss = (what: string, remedy: string | null = null) => unmet.push({ what, remedy });
  if (report.verdict === 'empty') miss('there is no event');
  if (demands.requireSigner && report.checks.signer !== 'pinned') miss('--require-signer: no --signer was given');
  if (demands.requireHead && report.checks.head !== 'matched') miss('--require-head: no --head was given');
  if (report.tail !== null && !demands.allowTornTail) {
    miss('bytes behind the last event', '--allow-torn-tail takes them for a record that a crash cut off');
  }
  if (Object.keys(report.unknownKinds).length > 0 && !demands.allowUnknownKinds) {
    miss('kinds that this version does not know', '--allow-unknown-kinds takes them as they are');
  }
  return unmet;
}

function intactChecks(report: ChainReport, { allowUnknownKinds }: Demands): Check[] {
  const { checks, eventCount } = report;
  const unknown = Object.values(report.unknownKinds).reduce((sum, count) => sum + count, 0);
  const all: (Check | undefined)[] = [
    ...(eventCount === 0 ? [open('lines', 'there is none', null)] : eventChecks(report)),
    checks.signer === 'pinned'
      ? pass('signer', 'every event by a key that you named, or one that it handed over to')
      : open('signer', 'the ledger says itself who signed it; get the key from whoever runs the agent', '--signer KEY'),
    checks.head === 'matched'
      ? pass('head', 'the event that you know is in it: nothing up to there was cut off')
      : open('head', 'events may be missing at the end; get a head that was reported outside', '--head SEQ:HASH'),
    checks.first === 'matched'
      ? pass('first', 'it begins with the event that you know')
      : report.firstHash === null ? undefined : open('first', 'a key may sign several ledgers', '--first HASH'),
    startOf(report),
    report.tail === null
      ? undefined
      : open('tail', `${counted(report.tail.bytes, 'byte')} from offset ${grouped(report.tail.offset)} on are no event`, null),
    unknown === 0
      ? undefined
      : open('kinds', `${counted(unknown, 'event')} of kinds that this version does not know${allowUnknownKinds ? ', which you allow' : ''}`, null),
  ];
  return all.filter((check) => check !== undefined);
}

/** What is checked of each event. */
function eventChecks({ checks, eventCount }: ChainReport): Check[] {
  return [
    pass('lines', `${counted(checks.fields, 'line')}, every field as the format wants it`),
    pass('chain', `${grouped(checks.hashes)} hashes recomputed, ${grouped(checks.links)} links followed`),
    checks.signatures.checked === eventCount
      ? pass('signatures', `all ${grouped(checks.signatures.checked)} hold, strictly checked`)
      : open('signatures', `${grouped(checks.signatures.checked)} of ${grouped(eventCount)} checked: the last of each signer`, '--signatures all'),
  ];
}

function startOf({ startedAfter, resumed, segments }: ChainReport): Check | undefined {
  if (startedAfter !== null) {
    return open('start', `it begins behind event ${grouped(startedAfter.seq)}: what came before was removed, or not given`, null);
  }
  if (segments?.missing != null) {
    return open('start', `events ${grouped(segments.missing.from)} to ${grouped(segments.missing.to)} are in other files`, null);
  }
  if (resumed !== null) {
    return open('start', `up to event ${grouped(resumed.seq)} it was verified before and not read again`, '--full');
  }
  return undefined;
}

/** What holds before the break, and what broke. */
function brokenChecks(report: ChainReport, demands: Demands): Check[] {
  const name = FAULTS[report.code ?? ''] ?? 'lines';
  const fault: Check = { name, status: 'fail', message: report.reason ?? report.code ?? '', remedy: null };
  const others = intactChecks(report, demands).map((check) => (check.name === name ? fault : { ...check, remedy: null }));
  return others.includes(fault) ? others : [...others, fault];
}

/** The check that a fault belongs to, where that is not `lines`. */
const FAULTS: Readonly<Record<string, Check['name']>> = {
  bad_signature: 'signatures',
  first_mismatch: 'first',
  hash_mismatch: 'chain',
  head_mismatch: 'head',
  parent_mismatch: 'chain',
  rotation_unendorsed: 'signer',
  segment_mismatch: 'chain',
  segment_missing: 'chain',
  seq_mismatch: 'chain',
  unexpected_kind: 'kinds',
  untrusted_signer: 'signer',
};

function pass(name: Check['name'], message: string): Check {
  return { name, status: 'pass', message, remedy: null };
}

function open(name: Check['name'], message: string, remedy: string | null): Check {
  return { name, status: 'not-checked', message, remedy };
}
