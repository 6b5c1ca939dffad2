/*
 * exportLedger: a ledger as one JSON document for people and for programs that know no ledgers, as the Provedex command
 * line writes it:
 *
 *   {
 *     "schema_version": 1,
 *     "generated_at": "2026-11-21T08:21:35.591+00:00",
 *     "chain_report": { "status", "event_count", "broken_at_seq", "broken_reason", "root_hash" },
 *     "events": [ … ]
 *   }
 *
 * It is not signed, and its lines are not those that were: keep the ledger. Values are what they are in the ledger: the native
 * side lays text out, and reads no number.
 */

import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { checkOptions, checkSignal, type PathLike } from './args.js';
import { builtin } from './builtin.js';
import { ChainError, ledgerError, wrapAsync } from './errors.js';
import { native } from './native.js';
import { outputPath, writeOutput } from './output-file.js';
import { toPath } from './paths.js';
import type { SegmentsReport } from './report.js';
import { verifySegments, type VerifyOptions } from './verify.js';

/** Options of {@link exportLedger}. */
export interface ExportOptions extends Pick<VerifyOptions, 'signers' | 'expectedHead' | 'signal' | 'onProgress'> {}

/** A ledger that was exported. */
export interface ExportedLedger {
  /** Where it was written, links resolved. */
  readonly path: string;
  /** Events in it. */
  readonly eventCount: number;
  /** What was found before. */
  readonly report: SegmentsReport;
}

/**
 * Verifies a ledger and writes it as one JSON document, in constant memory: mode 0600, whole or not at all; a regular file that
 * is there is replaced. Where the ledger is, see {@link verifySegments}. It may be written to meanwhile: what was verified is
 * exported.
 *
 * A broken ledger is exported too, and the document says so: all lines of the file with the fault and of those before it,
 * which must be JSON objects. What stands in files behind it, and a torn tail, are left out.
 *
 * Rejects, leaving what was at `output`, as {@link verifySegments}, and with {@link LedgerError} `ERR_OUTPUT_REFUSED` (a file of
 * the ledger, or no regular file), `ERR_LEDGER_CHANGED` (what was verified is not there any more), the system's errors,
 * `signal.reason`.
 */
export async function exportLedger(path: PathLike, output: PathLike, options?: ExportOptions): Promise<ExportedLedger> {
  const ledger = toPath(path, 'path');
  const target = toPath(output, 'output');
  const given = checkOptions(options, ['signers', 'expectedHead', 'signal', 'onProgress'], 'exportLedger') as ExportOptions;
  const signal = checkSignal(given.signal, 'signal');
  const where = /[*?]/.test(basename(ledger)) ? ledger : await builtin.files.realpath(ledger).catch(() => ledger);
  // Before a long verification, and again behind it, when all files are known.
  await outputPath(target, [where]);
  const report = await verifySegments(where, given);
  signal?.throwIfAborted();
  const parts = await partsOf(report);
  const eventCount = report.ok ? report.eventCount : await countEvents(parts, signal);
  const written = await outputPath(target, [...parts.map((part) => part.path), ...report.orphans]);
  await writeOutput(written, (file) => builtin.files.writeFile(file, documentOf(parts, report, eventCount, signal)));
  return { path: written, eventCount, report };
}

/** A file of the ledger, as far as it is exported. */
interface PartOfLedger {
  readonly path: string;
  readonly bytes: number;
  /** Null where it was not read to its end. */
  readonly sha256: string | null;
  /** Bytes at the end that are no event. */
  readonly tail: number;
}

async function partsOf({ files, tail }: SegmentsReport): Promise<readonly PartOfLedger[]> {
  const sizes = await Promise.all(files.map(async ({ path }) => (await builtin.files.stat(path)).size));
  return files.map(({ path, bytes, sha256 }, index) => ({
    path,
    bytes: sha256 === null ? (sizes[index] ?? 0) : bytes,
    sha256,
    tail: index === files.length - 1 ? (tail?.bytes ?? 0) : 0,
  }));
}

async function* documentOf(
  parts: readonly PartOfLedger[],
  report: SegmentsReport,
  eventCount: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(headOf(report, eventCount));
  yield* eventsOf(parts, signal);
  yield Buffer.from(eventCount > 0 ? '\n  ]\n}' : ']\n}');
}

/** The elements of the array. */
async function* eventsOf(parts: readonly PartOfLedger[], signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, undefined> {
  let hasEvents = false;
  let line = 1;
  let byteOffset = 0;
  for (const part of parts) {
    for await (const lines of linesOf(part, signal)) {
      const printed = await print(lines, hasEvents, line, byteOffset, part);
      hasEvents ||= printed.length > 0;
      line += occurrences(lines, '\n');
      byteOffset += lines.length;
      yield printed;
    }
  }
}

/** How many elements there are, where no verification has counted them. */
async function countEvents(parts: readonly PartOfLedger[], signal: AbortSignal | undefined): Promise<number> {
  let count = 0;
  // Nothing but an element stands so deep: strings hold no line ends.
  for await (const printed of eventsOf(parts, signal)) count += occurrences(printed, '\n    {');
  return count;
}

function occurrences(bytes: Buffer, text: string): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) count += 1;
  return count;
}

/** The document up to its first event. */
function headOf({ ok, brokenAt, reason, rootHash }: SegmentsReport, eventCount: number): string {
  const text = JSON.stringify(
    {
      schema_version: 1,
      generated_at: new Date().toISOString().replace('Z', '+00:00'),
      chain_report: {
        status: ok ? 'valid' : 'broken',
        event_count: eventCount,
        broken_at_seq: ok ? null : (brokenAt ?? eventCount),
        broken_reason: ok ? null : reason,
        root_hash: rootHash,
      },
      events: [],
    },
    null,
    2,
  );
  return text.slice(0, -']\n}'.length);
}

/** Whole lines as elements of the array. The rest of a file that is broken may hold a part of a line. */
async function print(lines: Buffer, follows: boolean, line: number, byteOffset: number, { sha256 }: PartOfLedger): Promise<Buffer> {
  try {
    return await wrapAsync(() => native.printEvents(lines, follows, line, byteOffset));
  } catch (error) {
    const isCut = sha256 === null && ChainError.is(error) && !lines.includes(LF);
    if (isCut) return Buffer.alloc(0);
    throw error;
  }
}

const LF = 0x0a;
const BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCKS = 17;

/** A file in blocks of whole lines, the last one with or without an LF; a last one without stands alone. */
async function* linesOf(part: PartOfLedger, signal: AbortSignal | undefined): AsyncGenerator<Buffer, void, undefined> {
  const { path, bytes, sha256, tail } = part;
  const hash = builtin.crypto.createHash('sha256');
  let read = 0;
  let rest: Buffer[] = [];
  // An `end` in front of the beginning would read everything.
  const pieces = bytes === 0 ? [] : createReadStream(path, { end: bytes - 1, highWaterMark: BLOCK_BYTES });
  for await (const piece of pieces as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(piece);
    const content = piece.subarray(0, Math.max(0, bytes - tail - read));
    read += piece.length;
    const end = content.lastIndexOf(LF) + 1;
    if (end > 0) yield Buffer.concat([...rest.splice(0), content.subarray(0, end)]);
    if (end < content.length) rest.push(content.subarray(end));
    // Behind a fault nobody has looked at the lines.
    if (rest.length > MAX_BLOCKS) throw new ChainError('ERR_LINE_TOO_LONG', `${path} holds a line of more than 16 MiB behind its fault`);
  }
  const digest = hash.digest('hex');
  if (read !== bytes || (sha256 !== null && digest !== sha256)) {
    throw ledgerError('ERR_LEDGER_CHANGED', `${path} is not what it was when it was verified`);
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
