// Crosscheck's canonical form is the native one, byte for byte, and what has no form is refused with the same error.

import test from 'ava';
import * as fc from 'fast-check';
import { canonicalize } from 'json-canonicalize';
import { canonicalJson, float } from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { doubles, jsonValues, keys, strings } from './helpers/arbitraries.mts';
import { canonicalText, toValue } from './helpers/canonical.mts';
import { room } from './helpers/crosscheck.mts';

const { doubleText } = room('canonical');
const { readJson } = room('json');

const textOf = (value: unknown) => Buffer.from(crosscheck.canonicalJson(value)).toString();

test('property: any value has the native form', (t) => {
  fc.assert(
    fc.property(jsonValues, (json) => {
      t.is(textOf(toValue(json)), canonicalJson(toValue(json)).toString());
      t.is(textOf(toValue(json)), canonicalText(json));
    }),
    { numRuns: 2000 },
  );
});

test('property: any double has the native form, and reads back as itself', (t) => {
  fc.assert(
    fc.property(doubles, ({ value }) => {
      t.is(doubleText(value), canonicalJson(float(value)).toString());
      t.is(readJson(doubleText(value)).value, value);
    }),
    { numRuns: 20_000 },
  );
});

test('property: JSON without whole doubles and large integers has the form of RFC 8785', (t) => {
  const numbers = fc.oneof(
    fc.integer(),
    fc.double({ min: 1e-5, max: 1e15, noNaN: true }).filter((value) => !Number.isInteger(value)),
  );
  // Where keys differ in a surrogate and something from U+E000 on, and of `__proto__`, the two forms differ.
  const plainKeys = keys.filter((key) => !/[\ud800-\uffff]|^__proto__$/.test(key));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      strings,
      numbers,
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(plainKeys, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, (json) => t.is(textOf(json), canonicalize(json))),
    { numRuns: 2000 },
  );
});

test('the form is bytes that the caller may change', (t) => {
  const form = crosscheck.canonicalJson({ a: 1 });
  t.is(Object.getPrototypeOf(form), Uint8Array.prototype);
  form.fill(0);
  t.is(textOf({ a: 1 }), '{"a":1}');
});

test('float() is one function, and so are its objects', (t) => {
  t.is(crosscheck.float, float);
  t.is(textOf([float(1), 1, 1n, -0]), '[1.0,1,1,-0.0]');
});

test('a form longer than a part of it is whole', (t) => {
  const value = { text: 'é😀'.repeat(40_000), list: Array.from({ length: 30_000 }, (_, index) => [index, `${index}`]) };
  t.deepEqual(Buffer.from(crosscheck.canonicalJson(value)), canonicalJson(value));
});

class Point {
  x = 1;
}
const cycle: Record<string, unknown> = {};
cycle['self'] = [cycle];
const hole = [0, 1, 2];
delete hole[1];
const nested = (levels: number, value: unknown = 0): unknown => (levels === 0 ? value : nested(levels - 1, [value]));
const forbidden = () => {
  throw new Error('code of a value was run');
};

const refused: Record<string, unknown> = {
  undefined,
  'a function': forbidden,
  'a symbol': Symbol('s'),
  'a symbol key': { [Symbol('s')]: 1 },
  'a proxy': new Proxy({}, { ownKeys: forbidden, getPrototypeOf: forbidden }),
  'a prototype that is a proxy': Object.create(new Proxy({}, { getPrototypeOf: forbidden })),
  'a Map': new Map(),
  'a Map without prototype': Object.setPrototypeOf(new Map([[1, 2]]), null),
  'a Date': new Date(0),
  'a Uint8Array': new Uint8Array(2),
  'bytes without prototype': Object.setPrototypeOf(new Uint8Array(2), null),
  'a boxed number': Object(1),
  'an instance': new Point(),
  'an array of a subclass': class extends Array {}.from([1]),
  'an array with a hole': hole,
  'an array of holes': Object.assign([], { length: 2 ** 32 - 1 }),
  'an array with more': Object.assign([1], { extra: 1 }),
  'a hole made up for': Object.assign([0], { length: 2, extra: 1 }),
  'an accessor': Object.defineProperty({}, 'a', { get: forbidden, enumerable: true }),
  'a hidden property': Object.defineProperty({ b: 1 }, 'a', { value: 1 }),
  'a method toJSON': { toJSON: forbidden },
  'a cycle': cycle,
  'a lone surrogate': 'a\ud800',
  'a key with a lone surrogate': { '\udc00': 1 },
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '2^53': 2 ** 53,
  '1e21': 1e21,
  'a bigint of 2^64': 2n ** 64n,
  'a bigint below -2^63': -(2n ** 63n) - 1n,
  '128 levels': nested(128),
  'a million levels': Array.from({ length: 1_000_000 }).reduce<unknown>((inner) => [inner], 0),
};

for (const [name, value] of Object.entries(refused)) {
  test(`${name}: refused as the native form refuses it`, (t) => {
    const places = { top: value, 'in an array': [0, value], 'in an object': { 'a b': [{ c: value }] } };
    for (const [place, one] of Object.entries(places)) {
      const native = t.throws(() => canonicalJson(one), undefined, place);
      const error = t.throws(() => crosscheck.canonicalJson(one), undefined, place);
      const { name: type, code, path } = error as crosscheck.SealwrightTypeError;
      const expected = native as unknown as crosscheck.SealwrightTypeError;
      t.deepEqual({ type, code, path }, { type: expected.name, code: expected.code, path: expected.path }, place);
      t.is(error?.constructor, native?.constructor);
    }
  });
}

test('127 levels, keys of any kind and other prototypes have a form', (t) => {
  const values = [
    nested(127),
    JSON.parse('{"__proto__":1,"constructor":2,"toJSON":3,"10":4,"9":5}'),
    { '\u{10000}': 1, '\uffff': 2, '\ue000': 3, a: 4 },
    Object.assign(Object.create(null), { a: 1 }),
    Object.assign(Object.create(Object.create(null)), { a: 1 }),
    [2n ** 64n - 1n, -(2n ** 63n), 2 ** 53 - 1, 1e-7, 5e-324, float(1e16), float(1e21)],
  ];
  for (const value of values) t.is(textOf(value), canonicalJson(value).toString());
});
