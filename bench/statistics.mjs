// Samples and what is said about them. Percentiles are nearest-rank: a value that was measured, none in between.

/** The value that `percent` of the samples do not exceed. */
export function percentile(samples, percent) {
  if (samples.length === 0) throw new RangeError('no samples');
  const sorted = Float64Array.from(samples).toSorted();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** `{count, least, p50, p95, p99, most}` of samples, in their unit. */
export function summary(samples) {
  const [least, p50, p95, p99, most] = [0, 50, 95, 99, 100].map((percent) => percentile(samples, percent));
  return { count: samples.length, least, p50, p95, p99, most };
}

/** Samples by name, collected over many turns. */
export class Samples {
  #byName = new Map();

  add(name, samples) {
    const known = this.#byName.get(name) ?? [];
    // Not `push(...samples)`: a turn may have more samples than a call takes arguments.
    for (const sample of samples) known.push(sample);
    this.#byName.set(name, known);
  }

  /** An object with the summary of each name, in this order. */
  summaries(names = [...this.#byName.keys()]) {
    return Object.fromEntries(names.map((name) => [name, summary(this.#byName.get(name) ?? [])]));
  }
}
