/*
 * sealwright fork check: whether evidence shows that a log has signed two histories.
 */

import type { ForkReport, ShownCheckpoint } from '../../proofs/index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFact } from '../facts.js';
import { readText } from '../files.js';
import { type Output, paint } from '../output.js';
import { counted } from '../words.js';

export const forkCheck = command({
  name: 'fork check',
  summary: 'find out whether evidence shows that a log has lied',
  description: [
    'Checks evidence of a fork, as witnesses keep it: two checkpoints that one log has signed, and that no one history has. It takes the log\'s key and nothing else: what FILE says of the log is not believed, and no witness has to be.',
  ],
  arguments: [{ name: 'FILE', help: 'the evidence', required: true }],
  options: {
    policy: { kind: 'text', flags: '--policy', value: 'FILE', help: 'the policy whose `log` lines have the keys (c2sp.org/tlog-policy)' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/fork.schema.json' },
  },
  examples: [{ line: 'fork check fork.txt --policy policy.txt', help: 'the log has lied: it ends with 1', exit: ExitCode.broken }],
  exits: { 1: 'it holds: the log has signed two histories', 2: 'FILE is no evidence, or cannot be read', 3: 'it does not hold: nothing is proven' },
  async run({ out }, [file = ''], { policy, json }) {
    if (policy === undefined) throw new UsageError('whose keys? --policy FILE');
    const { verifyForkEvidence } = await import('../../proofs/index.js');
    const [text, policyText] = await Promise.all([readText(file), readText(policy)]);
    const report = verifyForkEvidence(text, { policy: policyText });
    if (json) out.json({ schemaVersion: 1, file, ...report });
    else print(out, file, report);
    if (report.ok) return ExitCode.broken;
    return report.problems.some(({ code }) => code === 'proof_malformed') ? ExitCode.failed : ExitCode.limited;
  },
});

function print(out: Output, file: string, { ok, problems, older, newer }: ForkReport): void {
  if (ok) out.line(paint('bad', 'FORK'), `  ${older?.origin ?? ''} has signed two histories`);
  else out.line(paint('warn', 'NOTHING IS PROVEN'), `  ${file}`);
  out.line();
  printCheckpoint(out, 'one', older);
  printCheckpoint(out, 'other', newer);
  for (const { code, reason } of problems) out.line('  ', paint('warn', code), '  ', reason);
  if (!ok) return;
  out.line();
  if (older?.size === newer?.size) out.line('  Both have as many events, and not the same ones.');
  else out.line(`  The first ${counted(older?.size ?? 0, 'event')} of the larger one are not those of the smaller one.`);
}

function printCheckpoint(out: Output, label: string, shown: ShownCheckpoint | null): void {
  if (shown !== null) printFact(out, label, `${counted(shown.size, 'event')}, root ${shown.root}`);
}
