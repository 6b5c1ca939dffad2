/*
 * How far long work is, on a terminal's standard error: one line that is overwritten, and wiped at the end. Nothing is
 * shown of what takes less than half a second, and nothing where no person reads.
 */

import type { Output } from './output.js';
import { formatBytes } from './words.js';

const DELAY_MS = 500;
const INTERVAL_MS = 100;
const BAR_WIDTH = 24;

/** Shows the progress of one piece of work. */
export class Progress {
  readonly #output: Output;
  readonly #label: string;
  readonly #began = performance.now();
  #shown = 0;

  constructor(output: Output, label: string) {
    this.#output = output;
    this.#label = label;
  }

  /** So many of `total` bytes; `total` is 0 where nobody knows. */
  readonly at = (bytes: number, total: number): void => {
    const now = performance.now();
    if (!this.#output.isTerminal || now - this.#began < DELAY_MS || now - this.#shown < INTERVAL_MS) return;
    this.#shown = now;
    const rate = formatBytes(bytes / ((now - this.#began) / 1000));
    const share = total > 0 ? Math.min(1, bytes / total) : 0;
    const done = Math.round(share * BAR_WIDTH);
    const bar = total > 0 ? `[${'='.repeat(done)}${' '.repeat(BAR_WIDTH - done)}] ${Math.floor(share * 100)} %  ` : '';
    const text = `${bar}${formatBytes(bytes)}, ${rate}/s  ${this.#label}`;
    this.#output.status(text.slice(0, this.#output.columns - 1));
  };

  /** Shows the progress of work that tells it, until that is done. */
  static async during<Result>(
    output: Output,
    label: string,
    work: (tell: (progress: { readonly bytes: number; readonly totalBytes: number }) => void) => Promise<Result>,
  ): Promise<Result> {
    const progress = new Progress(output, label);
    return work(({ bytes, totalBytes }) => progress.at(bytes, totalBytes)).finally(() => progress.end());
  }

  /** Wipes it. */
  end(): void {
    if (this.#shown > 0) this.#output.status();
    this.#shown = 0;
  }
}
