/*
 * The files of a verified ledger, and its report with other names for them: whoever receives one learns no folder of this
 * machine.
 */

import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ledgerError } from '../errors.js';
import { SegmentsReport } from '../report.js';
import { isKnown, LEDGER, SEGMENTS } from './names.js';

/** A file of the ledger, and what it is called in the pack. */
export interface PartOfLedger {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Null behind a fault, where nobody has read it. */
  readonly sha256: string | null;
}

/** All of them: those of the chain, and those that a fault left out. */
export async function partsOf({ files, orphans, firstHash, eventCount }: SegmentsReport): Promise<readonly PartOfLedger[]> {
  const sizes = await Promise.all([...files.map(({ path }) => path), ...orphans].map(async (path) => (await stat(path)).size));
  const all = [...files, ...orphans.map((path) => ({ path, bytes: 0, sha256: null }))];
  const isOne = all.length === 1 && (firstHash !== null || eventCount === 0);
  return all.map(({ path, bytes, sha256 }, index) => ({
    path,
    name: isOne && segmentName(path) === `${SEGMENTS}ledger.ndjson` ? LEDGER : segmentName(path),
    bytes: sha256 === null ? (sizes[index] ?? 0) : bytes,
    sha256,
  }));
}

/** The report, in which each file is called by its new name. */
export function namedReport(report: SegmentsReport, parts: readonly PartOfLedger[], nameOf: (path: string) => string): SegmentsReport {
  const folders = [...new Set(parts.map(({ path }) => `${dirname(path)}/`))];
  const plain = (text: string | null) => text && folders.reduce((rest, folder) => rest.replaceAll(folder, ''), text);
  return new SegmentsReport({
    ...report.toJSON(),
    files: report.files.map((file) => ({ ...file, path: nameOf(file.path) })),
    orphans: report.orphans.map(nameOf),
    foreign: report.foreign.map((path) => basename(path)),
    reason: plain(report.reason),
  });
}

/** The entry's name of a ledger file in a pack of several. */
function segmentName(path: string): string {
  const range = /\.([0-9]+-[0-9]+)(?:\.[^.]*)?$/.exec(basename(path))?.[1];
  const name = `${SEGMENTS}ledger${range === undefined ? '' : `.${range}`}.ndjson`;
  if (!isKnown(name)) throw ledgerError('ERR_SEGMENT_REFUSED', `${path} has a name that no segment has`);
  return name;
}
