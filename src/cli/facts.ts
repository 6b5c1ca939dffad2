/*
 * Rows that several commands print: a check and how it ended, a fact and what it is called.
 */

import { type Output, paint, type Part } from './output.js';

/** How a check ended. `not-checked`: nothing speaks against it, and nothing was looked at that would. */
export type CheckStatus = 'pass' | 'fail' | 'not-checked';

const MARKS: Readonly<Record<CheckStatus, Part>> = {
  pass: paint('good', 'pass       '),
  fail: paint('bad', 'fail       '),
  'not-checked': paint('warn', 'not checked'),
};
const NAME_WIDTH = 10;
const LABEL_WIDTH = 12;

/** One row a check. */
export function printChecks(
  out: Output,
  checks: readonly { readonly name: string; readonly status: CheckStatus; readonly message: string }[],
): void {
  for (const { name, status, message } of checks) out.line('  ', MARKS[status], '  ', name.padEnd(NAME_WIDTH), '  ', message);
}

/** `label  text`; rows of one thing leave the label out. */
export function printFact(out: Output, label: string, text: string, how: 'dim' | 'warn' = 'dim'): void {
  out.line('  ', paint(how, label.padEnd(LABEL_WIDTH)), text);
}

/** Rows of facts, one below the other. */
export function printFacts(out: Output, facts: readonly (readonly [label: string, text: string])[]): void {
  for (const [label, text] of facts) printFact(out, label, text);
}
