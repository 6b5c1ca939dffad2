/*
 * Pages that the build leaves beside this folder, in dist/viewer: the viewer, one file for browsers, and a bundle of what
 * makes static reports. Either is loaded by who asks for it only.
 */

import { join } from 'node:path';
import { builtin } from '../builtin.js';
import type { ReportJson, SegmentsReportJson } from '../report.js';

/** A file inside of a page. */
export interface PageFile {
  readonly name: string;
  /** base64 of the compressed bytes. */
  readonly gzip: string;
}

/** What a report is made of beside the lines of the ledger. */
export interface ReportFacts {
  /** What was verified, by its name. */
  readonly subject: string;
  readonly report: ReportJson | SegmentsReportJson;
  /** Of the keys that signed, by public key. */
  readonly fingerprints: ReadonlyMap<string, string>;
  /** Of this package. */
  readonly version: string;
}

/** A report that is being made. It is given every line of the ledger, in the order of the files. */
export interface ReportPage {
  file(name: string, bytes: number): void;
  block(bytes: Uint8Array): void;
  /** The page. Nothing may follow. */
  finish(facts: ReportFacts): string;
}

/** dist/viewer/report.js */
interface Bundle {
  readonly ReportPage: new () => ReportPage;
  embeddedText(embedded: { readonly schemaVersion: 1; readonly files: readonly PageFile[] }): string;
}

const FOLDER = join(__dirname, '..', 'viewer');

/** A report without any line. */
export function newReportPage(): ReportPage {
  return new (bundle().ReportPage)();
}

/** The viewer as it is shipped; null where it was not built. */
export async function shippedViewer(): Promise<Buffer | null> {
  return builtin.files.readFile(join(FOLDER, 'viewer.html')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** The viewer with files inside. Nothing else of it changes. */
export function viewerWith(viewer: Buffer, files: readonly PageFile[]): Buffer {
  const [before, behind, ...others] = viewer.toString().split(EMPTY_BLOCK);
  if (before === undefined || behind === undefined || others.length > 0) throw new Error('viewer.html has no place for files');
  const block = `${BLOCK}${bundle().embeddedText({ schemaVersion: 1, files })}`;
  return Buffer.from(`${before}${block}</script>${behind}`);
}

const BLOCK = '<script type="application/json" id="embedded">';
const EMPTY_BLOCK = `${BLOCK}</script>`;

function bundle(): Bundle {
  return require(join(FOLDER, 'report.js')) as Bundle;
}
