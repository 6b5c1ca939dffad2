/*
 * Verification. A broken ledger is data: every function returns a report. Only "could not check" throws.
 */

import type { CancelFlag, NativeKey } from '../index.js';
import {
  checkBehind,
  checkBoolean,
  checkInteger,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkString,
  invalidArgument,
  isBytes,
  type PathLike,
  show,
} from './args.js';
import { isWellFormed } from './bytes.js';
import { watchVerification, watchVerificationSync } from './diagnostics.js';
import { isRequest, SealwrightTypeError, wrap, wrapAsync } from './errors.js';
import { checkHead } from './headstore.js';
import { nativeKeyOf, type SigningKeypair } from './keys.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import { ChainReport, type Head, type ReportJson, SegmentsReport, type SegmentsReportJson } from './report.js';
import { isSignedEvent, lineOf, type SignedEvent } from './signed-event.js';
import { resolveSigners, type SignerInput } from './signers.js';
import { untilAborted } from './until-aborted.js';

/** What is compared with a ledger. Without any of it a ledger can only be consistent with itself. */
export interface VerifyChecks {
  /** Who may have signed. Without it the ledger itself says who did: `checks.signer` is `'self-asserted'`. */
  readonly signers?: SignerInput | readonly SignerInput[] | undefined;
  /** An event that the ledger must still hold; later ones may follow. Shows that nothing was cut from the end. */
  readonly expectedHead?: Head | undefined;
  /** Hash of the first event: 64 lower-case hex digits. Shows that it is this ledger and no other. */
  readonly expectedFirst?: string | undefined;
  /**
   * Starts in the middle: the first event must follow this one, which is trusted as it is given. Such a report is never
   * `'verified'`. Not together with `expectedFirst`, nor with an `expectedHead` that is not behind it.
   */
  readonly startAfter?: Head | undefined;
  /**
   * `'all'` (default), or `'last'`: every hash and link, but of each run of one signer only the last signature. All
   * content is still committed under that key.
   */
  readonly signatures?: 'all' | 'last' | undefined;
  /** `'core'`: any other kind is the fault `unexpected_kind`. Default `'extended'`. */
  readonly events?: 'core' | 'extended' | undefined;
  /** `'exact'`: a line not spelled as the writer spells it is the fault `spelling`. Default `'any'`. */
  readonly spelling?: 'any' | 'exact' | undefined;
  /** Longest line, in bytes, its LF not counted. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
}

/** How far a verification has come. */
export interface VerifyProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly events: number;
}

/** Options of {@link verifyStream}. */
export interface VerifyStreamOptions extends VerifyChecks {
  /** Ends the verification; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a verification that takes a while. */
export interface VerifyOptions extends VerifyStreamOptions {
  /** Told now and then; what it throws ends the verification, which rejects with it. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
}

/** Options with which a verification goes on where an earlier one ended: see {@link verifyFile}. */
export interface ResumeOptions {
  /**
   * A small file that says how far the ledger was verified and what was found: mode 0600, replaced whole, missing at
   * first. What it covers is not read again, so that the work is what was appended since. It is bound to the file's
   * identity and length and to the 64 KiB at both ends of what was verified; an edit in place between these is found by
   * a verification of everything only: ask for one now and then with `full`.
   */
  readonly state?: PathLike | undefined;
  /** Signs the state, and must have signed the one that is there. Keep it from whoever can write the ledger. */
  readonly stateKey?: SigningKeypair | undefined;
  /** Verifies everything, whatever the state says, and saves anew. Default false. */
  readonly full?: boolean | undefined;
}

/** Options of {@link verifyFile}. */
export interface VerifyFileOptions extends VerifyOptions, ResumeOptions {}

/**
 * Verifies a ledger file, in constant memory, off this thread. What is verified is the file's length at the start:
 * a ledger that is being written to can be verified at any time.
 *
 * With `state` it goes on where the last verification with that state ended. The report counts as one of everything
 * does, says where it went on in `resumed`, is `'intact'` at best and has no `sha256`. The state is saved when there is
 * no fault. {@link LedgerError} `ERR_STATE_MISMATCH` is what an auditor waits for: the verified part is not what it was.
 *
 * Rejects only when it could not be checked: {@link LedgerError} `ERR_LEDGER_NOT_FOUND`, `ERR_LEDGER_NOT_A_FILE`,
 * `ERR_LEDGER_IO`, `ERR_STATE_INVALID`, `ERR_STATE_IO` (with the `report`), `ERR_STATE_MISMATCH`, `ERR_STATE_OPTIONS`;
 * {@link ChainError} `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG`, `ERR_DEPTH_EXCEEDED`; TypeError
 * `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`; RangeError `ERR_OUT_OF_RANGE`; `signal.reason`.
 */
export async function verifyFile(path: PathLike, options?: VerifyFileOptions): Promise<ChainReport> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, [...CHECKS, ...RESUME, 'signal', 'onProgress'], 'verifyFile');
  const work = workOf(given);
  const signal = checkSignal(given.signal, 'signal');
  signal?.throwIfAborted();
  return watchVerification('file', file, () =>
    watched(given.onProgress, signal, async (progress, cancel) => reportOf(await native.verifyFiles(file, true, ...work, progress, cancel))),
  );
}

/** {@link verifyFile} at once, blocking this thread. */
export function verifyFileSync(path: PathLike, options?: VerifyChecks & ResumeOptions): ChainReport {
  const file = toPath(path, 'path');
  const work = workOf(checkOptions(options, [...CHECKS, ...RESUME], 'verifyFileSync'));
  return watchVerificationSync('file', file, () => reportOf(wrap(() => native.verifyFilesSync(file, true, ...work))));
}

/**
 * Verifies a ledger in several files as one chain, as {@link verifyFile} verifies one file; the options apply to all of
 * it, `state` too. Where it is: its folder, if that holds one ledger; any file of it; a folder with a pattern of names
 * behind it, such as `archive/ledger.*.ndjson`; or an array of files in any order. First lines decide on the order.
 *
 * Events in no file are `segment_missing`, unless the files begin behind events that a `LedgerPruned` event among them
 * says were removed: `startedAfter` then tells where. A file that does not hold what its name says, or begins inside of
 * another one, is `segment_mismatch`. `gaps`, `orphans` and `foreign` name the rest. With `startAfter`, segments in front
 * of it are orphans.
 *
 * A ledger that is being written to can be verified at any time: what is verified is what was there at one moment, and a
 * rotation meanwhile does not show. Files are opened one after another, so that there may be any number of them.
 *
 * Rejects as {@link verifyFile}, and with {@link LedgerError} `ERR_SEGMENT_REFUSED` for symbolic links, for what is no
 * regular file and for names that are nearly those of segments, `ERR_LEDGER_CHANGED` for a file that was pruned, moved,
 * replaced or cut since it was found.
 */
export async function verifySegments(
  where: PathLike | readonly PathLike[],
  options?: VerifyFileOptions,
): Promise<SegmentsReport> {
  const paths = pathsOf(where);
  const given = checkOptions(options, [...CHECKS, ...RESUME, 'signal', 'onProgress'], 'verifySegments');
  const work = workOf(given);
  const signal = checkSignal(given.signal, 'signal');
  signal?.throwIfAborted();
  return watchVerification('segments', pathToTell(paths), () =>
    watched(given.onProgress, signal, async (progress, cancel) =>
      segmentsReportOf(await native.verifyFiles(paths, false, ...work, progress, cancel)),
    ),
  );
}

/** {@link verifySegments} at once, blocking this thread. */
export function verifySegmentsSync(
  where: PathLike | readonly PathLike[],
  options?: VerifyChecks & ResumeOptions,
): SegmentsReport {
  const paths = pathsOf(where);
  const work = workOf(checkOptions(options, [...CHECKS, ...RESUME], 'verifySegmentsSync'));
  return watchVerificationSync('segments', pathToTell(paths), () =>
    segmentsReportOf(wrap(() => native.verifyFilesSync(paths, false, ...work))),
  );
}

/**
 * Verifies a ledger that comes in pieces, such as from standard input or object storage. Pieces may be cut anywhere;
 * strings are taken as UTF-8. Rejects as {@link verifyFile}, and with whatever the source throws.
 */
export async function verifyStream(
  source: AsyncIterable<Uint8Array | string>,
  options?: VerifyStreamOptions,
): Promise<ChainReport> {
  const given = checkOptions(options, [...CHECKS, 'signal'], 'verifyStream');
  const checks = checksOf(given);
  const signal = checkSignal(given.signal, 'signal');
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source)) {
    throw invalidArgument(`verifyStream takes an async iterable of bytes or strings, found ${show(source)}`);
  }
  return watchVerification('stream', null, () => verifyPieces(source, checks, signal));
}

/**
 * Verifies a ledger that is in memory: its lines, each with or without an LF, or its signed events. Throws as
 * {@link verifyFile}.
 *
 * Objects made by `JSON.parse` are refused: they have lost whether a number was `1` or `1.0`, and integers beyond
 * 2^53.
 */
export function verifyChain(chain: Iterable<string | SignedEvent>, options?: VerifyChecks): ChainReport {
  const checks = checksOf(checkOptions(options, CHECKS, 'verifyChain'));
  if (typeof chain === 'string') {
    throw invalidArgument('verifyChain takes lines one by one: split the text, or use verifyStream');
  }
  if (typeof chain !== 'object' || chain === null || !(Symbol.iterator in chain)) {
    throw invalidArgument(`verifyChain takes lines or signed events, found ${show(chain)}`);
  }
  const lines = Array.from(chain, (item, index) => {
    if (isSignedEvent(item)) return item.toLine();
    if (typeof item === 'string') return lineOf(item, `line ${index + 1}`);
    const why = 'JSON.parse loses the difference of 1 and 1.0 and integers beyond 2^53: pass the lines themselves';
    throw invalidArgument(`line ${index + 1} is ${show(item)}, not a string or SignedEvent; ${why}`);
  });
  return watchVerificationSync('chain', null, () => reportOf(wrap(() => native.verifyLines(lines, checks))));
}

/** Names of the options of {@link VerifyChecks}. */
export const CHECKS = [
  'signers',
  'expectedHead',
  'expectedFirst',
  'startAfter',
  'signatures',
  'events',
  'spelling',
  'maxLineBytes',
] as const;

const RESUME = ['state', 'stateKey', 'full'] as const;

/** Bytes handed to the native side at once. */
const BLOCK_BYTES = 1024 * 1024;

/** The native side's options. */
export function checksOf(given: { readonly [Name in (typeof CHECKS)[number]]?: unknown }): string {
  const { signers, expectedFirst, signatures, events, spelling, maxLineBytes } = given;
  const expectedHead = given.expectedHead === undefined ? undefined : checkHead(given.expectedHead, 'expectedHead');
  const startAfter = given.startAfter === undefined ? undefined : checkHead(given.startAfter, 'startAfter');
  if (startAfter !== undefined) checkBehind(startAfter, expectedHead, expectedFirst);
  // JSON.stringify leaves out what is undefined.
  return JSON.stringify({
    signers: signers === undefined ? undefined : resolveSigners(signers),
    expectedHead,
    expectedFirst: expectedFirst === undefined ? undefined : checkString(expectedFirst, 'expectedFirst'),
    startAfter,
    signatures: signatures === undefined ? undefined : checkOneOf(signatures, 'signatures', ['all', 'last']),
    events: events === undefined ? undefined : checkOneOf(events, 'events', ['core', 'extended']),
    spelling: spelling === undefined ? undefined : checkOneOf(spelling, 'spelling', ['any', 'exact']),
    maxLineBytes: maxLineBytes === undefined ? undefined : checkInteger(maxLineBytes, 'maxLineBytes', 1),
  });
}

/** The native side's arguments: the options, and of a state its path, its key, and whether all is verified. */
function workOf(given: {
  readonly [Name in (typeof CHECKS | typeof RESUME)[number]]?: unknown;
}): [string, string | undefined, NativeKey | undefined, boolean] {
  const checks = checksOf(given);
  const state = given.state === undefined ? undefined : toPath(given.state, 'state');
  const stateKey = given.stateKey === undefined ? undefined : nativeKeyOf(given.stateKey, 'stateKey');
  const full = checkBoolean(given.full, 'full', false);
  if ((state === undefined) !== (stateKey === undefined)) {
    throw invalidArgument('state and stateKey belong together: the state is signed');
  }
  if (full && state === undefined) throw invalidArgument('full belongs to a state: without one all is verified');
  return [checks, state, stateKey, full];
}

/** Runs a native verification that tells its progress and can be aborted. */
async function watched<Report>(
  onProgress: unknown,
  signal: AbortSignal | undefined,
  verify: (progress: Progress['listener'], cancel: CancelFlag) => Promise<Report>,
): Promise<Report> {
  const cancel = new native.CancelFlag();
  const progress = new Progress(onProgress, cancel);
  const abort = () => cancel.cancel();
  signal?.addEventListener('abort', abort);
  try {
    return await wrapAsync(() => verify(progress.listener, cancel));
  } catch (error) {
    if (!isRequest(error, 'ABORTED')) throw error;
    throw progress.failed ? progress.failure : signal?.reason;
  } finally {
    progress.end();
    signal?.removeEventListener('abort', abort);
  }
}

function pathsOf(where: unknown): string | string[] {
  if (!Array.isArray(where)) return toPath(where as PathLike, 'where');
  if (where.length === 0) throw invalidArgument('where must name a file at least, found an empty array');
  return Array.from(where as readonly PathLike[], (path) => toPath(path, 'where'));
}

function pathToTell(paths: string | readonly string[]): string | null {
  return typeof paths === 'string' ? paths : null;
}

function segmentsReportOf(text: string): SegmentsReport {
  return new SegmentsReport(JSON.parse(text) as SegmentsReportJson);
}

/** The report in a native call's result. */
export function reportOf(text: string): ChainReport {
  return new ChainReport(JSON.parse(text) as ReportJson);
}

async function verifyPieces(
  source: AsyncIterable<Uint8Array | string>,
  checks: string,
  signal: AbortSignal | undefined,
): Promise<ChainReport> {
  const verifier = wrap(() => new native.NativeVerifier(checks));
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  let decided = false;
  for await (const piece of untilAborted(() => source[Symbol.asyncIterator](), signal)) {
    const bytes = bytesOf(piece);
    for (let taken = 0; taken < bytes.length && !decided; ) {
      const part = bytes.subarray(taken, taken + BLOCK_BYTES - filled);
      block.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled === BLOCK_BYTES) {
        decided = await wrapAsync(() => verifier.push(block));
        signal?.throwIfAborted();
        filled = 0;
      }
    }
    // A fault is found: what follows cannot mend it.
    if (decided) break;
  }
  if (filled > 0) await wrapAsync(() => verifier.push(block.subarray(0, filled)));
  const report = await wrapAsync(() => verifier.finish());
  signal?.throwIfAborted();
  return reportOf(report);
}

function bytesOf(piece: unknown): Uint8Array {
  if (isBytes(piece)) return piece;
  if (typeof piece !== 'string') {
    throw invalidArgument(`a piece of the stream must be bytes or a string, found ${show(piece)}`);
  }
  if (!isWellFormed(piece)) {
    const message = 'a piece of the stream holds a lone surrogate: was it cut inside a character? pass bytes';
    throw new SealwrightTypeError('ERR_JSON_STRING', message);
  }
  return Buffer.from(piece, 'utf8');
}

/** The caller's progress listener; what it throws cancels the verification and is kept. */
class Progress {
  readonly listener: ((bytes: number, totalBytes: number, events: number) => void) | undefined;
  failed = false;
  failure: unknown;
  #ended = false;

  constructor(onProgress: unknown, cancel: CancelFlag) {
    if (onProgress === undefined) return;
    if (typeof onProgress !== 'function') {
      throw invalidArgument(`onProgress must be a function, found ${show(onProgress)}`);
    }
    const fail = (error: unknown) => {
      this.failed = true;
      this.failure = error;
      cancel.cancel();
    };
    this.listener = (bytes, totalBytes, events) => {
      if (this.failed || this.#ended) return;
      try {
        // A listener may be an async function: what it rejects with must not go unheard.
        Promise.resolve(onProgress({ bytes, totalBytes, events })).catch(fail);
      } catch (error) {
        fail(error);
      }
    };
  }

  /** The verification has settled: what its thread still has to tell comes too late. */
  end(): void {
    this.#ended = true;
  }
}
