// Calls everything, well and badly, and says each call before it is made: who sees this process end knows of what.

import { types } from 'node:util';
import { SealwrightError, SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { Ground, type Given, native, type Recipe } from '../helpers/fuzz/ground.mts';
import { callback, hostile, thrown } from '../helpers/fuzz/hostile.mts';
import { nativeCalls } from '../helpers/fuzz/native-calls.mts';
import { type Plan, plansOf, spoil } from '../helpers/fuzz/plan.mts';
import { publicCalls } from '../helpers/fuzz/public-calls.mts';
import { type Callable, callablesOf } from '../helpers/fuzz/surface.mts';
import { input, say } from '../helpers/talk.mts';

const { folder, entry, seed, rounds, isUnprivileged, only } = input as {
  readonly folder: string;
  /** An entry point of the package, or `addon`. */
  readonly entry: string;
  readonly seed: number;
  readonly rounds: number;
  readonly isUnprivileged: boolean;
  /** Names to call, if not all. */
  readonly only?: string;
};

/** A call that takes longer is taken for one that never ends. */
const MOST_MS = 10_000;
const isAddon = entry === 'addon';
const [exports, recipes] = isAddon ? [native, nativeCalls] : (publicCalls[entry] ?? [{}, {}]);

process.chdir(folder);
if (isUnprivileged) {
  process.setgid?.(65534);
  process.setuid?.(65534);
}
// Whatever becomes of the options, nobody out there is asked.
globalThis.fetch = () => Promise.reject(new Error('no network'));

const strays: unknown[] = [];
process.on('unhandledRejection', (reason) => strays.push(reason));
process.on('uncaughtException', (error) => strays.push(error));

let number = 0;

interface Outcome {
  readonly result?: unknown;
  readonly error?: unknown;
  /** What is wrong with it. */
  readonly wrong?: string;
}

/** One call on its own ground. */
async function attempt(name: string, { call, misuse }: Callable, recipe: Recipe, plan?: Plan): Promise<Outcome> {
  const ground = new Ground(number++);
  let outcome: Outcome = {};
  try {
    const { receiver, args } = givenOf(await (recipe ?? (() => []))(ground));
    const spoilt = plan === undefined ? { args, words: '' } : spoil(args, plan);
    const on = plan?.receiver ? hostile[plan.receiver]?.() : receiver;
    if (plan?.isClosed === true) await closeFirst(on);
    say({ call: name, with: spoilt.words, ...(plan && { receiver: plan.receiver, isMisused: plan.isMisused, isClosed: plan.isClosed, givesAway: plan.givesAway }) });
    callback.again = once(() => call(on, args));
    outcome = await outcomeOf(
      () => (plan?.isMisused === true ? misuse(spoilt.args) : call(on, spoilt.args)),
      () => plan?.givesAway === true && giveAway(spoilt.args),
    );
  } finally {
    callback.again = () => undefined;
    const left = await inTime(ground.leave(outcome.result));
    if (left !== undefined) outcome = { ...outcome, ...left };
    await new Promise((resolve) => setImmediate(resolve));
  }
  const stray = strays.splice(0).filter((reason) => !thrown.has(reason));
  return stray.length > 0 ? { ...outcome, wrong: `left alone: ${textOf(stray[0])}` } : outcome;
}

async function outcomeOf(call: () => unknown, after: () => unknown): Promise<Outcome> {
  try {
    const returned = call();
    after();
    return await inTime(settled(returned));
  } catch (error) {
    return { error };
  }
}

async function settled(returned: unknown): Promise<Outcome> {
  const result = types.isPromise(returned) ? await returned : returned;
  if (isIterator(result)) await drain(result);
  return { result };
}

async function inTime<Value>(promise: Promise<Value>): Promise<Value | Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ wrong: `nothing in ${MOST_MS} ms` }), MOST_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

type Iterator = AsyncIterator<unknown> & { readonly [Symbol.asyncIterator]: unknown };

function isIterator(value: unknown): value is Iterator {
  return typeof value === 'object' && value !== null && !types.isProxy(value) && Symbol.asyncIterator in value && 'next' in value;
}

/** Reads to the end, or for a while: who follows a ledger waits for what comes. */
async function drain(iterator: Iterator): Promise<void> {
  const until = Date.now() + 100;
  while (Date.now() < until) {
    const waited = new Promise<null>((resolve) => setTimeout(resolve, 100, null));
    const next = iterator.next();
    next.catch(() => undefined);
    const step = await Promise.race([next, waited]);
    if (step === null) return void iterator.return?.().catch(() => undefined);
    if (step.done === true) break;
  }
  await iterator.return?.();
}

function givenOf(given: readonly unknown[] | Given): Given {
  return Array.isArray(given) ? { args: given as readonly unknown[] } : (given as Given);
}

async function closeFirst(receiver: unknown): Promise<void> {
  try {
    const { close, release } = receiver as { close?: () => unknown; release?: () => unknown };
    await (close ?? release)?.call(receiver);
  } catch {
    // Not one that can be closed.
  }
}

/** Moves the memory of all bytes elsewhere while a thread may read it, and lets it be freed. */
function giveAway(args: readonly unknown[]): void {
  for (const value of args) {
    if (!types.isUint8Array(value) || value.buffer.byteLength !== value.byteLength) continue;
    try {
      structuredClone(value.buffer, { transfer: [value.buffer as ArrayBuffer] });
    } catch {
      // Shared memory, or given away before.
    }
  }
}

/** Called back, a call calls itself again, well; that one may not. */
function once(call: () => unknown): () => void {
  let isOpen = true;
  return () => {
    if (!isOpen) return;
    isOpen = false;
    try {
      Promise.resolve(call()).catch(() => undefined);
    } catch {
      // As good as any other outcome of the second call.
    }
  };
}

/** What is wrong with an outcome; undefined where nothing is. */
function wrongWith(name: string, { error, wrong }: Outcome, { isMisused, receiver }: Plan): string | undefined {
  if (wrong !== undefined || error === undefined || thrown.has(error)) return wrong;
  if (isAddon) return /ERR_INTERNAL|panic/.test(textOf(error)) ? `a defect: ${textOf(error)}` : undefined;
  // What the language itself refuses, nobody may make, or is left to `Error`.
  if (isMisused || receiver !== null || !recipes[name] || /^new \w+Error$/.test(name)) return undefined;
  // What the language and Node say of the caller's own object.
  if (error instanceof Error && /proxy that has been revoked|incompatible receiver|^Value of "this" must be/.test(error.message)) return undefined;
  // What cannot be written where it was asked for is told in the system's words.
  if (/^(write|pack)/.test(name) && error instanceof Error && 'syscall' in error) return undefined;
  if (!isTyped(error)) return `not typed: ${textOf(error)}`;
  return error.code === 'ERR_INTERNAL' ? `a defect: ${textOf(error)}` : undefined;
}

function isTyped(error: unknown): error is SealwrightError | SealwrightTypeError | SealwrightRangeError {
  return SealwrightError.is(error) || error instanceof SealwrightTypeError || error instanceof SealwrightRangeError;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' | ') : String(error);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}

async function run(): Promise<void> {
  const all = callablesOf(exports);
  const callables = [...all].filter(([name]) => only === undefined || only.split(',').includes(name));
  say({ missing: [...all.keys()].filter((name) => !(name in recipes)), unknown: Object.keys(recipes).filter((name) => !all.has(name)) });
  for (const [name, callable] of callables) {
    const recipe = recipes[name];
    if (!recipe) continue;
    const { error, wrong } = await attempt(name, callable, recipe);
    if (error !== undefined || wrong !== undefined) say({ bad: name, error: wrong ?? textOf(error) });
  }
  const plans = plansOf(seed, rounds * callables.length);
  for (const [index, plan] of plans.entries()) {
    const [name, callable] = callables[index % callables.length]!;
    const wrong = wrongWith(name, await attempt(name, callable, recipes[name] ?? null, plan), plan);
    if (wrong !== undefined) say({ finding: name, index, wrong, plan });
  }
  say({ calls: plans.length, maxRss: process.resourceUsage().maxRSS });
}
