/*
 * The ledger that a worker has read: where its lines are, so that one can be shown in full, and all can be searched.
 */

import type { EventDetail, NamedBlob } from '../client.js';
import type { Engine, EngineProgress } from '../engine.js';
import { Failure } from '../failure.js';
import { Collector, MAX_FILES } from '../model/collector.js';
import { MAX_LINE_BYTES } from '../model/lines.js';
import type { EventTable, Model } from '../model/model.js';
import { partitionPoint } from '../model/partition.js';
import { BlobSource, type ReadBlob } from './source.js';

/** Bytes that are read at once. */
export const READ_BYTES = 2 << 20;

/** Lines of a file, one behind the other. */
export interface Piece {
  readonly source: BlobSource;
  /** The first row in it, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** Of the first byte, from the beginning of the file. */
  readonly offset: number;
}

/** Where lines are. */
type Places = Pick<EventTable, 'file' | 'offset' | 'bytes'>;

export class Ledger {
  readonly #engine: Engine;
  readonly #sources: readonly BlobSource[];
  readonly #places: Places;
  readonly rows: number;

  private constructor(engine: Engine, sources: readonly BlobSource[], { file, offset, bytes, length }: EventTable) {
    this.#engine = engine;
    this.#sources = sources;
    // The columns themselves go to the page.
    this.#places = { file: file.slice(), offset: offset.slice(), bytes: bytes.slice() };
    this.rows = length;
  }

  /** Reads all files. @throws EngineFailure for files that are of no one ledger, or cannot be read */
  static read(
    files: readonly NamedBlob[],
    engine: Engine,
    readBlob: ReadBlob,
    progress: (progress: EngineProgress) => void,
  ): { readonly ledger: Ledger; readonly model: Model } {
    if (files.length > MAX_FILES) throw new Failure({ code: 'ERR_OUT_OF_RANGE', message: `a ledger of more than ${MAX_FILES} files is not shown` });
    const given = files.map((file) => new BlobSource(file, readBlob));
    const sources = engine.order(given).map((place) => given[place] as BlobSource);
    const totalBytes = sources.reduce((sum, { length }) => sum + length, 0);
    const collector = new Collector();
    let bytes = 0;
    for (const source of sources) {
      collector.file(source.name, source.length);
      for (let at = 0; at < source.length; at += READ_BYTES) {
        const block = source.read(at, READ_BYTES);
        collector.block(block);
        bytes += block.length;
        progress({ bytes, totalBytes, events: collector.events });
      }
    }
    const model = collector.finish();
    return { ledger: new Ledger(engine, sources, model.events), model };
  }

  /** An event in full. */
  event(row: number): EventDetail {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) throw new Failure({ code: 'ERR_OUT_OF_RANGE', message: `the ledger has no row ${row}` });
    const bytes = this.#line(row);
    const previous = row === 0 ? null : { row: row - 1, selfHash: this.#selfHash(row - 1) };
    if (bytes === null) {
      const reason = `the line is longer than ${MAX_LINE_BYTES} bytes`;
      return { row, line: '', explanation: { code: 'ERR_LINE_TOO_LONG', reason }, previous };
    }
    return { row, line: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), explanation: this.#engine.explain(bytes), previous };
  }

  /** The bytes of a line; null when it is too long to be one. */
  #line(row: number): Uint8Array | null {
    const [offset, length] = [this.#places.offset[row] as number, this.#places.bytes[row] as number];
    return length > MAX_LINE_BYTES ? null : this.#source(row).read(offset, length);
  }

  /** All lines, in pieces of about {@link READ_BYTES}. Those that are too long to be lines are passed over. */
  *pieces(): Generator<Piece, void, undefined> {
    const { file, offset, bytes } = this.#places;
    const endOf = (row: number) => (offset[row] as number) + (bytes[row] as number);
    for (let from = 0; from < this.rows; ) {
      const start = offset[from] as number;
      let to = from + 1;
      while (to < this.rows && file[to] === file[from] && endOf(to) - start <= READ_BYTES) to += 1;
      const source = this.#source(from);
      if (endOf(to - 1) - start <= Math.max(READ_BYTES, MAX_LINE_BYTES)) {
        yield { source, from, to, bytes: source.read(start, endOf(to - 1) - start), offset: start };
      }
      from = to;
    }
  }

  /** The line of a row, out of a piece that it is in. */
  lineIn({ bytes, offset }: Piece, row: number): Uint8Array {
    const start = (this.#places.offset[row] as number) - offset;
    return bytes.subarray(start, start + (this.#places.bytes[row] as number));
  }

  /** The row of a byte of a piece, or the one before it when it is between two. */
  rowIn({ offset, from, to }: Piece, byte: number): number {
    return partitionPoint(from + 1, to, (row) => (this.#places.offset[row] as number) <= offset + byte) - 1;
  }

  #selfHash(row: number): string {
    const line = this.#line(row);
    const explanation = line === null ? null : this.#engine.explain(line);
    return explanation !== null && 'selfHash' in explanation ? explanation.selfHash : '';
  }

  #source(row: number): BlobSource {
    return this.#sources[this.#places.file[row] as number] as BlobSource;
  }
}
