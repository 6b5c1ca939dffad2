/*
 * What a ledger is made of: events by kind, tools, models, sessions. One pass, in memory that does not grow with it:
 * names beyond a number are counted together, and latencies are kept in a histogram.
 */

import { checkInteger, checkOptions, checkSignal, invalidArgument, type PathLike, show } from './args.js';
import { builtin } from './builtin.js';
import { Histogram, type Latency } from './histogram.js';
import type { JsonView } from './json.js';
import { ledgerFiles } from './ledger-files.js';
import { toPath } from './paths.js';
import { readEvents } from './reader.js';
import type { VerifyProgress } from './verify.js';

/** Options of {@link ledgerStats}. */
export interface StatsOptions {
  /** Tools, and models, that are told one by one: those that come first. Longer names than 256 characters are not. Default 256. */
  readonly maxNames?: number | undefined;
  /** Told now and then, with bytes as they are about. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Ends it; it rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** Calls of one or several tools. */
export interface ToolTotals {
  /** `ToolCalled` events. */
  readonly calls: number;
  /** `ToolReturned` events. */
  readonly returns: number;
  /** Of these, those without success. */
  readonly failures: number;
  /** Of all that returned; null if none did. */
  readonly latencyMs: Latency | null;
}

/** Calls of one or several models. */
export interface ModelTotals {
  /** `ModelInvoked` events. */
  readonly calls: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
}

/** What a ledger is made of. */
export interface LedgerStats {
  readonly events: number;
  /** Seq of the first and the last event; null without events. */
  readonly first: number | null;
  readonly last: number | null;
  /** Bytes of all its files, and how many those are. */
  readonly bytes: number;
  readonly files: number;
  /** Least and greatest time, in nanoseconds since 1970. */
  readonly timeRange: { readonly from: bigint; readonly to: bigint } | null;
  /** How many events of each kind; beyond 64 kinds, the others together as `(other)`. */
  readonly kinds: Readonly<Record<string, number>>;
  /** By their names, in the order in which they came. */
  readonly tools: readonly (ToolTotals & { readonly name: string })[];
  /** Those that are not told one by one, together. */
  readonly otherTools: ToolTotals;
  readonly models: readonly (ModelTotals & { readonly id: string })[];
  readonly otherModels: ModelTotals;
  /** `SessionStarted`, `SessionEnded` and `SessionSealed` events. */
  readonly sessions: { readonly begun: number; readonly ended: number; readonly sealed: number };
}

/**
 * Counts what is in a ledger, its sealed segments included. Each event has the hash that it says and follows the one
 * before it; signatures are not checked. Rejects as {@link readEvents}.
 */
export async function ledgerStats(path: PathLike, options?: StatsOptions): Promise<LedgerStats> {
  const file = toPath(path, 'path');
  const given = checkOptions(options, ['maxNames', 'onProgress', 'signal'], 'ledgerStats');
  const maxNames = given.maxNames === undefined ? MAX_NAMES : checkInteger(given.maxNames, 'maxNames', 0, 65_536);
  const signal = checkSignal(given.signal, 'signal');
  const { onProgress } = given;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument(`onProgress must be a function, found ${show(onProgress)}`);
  }
  signal?.throwIfAborted();
  const files = ledgerFiles(file);
  const sizes = await Promise.all(files.map(async ({ path: one }) => (await builtin.files.stat(one)).size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  const tally = new Tally(maxNames);
  let bytes = 0;
  for await (const signed of readEvents(file, { signal })) {
    tally.take(signed.seq, signed.timestampNanos, signed.event.type, signed.event.payload);
    bytes += signed.toLine().length + 1;
    if (onProgress !== undefined && tally.events % PROGRESS_EVENTS === 0) {
      (onProgress as (progress: VerifyProgress) => void)({ bytes: Math.min(bytes, totalBytes), totalBytes, events: tally.events });
    }
  }
  return { ...tally.stats(), bytes: totalBytes, files: files.length };
}

const MAX_NAMES = 256;
const MAX_NAME_LENGTH = 256;
const MAX_KINDS = 64;
const OTHER_KINDS = '(other)';
const PROGRESS_EVENTS = 4096;

type Payload = Readonly<Record<string, JsonView>>;

class Tally {
  events = 0;
  #first: number | null = null;
  #last: number | null = null;
  #from = 0n;
  #to = 0n;
  readonly #kinds = new Map<string, number>();
  readonly #tools: Named<Tool>;
  readonly #models: Named<Model>;

  constructor(maxNames: number) {
    this.#tools = new Named(maxNames, () => new Tool());
    this.#models = new Named(maxNames, () => new Model());
  }

  take(seq: number, nanos: bigint, kind: string, payload: Payload): void {
    this.#first ??= seq;
    this.#last = seq;
    if (this.events === 0 || nanos < this.#from) this.#from = nanos;
    if (nanos > this.#to) this.#to = nanos;
    this.events += 1;
    const counted = this.#kinds.has(kind) || this.#kinds.size < MAX_KINDS ? kind : OTHER_KINDS;
    this.#kinds.set(counted, (this.#kinds.get(counted) ?? 0) + 1);
    if (kind === 'ToolCalled') this.#tools.of(payload['tool_name']).calls += 1;
    if (kind === 'ToolReturned') this.#tools.of(payload['tool_name']).returned(payload);
    if (kind === 'ModelInvoked') this.#models.of(payload['model_id']).invoked(payload);
  }

  stats(): Omit<LedgerStats, 'bytes' | 'files'> {
    const count = (kind: string) => this.#kinds.get(kind) ?? 0;
    return {
      events: this.events,
      first: this.#first,
      last: this.#last,
      timeRange: this.events === 0 ? null : { from: this.#from, to: this.#to },
      kinds: Object.fromEntries(this.#kinds),
      tools: this.#tools.map((name, tool) => ({ name, ...tool.totals() })),
      otherTools: this.#tools.others.totals(),
      models: this.#models.map((id, model) => ({ id, ...model.totals() })),
      otherModels: this.#models.others.totals(),
      sessions: { begun: count('SessionStarted'), ended: count('SessionEnded'), sealed: count('SessionSealed') },
    };
  }
}

/** Counters by name, as many as may be, and one for all other names. */
class Named<Counter> {
  readonly others: Counter;
  readonly #most: number;
  readonly #make: () => Counter;
  readonly #counters = new Map<string, Counter>();

  constructor(most: number, make: () => Counter) {
    this.#most = most;
    this.#make = make;
    this.others = make();
  }

  of(name: JsonView | undefined): Counter {
    const key = String(name);
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    if (this.#counters.size >= this.#most || key.length > MAX_NAME_LENGTH) return this.others;
    const made = this.#make();
    this.#counters.set(key, made);
    return made;
  }

  map<Result>(make: (name: string, counter: Counter) => Result): Result[] {
    return Array.from(this.#counters, ([name, counter]) => make(name, counter));
  }
}

class Tool {
  calls = 0;
  #returns = 0;
  #failures = 0;
  readonly #latencies = new Histogram();

  returned(payload: Payload): void {
    this.#returns += 1;
    if (payload['success'] === false) this.#failures += 1;
    this.#latencies.add(Number(payload['latency_ms']));
  }

  totals(): ToolTotals {
    return { calls: this.calls, returns: this.#returns, failures: this.#failures, latencyMs: this.#latencies.latency() };
  }
}

class Model {
  #calls = 0;
  #promptTokens = 0;
  #responseTokens = 0;

  invoked(payload: Payload): void {
    this.#calls += 1;
    this.#promptTokens += Number(payload['prompt_tokens']);
    this.#responseTokens += Number(payload['response_tokens']);
  }

  totals(): ModelTotals {
    return { calls: this.#calls, promptTokens: this.#promptTokens, responseTokens: this.#responseTokens };
  }
}
