/*
 * Making a pack: the ledger with all of its files, and what is said about it, in one ZIP file. The same ledger gives the
 * same bytes: times are those of 1980, the order is fixed, and no path of this machine is in it.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, realpath, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { checkOptions, checkSignal, type PathLike } from '../args.js';
import { ledgerError, SealwrightError } from '../errors.js';
import { checkHead } from '../headstore.js';
import { outputPath, writeOutput } from '../output-file.js';
import { toPath } from '../paths.js';
import type { Head, SegmentsReport } from '../report.js';
import { resolveSigners, type SignerInput } from '../signers.js';
import { verifySegments, type VerifyOptions } from '../verify.js';
import type { ClaimedKey, EvidenceEntry } from './evidence.js';
import { openPackFile } from './file.js';
import { guideText } from './guide.js';
import { reportPageOf } from './html-report.js';
import { HEAD, KEYS, MANIFEST, PAGE, REPORT, VERIFY, VIEWER } from './names.js';
import { newReportPage, type ReportPage, shippedViewer } from './pages.js';
import { namedReport, type PartOfLedger, partsOf } from './parts.js';
import { ZipWriter } from './vendor.js';
import { Zip } from './zip.js';

/** Options of {@link packEvidence}. */
export interface PackEvidenceOptions extends Pick<VerifyOptions, 'signal' | 'onProgress'> {
  /** A file of the ledger, which stands for all of its files; or their folder, or a pattern, as for {@link verifySegments}. */
  readonly ledger: PathLike;
  /** Where the pack is written: mode 0600, whole or not at all. A regular file that is there is replaced. */
  readonly output: PathLike;
  /** An event that is known elsewhere; the packed report compares it. */
  readonly head?: Head | undefined;
  /** Keys to name beside those that the ledger names. */
  readonly publicKeys?: SignerInput | readonly SignerInput[] | undefined;
}

/** A pack that was made. */
export interface PackedEvidence {
  /** Where it is, links resolved. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the pack. Tell it to whoever receives it in another way than the pack. */
  readonly sha256: string;
  /** Every file in it but the manifest. `viewer.html` is among them unless this build has no viewer. */
  readonly entries: readonly EvidenceEntry[];
  /** What was found; files are called as in the pack. A broken ledger is packed too: it may be the evidence. */
  readonly report: SegmentsReport;
}

/**
 * Verifies a ledger and packs it for somebody else, with all of its files, in constant memory. It may be written to
 * meanwhile: what was verified is what is packed.
 *
 * Rejects, leaving what was at `output`, as {@link verifySegments}, and with LedgerError `ERR_OUTPUT_REFUSED` (a file of
 * the ledger, or no regular file), `ERR_LEDGER_CHANGED` (what was verified is not there any more), the system's errors,
 * `signal.reason`.
 */
export async function packEvidence(options: PackEvidenceOptions): Promise<PackedEvidence> {
  const given = checkOptions(options, ['ledger', 'output', 'head', 'publicKeys', 'signal', 'onProgress'], 'packEvidence');
  const ledger = toPath(given.ledger, 'ledger');
  const output = toPath(given.output, 'output');
  const head = given.head === undefined ? undefined : checkHead(given.head, 'head');
  const added = given.publicKeys === undefined ? [] : resolveSigners(given.publicKeys);
  const signal = checkSignal(given.signal, 'signal');
  const where = /[*?]/.test(basename(ledger)) ? ledger : await realpath(ledger).catch(() => ledger);
  // Before a long verification, and again behind it, when all files are known.
  await outputPath(output, [where]);
  const found = await verifySegments(where, { expectedHead: head, signal, onProgress: given.onProgress as VerifyOptions['onProgress'] });
  const parts = await partsOf(found);
  const path = await outputPath(output, parts.map((part) => part.path));
  const nameOf = (file: string) => parts.find((part) => part.path === file)?.name ?? basename(file);
  const report = namedReport(found, parts, nameOf);
  const viewer = await shippedViewer();
  const { version } = require('../../package.json') as { readonly version: string };
  const texts = textsOf(report, head, added, version);
  const pack = (compress: boolean) => writePack({ path, parts, texts, report, viewer, version, compress, signal });
  try {
    return { ...(await pack(true)), path, report };
  } catch (error) {
    // What compresses so well would be refused as a bomb.
    if (!(SealwrightError.is(error) && error.code === 'ERR_EVIDENCE_TOO_LARGE')) throw error;
    return { ...(await pack(false)), path, report };
  }
}

type Text = readonly [name: string, text: string];

function textsOf(report: SegmentsReport, head: Head | undefined, added: readonly string[], version: string): { readonly before: readonly Text[]; readonly behind: readonly Text[] } {
  const found: ClaimedKey[] = report.signers.map(({ publicKey, first, last }) => ({ publicKey, first, last }));
  const others = added.filter((key) => found.every(({ publicKey }) => publicKey !== key));
  const keys = [...found, ...others.map((publicKey) => ({ publicKey, first: null, last: null }))];
  const note = 'claimed by whoever packed this: get the key from somebody else';
  return {
    before: [[VERIFY, guideText(report, version)]],
    behind: [
      [KEYS, json({ schemaVersion: 1, note, keys })],
      ...(head === undefined ? [] : [[HEAD, json({ schemaVersion: 1, note: 'claimed by whoever packed this', head })] as const]),
      [REPORT, json(report.toJSON())],
    ],
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

interface Plan {
  readonly path: string;
  readonly parts: readonly PartOfLedger[];
  readonly texts: ReturnType<typeof textsOf>;
  readonly report: SegmentsReport;
  readonly viewer: Buffer | null;
  readonly version: string;
  readonly compress: boolean;
  readonly signal: AbortSignal | undefined;
}

async function writePack(plan: Plan): Promise<Pick<PackedEvidence, 'bytes' | 'sha256' | 'entries'>> {
  let result: Pick<PackedEvidence, 'bytes' | 'sha256' | 'entries'> = { bytes: 0, sha256: '', entries: [] };
  await writeOutput(plan.path, async (file, temporary) => {
    result = await writeZip(file, plan);
    // It must be one that can be opened.
    await (await Zip.open(await openPackFile(temporary), Number.MAX_SAFE_INTEGER)).close();
  });
  return result;
}

async function writeZip(file: FileHandle, { parts, texts, report, viewer, version, compress, signal }: Plan): Promise<Pick<PackedEvidence, 'bytes' | 'sha256' | 'entries'>> {
  const zip = new ZipWriter();
  const output = zip.outputStream as Readable;
  const entries: EvidenceEntry[] = [];
  const options = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true, mode: 0o100_600, compress };
  let reading: Readable | undefined;
  const add = (name: string, source: () => AsyncIterable<Uint8Array>) => {
    zip.addReadStreamLazy(name, options, (give) => {
      reading = Readable.from(source(), { objectMode: false });
      reading.once('error', (error) => output.destroy(error));
      give(null, reading);
    });
  };
  for (const [name, text] of texts.before) add(name, () => counted(name, [Buffer.from(text)], entries));
  const page = newReportPage();
  for (const part of parts) add(part.name, () => counted(part.name, shown(page, part), entries, part));
  for (const [name, text] of texts.behind) add(name, () => counted(name, [Buffer.from(text)], entries));
  add(PAGE, () => counted(PAGE, [Buffer.from(reportPageOf(page, 'evidence pack', report))], entries));
  if (viewer !== null) add(VIEWER, () => counted(VIEWER, [viewer], entries));
  add(MANIFEST, async function* manifest() {
    yield Buffer.from(json({ schemaVersion: 1, tool: { name: 'sealwright', version }, entries }));
  });
  zip.on('error', (error: Error) => output.destroy(error));
  zip.end();
  const hash = createHash('sha256');
  let bytes = 0;
  const pieces = async function* pieces() {
    for await (const piece of output as AsyncIterable<Uint8Array>) {
      signal?.throwIfAborted();
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  try {
    await writeFile(file, pieces());
  } finally {
    output.destroy();
    if (reading !== undefined && !reading.closed) {
      // Until it is closed it holds a file open.
      const closed = once(reading, 'close');
      reading.destroy();
      await closed;
    }
  }
  return { bytes, sha256: hash.digest('hex'), entries };
}

/** The bytes of a file, which the page is given as they pass. */
async function* shown(page: ReportPage, part: PartOfLedger): AsyncGenerator<Uint8Array, void, undefined> {
  page.file(basename(part.name), part.bytes);
  for await (const piece of contentOf(part)) {
    page.block(piece);
    yield piece;
  }
}

/** As much of a file as was verified. */
async function* contentOf({ path, bytes }: PartOfLedger): AsyncGenerator<Uint8Array, void, undefined> {
  if (bytes > 0) yield* createReadStream(path, { end: bytes - 1, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
}

/** Passes the bytes of an entry on and notes what they are; those of a ledger must be what was verified. */
async function* counted(
  name: string,
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  entries: EvidenceEntry[],
  part?: PartOfLedger,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  const sha256 = hash.digest('hex');
  if (part !== undefined && (bytes !== part.bytes || sha256 !== (part.sha256 ?? sha256))) {
    throw ledgerError('ERR_LEDGER_CHANGED', `${part.path} is not what it was when it was verified`);
  }
  entries.push({ name, bytes, sha256 });
}
