/*
 * sealwright pack: evidence for somebody who believes neither the ledger nor whoever sends it.
 */

import type { PackedEvidence } from '../../evidence/index.js';
import { publicKeyFingerprint } from '../../index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFact } from '../facts.js';
import { formatHead, parseHead } from '../heads.js';
import { unlessEmpty } from '../options.js';
import { type Output, paint } from '../output.js';
import { Progress } from '../progress.js';
import { counted, formatBytes, grouped } from '../words.js';

export const pack = command({
  name: 'pack',
  summary: 'put a ledger into one file for an auditor',
  description: [
    'Verifies a ledger and writes a ZIP file with all of its files, what was found, also as a page with pictures, the viewer, the keys that it names, and VERIFY.md, which tells the auditor what to do. The file has mode 0600, and the same bytes for the same ledger.',
    'Nothing in a pack proves anything: send the public key, the head and the SHA-256 that this prints by another way than the pack.',
    'A broken ledger is packed too, and ends with 1: it may be the evidence.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger, which stands for all of its files; or their folder, or a pattern of names', required: true, env: 'SEALWRIGHT_LEDGER' }],
  options: {
    output: { kind: 'text', flags: '-o, --output', value: 'FILE', help: 'where the pack is written' },
    head: { kind: 'text', flags: '--head', value: 'SEQ:HASH|FILE', help: 'an event that is known elsewhere, to be compared and named in the pack' },
    publicKey: { kind: 'many', flags: '--public-key', value: 'KEY', help: 'a key to name in the pack beside those of the ledger: 64 hex digits, PEM text, or a file with one of both' },
    json: { kind: 'flag', flags: '--json', help: 'print one JSON object' },
  },
  examples: [
    { line: 'pack ledger.ndjson -o evidence.zip --head heads.json', help: 'the ledger, and the head that was kept apart from it' },
    { line: 'pack ledger.ndjson -o evidence.zip --json', help: 'for programs; schemas/pack.schema.json' },
  ],
  exits: { 1: 'the ledger is proven broken; it was packed', 2: 'nothing was written' },
  async run({ out, err, signal }, [ledger = ''], { output, head, publicKey, json }) {
    if (output === undefined) throw new UsageError('pack takes -o FILE: where the pack is written');
    const { packEvidence } = await import('../../evidence/index.js');
    const packed = await Progress.during(err, ledger, (onProgress) =>
      packEvidence({
        ledger,
        output,
        head: head === undefined ? undefined : parseHead(head, '--head', ledger),
        publicKeys: unlessEmpty(publicKey),
        signal,
        onProgress,
      }),
    );
    if (json) out.json(jsonOf(ledger, output, packed));
    else print(out, output, packed);
    return packed.report.ok ? ExitCode.ok : ExitCode.broken;
  },
});

/** schemas/pack.schema.json */
function jsonOf(ledger: string, output: string, { bytes, sha256, entries, report }: PackedEvidence): object {
  return { schemaVersion: 1, ledger, output, bytes, sha256, entries, report };
}

function print(out: Output, output: string, { bytes, sha256, entries, report }: PackedEvidence): void {
  out.line(paint('bold', output), `: ${counted(report.eventCount, 'event')} in ${counted(report.files.length, 'file')}, ${formatBytes(bytes)}`);
  out.line();
  if (!report.ok) {
    printFact(out, 'broken', `${report.reason ?? report.code ?? ''}${report.line === null ? '' : `, line ${grouped(report.line)}`}`);
  }
  printFact(out, 'sha256', sha256);
  for (const { publicKey } of report.signers) {
    printFact(out, 'signer', publicKey);
    printFact(out, '', `fingerprint ${publicKeyFingerprint(publicKey)}`);
  }
  if (report.head !== null) printFact(out, 'head', formatHead(report.head));
  if (entries.every(({ name }) => name !== 'viewer.html')) printFact(out, 'viewer', 'not in it: this build has none', 'warn');
  out.line();
  out.line('  Tell the auditor these by another way than the pack: what is in it proves nothing by itself.');
}
