/*
 * A ledger that a caller has: what it may be, and its bytes in blocks.
 */

import { invalidArgument, show } from '../args.js';
import { isDetached, isUint8Array, isWellFormed } from '../bytes.js';
import { SealwrightTypeError } from '../errors.js';
import { untilAborted } from '../until-aborted.js';
import { BLOCK_BYTES } from './file.js';

/** A stream of bytes, such as a `ReadableStream`, which not every browser can iterate. */
export interface ByteStream {
  /** Locks the stream for one reader. */
  getReader(): ByteReader;
}

/** The reader of a {@link ByteStream}. */
export interface ByteReader {
  /** The next bytes; `done` without any at the end. */
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  /** Gives the rest up. */
  cancel(reason?: unknown): Promise<void>;
}

/**
 * All of a ledger, as text or bytes; its lines, each with or without its LF; or pieces of its bytes, cut anywhere, such
 * as `file.stream()` of a browser's `File`.
 */
export type Ledger =
  | string
  | Uint8Array
  | Iterable<string>
  | Iterable<Uint8Array>
  | AsyncIterable<string>
  | AsyncIterable<Uint8Array>
  | ByteStream;

/** Starts to go through the parts of a ledger: lines or pieces. */
export type Source = () => AsyncIterator<unknown, unknown, undefined>;

/** @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_JSON_STRING` */
export function sourceOf(ledger: unknown): Source {
  if (typeof ledger === 'string') {
    if (!isWellFormed(ledger)) throw loneSurrogate('the ledger');
    return inTurn([new TextEncoder().encode(ledger)]);
  }
  if (isUint8Array(ledger)) return inTurn([ledger]);
  if (typeof ledger === 'object' && ledger !== null) {
    const given = ledger as Partial<Iterable<unknown> & AsyncIterable<unknown> & ByteStream>;
    if (typeof given[Symbol.asyncIterator] === 'function') {
      return () => (given as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    }
    if (typeof given[Symbol.iterator] === 'function') return inTurn(given as Iterable<unknown>);
    if (typeof given.getReader === 'function') return () => readingOf(given as ByteStream);
  }
  throw invalidArgument(
    `verifyLines takes text, bytes, or an iterable or stream of lines or bytes, found ${show(ledger)}`,
  );
}

/** The bytes of a ledger in blocks; an abort is heard while the source is awaited, and between blocks. */
export async function* blocksOf(
  source: Source,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sinceTurn = 0;
  for await (const piece of bytesOf(untilAborted(source, signal))) {
    for (let start = 0; start < piece.length; start += BLOCK_BYTES) {
      const block = piece.subarray(start, start + BLOCK_BYTES);
      sinceTurn += block.length;
      if (sinceTurn >= BLOCK_BYTES) {
        sinceTurn = 0;
        // A source that is in memory would keep the thread to itself.
        await new Promise((resolve) => void setTimeout(resolve));
      }
      yield block;
    }
  }
}

/** A line as an argument: without its LF, if it has one at its end. */
function lineOf(text: string, name: string): string {
  if (!isWellFormed(text)) throw loneSurrogate(name);
  const line = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (line.includes('\n')) throw invalidArgument(`${name} must be one line, found a line feed inside`);
  return line;
}

async function* bytesOf(parts: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  let kind: 'line' | 'piece' | undefined;
  let count = 0;
  for await (const part of parts) {
    count += 1;
    const isLine = typeof part === 'string';
    kind ??= isLine ? 'line' : 'piece';
    if (isLine && kind === 'line') {
      yield encoder.encode(`${lineOf(part, `line ${count}`)}\n`);
    } else if (isUint8Array(part) && kind === 'piece') {
      if (isDetached(part)) throw invalidArgument(`piece ${count} was given away: its bytes are elsewhere`);
      // Memory that other threads share could change between two looks at it.
      yield part.buffer instanceof ArrayBuffer ? part : part.slice();
    } else {
      const why = 'lines and pieces are not mixed, and objects made by JSON.parse have lost digits';
      throw invalidArgument(`${kind} ${count} is ${show(part)}, neither a line nor bytes like those before; ${why}`);
    }
  }
}

function loneSurrogate(name: string): SealwrightTypeError {
  const message = `${name} holds a lone surrogate: was it cut inside a character? pass bytes`;
  return new SealwrightTypeError('ERR_JSON_STRING', message);
}

function inTurn(parts: Iterable<unknown>): Source {
  return async function* () {
    yield* parts;
  };
}

/** Reading a stream; unlike a generator it can be left while a part is awaited. */
function readingOf(stream: ByteStream): AsyncIterator<unknown, unknown, undefined> {
  const reader = stream.getReader();
  return {
    async next() {
      const { done, value } = await reader.read();
      return { done, value };
    },
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
