/*
 * What reading a pack takes of a browser and of the engine, in place of src/evidence/runtime.ts.
 */

import type { Digest, Engine } from '../engine.js';

export { crc32 } from './crc32.js';

let engine: Engine;

/** Which engine hashes. To be called before a pack is read. */
export function useEngine(made: Engine): void {
  engine = made;
}

export function sha256(): Digest {
  return engine.sha256();
}

/** The canonical text of a JSON text. @throws what says why it is none */
export function canonicalText(text: string): string {
  return new TextDecoder().decode(engine.canonicalJson(text));
}

/**
 * The bytes that raw deflate data stands for. Rejects where it is damaged, cut, or followed by bytes that are not of it: browsers
 * do so by themselves, and one that does not is refused.
 */
export async function* inflated(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  if (!(await (noticesMore ??= refusesMore()))) throw new Error('this browser does not notice bytes behind compressed data');
  yield* inflate(data);
}

let noticesMore: Promise<boolean> | undefined;

/** Whether bytes behind the end of an empty block are an error. */
async function refusesMore(): Promise<boolean> {
  try {
    for await (const _ of inflate(once(Uint8Array.of(0x03, 0x00, 0x00)))) return false;
    return false;
  } catch {
    return true;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function* inflate(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = data[Symbol.asyncIterator]();
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: async () => void (await pieces.return?.()),
  });
  const reader = source.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
