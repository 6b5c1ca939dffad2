/*
 * sealwright tamper-test: shows on copies that a change of a ledger is found.
 */

import { type ChainReport, verifyFile, type SegmentsReport } from '../../index.js';
import { command } from '../command.js';
import { type Context, UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { paint } from '../output.js';
import { type Edit, EDITS, keepCopy, TamperedCopies } from '../tamper.js';
import { filesOf, findingsOf } from '../verify/findings.js';
import { inputOf, verifyInput } from '../verify/inputs.js';
import { counted, grouped } from '../words.js';

export const tamperTest = command({
  name: 'tamper-test',
  summary: 'change one event in copies of a ledger, and show that it is found',
  description: [
    'Verifies a ledger, copies it a few times to a private temporary folder, changes one event in each copy, in its value, its place, by taking it out, in its signature, and verifies the copies. The ledger itself is only read, and the copies are removed.',
    'The copies are compared with the head of the ledger: without a head that someone knows, nobody can find that its last event was taken out.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    seq: { kind: 'whole', flags: '--seq', value: 'N', least: 0, help: 'the event that is changed; default the one in the middle' },
    keep: { kind: 'text', flags: '--keep', value: 'FILE', help: 'keep the copy with another value, to try `verify` on; nothing may be there' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/tamper-test.schema.json' },
  },
  examples: [
    { line: 'tamper-test ledger.ndjson', help: 'would a change be found?' },
    { line: 'tamper-test ledger.ndjson --seq 3 --keep tampered.ndjson', help: 'and have a ledger that is broken' },
  ],
  exits: { 0: 'every change was found', 1: 'the ledger itself is proven broken', 2: 'a change was not found, or nothing could be tried' },
  async run(context, [ledger = ''], { seq, keep, json }) {
    const report = await originalOf(context, ledger);
    const { out, err } = context;
    if (!report.ok) {
      err.line('sealwright: ', ledger, ': ', findingsOf(report, NOTHING).headline);
      return ExitCode.broken;
    }
    const place = placeOf(report, seq, ledger);
    const results = await TamperedCopies.with(report, async (copies) => {
      const all: Result[] = [];
      for (const edit of EDITS) all.push(await tried(copies, edit, place, report, keep, context));
      return all;
    });
    const isFound = results.every(({ found }) => found);
    if (json) out.json({ schemaVersion: 1, ledger, seq: place, ok: isFound, edits: results, kept: keep ?? null });
    else print(context, place, report, results, keep);
    return isFound ? ExitCode.ok : ExitCode.failed;
  },
});

const NOTHING = { requireSigner: false, requireHead: false, allowTornTail: true, allowUnknownKinds: true } as const;

interface Result {
  readonly edit: Edit['name'];
  readonly text: string;
  readonly found: boolean;
  readonly code: ChainReport['code'];
  readonly line: number | null;
  readonly reason: string | null;
}

async function originalOf(context: Context, ledger: string): Promise<SegmentsReport> {
  const input = await inputOf(ledger, false);
  if (input.kind !== 'files' && input.kind !== 'file') throw new UsageError('tamper-test takes the file of a ledger, not compressed and not packed');
  const { report } = await verifyInput(input, { verify: { signal: context.signal }, maxBytes: undefined }, context);
  if (filesOf(report) === undefined) throw new UsageError(`${ledger} is not the file of a ledger`);
  return report as SegmentsReport;
}

function placeOf({ startedAfter, head }: SegmentsReport, seq: number | undefined, ledger: string): number {
  const first = (startedAfter?.seq ?? -1) + 1;
  if (head === null || head.seq === first) throw new UsageError(`${ledger} has ${head === null ? 'no event' : 'one event only'}: there is nothing to try`);
  if (seq !== undefined && (seq < first || seq > head.seq)) {
    throw new UsageError(`--seq must be from ${first} to ${head.seq}, found ${seq}`);
  }
  return seq ?? first + Math.floor((head.seq - first) / 2);
}

async function tried(
  copies: TamperedCopies,
  edit: Edit,
  seq: number,
  { startedAfter, head }: SegmentsReport,
  keep: string | undefined,
  { signal }: Context,
): Promise<Result> {
  const path = await copies.write(edit, seq, signal);
  const report = await verifyFile(path, { startAfter: startedAfter ?? undefined, expectedHead: head ?? undefined, signal });
  if (edit.name === 'value' && keep !== undefined) await keepCopy(path, keep);
  const { ok, code, line, reason } = report;
  return { edit: edit.name, text: edit.text, found: !ok, code, line, reason };
}

function print({ out }: Context, seq: number, { eventCount }: SegmentsReport, results: readonly Result[], keep: string | undefined): void {
  out.line(`event ${grouped(seq)}, in copies of ${counted(eventCount, 'event')}; the ledger was only read`);
  out.line();
  const width = Math.max(...results.map(({ text }) => text.length));
  for (const { text, found, code, line, reason } of results) {
    const place = line === null ? 'at the end' : `at line ${grouped(line)}`;
    const outcome = found ? paint('good', `found      ${place}`) : paint('bad', 'not found');
    out.line('  ', text.padEnd(width), '  ', outcome, found ? `: ${code ?? ''}, ${reason ?? ''}` : '');
  }
  out.line();
  out.line(results.every(({ found }) => found) ? 'every change was found' : paint('bad', 'a change was not found'));
  if (keep !== undefined) out.line('kept, with another value: ', keep);
}
