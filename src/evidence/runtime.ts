/*
 * What reading a pack takes of Node.js and of the addon. The viewer's build puts viewer/worker/pack-runtime.ts in its place,
 * which has the same of a browser.
 */

import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { wrap } from '../errors.js';
import { native } from '../native.js';

export { crc32 };

/** A SHA-256 that takes bytes in pieces. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** 64 lower-case hex digits. Ends it. */
  hex(): string;
}

export function sha256(): Sha256 {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}

/**
 * The bytes that raw deflate data stands for. Rejects where it is damaged, cut, or followed by bytes that are not of it.
 * Leaving the loop lets go of the source.
 */
export async function* inflated(data: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  const raw = Readable.from(data, { objectMode: false });
  const inflate = createInflateRaw();
  try {
    yield* pipeline(raw, inflate, () => undefined);
  } finally {
    raw.destroy();
    inflate.destroy();
  }
  if (inflate.bytesWritten !== bytes) throw new Error('bytes behind the end of the compressed data');
}

/** The canonical text of a JSON text. @throws what says why it is none */
export function canonicalText(text: string): string {
  return wrap(() => native.canonicalJson(text)).toString();
}
