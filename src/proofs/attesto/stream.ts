/*
 * Windows, checkpoints, batches and lists of events: what a service says that a stream holds.
 */

import { checkBoolean, checkInteger, checkOptions, checkString, invalidArgument } from '../../args.js';
import { wrap } from '../../errors.js';
import { isHash } from '../../headstore.js';
import { native } from '../../native.js';
import type { AttestoReport, CompletenessReport, FoldReport, RootReport } from './report.js';
import { verifiedText } from './values.js';

/** A step of a proof: a hash, and on which side of the way up it stands. */
export interface ProofStep {
  readonly side: 'left' | 'right';
  /** 64 lower-case hex digits. */
  readonly hash: string;
}

/** Arguments of {@link verifyInclusionProof}. */
export interface VerifyInclusionProofFields {
  /** What the leaf is the hash of: the object of kind `leaf`. It shows that it is no inner node. */
  readonly leaf?: object | string | undefined;
  /** The leaf alone, in the place of `leaf`: 64 lower-case hex digits. */
  readonly leafHash?: string | undefined;
  /** Its place in the window, from 0. */
  readonly leafIndex: number;
  /** How many leaves the window has. */
  readonly leafCount: number;
  /** From the leaf's sibling to the child of the root; or JSON text. */
  readonly proof: readonly ProofStep[] | string;
  /** The root of the window, from somewhere that is trusted: 64 lower-case hex digits. */
  readonly rootHash: string;
}

/** What is known of a batch. */
export interface VerifyEventProofOptions {
  readonly batchId: string;
  /** The root of the batch, such as {@link verifyAnchorOnchain} gives: 64 lower-case hex digits. */
  readonly merkleRoot: string;
  /** The event's place in the batch, from 0, with `leafCount`. */
  readonly leafIndex?: number | undefined;
  /** How many events the batch has. */
  readonly leafCount?: number | undefined;
}

/** Options of {@link verifyCompleteness}. */
export interface VerifyCompletenessOptions {
  /** Number of the first event, from 1. */
  readonly fromSeqNo: number;
  /** Number of the last. */
  readonly toSeqNo: number;
  /** Hash of the event before the first, if it is known. */
  readonly prevEventHash?: string | undefined;
  /** Hash of the last event, if it is known: from a receipt, say. It is what ties the list to a stream. */
  readonly lastEventHash?: string | undefined;
  /** Takes events without envelopes, whose hashes anyone can make up. Default false: `hashes_only`. */
  readonly allowHashesOnly?: boolean | undefined;
}

/**
 * Checks that a leaf is at its place in a window.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`
 */
export function verifyInclusionProof(fields: VerifyInclusionProofFields): FoldReport {
  const names = ['leaf', 'leafHash', 'leafIndex', 'leafCount', 'proof', 'rootHash'] as const;
  const given = checkOptions(fields, names, 'verifyInclusionProof');
  if ((given.leaf === undefined) === (given.leafHash === undefined)) throw invalidArgument('give either leaf or leafHash');
  const isAlone = given.leaf === undefined;
  const leaf = isAlone ? checkString(given.leafHash, 'leafHash') : verifiedText(given.leaf, 'leaf');
  const place = checkPlace(given);
  const proof = verifiedText(given.proof, 'proof');
  const root = checkHash(given.rootHash, 'rootHash');
  if (typeof leaf !== 'string') return { ok: false, problems: [leaf], leafHash: null };
  if (typeof proof !== 'string') return { ok: false, problems: [proof], leafHash: null };
  return JSON.parse(wrap(() => native.attestoVerifyInclusion(leaf, isAlone, place, proof, root))) as FoldReport;
}

/**
 * Checks that an event is in a batch (version 1 of the service): the text in `canonicalJson` leads to the root by
 * SHA-256 of the text, then SHA-256 of two hashes.
 *
 * @param proof `{canonicalJson, proof, batchId}`, or its JSON text
 * @throws TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`
 */
export function verifyEventProof(proof: object | string, options: VerifyEventProofOptions): FoldReport {
  const given = checkOptions(options, ['batchId', 'merkleRoot', 'leafIndex', 'leafCount'], 'verifyEventProof');
  const batchId = checkString(given.batchId, 'batchId');
  const root = checkHash(given.merkleRoot, 'merkleRoot');
  const text = verifiedText(proof, 'proof');
  if ((given.leafIndex === undefined) !== (given.leafCount === undefined)) {
    throw invalidArgument('leafIndex and leafCount go together');
  }
  const place = given.leafIndex === undefined ? undefined : checkPlace(given);
  if (typeof text !== 'string') return { ok: false, problems: [text], leafHash: null };
  return JSON.parse(wrap(() => native.attestoVerifyEventProof(text, batchId, root, place))) as FoldReport;
}

/**
 * Checks that a root is that of windows. The hashes of windows look like those of the nodes above them: it takes their number,
 * from somewhere that is trusted.
 *
 * @param windowHashes 64 lower-case hex digits each, in their order
 * @throws TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`
 */
export function verifyCheckpointRoot(
  windowHashes: readonly string[],
  rootHash: string,
  options: { readonly windowCount: number },
): RootReport {
  const given = checkOptions(options, ['windowCount'], 'verifyCheckpointRoot');
  const count = checkInteger(given.windowCount, 'windowCount', 0);
  const root = checkHash(rootHash, 'rootHash');
  const windows = verifiedText(windowHashes, 'windowHashes');
  if (typeof windows !== 'string') return { ok: false, problems: [windows], rootHash: null };
  return JSON.parse(wrap(() => native.attestoVerifyCheckpointRoot(windows, count, root))) as RootReport;
}

/**
 * Checks that a checkpoint begins behind the end of another, and names its hash. The hashes themselves are not computed: how is
 * the service's own.
 *
 * @param previous with `to_seq_no` and `checkpoint_hash`; an object, or JSON text
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function verifyCheckpointExtension(previous: object | string, current: object | string): AttestoReport {
  const [before, after] = [verifiedText(previous, 'previous'), verifiedText(current, 'current')];
  if (typeof before !== 'string') return { ok: false, problems: [before] };
  if (typeof after !== 'string') return { ok: false, problems: [after] };
  return JSON.parse(wrap(() => native.attestoVerifyCheckpointExtension(before, after))) as AttestoReport;
}

/**
 * Checks that a list has every event of a stream from one number to another, and each names the hash of the one before. Hashes
 * are computed from the envelopes that events bring; what was gone by is in `basis`.
 *
 * @param events in any order: `{envelope, event_hash?}`, the envelope alone, or `{seq_no, event_hash, prev_event_hash}`; or JSON text
 * @throws TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`
 */
export function verifyCompleteness(
  events: readonly object[] | string,
  options: VerifyCompletenessOptions,
): CompletenessReport {
  const names = ['fromSeqNo', 'toSeqNo', 'prevEventHash', 'lastEventHash', 'allowHashesOnly'] as const;
  const given = checkOptions(options, names, 'verifyCompleteness');
  const optional = (hash: unknown, name: string) => (hash === undefined ? {} : { [name]: checkHash(hash, name) });
  const expected = {
    fromSeqNo: checkInteger(given.fromSeqNo, 'fromSeqNo', 0),
    toSeqNo: checkInteger(given.toSeqNo, 'toSeqNo', 0),
    ...optional(given.prevEventHash, 'prevEventHash'),
    ...optional(given.lastEventHash, 'lastEventHash'),
    allowHashesOnly: checkBoolean(given.allowHashesOnly, 'allowHashesOnly', false),
  };
  const text = verifiedText(events, 'events');
  if (typeof text !== 'string') {
    return { ok: false, problems: [text], basis: null, eventCount: 0, lastEventHash: null };
  }
  return JSON.parse(wrap(() => native.attestoVerifyCompleteness(text, expected))) as CompletenessReport;
}

/** Where a leaf is among the others, as the native side takes it. */
function checkPlace({ leafIndex, leafCount }: { readonly leafIndex?: unknown; readonly leafCount?: unknown }) {
  return { index: checkInteger(leafIndex, 'leafIndex', 0), count: checkInteger(leafCount, 'leafCount', 0) };
}

function checkHash(value: unknown, name: string): string {
  const text = checkString(value, name);
  if (!isHash(text)) throw invalidArgument(`${name} must be 64 lower-case hex digits`);
  return text;
}
