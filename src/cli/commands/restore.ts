/*
 * sealwright restore: goes on with a ledger that was put back to an earlier state on purpose.
 */

import { FileHeadStore, Session } from '../../index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFacts } from '../facts.js';
import { formatHead } from '../heads.js';
import { openingOptions, optionsOf, tellRecovery } from '../recording.js';

export const restore = command({
  name: 'restore',
  summary: 'go on with a ledger that was put back from a backup',
  description: [
    'A ledger that ends before the head which its head store knows is refused: it may have been cut. If it was put back on purpose, this records `LedgerRestored`, with that head and the reason, and puts the head store back to it. What was lost stays lost, and every verification says that the ledger was put back.',
    'The ledger must otherwise be the one that the store knows, and --key must sign its end.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    ...openingOptions,
    headStore: { ...openingOptions.headStore, help: 'the head store that knows what was lost' },
    reason: { kind: 'text', flags: '--reason', value: 'TEXT', help: 'why it was put back: it is recorded' },
    json: { kind: 'flag', flags: '--json', help: 'print JSON; schemas/restore.schema.json' },
  },
  examples: [
    { line: "restore ledger.ndjson --key agent.key --head-store heads.json --reason 'disk failure'", help: 'a ledger that lost nothing is refused', exit: 2 },
  ],
  exits: { 2: 'nothing was restored: ERR_NOT_ROLLED_BACK if nothing is missing' },
  async run(context, [ledger = ''], { key, headStore, reason, json }) {
    if (key === undefined || headStore === undefined || reason === undefined) {
      throw new UsageError('restore takes --key, --head-store and --reason');
    }
    const store = new FileHeadStore(headStore);
    const options = await optionsOf({ ledger, key, headStore });
    const session = await Session.restore({ ...options, headStore: { store, wait: true }, reason });
    const { head, recovery } = session;
    await session.close();
    tellRecovery(context, recovery);
    if (json) context.out.json({ schemaVersion: 1, ledger, head, reason });
    else printFacts(context.out, [['restored', `by event ${head === null ? '' : formatHead(head)}`], ['reason', reason]]);
    return ExitCode.ok;
  },
});
