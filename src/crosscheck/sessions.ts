/*
 * Sessions that began and did not end: SessionStarted without a later SessionSealed of the same id. Bounded: 4,096 of ids
 * up to 256 bytes are followed at a time, the other beginnings are counted.
 */

import type { OpenSessions } from '../report.js';
import { copyOf } from './bytes.js';
import { type Line, textField } from './line.js';

/** The open sessions of a ledger. */
export class Sessions {
  /** In the order in which they began. */
  readonly #open = new Set<string>();
  #unfollowed = 0;

  follow(line: Line): void {
    if (line.kind === 'SessionStarted') this.#begin(textField(line, 'session_id'));
    else if (line.kind === 'SessionSealed') this.#open.delete(textField(line, 'session_id'));
  }

  report(): OpenSessions {
    const listed = [...this.#open].slice(0, MAX_LISTED);
    return { count: this.#open.size, listed, unfollowed: this.#unfollowed };
  }

  #begin(id: string): void {
    if (this.#open.has(id)) return;
    if (this.#open.size < MAX_FOLLOWED && isShort(id)) this.#open.add(copyOf(id));
    else this.#unfollowed += 1;
  }
}

const MAX_LISTED = 64;
const MAX_FOLLOWED = 4096;
/** Bytes of UTF-8. */
const LONGEST_ID = 256;

/** A UTF-16 unit takes a byte at least. */
function isShort(id: string): boolean {
  return id.length <= LONGEST_ID && new TextEncoder().encode(id).length <= LONGEST_ID;
}
