// Ledgers to begin with: those of the golden vectors, and random good ones.

import { readFileSync } from 'node:fs';
import { GENESIS_PARENT_HASH } from 'sealwright';
import { rotationText, sealedLine } from '../__test__/helpers/canonical.mts';
import { chains, mutations, peerPath, variants } from '../__test__/helpers/vectors.mts';
import type { Random } from './random.mts';

/** Seeds of the keys that sign. */
export const seeds = [0, 32, 64].map((first) => Uint8Array.from({ length: 32 }, (_, index) => first + index));

/** What the values of a random event are made of, as JSON text. Not all of it is JSON. */
export const oddStrings = [
  '""', '"a"', '"é"', '"e\u0301"', '"\u{1f600}"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\u0000"', '"\\/"',
  '"\\u002f"', '"\\n"', '"\\u000a"', '"\\u001F"', '"\u007f"', '"\u2028"', '"\ufeff"', '"\uffff"', '"\ufffd"', '"\ue000"',
  '"\\u00e9"', '"\\\\"', '"\\""', '"null"', '"1"', '"\\ud800"', '"\\udc00"', '"\\udc00\\ud800"', '"\\ud83d\\u0041"',
  '"\\ud83dx"', '"\\x41"', '"\\u00g0"', '"\\u00"', '"\\"', '"', '"\t"', '"\u0001"', "'a'", '"\\U0041"',
];
export const oddNumbers = [
  '0', '-0', '1', '-1', '10', '1.0', '1.00', '-0.0', '0e0', '0E+0', '1e0', '1E5', '1e+5', '1.5e-7', '1e15', '1e16', '1e17',
  '1e20', '1e21', '1e-4', '1e-5', '1e-6', '0.00001', '0.000001', '123456789.123456789', '1000000000000000.25',
  '9007199254740991', '9007199254740992', '9007199254740993', '-9007199254740993', '9007199254740993.0',
  '4294967295', '4294967296', '9223372036854775807', '9223372036854775808', '-9223372036854775808',
  '-9223372036854775809', '18446744073709551615', '18446744073709551616', '018446744073709551615',
  '123456789012345678901234567890', '1e308', '1.7976931348623157e308', '1.7976931348623158e308',
  '1.7976931348623159e308', '1e309', '-1e309', '1e400', '5e-324', '2.4703282292062327e-324', '2.4703282292062328e-324',
  '1e-400', '1e-99999999999', '1e99999999999', '0e99999999999', '2.2250738585072011e-308', '0.1', '0.30000000000000004',
  '01', '-01', '+1', '.5', '1.', '1.e1', '1e', '1e+', '-', '0x10', '1_0', 'NaN', 'Infinity', '-Infinity', '1 0',
];
export const oddKeys = [
  '', ' ', 'a', 'b', 'A', 'aa', '__proto__', 'constructor', 'prototype', 'toJSON', 'toString', 'hasOwnProperty',
  'length', '0', '1', '10', '9', '01', '-1', '4294967295', 'é', 'e\u0301', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}',
  'a\u0000', 'k'.repeat(100), 'a"', 'a.b', 'a[0]', 'seq', 'type', 'payload', 'event', 'signature',
];

/** The bytes of every golden ledger that is not long. */
export function goldenLedgers(): Buffer[] {
  const paths = [...chains(), ...mutations(), ...variants()].map(({ path }) => path);
  const ledgers = [...paths, peerPath('compat_rust_signed_ledger.ndjson')].map((path) => readFileSync(path));
  return ledgers.filter(({ length }) => length < 20_000);
}

/** The lines of a good ledger, and the nothing behind the last LF. */
export function randomLedger(random: Random): string[] {
  const lines: string[] = [];
  let parentHash = GENESIS_PARENT_HASH;
  let seed = random.pick(seeds);
  for (let seq = 0, count = 1 + random.below(5); seq < count; seq += 1) {
    if (random.chance(0.2)) seed = random.pick(seeds);
    const timestampNanos = random.chance(0.1) ? 2n ** 64n - 1n : BigInt(1e15 + random.below(1e9));
    // Most often to the key that signs on, so that the rotation is followed.
    const newSeed = random.chance(0.2) ? random.pick(seeds) : undefined;
    const rotation = { oldSeed: seed, newSeed: newSeed ?? seed, firstHash: hashOf(lines[0]), seq };
    const eventText = newSeed === undefined ? randomEvent(random) : rotationText(rotation);
    const line = sealedLine({ seq, timestampNanos, parentHash, eventText }, seed);
    seed = newSeed ?? seed;
    parentHash = hashOf(line);
    lines.push(line);
  }
  return [...lines, ''];
}

/** Hash of a line; that of no line is all zeros. */
function hashOf(line: string | undefined): string {
  return /"self_hash":"([0-9a-f]{64})"/.exec(line ?? '')?.[1] ?? GENESIS_PARENT_HASH;
}

/** Any JSON, as text. */
export function randomJson(random: Random, depth = 0): string {
  const choice = random.below(depth > 3 ? 4 : 6);
  if (choice === 0) return random.pick(['null', 'true', 'false', '""', '[]', '{}']);
  if (choice < 3) return random.pick(soundNumbers);
  if (choice === 3) return random.pick(soundStrings);
  const parts = random.times(random.below(4), () => randomJson(random, depth + 1));
  if (choice === 4) return `[${parts.join(',')}]`;
  const keys = new Set(random.times(parts.length, () => random.pick(oddKeys)));
  return `{${Array.from(keys, (key, index) => `${JSON.stringify(key)}:${parts[index]}`).join(',')}}`;
}

const soundNumbers = oddNumbers.filter((text) => {
  try {
    return Number.isFinite(JSON.parse(text));
  } catch {
    return false;
  }
});
const soundStrings = oddStrings.filter((text) => {
  try {
    return !/\p{Surrogate}/u.test(JSON.parse(text) as string);
  } catch {
    return false;
  }
});

const hex = (random: Random, digits = 64) => random.pick('0123456789abcdef'.split('')).repeat(digits);
const small = (random: Random) => String(random.below(5000));

function randomEvent(random: Random): string {
  const text = () => random.pick(soundStrings);
  const digest = () => (random.chance(0.1) ? text() : `"${hex(random)}"`);
  const events: (() => string)[] = [
    () => `{"type":"SessionStarted","payload":{"agent_id":${text()},"model_id":${text()},"session_id":${text()}}}`,
    () =>
      `{"type":"UtteranceCaptured","payload":{"audio_sha256":${digest()},"transcript":${text()},"lang":${text()},"duration_ms":${small(random)}}}`,
    () =>
      `{"type":"ToolCalled","payload":{"tool_name":${text()},"args_sha256":${digest()},"args_redacted":${randomJson(random)}}}`,
    () =>
      `{"type":"ToolReturned","payload":{"tool_name":${text()},"result_sha256":${digest()},"latency_ms":${small(random)},"success":${random.chance(0.5)}}}`,
    () =>
      `{"type":"ModelInvoked","payload":{"model_id":${text()},"prompt_sha256":${digest()},"response_sha256":${digest()},"prompt_tokens":${small(random)},"response_tokens":4294967295}}`,
    () => `{"type":"UtteranceSpoken","payload":{"text_sha256":${digest()},"text":${text()},"audio_sha256":""}}`,
    () => `{"type":"SessionEnded","payload":{"reason":${text()},"summary_sha256":${digest()}}}`,
    () => `{"type":"Custom","payload":{"name":${text()},"data":${randomJson(random)}}}`,
    () => `{"type":"SessionSealed","payload":{"session_id":${text()},"count":0,"head_seq":0,"head_hash":${digest()}}}`,
    () => `{"type":"LedgerRestored","payload":{"known_seq":7,"known_hash":${digest()},"reason":${text()}}}`,
    () => `{"type":"${random.pick(['PolicyDecision', 'A', 'Kind7'])}","payload":{"any":${randomJson(random)}}}`,
    () => `{"type":"PayloadErased","payload":{"commitment":${digest()},"reason":${text()}}}`,
    () =>
      `{"type":"TokenIssued","payload":{"jti":${text()},"issuer":${text()},"status":${text()},"signing_input_sha256":${digest()}}}`,
  ];
  return random.pick(events)();
}
