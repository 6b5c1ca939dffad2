/*
 * A verification for people: one sentence, then what it rests on.
 */

import { type ChainReport, publicKeyFingerprint, type SegmentsReport } from '../../index.js';
import { printChecks, printFact } from '../facts.js';
import { formatHead } from '../heads.js';
import { type Output, type Paint, paint } from '../output.js';
import { formatTime } from '../times.js';
import { counted, erasedText, formatBytes, grouped, quoted } from '../words.js';
import { filesOf, type Findings, unmetText, warningText } from './findings.js';
import type { Claims, Outcome } from './outcome.js';

const VERDICTS: Readonly<Record<Findings['verdict'], Paint>> = { verified: 'good', intact: 'warn', broken: 'bad', empty: 'warn' };
/** Lists of a report are cut here; `--json` has them whole. */
const LISTED = 8;
const KINDS_IN_A_ROW = 4;

/** Prints one outcome; all but the headline unless `quiet`. */
export function printOutcome(out: Output, outcome: Outcome, quiet: boolean): void {
  const { label } = outcome.subject;
  if (outcome.kind === 'failed') {
    out.line(paint('bold', label), ': ', paint('bad', 'could not be checked'), ': ', outcome.message, outcome.code === null ? '' : ` (${outcome.code})`);
    return;
  }
  const { report, findings } = outcome;
  const [word = '', rest = ''] = split(findings.headline);
  out.line(paint('bold', label), ': ', paint(VERDICTS[findings.verdict], word), rest);
  if (quiet) return;
  out.line();
  if (!report.ok) {
    printBreak(out, report);
    out.line('  Up to there:');
  }
  printChecks(out, findings.checks);
  out.line();
  printFacts(out, outcome, report);
  printWarnings(out, report);
  for (const unmet of findings.unmet) printFact(out, 'ends with 3', unmetText(unmet), 'warn');
  printRemedy(out, outcome.subject.word, findings);
}

/** The word of the verdict, and what is behind it. */
function split(headline: string): [string, string] {
  const end = headline.search(/[ :,]/);
  return [headline.slice(0, end), headline.slice(end)];
}

function printBreak(out: Output, report: ChainReport): void {
  printFact(out, 'break', report.code ?? '');
  if (report.line !== null) printFact(out, 'line', `${grouped(report.line)}, which begins at byte ${grouped(report.byteOffset ?? 0)}`);
  if (report.brokenAt !== null) printFact(out, 'seq', grouped(report.brokenAt));
  if (report.expected !== null) printFact(out, 'expected', report.expected);
  if (report.found !== null) printFact(out, 'found', report.found);
  out.line();
}

function printFacts(out: Output, { subject, compression }: Outcome & { readonly kind: 'checked' }, report: ChainReport): void {
  const files = filesOf(report);
  printFact(out, 'events', `${grouped(report.eventCount)} in ${formatBytes(report.bytes)}${compression === null ? '' : ` (${compression})`}`);
  if (files !== undefined && files.length > 1) printFact(out, 'files', counted(files.length, 'file'));
  if (report.timeRange !== null) {
    printFact(out, 'time', `${formatTime(report.timeRange.from)} to ${formatTime(report.timeRange.to)}, by the clock of who recorded`);
  }
  if (report.head !== null) printFact(out, 'head', `${report.head.seq}:${report.head.hash}`);
  if (report.firstHash !== null) printFact(out, 'first', report.firstHash);
  for (const signer of report.signers.slice(0, LISTED)) {
    const range = signer.first === signer.last ? `event ${grouped(signer.first)}` : `events ${grouped(signer.first)} to ${grouped(signer.last)}`;
    printFact(out, 'signer', `${signer.publicKey}  ${range}${signer.pinned ? ', named by you' : ''}`);
    printFact(out, '', `fingerprint ${publicKeyFingerprint(signer.publicKey)}`);
  }
  more(out, report.signers.length, 'signer');
  const kinds = Object.entries({ ...report.kinds, ...report.unknownKinds }).map(([kind, count]) => `${kind} ${grouped(count)}`);
  for (let place = 0; place < kinds.length; place += KINDS_IN_A_ROW) {
    printFact(out, place === 0 ? 'kinds' : '', kinds.slice(place, place + KINDS_IN_A_ROW).join(', '));
  }
  if (report.openSessions !== null && report.openSessions.count > 0) {
    const { count, listed } = report.openSessions;
    printFact(out, 'open', `${counted(count, 'session')} without an end: ${listed.slice(0, LISTED).join(', ')}${count > LISTED ? ', …' : ''}`);
  }
  if (report.erased > 0) printFact(out, 'erased', erasedText(report.erased));
  if (report.sha256 !== null && files === undefined) printFact(out, 'sha256', report.sha256);
  for (const claim of claimed(subject.claims)) printFact(out, 'claimed', claim, 'warn');
  printLeftOver(out, report, subject.isFolder);
}

function claimed(claims: Claims | undefined): string[] {
  if (claims === undefined) return [];
  const said = claims.keys.map(({ publicKey }) => `the pack says that ${publicKey} may sign: compare it with what you know`);
  if (claims.head !== null) said.push(`the pack says that ${formatHead(claims.head)} is known elsewhere: ask there`);
  return said;
}

/** What stands beside one file is of interest only to who asks for the folder. */
function printLeftOver(out: Output, report: ChainReport, isFolder: boolean): void {
  if (filesOf(report) === undefined) return;
  const { orphans, foreign, gaps } = report as SegmentsReport;
  for (const { from, to } of gaps.slice(0, LISTED)) printFact(out, 'gap', `events ${grouped(from)} to ${grouped(to)} are in no file`);
  for (const path of orphans.slice(0, LISTED)) printFact(out, 'orphan', path);
  if (!isFolder) return;
  for (const path of foreign.slice(0, LISTED)) printFact(out, 'foreign', path);
  more(out, foreign.length, 'foreign file');
}

function printWarnings(out: Output, report: ChainReport): void {
  for (const { code, count, firstLine } of report.warnings) {
    printFact(out, 'warning', `${warningText(code)} (${code}): ${counted(count, 'line')}, first line ${grouped(firstLine)}`, 'warn');
  }
}

/** The command that would check what was not. */
function printRemedy(out: Output, word: string, { checks }: Findings): void {
  const options = checks.flatMap(({ remedy }) => (remedy === null ? [] : [remedy]));
  if (options.length === 0) return;
  out.line();
  out.line('  To check the rest: ', paint('bold', `sealwright verify ${quoted(word)} ${options.join(' ')}`));
}

function more(out: Output, count: number, thing: string): void {
  if (count > LISTED) printFact(out, '', `and ${counted(count - LISTED, thing)} more`);
}
