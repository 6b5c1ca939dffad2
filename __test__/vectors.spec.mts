// Every golden vector gives what is expected of it, code and place included, on every way through the package: a file
// at once and in the background, lines in memory, and streams in pieces of any size.

import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import {
  canonicalJson,
  canonicalSha256,
  ChainError,
  type ChainReport,
  computeSelfHash,
  type ErrorCode,
  events,
  SignedEvent,
  signEvent,
  SigningKeypair,
  verifyChain,
  verifyFile,
  verifyFileSync,
  verifyStream,
} from 'sealwright';
import { failureOf, native } from './helpers/addon.mts';
import { canonicalText, parseJson, sealedLine, sha256, toValue } from './helpers/canonical.mts';
import { piecesOf } from './helpers/pieces.mts';
import {
  chains,
  jsonLines,
  type LedgerVector,
  mutations,
  variants,
  type VectorCase,
  type VectorOptions,
} from './helpers/vectors.mts';

/** What a verification came to: a report, or an error with the report of the lines before. */
type Outcome = Record<string, unknown>;

const sets = { chains, mutations, 'peers/provedex/variants': variants };
/** Ledgers that were there when this was written. */
const leastCounts = { chains: 27, mutations: 381, 'peers/provedex/variants': 47 };

for (const set of Object.keys(sets) as (keyof typeof sets)[]) {
  const load = sets[set];
  test(`${set}: every ledger has an expectation, and none is missing`, (t) =>
    t.true(load().length >= leastCounts[set]));
  for (const vector of vectorsOf(load)) test(`${set}/${vector.name}`, (t) => run(t, vector));
}

/** Nothing for a set that cannot be read: the test above says why. */
function vectorsOf(load: () => LedgerVector[]): LedgerVector[] {
  try {
    return load();
  } catch {
    return [];
  }
}

async function run(t: ExecutionContext, { path, cases }: LedgerVector): Promise<void> {
  const bytes = readFileSync(path);
  for (const { options, expect } of cases) {
    if (!signersOf(options).every(isUsable)) {
      await t.throwsAsync(verifyFile(path, options), { instanceOf: TypeError, code: 'ERR_PUBLIC_KEY' } as object);
      isExpected(t, await verifyPieces(piecesOf(bytes, 997), options), expect, options);
      continue;
    }
    const found = outcomeOf(() => verifyFileSync(path, options));
    isExpected(t, found, expect, options);
    t.deepEqual(await outcomeOfAsync(() => verifyFile(path, options)), found);
    const lines = linesOf(bytes);
    if (lines !== undefined) {
      const chained = outcomeOf(() => verifyChain(lines, options));
      t.deepEqual(chained, found);
    }
    for (const size of sizesFor(bytes)) {
      const streamed = await outcomeOfAsync(() => verifyStream(piecesOf(bytes, size), options));
      t.deepEqual(streamed, found, `pieces of ${size} bytes`);
    }
    t.deepEqual(await verifyPieces(piecesOf(bytes, 997), options), found, 'native pieces');
  }
}

/** Sizes of pieces: single bytes where there are few, and sizes that divide nothing. */
function sizesFor(bytes: Uint8Array): number[] {
  const sizes = [7, 4093, 1 + Math.floor(Math.random() * 2000)];
  return bytes.length > 8192 ? sizes : [1, ...sizes];
}

function signersOf({ signers = [] }: VectorOptions): readonly string[] {
  return [signers].flat().map(String);
}

/** Whether a key can be pinned. One that no signature could hold under is refused by name; the verdict is the same. */
function isUsable(signer: string): boolean {
  try {
    return native.parsePublicKey(signer) === signer;
  } catch {
    return false;
  }
}

/** Compares whatever an expectation names; classes are verdicts, but for errors. */
function isExpected(t: ExecutionContext, found: Outcome, expect: VectorCase['expect'], options: VectorOptions): void {
  const { class: name, code, line = null, byteOffset, brokenAt = null, ...report } = expect;
  const place = byteOffset === undefined ? { line } : { line, byteOffset };
  const expected: Outcome =
    name === 'error'
      ? { error: 'ChainError', code, ...place, report }
      : { verdict: name, ok: name !== 'broken', code, brokenAt, ...place, ...report };
  t.deepEqual(namedBy(expected, found), expected, JSON.stringify(options));
}

/** The members of a value that an expectation has too; of lists and counts nothing may be left out. */
function namedBy(expected: Outcome, found: Outcome): Outcome {
  const entries = Object.entries(expected).map(([name, value]) => {
    const isPart = name === 'checks' || name === 'report';
    return [name, isPart ? namedBy(value as Outcome, found[name] as Outcome) : found[name]];
  });
  return Object.fromEntries(entries) as Outcome;
}

function outcomeOf(verify: () => ChainReport): Outcome {
  try {
    return { ...verify().toJSON() };
  } catch (error) {
    return outcomeOfError(error);
  }
}

async function outcomeOfAsync(verify: () => Promise<ChainReport>): Promise<Outcome> {
  try {
    return { ...(await verify()).toJSON() };
  } catch (error) {
    return outcomeOfError(error);
  }
}

function outcomeOfError(error: unknown): Outcome {
  if (!ChainError.is(error)) throw error;
  const { name, code, line, byteOffset, report, message } = error;
  return { error: name, code, line, byteOffset, message, report: { ...report?.toJSON() } };
}

/** The lines of a ledger that is text and ends in an LF, or has no byte at all; of others lines cannot tell. */
function linesOf(bytes: Uint8Array): string[] | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (text === '') return [];
  return text.endsWith('\n') ? text.slice(0, -1).split('\n') : undefined;
}

/** Each piece goes to the native side by itself; `verifyStream` collects them first. */
async function verifyPieces(pieces: AsyncIterable<Uint8Array>, options: VectorOptions): Promise<Outcome> {
  const verifier = new native.NativeVerifier(JSON.stringify(options));
  for await (const piece of pieces) {
    if (await verifier.push(piece)) break;
  }
  try {
    return JSON.parse(await verifier.finish()) as Outcome;
  } catch (error) {
    const { kind, ...failure } = failureOf(error);
    return kind === 'chain' ? { error: 'ChainError', ...failure } : { error: kind, ...failure };
  }
}

test('canonical/good.jsonl', (t) => {
  const vectors = jsonLines<{ input: string; canonical: string; sha256: string }>('canonical', 'good.jsonl');
  t.true(vectors.length > 0);
  for (const { input, canonical, sha256: digest } of vectors) {
    t.is(native.canonicalJson(input).toString(), canonical);
    t.is(native.canonicalSha256(input), digest);
    const value = toValue(parseJson(input));
    t.is(canonicalJson(value).toString(), canonical);
    t.is(canonicalSha256(value), digest);
    // The forms that the other tests compare with are made right.
    t.is(canonicalText(parseJson(input)), canonical);
    t.is(sha256(canonical), digest);
  }
});

const REFUSALS: Record<string, ErrorCode> = {
  syntax: 'ERR_JSON_SYNTAX',
  depth: 'ERR_DEPTH_EXCEEDED',
  lone_surrogate: 'ERR_JSON_STRING',
  number_overflow: 'ERR_JSON_NUMBER',
  duplicate_key: 'ERR_JSON_DUPLICATE_KEY',
};

test('canonical/refuse.jsonl', async (t) => {
  const vectors = jsonLines<{ input?: string; input_hex?: string; class: string }>('canonical', 'refuse.jsonl');
  t.deepEqual(
    [...new Set(vectors.map((vector) => vector.class))].toSorted(),
    [...Object.keys(REFUSALS), 'utf8'].toSorted(),
  );
  for (const { input, input_hex: hex, class: refusal } of vectors) {
    if (input !== undefined) {
      const error = t.throws(() => native.canonicalJson(input), undefined, input);
      t.is(failureOf(error)['code'], REFUSALS[refusal], input);
    } else {
      // Bytes that are no text reach the package as a ledger only.
      const line = Buffer.from(`${hex}0a`, 'hex');
      await t.throwsAsync(verifyStream(piecesOf(line, 1)), {
        instanceOf: ChainError,
        code: 'ERR_LEDGER_MALFORMED',
      } as object);
    }
  }
});

test('seals/seals.jsonl', (t) => {
  interface Seal {
    readonly seed: string;
    readonly seq: number;
    readonly timestamp_nanos: string;
    readonly parent_hash: string;
    readonly event: string;
    readonly line: string;
  }
  const seals = jsonLines<Seal>('seals', 'seals.jsonl');
  t.true(seals.length > 0);
  for (const { seed, seq, timestamp_nanos: time, parent_hash: parentHash, event: text, line } of seals) {
    const keypair = SigningKeypair.fromSeed(Buffer.from(seed, 'hex'));
    const event = events.parse(text);
    const place = { seq, parentHash, timestampNanos: BigInt(time) };
    const signed = signEvent({ ...place, event, keypair });
    t.is(signed.toLine(), line);
    t.is(computeSelfHash({ ...place, event }), signed.selfHash);
    t.is(SignedEvent.parse(line).selfHash, signed.selfHash);
    t.is(sealedLine({ ...place, eventText: event.toString() }, Buffer.from(seed, 'hex')), line);
  }
});
