/*
 * Tools, models and latencies, counted as they come.
 */

import { Histogram } from '../../src/histogram.js';
import { countOf, type Payload } from './fields.js';
import type { LatencyHistogram, ModelStatistics, ToolStatistics } from './model.js';
import { OTHERS } from './names.js';

/** Counts by the name of a tool or model; names beyond a thousand are counted as one. */
export class Statistics {
  readonly #tools = new Map<string, Tool>();
  readonly #models = new Map<string, MutableModel>();
  readonly #latencies: number[] = LATENCY_BOUNDS.map(() => 0);

  called(tool: string): void {
    this.#tool(tool).calls += 1;
  }

  returned(tool: string, payload: Payload): void {
    const latency = countOf(payload, 'latency_ms');
    const counted = this.#tool(tool);
    counted.returns += 1;
    if (payload['success'] === false) counted.failures += 1;
    if (Number.isNaN(latency)) return;
    counted.latencies.add(latency);
    const place = LATENCY_BOUNDS.findIndex((bound) => latency <= bound);
    this.#latencies[place] = (this.#latencies[place] ?? 0) + 1;
  }

  invoked(model: string, payload: Payload): void {
    const counted = counterOf(this.#models, model, (id) => ({ id, calls: 0, promptTokens: 0, responseTokens: 0 }));
    counted.calls += 1;
    counted.promptTokens += countOf(payload, 'prompt_tokens') || 0;
    counted.responseTokens += countOf(payload, 'response_tokens') || 0;
  }

  get tools(): ToolStatistics[] {
    return Array.from(this.#tools.values(), ({ name, calls, returns, failures, latencies }) => {
      return { name, calls, returns, failures, latency: latencies.latency() };
    });
  }

  get models(): ModelStatistics[] {
    return [...this.#models.values()];
  }

  get latencies(): LatencyHistogram {
    return { upTo: LATENCY_BOUNDS, counts: this.#latencies };
  }

  #tool(tool: string): Tool {
    return counterOf(this.#tools, tool, (name) => ({ name, calls: 0, returns: 0, failures: 0, latencies: new Histogram() }));
  }
}

interface Tool {
  readonly name: string;
  calls: number;
  returns: number;
  failures: number;
  readonly latencies: Histogram;
}

type MutableModel = { -readonly [Name in keyof ModelStatistics]: ModelStatistics[Name] };

const MOST_NAMES = 1000;
/** Milliseconds: 1, 2, 5, 10 and so on, up to 100 seconds. */
const LATENCY_BOUNDS: readonly number[] = [...[1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]), 100_000, Infinity];

function counterOf<Counter>(counters: Map<string, Counter>, name: string, make: (name: string) => Counter): Counter {
  const known = counters.get(name);
  if (known !== undefined) return known;
  if (counters.size >= MOST_NAMES && name !== OTHERS) return counterOf(counters, OTHERS, make);
  const made = make(name);
  counters.set(name, made);
  return made;
}
