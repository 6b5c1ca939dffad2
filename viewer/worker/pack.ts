/*
 * Packs, by the rules of src/evidence: the reader of the package itself, over bytes that were dropped.
 */

import { readEvidence } from '../../src/evidence/evidence.js';
import type { NamedBlob } from '../client.js';
import { BlobBuilder } from './blob-builder.js';
import type { Pack } from './sort.js';

/** Bytes that a pack may hold. */
const MOST_BYTES = 2 * 1024 ** 3;

/** Unpacks the ledger of a pack; each of its files is what the manifest says. Rejects with LedgerError `ERR_EVIDENCE_*`. */
export async function openPack({ name, blob }: NamedBlob): Promise<Pack> {
  const evidence = await readEvidence(fileOf(blob), name, MOST_BYTES);
  const ledger: NamedBlob[] = [];
  for (const entry of evidence.ledger) {
    const builder = new BlobBuilder();
    // Pieces may be parts of memory that is used again.
    for await (const piece of evidence.read(entry.name)) builder.add(new Uint8Array(piece));
    ledger.push({ name: entry.name.slice(entry.name.lastIndexOf('/') + 1), blob: builder.blob() });
  }
  const { keys, head, report, tool } = evidence.claims;
  return {
    ledger,
    claims: { keys: keys.map(({ publicKey }) => publicKey), head, verdict: report.verdict, tool: `${tool.name} ${tool.version}` },
  };
}

function fileOf(blob: Blob): Parameters<typeof readEvidence>[0] {
  return {
    bytes: blob.size,
    async read(buffer, position) {
      try {
        const bytes = new Uint8Array(await blob.slice(position, position + buffer.length).arrayBuffer());
        buffer.set(bytes);
        return bytes.length;
      } catch (error) {
        // The reader tells by it what the system says from what the bytes say.
        throw Object.assign(error as Error, { syscall: 'read' });
      }
    },
    close: () => Promise.resolve(),
  };
}
