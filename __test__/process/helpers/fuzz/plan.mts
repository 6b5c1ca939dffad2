// What is done to a good call: a plan of fast-check's, so that a seed tells all of it.

import { types } from 'node:util';
import * as fc from 'fast-check';
import { hostile, spoilt } from './hostile.mts';

/** One value put into another's place. */
interface Change {
  /** Which of the places of the good call. */
  readonly place: number;
  /** A name of {@link hostile} or of {@link spoilt}. */
  readonly value: string;
  /** Where in the good value. */
  readonly where: number;
}

/** How a call is made worse. */
export interface Plan {
  readonly changes: readonly Change[];
  /** How many arguments come, less or more than there should be. */
  readonly more: number;
  /** A name of {@link hostile} for `this`. */
  readonly receiver: string | null;
  /** A constructor without `new`, anything else with it. */
  readonly isMisused: boolean;
  /** The receiver is closed before. */
  readonly isClosed: boolean;
  /** Memory of the bytes is given away as soon as the call has returned. */
  readonly givesAway: boolean;
}

const names = [...Object.keys(hostile), ...Object.keys(spoilt), ...Object.keys(spoilt)];

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat({ max: 1000 }),
  value: fc.constantFrom(...names),
  where: fc.nat({ max: 100_000 }),
});

/** `true` once in so many. */
const rarely = (times: number) => fc.nat({ max: times - 1 }).map((value) => value === 0);

const plan: fc.Arbitrary<Plan> = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 2 }),
  more: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -3, max: 2 }) }),
  receiver: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...Object.keys(hostile)) }),
  isMisused: rarely(30),
  isClosed: rarely(15),
  givesAway: rarely(4),
});

/** So many plans, the same ones for the same seed. */
export function plansOf(seed: number, count: number): readonly Plan[] {
  return fc.sample(plan, { seed, numRuns: count });
}

/** The arguments, changed; and what was put where, in words. */
export function spoil(args: readonly unknown[], { changes, more }: Plan): { readonly args: readonly unknown[]; readonly words: string } {
  const words: string[] = [];
  const places = placesOf(args);
  const done: string[] = [];
  let changed: unknown = args;
  for (const { place, value, where } of changes) {
    const path = places[place % places.length];
    // What was replaced is left as it is.
    if (path === undefined || done.some((prefix) => `${path.join('.')}.`.startsWith(prefix))) continue;
    const good = path.reduce<unknown>((holder, key) => (holder as Record<string, unknown>)[key], args);
    changed = withAt(changed, path, (hostile[value] ?? spoilt[value])?.(good, where));
    done.push(`${path.join('.')}.`);
    words.push(`[${path.join('.')}] ${value} ${where}`);
  }
  const list = changed as readonly unknown[];
  if (more !== 0) words.push(`${more} arguments`);
  const longer = Array.from({ length: Math.max(more, 0) }, () => ({}));
  return { args: [...list.slice(0, more < 0 ? more : undefined), ...longer], words: words.join(', ') };
}

const MAX_DEPTH = 4;

/** Paths of everything that can be replaced: members of plain objects and arrays, and what they hold. */
function placesOf(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  const here = path.length === 0 ? [] : [path];
  if (!isPlain(value) || path.length === MAX_DEPTH) return here;
  return [...here, ...Object.keys(value).slice(0, 40).flatMap((key) => placesOf(value[key], [...path, key]))];
}

function withAt(holder: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const copy = (Array.isArray(holder) ? [...(holder as unknown[])] : { ...(holder as object) }) as Record<string, unknown>;
  copy[key] = rest.length === 0 ? value : withAt(copy[key], rest, value);
  return copy;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}
