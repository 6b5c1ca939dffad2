/*
 * What the page asks of its workers. One reads and searches, one verifies, so that neither waits for the other.
 */

import type { ReportJson, SegmentsReportJson } from '../src/report.js';
import type { EngineFailure, EngineProgress, Explanation, Trust, Unreadable } from './engine.js';
import type { Model } from './model/model.js';

/** A file as it was dropped. */
export interface NamedBlob {
  readonly name: string;
  readonly blob: Blob;
}

/** What a pack says of itself. Nobody should believe it, and nothing is verified by it. */
export interface PackClaims {
  readonly keys: readonly string[];
  readonly head: { readonly seq: number; readonly hash: string } | null;
  readonly verdict: string;
  readonly tool: string;
}

/** What was dropped, told apart. */
export interface Dropped {
  /** Files of a ledger, in no order; those that a pack carries if it was one. */
  readonly ledger: readonly NamedBlob[];
  /** Of a pack, and null otherwise. */
  readonly claims: PackClaims | null;
  /** Public keys in files of their own, as 64 hex digits. */
  readonly keys: readonly { readonly name: string; readonly publicKey: string }[];
  /** A head in a file of its own. */
  readonly head: { readonly seq: number; readonly hash: string } | null;
  /** What was not understood, and why. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** An event in full. */
export interface EventDetail {
  readonly row: number;
  /** The line as it stands there. */
  readonly line: string;
  readonly explanation: Explanation | Unreadable;
  /** The row before it and the `self_hash` that it says; null for the first one. */
  readonly previous: { readonly row: number; readonly selfHash: string } | null;
}

/** Rows with a digest of a document. */
export interface Revealed {
  /** How the digest was made: of the bytes, of those in front of a line break at their end, or of the canonical form of what is JSON. */
  readonly how: 'bytes' | 'bytes without the final line break' | 'canonical JSON';
  readonly sha256: string;
  /** Each row and the field that has the digest, at most 1,000. */
  readonly matches: readonly { readonly row: number; readonly field: string }[];
}

/** How a verification ended: with a report, or with why there is none. */
export type Verified = { readonly report: ReportJson | SegmentsReportJson } | { readonly failure: EngineFailure };

/** The workers. Promises reject with {@link EngineFailure}, and with `AbortError` after {@link Client.close}. */
export interface Client {
  /** Tells apart what was dropped; unpacks packs. */
  sort(files: readonly NamedBlob[]): Promise<Dropped>;
  /** Reads all lines. To be called once, and first. */
  load(ledger: readonly NamedBlob[], progress: (progress: EngineProgress) => void): Promise<Model>;
  /** Verifies. Another call ends the one before, which never resolves. */
  verify(ledger: readonly NamedBlob[], trust: Trust, progress: (progress: EngineProgress) => void): Promise<Verified>;
  event(row: number): Promise<EventDetail>;
  /**
   * Rows whose line has the text, in any case of letters; at most 100,000. Another search ends the one before, which rejects with
   * `AbortError`.
   */
  search(text: string): Promise<Uint32Array>;
  reveal(document: Blob): Promise<readonly Revealed[]>;
  /** A public key of hex or PEM text. */
  publicKey(text: string): Promise<{ readonly publicKey: string; readonly fingerprint: string }>;
  close(): void;
}
