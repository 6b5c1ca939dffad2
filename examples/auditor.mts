/*
 * An auditor, who has the ledger, the public key and the head that were handed over, and needs no one's word.
 *
 *   node auditor.mjs <folder>
 *
 * Exits with 0 only if the ledger verifies and both tampered copies are found out.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChainReport, type Head, readEvents, verifyFile } from 'sealwright';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: auditor <folder>');
  process.exit(2);
}

const ledgerPath = join(folder, 'ledger.ndjson');
const signerPath = join(folder, 'signer.pub');
const expectedHead = JSON.parse(readFileSync(join(folder, 'head.json'), 'utf8')) as Head;

console.log('The ledger as it was handed over');
const report = await verifyFile(ledgerPath, { signers: signerPath, expectedHead });
row('verdict', report.verdict);
if (report.ok) await describe(report);
else describeBreak(report);

// Whoever keeps the ledger would like a call to have gone otherwise.
const text = readFileSync(ledgerPath, 'utf8');
const changed = text.replace(/(?<="input":"[^"\d]*)\d/, (digit) => String((Number(digit) + 1) % 10));
const changedReport = await verifyCopy('changed.ndjson', changed);
console.log(`\nA copy in which one digit was changed: ${difference(text, changed)}`);
row('verdict', changedReport.verdict);
describeBreak(changedReport);

// Or its last event never to have been.
const cutReport = await verifyCopy('cut.ndjson', text.replace(/[^\n]*\n$/, ''));
console.log('\nA copy without its last line');
row('verdict', cutReport.verdict);
describeBreak(cutReport);

const foundOut = changedReport.code === 'hash_mismatch' && cutReport.code === 'head_mismatch';
const sound = report.verdict === 'verified' && foundOut;
console.log(sound ? '\nThe ledger verifies; both copies were found out.' : '\nNOT as it should be: see above.');
process.exitCode = sound ? 0 : 1;

async function verifyCopy(name: string, content: string): Promise<ChainReport> {
  const copy = join(folder as string, name);
  writeFileSync(copy, content);
  return verifyFile(copy, { signers: signerPath, expectedHead });
}

/** What was checked, and what the ledger tells. */
async function describe({ eventCount, checks, signers, head, timeRange }: ChainReport): Promise<void> {
  row('checked', `${checks.hashes} hashes, ${checks.links} links, ${checks.signatures.checked} signatures`);
  for (const { publicKey, pinned } of signers) row('signed by', `${publicKey} (${pinned ? 'pinned' : 'not pinned'})`);
  row('head', `${checks.head}: nothing up to seq ${expectedHead.seq} was cut off; the last event is seq ${head?.seq}`);
  if (timeRange !== null) row('time', `${clock(timeRange.from)} to ${clock(timeRange.to)}`);
  const kinds = new Map<string, number>();
  for await (const { event } of readEvents(ledgerPath)) kinds.set(event.type, (kinds.get(event.type) ?? 0) + 1);
  row('events', `${eventCount}: ${Array.from(kinds, ([kind, count]) => `${count} ${kind}`).join(', ')}`);
}

function describeBreak({ line, brokenAt, code, reason, expected, found }: ChainReport): void {
  row('where', line === null ? 'nowhere in particular' : `line ${line}, seq ${brokenAt}`);
  row('why', `${code}: ${reason}`);
  row('expected', expected ?? '-');
  row('found', found ?? '-');
}

/** The words around the first place where two texts differ. */
function difference(before: string, after: string): string {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  const start = before.lastIndexOf('"', at);
  const quote = (whole: string) => whole.slice(start, whole.indexOf('"', at) + 1);
  return `${quote(before)} is now ${quote(after)}`;
}

function clock(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString();
}

function row(label: string, value: string): void {
  console.log(`  ${label.padEnd(10)} ${value}`);
}
