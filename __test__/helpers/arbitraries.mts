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

/** JSON values a few levels deep. */
export const jsonValues: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false),
    strings,
    integers,
    doubles,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .uniqueArray(fc.tuple(keys, tie('value')), { maxLength: 5, selector: ([key]) => key })
      .map((entries) => new Map(entries)),
  ),
})).value;
