/*
 * Reading ledgers that are compressed.
 */

import { checkInteger, checkOptions, checkSignal, invalidArgument, isBytes, show } from './args.js';
import { wrap, wrapAsync } from './errors.js';
import { native } from './native.js';
import { untilAborted } from './until-aborted.js';

/** How a stream is compressed. */
export type CompressionFormat = 'none' | 'gzip' | 'zstd';

/** Options of {@link decompress}. */
export interface DecompressOptions {
  /** The most bytes that may come out, whatever the format. Default any number. */
  readonly maxBytes?: number | undefined;
  /** Told once, before the first bytes or the end: what the stream is. What it throws, iterating rejects with. */
  readonly onFormat?: ((format: CompressionFormat) => void) | undefined;
  /** Ends it; the next piece rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The contents of a stream that is compressed with gzip or zstd, for {@link verifyStream} and others. The first bytes tell
 * which it is; what is neither goes through as it is. Pieces may be cut anywhere, and memory does not grow with the stream.
 * It is decoded off this thread, as fast as contents are asked for.
 *
 * A checksum stands behind what it is of. So what comes out before the end is not yet known to be what went in: damage of
 * the compressed stream can look like damage of the ledger until the end has been read.
 *
 * The call throws for wrong arguments. Iterating rejects, after the contents before, with {@link LedgerError}
 * `ERR_COMPRESSED_TRUNCATED`, `ERR_COMPRESSED_INVALID`, `ERR_COMPRESSED_CHECKSUM`, `ERR_COMPRESSED_TRAILING`,
 * `ERR_COMPRESSED_WINDOW`, `ERR_COMPRESSED_DICTIONARY`, `ERR_COMPRESSED_TOO_LARGE`, `ERR_COMPRESSED_RATIO`; with
 * `signal.reason`; and with whatever the source throws. Leaving the loop lets go of everything, and of the source.
 */
export function decompress(source: AsyncIterable<Uint8Array>, options?: DecompressOptions): AsyncIterableIterator<Uint8Array> {
  const given = checkOptions(options, ['maxBytes', 'onFormat', 'signal'], 'decompress');
  const maxBytes = given.maxBytes === undefined ? undefined : checkInteger(given.maxBytes, 'maxBytes', 0);
  const { onFormat } = given;
  if (onFormat !== undefined && typeof onFormat !== 'function') {
    throw invalidArgument(`onFormat must be a function, found ${show(onFormat)}`);
  }
  const signal = checkSignal(given.signal, 'signal');
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source)) {
    throw invalidArgument(`decompress takes an async iterable of bytes, found ${show(source)}`);
  }
  return decode(source, maxBytes, (onFormat ?? (() => {})) as (format: CompressionFormat) => void, signal);
}

/** Bytes handed to the native side at once. */
const PIECE_BYTES = 1024 * 1024;

async function* decode(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number | undefined,
  onFormat: (format: CompressionFormat) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = wrap(() => new native.NativeDecoder(maxBytes));
  let format: CompressionFormat | null = null;
  const tell = () => {
    if (format !== null) return;
    format = decoder.format;
    if (format !== null) onFormat(format);
  };
  const contentsOf = async function* (piece: Uint8Array) {
    for (let next: Uint8Array | undefined = piece; ; next = undefined) {
      const contents = await wrapAsync(() => decoder.next(next)).finally(tell);
      signal?.throwIfAborted();
      if (contents.length === 0) return;
      yield contents;
    }
  };
  try {
    for await (const piece of untilAborted(() => source[Symbol.asyncIterator](), signal)) {
      if (!isBytes(piece)) throw invalidArgument(`a piece of the stream must be bytes, found ${show(piece)}`);
      if (format === 'none' && maxBytes === undefined) {
        yield piece;
        continue;
      }
      for (let taken = 0; taken < piece.length; taken += PIECE_BYTES) {
        yield* contentsOf(piece.subarray(taken, taken + PIECE_BYTES));
      }
    }
    yield* contentsOf(new Uint8Array());
  } finally {
    wrap(() => decoder.close());
  }
}
