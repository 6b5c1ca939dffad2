/*
 * Verifications for programs: JSON, SARIF 2.1.0, JUnit XML, and the five lines of the Provedex command line.
 */

import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExitCode } from '../exit-code.js';
import type { Output } from '../output.js';
import { visible } from '../safe-text.js';
import { unmetText } from './findings.js';
import { type Claims, exitCodeOf, type Outcome } from './outcome.js';

/** One input, as JSON: schemas/verify.schema.json. */
export function outcomeJson(outcome: Outcome): object {
  const { word } = outcome.subject;
  if (outcome.kind === 'failed') {
    const { code, message, line, byteOffset, report } = outcome;
    const error = { code, message, line, byteOffset };
    const headline = `could not be checked: ${message}`;
    return { input: word, exitCode: exitCodeOf(outcome), headline, error, report, checks: [], unmet: [], compression: null, claims: null };
  }
  const { findings, report, compression } = outcome;
  const { checks, headline } = findings;
  const unmet = findings.unmet.map(unmetText);
  return { input: word, exitCode: findings.exitCode, headline, error: null, report, checks, unmet, compression, claims: claimsJson(outcome.subject.claims) };
}

function claimsJson(claims: Claims | undefined): Claims | null {
  return claims === undefined ? null : { keys: claims.keys, head: claims.head };
}

/** All of them. */
export function outcomesJson(outcomes: readonly Outcome[], exitCode: ExitCode, version: string): object {
  return { schemaVersion: 1, tool: { name: 'sealwright', version }, exitCode, results: outcomes.map(outcomeJson) };
}

/** A run in the form of SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function outcomesSarif(outcomes: readonly Outcome[], version: string): object {
  const results = outcomes.flatMap(sarifResults);
  const rules = [...new Set(results.map(({ ruleId }) => ruleId))].map((id) => ({ id, shortDescription: { text: id.replaceAll('_', ' ') } }));
  const failed = outcomes.filter((outcome) => outcome.kind === 'failed');
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'sealwright', version, rules } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: failed.length === 0,
            toolExecutionNotifications: failed.map(({ subject, code, message }) => ({
              level: 'error',
              message: { text: `${subject.word}: ${message}` },
              ...(code === null ? {} : { descriptor: { id: code } }),
            })),
          },
        ],
        results,
      },
    ],
  };
}

interface SarifResult {
  readonly ruleId: string;
  readonly kind: 'fail' | 'open' | 'informational';
  readonly level: 'error' | 'none' | 'note' | 'warning';
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
}

function sarifResults(outcome: Outcome): SarifResult[] {
  if (outcome.kind === 'failed') return [];
  const { report, findings, subject } = outcome;
  const at = (line: number | null, byteOffset: number | null) => [
    {
      physicalLocation: {
        artifactLocation: { uri: uriOf(subject.word) },
        ...(line === null ? {} : { region: { startLine: line, ...(byteOffset === null ? {} : { byteOffset }) } }),
      },
    },
  ];
  const results: SarifResult[] = [];
  if (!report.ok) {
    const text = findings.headline;
    results.push({ ruleId: report.code ?? 'broken', kind: 'fail', level: 'error', message: { text }, locations: at(report.line, report.byteOffset) });
  }
  for (const { code, count, firstLine } of report.warnings) {
    const text = `${code}: ${count} lines, the first of them line ${firstLine}`;
    results.push({ ruleId: code, kind: 'fail', level: 'warning', message: { text }, locations: at(firstLine, null) });
  }
  for (const { name, status, message } of findings.checks) {
    if (status !== 'not-checked') continue;
    results.push({ ruleId: `not_checked_${name}`, kind: 'open', level: 'none', message: { text: message }, locations: at(null, null) });
  }
  return results;
}

/** A path as a URI reference; standard input has none of its own. */
function uriOf(word: string): string {
  if (word === '-') return 'stdin';
  return isAbsolute(word) ? pathToFileURL(word).href : word.split(/[/\\]/).map(encodeURIComponent).join('/');
}

/** A suite for each input, a case for each check: what was not checked is skipped. */
export function outcomesJunit(outcomes: readonly Outcome[]): string {
  const suites = outcomes.map((outcome) => {
    const cases = outcome.kind === 'failed' ? [failedCase(outcome.subject.word, outcome.message)] : checkCases(outcome);
    const count = (kind: JunitCase['kind']) => cases.filter((one) => one.kind === kind).length;
    const attributes = `name="${xml(outcome.subject.word)}" tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
    return `  <testsuite ${attributes}>\n${cases.map(({ text }) => text).join('\n')}\n  </testsuite>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sealwright verify">\n${suites.join('\n')}\n</testsuites>\n`;
}

interface JunitCase {
  readonly kind: 'pass' | 'failure' | 'error' | 'skipped';
  readonly text: string;
}

function checkCases({ subject, findings }: Outcome & { readonly kind: 'checked' }): JunitCase[] {
  const cases = findings.checks.map(({ name, status, message }): JunitCase => {
    if (status === 'pass') return { kind: 'pass', text: `    <testcase classname="${xml(subject.word)}" name="${name}"/>` };
    const kind = status === 'fail' ? 'failure' : 'skipped';
    return junitCase(kind, subject.word, name, message);
  });
  return [...cases, ...findings.unmet.map((unmet) => junitCase('failure', subject.word, 'asked for', unmetText(unmet)))];
}

function failedCase(word: string, message: string): JunitCase {
  return junitCase('error', word, 'verification', message);
}

function junitCase(kind: 'failure' | 'error' | 'skipped', word: string, name: string, message: string): JunitCase {
  const text = `    <testcase classname="${xml(word)}" name="${xml(name)}"><${kind} message="${xml(message)}"/></testcase>`;
  return { kind, text };
}

/** Text that XML 1.0 can hold, in an attribute. */
function xml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return visible(text).replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');
}

/** The lines of the Provedex command line, with this verdict. */
export function printCompatible(out: Output, err: Output, outcome: Outcome): void {
  const { word } = outcome.subject;
  if (outcome.kind === 'failed') return err.line('error: ', outcome.message);
  const { report } = outcome;
  out.line('ledger: ', word);
  out.line(`events: ${report.eventCount}`);
  out.line(`status: ${report.ok ? 'VALID' : 'BROKEN'}`);
  out.line(`root_hash: ${report.rootHash}`);
  if (report.ok) return;
  out.line(`broken_at_seq: ${report.brokenAt ?? report.eventCount}`);
  out.line('broken_reason: ', report.reason ?? '');
}
