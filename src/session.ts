/*
 * Session: recording in a ledger.
 *
 * Every session of one ledger in this process is a handle on one writer, which seals, appends and syncs in groups. A
 * record settles after the sync that covers its bytes.
 */

import { setTimeout } from 'node:timers/promises';
import type { NativeKey, NativeRecorded, NativeSession } from '../index.js';
import { invalidArgument, show } from './args.js';
import { Publisher, type Source } from './checkpoints.js';
import { recordsAreWatched, tellOfGroup } from './diagnostics.js';
import { errorFromText, failureCode, isFailure, ledgerError, wrap, wrapAsync } from './errors.js';
import { type EventInput, textOfEvent } from './events.js';
import { drainAtExit } from './exit.js';
import { Heartbeat, type Pulse } from './heartbeat.js';
import type { SigningKeypair } from './keys.js';
import { native } from './native.js';
import { type Pending, type Settlement, WITHDRAWN } from './pending.js';
import { pruneLimitsOf, type Pruned, type PruneOptions } from './prune.js';
import type { Head, SeqRange } from './report.js';
import { type Opened, openWriter, openWriterSync } from './session-opening.js';
import {
  type CheckpointOptions,
  checkpointOf,
  type CheckpointPlan,
  type Plan,
  planOf,
  type RecordOptions,
  type RestoreOptions,
  type RotateKeyOptions,
  restorationOf,
  type SessionOptions,
  signalOf,
  successorOf,
} from './session-options.js';
import { type SignedEvent, signedEventFromLine } from './signed-event.js';
import type { Signer, SocketSigner } from './signer.js';

/** What was found and mended when the ledger was opened. */
export interface Recovery {
  /** Bytes at the end that a crash left: where they began, how many, lines in them, why, and where they are kept. */
  readonly tail: {
    readonly offset: number;
    readonly bytes: number;
    readonly lines: number;
    readonly reason: 'unterminated' | 'hole';
    readonly path: string;
  } | null;
  /**
   * Events, by first and last seq, that are in the ledger though no caller was told that they are durable, as far as
   * this process, or a head store with `wait: true`, knows. A store that failed for a while knows too little: it then
   * names events that were acknowledged too.
   */
  readonly unacknowledged: { readonly from: number; readonly to: number } | null;
}

/** Whether a value is one: what only inherits from one, or stands for one, has no state. */
export let isSession: (value: unknown) => value is Session;

/**
 * A session of a ledger. Records are sealed in the order of the calls; any number may be in flight.
 *
 * Records in flight keep the process alive, an idle session does not. A session that is no longer referenced is
 * closed when it is collected; close it yourself to release the ledger at a known time.
 */
export class Session {
  /** As given when it was opened. */
  readonly sessionId: string;
  readonly #native: NativeSession;
  readonly #pending: Pending;
  readonly #key: NativeKey | null;
  readonly #ledgerPath: string;
  /** Signals of records in flight. */
  readonly #signals = new Map<AbortSignal, { readonly ids: Set<number>; readonly withdraw: () => void }>();
  #lastId = 0;
  #inFlight = 0;
  /** UTF-16 units of records that the writer was not woken for. */
  #unannounced = 0;
  #closed = false;
  #closing: Promise<void> | undefined;
  #ending: Promise<SignedEvent> | undefined;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #publisher: Publisher | undefined;
  /** What the publisher asks, for as long as someone holds the session. */
  readonly #source: Source | undefined;
  /** What the heartbeat feels, for as long as someone holds the session. */
  readonly #pulse: Pulse = {
    quietMs: () => wrap(() => this.#native.quietMs),
    beat: (intervalMs) => this.#hold((id) => this.#native.beat(id, this.sessionId, intervalMs)),
  };

  private constructor(plan: Plan, { writer, pending }: Opened) {
    this.sessionId = plan.sessionId;
    this.#native = writer;
    this.#pending = pending;
    this.#key = plan.key;
    this.#ledgerPath = plan.options.ledgerPath;
    this.#heartbeat = plan.heartbeatMs === undefined ? undefined : new Heartbeat(this.#pulse, plan.heartbeatMs);
    const { publish, checkpoint } = plan;
    if (publish !== undefined && checkpoint !== undefined) {
      this.#source = { path: this.#ledgerPath, size: () => (this.head?.seq ?? -1) + 1, sign: () => this.#sign(checkpoint) };
      this.#publisher = new Publisher(this.#source, publish);
    }
    drainAtExit();
  }

  /**
   * Opens a ledger for recording, or makes it. Its end is checked, and mended if a crash left it torn; nothing is
   * appended.
   *
   * @throws {@link LedgerError} `ERR_LEDGER_LOCKED` (another process has it), `ERR_LEDGER_TAMPERED`,
   * `ERR_ROLLBACK_DETECTED`, `ERR_SIGNER_MISMATCH`, `ERR_EVENT_SET`, `ERR_TORN_TAIL`, `ERR_SESSION_OPTIONS`,
   * `ERR_HEAD_STORE`, `ERR_LEDGER_NOT_A_FILE`, `ERR_LEDGER_NOT_FOUND` (dangling symlink), `ERR_LEDGER_SEALED`,
   * `ERR_SEGMENT_MISSING`, `ERR_SEGMENT_REFUSED`, `ERR_LEDGER_IO`; with an agent `ERR_SIGNER_FAILED`,
   * `ERR_SIGNER_TIMEOUT`, `ERR_SIGNER_REFUSED`, `ERR_SIGNATURE_INVALID`;
   * TypeError `ERR_INVALID_ARGUMENT`; RangeError `ERR_OUT_OF_RANGE`
   */
  static async open(options: SessionOptions): Promise<Session> {
    const plan = planOf(options, 'Session.open');
    return new Session(plan, await openWriter(plan));
  }

  /**
   * Opens a ledger that was put back to an earlier state on purpose, such as from a backup, where {@link Session.open} says
   * `ERR_ROLLBACK_DETECTED` because it ends before the head that the head store knows. Records `LedgerRestored` with that
   * head and the reason, and puts the head store back to it. If it fails in between, the next call completes it.
   *
   * The ledger must otherwise be the one that the store knows, and be signed with this keypair at its end: a key that it was
   * handed over to in what is lost does not open it.
   *
   * @throws as {@link Session.open}, and {@link LedgerError} `ERR_NOT_ROLLED_BACK` when there is nothing to restore
   */
  static async restore(options: RestoreOptions): Promise<Session> {
    const plan = restorationOf(options);
    return new Session(plan, await openWriter(plan));
  }

  /**
   * {@link Session.open} at once, blocking this thread. A head store that answers with a promise is refused:
   * `ERR_SESSION_OPTIONS`.
   */
  static openSync(options: SessionOptions): Session {
    const plan = planOf(options, 'Session.openSync');
    return new Session(plan, openWriterSync(plan));
  }

  /**
   * Records an event; resolves when it is on stable storage. Never throws synchronously; the event is converted
   * before the call returns, so it may be changed afterwards.
   *
   * Rejects with {@link LedgerError} `ERR_BACKPRESSURE` (see {@link Session.ready}), `ERR_SESSION_CLOSED`,
   * `ERR_SESSION_POISONED` (reopen the ledger), `ERR_LEDGER_CHANGED`, `ERR_LEDGER_IO`, `ERR_EVENT_SET`, with a signer
   * `ERR_SIGNER_FAILED`, `ERR_SIGNER_TIMEOUT`, `ERR_SIGNER_REFUSED`, `ERR_SIGNATURE_INVALID`, with `outcome`;
   * TypeError, RangeError and {@link SigningError} as {@link events}; SigningError `ERR_EVENT_RESERVED` of a kind that only
   * the library writes; `signal.reason` when it was taken back.
   */
  async record(event: EventInput, options?: RecordOptions): Promise<SignedEvent> {
    const signal = signalOf(options, 'record');
    const text = textOfEvent(event);
    this.#checkOpen();
    const id = this.#nextId();
    wrap(() => this.#native.submit(id, text));
    this.#wakeSoon(text.length);
    return signedEventFromLine(this.#outcome(id, signal, await this.#settled(id, signal)));
  }

  /**
   * {@link Session.record} at once, blocking this thread until the event is on stable storage. With a signer, or a head
   * store that is waited for, of the caller's, which may need this thread, it is `ERR_SESSION_OPTIONS`.
   */
  recordSync(event: EventInput): SignedEvent {
    this.#checkOpen();
    const text = textOfEvent(event);
    if (!recordsAreWatched()) {
      const line = wrap(() => this.#native.recordSync(text));
      this.#publisher?.noticed();
      return signedEventFromLine(line);
    }
    return this.#heldSync(() => this.#native.recordSyncMeasured(text));
  }

  /**
   * Records events next to each other, with one sync. All or none as to errors; a crash may leave the first of them.
   *
   * Rejects as {@link Session.record}, and with {@link LedgerError} `ERR_BATCH_TOO_LARGE` beyond 1 MiB of lines.
   */
  async recordMany(events: readonly EventInput[], options?: RecordOptions): Promise<SignedEvent[]> {
    const signal = signalOf(options, 'recordMany');
    if (!Array.isArray(events)) throw invalidArgument(`recordMany takes an array of events, found ${show(events)}`);
    const texts = Array.from(events as readonly unknown[], (event, index) => textOfEvent(event, `[${index}]`));
    this.#checkOpen();
    const id = this.#nextId();
    wrap(() => this.#native.submitMany(id, texts));
    const lines = this.#outcome(id, signal, await this.#settled(id, signal));
    return lines === '' ? [] : lines.split('\n').map((line) => signedEventFromLine(line));
  }

  /**
   * Resolves when the queue has room for more. Others may wait too: a record after it can still be
   * `ERR_BACKPRESSURE`.
   */
  async ready(): Promise<void> {
    this.#checkOpen();
    if (wrap(() => this.#native.wantRoom())) return;
    this.#enter();
    try {
      await this.#pending.room();
    } finally {
      this.#leave();
    }
  }

  /**
   * Hands the ledger over to another key: records `KeyRotated`, sealed by the key in force and proven by the new one,
   * which seals every event behind it, those of other sessions too. The order of the calls decides, as among records.
   * From then on the ledger opens with the new key only, so save it before. If this fails, the key in force stays.
   *
   * A signer is asked for that proof, see {@link SignRequest}, once the records before this are written; behind the event all
   * holds that holds with {@link SessionOptions.signer}. Other sessions that go on when this one is closed still have it sign,
   * until one is opened that brings its own.
   *
   * An auditor goes on naming the key that the ledger began with: verification follows to the new one.
   *
   * Rejects as {@link Session.record}; `ERR_EVENT_SET` in a session that is not `events: 'extended'`; TypeError
   * `ERR_INVALID_ARGUMENT` when the ledger is signed with that key already, `ERR_PUBLIC_KEY` of a signer. With `outcome:
   * 'unknown'` the agent in force may have kept the event: the next record then comes behind it, signed by the new key.
   */
  async rotateKey(to: SigningKeypair | Signer | SocketSigner, options?: RotateKeyOptions): Promise<SignedEvent> {
    const { key, signer } = successorOf(to, options, this.#pending.signatures);
    this.#checkOpen();
    return this.#hold((id) => this.#native.rotateKey(id, key, signer));
  }

  /**
   * {@link Session.rotateKey} at once, blocking this thread until the event is on stable storage. To a signer of the
   * caller's, which may need this thread, it is `ERR_SESSION_OPTIONS`.
   */
  rotateKeySync(to: SigningKeypair | SocketSigner, options?: RotateKeyOptions): SignedEvent {
    const { key, signer } = successorOf(to, options, this.#pending.signatures);
    this.#checkOpen();
    return this.#heldSync(() => this.#native.rotateKeySync(key, signer));
  }

  /**
   * Signs a checkpoint: the size and root of the ledger's tree, as all that is on stable storage now makes it, for
   * `sealwright/proofs`. Resolves to a signed note (c2sp.org/tlog-checkpoint) when it is kept, on stable storage, in the folder
   * `<ledger>.tlog`. Nothing is recorded.
   *
   * One that is never published proves nothing: give it to somebody who keeps it. A ledger has one origin. A checkpoint that
   * contradicts the one before is not signed.
   *
   * Rejects with {@link ProofError} `ERR_CHECKPOINT_ORIGIN` (no origin, or another one than before),
   * `ERR_CHECKPOINT_CONFLICT` (the ledger does not go on from the last checkpoint), `ERR_PROOF_DIVERGED` (its file is not what
   * was recorded), `ERR_NOTE_MALFORMED`, `ERR_CHECKPOINT_MALFORMED` (what is kept as the last checkpoint is none), `ERR_TREE_IO`,
   * `ERR_TREE_MISSING` (events were pruned, and their hashes are gone); {@link LedgerError} and {@link ChainError} as {@link readEvents}, and
   * `ERR_SESSION_CLOSED`, `ERR_SESSION_POISONED`; TypeError `ERR_INVALID_ARGUMENT`.
   */
  async checkpoint(options: CheckpointOptions): Promise<string> {
    const plan = checkpointOf(options, this.#key);
    this.#checkOpen();
    return this.#sign(plan);
  }

  #sign({ origin, key }: CheckpointPlan): Promise<string> {
    return wrapAsync(() => native.signCheckpoint(this.#native, origin, key));
  }

  /**
   * Removes the oldest sealed segments, see {@link SessionOptions.rotate}: those to which all of the options applies. An
   * event that says what goes, `LedgerPruned`, is on stable storage before the first of them is removed; verification
   * then begins behind it. The newest segment always stays. Resolves with that event and the seqs of the events that are
   * gone, or with null if there is nothing to remove. Needs a session with `events: 'extended'`.
   *
   * Rejects as {@link Session.record}, and with {@link LedgerError} `ERR_SEGMENT_MISSING` when segments are missing of
   * which no event says that they were pruned; without `outcome` `ERR_LEDGER_IO` when the event is recorded and a segment
   * could not be removed, or `ERR_SESSION_CLOSED` when the session was closed meanwhile and it may be recorded: the next
   * call goes on.
   */
  async prune(options: PruneOptions): Promise<Pruned | null> {
    const limits = pruneLimitsOf(options);
    this.#checkOpen();
    const prunable = await wrapAsync(() => native.findPrunable(this.#native, limits));
    if (prunable === null) return null;
    const event = await this.#hold((id) => native.submitPrune(this.#native, id, prunable));
    await wrapAsync(() => native.removePruned(this.#native, prunable, event.toLine()));
    return { event, from: prunable.from, to: prunable.to };
  }

  /**
   * The events that {@link Session.prune} would remove with the same options, by their seqs; null if there is nothing to
   * remove. Nothing is changed. Rejects as {@link Session.prune}.
   */
  async findPrunable(options: PruneOptions): Promise<SeqRange | null> {
    const limits = pruneLimitsOf(options);
    this.#checkOpen();
    const prunable = await wrapAsync(() => native.findPrunable(this.#native, limits));
    return prunable === null ? null : { from: prunable.from, to: prunable.to };
  }

  /** Public key of who signs, 64 lower-case hex digits: of the keypair or signer, or of the one that the ledger was handed over to. */
  get publicKeyHex(): string {
    return wrap(() => this.#native.publicKeyHex);
  }

  /** The last durable event of the ledger, by any session of this process; null when it has none. */
  get head(): Head | null {
    return wrap(() => this.#native.head);
  }

  /** What was found and mended when the ledger was opened. */
  get recovery(): Recovery {
    return JSON.parse(wrap(() => this.#native.recovery)) as Recovery;
  }

  /** Text of the head store's last failure; null when it has the last head that it was told. */
  get headStoreError(): string | null {
    return wrap(() => this.#native.headStoreError);
  }

  /**
   * Why the ledger does not go on in a new file although {@link SessionOptions.rotate} says that its own is full; null
   * when it does. It then grows, and the next record tries again.
   */
  get rotateError(): string | null {
    return wrap(() => this.#native.rotateError);
  }

  /** Text of the last heartbeat's failure; null when it was recorded, or none was due. */
  get heartbeatError(): string | null {
    return this.#heartbeat?.error ?? null;
  }

  /**
   * Why the last checkpoint of {@link SessionOptions.checkpoint} was not signed, or which sinks did not take it; null when all
   * did, or none was due.
   */
  get checkpointError(): string | null {
    return this.#publisher?.error ?? null;
  }

  /**
   * Records `SessionSealed`, which says how many events this session has recorded and which was the last, and closes the
   * session. A report lists the sessions that began and have no such end. Records after the first call are
   * `ERR_SESSION_CLOSED`.
   *
   * Rejects as {@link Session.record}, with the session closed; and with it open when nothing was tried:
   * `ERR_EVENT_SET` in a session that is not `events: 'extended'`, `ERR_BACKPRESSURE`.
   */
  async end(): Promise<SignedEvent> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** {@link Session.end} at once, blocking this thread until the event is on stable storage. */
  endSync(): SignedEvent {
    this.#checkOpen();
    return this.#heldSync(() => {
      const ended = this.#native.endSync(this.sessionId);
      this.#shut();
      return ended;
    });
  }

  /**
   * Waits for the records of this session, then releases the ledger. Every call returns the same promise. Records
   * after the first call are `ERR_SESSION_CLOSED`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** {@link Session.close} at once, blocking this thread until what is queued is on stable storage. */
  closeSync(): void {
    wrap(() => this.#native.closeSync());
    this.#shut();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For `using`: waits, blocking this thread, for what is in flight. */
  [Symbol.dispose](): void {
    this.closeSync();
  }

  async #close(): Promise<void> {
    this.#shut();
    await this.#pending.idle();
    await this.#publisher?.finish();
    await wrapAsync(() => this.#native.close());
    // A store of the caller's answers on this thread; waiting for it natively would hold a thread that it may need.
    while (!this.#native.headStoreIsTold) await setTimeout(HEAD_POLL_MS);
  }

  /** Takes no records any more. */
  #shut(): void {
    this.#closed = true;
    this.#heartbeat?.stop();
    this.#publisher?.stop();
    this.#pending.giveRoom();
  }

  /** Throws at once where the session stays open. */
  #end(): Promise<SignedEvent> {
    this.#checkOpen();
    const ended = this.#hold((id) => this.#native.end(id, this.sessionId));
    const closed = this.close();
    return ended.finally(() => closed);
  }

  /** Submits what the writer makes an event of. Throws at once when it is refused. */
  #hold(submit: (id: number) => void): Promise<SignedEvent> {
    const id = this.#nextId();
    wrap(() => submit(id));
    return this.#settled(id, undefined).then((settled) => signedEventFromLine(this.#outcome(id, undefined, settled)));
  }

  #heldSync(hold: () => NativeRecorded): SignedEvent {
    const { result, measures } = wrap(hold);
    tellOfGroup({ ledgerPath: this.#ledgerPath, sessionId: this.sessionId }, 1, measures, failureCode(result));
    if (isFailure(result)) throw errorFromText(result);
    this.#publisher?.noticed();
    return signedEventFromLine(result);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /**
   * Wakes the writer when the code that runs now is done, so that records made next to each other become one group; and
   * at once when they are many, or large. It loses patience by itself when the code runs on for milliseconds.
   */
  #wakeSoon(length: number): void {
    if (this.#unannounced === 0) queueMicrotask(() => this.#wake());
    this.#unannounced += Math.max(length, USUAL_LENGTH);
    if (this.#unannounced >= WAKE_AFTER) this.#wake();
  }

  #wake(): void {
    if (this.#unannounced > 0) this.#native.wake();
    this.#unannounced = 0;
  }

  /** What becomes of a record that was submitted; it is in flight until {@link Session.#outcome}. */
  #settled(id: number, signal: AbortSignal | undefined): Promise<Settlement> {
    if (signal !== undefined) this.#watch(signal, id);
    this.#enter();
    return this.#pending.record(id);
  }

  /** The lines of a record, or why there are none. */
  #outcome(id: number, signal: AbortSignal | undefined, settlement: Settlement): string {
    this.#leave();
    if (signal !== undefined) this.#unwatch(signal, id);
    if (settlement === WITHDRAWN) throw signal?.reason;
    if (isFailure(settlement)) throw errorFromText(settlement);
    this.#publisher?.noticed();
    return settlement;
  }

  /** Takes a record back when its signal fires. Many records of one signal share one listener: Node warns of more. */
  #watch(signal: AbortSignal, id: number): void {
    const watched = this.#signals.get(signal);
    if (watched !== undefined) {
      watched.ids.add(id);
      return;
    }
    const ids = new Set([id]);
    const withdraw = () => {
      for (const taken of ids) if (this.#native.cancel(taken)) this.#pending.settle(taken, WITHDRAWN);
    };
    this.#signals.set(signal, { ids, withdraw });
    signal.addEventListener('abort', withdraw);
  }

  #unwatch(signal: AbortSignal, id: number): void {
    const watched = this.#signals.get(signal);
    watched?.ids.delete(id);
    if (watched?.ids.size !== 0) return;
    signal.removeEventListener('abort', watched.withdraw);
    this.#signals.delete(signal);
  }

  #checkOpen(): void {
    if (this.#closed) throw ledgerError('ERR_SESSION_CLOSED', 'the session is closed', { outcome: 'not-written' });
  }

  #enter(): void {
    this.#inFlight += 1;
    if (this.#inFlight === 1) this.#native.ref();
  }

  #leave(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#native.unref();
  }

  static {
    isSession = (value): value is Session => typeof value === 'object' && value !== null && #closing in value;
  }
}

/** UTF-16 units that an event is counted with at least. */
const USUAL_LENGTH = 1024;
/** UTF-16 units of one run of synchronous code that the writer lets pass before it is woken: 64 usual events. */
const WAKE_AFTER = 64 * USUAL_LENGTH;
/** How often a store of the caller's is looked at while a session closes. */
const HEAD_POLL_MS = 2;
