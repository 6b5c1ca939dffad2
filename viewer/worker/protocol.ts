/*
 * What a page and a worker send each other. The first message begins the worker; it is followed by calls, each of which is
 * answered by any number of progresses and then by a result or a failure.
 */

import type { ReportJson, SegmentsReportJson } from '../../src/report.js';
import type { Dropped, EventDetail, NamedBlob, Revealed } from '../client.js';
import type { EngineFailure, EngineProgress, Trust } from '../engine.js';
import type { Model } from '../model/model.js';

/** The first message. */
export interface Begin {
  /** The bytes of the WebAssembly module. */
  readonly wasm: Uint8Array;
}

/** What a worker does, by name: what it takes, and what it gives. */
export interface Methods {
  sort: (files: readonly NamedBlob[]) => Dropped;
  load: (ledger: readonly NamedBlob[]) => Model;
  verify: (ledger: readonly NamedBlob[], trust: Trust) => ReportJson | SegmentsReportJson;
  event: (row: number) => EventDetail;
  search: (text: string) => Uint32Array;
  reveal: (document: Blob) => readonly Revealed[];
  publicKey: (text: string) => { readonly publicKey: string; readonly fingerprint: string };
}

export type Method = keyof Methods;

/** A call. */
export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** An answer to a call. */
export type Answer =
  | { readonly id: number; readonly progress: EngineProgress }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: EngineFailure };

/** The code of a search that another one has ended; a page sees an `AbortError`. */
export const SUPERSEDED = 'SUPERSEDED';
