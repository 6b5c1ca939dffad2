/*
 * The error classes, their codes, and the one place where a failure of the native side becomes a typed error.
 *
 * The native side fails with a message of `!` and JSON, because napi-rs keeps neither class nor code of an error
 * thrown from asynchronous work. Errors are for branching on `code`; the message is for people and may change.
 */

import type { Cosigning } from './proofs/witness/client.js';
import { ChainReport, type ReportJson } from './report.js';

/**
 * Every `code` of an error that this package throws. `docs/errors.md` says of each what it means and what to do.
 */
export type ErrorCode =
  | 'ERR_ADDON_LOAD'
  | 'ERR_BACKPRESSURE'
  | 'ERR_BATCH_TOO_LARGE'
  | 'ERR_CERTIFICATE'
  | 'ERR_CHAIN_BROKEN'
  | 'ERR_CHECKPOINT_CONFLICT'
  | 'ERR_CHECKPOINT_MALFORMED'
  | 'ERR_CHECKPOINT_ORIGIN'
  | 'ERR_COMPRESSED_CHECKSUM'
  | 'ERR_COMPRESSED_DICTIONARY'
  | 'ERR_COMPRESSED_INVALID'
  | 'ERR_COMPRESSED_RATIO'
  | 'ERR_COMPRESSED_TOO_LARGE'
  | 'ERR_COMPRESSED_TRAILING'
  | 'ERR_COMPRESSED_TRUNCATED'
  | 'ERR_COMPRESSED_WINDOW'
  | 'ERR_DEPTH_EXCEEDED'
  | 'ERR_EVENT_DIGEST'
  | 'ERR_EVENT_FIELD'
  | 'ERR_EVENT_KIND'
  | 'ERR_EVENT_RESERVED'
  | 'ERR_EVENT_SET'
  | 'ERR_EVIDENCE_DIGEST'
  | 'ERR_EVIDENCE_ENTRY'
  | 'ERR_EVIDENCE_INVALID'
  | 'ERR_EVIDENCE_IO'
  | 'ERR_EVIDENCE_MANIFEST'
  | 'ERR_EVIDENCE_TOO_LARGE'
  | 'ERR_HEAD_STORE'
  | 'ERR_INTERNAL'
  | 'ERR_INVALID_ARGUMENT'
  | 'ERR_JSON_DUPLICATE_KEY'
  | 'ERR_JSON_NUMBER'
  | 'ERR_JSON_STRING'
  | 'ERR_JSON_SYNTAX'
  | 'ERR_JSON_UNSUPPORTED'
  | 'ERR_KEY_EXISTS'
  | 'ERR_KEY_IO'
  | 'ERR_KEY_LENGTH'
  | 'ERR_KEY_NOT_A_FILE'
  | 'ERR_KEY_NOT_FOUND'
  | 'ERR_KEY_PERMISSIONS'
  | 'ERR_LEDGER_CHANGED'
  | 'ERR_LEDGER_IO'
  | 'ERR_LEDGER_LOCKED'
  | 'ERR_LEDGER_MALFORMED'
  | 'ERR_LEDGER_NOT_A_FILE'
  | 'ERR_LEDGER_NOT_FOUND'
  | 'ERR_LEDGER_SEALED'
  | 'ERR_LEDGER_TAMPERED'
  | 'ERR_LINE_TOO_LONG'
  | 'ERR_NOTE_KEY'
  | 'ERR_NOTE_MALFORMED'
  | 'ERR_NOTE_SIGNATURE'
  | 'ERR_NOTE_UNTRUSTED'
  | 'ERR_NOT_ROLLED_BACK'
  | 'ERR_OUTPUT_REFUSED'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_POLICY_MALFORMED'
  | 'ERR_PROOF_DIVERGED'
  | 'ERR_PUBLIC_KEY'
  | 'ERR_QUORUM_MISSING'
  | 'ERR_RECORD_INVALID'
  | 'ERR_RECORD_SIGNATURE'
  | 'ERR_RECORD_SIGNER'
  | 'ERR_ROLLBACK_DETECTED'
  | 'ERR_SEGMENT_MISSING'
  | 'ERR_SEGMENT_REFUSED'
  | 'ERR_SELF_TEST'
  | 'ERR_SESSION_CLOSED'
  | 'ERR_SESSION_OPTIONS'
  | 'ERR_SESSION_POISONED'
  | 'ERR_SIGNATURE_INVALID'
  | 'ERR_SIGNER_FAILED'
  | 'ERR_SIGNER_MISMATCH'
  | 'ERR_SIGNER_REFUSED'
  | 'ERR_SIGNER_TIMEOUT'
  | 'ERR_STATE_INVALID'
  | 'ERR_STATE_IO'
  | 'ERR_STATE_MISMATCH'
  | 'ERR_STATE_OPTIONS'
  | 'ERR_TIMESTAMP_MALFORMED'
  | 'ERR_TIMESTAMP_MISMATCH'
  | 'ERR_TIMESTAMP_REFUSED'
  | 'ERR_TOKEN_IO'
  | 'ERR_TOKEN_KEY'
  | 'ERR_TOKEN_REVOCATIONS'
  | 'ERR_TORN_TAIL'
  | 'ERR_TREE_IO'
  | 'ERR_TREE_MISSING'
  | 'ERR_UNSAFE_NUMBER'
  | 'ERR_VIEWER_MISSING'
  | 'ERR_VIEWER_TOO_LARGE'
  | 'ERR_WITNESS_STATE';

/**
 * Of a record that failed: `'not-written'`: it is not in the ledger and will not be; `'unknown'`: it may be found
 * when the ledger is opened again.
 */
export type Outcome = 'not-written' | 'unknown';

// A registered symbol, so that `is` also knows the errors of another copy of this package.
const BRAND = Symbol.for('sealwright.error');

/** Base of the errors that are neither a `TypeError` nor a `RangeError`. */
export class SealwrightError extends Error {
  /** Stable; branch on this. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether `error` is a `SealwrightError` or one of its subclasses, of this or another copy of the package. */
  static is(error: unknown): error is SealwrightError {
    return FAMILY.has(brandOf(error));
  }

  static {
    brand(this, 'SealwrightError');
  }
}

/** A key could not be made, read or saved: `ERR_KEY_*`. */
export class KeyLoadError extends SealwrightError {
  /** The system's name of what it refused with, such as `EACCES`. */
  declare readonly osCode?: string;

  /** Whether `error` is a `KeyLoadError`, of this or another copy of the package. */
  static override is(error: unknown): error is KeyLoadError {
    return brandOf(error) === 'KeyLoadError';
  }

  static {
    brand(this, 'KeyLoadError');
  }
}

/**
 * An event cannot be sealed: `ERR_EVENT_DIGEST`, `ERR_EVENT_KIND`, `ERR_EVENT_RESERVED`, `ERR_JSON_SYNTAX`,
 * `ERR_JSON_DUPLICATE_KEY`.
 */
export class SigningError extends SealwrightError {
  /** Place of the refused value in the event, such as `payload.args_sha256`; absent at the top. */
  declare readonly path?: string;

  /** Whether `error` is a `SigningError`, of this or another copy of the package. */
  static override is(error: unknown): error is SigningError {
    return brandOf(error) === 'SigningError';
  }

  static {
    brand(this, 'SigningError');
  }
}

/** A ledger, session or head store could not be opened, read or written. */
export class LedgerError extends SealwrightError {
  /** Of a record: what became of it. */
  declare readonly outcome?: Outcome;
  /** The system's name of what it refused with, such as `ENOSPC`. */
  declare readonly osCode?: string;
  /** What was found, when a ledger was verified before it was opened or imported, and refused. */
  declare readonly report?: ChainReport;

  /** Whether `error` is a `LedgerError`, of this or another copy of the package. */
  static override is(error: unknown): error is LedgerError {
    return brandOf(error) === 'LedgerError';
  }

  static {
    brand(this, 'LedgerError');
  }
}

/**
 * A ledger could not be checked to its end: `ERR_LEDGER_MALFORMED`, `ERR_LINE_TOO_LONG` or `ERR_DEPTH_EXCEEDED`. To
 * verification a ledger that is proven broken is not an error but a {@link ChainReport} with `ok: false`; who reads
 * events is stopped by it: `ERR_CHAIN_BROKEN`.
 */
export class ChainError extends SealwrightError {
  /** Line where checking stopped, from 1. */
  declare readonly line?: number;
  /** Offset of that line's first byte, from 0. */
  declare readonly byteOffset?: number;
  /** What was found in the lines before. */
  declare readonly report?: ChainReport;

  /** Whether `error` is a `ChainError`, of this or another copy of the package. */
  static override is(error: unknown): error is ChainError {
    return brandOf(error) === 'ChainError';
  }

  static {
    brand(this, 'ChainError');
  }
}

/**
 * A signed note, checkpoint, policy or proof cannot be read or made. To verification one that does not hold is no error but
 * a report with problems.
 */
export class ProofError extends SealwrightError {
  /** The system's name of what it refused with, such as `EACCES`. */
  declare readonly osCode?: string;
  /** Of `cosign`, when there is no quorum: what each witness said, and evidence of a fork if there is any. */
  declare readonly cosigning?: Cosigning;

  /** Whether `error` is a `ProofError`, of this or another copy of the package. */
  static override is(error: unknown): error is ProofError {
    return brandOf(error) === 'ProofError';
  }

  static {
    brand(this, 'ProofError');
  }
}

/**
 * A file of tokens, an issuer's key or a list of revocations cannot be read, believed or written: `ERR_TOKEN_*`. A token
 * that does not hold is no error to verification, and one that could not be signed is none to issuing.
 */
export class TokenError extends SealwrightError {
  /** The system's name of what it refused with, such as `EACCES`. */
  declare readonly osCode?: string;

  /** Whether `error` is a `TokenError`, of this or another copy of the package. */
  static override is(error: unknown): error is TokenError {
    return brandOf(error) === 'TokenError';
  }

  static {
    brand(this, 'TokenError');
  }
}

/**
 * This build does not compute the hashes and signatures that the format says: `ERR_SELF_TEST`. Every operation that
 * hashes throws it; nothing was read or written.
 */
export class SelfTestError extends SealwrightError {
  /** Whether `error` is a `SelfTestError`, of this or another copy of the package. */
  static override is(error: unknown): error is SelfTestError {
    return brandOf(error) === 'SelfTestError';
  }

  static {
    brand(this, 'SelfTestError');
  }
}

/** An argument, event field or JSON value of a wrong type. */
export class SealwrightTypeError extends TypeError {
  /** Stable; branch on this. */
  readonly code: ErrorCode;
  /** Place of the refused value in JSON, such as `payload.args_redacted.items[3].price`; absent at the top. */
  declare readonly path?: string;

  constructor(code: ErrorCode, message: string, path?: string) {
    super(message);
    this.code = code;
    if (path) this.path = path;
  }

  static {
    brand(this, 'SealwrightTypeError', 'TypeError');
  }
}

/** A number, depth or length out of its range. */
export class SealwrightRangeError extends RangeError {
  /** Stable; branch on this. */
  readonly code: ErrorCode;
  /** Place of the refused value in JSON, such as `payload.args_redacted.items[3].price`; absent at the top. */
  declare readonly path?: string;

  constructor(code: ErrorCode, message: string, path?: string) {
    super(message);
    this.code = code;
    if (path) this.path = path;
  }

  static {
    brand(this, 'SealwrightRangeError', 'RangeError');
  }
}

/** A number that not every language reads as the same value, in what is committed to; `path` says where. */
export class UnsafeNumberError extends SealwrightRangeError {}

/** Whether this package made an error, of whichever class. */
export function isSealwrightError(error: unknown): error is Error & { readonly code: ErrorCode } {
  return brandOf(error) !== undefined;
}

/**
 * Whether the native side asks for something that no caller sees: `ABORTED`, the caller's signal was heard; `RETRY`,
 * the ledger changed between looking at it and opening it.
 */
export function isRequest(error: unknown, request: 'ABORTED' | 'RETRY'): boolean {
  return SealwrightError.is(error) && (error.code as string) === request;
}

/** Runs a native call; its failure is thrown as a typed error. */
export function wrap<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw pointAtCaller(typedError(error));
  }
}

/** Awaits a native call; its failure is thrown as a typed error. */
export async function wrapAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw typedError(error);
  }
}

/** Whether a native call's result is the text of a failure. */
export function isFailure(text: string): boolean {
  return text.startsWith('!');
}

/** The code of a failure's text; null when it is none. */
export function failureCode(text: string): ErrorCode | null {
  return parseFailure(text)?.code ?? null;
}

/** The typed error of a failure's text (`!` and JSON). Any other text is a defect of the native side. */
export function errorFromText(text: string, cause?: unknown): Error {
  const failure = parseFailure(text);
  if (failure === undefined) {
    return new SealwrightError('ERR_INTERNAL', `internal error: ${text}`, { cause });
  }
  const { kind, code, message, path } = failure;
  switch (kind) {
    case 'type':
      return new SealwrightTypeError(code, message, path);
    case 'range':
      if (code === 'ERR_UNSAFE_NUMBER') return new UnsafeNumberError(code, message, path);
      return new SealwrightRangeError(code, message, path);
    case 'key':
      return withDetails(new KeyLoadError(code, message), { osCode: failure.osCode });
    case 'signing':
      return withDetails(new SigningError(code, message), { path: path || undefined });
    case 'ledger':
      return ledgerErrorOf(failure);
    case 'chain':
      return withDetails(new ChainError(code, message), {
        line: failure.line,
        byteOffset: failure.byteOffset,
        report: reportOf(failure),
      });
    case 'proof':
      return withDetails(new ProofError(code, message), { osCode: failure.osCode });
    case 'token':
      return tokenError(code, message, failure.osCode);
    case 'self-test':
      return new SelfTestError(code, message);
    default:
      // A contained defect in the writer: the record says what became of it.
      return failure.outcome === undefined ? new SealwrightError(code, message) : ledgerErrorOf(failure);
  }
}

/** A {@link LedgerError} made on this side of the seam. */
export function ledgerError(code: ErrorCode, message: string, details: LedgerErrorDetails = {}): LedgerError {
  const { cause, ...rest } = details;
  return withDetails(new LedgerError(code, message, cause === undefined ? undefined : { cause }), rest);
}

/** The {@link ProofError} of a checkpoint that too few witnesses cosigned. */
export function quorumMissing(message: string, cosigning: Cosigning): ProofError {
  return withDetails(new ProofError('ERR_QUORUM_MISSING', message), { cosigning });
}

/** A {@link TokenError}. */
export function tokenError(code: ErrorCode, message: string, osCode?: string): TokenError {
  return withDetails(new TokenError(code, message), { osCode });
}

/** A {@link ChainError} made on this side of the seam. */
export function chainError(code: ErrorCode, message: string, details: Partial<ChainErrorDetails>): ChainError {
  return withDetails(new ChainError(code, message), { ...details });
}

/** The text of whatever a caller's code threw. */
export function textOfThrown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return 'a value that has no text';
  }
}

interface ChainErrorDetails {
  readonly line: number | null;
  readonly byteOffset: number;
  readonly report: ChainReport;
}

interface LedgerErrorDetails {
  readonly cause?: unknown;
  readonly outcome?: Outcome;
  readonly osCode?: string | undefined;
}

interface Failure {
  readonly kind: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly path?: string;
  readonly outcome?: Outcome;
  readonly osCode?: string;
  readonly line?: number;
  readonly byteOffset?: number;
  readonly report?: ReportJson;
}

const FAMILY: ReadonlySet<unknown> = new Set([
  'SealwrightError',
  'KeyLoadError',
  'SigningError',
  'LedgerError',
  'ChainError',
  'ProofError',
  'TokenError',
  'SelfTestError',
]);

function brand(errorClass: { readonly prototype: Error }, brandName: string, name = brandName): void {
  Object.defineProperty(errorClass.prototype, BRAND, { value: brandName });
  Object.defineProperty(errorClass.prototype, 'name', { value: name, writable: true, configurable: true });
}

function brandOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? (error as { [BRAND]?: unknown })[BRAND] : undefined;
}

function typedError(error: unknown): Error {
  return errorFromText(error instanceof Error ? error.message : String(error), error);
}

/** The frames of this file say nothing to the caller. */
function pointAtCaller(error: Error): Error {
  Error.captureStackTrace(error, wrap);
  return error;
}

function parseFailure(text: string): Failure | undefined {
  if (!isFailure(text)) return undefined;
  try {
    return JSON.parse(text.slice(1)) as Failure;
  } catch {
    return undefined;
  }
}

function ledgerErrorOf(failure: Failure): LedgerError {
  const { code, message, outcome, osCode } = failure;
  return withDetails(new LedgerError(code, message), { outcome, osCode, report: reportOf(failure) });
}

function reportOf(failure: Failure): ChainReport | undefined {
  return failure.report === undefined ? undefined : new ChainReport(failure.report);
}

/** Sets the details that are known; an unknown one is absent, not `undefined`. */
function withDetails<E extends Error>(error: E, details: Readonly<Record<string, unknown>>): E {
  for (const [name, value] of Object.entries(details)) {
    if (value !== undefined) Object.assign(error, { [name]: value });
  }
  return error;
}
