/*
 * Reading a ZIP file that is believed in nothing: only the form that `packEvidence` writes is taken, so that no two
 * programs can see two different packs in one file.
 *
 *   local header, data, data descriptor      of each entry, in the order of the central directory, from byte 0 on
 *   central directory                        directly behind the last of them
 *   end records                              directly behind it, to the last byte of the file
 *
 * Refused before anything is unpacked: entries that are there twice, encrypted, no plain files, of other compressions than
 * stored and deflate, or of names that are not known; sizes beyond the limits; headers that disagree. While an entry is
 * read its size, CRC-32 and the end of its compressed data are checked, so that no more bytes come out than were claimed.
 */

import { type ErrorCode, ledgerError, SealwrightError } from '../errors.js';
import type { PackFile } from './file.js';
import { isKnown } from './names.js';
import { crc32, inflated } from './runtime.js';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipReader } from './vendor.js';

const BLOCK_BYTES = 256 * 1024;
const MAX_ENTRIES = 100_000;
const MAX_RATIO = 200;
const DEFLATE = 8;
const HAS_DESCRIPTOR = 0x0008;
const IS_UTF8 = 0x0800;
const ZIP64_FIELD = 0x0001;
const UNKNOWN_SIZE = 0xffff_ffff;

/** A file in the pack. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: number;
}

/** A pack whose outer form is in order; see the head of this file. */
export class Zip {
  readonly #file: PackFile;
  readonly #zip: ZipReader;
  readonly #entries = new Map<string, Entry & { readonly start: number }>();
  /** Bytes of the pack itself. */
  readonly bytes: number;

  private constructor(file: PackFile, zip: ZipReader) {
    this.#file = file;
    this.#zip = zip;
    this.bytes = zip.fileSize;
  }

  /**
   * Opens a pack that holds at most so many bytes when it is unpacked, and takes its file over.
   *
   * Rejects with LedgerError `ERR_EVIDENCE_IO`, `ERR_EVIDENCE_INVALID`, `ERR_EVIDENCE_ENTRY`,
   * `ERR_EVIDENCE_TOO_LARGE`.
   */
  static async open(file: PackFile, maxBytes: number): Promise<Zip> {
    try {
      const options = { autoClose: false, decodeStrings: false, validateEntrySizes: false };
      const zip = new Zip(file, await taken(() => fromRandomAccessReaderPromise(new Reader(file), file.bytes, options)));
      await zip.#readDirectory(maxBytes);
      return zip;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The entries in their order. */
  get entries(): readonly ZipEntry[] {
    return [...this.#entries].map(([name, { uncompressedSize }]) => ({ name, bytes: uncompressedSize }));
  }

  /** The bytes of an entry; those that are not what its headers say end in `ERR_EVIDENCE_INVALID`. */
  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw ledgerError('ERR_EVIDENCE_ENTRY', `the pack has no ${name}`);
    const raw = this.#range(entry.start, entry.start + entry.compressedSize);
    const pieces = entry.compressionMethod === DEFLATE ? inflated(raw, entry.compressedSize) : raw;
    let bytes = 0;
    let sum = 0;
    try {
      for await (const piece of pieces) {
        bytes += piece.length;
        if (bytes > entry.uncompressedSize) throw invalid(`${name} is longer than its header says`);
        sum = crc32(piece, sum);
        yield piece;
      }
    } catch (error) {
      throw ofZip(error, name);
    }
    if (bytes !== entry.uncompressedSize) throw invalid(`${name} is shorter than its header says`);
    if (sum !== entry.crc32) throw invalid(`${name} has another CRC-32 than its header says`);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    this.#zip.close();
    await this.#file.close();
  }

  async *#range(start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = start; at < end; ) {
      const buffer = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, end - at));
      const length = await this.#file.read(buffer, at);
      if (length === 0) return;
      yield buffer.subarray(0, length);
      at += length;
    }
  }

  async #readDirectory(maxBytes: number): Promise<void> {
    const zip = this.#zip as ZipReader & { readonly readEntryCursor: unknown };
    if (zip.entryCount > MAX_ENTRIES) throw tooLarge(`it has more than ${MAX_ENTRIES} entries`);
    const begin = Number(zip.readEntryCursor);
    let total = 0;
    let next = 0;
    for await (const entry of refusing(zip.eachEntry())) {
      const name = nameOf(entry);
      if (this.#entries.has(name)) throw refused(name, 'it is there twice');
      checkEntry(name, entry);
      total += entry.uncompressedSize;
      if (total > maxBytes) throw tooLarge(`it holds more than ${maxBytes} bytes`);
      if (entry.relativeOffsetOfLocalHeader !== next) throw invalid(`${name} does not begin where the entry before it ends`);
      const [start, end] = await this.#extentOf(name, entry);
      this.#entries.set(name, Object.assign(entry, { start }));
      next = end;
    }
    if (next !== begin) throw invalid('there are bytes between its entries and its directory');
    await this.#checkEnd(begin, Number(zip.readEntryCursor), zip.entryCount);
  }

  /** Where an entry's data begins, and where it ends; its local header and descriptor must say what the directory says. */
  async #extentOf(name: string, entry: Entry): Promise<[start: number, end: number]> {
    const local = await taken(() => this.#zip.readLocalFileHeaderPromise(entry));
    const { generalPurposeBitFlag: flags, compressionMethod: method } = entry;
    const hasDescriptor = (flags & HAS_DESCRIPTOR) !== 0;
    const sums = [local.crc32, local.compressedSize, local.uncompressedSize];
    const stated = hasDescriptor ? [0, 0, 0] : [entry.crc32, entry.compressedSize, entry.uncompressedSize];
    const isSame =
      entry.fileNameRaw.equals(local.fileName) &&
      local.generalPurposeBitFlag === flags &&
      local.compressionMethod === method &&
      local.extraField.length === 0 &&
      sums.every((value, index) => value === stated[index]);
    if (!isSame) throw invalid(`${name} is another one in its local header than in the directory`);
    const end = local.fileDataStart + entry.compressedSize;
    return [local.fileDataStart, hasDescriptor ? end + (await this.#descriptorLength(name, entry, end)) : end];
  }

  async #descriptorLength(name: string, entry: Entry, at: number): Promise<number> {
    const isLong = entry.extraFields.length > 0;
    const found = await this.#bytesAt(at, isLong ? 24 : 16);
    const expected = Buffer.alloc(found.length);
    expected.writeUInt32LE(0x0807_4b50, 0);
    expected.writeUInt32LE(entry.crc32, 4);
    if (isLong) {
      expected.writeBigUInt64LE(BigInt(entry.compressedSize), 8);
      expected.writeBigUInt64LE(BigInt(entry.uncompressedSize), 16);
    } else {
      expected.writeUInt32LE(entry.compressedSize, 8);
      expected.writeUInt32LE(entry.uncompressedSize, 12);
    }
    if (!found.equals(expected)) throw invalid(`${name} is another one in its data descriptor than in the directory`);
    return found.length;
  }

  /** The end records, which must be all that stands behind the directory. */
  async #checkEnd(begin: number, end: number, count: number): Promise<void> {
    const found = await this.#bytesAt(end, this.bytes - end);
    const isLong = found.length === 98;
    const expected = Buffer.alloc(isLong ? 98 : 22);
    const plain = expected.subarray(-22);
    plain.writeUInt32LE(0x0605_4b50, 0);
    if (isLong) {
      expected.writeUInt32LE(0x0606_4b50, 0);
      expected.writeBigUInt64LE(44n, 4);
      // The versions that made it and that it needs are whatever they are.
      found.copy(expected, 12, 12, 16);
      for (const [at, value] of [[24, count], [32, count], [40, end - begin], [48, begin]] as const) {
        expected.writeBigUInt64LE(BigInt(value), at);
      }
      expected.writeUInt32LE(0x0706_4b50, 56);
      expected.writeBigUInt64LE(BigInt(end), 64);
      expected.writeUInt32LE(1, 72);
    }
    const saturated = (value: number, most: number, at: number, length: 2 | 4) => {
      // With a long record a field may be there or refer to it.
      const given = found.length >= 22 ? found.subarray(-22).readUIntLE(at, length) : 0;
      plain.writeUIntLE(isLong && given === most ? most : Math.min(value, most), at, length);
    };
    saturated(count, 0xffff, 8, 2);
    saturated(count, 0xffff, 10, 2);
    saturated(end - begin, UNKNOWN_SIZE, 12, 4);
    saturated(begin, UNKNOWN_SIZE, 16, 4);
    if (!found.equals(expected)) throw invalid('what stands behind its directory is not its end, or says something else');
  }

  async #bytesAt(position: number, length: number): Promise<Buffer> {
    // A comment or data behind the end; no end is that long.
    if (length < 0 || length > 98) throw invalid('there are bytes behind its end');
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, await this.#file.read(buffer, position));
  }
}

/** Reads through a handle that is closed here: the reader of ZIP files closes a descriptor while it may still be read. */
class Reader extends RandomAccessReader {
  readonly #file: PackFile;

  constructor(file: PackFile) {
    super();
    this.#file = file;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null, read?: number) => void): void {
    void this.#read(buffer, offset, length, position, done);
  }

  async #read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null, read?: number) => void): Promise<void> {
    const outcome = await this.#file.read(buffer.subarray(offset, offset + length), position).catch((error: Error) => error);
    if (typeof outcome === 'number') done(null, outcome);
    else done(outcome);
  }
}

/** The name, if it is one that a pack has. */
function nameOf({ fileNameRaw }: Entry): string {
  const name = fileNameRaw.toString('latin1');
  if (isKnown(name)) return name;
  if (name.startsWith('/') || /^[A-Za-z]:/.test(name)) throw refused(name, 'its path is absolute');
  if (name.includes('\\')) throw refused(name, 'its name has a backslash');
  if (name.split('/').includes('..')) throw refused(name, 'its path leads out of the pack');
  if (name.endsWith('/')) throw refused(name, 'it is a folder');
  throw refused(name, 'no pack has a file of this name');
}

function checkEntry(name: string, entry: Entry): void {
  const { generalPurposeBitFlag: flags, compressionMethod: method, externalFileAttributes: attributes } = entry;
  const { uncompressedSize, compressedSize, extraFields } = entry;
  if (entry.isEncrypted()) throw refused(name, 'it is encrypted');
  const type = (attributes >>> 16) & 0o170_000;
  if (type === 0o120_000) throw refused(name, 'it is a symbolic link');
  if (type === 0o040_000 || (attributes & 0x10) !== 0) throw refused(name, 'it is a folder');
  if (type !== 0o100_000 && type !== 0) throw refused(name, 'it is no regular file');
  if ((flags & ~(HAS_DESCRIPTOR | IS_UTF8)) !== 0) throw refused(name, `it has flags that no pack has (${flags})`);
  if (method !== 0 && method !== DEFLATE) throw refused(name, `its compression is neither stored nor deflate (${method})`);
  if (method === 0 && compressedSize !== uncompressedSize) throw invalid(`${name} is stored, and its two sizes differ`);
  if (entry.fileCommentLength > 0) throw refused(name, 'it has a comment');
  if (extraFields.length > 1 || extraFields.some(({ id }) => id !== ZIP64_FIELD)) throw refused(name, 'it has an extra field');
  // What few bytes become is bounded by what deflate can do at all, and by maxBytes.
  if (uncompressedSize > MAX_RATIO * Math.max(compressedSize, 1024)) {
    throw tooLarge(`${name} would become ${uncompressedSize} bytes of ${compressedSize}, more than ${MAX_RATIO} times as many`);
  }
}

async function* refusing(entries: AsyncIterable<Entry>): AsyncGenerator<Entry, void, undefined> {
  try {
    yield* entries;
  } catch (error) {
    throw ofZip(error, 'its directory');
  }
}

async function taken<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    throw ofZip(error, 'it');
  }
}

/** What zlib and the reader of ZIP files say of bytes; what the system says of a file. */
function ofZip(error: unknown, what: string): Error {
  if (SealwrightError.is(error)) return error;
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (syscall !== undefined) return ledgerError('ERR_EVIDENCE_IO', `cannot read the pack: ${message}`, { cause: error, osCode: code });
  return ledgerError('ERR_EVIDENCE_INVALID', `no evidence pack: ${what} cannot be read (${message})`, { cause: error });
}

function invalid(why: string): SealwrightError {
  return ledgerError('ERR_EVIDENCE_INVALID', `no evidence pack: ${why}`);
}

function refused(name: string, why: string): SealwrightError {
  return ledgerError('ERR_EVIDENCE_ENTRY' satisfies ErrorCode, `the pack holds ${JSON.stringify(name)}: ${why}`);
}

function tooLarge(why: string): SealwrightError {
  return ledgerError('ERR_EVIDENCE_TOO_LARGE', `the pack is too large: ${why}`);
}
