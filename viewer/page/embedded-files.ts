/*
 * The ledger that a page brings itself, out of its block.
 */

import type { NamedBlob } from '../client.js';
import type { Embedded } from '../embedded.js';

/** The files of a block's text, decompressed; none of an empty block. Rejects where it is not what a page is written with. */
export async function embeddedFiles(text: string): Promise<readonly NamedBlob[]> {
  if (text.trim() === '') return [];
  const { schemaVersion, files } = JSON.parse(text) as Embedded;
  if ((schemaVersion as number) !== 1) throw new Error(`the data in this page has version ${schemaVersion}, which this viewer does not know`);
  return Promise.all(files.map(async ({ name, gzip }) => ({ name, blob: await decompress(gzip) })));
}

async function decompress(gzip: string): Promise<Blob> {
  const bytes = Uint8Array.from(atob(gzip), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).blob();
}
