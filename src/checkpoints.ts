/*
 * Checkpoints that a session signs and publishes by itself: after so many events, after some time, and when it is closed.
 *
 *   events came? --no--> look again later
 *     \--yes--> sign --> witnesses --> every sink --all took it--> wait for more events
 *                          \--no quorum      \--one failed--> the same again when the next is due: a later checkpoint says
 *                                                             all that this one did
 *
 * The timer keeps neither the process alive nor the session, which is closed when it is collected.
 */

import { setTimeout as startTimer } from 'node:timers';
import { checkInteger, checkOneOf, checkOptions, checkString, invalidArgument, show } from './args.js';
import { type CheckpointSink, type Publish, publishTo } from './checkpoint-sinks.js';
import { textOfThrown } from './errors.js';
import type { SigningKeypair } from './keys.js';
import type { CosignOptions } from './proofs/witness/client.js';

/** How a session publishes checkpoints by itself. One that is never published proves nothing. */
export interface PublishOptions {
  /** As of {@link CheckpointOptions}. */
  readonly origin: string;
  /** As of {@link CheckpointOptions}. */
  readonly keypair?: SigningKeypair | undefined;
  /** After how many events of the ledger. At least 1. */
  readonly everyEvents?: number | undefined;
  /** After how much time, if there are events that no published checkpoint has: milliseconds, at least 1000. */
  readonly everyMs?: number | undefined;
  /** Who cosigns each before it is published. */
  readonly witnesses?: CheckpointWitnesses | undefined;
  /** Where each goes. At least one; without any the witnesses are told, and nobody else. */
  readonly sinks?: readonly CheckpointSink[] | undefined;
}

/** The witnesses of a session's checkpoints, as `cosign` of `sealwright/proofs` asks them. */
export type CheckpointWitnesses = Pick<CosignOptions, 'policy' | 'urls' | 'tokens' | 'mode'>;

/** Checked options. */
export interface PublishPlan {
  readonly everyEvents: number;
  readonly everyMs: number | undefined;
  readonly witnesses: CheckpointWitnesses | undefined;
  readonly sinks: readonly Publish[];
}

const LEAST_MS = 1000;
const MOST_MS = 2 ** 31 - 1;

/** @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE` */
export function publishPlanOf(value: unknown): { readonly plan: PublishPlan; readonly options: { origin: string; keypair: unknown } } {
  const given = checkOptions(value, ['origin', 'keypair', 'everyEvents', 'everyMs', 'witnesses', 'sinks'], 'checkpoint');
  const { sinks = [], everyEvents, everyMs } = given;
  const witnesses = given.witnesses === undefined ? undefined : witnessesOf(given.witnesses);
  if (everyEvents === undefined && everyMs === undefined) throw invalidArgument('checkpoint needs everyEvents or everyMs');
  if (!Array.isArray(sinks) || (sinks.length === 0 && witnesses === undefined)) {
    throw invalidArgument(`checkpoint.sinks must be an array of one sink at least, found ${show(sinks)}`);
  }
  return {
    plan: {
      everyEvents: everyEvents === undefined ? Infinity : checkInteger(everyEvents, 'checkpoint.everyEvents', 1),
      everyMs: everyMs === undefined ? undefined : checkInteger(everyMs, 'checkpoint.everyMs', LEAST_MS, MOST_MS),
      witnesses,
      sinks: Array.from(sinks as unknown[], (sink, index) => publishTo(sink, `checkpoint.sinks[${index}]`)),
    },
    options: { origin: checkString(given.origin, 'checkpoint.origin'), keypair: given.keypair },
  };
}

/** What policy and addresses mean is checked when they are used, by what the first checkpoint loads. */
function witnessesOf(value: unknown): CheckpointWitnesses {
  const given = checkOptions(value, ['policy', 'urls', 'tokens', 'mode'], 'checkpoint.witnesses');
  checkString(given.policy, 'checkpoint.witnesses.policy');
  if (given.mode !== undefined) checkOneOf(given.mode, 'checkpoint.witnesses.mode', ['fail-closed', 'fail-open']);
  return { ...given } as unknown as CheckpointWitnesses;
}

/** What a publisher knows of its session. */
export interface Source {
  /** Where the ledger is. */
  readonly path: string;
  /** How many events the ledger has. */
  readonly size: () => number;
  /** Signs a checkpoint of them. */
  readonly sign: () => Promise<string>;
}

/** Publishes until it is closed, or nobody holds the source. */
export class Publisher {
  /** Why the last checkpoint was not signed, or not taken by every sink. */
  error: string | null = null;
  readonly #source: WeakRef<Source>;
  readonly #plan: PublishPlan;
  /** Events of the last checkpoint that every sink took. Those that were there before the session are not waited for. */
  #published: number;
  /** Events when the last one was begun. */
  #begun: number;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(source: Source, plan: PublishPlan) {
    this.#source = new WeakRef(source);
    this.#plan = plan;
    this.#published = source.size();
    this.#begun = this.#published;
    this.#wait();
  }

  /** Something was recorded. */
  noticed(): void {
    if (this.#plan.everyEvents === Infinity || this.#stopped || this.#running !== undefined) return;
    const size = this.#source.deref()?.size() ?? 0;
    if (size - this.#begun >= this.#plan.everyEvents) void this.#publish();
  }

  /** No more of them are begun by themselves. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Publishes what is not published yet. Never rejects: see {@link Publisher.error}. */
  async finish(): Promise<void> {
    this.stop();
    await this.#running;
    const size = this.#source.deref()?.size() ?? 0;
    if (size > this.#published) await this.#publish();
  }

  #wait(): void {
    if (this.#stopped || this.#plan.everyMs === undefined) return;
    this.#timer = startTimer(() => void this.#look(), this.#plan.everyMs).unref();
  }

  async #look(): Promise<void> {
    const source = this.#source.deref();
    if (source === undefined) return;
    if (source.size() > this.#published) await (this.#running ?? this.#publish());
    this.#wait();
  }

  #publish(): Promise<void> {
    this.#running = this.#publishOnce().finally(() => {
      this.#running = undefined;
      // What came meanwhile may be enough for the next one.
      this.noticed();
    });
    return this.#running;
  }

  async #publishOnce(): Promise<void> {
    const source = this.#source.deref();
    if (source === undefined) return;
    const size = source.size();
    this.#begun = size;
    try {
      const signed = await source.sign();
      const { witnesses } = this.#plan;
      const { checkpoint, missing } = witnesses === undefined ? { checkpoint: signed, missing: [] } : await cosigned(source.path, signed, witnesses);
      const taken = await Promise.allSettled(this.#plan.sinks.map((sink) => sink(checkpoint)));
      const failed = taken.filter((result) => result.status === 'rejected').map(({ reason }) => textOfThrown(reason));
      const problems = [...missing, ...failed];
      this.error = problems.length === 0 ? null : problems.join('; ');
      if (problems.length === 0) this.#published = size;
    } catch (error) {
      this.error = textOfThrown(error);
    }
  }
}

/**
 * A checkpoint as its witnesses cosigned it, which is kept beside the ledger too. Rejects without a quorum, unless it is to
 * go on: then `missing` says who did not, and why.
 */
async function cosigned(ledger: string, signed: string, witnesses: CheckpointWitnesses): Promise<{ checkpoint: string; missing: string[] }> {
  // Few sessions have witnesses: what asks them is loaded by the first.
  const { cosign } = await import('./proofs/witness/client.js');
  const { keepCosignatures, proveGrowth } = await import('./proofs/prove.js');
  const growth = (size: number) => proveGrowth(ledger, size, signed);
  const prove = async (size: number) => (await growth(size)).proof;
  const root = async (size: number) => (await growth(size)).root;
  const { ok, note, failures } = await cosign(signed, { ...witnesses, prove, root });
  await keepCosignatures(ledger, note);
  return { checkpoint: note, missing: ok ? [] : failures.map(({ name, reason }) => `${name}: ${reason}`) };
}
