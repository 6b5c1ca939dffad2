/*
 * sealwright report html: a verification as a page.
 */

import type { WrittenReport } from '../../evidence/index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { printFact } from '../facts.js';
import { parseHead } from '../heads.js';
import { signerOption, unlessEmpty } from '../options.js';
import { type Output, paint } from '../output.js';
import { Progress } from '../progress.js';
import { type Findings, findingsOf, NO_DEMANDS } from '../verify/findings.js';
import { formatBytes } from '../words.js';

export const reportHtml = command({
  name: 'report html',
  summary: 'write what a verification found as a page with pictures',
  description: [
    'Verifies a ledger and writes one HTML file: the verdict with its limits, each check, signers and digests, a timeline, charts, coverage, and the first and last events. It is read and printed without a script or a network, and has mode 0600.',
    'The page proves nothing to whoever did not make it. An auditor verifies the ledger, or opens it in a viewer of their own: `view`.',
    'A broken ledger gets a report too, and ends with 1.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger, which stands for all of its files; or their folder, or a pattern of names; or a pack', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    output: { kind: 'text', flags: '-o, --output', value: 'FILE', help: 'where the page is written' },
    signer: signerOption,
    head: { kind: 'text', flags: '--head', value: 'SEQ:HASH|FILE', help: 'an event that must be there' },
    json: { kind: 'flag', flags: '--json', help: 'print one JSON object' },
  },
  examples: [
    { line: 'report html ledger.ndjson -o report.html --signer agent.pub --head heads.json', help: 'all that can be checked, as a page' },
    { line: 'report html ledger.ndjson -o report.html --json', help: 'for programs; schemas/report-html.schema.json' },
  ],
  exits: { 1: 'the ledger is proven broken; the page says so', 2: 'nothing was written', 3: 'nothing is broken, but something is missing, such as any event; the page was written' },
  async run({ out, err, signal }, [ledger = ''], { output, signer, head, json }) {
    if (output === undefined) throw new UsageError('report html takes -o FILE: where the page is written');
    const { writeHtmlReport } = await import('../../evidence/index.js');
    const written = await Progress.during(err, ledger, (onProgress) =>
      writeHtmlReport({
        ledger,
        output,
        signers: unlessEmpty(signer),
        expectedHead: head === undefined ? undefined : parseHead(head, '--head', ledger),
        signal,
        onProgress,
      }),
    );
    const findings = findingsOf(written.report, NO_DEMANDS);
    if (json) out.json(jsonOf(ledger, output, written));
    else print(out, output, written, findings);
    return findings.exitCode;
  },
});

/** schemas/report-html.schema.json */
function jsonOf(ledger: string, output: string, { bytes, sha256, report }: WrittenReport): object {
  return { schemaVersion: 1, ledger, output, bytes, sha256, report };
}

function print(out: Output, output: string, { bytes, sha256 }: WrittenReport, { headline, unmet }: Findings): void {
  out.line(paint('bold', output), `: ${formatBytes(bytes)}`);
  out.line();
  printFact(out, 'verdict', headline);
  printFact(out, 'sha256', sha256);
  for (const { what } of unmet) printFact(out, 'ends with 3', what, 'warn');
  out.line();
  out.line('  The page proves nothing to whoever did not make it.');
}
