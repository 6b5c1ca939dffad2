/*
 * A witness: cosigns the checkpoints of logs as long as each goes on from the one before, and keeps the latest of each log
 * in a folder, synced before the cosignature is given away. What it answers is decided by the native side.
 */

import { checkOptions, checkString, checkStrings, type PathLike } from '../../args.js';
import { wrap, wrapAsync } from '../../errors.js';
import { nativeKeyOf, type SigningKeypair } from '../../keys.js';
import { native } from '../../native.js';
import { toPath } from '../../paths.js';

/** Options of {@link Witness}. */
export interface WitnessOptions {
  /** The folder of what it has cosigned; made if it is not there. One witness has it open at a time. */
  readonly state: PathLike;
  /** Its key. One key is one witness. */
  readonly keypair: SigningKeypair;
  /** Its name: by custom a URL without a scheme, as in `example.com/witness`. */
  readonly name: string;
  /** The keys of the logs whose checkpoints it cosigns, as {@link logKey} gives them. */
  readonly logs: readonly string[];
}

/** What a witness answers. */
export interface WitnessAnswer {
  /** Of HTTP: 200, 400, 403, 404, 409 or 422. */
  readonly status: number;
  /** What the body is: `text/x.sealwright.fork-evidence` where the log has lied. */
  readonly contentType: string;
  /** The cosignature, a line; or why there is none. */
  readonly body: string;
  /** Which log; null unless it is known and has signed the checkpoint. */
  readonly origin: string | null;
  /** How many events its checkpoint has. */
  readonly size: number | null;
  /** The file that keeps the evidence that the log has lied. */
  readonly evidence: string | null;
}

/** Whether a value is one: what only inherits from one, or stands for one, has no folder. */
export let isWitness: (value: unknown) => value is Witness;

/** A witness, its folder open. */
export class Witness implements Disposable {
  readonly #native: InstanceType<typeof native.NativeWitness>;
  /** The key that it cosigns with, for a `witness` line of a policy: `NAME+ID+KEY`. */
  readonly key: string;

  /**
   * Opens the folder, and locks it against other witnesses until {@link Witness.close}.
   *
   * @throws `ProofError` `ERR_WITNESS_STATE`, `ERR_NOTE_KEY`; `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`
   */
  constructor(options: WitnessOptions) {
    const given = checkOptions(options, ['state', 'keypair', 'name', 'logs'], 'Witness');
    const state = toPath(given.state, 'state');
    const key = nativeKeyOf(given.keypair, 'keypair');
    const name = checkString(given.name, 'name');
    const logs = checkStrings(given.logs, 'logs');
    this.#native = wrap(() => new native.NativeWitness(state, key, name, logs));
    this.key = this.#native.key;
  }

  /**
   * Answers the body of a request to add a checkpoint (c2sp.org/tlog-witness). What it cosigns is on stable storage before
   * the promise resolves.
   *
   * @throws `ProofError` `ERR_WITNESS_STATE`: nothing was cosigned; TypeError `ERR_INVALID_ARGUMENT` once it is closed
   */
  async addCheckpoint(request: string): Promise<WitnessAnswer> {
    const text = checkString(request, 'request');
    const now = Math.max(0, Math.floor(Date.now() / 1000));
    return JSON.parse(await wrapAsync(() => this.#native.addCheckpoint(text, now))) as WitnessAnswer;
  }

  /**
   * The latest checkpoint of a log that it cosigned, with the cosignature; null if there is none.
   *
   * @throws `ProofError` `ERR_WITNESS_STATE`; TypeError `ERR_INVALID_ARGUMENT` once it is closed
   */
  latest(origin: string): string | null {
    const text = checkString(origin, 'origin');
    return wrap(() => this.#native.latest(text));
  }

  /** Unlocks the folder, once what was begun is done. Nothing is answered afterwards. */
  close(): void {
    this.#native.close();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  static {
    isWitness = (value): value is Witness => typeof value === 'object' && value !== null && #native in value;
  }
}
