// Everything that can be called of a module: functions, those of plain objects, constructors, static functions, methods
// and getters, each under the name that a recipe has it by.

/** Members of functions and prototypes that nobody calls. */
const OF_FUNCTIONS = new Set<PropertyKey>(['length', 'name', 'prototype', 'arguments', 'caller', 'constructor']);

/** One of them. */
export interface Callable {
  /** Calls it, a method on a receiver and a constructor with `new`. */
  readonly call: (receiver: unknown, args: readonly unknown[]) => unknown;
  /** A constructor without `new`, anything else with it. */
  readonly misuse: (args: readonly unknown[]) => unknown;
}

type Function = (...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => unknown;

/** By name: `verifyFile`, `events.parse`, `new Session`, `Session.open`, `Session#record`. */
export function callablesOf(exports: object): ReadonlyMap<string, Callable> {
  const found = new Map<string, Callable>();
  for (const [name, value] of Object.entries(exports)) {
    // What `import` makes of CommonJS besides.
    if (name === 'default' || name === 'module.exports') continue;
    if (isClass(value)) {
      found.set(`new ${name}`, { call: (_, args) => Reflect.construct(value, args), misuse: (args) => Reflect.apply(value, undefined, args) });
      addMembers(found, `${name}.`, value, value);
      addMembers(found, `${name}#`, value.prototype as object);
    } else if (typeof value === 'function') found.set(name, callable(value as Function));
    else if (typeof value === 'object' && value !== null) addMembers(found, `${name}.`, value as object, value as object);
  }
  return found;
}

/** Those of a class are called on `self`, the class. */
function addMembers(found: Map<string, Callable>, prefix: string, holder: object, self?: object): void {
  for (const key of Reflect.ownKeys(holder)) {
    const { value, get } = Object.getOwnPropertyDescriptor(holder, key) ?? {};
    const member: unknown = get ?? value;
    if (!OF_FUNCTIONS.has(key) && typeof member === 'function') found.set(`${prefix}${nameOf(key)}`, callable(member as Function, self));
  }
}

function callable(value: Function, self?: object): Callable {
  return {
    call: (receiver, args) => Reflect.apply(value, receiver ?? self, args),
    misuse: (args) => Reflect.construct(value, args),
  };
}

/** Symbols by their last word: versions of Node describe `Symbol.dispose` in two ways. */
function nameOf(key: string | symbol): string {
  return typeof key === 'symbol' ? `[${key.description?.split('.').at(-1)}]` : key;
}

function isClass(value: unknown): value is Class {
  if (typeof value !== 'function') return false;
  const prototype = value.prototype as object | undefined;
  return value.toString().startsWith('class') || (prototype !== undefined && Reflect.ownKeys(prototype).length > 1);
}
