/*
 * sealwright prune: removes the oldest sealed segments of a ledger.
 */

import type { PruneOptions, SeqRange } from '../../index.js';
import { isAgreed } from '../ask.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { formatHead } from '../heads.js';
import { openingOptions, withSession } from '../recording.js';
import { parseTime } from '../times.js';
import { counted, grouped } from '../words.js';

const options = {
  ...openingOptions,
  keep: { kind: 'whole', flags: '--keep', value: 'N', least: 1, help: 'keep at least so many sealed segments; default 1' },
  beforeSeq: { kind: 'whole', flags: '--before-seq', value: 'SEQ', least: 0, help: 'only segments whose events all come before this one' },
  beforeTime: { kind: 'text', flags: '--before-time', value: 'TIME', help: 'only segments whose last event was recorded before, by the clock of who recorded' },
  yes: { kind: 'flag', flags: '--yes', help: 'remove without asking' },
  json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/prune.schema.json' },
} as const;

export const prune = command({
  name: 'prune',
  summary: 'remove the oldest sealed segments of a ledger',
  description: [
    'Records `LedgerPruned`, which says what goes, and then removes the oldest sealed segments to which all of the options apply. Verification then begins behind them. The newest segment always stays, and the active file.',
    'Without --yes it says what would go and asks; where nobody can be asked it removes nothing. Keep what must be shown later: what is removed is gone.',
    'TIME is one such as 2026-11-21T09:30:00Z, a date, or nanoseconds since 1970.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options,
  examples: [
    { line: 'prune ledger.ndjson --key agent.key --keep 5 --yes', help: 'all but the newest five segments' },
    { line: 'prune ledger.ndjson --key agent.key --before-time 2026-01-01 --yes', help: 'what ended before this year' },
  ],
  exits: { 0: 'done, or there was nothing to remove', 2: 'nothing was removed' },
  async run(context, [ledger = ''], { key, headStore, keep, beforeSeq, beforeTime, yes, json }) {
    if (key === undefined) throw new UsageError('prune takes --key');
    const limits = limitsOf(keep, beforeSeq, beforeTime);
    const { out } = context;
    return withSession(context, { ledger, key, headStore }, async (session) => {
      const found = await session.findPrunable(limits);
      if (found === null) {
        if (json) out.json({ schemaVersion: 1, ledger, removed: null, event: null });
        else out.line('nothing to remove: no sealed segment is old enough, or too few would stay');
        return ExitCode.ok;
      }
      if (!yes) context.err.line(`would remove ${rangeOf(found)}`);
      if (!(await isAgreed(context, yes, `Remove ${rangeOf(found)} of ${ledger} for ever?`))) throw new UsageError('nothing was removed');
      context.signal.throwIfAborted();
      const pruned = await session.prune(limits);
      const { from, to } = pruned ?? found;
      const event = pruned === null ? null : { seq: pruned.event.seq, hash: pruned.event.selfHash };
      if (json) out.json({ schemaVersion: 1, ledger, removed: { from, to }, event });
      else out.line(`removed ${rangeOf({ from, to })}`, event === null ? '' : `; event ${formatHead(event)} says so`);
      return ExitCode.ok;
    });
  },
});

function limitsOf(keep: number | undefined, beforeSeq: number | undefined, beforeTime: string | undefined): PruneOptions {
  if (beforeSeq !== undefined && beforeTime !== undefined) throw new UsageError('--before-seq and --before-time exclude each other');
  if (keep === undefined && beforeSeq === undefined && beforeTime === undefined) {
    throw new UsageError('prune takes --keep, --before-seq or --before-time');
  }
  const time = beforeTime === undefined ? undefined : new Date(Number(parseTime(beforeTime, '--before-time') / 1_000_000n));
  return { keep, before: time ?? beforeSeq };
}

function rangeOf({ from, to }: SeqRange): string {
  return `${counted(to - from + 1, 'event')} (${grouped(from)} to ${grouped(to)})`;
}
