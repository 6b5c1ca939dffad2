/*
 * What the words of `verify` name, and how each is verified:
 *
 *   -                            standard input, compressed or not
 *   a folder, a pattern          all files of the ledger in it, as one chain
 *   a file of a ledger           all files of that ledger; only this one with `only`
 *   a file that is compressed    its contents, as one file
 *   a pack (`pack`)              the ledger in it; its keys and heads are claims
 */

import { createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import {
  type ChainReport,
  decompress,
  verifyFile,
  type VerificationSubject,
  type VerifyFileOptions,
  verifySegments,
  verifyStream,
  type VerifyStreamOptions,
} from '../../index.js';
import { type Context, UsageError } from '../context.js';
import { Progress } from '../progress.js';
import type { Claims, Subject } from './outcome.js';

/** A report, and how its bytes were packed. */
export interface Verified {
  readonly report: ChainReport;
  readonly compression: string | null;
  /** Of a pack: what it says, for nobody to believe. */
  readonly claims?: Claims;
  /** Of a pack: what was verified. */
  readonly evidence?: VerificationSubject;
}

/** How inputs are taken. */
export interface InputOptions {
  readonly verify: VerifyFileOptions;
  /** Bytes that a compressed input may hold, or any that comes in pieces. */
  readonly maxBytes: number | undefined;
}

/** Something to verify. */
export interface Input extends Subject {
  readonly kind: 'stream' | 'files' | 'file' | 'compressed' | 'evidence';
}

const ZIP = Buffer.from('PK\u0003\u0004', 'latin1');
/** gzip, zstd, and the sixteen skippable frames that zstd may begin with. */
const COMPRESSED = [
  [0x1f, 0x8b],
  [0x28, 0xb5, 0x2f, 0xfd],
  ...Array.from({ length: 16 }, (_, index) => [0x50 + index, 0x2a, 0x4d, 0x18]),
].map((bytes) => Buffer.from(bytes));

/** Finds out what a word names. A path that is not there is left for the verification to refuse. */
export async function inputOf(word: string, only: boolean): Promise<Input> {
  const input = (kind: Input['kind'], isFolder = false): Input => ({
    word,
    label: word,
    kind,
    isFolder,
    isFile: kind === 'file' || kind === 'files',
  });
  if (word === '-') return { ...input('stream'), label: 'standard input' };
  const found = await stat(word).catch(() => undefined);
  if (found === undefined) return /[*?]/.test(word) ? input('files', true) : input('file');
  if (found.isDirectory()) return input('files', true);
  // Neither a FIFO nor a device is opened to look into it.
  if (!found.isFile()) return input('file');
  const beginning = await firstBytes(word);
  const begins = (magic: Buffer) => beginning.subarray(0, magic.length).equals(magic);
  if (begins(ZIP)) return input('evidence');
  if (COMPRESSED.some(begins)) return input('compressed');
  return input(only ? 'file' : 'files');
}

/** Verifies it. */
export async function verifyInput(input: Input, options: InputOptions, context: Context): Promise<Verified> {
  return Progress.during(context.err, input.label, async (tell) => {
    switch (input.kind) {
      case 'stream':
        return verifyBytes(context.input, options, tell);
      case 'compressed':
        return verifyBytes(createReadStream(input.word), options, tell);
      case 'evidence':
        return verifyPack(input, options, tell);
      case 'file':
      case 'files':
        return { report: await verifyFiles(input, options.verify, tell), compression: null };
    }
  });
}

/** Told how far a verification is; `totalBytes` is 0 where nobody knows. */
type Tell = (progress: { readonly bytes: number; readonly totalBytes: number }) => void;

async function verifyFiles({ word, kind }: Input, options: VerifyFileOptions, tell: Tell): Promise<ChainReport> {
  const watched: VerifyFileOptions = { ...options, onProgress: tell };
  if (kind === 'file') return verifyFile(word, watched);
  // The files of a ledger stand beside its own file, not beside a link to it.
  const where = /[*?]/.test(word) ? word : await realpath(word).catch(() => resolve(word));
  return verifySegments(where, watched);
}

async function verifyPack({ word }: Input, { verify, maxBytes }: InputOptions, tell: Tell): Promise<Verified> {
  // Loaded by who needs it only.
  const { verifyEvidence } = await import('../../evidence/index.js');
  const { report, claims, subject } = await verifyEvidence(word, { ...withoutState(verify), maxBytes, onProgress: tell });
  return { report, compression: null, claims, evidence: subject };
}

/** The options of what cannot be gone on with. */
function withoutState(verify: VerifyFileOptions): VerifyStreamOptions {
  const { state, stateKey: _, full: __, ...checks } = verify;
  if (state !== undefined) throw new UsageError('--state is for files: a stream or a pack cannot be gone on with');
  return checks;
}

async function verifyBytes(source: Readable, options: InputOptions, tell: Tell): Promise<Verified> {
  const { verify, maxBytes } = options;
  // Who waits for bytes that do not come is told nothing by a signal of its own.
  if (verify.signal !== undefined) addAbortSignal(verify.signal, source);
  const checks = withoutState(verify);
  let compression: string | null = null;
  const onFormat = (format: string) => {
    compression = format === 'none' ? null : format;
  };
  const bytes = decompress(source, { signal: verify.signal, maxBytes, onFormat });
  try {
    const pieces = counted(bytes, tell);
    const report = await verifyStream({ [Symbol.asyncIterator]: () => pieces }, checks);
    // Damage of what was compressed looks like a break until its checksum, at the end, says that it is damage.
    if (!report.ok && compression !== null) while ((await pieces.next()).done !== true);
    return { report, compression };
  } finally {
    await bytes.return?.();
  }
}

/** Tells the progress of what passes. Who leaves it may go on with it. */
function counted(source: AsyncIterableIterator<Uint8Array>, tell: Tell): AsyncIterator<Uint8Array> {
  let count = 0;
  return {
    async next() {
      const next = await source.next();
      if (next.done === true) return next;
      count += next.value.length;
      tell({ bytes: count, totalBytes: 0 });
      return next;
    },
  };
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
