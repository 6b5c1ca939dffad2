/*
 * The viewer as a file, with or without a ledger inside.
 */

import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { checkOptions, checkSignal, type PathLike } from '../args.js';
import { ledgerError } from '../errors.js';
import { ledgerFiles } from '../ledger-files.js';
import { outputPath, writeOutput } from '../output-file.js';
import { toPath } from '../paths.js';
import { type PageFile, shippedViewer, viewerWith } from './pages.js';

/** Options of {@link writeViewer}. */
export interface WriteViewerOptions {
  /** Where the page is written: mode 0600, whole or not at all. A regular file that is there is replaced. */
  readonly output: PathLike;
  /** The file of a ledger, which stands for all of its files, or a pack. Without it the viewer is written as it is shipped. */
  readonly ledger?: PathLike | undefined;
  /** Ends the writing; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** A viewer that was written. */
export interface WrittenViewer {
  /** Where it is, links resolved. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** SHA-256 of the viewer as it is shipped, without a ledger: what a release publishes. */
  readonly viewerSha256: string;
  /** The files inside. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** Bytes of a ledger that a page may hold. */
const MAX_LEDGER_BYTES = 64 * 1024 ** 2;

/**
 * Writes a page that verifies and shows a ledger in a browser, without a network. Nothing is verified here, and a page
 * proves nothing to whoever did not make it: an auditor opens a viewer of their own and drops the ledger there.
 *
 * Rejects, leaving what was at `output`, with LedgerError `ERR_VIEWER_MISSING` (this build has none),
 * `ERR_VIEWER_TOO_LARGE` (more than 64 MiB of ledger), `ERR_LEDGER_NOT_FOUND`, `ERR_OUTPUT_REFUSED`, the system's errors,
 * `signal.reason`.
 */
export async function writeViewer(options: WriteViewerOptions): Promise<WrittenViewer> {
  const given = checkOptions(options, ['output', 'ledger', 'signal'], 'writeViewer');
  const output = toPath(given.output, 'output');
  const ledger = given.ledger === undefined ? undefined : toPath(given.ledger, 'ledger');
  const signal = checkSignal(given.signal, 'signal');
  const viewer = await shippedViewer();
  if (viewer === null) throw ledgerError('ERR_VIEWER_MISSING', 'this build has no viewer: dist/viewer/viewer.html is missing');
  const paths = ledger === undefined ? [] : await filesOf(ledger);
  const path = await outputPath(output, paths);
  const files = await Promise.all(paths.map(async (file) => ({ name: basename(file), bytes: (await stat(file)).size })));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_LEDGER_BYTES) {
    throw ledgerError('ERR_VIEWER_TOO_LARGE', `the ledger has ${total} bytes, and a page holds ${MAX_LEDGER_BYTES}: open the viewer and drop the ledger there`);
  }
  const inside: PageFile[] = [];
  for (const [place, file] of paths.entries()) {
    signal?.throwIfAborted();
    inside.push({ name: files[place]?.name ?? '', gzip: (await compressed(await readFile(file), { level: 9 })).toString('base64') });
  }
  const page = ledger === undefined ? viewer : viewerWith(viewer, inside);
  signal?.throwIfAborted();
  await writeOutput(path, (file) => file.writeFile(page));
  return { path, bytes: page.length, sha256: sha256Of(page), viewerSha256: sha256Of(viewer), files };
}

const compressed = promisify(gzip);

async function filesOf(ledger: string): Promise<readonly string[]> {
  return (await isPack(ledger)) ? [ledger] : ledgerFiles(ledger).map(({ path }) => path);
}

/** Whether a file begins as a pack does. */
export async function isPack(path: string): Promise<boolean> {
  // Neither a FIFO nor a device is opened to look into it.
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return false;
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead).equals(LOCAL_HEADER);
  } finally {
    await file.close();
  }
}

const LOCAL_HEADER = Buffer.from('PK\u0003\u0004', 'latin1');

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
