// Times on command lines: exact to the nanosecond in both directions.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { projectRoot } from './helpers/project.mts';

interface Times {
  formatTime(nanos: bigint): string;
  parseTime(text: string, option: string): bigint;
}

const { formatTime, parseTime } = createRequire(import.meta.url)(join(projectRoot, 'dist', 'cli', 'times.js')) as Times;

test('what is formatted is parsed as the same time', (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (nanos) => parseTime(formatTime(nanos), '--since') === nanos),
  );
  t.is(formatTime(0n), '1970-01-01T00:00:00Z');
  t.is(formatTime(1_700_000_000_250_000_000n), '2023-11-14T22:13:20.25Z');
  t.is(formatTime(2n ** 64n - 1n), '2554-07-21T23:34:33.709551615Z');
});

test('digits, dates and times of all zones are taken', (t) => {
  const cases: readonly (readonly [string, bigint])[] = [
    ['0', 0n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['1970-01-01', 0n],
    ['2024-02-29', 1_709_164_800_000_000_000n],
    ['2023-11-14T22:13:20Z', 1_700_000_000_000_000_000n],
    ['2023-11-14 22:13:20z', 1_700_000_000_000_000_000n],
    ['2023-11-15t03:43:20.5+05:30', 1_700_000_000_500_000_000n],
    ['2023-11-14T22:13:20.000000001-00:00', 1_700_000_000_000_000_001n],
    ['1969-12-31T23:00:00-01:00', 0n],
  ];
  for (const [text, nanos] of cases) t.is(parseTime(text, '--since'), nanos, text);
});

test('everything else is refused, by the name of the option', (t) => {
  const wrong = [
    '',
    'now',
    '-1',
    '1e9',
    '2023-02-29',
    '2023-13-01',
    '2023-11-14T22:13:20',
    '2023-11-14T24:00:00Z',
    '2023-11-14T22:60:00Z',
    '2023-11-14T22:13:20.1234567891Z',
    '2023-11-14T22:13:20.Z',
    '2023-11-14T22:13:20+24:00',
    '2023-02-30T00:00:00Z',
    '1969-12-31',
    '1970-01-01T00:00:00+00:01',
  ];
  for (const text of wrong) t.throws(() => parseTime(text, '--until'), { name: 'UsageError', message: /^--until must be/ }, text);
});
