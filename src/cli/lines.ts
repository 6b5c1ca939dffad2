/*
 * The lines of a ledger's files as they stand there, one after another.
 */

import { createReadStream } from 'node:fs';
import type { LedgerFile } from '../ledger-files.js';

/** A line that is not blank. */
export interface RawLine {
  readonly file: LedgerFile;
  /** Of its first byte in the file, from 0. */
  readonly offset: number;
  /** Without its LF. */
  readonly bytes: Buffer;
}

const LF = 0x0a;
/** Longest line that is taken; the ledger's own limit. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Lines from a place in the first file on, to the end of the last. A line without LF at an end is given too. Longer ones
 * than a ledger may have are passed over.
 */
export async function* rawLines(files: readonly LedgerFile[], offset: number, signal: AbortSignal): AsyncGenerator<RawLine> {
  let start = offset;
  for (const file of files) {
    yield* linesOfFile(file, start, signal);
    start = 0;
  }
}

/** On which line of its file, from 1, a place is. */
export async function lineNumberAt({ path }: LedgerFile, offset: number, signal: AbortSignal): Promise<number> {
  let number = 1;
  if (offset === 0) return number;
  for await (const piece of createReadStream(path, { end: offset - 1, highWaterMark: 1 << 20, signal }) as AsyncIterable<Buffer>) {
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) number += 1;
  }
  return number;
}

async function* linesOfFile(file: LedgerFile, start: number, signal: AbortSignal): AsyncGenerator<RawLine> {
  let pieces: Buffer[] = [];
  let length = 0;
  let offset = start;
  const taken = (): RawLine | undefined => {
    const bytes = length > MAX_BYTES ? undefined : Buffer.concat(pieces, length);
    return bytes === undefined || isBlank(bytes) ? undefined : { file, offset, bytes };
  };
  const pieceStream = createReadStream(file.path, { start, highWaterMark: 1 << 18, signal }) as AsyncIterable<Buffer>;
  for await (const piece of pieceStream) {
    let begin = 0;
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, begin)) {
      pieces.push(piece.subarray(begin, end));
      length += end - begin;
      const line = taken();
      if (line !== undefined) yield line;
      offset += length + 1;
      [pieces, length, begin] = [[], 0, end + 1];
    }
    length += piece.length - begin;
    if (length <= MAX_BYTES) pieces.push(piece.subarray(begin));
  }
  const last = taken();
  if (last !== undefined) yield last;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
