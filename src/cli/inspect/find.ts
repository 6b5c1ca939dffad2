/*
 * Finding one event, and its neighbours, whether or not any of them holds.
 *
 * By its seq a file is halved. By its hash all files are looked through: nothing else leads there.
 */

import { isUtf8 } from 'node:buffer';
import { ChainError, SignedEvent } from '../../index.js';
import { findGap, type LedgerFile, ledgerFiles } from '../../ledger-files.js';
import { UsageError } from '../context.js';
import { type RawLine, rawLines } from '../lines.js';

/** An event on its line. */
export interface Placed {
  readonly line: RawLine;
  /** The line as text. */
  readonly text: string;
  readonly signed: SignedEvent;
}

/** An event and the readable lines around it; null where there is none. */
export interface Found extends Placed {
  readonly before: Placed | null;
  readonly after: Placed | null;
}

const SEQ = /^(?:0|[1-9]\d{0,15})$/;
const HASH = /^[0-9a-f]{8,64}$/;

/**
 * The event that a word names: a seq, or the first 8 or more digits of a hash. Digits alone are a seq.
 *
 * @throws {@link UsageError} for a word that is neither, and for one that names no event or several
 */
export async function findEvent(ledger: string, word: string, signal: AbortSignal): Promise<Found> {
  const seq = SEQ.test(word) ? Number(word) : Number.NaN;
  const prefix = word.toLowerCase();
  if (!Number.isSafeInteger(seq) && !HASH.test(prefix)) {
    throw new UsageError(`an event is named by its seq, or by at least 8 digits of its hash, found ${word}`);
  }
  const files = ledgerFiles(ledger);
  if (Number.isSafeInteger(seq)) {
    const found = await bySeq(files, seq, signal);
    // Some hashes begin with decimal digits only.
    if (found !== undefined) return found;
  }
  const found = HASH.test(prefix) ? await byHash(files, prefix, signal) : undefined;
  if (found !== undefined) return found;
  throw new UsageError(`there is no event ${word} in ${ledger}, or its line cannot be read: \`verify\` tells`);
}

async function bySeq(files: readonly LedgerFile[], seq: number, signal: AbortSignal): Promise<Found | undefined> {
  // The one before may be in the file before, and may be missing.
  const start = Math.max(0, seq - 2);
  const first = files.findIndex(({ range }) => range === null || range.last >= start);
  const rest = files.slice(first === -1 ? files.length - 1 : first);
  const [file] = rest;
  if (file === undefined) return undefined;
  const { offset } = findGap(file.path, start);
  let before: Placed | null = null;
  const lines = rawLines(rest, offset, signal);
  for await (const line of lines) {
    const placed = readable(line);
    if (placed === undefined) continue;
    if (placed.signed.seq === seq) return { ...placed, before, after: await nextOf(lines) };
    if (placed.signed.seq > seq) return undefined;
    before = placed;
  }
  return undefined;
}

async function byHash(files: readonly LedgerFile[], prefix: string, signal: AbortSignal): Promise<Found | undefined> {
  const wanted = `"${prefix}`;
  let previous: RawLine | undefined;
  let found: Found | undefined;
  let isNext = false;
  for await (const line of rawLines(files, 0, signal)) {
    if (found !== undefined && isNext) found = { ...found, after: readable(line) ?? null };
    isNext = false;
    // Most lines do not have these digits anywhere; the next event has them as its parent.
    const placed = line.bytes.includes(wanted) ? readable(line) : undefined;
    if (placed?.signed.selfHash.startsWith(prefix) === true) {
      if (found !== undefined) {
        const seqs = `${found.signed.seq} and ${placed.signed.seq}`;
        throw new UsageError(`several events have a hash that begins with ${prefix}, ${seqs} among them: give more digits`);
      }
      found = { ...placed, before: previous === undefined ? null : (readable(previous) ?? null), after: null };
      isNext = true;
    }
    previous = line;
  }
  return found;
}

async function nextOf(lines: AsyncGenerator<RawLine>): Promise<Placed | null> {
  const next = await lines.next();
  return next.done === true ? null : (readable(next.value) ?? null);
}

/** The event on a line; undefined where none can be read. */
function readable(line: RawLine): Placed | undefined {
  if (!isUtf8(line.bytes)) return undefined;
  const text = line.bytes.toString('utf8');
  try {
    return { line, text, signed: SignedEvent.parse(text) };
  } catch (error) {
    if (ChainError.is(error)) return undefined;
    throw error;
  }
}
