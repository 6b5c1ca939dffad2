/*
 * What an auditor asks about, gathered while lines are read.
 */

import { millisecondsBetween, type Time } from './fields.js';
import type { Coverage, Listed, Session } from './model.js';
import type { Pairs } from './pairs.js';

/** Jumps of the clock, and lines that cannot be read. */
export class Gaps {
  readonly clockJumps = new List<{ readonly row: number; readonly by: number }>();
  readonly unreadable = new List<{ readonly row: number }>();
  #time: Time | null = null;

  /** The time of the next event. */
  follow(row: number, time: Time): void {
    const by = this.#time === null ? 0 : millisecondsBetween(this.#time, time);
    if (by < 0 || by >= DAY) this.clockJumps.add({ row, by });
    this.#time = time;
  }
}

/** All of it, once every line was read. */
export function coverageOf(gaps: Gaps, sessions: readonly Session[], pairs: Pairs, pairOf: Int32Array): Coverage {
  const openSessions = new List<{ readonly session: number }>();
  for (const [session, { ended }] of sessions.entries()) {
    if (!ended) openSessions.add({ session });
  }
  const unpairedCalls = new List<{ readonly row: number; readonly is: 'call' | 'return' }>();
  for (const item of pairs.rows) {
    if (pairOf[item.row] === -1) unpairedCalls.add(item);
  }
  return {
    openSessions: openSessions.listed,
    unpairedCalls: unpairedCalls.listed,
    clockJumps: gaps.clockJumps.listed,
    unreadable: gaps.unreadable.listed,
  };
}

/** Items up to a bound, and how many there were. */
class List<Item> {
  readonly #items: Item[] = [];
  #count = 0;

  add(item: Item): void {
    this.#count += 1;
    if (this.#items.length < MOST_LISTED) this.#items.push(item);
  }

  get listed(): Listed<Item> {
    return { count: this.#count, items: this.#items };
  }
}

const MOST_LISTED = 1000;
const DAY = 86_400_000;
