/*
 * What the viewer takes from Rust: crates/wasm, compiled to WebAssembly. Every rule of a ledger is there.
 *
 * All of it is synchronous: it runs in workers, where the bytes of a file can be read without waiting.
 */

import type { Head, ReportJson, SegmentsReportJson } from '../src/report.js';

/** Bytes with random access: a file that was dropped, or one of a pack. */
export interface ByteSource {
  /** The file's name, without a folder. Its numbers say which segment it is. */
  readonly name: string;
  readonly length: number;
  /** Bytes from an offset on: as many as were asked for, or those up to the end. */
  read(offset: number, length: number): Uint8Array;
}

/** What is known of the ledger from elsewhere. */
export interface Trust {
  /** Keys that may sign: 64 lower-case hex digits each. Empty for "the ledger says itself". */
  readonly signers: readonly string[];
  /** An event that must be in it. */
  readonly head: Head | null;
}

/** How far a verification is. */
export interface EngineProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly events: number;
}

/** A line that can be read, and what the verifier makes of it alone. */
export interface Explanation {
  readonly seq: number;
  /** Decimal nanoseconds since 1970. */
  readonly timestampNanos: string;
  readonly kind: string;
  /** The payload's exact JSON text, indented by two blanks. */
  readonly payload: string;
  readonly parentHash: string;
  /** What the line says. */
  readonly selfHash: string;
  readonly signature: string;
  readonly signer: string;
  /** The bytes that are hashed, which are UTF-8 text. */
  readonly canonical: string;
  /** SHA-256 of them: 64 lower-case hex digits. */
  readonly recomputedHash: string;
  /** Whether the signature holds over the recomputed hash, under the key of the line, by the strict rule. */
  readonly signatureHolds: boolean;
  /** Whether it is spelled as the writer spells. */
  readonly isWritersSpelling: boolean;
}

/** A line that cannot be read. `code` is a fault or error code. */
export interface Unreadable {
  readonly code: string;
  readonly reason: string;
}

/** What could not be done. A report is with it where one was begun. */
export interface EngineFailure {
  /** One of docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly report?: ReportJson;
}

/** A SHA-256 that takes bytes in pieces. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** 64 lower-case hex digits. Ends it. */
  hex(): string;
}

/** The module. Methods throw {@link EngineFailure} as an Error with these members. */
export interface Engine {
  /** Version of the package that it was built of. */
  readonly version: string;
  /**
   * Verifies the files of one ledger as one chain. A single file is verified alone, whatever its name says of others.
   * `progress` is called after each block of a megabyte or two.
   */
  verify(files: readonly ByteSource[], trust: Trust, progress: (progress: EngineProgress) => void): ReportJson | SegmentsReportJson;
  /** The places of the files in the order in which they are verified. Throws for names that no segment may have. */
  order(files: readonly ByteSource[]): number[];
  /** What a line says, its LF not among the bytes. */
  explain(line: Uint8Array): Explanation | Unreadable;
  /** Canonical bytes of a JSON text. */
  canonicalJson(text: string): Uint8Array;
  /** A public key of hex, of PEM or of a `.pub` file's text. */
  publicKey(text: string): { readonly publicKey: string; readonly fingerprint: string };
  sha256(): Digest;
}
