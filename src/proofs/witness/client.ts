/*
 * Having a checkpoint cosigned: each witness of a policy is asked, and its cosignature checked under the key that the
 * policy has for it (c2sp.org/tlog-witness).
 */

import { checkInteger, checkOneOf, checkOptions, checkSignal, checkString, checkStrings, invalidArgument, show } from '../../args.js';
import { quorumMissing, textOfThrown, wrap } from '../../errors.js';
import { native } from '../../native.js';
import { makeForkEvidence, verifyForkEvidence } from '../forks.js';
import type { Cosigned, ShownCheckpoint } from '../report.js';
import { openCheckpoint } from '../verify.js';
import { BadAnswer, type Fetch, type HttpAnswer, post } from './http.js';

/** Options of {@link cosign}. */
export interface CosignOptions {
  /** Which log it is, which witnesses are asked and how many of them it takes: the text of a policy (c2sp.org/tlog-policy). */
  readonly policy: string;
  /** Where witnesses are asked, by the names of their keys; outweighs the policy. `/add-checkpoint` comes behind it. */
  readonly urls?: Readonly<Record<string, string>> | undefined;
  /** The bearer tokens of witnesses that want one, by the names of their keys. Goes over HTTPS or to this machine only. */
  readonly tokens?: Readonly<Record<string, string>> | undefined;
  /**
   * The consistency proof from an older size to the checkpoint, 64 lower-case hex digits a hash. Called with what a
   * witness says that it knows, from 1 to the checkpoint's size less 1.
   */
  readonly prove: (oldSize: number) => readonly string[] | Promise<readonly string[]>;
  /**
   * The root of the first `size` leaves, 64 lower-case hex digits. With it a fork behind a number of events that is a power
   * of two is evident, too.
   */
  readonly root?: ((size: number) => string | Promise<string>) | undefined;
  /** What the witnesses are thought to know. Default 0, which has those that know more say so. */
  readonly oldSize?: number | undefined;
  /** `'fail-closed'`: no quorum is an error, the default. `'fail-open'`: the result says so. */
  readonly mode?: 'fail-closed' | 'fail-open' | undefined;
  /** For all that one witness is asked, in milliseconds; default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** In the place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Why a witness did not cosign. `no_url`: neither policy nor `urls` say where it is; `unreachable`; `timeout`;
 * `bad_answer`: what came is not of the protocol; `bad_cosignature`: the policy's key has not signed this; `unknown_log`,
 * `untrusted_log`: it does not know the log, or not this key; `ahead`: it knows a larger tree; `conflict`: it knows another
 * size again than it said; `inconsistent`: the checkpoint does not go on from what it knows; `fork`: that, and `forks` has
 * the evidence; `refused`: another status; `proof_failed`: `prove` failed.
 */
export type WitnessFailureCode =
  | 'ahead'
  | 'bad_answer'
  | 'bad_cosignature'
  | 'conflict'
  | 'fork'
  | 'inconsistent'
  | 'no_url'
  | 'proof_failed'
  | 'refused'
  | 'timeout'
  | 'unknown_log'
  | 'unreachable'
  | 'untrusted_log';

/** A witness that did not cosign. */
export interface WitnessFailure {
  /** The name of its key. */
  readonly name: string;
  readonly code: WitnessFailureCode;
  /** One sentence in lower case. */
  readonly reason: string;
}

/** What came of asking the witnesses. */
export interface Cosigning {
  /** Whether a quorum has cosigned it. */
  readonly ok: boolean;
  /** The checkpoint, with the cosignatures that hold. */
  readonly note: string;
  /** Who cosigned it now, in the order of the policy. */
  readonly cosigned: readonly Cosigned[];
  /** Who did not. */
  readonly failures: readonly WitnessFailure[];
  /** Evidence that the log has signed two histories; {@link verifyForkEvidence} checks it. */
  readonly forks: readonly string[];
}

const DEFAULT_TIMEOUT = 10_000;
const EVIDENCE = 'text/x.sealwright.fork-evidence';
const CHECKPOINT = 'text/x.sealwright.checkpoint';
const SIZE = 'text/x.tlog.size';

/** Ends the attempt at one witness. */
class Failure extends Error {
  readonly code: WitnessFailureCode;
  readonly fork: string | null;

  constructor(code: WitnessFailureCode, reason: string, fork: string | null = null) {
    super(reason);
    this.code = code;
    this.fork = fork;
  }
}

interface Asked {
  readonly name: string;
  readonly key: string;
  readonly url: string | null;
}

/**
 * Asks the witnesses of a policy, all at once, to cosign a checkpoint. Those that know another size than `oldSize` are
 * asked once more, with a proof from there.
 *
 * @param checkpoint signed by a log of the policy
 * @throws `ProofError` `ERR_QUORUM_MISSING` with `mode: 'fail-closed'`, whose `cosigning` has all that is known;
 * `ERR_NOTE_MALFORMED`, `ERR_NOTE_SIGNATURE`, `ERR_NOTE_UNTRUSTED`, `ERR_CHECKPOINT_MALFORMED`, `ERR_POLICY_MALFORMED`;
 * `SelfTestError`; TypeError `ERR_INVALID_ARGUMENT`; the reason of `signal`
 */
export async function cosign(checkpoint: string, options: CosignOptions): Promise<Cosigning> {
  const note = checkString(checkpoint, 'checkpoint');
  const asking = checkAsking(note, options);
  asking.signal?.throwIfAborted();
  const witnesses = JSON.parse(wrap(() => native.policyWitnesses(asking.policy))) as readonly Asked[];
  const results = await Promise.all(witnesses.map((witness) => ask(asking, witness)));
  asking.signal?.throwIfAborted();
  const cosigning = gathered(asking, results);
  if (cosigning.ok || asking.mode === 'fail-open') return cosigning;
  const why = cosigning.failures.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw quorumMissing(`no quorum of witnesses has cosigned the checkpoint: ${why || 'the policy names too few'}`, cosigning);
}

/** Options that were checked, and what they are about. */
interface Asking {
  readonly note: string;
  readonly shown: ShownCheckpoint;
  readonly policy: string;
  readonly prove: CosignOptions['prove'];
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly urls: Readonly<Record<string, unknown>>;
  readonly tokens: Readonly<Record<string, unknown>>;
  readonly root: CosignOptions['root'];
  readonly oldSize: number;
  readonly mode: 'fail-closed' | 'fail-open';
  readonly signal: AbortSignal | undefined;
}

function checkAsking(note: string, options: CosignOptions): Asking {
  const names = ['policy', 'urls', 'tokens', 'prove', 'root', 'oldSize', 'mode', 'timeoutMs', 'fetch', 'signal'] as const;
  const given = checkOptions(options, names, 'cosign');
  const policy = checkString(given.policy, 'policy');
  if (typeof given.prove !== 'function') throw invalidArgument(`prove must be a function, found ${show(given.prove)}`);
  for (const name of ['root', 'fetch'] as const) {
    if (given[name] !== undefined && typeof given[name] !== 'function') throw invalidArgument(`${name} must be a function, found ${show(given[name])}`);
  }
  const shown = JSON.parse(wrap(() => native.openUncosigned(note, policy))) as ShownCheckpoint;
  return {
    note,
    shown,
    policy,
    urls: checkRecord(given.urls, 'urls'),
    tokens: checkRecord(given.tokens, 'tokens'),
    prove: given.prove as CosignOptions['prove'],
    root: given.root as CosignOptions['root'],
    oldSize: checkInteger(given.oldSize ?? 0, 'oldSize', 0, shown.size),
    mode: checkOneOf(given.mode ?? 'fail-closed', 'mode', ['fail-closed', 'fail-open']),
    timeoutMs: checkInteger(given.timeoutMs ?? DEFAULT_TIMEOUT, 'timeoutMs', 1, 2 ** 31 - 1),
    fetch: (given.fetch as Fetch | undefined) ?? globalThis.fetch,
    signal: checkSignal(given.signal, 'signal'),
  };
}

function checkRecord(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidArgument(`${name} must be an object of strings, found ${show(value)}`);
  for (const text of Object.values(value)) checkString(text, `a value of ${name}`);
  return value as Readonly<Record<string, unknown>>;
}

interface Result {
  readonly witness: Asked;
  /** The answer with the cosignature. */
  readonly body?: string;
  readonly failure?: Failure;
}

async function ask(asking: Asking, witness: Asked): Promise<Result> {
  const { timeoutMs, signal } = asking;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Failure('timeout', `no answer within ${timeoutMs} ms`)), timeoutMs);
  const until = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  try {
    return { witness, body: await orAborted(answerOf(asking, witness, until), until) };
  } catch (error) {
    if (error instanceof Failure) return { witness, failure: error };
    const code = error instanceof BadAnswer ? 'bad_answer' : 'unreachable';
    return { witness, failure: new Failure(code, reasonOf(error)) };
  } finally {
    clearTimeout(timer);
  }
}

/** Whatever a caller's `fetch` or `prove` makes of the signal. */
function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** What `fetch` rejects with says little by itself. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? textOfThrown(error) : `${textOfThrown(error)}: ${textOfThrown(cause)}`;
}

async function answerOf(asking: Asking, witness: Asked, signal: AbortSignal): Promise<string> {
  const { url, token } = placeOf(asking, witness);
  const send = async (oldSize: number): Promise<HttpAnswer> => {
    return post(asking.fetch, url, await requestFrom(asking, oldSize), token, signal);
  };
  let oldSize = asking.oldSize;
  let answer = await send(oldSize);
  const known = sizeIn(answer);
  if (known !== null && known !== oldSize) {
    if (known > asking.shown.size) throw new Failure('ahead', `it knows ${known} events, and the checkpoint has ${asking.shown.size}`);
    oldSize = known;
    answer = await send(oldSize);
  }
  if (answer.status === 200) return checkedBody(asking, witness, answer.body);
  throw await refusal(asking, answer, oldSize);
}

function placeOf({ urls, tokens }: Asking, { name, url: stated }: Asked): { readonly url: string; readonly token: string | undefined } {
  const prefix = (urls[name] as string | undefined) ?? stated;
  const token = tokens[name] as string | undefined;
  if (prefix === null) throw new Failure('no_url', 'neither the policy nor urls say where it is');
  const url = URL.canParse(prefix) ? new URL(prefix) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new Failure('no_url', 'its URL is none of http or https, or has more than a host and a path');
  }
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (token !== undefined && url.protocol === 'http:' && !isHere) {
    throw new Failure('no_url', 'its token would go over HTTP to another machine');
  }
  return { url: `${url.href.replace(/\/+$/, '')}/add-checkpoint`, token };
}

async function requestFrom(asking: Asking, oldSize: number): Promise<string> {
  try {
    const proof = await proofFrom(asking, oldSize);
    return wrap(() => native.witnessRequest(asking.note, oldSize, proof));
  } catch (error) {
    throw new Failure('proof_failed', `no proof from ${oldSize} events: ${textOfThrown(error)}`);
  }
}

/** From nothing and from the same size there is nothing to prove. */
async function proofFrom({ prove, shown }: Asking, oldSize: number): Promise<string[]> {
  return oldSize === 0 || oldSize === shown.size ? [] : checkStrings(await prove(oldSize), 'the answer of prove');
}

function sizeIn({ status, contentType, body }: HttpAnswer): number | null {
  if (status !== 409 || contentType !== SIZE) return null;
  const size = /^(?:0|[1-9][0-9]{0,15})\n$/.test(body) ? Number(body) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new Failure('bad_answer', 'its 409 names no size');
  return size;
}

function checkedBody({ note }: Asking, { key }: Asked, body: string): string {
  try {
    wrap(() => native.addCosignature(note, body, key));
    return body;
  } catch (error) {
    throw new Failure('bad_cosignature', textOfThrown(error));
  }
}

async function refusal(asking: Asking, answer: HttpAnswer, oldSize: number): Promise<Failure> {
  const { status, contentType, body } = answer;
  if (status === 404) return new Failure('unknown_log', 'it does not know the log');
  if (status === 403) return new Failure('untrusted_log', "it does not take the signature for the log's");
  if (contentType === SIZE && sizeIn(answer) !== oldSize) return new Failure('conflict', 'it has cosigned another checkpoint meanwhile');
  if (status !== 409 && status !== 422) return new Failure('refused', `it answered with status ${status}`);
  const fork = contentType === EVIDENCE ? evidenceIn(asking, body) : contentType === CHECKPOINT ? await evidenceFrom(asking, body, oldSize) : null;
  if (fork !== null) return new Failure('fork', 'the log has signed another history for it', fork);
  return new Failure('inconsistent', 'the checkpoint does not go on from what it knows');
}

/** A witness is believed as far as what it says holds. */
function evidenceIn({ policy, shown }: Asking, body: string): string | null {
  const { ok, older } = verifyForkEvidence(body, { policy });
  return ok && older?.origin === shown.origin ? body : null;
}

async function evidenceFrom(asking: Asking, other: string, oldSize: number): Promise<string | null> {
  const { note, policy, root } = asking;
  try {
    const proof = await proofFrom(asking, oldSize);
    return makeForkEvidence({ one: note, other, policy, proof, root: await root?.(oldSize) });
  } catch {
    // It is no note, or there is no root: what the witness said is all that there is.
    return null;
  }
}

function gathered({ note: given, policy }: Asking, results: readonly Result[]): Cosigning {
  let note = given;
  const cosigned: Cosigned[] = [];
  const failures: WitnessFailure[] = [];
  const forks = new Set<string>();
  for (const { witness: { name, key }, body, failure } of results) {
    if (failure !== undefined) {
      failures.push({ name, code: failure.code, reason: failure.message });
      if (failure.fork !== null) forks.add(failure.fork);
    } else {
      const added = JSON.parse(wrap(() => native.addCosignature(note, body ?? '', key))) as { readonly note: string; readonly time: number };
      note = added.note;
      cosigned.push({ name, time: added.time });
    }
  }
  return { ok: hasQuorum(note, policy), note, cosigned, failures, forks: [...forks] };
}

function hasQuorum(note: string, policy: string): boolean {
  try {
    openCheckpoint(note, { policy });
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_QUORUM_MISSING') return false;
    throw error;
  }
}
