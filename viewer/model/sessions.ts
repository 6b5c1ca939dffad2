/*
 * Which events are of which session. Only three kinds name one; any other event is of the session that is open, if there is
 * exactly one. One that a younger session has outlived counts as open no more for that: a crash may have left it.
 *
 *   SessionStarted   begins the session of its id, unless that is open
 *   Heartbeat        says that the session of its id is open: it began where nobody reads, if not here
 *   SessionSealed    ends the session of its id
 *   SessionEnded     has no id: it ends the session that began last of those that are open. Others that name it may still follow
 *
 * An id that comes again after its end is another session. Ids are told apart by their first 256 characters.
 */

import { beginningOf, type Fields, textOf } from './fields.js';
import type { Session } from './model.js';

type Mutable = { -readonly [Name in keyof Session]: Session[Name] };

export class Sessions {
  readonly list: Mutable[] = [];
  readonly #open = new Map<string, number>();
  /** Places of those that ended by an event without an id, by theirs. */
  readonly #unsealed = new Map<string, number>();
  /** Places in the order in which sessions began; those that have ended are taken out when they are come upon. */
  readonly #begun: number[] = [];
  /** The row with which the youngest session that has ended began: those that began before it were outlived. */
  #outlivedBefore = -1;

  /** Places of those that are open, in the order in which they began. */
  get open(): IterableIterator<number> {
    return this.#open.values();
  }

  /** The session of an event: its place, or -1. */
  follow(row: number, fields: Fields): number {
    const place = this.#placeOf(row, fields);
    const session = this.list[place];
    if (session === undefined) return -1;
    session.last = row;
    if (fields.kind === 'SessionEnded') this.#unsealed.set(session.id, place);
    if (fields.kind === 'SessionSealed' || fields.kind === 'SessionEnded') this.#end(session);
    return place;
  }

  #end(session: Mutable): void {
    session.ended = true;
    this.#open.delete(session.id);
    this.#outlivedBefore = Math.max(this.#outlivedBefore, session.first);
  }

  #placeOf(row: number, { kind, payload }: Fields): number {
    if (kind === 'SessionEnded') return this.#youngest(0);
    if (!NAMING.has(kind)) return this.#only();
    const id = beginningOf(textOf(payload, 'session_id'), MOST_OF_ID);
    const agent = beginningOf(textOf(payload, 'agent_id'), MOST_OF_AGENT);
    const known = this.#open.get(id) ?? (kind === 'SessionStarted' ? undefined : this.#unsealed.get(id));
    if (kind !== 'Heartbeat') this.#unsealed.delete(id);
    if (known !== undefined) return known;
    this.list.push({ id, agent, first: row, last: row, ended: false });
    this.#open.set(id, this.list.length - 1);
    this.#begun.push(this.list.length - 1);
    return this.list.length - 1;
  }

  #only(): number {
    const isCounted = (place: number) => (this.list[place]?.first ?? -1) > this.#outlivedBefore;
    const [place, other] = [this.#youngest(0), this.#youngest(1)];
    return isCounted(place) && !isCounted(other) ? place : -1;
  }

  /** The open session before which so many younger ones are open; -1. */
  #youngest(younger: number): number {
    for (;;) {
      const at = this.#begun.length - 1 - younger;
      const place = this.#begun[at];
      if (place === undefined) return -1;
      if (this.list[place]?.ended !== true) return place;
      this.#begun.splice(at, 1);
    }
  }
}

const NAMING: ReadonlySet<string> = new Set(['SessionStarted', 'SessionSealed', 'Heartbeat']);
const MOST_OF_ID = 256;
const MOST_OF_AGENT = 80;
