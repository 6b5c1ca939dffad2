// Differential fuzzing: whatever a ledger holds, the native verifier and crosscheck say the same of it, word for word.
//
//   node build/fuzz/differential.mjs [--ledgers 100000] [--seed 1] [--from 0]
//
// Ledger number n of a seed is always the same. It is a golden or a random one with up to four mutations, some of them
// sealed anew, and is verified under random options. A difference is written to standard output with the ledger in
// base64, and the exit code is 1; it is 1 too when a verdict, fault or error did not occur at all.

import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type ChainReport, type Head, verifyStream, type VerifyChecks } from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { publicKeyHex } from '../__test__/helpers/canonical.mts';
import { goldenLedgers, randomLedger, seeds } from './ledgers.mts';
import { ofBytes, ofLine, ofLines, sealAnew } from './mutations.mts';
import { Random } from './random.mts';

/** A ledger, and what is asked of it. */
export interface Case {
  readonly bytes: Buffer;
  readonly options: VerifyChecks;
  readonly mutations: readonly string[];
}

/** Two answers that should be one. */
export interface Difference extends Case {
  readonly number: number;
  readonly native: unknown;
  readonly crosscheck: unknown;
}

/** How often each thing occurred. */
export interface Counts {
  readonly ledgers: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly warnings: Readonly<Record<string, number>>;
  readonly mutations: Readonly<Record<string, number>>;
}

/** Every verdict, fault and error that a verification can come to. */
export const everyAnswer = [
  'empty', 'intact', 'verified', 'intact with a tail', 'bad_signature', 'duplicate_key', 'first_mismatch', 'hash_mismatch',
  'head_mismatch', 'missing_field', 'non_canonical_hex', 'out_of_range', 'parent_mismatch', 'seq_mismatch', 'spelling',
  'unexpected_kind', 'unsigned_field', 'untrusted_signer', 'wrong_type', 'ERR_LINE_TOO_LONG', 'ERR_LEDGER_MALFORMED',
  'ERR_DEPTH_EXCEEDED', 'ERR_PUBLIC_KEY',
  'ERR_INVALID_ARGUMENT',
];

/** Compares so many ledgers; stops at the first difference. */
export async function compare(
  { ledgers, seed, from = 0 }: { readonly ledgers: number; readonly seed: number; readonly from?: number },
  onProgress?: (done: number) => void,
): Promise<{ readonly counts: Counts; readonly difference?: Difference }> {
  const golden = goldenLedgers();
  const [answers, warnings, mutations] = [new Map(), new Map(), new Map()] as Map<string, number>[];
  const count = (counter: Map<string, number> | undefined, name: string) =>
    counter?.set(name, (counter.get(name) ?? 0) + 1);
  const counts = (done: number): Counts => ({
    ledgers: done,
    answers: sorted(answers),
    warnings: sorted(warnings),
    mutations: sorted(mutations),
  });
  for (let number = from; number < from + ledgers; number += 1) {
    const random = new Random(Math.imul(seed, 0x9e3779b1) + number);
    const made = caseOf(random, golden);
    const native = await answerOf(verifyStream(pieces(made.bytes), made.options));
    const own = await answerOf(crosscheck.verifyLines(given(made.bytes, random), made.options));
    if (!isDeepStrictEqual(native, own)) {
      return { counts: counts(number - from), difference: { ...made, number, native, crosscheck: own } };
    }
    count(answers, nameOf(native));
    for (const { code } of native.report?.warnings ?? []) count(warnings, code);
    for (const name of made.mutations.length === 0 ? ['none'] : made.mutations) count(mutations, name);
    onProgress?.(number - from + 1);
  }
  return { counts: counts(ledgers) };
}

/** A report, or an error and the report that came with it. */
interface Answer {
  readonly error?: Readonly<Record<string, unknown>>;
  readonly report: ReturnType<ChainReport['toJSON']> | undefined;
}

async function answerOf(verifying: Promise<ChainReport>): Promise<Answer> {
  try {
    return { report: (await verifying).toJSON() };
  } catch (error) {
    const { name, code, line, byteOffset, message, report } = error as crosscheck.ChainError;
    // What is wrong with an argument is said in other words. A path in a line shows a key as it stands there, or read.
    const said = crosscheck.ChainError.is(error) ? { message: message.replace(/ \(.*\) of the line$/s, '') } : {};
    return { error: { name, code, line, byteOffset, ...said }, report: report?.toJSON() };
  }
}

function nameOf({ error, report }: Answer): string {
  if (error !== undefined) return String(error['code']);
  if (report?.code != null) return report.code;
  return report?.tail === null || report?.verdict !== 'intact' ? String(report?.verdict) : 'intact with a tail';
}

function caseOf(random: Random, golden: readonly Buffer[]): Case {
  const base = random.chance(0.4) ? undefined : random.pick(golden);
  let lines = base === undefined ? randomLedger(random) : linesOf(base);
  const mutations: string[] = [];
  for (let count = random.pick([0, 1, 1, 1, 2, 2, 3]); count > 0 && lines.length > 0 && isText(base); count -= 1) {
    if (random.chance(0.75)) {
      const name = random.pick(Object.keys(ofLine));
      const at = random.below(lines.length);
      lines = lines.with(at, ofLine[name]?.(lines[at] ?? '', random) ?? '');
      // A signature that was made wrong on purpose stays so.
      const isSealed = !name.startsWith('signature') && random.chance(0.6);
      if (isSealed) lines = sealAnew(lines, at, random.chance(0.9));
      mutations.push(isSealed ? `${name}, sealed anew` : name);
    } else {
      const name = random.pick(Object.keys(ofLines));
      lines = [...(ofLines[name]?.(lines, random) ?? lines)];
      mutations.push(name);
    }
  }
  // Some begin in the middle, behind an event that is trusted.
  const start = isText(base) && random.chance(0.15) ? random.below(lines.length) : 0;
  const trusted = headOf(lines[start - 1]);
  lines = lines.slice(start);
  let bytes: Buffer = base === undefined || mutations.length > 0 || start > 0 ? Buffer.from(lines.join('\n')) : base;
  while (bytes.length > 0 && random.chance(0.25)) {
    const name = random.pick(Object.keys(ofBytes));
    bytes = ofBytes[name]?.(bytes, random, random.pick(golden)) ?? bytes;
    mutations.push(name);
  }
  return { bytes, options: optionsOf(random, bytes, trusted), mutations };
}

function optionsOf(random: Random, bytes: Buffer, trusted: Head | undefined): VerifyChecks {
  const options: { -readonly [Name in keyof VerifyChecks]: VerifyChecks[Name] } = {};
  const lines = linesOf(bytes);
  const head = (): Head => {
    const index = random.below(lines.length + 1);
    const { seq, hash } = headOf(lines[index]) ?? { seq: index, hash: 'a'.repeat(64) };
    return { seq, hash: random.chance(0.9) ? hash : 'b'.repeat(64) };
  };
  if (random.chance(0.5)) {
    const named = random.chance(0.8) ? seeds : [random.pick(seeds)];
    options.signers = random.chance(0.01) ? `01${'00'.repeat(31)}` : named.map(publicKeyHex);
  }
  if (random.chance(0.4)) options.expectedHead = head();
  if (random.chance(trusted === undefined ? 0.15 : 0.02)) {
    options.expectedFirst = { ...head(), ...(random.chance(0.8) && headOf(lines[0])) }.hash;
  }
  // What is expected in front of the start is refused as an argument.
  if (trusted !== undefined) options.startAfter = random.chance(0.9) ? trusted : head();
  if (random.chance(0.3)) options.signatures = random.pick(['all', 'last']);
  if (random.chance(0.2)) options.events = random.pick(['core', 'extended']);
  if (random.chance(0.2)) options.spelling = random.pick(['any', 'exact']);
  if (random.chance(0.1)) {
    const length = Buffer.byteLength(random.pick(['', ...lines]));
    options.maxLineBytes = Math.max(1, length + random.below(3) - 1);
  }
  return options;
}

/** What a line says of its event. */
function headOf(line: string | undefined): Head | undefined {
  const seq = /"seq":(\d{1,15})\b/.exec(line ?? '')?.[1];
  const hash = /"self_hash":"([0-9a-f]{64})"/.exec(line ?? '')?.[1];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}

/** The lines, the last of them empty when all are ended. */
function linesOf(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString().split('\n');
}

/** Whether a ledger can be changed as text without being changed as bytes. */
function isText(bytes: Buffer | undefined): boolean {
  return bytes === undefined || Buffer.from(bytes.toString()).equals(bytes);
}

async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* parts;
}

/** Whole, or cut anywhere. */
function given(bytes: Buffer, random: Random): crosscheck.Ledger {
  if (random.chance(0.5)) return bytes;
  const cuts = random.times(random.below(12), () => random.below(bytes.length + 1)).toSorted((a, b) => a - b);
  return pieces(...[0, ...cuts].map((cut, index) => bytes.subarray(cut, cuts[index] ?? bytes.length)));
}

function sorted(counter: Map<string, number> | undefined): Record<string, number> {
  return Object.fromEntries([...(counter ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ledgers: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
    },
  });
  const [ledgers, seed, from] = [Number(values.ledgers), Number(values.seed), Number(values.from)];
  const { counts, difference } = await compare({ ledgers, seed, from }, (done) => {
    if (done % 10_000 === 0) console.error(`${done} ledgers`);
  });
  console.log(JSON.stringify(counts, undefined, 2));
  const missing = everyAnswer.filter((name) => !Object.hasOwn(counts.answers, name));
  if (difference !== undefined) {
    console.log(`difference at --seed ${seed} --from ${difference.number}`);
    console.log(JSON.stringify({ ...difference, bytes: difference.bytes.toString('base64') }, undefined, 2));
  } else if (missing.length > 0) {
    console.log(`did not occur: ${missing.join(', ')}`);
  }
  process.exitCode = difference === undefined && missing.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
