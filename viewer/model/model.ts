/*
 * What the pages show of a ledger, beside the verdict: events in columns, and what is counted of them. Believed in nothing:
 * it is made of every line that can be read, before or after a break.
 */

/**
 * Events in the order of the files, a row each; blank lines have none. Columns are of equal length. A number that a line does
 * not have is NaN in columns of doubles and -1 in those of integers.
 */
export interface EventTable {
  readonly length: number;
  /** Place of its file in {@link Model.files}. */
  readonly file: Uint16Array;
  /** First byte of the line, from the beginning of its file. */
  readonly offset: Float64Array;
  /** Bytes of the line, without its LF. */
  readonly bytes: Uint32Array;
  /** Number of the line, from 1, in all files together: what a report calls a line. */
  readonly line: Uint32Array;
  /** -1 for a line that cannot be read. */
  readonly seq: Float64Array;
  /** Milliseconds since 1970, with a fraction. */
  readonly time: Float64Array;
  /** Place in {@link Model.kinds}; that of '' for a line that cannot be read. */
  readonly kind: Uint16Array;
  /** Place in {@link Model.labels}: the tool, the model, the agent, the name of a custom event, or the beginning of what was said. */
  readonly label: Uint32Array;
  /** 1 for success, 0 for failure, -1 where nothing succeeds or fails. */
  readonly outcome: Int8Array;
  /** Milliseconds that it took, as it says. */
  readonly duration: Float64Array;
  /** Place in {@link Model.sessions}; -1 when it is in none, or nobody can tell in which. */
  readonly session: Int32Array;
  /** The row of the call that was returned, or of the return of the call; -1. */
  readonly pair: Int32Array;
  /** Place in {@link Model.signers}; -1. */
  readonly signer: Int16Array;
}

/** A session, by its id. */
export interface Session {
  readonly id: string;
  readonly agent: string;
  /** Rows of its first and last event. */
  readonly first: number;
  readonly last: number;
  /** Whether an event says that it ended. */
  readonly ended: boolean;
}

/** Calls of a tool. */
export interface ToolStatistics {
  readonly name: string;
  readonly calls: number;
  readonly returns: number;
  readonly failures: number;
  /** Of those that returned; null if none did. Milliseconds. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly max: number } | null;
}

/** Calls of a model. */
export interface ModelStatistics {
  readonly id: string;
  readonly calls: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
}

/** How many took how long. `upTo` are upper bounds in milliseconds; the last one is Infinity. */
export interface LatencyHistogram {
  readonly upTo: readonly number[];
  readonly counts: readonly number[];
}

/** What an auditor asks about. Rows, in their order; each list ends after 1,000, and `count` goes on. */
export interface Coverage {
  /** Sessions without an end. */
  readonly openSessions: Listed<{ readonly session: number }>;
  /** Calls that never returned, and returns that nobody called for. */
  readonly unpairedCalls: Listed<{ readonly row: number; readonly is: 'call' | 'return' }>;
  /** Where the clock went back, or stood still in the ledger for a day and longer: milliseconds after the event before. */
  readonly clockJumps: Listed<{ readonly row: number; readonly by: number }>;
  /** Lines that cannot be read. */
  readonly unreadable: Listed<{ readonly row: number }>;
}

export interface Listed<Item> {
  readonly count: number;
  readonly items: readonly Item[];
}

/** A file that was read. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: number;
}

/** All that is shown of a ledger. Texts of it are as they stand there: whoever shows one makes it visible. */
export interface Model {
  readonly files: readonly ModelFile[];
  readonly events: EventTable;
  /** Names of kinds; the first is ''. */
  readonly kinds: readonly string[];
  /** Each at most 80 characters; the first is ''. */
  readonly labels: readonly string[];
  /** Public keys in the order of appearance. */
  readonly signers: readonly string[];
  readonly sessions: readonly Session[];
  readonly tools: readonly ToolStatistics[];
  readonly models: readonly ModelStatistics[];
  readonly latencies: LatencyHistogram;
  readonly coverage: Coverage;
}
