/*
 * Unpacking what is compressed with gzip, within bounds: a few bytes must not become more than a machine holds.
 */

import type { NamedBlob } from '../client.js';
import { BlobBuilder } from './blob-builder.js';

const MOST_BYTES = 2 * 1024 ** 3;
const MOST_RATIO = 200;
/** So much may come of any number of bytes. */
const FREE_BYTES = 1024 * 1024;

/** The file that was compressed. Rejects with a reason for people. */
export async function gunzipped({ name, blob }: NamedBlob): Promise<NamedBlob> {
  const most = Math.min(MOST_BYTES, Math.max(FREE_BYTES, MOST_RATIO * blob.size));
  const reader = blob.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const builder = new BlobBuilder();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new Error(`it is compressed with gzip and cannot be unpacked here (${(error as Error).message}): try \`gzip -d\``, { cause: error });
      });
      if (done) break;
      if (builder.bytes + value.length > most) {
        throw new Error(`it would become more than ${most} bytes, which is more than is unpacked here: unpack it with \`gzip -d\``);
      }
      builder.add(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return { name: name.replace(/\.gz$/i, ''), blob: builder.blob() };
}
