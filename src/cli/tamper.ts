/*
 * Copies of a ledger with one event changed, to see whether a verification finds it. The ledger itself is only read.
 */

import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { builtin } from '../builtin.js';
import type { SegmentsReport } from '../index.js';
import { UsageError } from './context.js';

/** A way to change a ledger at one event. */
export interface Edit {
  readonly name: 'value' | 'order' | 'removal' | 'signature';
  readonly text: string;
  /** The lines in the place of an event and the one behind it; of the last event the one before it comes first. */
  change(lines: readonly string[], place: number): readonly string[];
}

/** A line that holds no event. */
const BLANK = /^[ \t\r]*$/;

/** What is tried, on each event that has another one beside it. */
export const EDITS: readonly Edit[] = [
  { name: 'value', text: 'a value of its payload changed', change: (lines, place) => replaced(lines, place, otherValue) },
  { name: 'order', text: 'exchanged with its neighbour', change: (lines) => lines.toReversed() },
  { name: 'removal', text: 'taken out', change: (lines, place) => lines.toSpliced(place, 1) },
  { name: 'signature', text: 'a digit of its signature changed', change: (lines, place) => replaced(lines, place, otherSignature) },
];

/** A private folder for copies of a ledger. */
export class TamperedCopies {
  readonly #report: SegmentsReport;
  readonly #folder: string;

  private constructor(report: SegmentsReport, folder: string) {
    this.#report = report;
    this.#folder = folder;
  }

  /** Runs `use` with copies of the ledger of a report; the folder goes with it. */
  static async with<T>(report: SegmentsReport, use: (copies: TamperedCopies) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'sealwright-tamper-'));
    try {
      return await use(new TamperedCopies(report, folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Writes a copy of all files, one behind the other, with an edit at an event. Gives its path. */
  async write(edit: Edit, seq: number, signal: AbortSignal): Promise<string> {
    const path = join(this.#folder, `${edit.name}.ndjson`);
    const copy = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    await pipeline(edited(this.#report, edit, seq), copy, { signal });
    return path;
  }
}

/** Puts a copy in a place where nothing is: whole or not at all. */
export async function keepCopy(copy: string, path: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${builtin.crypto.randomBytes(6).toString('hex')}.tmp`);
  try {
    await copyFile(copy, temporary);
    const file = await open(temporary, 'r+');
    await file.sync().finally(() => file.close());
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new UsageError(`--keep: ${path} is there, and is not replaced`);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The bytes of all files, the lines around an event changed. */
async function* edited(report: SegmentsReport, edit: Edit, seq: number): AsyncGenerator<Buffer> {
  const first = (report.startedAfter?.seq ?? -1) + 1;
  const last = report.head?.seq ?? seq;
  // Of the last event the neighbour is the one before it.
  const from = seq === last && seq > first ? seq - 1 : seq;
  const held: string[] = [];
  let next = first;
  for await (const lines of linesOf(report)) {
    const out: string[] = [];
    for (const line of lines) {
      const isEvent = !BLANK.test(line);
      // What follows the last event is a torn tail, which has no end: with one it would be a bad line.
      if (isEvent && next > last) break;
      if (!isEvent || next < from || next > from + 1) out.push(line);
      else if (held.push(line) === 2) out.push(...edit.change(held, seq - from));
      if (isEvent) next += 1;
    }
    yield Buffer.from(out.map((line) => `${line}\n`).join(''), 'latin1');
  }
}

/** The lines of all files, many at a time; each character is a byte. */
async function* linesOf({ files }: SegmentsReport): AsyncGenerator<readonly string[]> {
  for (const { path, bytes } of files.filter((file) => file.bytes > 0)) {
    let rest = '';
    // What a file got behind what was verified is not copied.
    for await (const piece of createReadStream(path, { encoding: 'latin1', end: bytes - 1 })) {
      const lines = (rest + String(piece)).split('\n');
      rest = lines.pop() ?? '';
      yield lines;
    }
    if (rest !== '') yield [rest];
  }
}

function replaced(lines: readonly string[], place: number, change: (line: string) => string): readonly string[] {
  return lines.map((line, index) => (index === place ? change(line) : line));
}

/** Another character in the first string of the payload, else another digit in its first number, else in the time. */
function otherValue(line: string): string {
  const start = Math.max(line.indexOf('"payload"'), 0);
  const [front, rest] = [line.slice(0, start), line.slice(start)];
  for (const pattern of [/(:\s*")([\w ])/, /(:\s*-?)(\d)/]) {
    if (pattern.test(rest)) return front + rest.replace(pattern, (_, before: string, character: string) => before + other(character));
  }
  return line.replace(/("timestamp_nanos"\s*:\s*)(\d)/, (_, before: string, digit: string) => before + other(digit));
}

function otherSignature(line: string): string {
  return line.replace(/("signature"\s*:\s*")(.)/, (_, before: string, digit: string) => before + other(digit));
}

function other(character: string): string {
  return character === '1' ? '2' : '1';
}
