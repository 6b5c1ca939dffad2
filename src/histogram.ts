/*
 * How long things took, in memory that does not grow with their number.
 *
 * A latency below 256 ms is kept as it is. Above, one is rounded up to the next number with eight binary digits and
 * zeros behind them, so that a quantile is exact or at most 1/128 too high.
 */

/** How long tools took, in milliseconds. `p50` and `p95` are exact below 256, and else at most 1/128 too high. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Whole numbers up to 2^64, each as the least number with eight binary digits, and zeros behind, that is not below it. */
export class Histogram {
  #count = 0;
  #max = 0;
  readonly #buckets = new Map<number, number>();

  add(value: number): void {
    const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value))) - 7);
    const bucket = Math.ceil(value / step) * step;
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count += 1;
    this.#max = Math.max(this.#max, value);
  }

  latency(): Latency | null {
    if (this.#count === 0) return null;
    const buckets = [...this.#buckets].toSorted(([left], [right]) => left - right);
    return { p50: this.#quantile(buckets, 0.5), p95: this.#quantile(buckets, 0.95), max: this.#max };
  }

  /** The least value that so many of all do not exceed. */
  #quantile(buckets: readonly (readonly [bucket: number, count: number])[], share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of buckets) {
      left -= count;
      if (left <= 0) return Math.min(bucket, this.#max);
    }
    return this.#max;
  }
}
