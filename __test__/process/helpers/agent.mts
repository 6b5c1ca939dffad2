// A process that a test leads step by step: `children/agent.mts` obeys one command after the other.

import type { ExecutionContext } from 'ava';
import type { Head, Recovery } from 'sealwright';
import { Child, type ChildOptions, type End } from './child.mts';

/** What the process can be told to do. */
export type Command =
  | ({ readonly do: 'open' } & OpenOptions)
  | ({ readonly do: 'record' | 'recordSync' } & RecordOptions)
  | { readonly do: 'close' | 'state'; readonly name?: string }
  | { readonly do: 'checkpoint'; readonly origin: string; readonly name?: string }
  | ({ readonly do: 'key'; readonly path: string } & KeyOptions)
  | { readonly do: 'saveKey' | 'verify' | 'read'; readonly path: string }
  | ({ readonly do: 'doctor' } & Paths)
  | { readonly do: 'import'; readonly path: string; readonly to?: string; readonly at?: number }
  | { readonly do: 'umask'; readonly mask: number }
  | { readonly do: 'become'; readonly id: number; readonly groups?: readonly number[] }
  | { readonly do: 'readFile'; readonly path: string }
  | { readonly do: 'ask'; readonly path: string; readonly frames: readonly string[] }
  | { readonly do: 'fault'; readonly name: 'panic-export' | 'panic-task' | 'panic-commit' };

/** Options of a session, and how it is opened. */
export interface OpenOptions {
  readonly ledgerPath: string;
  /** Names the session in later commands. Default `session`. */
  readonly name?: string;
  readonly otherKey?: boolean;
  /** The socket of an agent that signs instead of a key. */
  readonly signer?: string;
  readonly signTimeoutMs?: number;
  /** Opens with `openSync`. */
  readonly sync?: boolean;
  readonly lockTimeoutMs?: number;
  /** A file to keep the head in; records wait for it. */
  readonly headFile?: string;
}

/** Options of a key, and when it is asked for. */
export interface KeyOptions {
  readonly create?: boolean;
  readonly allowInsecurePermissions?: boolean;
  /** `Date.now()` to wait for. */
  readonly at?: number;
}

/** What is recorded, and where. */
export interface RecordOptions {
  readonly name?: string;
  /** Records at once. Default 1. */
  readonly times?: number;
  /** Events of each, recorded with `recordMany` if more than one. Default 1. */
  readonly batch?: number;
  /** Bytes that each line is longer. */
  readonly padding?: number;
}

/** An error, as the process tells it. */
export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly outcome: string | null;
  readonly osCode: string | null;
  readonly message: string;
}

/** What became of a record. */
export type Recorded = { readonly seq: number } | Failure;

/** What the process answers. */
export type Reply = { readonly value: unknown } | { readonly failure: Failure };

/** The error of a command that failed. */
export class Refused extends Error {
  readonly code: string;
  readonly outcome: string | null;
  readonly osCode: string | null;

  constructor({ message, code, outcome, osCode }: Failure) {
    super(message);
    this.code = code;
    this.outcome = outcome;
    this.osCode = osCode;
  }
}

/** The process. */
export class Agent {
  readonly child: Child;

  private constructor(child: Child) {
    this.child = child;
  }

  /** Starts it and waits until the addon is loaded. Its events are those of `who`. */
  static async start(t: ExecutionContext, who = 'agent', options: ChildOptions = {}): Promise<Agent> {
    const child = new Child(t, 'agent', { ...options, input: { who } });
    await child.next();
    return new Agent(child);
  }

  /** Opens a session. @throws {@link Refused} */
  open(ledgerPath: string, options: Omit<OpenOptions, 'ledgerPath'> = {}): Promise<{ recovery: Recovery; head: Head | null }> {
    return this.do({ do: 'open', ledgerPath, ...options });
  }

  /** Records events, all submitted at once; tells of each what became of it. */
  record(options: RecordOptions = {}): Promise<Recorded[]> {
    return this.do({ do: 'record', ...options });
  }

  /** Records one event that must succeed; gives its seq. */
  async recordOne(options: RecordOptions = {}): Promise<number> {
    const [result] = await this.record(options);
    if (result === undefined || 'code' in result) throw new Error(`not recorded: ${JSON.stringify(result)}`);
    return result.seq;
  }

  /** Loads a key, or makes it. @throws {@link Refused} */
  key(path: string, options: KeyOptions = {}): Promise<{ publicKeyHex: string; created: boolean }> {
    return this.do({ do: 'key', path, ...options });
  }

  /** Closes a session. */
  close(name?: string): Promise<void> {
    return this.do(name === undefined ? { do: 'close' } : { do: 'close', name });
  }

  /** The head of a session, and what its head store says. */
  state(name?: string): Promise<{ head: Head | null; headStoreError: string | null }> {
    return this.do(name === undefined ? { do: 'state' } : { do: 'state', name });
  }

  /** Does anything. @throws {@link Refused} */
  async do<Value = void>(command: Command): Promise<Value> {
    this.child.tell(JSON.stringify(command));
    const reply = await this.child.next<Reply>();
    if ('failure' in reply) throw new Refused(reply.failure);
    return reply.value as Value;
  }

  /** Does anything, and tells in short how it failed. */
  async refusal(command: Command): Promise<Brief | 'done'> {
    try {
      await this.do(command);
      return 'done';
    } catch (error) {
      if (error instanceof Refused) return [error.code, error.outcome, error.osCode];
      throw error;
    }
  }

  /** Ends its input: it ends by itself. */
  finish(): Promise<End> {
    this.child.hangUp();
    return this.child.end;
  }
}

/** Paths for doctor(). */
export interface Paths {
  readonly keyPath?: string;
  readonly ledgerPath?: string;
  readonly headStorePath?: string;
}

/** An error in short: its code, the outcome, and the system's name of it. */
export type Brief = readonly [code: string, outcome: string | null, osCode: string | null];

/** A failed record in short; a good one as its seq. */
export function brief(result: Recorded): Brief | number {
  return 'seq' in result ? result.seq : [result.code, result.outcome, result.osCode];
}
