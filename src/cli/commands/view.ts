/*
 * sealwright view: a page that verifies and shows a ledger, without a network.
 */

import { existsSync } from 'node:fs';
import { basename, parse } from 'node:path';
import type { WrittenViewer } from '../../evidence/index.js';
import { command } from '../command.js';
import { UsageError } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printFact } from '../facts.js';
import { type Output, paint } from '../output.js';
import { counted, formatBytes } from '../words.js';

export const view = command({
  name: 'view',
  summary: 'write a page that verifies and shows a ledger in a browser',
  description: [
    'Writes the viewer, one HTML file that needs no network and no server, with the files of LEDGER inside; without LEDGER, as it is shipped: drop a ledger, a pack, keys and a head there. A page holds 64 MiB of ledger. Nothing is opened, and nothing is verified until a browser opens it. The file has mode 0600.',
    'A page that the party under audit made proves nothing: it shows what they wanted it to. Auditors take the viewer from the package, compare its SHA-256 with the one that the release published, and drop the ledger there.',
  ],
  arguments: [{ name: 'LEDGER', help: 'the file of a ledger, which stands for all of its files, or a pack' }],
  options: {
    output: { kind: 'text', flags: '-o, --output', value: 'FILE', help: 'where the page is written; by default the name of the ledger with .html, or sealwright-viewer.html, in this folder, unless that is there' },
    json: { kind: 'flag', flags: '--json', help: 'print one JSON object' },
  },
  examples: [
    { line: 'view ledger.ndjson', help: 'a page with the ledger inside: ledger.html' },
    { line: 'view -o viewer.html', help: 'the viewer as it is shipped' },
    { line: 'view ledger.ndjson -o page.html --json', help: 'for programs; schemas/view.schema.json' },
  ],
  exits: { 2: 'nothing was written' },
  async run({ out, signal }, [ledger], { output: named, json }) {
    const output = named ?? defaultName(ledger);
    const { writeViewer } = await import('../../evidence/index.js');
    const written = await writeViewer({ ledger, output, signal });
    if (json) out.json(jsonOf(ledger, output, written));
    else print(out, output, written);
    return ExitCode.ok;
  },
});

/** A name that nobody chose replaces nothing. */
function defaultName(ledger: string | undefined): string {
  const name = ledger === undefined ? 'sealwright-viewer.html' : `${parse(basename(ledger)).name}.html`;
  if (existsSync(name)) throw new UsageError(`${name} is there: name another file, or this one, with -o`);
  return name;
}

/** schemas/view.schema.json */
function jsonOf(ledger: string | undefined, output: string, { bytes, sha256, viewerSha256, files }: WrittenViewer): object {
  return { schemaVersion: 1, ledger: ledger ?? null, output, bytes, sha256, viewerSha256, files };
}

function print(out: Output, output: string, { bytes, sha256, viewerSha256, files }: WrittenViewer): void {
  const inside = files.length === 0 ? 'the viewer as it is shipped' : `the viewer with ${counted(files.length, 'file')} inside`;
  out.line(paint('bold', output), `: ${inside}, ${formatBytes(bytes)}`);
  out.line();
  printFact(out, 'sha256', sha256);
  if (files.length > 0) printFact(out, 'viewer', `${viewerSha256}, without the files`);
  out.line();
  out.line('  Open it in a browser. To an auditor, a page from the party under audit proves nothing: they take the viewer');
  out.line('  from the package, compare its SHA-256 with the published one, and drop the ledger there.');
}
