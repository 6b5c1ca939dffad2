// What the Attesto 0.5.0 package computed, and what its tests would sign: the key is the seed 00 01 ... 1f.

import { readFileSync } from 'node:fs';
import { createPrivateKey, sign } from 'node:crypto';
import { join } from 'node:path';
import { canonicalCommitmentJson, domainHash } from 'sealwright/proofs';
import { projectRoot } from '../../helpers/project.mts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Signed extends JsonObject {
  payload: JsonObject;
  receiptHash: string;
  signature: JsonObject;
}

export interface StreamEvent {
  readonly payload: JsonObject;
  readonly metadata: JsonObject;
  readonly envelope: JsonObject;
  readonly event_hash: string;
  readonly stream_head: JsonObject;
  readonly stream_head_hash: string;
  readonly receipt: Signed;
}

interface Leaf {
  readonly streamEventId: string;
  readonly seqNo: number;
  readonly leafIndex: number;
  readonly leafHash: string;
  readonly proof: { readonly side: 'left' | 'right'; readonly hash: string }[];
}

export interface AttestoVectors {
  readonly seed_hex: string;
  readonly public_key_hex: string;
  readonly protocol: string;
  readonly protocol_version: string;
  readonly domains: Readonly<Record<string, string>>;
  readonly payload_commitments: readonly {
    readonly payload: JsonObject;
    readonly canonical_json: string;
    readonly commitment: JsonObject;
    readonly metadata_commitment: JsonObject;
  }[];
  readonly domain_hashes: readonly { readonly domain: string; readonly value: JsonObject; readonly hash: string }[];
  readonly normalization: readonly { readonly what: string; readonly canonical: string }[];
  readonly number_guard: readonly { readonly value: Json; readonly ok: boolean; readonly path?: string }[];
  readonly stream: readonly StreamEvent[];
  readonly windows: readonly { readonly streamId: string; readonly rootHash: string; readonly leaves: readonly Leaf[] }[];
  readonly window_leaf_example: JsonObject;
  readonly checkpoint_roots: readonly { readonly window_hashes: string[]; readonly root: string }[];
  readonly anchor_calldata: readonly { readonly batch_id: string; readonly data: string }[];
  readonly anchor_selector: string;
  readonly bundle_hash_example: { readonly domain: string; readonly payload: JsonObject; readonly hash: string };
  readonly receipt_export: JsonObject;
  readonly erp: {
    readonly domain: string;
    readonly salt_hex: string;
    readonly rows: readonly JsonObject[];
    readonly row0_uid: string;
    readonly row0_leaf: string;
    readonly tombstone: readonly [uid: string, leaf: string];
    readonly roots_by_row_count: readonly string[];
    readonly root_with_tombstone: string;
  };
  readonly provenance: {
    readonly bundle_leaves: readonly JsonObject[];
    readonly bundle_leaf_digests: readonly string[];
    readonly bundle_merkle_root: string;
    readonly bundle_provenance_root: string;
    readonly top_leaf_digests: readonly string[];
    readonly capsule_root: string;
    readonly claim_commitments: readonly string[];
    readonly claims_merkle_root: string;
    readonly claims_root: string;
  };
}

const path = (name: string) => join(projectRoot, 'vectors', 'peers', 'attesto', name);

/** The text, in which 1 and 1.0 differ. */
export const vectorsText = readFileSync(path('vectors.json'), 'utf8');
export const vectors = JSON.parse(vectorsText) as AttestoVectors;
export const headsExample = path('heads_example.json');
export const publicKey = vectors.public_key_hex;

const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(vectors.seed_hex, 'hex')]),
  format: 'der',
  type: 'pkcs8',
});

/** A receipt for any payload, as the service would sign it. */
export function signReceipt(payload: JsonObject, signature: JsonObject = {}, signer = key): Signed {
  const canonical = canonicalCommitmentJson(payload, { preflight: false });
  const message = Buffer.concat([Buffer.from('attesto.v2.receipt\0'), canonical]);
  return {
    payload,
    receiptHash: domainHash('attesto.v2.receipt', payload),
    signature: {
      alg: 'ed25519',
      kid: 'kid-1',
      keyEpoch: 'epoch-1',
      signatureHex: sign(null, message, signer).toString('hex'),
      ...signature,
    },
  };
}

/** An event of the stream of the vectors; from 1. */
export function event(seqNo: number): StreamEvent {
  const found = vectors.stream[seqNo - 1];
  if (found === undefined) throw new Error(`the vectors have no event ${seqNo}`);
  return found;
}

/** As the service lists it: with its hashes, and with its envelope. */
export function listed({ envelope, event_hash }: StreamEvent): JsonObject {
  return { envelope, event_hash };
}

/** As the service lists it without. */
export function hashesOf({ envelope, event_hash }: StreamEvent): JsonObject {
  return { seq_no: envelope['seq_no'] ?? null, event_hash, prev_event_hash: envelope['prev_event_hash'] ?? null };
}

/** The window of the first leaves. */
export function windowOf(count: number): AttestoVectors['windows'][number] {
  const found = vectors.windows.find(({ leaves }) => leaves.length === count);
  if (found === undefined) throw new Error(`the vectors have no window of ${count}`);
  return found;
}

/** The codes of a report's problems. */
export function codes({ problems }: { readonly problems: readonly { readonly code: string }[] }): string[] {
  return problems.map(({ code }) => code);
}
