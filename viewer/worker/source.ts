/*
 * Files that were dropped, read at any place without waiting. Only a worker can do that.
 */

import type { NamedBlob } from '../client.js';
import type { ByteSource } from '../engine.js';

/** The bytes of a blob, now. */
export type ReadBlob = (blob: Blob) => Uint8Array;

/** Bytes that are read at once where fewer are asked for. */
const BLOCK_BYTES = 1 << 20;

/** A dropped file. The block that was read last is kept. */
export class BlobSource implements ByteSource {
  readonly name: string;
  readonly length: number;
  readonly #blob: Blob;
  readonly #readBlob: ReadBlob;
  #block = new Uint8Array();
  #start = 0;

  constructor({ name, blob }: NamedBlob, readBlob: ReadBlob) {
    this.name = name;
    this.length = blob.size;
    this.#blob = blob;
    this.#readBlob = readBlob;
  }

  /** Bytes from an offset on. They are to be left as they are. */
  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.length);
    if (end - offset >= BLOCK_BYTES) return this.#bytes(offset, end);
    if (offset < this.#start || end > this.#start + this.#block.length) {
      this.#block = this.#bytes(offset, Math.min(offset + BLOCK_BYTES, this.length));
      this.#start = offset;
    }
    return this.#block.subarray(offset - this.#start, end - this.#start);
  }

  #bytes(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#readBlob(this.#blob.slice(start, end)) as Uint8Array<ArrayBuffer>;
  }
}

/** Reads a blob in a worker. @throws DOMException when the file has changed or gone since it was dropped */
export function readBlobSync(blob: Blob): Uint8Array {
  const { FileReaderSync: Reader } = globalThis as unknown as { readonly FileReaderSync: new () => { readAsArrayBuffer(blob: Blob): ArrayBuffer } };
  return new Uint8Array(new Reader().readAsArrayBuffer(blob));
}
