/*
 * sealwright query: the lines of events that are wanted.
 */

import { readEvents, type ReadOptions } from '../../index.js';
import { command, type OptionSpecs, type OptionValues } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { unlessEmpty } from '../options.js';
import { DataLines, untilBroken } from '../reading.js';
import { parseTime } from '../times.js';

const options = {
  from: { kind: 'whole', flags: '--from', value: 'SEQ', least: 0, help: 'first event' },
  to: { kind: 'whole', flags: '--to', value: 'SEQ', least: 0, help: 'last event' },
  since: { kind: 'text', flags: '--since', value: 'TIME', help: 'earliest time' },
  until: { kind: 'text', flags: '--until', value: 'TIME', help: 'time that all are before' },
  kind: { kind: 'many', flags: '--kind', value: 'KIND', help: 'only events of this kind, such as ToolCalled; may be given several times' },
  session: { kind: 'text', flags: '--session', value: 'ID', help: 'only events that name this session: SessionStarted, SessionSealed, Heartbeat' },
  limit: { kind: 'whole', flags: '--limit', value: 'N', least: 0, help: 'end after so many events' },
  count: { kind: 'flag', flags: '--count', help: 'print how many there are, and nothing else' },
  noIndex: { kind: 'flag', flags: '--no-index', help: 'read every event, and neither use nor make an index beside the ledger' },
} as const satisfies OptionSpecs;

export const query = command({
  name: 'query',
  summary: 'print the lines of some events',
  description: [
    'Prints events that all of the options want, in order: their lines as they stand in the ledger, byte for byte. On a terminal, characters that are not seen are spelled as escapes of JSON.',
    'TIME is one such as 2026-11-21T09:30:00.25Z, with up to nine digits behind the second; a date, which is its midnight in UTC; or nanoseconds since 1970.',
    'Each event that is printed has the hash that it says and follows the one before it, as far as that was read. Signatures are not checked, nor what was passed over: that is for `verify`.',
    'Choosing by time, kind or session makes a file LEDGER.index beside each file of the ledger, and the next such choice is quick. Who can write there can hide events from it.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options,
  examples: [
    { line: 'query ledger.ndjson --kind ToolCalled --kind ToolReturned', help: 'what tools were called, and what came back' },
    { line: 'query ledger.ndjson --since 2023-11-14T22:13:20Z --count', help: 'how many events since then' },
    { line: 'query ledger.ndjson --from 5 --to 9', help: 'five events by their places' },
  ],
  exits: { 1: 'the ledger is proven broken; the events before that were printed' },
  run(context, [path = ''], given) {
    return untilBroken(context, async () => {
      const lines = new DataLines(context.out);
      const most = given.limit ?? Number.POSITIVE_INFINITY;
      let count = 0;
      try {
        for await (const signed of most === 0 ? [] : readEvents(path, selectionOf(given, context.signal))) {
          count += 1;
          if (!given.count) await lines.add(signed.toLine());
          if (count >= most) break;
        }
      } finally {
        await lines.flush();
      }
      if (given.count) context.out.line(String(count));
      return ExitCode.ok;
    });
  },
});

function selectionOf(given: OptionValues<typeof options>, signal: AbortSignal): ReadOptions {
  const { from, to, since, until, kind, session, noIndex } = given;
  return {
    from,
    to,
    since: since === undefined ? undefined : parseTime(since, '--since'),
    until: until === undefined ? undefined : parseTime(until, '--until'),
    kinds: unlessEmpty(kind),
    session,
    index: !noIndex,
    signal,
  };
}
