/*
 * The heartbeat of a session: an event whenever its ledger was quiet for some time.
 *
 *   look: quiet for the interval? --no--> look again when it will be
 *          \--yes--> beat --recorded, or failed--> look again after the interval
 *
 * The timer keeps neither the process alive nor the session, which is closed when it is collected.
 */

import { setTimeout as startTimer } from 'node:timers';

/** Milliseconds. The longest is the longest that a timer of Node.js takes. */
export const MIN_HEARTBEAT_MS = 1000;
export const MAX_HEARTBEAT_MS = 2 ** 31 - 1;

/** What a heartbeat feels of its session. */
export interface Pulse {
  /** For how long nothing was recorded in the ledger. */
  readonly quietMs: () => number;
  /** Records that; may throw, or reject. */
  readonly beat: (intervalMs: number) => Promise<unknown>;
}

/** Beats until it is stopped, or nobody holds the pulse. */
export class Heartbeat {
  /** Why the last beat was not recorded. */
  error: string | null = null;
  readonly #pulse: WeakRef<Pulse>;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(pulse: Pulse, intervalMs: number) {
    this.#pulse = new WeakRef(pulse);
    this.#intervalMs = intervalMs;
    this.#lookIn(intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #lookIn(milliseconds: number): void {
    if (this.#stopped) return;
    this.#timer = startTimer(() => void this.#look(), Math.ceil(milliseconds)).unref();
  }

  async #look(): Promise<void> {
    const pulse = this.#pulse.deref();
    if (pulse === undefined) return;
    let left = this.#intervalMs;
    try {
      const quiet = pulse.quietMs();
      if (quiet < this.#intervalMs) left -= quiet;
      else await pulse.beat(this.#intervalMs);
      this.error = null;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    this.#lookIn(left);
  }
}
