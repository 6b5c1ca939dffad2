/*
 * Which events are of which session. Only three kinds name one; any other event is of the session that is open, if there is
 * exactly one.
 *
 *   SessionStarted   begins the session of its id, unless that is open
 *   Heartbeat        says that the session of its id is open: it began where nobody reads, if not here
 *   SessionSealed    ends the session of its id
 *   SessionEnded     has no id: it ends the session that is open, if there is exactly one
 *
 * An id that comes again after its end is another session. Ids are told apart by their first 256 characters.
 */

import { beginningOf, type Fields, textOf } from './fields.js';
import type { Session } from './model.js';

type Mutable = { -readonly [Name in keyof Session]: Session[Name] };

export class Sessions {
  readonly list: Mutable[] = [];
  readonly #open = new Map<string, number>();

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
    if (fields.kind === 'SessionSealed' || fields.kind === 'SessionEnded') {
      session.ended = true;
      this.#open.delete(session.id);
    }
    return place;
  }

  #placeOf(row: number, { kind, payload }: Fields): number {
    if (!NAMING.has(kind)) return this.#only();
    const id = beginningOf(textOf(payload, 'session_id'), MOST_OF_ID);
    const agent = beginningOf(textOf(payload, 'agent_id'), MOST_OF_AGENT);
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    this.list.push({ id, agent, first: row, last: row, ended: false });
    this.#open.set(id, this.list.length - 1);
    return this.list.length - 1;
  }

  #only(): number {
    const [first] = this.#open.size === 1 ? this.#open.values() : [];
    return first ?? -1;
  }
}

const NAMING: ReadonlySet<string> = new Set(['SessionStarted', 'SessionSealed', 'Heartbeat']);
const MOST_OF_ID = 256;
const MOST_OF_AGENT = 80;
