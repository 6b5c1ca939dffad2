/*
 * sealwright tail: the end of a ledger, and what comes behind it.
 */

import { followEvents, type Head, readEvents, type SignedEvent } from '../../index.js';
import { endOf, ledgerFiles } from '../../ledger-files.js';
import { command, type OptionSpecs } from '../command.js';
import { type Context, UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { signerOption, unlessEmpty } from '../options.js';
import { untilBroken } from '../reading.js';
import { summaryLine } from '../summary.js';
import { grouped } from '../words.js';

const options = {
  follow: { kind: 'flag', flags: '-f, --follow', help: 'go on with events as they are recorded, and verify them, until Ctrl-C' },
  lines: { kind: 'whole', flags: '-n, --lines', value: 'N', least: 0, help: 'how many events from the end; default 10' },
  signer: { ...signerOption, help: `with --follow: ${signerOption.help}` },
  all: { kind: 'flag', flags: '--all', help: 'with --follow: verify the ledger from its first event on' },
  json: { kind: 'flag', flags: '--json', help: 'print the lines of the ledger' },
} as const satisfies OptionSpecs;

const DEFAULT_LINES = 10;

export const tail = command({
  name: 'tail',
  summary: 'show the last events, and follow a ledger',
  description: [
    'Prints the last events, one a line, as `replay` does.',
    'With --follow it goes on with each event as soon as it is recorded, also when the ledger goes on in a new file, and verifies it before it is printed: hash, link, signature, and signer if --signer names some. It begins behind the event in front of the first that is printed, and trusts that one; with --all it begins with the ledger. It ends with 1 where the chain breaks, and where the file is cut or replaced.',
    'Without --follow, hashes and links of what is printed are checked, and nothing else.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options,
  examples: [
    { line: 'tail ledger.ndjson -n 3', help: 'the last three events' },
    { line: 'tail ledger.ndjson --json', help: 'the last ten lines of the ledger' },
  ],
  exits: { 1: 'the ledger is proven broken; the events before that were printed', 130: 'Ctrl-C' },
  run(context, [ledger = ''], { follow, lines = DEFAULT_LINES, signer, all, json }) {
    if (!follow && all) throw new UsageError('--all belongs to --follow: `verify` verifies a ledger');
    const end = endOf(ledgerFiles(ledger));
    const from = Math.max(0, end - lines);
    const print = ({ out }: Context, signed: SignedEvent) => (json ? out.data(signed.toLine()) : out.pacedLine(summaryLine(signed)));
    return untilBroken(context, async () => {
      const { signal } = context;
      if (!follow) {
        if (lines > 0) for await (const signed of readEvents(ledger, { from, signal })) await print(context, signed);
        return ExitCode.ok;
      }
      const startAfter = all || from === 0 ? undefined : await headAt(ledger, from - 1, signal);
      tellStart(context, startAfter, signer.length > 0);
      const signers = unlessEmpty(signer);
      for await (const signed of followEvents(ledger, { from, startAfter, signers, signal })) await print(context, signed);
      return ExitCode.ok;
    });
  },
});

async function headAt(ledger: string, seq: number, signal: AbortSignal): Promise<Head | undefined> {
  for await (const { selfHash } of readEvents(ledger, { from: seq, to: seq, signal })) return { seq, hash: selfHash };
  return undefined;
}

function tellStart({ err }: Context, startAfter: Head | undefined, hasSigners: boolean): void {
  const start = startAfter === undefined ? 'from the first event on' : `behind event ${grouped(startAfter.seq)}, which is trusted`;
  const signers = hasSigners ? '' : '; who may sign is not checked: --signer KEY';
  err.line(`sealwright: verifying ${start}${signers}`);
}
