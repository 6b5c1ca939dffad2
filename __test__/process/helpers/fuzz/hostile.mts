/* oxlint-disable unicorn/no-thenable, no-sparse-arrays -- such values are what this is about */

// Values that nobody should give a function, and changes that spoil a good one. What hostile code throws is remembered:
// whoever calls with it gets it back as it is.

/** What hostile code has thrown. */
export const thrown = new Set<unknown>();

/** What a hostile callback or getter calls when it calls back; set for each call. */
export const callback: { again: () => unknown } = { again: () => undefined };

/** Makes a value, perhaps of a good one and of a number that says where to change it. */
export type Maker = (good?: unknown, where?: number) => unknown;

function mischief(): never {
  const error = new Error('mischief');
  thrown.add(error);
  throw error;
}

/** A promise that rejects, and that is no unhandled one where nobody takes it. */
function rejected(): Promise<never> {
  const error = new Error('mischief');
  thrown.add(error);
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function detached(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Bytes over memory that may change its size. */
export function resizable(bytes: Uint8Array): Uint8Array {
  const Resizable = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
  const over = new Uint8Array(new Resizable(bytes.length, { maxByteLength: bytes.length + 64 }));
  over.set(bytes);
  return over;
}

function shared(bytes: Uint8Array): Uint8Array {
  const over = new Uint8Array(new SharedArrayBuffer(bytes.length));
  over.set(bytes);
  return over;
}

/** An object all of whose properties run code. */
const traps: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((name) => [name, () => mischief()]),
);

const callingBack: ProxyHandler<object> = {
  get(target, key, receiver) {
    callback.again();
    return Reflect.get(target, key, receiver) as unknown;
  },
};

/** Makers of values, by what they are. */
export const hostile: Readonly<Record<string, Maker>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  '0': () => 0,
  '-0': () => -0,
  '-1': () => -1,
  '0.5': () => 0.5,
  NaN: () => Number.NaN,
  Infinity: () => Infinity,
  '2^31': () => 2 ** 31,
  '2^32': () => 2 ** 32,
  '2^53': () => 2 ** 53,
  '1e308': () => 1e308,
  '0n': () => 0n,
  '-1n': () => -1n,
  '2^64 n': () => 2n ** 64n,
  '2^9999 n': () => 2n ** 9999n,
  symbol: () => Symbol('mischief'),
  'empty text': () => '',
  'NUL text': () => 'a\0b',
  'lone surrogate': () => '\ud800',
  'long text': () => 'x'.repeat(1 << 22),
  'long rope': () => 'ab'.repeat(1 << 20).concat('\u{10000}'),
  'deep JSON': () => '['.repeat(100_000),
  'failure text': () => '!{"kind":"type","code":"ERR_MISCHIEF","message":"mischief"}',
  '__proto__': () => '__proto__',
  'empty object': () => ({}),
  'object without prototype': () => Object.create(null) as object,
  'frozen object': () => Object.freeze({ a: 1 }),
  'empty array': () => [],
  'array with holes': () => [, 1, , 2],
  'long hollow array': () => Object.assign([], { length: 2 ** 32 - 1 }),
  'array of itself': () => {
    const array: unknown[] = [];
    array.push(array);
    return array;
  },
  cycle: () => {
    const object: Record<string, unknown> = {};
    object['self'] = object;
    return object;
  },
  'deep object': () => {
    let object: object = {};
    for (let depth = 0; depth < 5000; depth += 1) object = { a: object };
    return object;
  },
  function: () => () => undefined,
  'throwing function': () => mischief,
  class: () => Map,
  promise: () => Promise.resolve(1),
  'rejected promise': rejected,
  'throwing then': () => ({ then: mischief }),
  'throwing then getter': () => Object.defineProperty({}, 'then', { get: mischief, enumerable: true }),
  'twice then': () => ({
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
      resolve(1);
      reject(1);
    },
  }),
  'throwing toString': () => ({ toString: mischief, valueOf: mischief, toJSON: mischief, [Symbol.toPrimitive]: mischief }),
  'throwing iterator': () => ({ [Symbol.iterator]: mischief, [Symbol.asyncIterator]: mischief }),
  'odd iterator': () => ({ [Symbol.iterator]: () => ({ next: () => 1 }), [Symbol.asyncIterator]: () => ({ next: () => 1 }) }),
  'throwing proxy': () => new Proxy({}, traps),
  'throwing function proxy': () => new Proxy(() => undefined, { ...traps, get: () => undefined }),
  'revoked proxy': () => revoked({}),
  'revoked array': () => revoked([]),
  'no bytes': () => new Uint8Array(),
  'detached bytes': () => detached(32),
  'shared bytes': () => shared(new Uint8Array(32)),
  'resizable bytes': () => resizable(new Uint8Array(32)),
  'many bytes': () => new Uint8Array(1 << 22),
  words: () => new Uint32Array(8),
  floats: () => new Float64Array(4),
  view: () => new DataView(new ArrayBuffer(32)),
  buffer: () => new ArrayBuffer(32),
  'false Uint8Array': () => Object.create(Uint8Array.prototype) as object,
  date: () => new Date(0),
  'no date': () => new Date(Number.NaN),
  map: () => new Map([[1, 2]]),
  error: () => new Error('mischief'),
  'aborted signal': () => {
    const reason = new Error('mischief');
    thrown.add(reason);
    return AbortSignal.abort(reason);
  },
  'false signal': () => Object.create(AbortSignal.prototype) as object,
  'url of a host': () => new URL('file://mischief/a'),
  'url of a site': () => new URL('http://mischief.invalid/'),
};

/** Changes of a good value, which take a number that says where; undefined where there is nothing to change. */
export const spoilt: Readonly<Record<string, Maker>> = {
  'cut short': (good, where = 0) => slicedOf(good, where),
  'one changed': (good, where = 0) => changedOf(good, where),
  'lone surrogate inside': (good, where = 0) => insertedInto(good, where, '\ud800'),
  'NUL inside': (good, where = 0) => insertedInto(good, where, '\0'),
  'line feed inside': (good, where = 0) => insertedInto(good, where, '\n'),
  'digits inside': (good, where = 0) => insertedInto(good, where, '99999999999999999999'),
  twice: (good) => (typeof good === 'string' ? good + good : Array.isArray(good) ? [...(good as unknown[]), ...(good as unknown[])] : undefined),
  'in an object': (good) => (typeof good === 'object' ? undefined : Object(good)),
  'in an array': (good) => [good],
  negated: (good) => (typeof good === 'number' || typeof good === 'bigint' ? -good : undefined),
  'one more': (good) => (typeof good === 'number' ? good + 1 : typeof good === 'bigint' ? good + 1n : undefined),
  'in shared memory': (good) => (good instanceof Uint8Array ? shared(good) : undefined),
  'in resizable memory': (good) => (good instanceof Uint8Array ? resizable(good) : undefined),
  'proxy of it': (good) => (isObject(good) ? new Proxy(good, {}) : undefined),
  'proxy that calls back': (good) => (isObject(good) ? new Proxy(good, callingBack) : undefined),
  'without prototype': (good) => (isObject(good) && typeof good !== 'function' ? Object.assign(Object.create(null) as object, good) : undefined),
  'instance of nothing': (good) => (isObject(good) ? (Object.create(Object.getPrototypeOf(good) as object) as object) : undefined),
  'heir of it': (good) => (isObject(good) ? (Object.create(good) as object) : undefined),
  'another option': (good) => (isObject(good) && !Array.isArray(good) ? { ...good, mischief: 1 } : undefined),
  'throws': (good) => (typeof good === 'function' ? mischief : undefined),
  'rejects': (good) => (typeof good === 'function' ? rejected : undefined),
  'gives nonsense': (good, where = 0) => (typeof good === 'function' ? () => hostileAt(where) : undefined),
  'resolves to nonsense': (good, where = 0) => (typeof good === 'function' ? () => Promise.resolve().then(() => hostileAt(where)) : undefined),
  'calls back': (good) => {
    if (typeof good !== 'function') return undefined;
    return function (this: unknown, ...args: unknown[]): unknown {
      callback.again();
      return Reflect.apply(good, this, args);
    };
  },
};

const makers = Object.values(hostile);

function hostileAt(where: number): unknown {
  return makers[where % makers.length]?.();
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** Its beginning: of a path nothing but that is another path in the same folder. */
function slicedOf(good: unknown, where: number): unknown {
  if (typeof good === 'string') return good.slice(0, where % (good.length + 1));
  if (good instanceof Uint8Array) return good.slice(0, where % (good.length + 1));
  return Array.isArray(good) ? good.slice(0, where % (good.length + 1)) : undefined;
}

function changedOf(good: unknown, where: number): unknown {
  if (good instanceof Uint8Array && good.length > 0) {
    const bytes = Uint8Array.from(good);
    bytes[where % bytes.length]! ^= 1 << where % 8;
    return bytes;
  }
  if (typeof good !== 'string' || good === '') return undefined;
  const at = where % good.length;
  const { length } = CHARACTERS;
  return good.slice(0, at) + (CHARACTERS[where % length] ?? '') + good.slice(at + 1);
}

/** Neither a slash nor a dot, so that a path stays where it is. */
const CHARACTERS = '0127afgzAZ"\\{}[]:, +=-\u00e9\u0000';

function insertedInto(good: unknown, where: number, text: string): unknown {
  if (typeof good !== 'string') return undefined;
  const at = where % (good.length + 1);
  return good.slice(0, at) + text + good.slice(at);
}
