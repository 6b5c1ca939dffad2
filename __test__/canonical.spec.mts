// The canonical form is a function of the value alone: whatever the order of its keys and the spelling of its text, its
// bytes are those that the format's text says, found here by a canonicaliser of the test's own.

import { hash } from 'node:crypto';
import test from 'ava';
import * as fc from 'fast-check';
import {
  canonicalJson,
  canonicalSha256,
  computeSelfHash,
  events,
  float,
  GENESIS_PARENT_HASH,
  SealwrightTypeError,
  sha256Hex,
  signEvent,
  verifyChain,
} from 'sealwright';
import { native } from './helpers/addon.mts';
import { doubles, integers, jsonValues, strings } from './helpers/arbitraries.mts';
import { canonicalText, Double, type Json, parseJson, selfHash, sha256, toValue } from './helpers/canonical.mts';
import { throwsError } from './helpers/errors.mts';
import { DIGEST, key1, START, toolCalled } from './helpers/ledgers.mts';

const runs = { numRuns: 1000 };

test('property: any value has the form that the format says', (t) => {
  fc.assert(
    fc.property(jsonValues, (json) => {
      const value = toValue(json);
      const expected = canonicalText(json);
      t.is(canonicalJson(value).toString(), expected);
      t.is(canonicalSha256(value), sha256(expected));
    }),
    runs,
  );
});

test('property: any double has the form that the format says, and reads back as itself', (t) => {
  fc.assert(
    fc.property(doubles, (double) => {
      const text = canonicalJson(float(double.value)).toString();
      t.is(text, canonicalText(double));
      t.is(Number(text), double.value);
      t.regex(text, /[.e]/);
    }),
    { numRuns: 20_000 },
  );
});

test('property: any string and any integer have the form that the format says', (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(strings, integers)), (values) => {
      t.is(canonicalJson(toValue(values)).toString(), canonicalText(values));
    }),
    runs,
  );
});

test('property: the form of a form is the form itself', (t) => {
  fc.assert(
    fc.property(jsonValues, (json) => {
      const text = canonicalText(json);
      t.is(native.canonicalJson(text).toString(), text);
      t.is(canonicalJson(toValue(parseJson(text))).toString(), text);
      // On a line the caller's order of keys stays, which is here the canonical one.
      const event = events.parse(`{"type":"Custom","payload":{"name":"com.example","data":${text}}}`);
      t.is(event.toString(), `{"type":"Custom","payload":{"name":"com.example","data":${text}}}`);
    }),
    runs,
  );
});

/** The same value with the keys of every object in another order. */
function reordered(json: Json, seed: number): Json {
  if (json instanceof Map) {
    const entries = [...json].map(([key, value]): [string, Json] => [key, reordered(value, seed + 1)]);
    return new Map(entries.toSorted(([a], [b]) => (sha256(`${seed}${a}`) < sha256(`${seed}${b}`) ? -1 : 1)));
  }
  return Array.isArray(json) ? json.map((item) => reordered(item as Json, seed + 1)) : json;
}

test('property: the order of keys changes a line, not the form nor the hash', (t) => {
  fc.assert(
    fc.property(jsonValues, fc.nat(), (json, seed) => {
      const value = toValue(json);
      const other = toValue(reordered(json, seed));
      t.deepEqual(canonicalJson(other), canonicalJson(value));
      const place = { seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: START };
      t.is(
        computeSelfHash({ ...place, event: toolCalled(other) }),
        computeSelfHash({ ...place, event: toolCalled(value) }),
      );
    }),
    { numRuns: 300 },
  );
});

/** JSON text in a spelling of its own: white space, escapes and other digits of the same numbers. */
function respelled(json: Json): string {
  if (typeof json === 'string') return `"${json.replaceAll(/[^a-z]/gu, escapedUnits)}"`;
  if (json instanceof Double)
    return Object.is(json.value, -0) ? '-0' : `${json.value.toExponential().replace('e+', 'E+0')}`;
  if (json instanceof Map) {
    const members = [...json].map(([key, value]) => `${respelled(key)}\t:\r ${respelled(value)}`);
    return `{ ${members.toReversed().join(' , ')} }`;
  }
  return Array.isArray(json) ? `[ ${json.map((item) => respelled(item as Json)).join(' ,\t')} ]` : String(json);
}

const escapedUnits = (character: string) =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).toUpperCase().padStart(4, '0')}`,
  ).join('');

test('property: the spelling of a text changes nothing', (t) => {
  fc.assert(
    fc.property(jsonValues, (json) => {
      t.is(native.canonicalJson(respelled(json)).toString(), canonicalText(json));
      const event = events.parse(
        `{"payload":{"args_redacted":${respelled(json)},"tool_name":"tool","args_sha256":"${DIGEST}"},"type":"ToolCalled"}`,
      );
      const expected = new Map<string, Json>([
        ['type', 'ToolCalled'],
        [
          'payload',
          new Map<string, Json>([
            ['tool_name', 'tool'],
            ['args_sha256', DIGEST],
            ['args_redacted', json],
          ]),
        ],
      ]);
      const place = { seq: 0, parentHash: GENESIS_PARENT_HASH, timestampNanos: START };
      t.is(computeSelfHash({ ...place, event }), selfHash({ ...place, event: expected }));
      t.is(verifyChain([signEvent({ ...place, event, keypair: key1 })], { spelling: 'exact' }).verdict, 'intact');
    }),
    { numRuns: 300 },
  );
});

test('keys are sorted by their UTF-8 bytes, not by UTF-16 units', (t) => {
  const sorted = [
    '',
    '\u0000',
    '0',
    '10',
    '9',
    'A',
    'a',
    'aa',
    '\u007f',
    'é',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ];
  const object = Object.fromEntries(sorted.toReversed().map((key) => [key, 0]));
  const text = canonicalJson(object).toString();
  t.deepEqual([...(parseJson(text) as ReadonlyMap<string, Json>).keys()], sorted);
});

test('notation of doubles changes at 1e16 and at 1e-6', (t) => {
  const forms: [number, string][] = [
    [0, '0.0'],
    [1e15, '1000000000000000.0'],
    [9_999_999_999_999_998, '9999999999999998.0'],
    [1e16, '1e+16'],
    [1.5e16, '1.5e+16'],
    [0.00001, '0.00001'],
    [0.000_012_5, '0.0000125'],
    [1e-6, '1e-6'],
    [1.25e-6, '1.25e-6'],
    [1e21, '1e+21'],
    [1e100, '1e+100'],
    [5e-324, '5e-324'],
    [1.797_693_134_862_315_7e308, '1.7976931348623157e+308'],
    [123_456_789.125, '123456789.125'],
  ];
  for (const [value, text] of forms) {
    t.is(canonicalJson(float(value)).toString(), text);
    if (value !== 0) t.is(canonicalJson(float(-value)).toString(), `-${text}`);
  }
  t.is(canonicalJson(float(-0)).toString(), '-0.0');
});

test('of two shortest texts that are equally close to a double, the one with the even last digit is its form', (t) => {
  // Exactly in the middle: the doubles themselves end in .25 and .75.
  t.is(canonicalJson(1_000_000_000_000_000.25).toString(), '1000000000000000.2');
  t.is(canonicalJson(1_000_000_000_000_000.75).toString(), '1000000000000000.8');
  t.is(canonicalJson(-1_824_824_978_805_726.25).toString(), '-1824824978805726.2');
});

test('float() shows the number as it is written', (t) => {
  for (const value of [0, -0, 1, -1.5, 1e21, 2 ** 53]) t.is(Number(String(float(value))), value);
  t.is(String(float(1)), '1.0');
  t.is(String(float(-0)), '-0.0');
  t.is(float(2.5).valueOf(), 2.5);
  t.true(Object.isFrozen(float(1)));
});

test('1, 1.0 and "1" have three hashes', (t) => {
  t.is(new Set([canonicalSha256(1), canonicalSha256(float(1)), canonicalSha256('1')]).size, 3);
  t.is(canonicalSha256(1), canonicalSha256(1n));
});

test('sha256Hex is the digest of bytes, and of the UTF-8 of a string', (t) => {
  t.is(sha256Hex(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  for (const text of ['a', 'é😀\0', 'x'.repeat(100_000)]) {
    t.is(sha256Hex(text), hash('sha256', text));
    t.is(sha256Hex(Buffer.from(text)), hash('sha256', text));
  }
  const bytes = Buffer.from('..bytes..');
  t.is(sha256Hex(bytes.subarray(2, 7)), hash('sha256', 'bytes'));
  t.is(sha256Hex(new Uint8Array(new SharedArrayBuffer(4))), hash('sha256', Buffer.alloc(4)));
  for (const data of [undefined, null, 1, {}, [1], new ArrayBuffer(1), new Float64Array(1), '\ud800']) {
    throwsError(t, () => sha256Hex(data as string), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

test('the form is a Buffer of its own', (t) => {
  const form = canonicalJson({ a: 1 });
  t.true(Buffer.isBuffer(form));
  form.fill(0);
  t.is(canonicalJson({ a: 1 }).toString(), '{"a":1}');
});

test('bytes whose memory was given away are refused, not hashed as none', (t) => {
  const bytes = new Uint8Array([1, 2, 3]);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  t.throws(() => sha256Hex(bytes), { code: 'ERR_INVALID_ARGUMENT' });
  t.throws(() => sha256Hex(Object.create(Uint8Array.prototype)), { code: 'ERR_INVALID_ARGUMENT' });
  t.is(sha256Hex(new Uint8Array(0)), sha256Hex(''));
});

test('what is more than its properties is refused, whatever its prototype', (t) => {
  for (const value of [new Map([[1, 2]]), new Set([1]), new Date(0), new Number(1), new Uint8Array(2), Promise.resolve(1)]) {
    Object.setPrototypeOf(value, null);
    t.throws(() => canonicalJson(value as never), { code: 'ERR_JSON_UNSUPPORTED' });
  }
});
