/*
 * sealwright export: a ledger as one JSON document.
 */

import { exportLedger } from '../../index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { parseHead } from '../heads.js';
import { ledgerOption, namedLedgers, signerOption, unlessEmpty } from '../options.js';
import { Progress } from '../progress.js';
import { counted } from '../words.js';

export const exportCommand = command({
  name: 'export',
  summary: 'write a ledger as one JSON document',
  description: [
    'Verifies a ledger and writes all of its events, laid out for people, as one JSON object: schema_version, generated_at, chain_report and events, as the Provedex command line does. The file has mode 0600.',
    'The document is not signed, and what it says of itself proves nothing: keep the ledger. For an auditor there is `pack`.',
    'A broken ledger is exported up to the end of the file with its fault, says so, and ends with 1.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger, which stands for all of its files; or their folder, or a pattern of names', env: 'SEALWRIGHT_LEDGER' }],
  options: {
    output: { kind: 'text', flags: '-o, --output', value: 'FILE', help: 'where the document is written' },
    signer: signerOption,
    head: { kind: 'text', flags: '--head', value: 'SEQ:HASH|FILE', help: 'an event that must be there' },
    ledger: ledgerOption,
    json: { kind: 'flag', flags: '--json', help: 'print what was done as one JSON object' },
  },
  examples: [
    { line: 'export ledger.ndjson -o events.json', help: 'every event in one document' },
    { line: 'export ledger.ndjson -o events.json --json', help: 'for programs; schemas/export.schema.json' },
  ],
  exits: { 1: 'the ledger is proven broken; it was exported', 2: 'nothing was written' },
  async run(context, words, { output, signer, head, ledger: named, json }) {
    const { out, err, signal } = context;
    if (output === undefined) throw new UsageError('export takes -o FILE: where the document is written');
    const [ledger = ''] = namedLedgers(words, named, context);
    const { eventCount, report } = await Progress.during(err, ledger, (onProgress) =>
      exportLedger(ledger, output, {
        signers: unlessEmpty(signer),
        expectedHead: head === undefined ? undefined : parseHead(head, '--head', ledger),
        signal,
        onProgress,
      }),
    );
    if (json) out.json({ schemaVersion: 1, ledger, output, eventCount, report });
    else out.line(`exported ${counted(eventCount, 'event')} to `, output);
    if (report.ok) return ExitCode.ok;
    err.line('sealwright: the ledger is broken, and the document says so: ', report.reason ?? report.code ?? '');
    return ExitCode.broken;
  },
});
