// The child's side of helpers/child.mts: JSON lines on standard output, words on standard input.

import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Longer than any test: a child whose test is gone does not live on. */
const LIFETIME_MS = 100_000;

setTimeout(() => process.exit(97), LIFETIME_MS).unref();

/** What the test started this child with. */
export const input = JSON.parse(process.argv[2] ?? 'null') as unknown;

/** Tells the test something, at once: it has left this process when the call returns. */
export function say(message: unknown): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`);
  while (rest.length > 0) rest = rest.subarray(written(rest));
}

/** How much of it a pipe takes. A full one takes nothing, where it does not wait for room. */
function written(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    return 0;
  }
}

/** Waits for the next line of the test; after it, waiting for further ones does not keep this process alive. */
export async function heard(): Promise<string> {
  process.stdin.ref();
  const lines = createInterface({ input: process.stdin });
  const line = await new Promise<string>((resolve) => lines.once('line', resolve));
  lines.close();
  process.stdin.unref();
  return line;
}
