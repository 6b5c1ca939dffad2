/*
 * A verification as a page that needs no script: what was found, pictures, and events.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkOptions, checkSignal, type PathLike } from '../args.js';
import { ledgerError } from '../errors.js';
import { outputPath, writeOutput } from '../output-file.js';
import { toPath } from '../paths.js';
import type { ChainReport, SegmentsReport } from '../report.js';
import { publicKeyFingerprint } from '../signers.js';
import { verifySegments, type VerifyOptions } from '../verify.js';
import { openEvidence } from './open.js';
import { newReportPage, type ReportPage } from './pages.js';
import { namedReport, type PartOfLedger, partsOf } from './parts.js';
import { isPack } from './viewer.js';
import { verifyEvidence } from './verify.js';

/** Options of {@link writeHtmlReport}. */
export interface HtmlReportOptions extends Pick<VerifyOptions, 'signers' | 'expectedHead' | 'signal' | 'onProgress'> {
  /** A file of the ledger, which stands for all of its files; or their folder, or a pattern, as for {@link verifySegments}; or a pack. */
  readonly ledger: PathLike;
  /** Where the page is written: mode 0600, whole or not at all. A regular file that is there is replaced. */
  readonly output: PathLike;
}

/** A report that was written. */
export interface WrittenReport {
  /** Where it is, links resolved. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the page. */
  readonly sha256: string;
  /** What was found. A report of a broken ledger is written too. */
  readonly report: ChainReport;
}

/**
 * Verifies a ledger and writes what was found as a page that is read and printed without a script or a network. The pictures
 * and the list of events take some 60 bytes of memory an event, and are of the first 2,000,000 events. A page proves nothing
 * to whoever did not make it.
 *
 * Rejects, leaving what was at `output`, as {@link verifySegments}, and with LedgerError `ERR_OUTPUT_REFUSED`,
 * `ERR_LEDGER_CHANGED` (what was verified is not there any more), `ERR_EVIDENCE_*`, the system's errors, `signal.reason`.
 */
export async function writeHtmlReport(options: HtmlReportOptions): Promise<WrittenReport> {
  const given = checkOptions(options, ['ledger', 'output', 'signers', 'expectedHead', 'signal', 'onProgress'], 'writeHtmlReport') as unknown as HtmlReportOptions;
  const ledger = toPath(given.ledger, 'ledger');
  const output = toPath(given.output, 'output');
  const signal = checkSignal(given.signal, 'signal');
  const checks = { signers: given.signers, expectedHead: given.expectedHead, signal, onProgress: given.onProgress };
  const where = /[*?]/.test(basename(ledger)) ? ledger : await realpath(ledger).catch(() => ledger);
  await outputPath(output, [where]);
  const page = newReportPage();
  const { report, inputs } = (await isPack(where)) ? await addPack(page, where, checks) : await addFiles(page, where, checks);
  const path = await outputPath(output, inputs);
  const html = Buffer.from(reportPageOf(page, basename(ledger), report));
  signal?.throwIfAborted();
  await writeOutput(path, (file) => file.writeFile(html));
  return { path, bytes: html.length, sha256: createHash('sha256').update(html).digest('hex'), report };
}

/** The page of a report, all lines of whose ledger it was given. */
export function reportPageOf(page: ReportPage, subject: string, report: ChainReport): string {
  const { version } = require('../../package.json') as { readonly version: string };
  const fingerprints = new Map(report.signers.map(({ publicKey }) => [publicKey, publicKeyFingerprint(publicKey)]));
  return page.finish({ subject, report: report.toJSON(), fingerprints, version });
}

interface Added {
  readonly report: ChainReport;
  /** Files that were read. */
  readonly inputs: readonly string[];
}

async function addFiles(page: ReportPage, where: string, checks: VerifyOptions): Promise<Added> {
  const report = await verifySegments(where, checks);
  const parts = await partsOf(report);
  for (const part of parts) {
    page.file(basename(part.path), part.bytes);
    await addPart(page, part, checks.signal);
  }
  return { report: namedReport(report, parts, (path) => basename(path)), inputs: parts.map(({ path }) => path) };
}

/** As much of a file as was verified, if it is still what it was. */
async function addPart(page: ReportPage, { path, bytes, sha256 }: PartOfLedger, signal: AbortSignal | undefined): Promise<void> {
  if (bytes === 0) return;
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of createReadStream(path, { end: bytes - 1, highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(piece);
    length += piece.length;
    page.block(piece);
  }
  if (length !== bytes || (sha256 !== null && hash.digest('hex') !== sha256)) {
    throw ledgerError('ERR_LEDGER_CHANGED', `${path} is not what it was when it was verified`);
  }
}

async function addPack(page: ReportPage, path: string, checks: VerifyOptions): Promise<Added> {
  const { report } = await verifyEvidence(path, checks);
  const evidence = await openEvidence(path, { signal: checks.signal });
  try {
    const order = 'files' in report ? (report as SegmentsReport).files.map((file) => file.path) : [];
    const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
    for (const { name, bytes } of evidence.ledger.toSorted((one, other) => place(one.name) - place(other.name))) {
      page.file(basename(name), bytes);
      for await (const piece of evidence.read(name)) {
        checks.signal?.throwIfAborted();
        page.block(piece);
      }
    }
    return { report, inputs: [path] };
  } finally {
    await evidence.close();
  }
}
