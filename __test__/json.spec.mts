// A JavaScript value is taken as JSON whole and exactly as it is, or refused with the path to what is not JSON. None of
// its code runs.

import { Context, createContext, runInContext } from 'node:vm';
import test from 'ava';
import * as fc from 'fast-check';
import {
  canonicalJson,
  type ErrorCode,
  events,
  float,
  readEvents,
  SealwrightRangeError,
  SealwrightTypeError,
  Session,
  signEvent,
  GENESIS_PARENT_HASH,
  verifyFile,
} from 'sealwright';
import { jsonValues } from './helpers/arbitraries.mts';
import { canonicalText, toValue } from './helpers/canonical.mts';
import { throwsError } from './helpers/errors.mts';
import { newPath } from './helpers/folders.mts';
import { DIGEST, key1, toolCalled } from './helpers/ledgers.mts';

const anotherRealm: Context = createContext({});
const fromAnotherRealm = (code: string): unknown => runInContext(`(${code})`, anotherRealm);
const forbidden = () => {
  throw new Error('code of a value was run');
};
const everyTrap = Object.fromEntries(
  Reflect.ownKeys(Reflect)
    .filter((name) => typeof name === 'string')
    .map((name) => [name, forbidden]),
);

/** A number that JSON has no way to write, or that may have been rounded before it came here. */
const refusedNumbers: Record<string, unknown> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '2^53': 2 ** 53,
  '-2^53': -(2 ** 53),
  '1e21': 1e21,
  'the largest double': Number.MAX_VALUE,
  'a bigint of 2^64': 2n ** 64n,
  'a bigint below -2^63': -(2n ** 63n) - 1n,
};

const loneSurrogates: Record<string, string> = {
  'a high surrogate alone': 'a\ud83d',
  'a low surrogate alone': '\ude00a',
  'surrogates in the wrong order': '\ude00\ud83d',
  'a high surrogate before a letter': '\ud83dA',
};

class Point {
  x = 1;
}
class List extends Array<unknown> {}

function cycle(): unknown {
  const object: Record<string, unknown> = {};
  object['self'] = object;
  return object;
}

function longCycle(): unknown {
  const first: unknown[] = [];
  first.push({ second: { third: [first] } });
  return first;
}

const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** What is refused as a whole, where it stands. */
const refusedValues: Record<string, unknown> = {
  undefined: undefined,
  'a function': forbidden,
  'a class': Point,
  'a symbol': Symbol('s'),
  'an object with a symbol key': { [Symbol('key')]: 1 },
  'an array with a symbol key': Object.assign([1], { [Symbol('key')]: 1 }),
  'a proxy of an object': new Proxy({}, everyTrap),
  'a proxy of an array': new Proxy([], everyTrap),
  'a proxy of a function': new Proxy(forbidden, everyTrap),
  'a revoked proxy': revoked.proxy,
  'an object whose prototype is a proxy': Object.create(new Proxy({}, everyTrap)),
  'an array whose prototype is a proxy': Object.setPrototypeOf([], new Proxy([], everyTrap)),
  'a Map': new Map([['a', 1]]),
  'a Set': new Set([1]),
  'a WeakMap': new WeakMap(),
  'a Date': new Date(0),
  'a RegExp': /a/,
  'an Error': new Error('e'),
  'a Promise': Promise.resolve(1),
  'a URL': new URL('file:///a'),
  'a Buffer': Buffer.from('a'),
  'a Uint8Array': new Uint8Array(1),
  'a Float64Array': new Float64Array(1),
  'an ArrayBuffer': new ArrayBuffer(1),
  'a DataView': new DataView(new ArrayBuffer(1)),
  'an instance of a class': new Point(),
  'an object with a plain object as its prototype': Object.create({ inherited: 1 }),
  'a boxed number': Object(1),
  'a boxed string': Object('a'),
  'a boxed boolean': Object(true),
  'a boxed bigint': Object(1n),
  'a boxed symbol': Object(Symbol('s')),
  'a generator': (function* () {})(),
  'a Map of another realm': fromAnotherRealm('new Map()'),
  'a Date of another realm': fromAnotherRealm('new Date(0)'),
  'a boxed number of another realm': fromAnotherRealm('Object(1)'),
  'an instance of a class of another realm': fromAnotherRealm('new (class Point {})()'),
  'an array of a subclass': List.from([1]),
  'an array with a hole': withHole(),
  'an array of holes only': Object.assign([], { length: 3 }),
  'an array of as many holes as there can be': Object.assign([], { length: 2 ** 32 - 1 }),
  'an array with a further property': Object.assign([1], { extra: 1 }),
  'the arguments of a function': (function () {
    return arguments;
  })(),
};

function withHole(): unknown[] {
  const array: unknown[] = [0, 1, 2];
  delete array[1];
  return array;
}

/** What is refused at one of its members, and where. */
const refusedMembers: Record<string, readonly [value: unknown, path: string]> = {
  'a getter': [Object.defineProperty({}, 'a', { get: forbidden, enumerable: true }), 'a'],
  'a setter': [Object.defineProperty({}, 'a', { set: forbidden, enumerable: true }), 'a'],
  'a getter in an array': [Object.defineProperty([0, 0], 1, { get: forbidden, enumerable: true }), '[1]'],
  'a getter named __proto__': [
    Object.defineProperty({}, '__proto__', { get: forbidden, enumerable: true }),
    '__proto__',
  ],
  'a property that is not enumerable': [Object.defineProperty({ a: 1 }, 'b', { value: 1 }), 'b'],
  'an element that is not enumerable': [Object.defineProperty([0, 0], 1, { enumerable: false }), '[1]'],
  'a hole that a further property makes up for': [Object.assign(withHole(), { extra: 1 }), '[1]'],
  'a method toJSON, which is not called': [{ toJSON: forbidden }, 'toJSON'],
  'a cycle': [cycle(), 'self'],
  'a cycle through several containers': [longCycle(), '[0].second.third[0]'],
};

/** Refused at the top, and inside containers with the path to it. */
function refusedEverywhere(
  names: Record<string, unknown>,
  instanceOf: new (...args: never[]) => Error,
  code: ErrorCode,
): void {
  for (const [name, value] of Object.entries(names)) {
    test(`${name} is refused: ${code}`, (t) => {
      throwsError(t, () => canonicalJson(value), { instanceOf, code, path: undefined });
      throwsError(t, () => canonicalJson([0, value]), { instanceOf, code, path: '[1]' });
      throwsError(t, () => canonicalJson({ 'odd key': { items: [[], value] } }), {
        instanceOf,
        code,
        path: '["odd key"].items[1]',
      });
      throwsError(t, () => toolCalled({ items: [value] }), {
        instanceOf,
        code,
        path: 'payload.args_redacted.items[0]',
      });
      throwsError(
        t,
        () =>
          signEvent({
            event: { type: 'ToolCalled', payload: { args_redacted: [value] } },
            seq: 0,
            parentHash: GENESIS_PARENT_HASH,
            keypair: key1,
          }),
        { instanceOf, code, path: 'payload.args_redacted[0]' },
      );
    });
  }
}

refusedEverywhere(refusedNumbers, SealwrightRangeError, 'ERR_JSON_NUMBER');
refusedEverywhere(loneSurrogates, SealwrightTypeError, 'ERR_JSON_STRING');
refusedEverywhere(refusedValues, SealwrightTypeError, 'ERR_JSON_UNSUPPORTED');

for (const [name, [value, path]] of Object.entries(refusedMembers)) {
  test(`${name} is refused: ERR_JSON_UNSUPPORTED`, (t) => {
    const refused = { instanceOf: SealwrightTypeError, code: 'ERR_JSON_UNSUPPORTED' } as const;
    throwsError(t, () => canonicalJson(value), { ...refused, path });
    const separator = path.startsWith('[') ? '' : '.';
    throwsError(t, () => toolCalled({ a: value }), { ...refused, path: `payload.args_redacted.a${separator}${path}` });
  });
}

for (const [name, key] of Object.entries(loneSurrogates)) {
  test(`a key with ${name} is refused: ERR_JSON_STRING`, (t) => {
    const path = `payload.args_redacted[${JSON.stringify(key)}]`;
    throwsError(t, () => toolCalled({ [key]: 1 }), { instanceOf: SealwrightTypeError, code: 'ERR_JSON_STRING', path });
  });
}

test('the errors are also TypeError and RangeError', (t) => {
  t.true(t.throws(() => canonicalJson(undefined), { instanceOf: TypeError }) instanceof SealwrightTypeError);
  t.true(t.throws(() => canonicalJson(Number.NaN), { instanceOf: RangeError }) instanceof SealwrightRangeError);
});

test('float() takes finite numbers only', (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    throwsError(t, () => float(value), { instanceOf: SealwrightRangeError, code: 'ERR_JSON_NUMBER' });
  }
  for (const value of ['1', 1n, null, undefined, {}]) {
    throwsError(t, () => float(value as number), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

const accepted: Record<string, readonly [value: unknown, canonical: string]> = {
  'literals and containers': [[null, true, false, '', {}, []], '[null,true,false,"",{},[]]'],
  'safe integers': [[0, 1, -1, 2 ** 53 - 1, -(2 ** 53 - 1)], '[0,1,-1,9007199254740991,-9007199254740991]'],
  'negative zero, which is a double': [-0, '-0.0'],
  doubles: [[0.1, 1.5e-7, 5e-324], '[0.1,1.5e-7,5e-324]'],
  'bigint up to its limits': [[0n, -(2n ** 63n), 2n ** 64n - 1n], '[0,-9223372036854775808,18446744073709551615]'],
  'float() of whole numbers': [
    [float(1), float(-0), float(2 ** 53), float(1e21)],
    '[1.0,-0.0,9007199254740992.0,1e+21]',
  ],
  'float() of other numbers': [[float(0.5), float(Number.MAX_VALUE)], '[0.5,1.7976931348623157e+308]'],
  'an object with a null prototype': [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  'an object whose prototype has a null prototype': [
    Object.assign(Object.create(Object.create(null)), { a: 1 }),
    '{"a":1}',
  ],
  'objects and arrays of another realm': [
    fromAnotherRealm('{ b: [1, { c: "x" }], a: Object.create(null) }'),
    '{"a":{},"b":[1,{"c":"x"}]}',
  ],
  'a bigint of another realm': [fromAnotherRealm('2n ** 64n - 1n'), '18446744073709551615'],
  'a key named __proto__': [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
  'keys that Object.prototype has': [
    { constructor: 1, toString: 2, hasOwnProperty: 3 },
    '{"constructor":1,"hasOwnProperty":3,"toString":2}',
  ],
  'keys that are integers': [{ 10: 'a', 9: 'b', '01': 'c', '-1': 'd' }, '{"-1":"d","01":"c","10":"a","9":"b"}'],
  'the same object twice, which is no cycle': [
    ((shared) => [shared, { shared }])({ a: 1 }),
    '[{"a":1},{"shared":{"a":1}}]',
  ],
  'frozen objects and arrays': [Object.freeze([Object.freeze({ a: 1 })]), '[{"a":1}]'],
  'every kind of character': [
    '"\\/\b\f\n\r\t\u0000\u001f\u007f\u2028é😀',
    '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u2028é😀"',
  ],
};

for (const [name, [value, canonical]] of Object.entries(accepted)) {
  test(`${name}: accepted`, (t) => t.is(canonicalJson(value).toString(), canonical));
}

const nested = (levels: number, wrap: (inner: unknown) => unknown, innermost: unknown) => {
  let value = innermost;
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
};
const wrappers: Record<string, (inner: unknown) => unknown> = { arrays: (inner) => [inner], objects: (a) => ({ a }) };

for (const [name, wrap] of Object.entries(wrappers)) {
  const tooDeep = { instanceOf: SealwrightRangeError, code: 'ERR_DEPTH_EXCEEDED' } as const;

  test(`args_redacted nested deeper than 124 ${name}: refused at 125, round trip exact at 124`, async (t) => {
    const path = newPath(t);
    const step = name === 'arrays' ? '[0]' : '.a';
    throwsError(t, () => toolCalled(nested(125, wrap, 1)), {
      ...tooDeep,
      path: `payload.args_redacted${step.repeat(124)}`,
    });
    const deepest = nested(124, wrap, 1);
    using session = Session.openSync({ keypair: key1, ledgerPath: path, sessionId: 'deep' });
    await session.record(toolCalled(deepest));
    for await (const { event } of readEvents(path)) t.deepEqual(event.payload['args_redacted'], deepest as never);
    t.is(
      (await verifyFile(path, { signers: key1.publicKeyHex, expectedHead: session.head ?? undefined })).verdict,
      'verified',
    );
  });

  test(`${name} nested a million levels deep are refused early`, (t) => {
    throwsError(t, () => canonicalJson(nested(1_000_000, wrap, 1)), tooDeep);
    throwsError(t, () => toolCalled(nested(1_000_000, wrap, 1)), tooDeep);
    t.notThrows(() => canonicalJson(nested(127, wrap, 1)));
    throwsError(t, () => canonicalJson(nested(128, wrap, 1)), tooDeep);
  });
}

const MIB = 1024 * 1024;

test('a string of 10 MiB is recorded and read back; one of 20 MiB is refused before it is written', async (t) => {
  const path = newPath(t);
  const tooLong = { instanceOf: SealwrightRangeError, code: 'ERR_LINE_TOO_LONG' } as const;
  await using session = await Session.open({ keypair: key1, ledgerPath: path, sessionId: 'long' });
  const text = 'é'.repeat(5 * MIB);
  const signed = await session.record(toolCalled({ text }));
  throwsError(t, () => toolCalled({ text: 'x'.repeat(20 * MIB) }), tooLong);
  throwsError(
    t,
    () => events.utteranceSpoken({ textSha256: DIGEST, text: 'é'.repeat(10 * MIB), audioSha256: '' }),
    tooLong,
  );
  // 4 Mi characters that are six bytes each on a line.
  throwsError(t, () => toolCalled('\0'.repeat(4 * MIB)), tooLong);
  await t.throwsAsync(
    session.record({ type: 'ToolCalled', payload: { args_redacted: 'x'.repeat(40 * MIB) } }),
    tooLong as object,
  );
  for await (const read of readEvents(path)) {
    t.is(read.toLine(), signed.toLine());
    t.is((read.event.payload['args_redacted'] as { text: string }).text, text);
  }
  const report = await verifyFile(path, { signers: key1.publicKeyHex, expectedHead: session.head ?? undefined });
  t.is(report.verdict, 'verified');
  t.is(report.eventCount, 1);
});

test('__proto__ and integer-like keys come back from the ledger exactly', async (t) => {
  const path = newPath(t);
  const text =
    '{"__proto__":{"polluted":true,"__proto__":[{"__proto__":1}]},"2":"b","1":"a","constructor":{"prototype":null}}';
  await using session = await Session.open({ keypair: key1, ledgerPath: path, sessionId: 'keys' });
  await session.record(toolCalled(JSON.parse(text)));
  for await (const read of readEvents(path)) {
    const { args_redacted: args } = read.event.payload as { args_redacted: object };
    // JavaScript itself moves integer-like keys to the front.
    t.is(JSON.stringify(args), JSON.stringify(JSON.parse(text)));
    t.is(Object.getPrototypeOf(args), Object.prototype);
    t.deepEqual(Object.getOwnPropertyNames(args), ['1', '2', '__proto__', 'constructor']);
    t.true(read.toLine().includes(`"args_redacted":${JSON.stringify(JSON.parse(text))}`));
  }
  t.false('polluted' in {});
});

test('a value is converted before the call returns: changing it afterwards changes nothing', async (t) => {
  await using session = await Session.open({ keypair: key1, ledgerPath: newPath(t), sessionId: 'once' });
  const payload = { tool_name: 't', args_sha256: DIGEST, args_redacted: { items: [1] } };
  const recording = session.record({ type: 'ToolCalled', payload });
  const batch = session.recordMany([{ type: 'ToolCalled', payload }]);
  payload.args_redacted.items.push(2);
  t.deepEqual((await recording).event.payload['args_redacted'], { items: [1] });
  t.deepEqual((await batch)[0]?.event.payload['args_redacted'], { items: [1] });
});

test('property: any JSON value goes through an event and its line without loss', (t) => {
  fc.assert(
    fc.property(jsonValues, (json) => {
      const event = toolCalled(toValue(json));
      const line = signEvent({
        event,
        seq: 0,
        parentHash: GENESIS_PARENT_HASH,
        keypair: key1,
        timestampNanos: 0n,
      }).toLine();
      const text = events.parse(event.toString()).toString();
      t.is(text, event.toString());
      t.true(line.includes(text));
      t.is(canonicalJson(toValue(json)).toString(), canonicalText(json));
    }),
  );
});
