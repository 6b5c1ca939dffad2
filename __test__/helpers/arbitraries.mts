// Random values for properties.

import * as fc from 'fast-check';
import { Double, type Json } from './canonical.mts';

/** Strings of any characters, control and astral ones included; no lone surrogates. */
export const strings: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('\0', '\u001f', '"', '\\', '\n', '/', '\u007f', 'é', '\uffff', '\u{10000}'),
    maxLength: 6,
  }),
);

/** Keys, among them those that JavaScript treats specially. */
export const keys: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: strings },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '', '0', '10', '9', '01', '-1', 'length'),
  },
);

/** Integers over the whole range, close to its limits more often. */
export const integers: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -10n, max: 10n }),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n), 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)),
);

/** Finite doubles: of random bits, of every magnitude, and around the changes of notation. */
export const doubles: fc.Arbitrary<Double> = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc
      .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -30, max: 30 }))
      .map(([digits, e]) => Number(`${digits}e${e}`)),
    fc.constantFrom(0, -0, 1, 1e-5, 1e-6, 1e15, 1e16, 1e17, 1e21, 5e-324, Number.MAX_VALUE, 2 ** 53, 1e15 + 0.25),
  )
  .map((value) => new Double(value));

/** JSON values a few levels deep, with doubles of a kind. */
export function jsonValuesWith(numbers: fc.Arbitrary<Double>): fc.Arbitrary<Json> {
  return fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Json>(null, true, false),
      strings,
      integers,
      numbers,
      fc.array(tie('value'), { maxLength: 5 }),
      fc
        .uniqueArray(fc.tuple(keys, tie('value')), { maxLength: 5, selector: ([key]) => key })
        .map((entries) => new Map(entries)),
    ),
  })).value;
}

/** JSON values with any doubles. */
export const jsonValues: fc.Arbitrary<Json> = jsonValuesWith(doubles);

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const unsigned = (bits: bigint) =>
  fc.oneof(fc.bigInt({ min: 0n, max: 2n ** bits - 1n }), fc.constantFrom(0n, 2n ** bits - 1n));
const digestsOrNone = fc.oneof(digests, fc.constant(''));

/** Events of all core kinds as JSON, their fields in the order in which they are written. */
export function eventsWith(free: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  const kind = (type: string, fields: Record<string, fc.Arbitrary<Json>>) =>
    fc.tuple(...Object.values(fields)).map((values) => {
      const payload = new Map(Object.keys(fields).map((name, index) => [name, values[index] ?? null]));
      return new Map<string, Json>([
        ['type', type],
        ['payload', payload],
      ]);
    });
  return fc.oneof(
    kind('SessionStarted', { agent_id: strings, model_id: strings, session_id: strings }),
    kind('UtteranceCaptured', { audio_sha256: digests, transcript: strings, lang: strings, duration_ms: unsigned(64n) }),
    kind('ToolCalled', { tool_name: strings, args_sha256: digests, args_redacted: free }),
    kind('ToolReturned', { tool_name: strings, result_sha256: digests, latency_ms: unsigned(64n), success: fc.boolean() }),
    kind('ModelInvoked', {
      model_id: strings,
      prompt_sha256: digests,
      response_sha256: digests,
      prompt_tokens: unsigned(32n),
      response_tokens: unsigned(32n),
    }),
    kind('UtteranceSpoken', { text_sha256: digests, text: strings, audio_sha256: digestsOrNone }),
    kind('SessionEnded', { reason: strings, summary_sha256: digestsOrNone }),
  );
}
