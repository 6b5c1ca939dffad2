/*
 * The options of a session, and what they must be.
 */

import type { NativeKey, NativeOpenOptions, NativeRotation, NativeSigner } from '../index.js';
import { checkInteger, checkOneOf, checkOptions, checkSignal, checkString, invalidArgument, type PathLike } from './args.js';
import { ledgerError } from './errors.js';
import { type CustomHeadStore, type HeadStoreOption, type ResolvedHeadStore, resolveHeadStore } from './headstore.js';
import { type PublishOptions, type PublishPlan, publishPlanOf } from './checkpoints.js';
import { MAX_HEARTBEAT_MS, MIN_HEARTBEAT_MS } from './heartbeat.js';
import { nativeKeyOf, SigningKeypair } from './keys.js';
import { toPath } from './paths.js';
import { resolveSigner, type ScriptSigner, type Signatures, type Signer, type SocketSigner } from './signer.js';

/**
 * Options of {@link Session.open}. Lock, queue, recovery, rotation and head store belong to the writer that all sessions
 * of a ledger in this process share: opening it again with another `headStore`, `rotate`, `tornTail` or `maxQueueBytes`
 * is `ERR_SESSION_OPTIONS`.
 */
export interface SessionOptions {
  /** The key that signs; this, `signer` or `evolvingKey`. A ledger last signed by another key is `ERR_SIGNER_MISMATCH`. */
  readonly keypair?: SigningKeypair | undefined;
  /**
   * Who signs where the key is not in this process. Sessions of one ledger may each bring a signer of the same key: that
   * of the session which is open longest signs for all.
   */
  readonly signer?: Signer | SocketSigner | undefined;
  /**
   * How long `signer` may take for one signature, or an agent for a group: milliseconds, 1 to 2^32-1. Default 30,000.
   * Beyond, the records of the group are `ERR_SIGNER_TIMEOUT`.
   */
  readonly signTimeoutMs?: number | undefined;
  /**
   * File of a key of this ledger's own that changes with every segment, made when there is none. The last event of a full
   * segment hands over to a fresh key (`KeyRotated`); that takes the file, and the one before is destroyed, on disk and in
   * memory. Who steals the key of today can then not forge last month. Auditors pin the first key: note
   * {@link Session.publicKeyHex} when the ledger is made. Takes `rotate` and `events: 'extended'`.
   */
  readonly evolvingKey?: PathLike | undefined;
  /** The ledger file; made, mode 0600 with its folders, when there is none. */
  readonly ledgerPath: PathLike;
  /** Names the conversation or run. Metadata: the file is the chain. */
  readonly sessionId: string;
  /** Where the head is kept apart from the ledger, so that a cut or replaced ledger is noticed. Default none. */
  readonly headStore?: HeadStoreOption | undefined;
  /**
   * `'tail'` (default) checks the last 1 MiB, `'all'` verifies the whole ledger first; a broken one is
   * `ERR_LEDGER_TAMPERED` with a `report`.
   */
  readonly verifyOnOpen?: 'tail' | 'all' | undefined;
  /**
   * A tail left by a crash is copied beside the ledger and cut off (`'quarantine'`, default; see
   * {@link Session.recovery}) or refused (`'error'`: `ERR_TORN_TAIL`).
   */
  readonly tornTail?: 'quarantine' | 'error' | undefined;
  /** `'core'` (default) records the seven core kinds only, `'extended'` every kind. */
  readonly events?: 'core' | 'extended' | undefined;
  /**
   * When the ledger goes on in a new file. The full one is sealed: it is named `ledger.<first>-<last>.ndjson` by the seqs
   * of its first and last event, and never written again; the ledger's path names the new one. Default: never.
   */
  readonly rotate?: RotateOptions | undefined;
  /**
   * Records a `Heartbeat` whenever nothing was recorded in the ledger for so many milliseconds, 1,000 to 2^31-1: what is
   * cut off a quiet ledger is then missed. Its timer does not keep the process alive; a failure shows on
   * {@link Session.heartbeatError}. Takes `events: 'extended'`. Default: never.
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Signs checkpoints, see {@link Session.checkpoint}, and publishes them: after so many events, after some time, and by
   * `close()`, which waits for it. One that could not be published shows on {@link Session.checkpointError}; the next one says
   * all that it did. Recording does not wait. `closeSync()`, and what ends the process before, publish nothing. Default: never.
   */
  readonly checkpoint?: PublishOptions | undefined;
  /** How long to wait for another process that has the ledger open: milliseconds, 0 to 2^32-1. Default 0. */
  readonly lockTimeoutMs?: number | undefined;
  /** Bytes of events that may be queued, from 1. Default 64 MiB. Beyond, `record` is `ERR_BACKPRESSURE`. */
  readonly maxQueueBytes?: number | undefined;
}

/** Options of {@link Session.restore}; `events` must be `'extended'`. */
export interface RestoreOptions extends SessionOptions {
  /** What knows the head that was lost, and is put back with the ledger. */
  readonly headStore: HeadStoreOption;
  /** Why the ledger was put back: what stands in `LedgerRestored`. */
  readonly reason: string;
}

/**
 * When a file is full; at least one limit, each from 1. A file stays within them, unless the events of one
 * {@link Session.recordMany}, which stay together, or one event are more alone.
 */
export interface RotateOptions {
  /** Bytes of a file. */
  readonly maxBytes?: number | undefined;
  /** Events in a file. */
  readonly maxEvents?: number | undefined;
  /** Milliseconds since its first event, by the system clock. Nothing happens before the next event. */
  readonly maxAgeMs?: number | undefined;
}

/** Options of {@link Session.record} and {@link Session.recordMany}. */
export interface RecordOptions {
  /** Takes the record back while it is queued; once the writer has taken it the signal is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Session.checkpoint}. */
export interface CheckpointOptions {
  /**
   * Which log this is, to whoever trusts its checkpoints: a host and a path without a scheme, such as `example.com/ledger`. It
   * has no need to lead anywhere.
   */
  readonly origin: string;
  /**
   * Who signs. Default: the `keypair` that the session was opened with. Give checkpoints a key of their own if that of the
   * ledger changes.
   */
  readonly keypair?: SigningKeypair | undefined;
}

/** Options of {@link Session.rotateKey} to a signer. */
export interface RotateKeyOptions {
  /** How long the new signer may take, as {@link SessionOptions.signTimeoutMs}. Default 30,000. */
  readonly signTimeoutMs?: number | undefined;
}

const OPTIONS = [
  'keypair',
  'signer',
  'signTimeoutMs',
  'ledgerPath',
  'sessionId',
  'evolvingKey',
  'headStore',
  'rotate',
  'verifyOnOpen',
  'tornTail',
  'events',
  'heartbeatMs',
  'checkpoint',
  'lockTimeoutMs',
  'maxQueueBytes',
] as const;

type Option = (typeof OPTIONS)[number];

const MAX_TIMEOUT_MS = 0xffff_ffff;
/** How long a signer may take when the caller does not say. */
const SIGN_TIMEOUT_MS = 30_000;

/** Checked options. */
export interface Plan {
  readonly key: NativeKey | null;
  readonly signer: ScriptSigner | undefined;
  readonly heartbeatMs: number | undefined;
  readonly publish: PublishPlan | undefined;
  readonly checkpoint: CheckpointPlan | undefined;
  readonly sessionId: string;
  readonly options: NativeOpenOptions;
  readonly store: ResolvedHeadStore;
  readonly custom: CustomHeadStore | undefined;
}

/** @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`, and what head store and signer throw */
export function planOf(value: unknown, where: string): Plan {
  const given = checkOptions(value, OPTIONS, where);
  const { events = 'core', verifyOnOpen = 'tail', lockTimeoutMs = 0 } = given;
  const signatory = signatoryOf(given);
  const { store, wait } = resolveHeadStore(given.headStore);
  const published = given.checkpoint === undefined ? undefined : publishPlanOf(given.checkpoint);
  const options: NativeOpenOptions = {
    ledgerPath: toPath(given.ledgerPath, 'ledgerPath'),
    events: checkOneOf(events, 'events', ['core', 'extended']),
    verifyOnOpen: checkOneOf(verifyOnOpen, 'verifyOnOpen', ['tail', 'all']),
    lockTimeoutMs: checkInteger(lockTimeoutMs, 'lockTimeoutMs', 0, MAX_TIMEOUT_MS),
    headWait: wait,
  };
  if (given.maxQueueBytes !== undefined) {
    options.maxQueueBytes = checkInteger(given.maxQueueBytes, 'maxQueueBytes', 1);
  }
  if (given.rotate !== undefined) options.rotate = limitsOf(given.rotate);
  // Left out when not given: a further session takes what the ledger was opened with.
  if (given.tornTail !== undefined) {
    options.tornTail = checkOneOf(given.tornTail, 'tornTail', ['quarantine', 'error']);
  }
  if (given.evolvingKey !== undefined) options.evolvingKey = evolvingKeyOf(given.evolvingKey, options);
  if (signatory.native !== undefined) {
    options.signer = { ...signatory.native, number: 0, timeoutMs: timeoutOf(given.signTimeoutMs) };
  } else if (given.signTimeoutMs !== undefined) {
    throw invalidArgument('signTimeoutMs is given, and no signer that it would hold for');
  }
  return {
    key: signatory.key,
    signer: signatory.script,
    heartbeatMs: heartbeatOf(given.heartbeatMs, options.events),
    publish: published?.plan,
    checkpoint: published && checkpointOf(published.options, signatory.key),
    sessionId: checkString(given.sessionId, 'sessionId'),
    options,
    store,
    custom: store.kind === 'custom' ? store : undefined,
  };
}

/** The plan of a restoration. @throws as {@link planOf} */
export function restorationOf(value: unknown): Plan {
  const where = 'Session.restore';
  const { reason, ...given } = checkOptions(value, [...OPTIONS, 'reason'], where);
  if (checkString(reason, 'reason') === '') throw invalidArgument('reason says why the ledger was put back, found ""');
  const plan = planOf(given, where);
  if (plan.store.kind === 'none') throw invalidArgument('headStore is missing: only it knows what was lost');
  if (plan.custom !== undefined && typeof plan.custom.store.reset !== 'function') {
    throw invalidArgument('headStore must have a reset: it is put back with the ledger');
  }
  return { ...plan, options: { ...plan.options, restore: reason as string } };
}

function heartbeatOf(value: unknown, events: string): number | undefined {
  if (value === undefined) return undefined;
  const heartbeatMs = checkInteger(value, 'heartbeatMs', MIN_HEARTBEAT_MS, MAX_HEARTBEAT_MS);
  if (events === 'extended') return heartbeatMs;
  throw ledgerError('ERR_EVENT_SET', "a heartbeat is an extended kind: heartbeatMs takes events 'extended'");
}

function limitsOf(value: unknown): NativeRotation {
  const given = checkOptions(value, ['maxBytes', 'maxEvents', 'maxAgeMs'], 'rotate');
  const limits: NativeRotation = {};
  for (const name of ['maxBytes', 'maxEvents', 'maxAgeMs'] as const) {
    if (given[name] !== undefined) limits[name] = checkInteger(given[name], `rotate.${name}`, 1);
  }
  if (Object.keys(limits).length === 0) throw invalidArgument('rotate needs maxBytes, maxEvents or maxAgeMs');
  return limits;
}

/** Who signs; of a signer what the native side is told, and what of it is called here. */
interface Signatory {
  readonly key: NativeKey | null;
  readonly native?: Omit<NativeSigner, 'timeoutMs' | 'number'>;
  readonly script?: ScriptSigner;
}

/** Who a ledger is handed over to. */
export interface Successor {
  readonly key: NativeKey | null;
  readonly signer: NativeSigner | null;
}

/**
 * The arguments of a rotation of keys; a signer is added to those that may be asked.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`, RangeError `ERR_OUT_OF_RANGE`
 */
export function successorOf(to: unknown, options: unknown, signatures: Signatures): Successor {
  const { signTimeoutMs } = checkOptions(options, ['signTimeoutMs'], 'session.rotateKey');
  if (to instanceof SigningKeypair) {
    if (signTimeoutMs !== undefined) throw invalidArgument('signTimeoutMs is given, and no signer that it would hold for');
    return { key: nativeKeyOf(to, 'to'), signer: null };
  }
  const timeoutMs = timeoutOf(signTimeoutMs);
  const resolved = resolveSigner(to, 'to must be a SigningKeypair, an object');
  if ('socketPath' in resolved) return { key: null, signer: { ...resolved, number: 0, timeoutMs } };
  return { key: null, signer: { publicKey: resolved.publicKey, number: signatures.add(resolved), timeoutMs } };
}

/** What a checkpoint is signed with. */
export interface CheckpointPlan {
  readonly origin: string;
  readonly key: NativeKey;
}

/** @throws TypeError `ERR_INVALID_ARGUMENT` */
export function checkpointOf(options: unknown, ofSession: NativeKey | null): CheckpointPlan {
  const { origin, keypair } = checkOptions(options, ['origin', 'keypair'], 'session.checkpoint');
  const key = keypair === undefined ? ofSession : nativeKeyOf(keypair, 'keypair');
  if (key === null) throw invalidArgument('keypair is missing: the session has a signer, which signs events only');
  return { origin: checkString(origin, 'origin'), key };
}

function timeoutOf(value: unknown = SIGN_TIMEOUT_MS): number {
  return checkInteger(value, 'signTimeoutMs', 1, MAX_TIMEOUT_MS);
}

/** A key, a signer or a key that evolves, and exactly one of them. */
function signatoryOf({ keypair, signer, evolvingKey }: Partial<Record<Option, unknown>>): Signatory {
  const given = [keypair, signer, evolvingKey].filter((value) => value !== undefined);
  if (given.length > 1) throw invalidArgument('a session is given one of keypair, signer and evolvingKey, found several');
  if (evolvingKey !== undefined) return { key: null };
  if (signer === undefined) return { key: nativeKeyOf(keypair, 'keypair') };
  const resolved = resolveSigner(signer);
  if ('socketPath' in resolved) return { key: null, native: resolved };
  return { key: null, native: { publicKey: resolved.publicKey }, script: resolved };
}

function evolvingKeyOf(value: unknown, { events, rotate }: NativeOpenOptions): string {
  const path = toPath(value, 'evolvingKey');
  if (rotate === undefined) throw invalidArgument('evolvingKey changes with every segment: it takes rotate');
  if (events === 'extended') return path;
  throw ledgerError('ERR_EVENT_SET', "a key is handed over with an extended kind: evolvingKey takes events 'extended'");
}

/** The signal of a record. One that has fired already ends the record before it begins. */
export function signalOf(options: unknown, where: string): AbortSignal | undefined {
  if (options === undefined) return undefined;
  const signal = checkSignal(checkOptions(options, ['signal'], `session.${where}`).signal, 'signal');
  signal?.throwIfAborted();
  return signal;
}
