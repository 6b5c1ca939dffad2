/*
 * Which call a return belongs to. Events do not say so: the first call of the same tool that has not returned is taken, out of
 * the same session first, then out of those whose session nobody can tell. A return of which nobody can tell the session may
 * also be for a call of a session that is open.
 */

/** Calls that have not returned, by tool and session. */
export class Pairs {
  /** Rows of calls and of returns, in their order. */
  readonly rows: { readonly row: number; readonly is: 'call' | 'return' }[] = [];
  readonly #waiting = new Map<string, Map<number, Queue>>();

  call(tool: string, session: number, row: number): void {
    this.rows.push({ row, is: 'call' });
    const sessions = this.#waiting.get(tool) ?? new Map<number, Queue>();
    this.#waiting.set(tool, sessions);
    const queue = sessions.get(session) ?? new Queue();
    sessions.set(session, queue);
    queue.add(row);
  }

  /** The row of the call that is returned from, or -1. */
  returned(tool: string, session: number, row: number, open: Iterable<number>): number {
    this.rows.push({ row, is: 'return' });
    const sessions = this.#waiting.get(tool);
    if (sessions === undefined) return -1;
    const call = takeOf(sessions, session);
    if (call >= 0) return call;
    if (session >= 0) return takeOf(sessions, -1);
    let looked = 0;
    for (const other of open) {
      const found = takeOf(sessions, other);
      looked += 1;
      if (found >= 0 || looked === MOST_LOOKED) return found;
    }
    return -1;
  }
}

/** Sessions that are looked through, so that a hostile ledger takes no quadratic time. */
const MOST_LOOKED = 16;

function takeOf(sessions: Map<number, Queue>, session: number): number {
  const queue = sessions.get(session);
  const row = queue?.take() ?? -1;
  if (queue?.isEmpty === true) sessions.delete(session);
  return row;
}

/** First in, first out. */
class Queue {
  readonly #rows: number[] = [];
  #next = 0;

  get isEmpty(): boolean {
    return this.#next === this.#rows.length;
  }

  add(row: number): void {
    this.#rows.push(row);
  }

  take(): number | undefined {
    const row = this.#rows[this.#next];
    if (row !== undefined) this.#next += 1;
    return row;
  }
}
