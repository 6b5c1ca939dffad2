/*
 * What a session waits for from its writer thread: records to settle, room in the queue; and what that thread asks of a
 * signer or head store of the caller's.
 *
 * The native side holds the callback for as long as the native session lives. So nothing here may lead to the Session
 * or, strongly, to the native session: a session that is dropped could never be finalised. Nor may anything in the
 * callback throw: there is no caller to catch it.
 */

import { textOfThrown } from './errors.js';
import type { HeadStore } from './headstore.js';
import { native } from './native.js';
import { Signatures } from './signer.js';

/**
 * Called on this thread: records settled, room in the queue, a head to store or to put back, an event to sign, a handover
 * to endorse, or signatures that nobody waits for any more; with numbers and texts for each, and the measures of the group that was settled.
 */
export type NativeCallback = (
  kind: 'settled' | 'room' | 'head' | 'reset' | 'sign' | 'endorse' | 'stop',
  numbers: number[],
  texts: string[],
  measures: number[],
) => void;

/** Told of each group that was settled: how many records, the text of one, the group's measures. */
export type GroupListener = (records: number, text: string, measures: readonly number[]) => void;

/** A record that was taken back before the writer took it. */
export const WITHDRAWN: unique symbol = Symbol('withdrawn');

/** What a record settles with: the text of lines or of a failure, or {@link WITHDRAWN}. */
export type Settlement = string | typeof WITHDRAWN;

/** What one session waits for. */
export class Pending {
  /** Handed to the native side when the session is opened. */
  readonly callback: NativeCallback;
  /** Of the session's signers. */
  readonly signatures = new Signatures();
  readonly #records = new Map<number, (settlement: Settlement) => void>();
  /** Groups whose records are being settled, the first of them now. */
  readonly #groups: Group[] = [];
  #waitForRoom: (() => void)[] = [];
  #waitForIdle: (() => void)[] = [];

  constructor(store: HeadStore | undefined, tellOfGroup: GroupListener) {
    const { signatures } = this;
    this.callback = (kind, ids, results, measures) => {
      if (kind === 'settled') {
        tellOfGroup(ids.length, results[0] ?? '', measures);
        this.#groups.push({ ids, results, done: 0 });
        if (this.#groups.length === 1) this.#settleSome();
      } else if (kind === 'room') this.giveRoom();
      else if (kind === 'sign' || kind === 'endorse') void signatures.answer(kind, ids, results);
      else if (kind === 'stop') signatures.stop(ids);
      else if (store !== undefined) void this.#tell(store, kind, ids, results);
    };
  }

  /** Waits for a record. */
  record(id: number): Promise<Settlement> {
    return new Promise((resolve) => this.#records.set(id, resolve));
  }

  /** Settles a record, if it is still waited for. */
  settle(id: number, settlement: Settlement): void {
    this.#records.get(id)?.(settlement);
    this.#records.delete(id);
    if (this.#records.size > 0) return;
    const waiting = this.#waitForIdle;
    this.#waitForIdle = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves when no record is waited for. */
  idle(): Promise<void> {
    if (this.#records.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitForIdle.push(resolve));
  }

  /** Resolves when the queue has room again. */
  room(): Promise<void> {
    return new Promise((resolve) => this.#waitForRoom.push(resolve));
  }

  /** Lets everyone go who waits for room. */
  giveRoom(): void {
    const waiting = this.#waitForRoom;
    this.#waitForRoom = [];
    for (const resolve of waiting) resolve();
  }

  /** Settles so many records that others get their turn of the event loop soon, in the order they were recorded in. */
  #settleSome(): void {
    const [group] = this.#groups;
    if (group === undefined) return;
    const { ids, results } = group;
    const end = Math.min(group.done + SETTLED_AT_ONCE, ids.length);
    for (; group.done < end; group.done += 1) this.settle(ids[group.done] ?? 0, results[group.done] ?? '');
    if (end === ids.length) this.#groups.shift();
    if (this.#groups.length > 0) setImmediate(() => this.#settleSome());
  }

  /** Tells the caller's store a head, and the native side how that went. */
  async #tell(store: HeadStore, kind: 'head' | 'reset', [ticket = 0, seq = 0]: number[], [id = '', hash = '']: string[]): Promise<void> {
    let failure: string | null = null;
    try {
      if (kind === 'head') await store.set(id, { seq, hash });
      else if (store.reset === undefined) failure = 'the head store has no reset';
      else await store.reset(id, { seq, hash });
    } catch (error) {
      failure = textOfThrown(error);
    }
    native.headDone(ticket, failure);
  }
}

/** Records that are settled in one turn of the event loop: with what their callers do next, a millisecond or two. */
const SETTLED_AT_ONCE = 256;

/** Records that the writer has settled at once; so many are settled here. */
interface Group {
  readonly ids: readonly number[];
  readonly results: readonly string[];
  done: number;
}
