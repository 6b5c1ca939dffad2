/*
 * sealwright replay: what happened, an event a line.
 */

import { readEvents } from '../../index.js';
import { command } from '../command.js';
import { ExitCode } from '../exit-code.js';
import { ledgerOption, namedLedgers } from '../options.js';
import { untilBroken } from '../reading.js';
import { summaryLine } from '../summary.js';

export const replay = command({
  name: 'replay',
  summary: 'tell what happened, an event a line',
  description: [
    'Prints each event on a line, with its place, its time and the most important of its fields; core kinds as the Provedex command line prints them. Characters that are not seen are spelled out.',
    'Each event has the hash that it says and follows the one before it: where that ends to hold, so does the output. Signatures are not checked: that is for `verify`.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', env: 'SEALWRIGHT_LEDGER' }],
  options: {
    ledger: ledgerOption,
  },
  examples: [{ line: 'replay ledger.ndjson', help: 'the whole story' }],
  exits: { 1: 'the ledger is proven broken; the events before that were printed' },
  run(context, words, { ledger: named }) {
    const [ledger = ''] = namedLedgers(words, named, context);
    return untilBroken(context, async () => {
      const { out, signal } = context;
      let isEmpty = true;
      for await (const signed of readEvents(ledger, { signal })) {
        isEmpty = false;
        await out.pacedLine(summaryLine(signed));
      }
      if (isEmpty) out.line('ledger is empty');
      return ExitCode.ok;
    });
  },
});
