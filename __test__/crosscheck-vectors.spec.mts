// Crosscheck gives of every golden vector what is expected of it, and what the native verifier gives, word for word.

import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type ReportJson, verifyFile } from 'sealwright';
import * as crosscheck from 'sealwright/crosscheck';
import { type Outcome, outcomeOf, room } from './helpers/crosscheck.mts';
import { piecesOf } from './helpers/pieces.mts';
import {
  chains,
  type ExpectedHeads,
  jsonLines,
  type LedgerVector,
  mutations,
  peerJson,
  peerPath,
  variants,
  type VectorExpectation,
} from './helpers/vectors.mts';

const { canonicalBytes } = room('canonical');
const { decodeUtf8, readJson, Refusal } = room('json');
const { hashOf, isAsWritten, readLine } = room('line');
const { loadEd25519, verifySignature } = room('ed25519');

const canonicalOf = (text: string) => Buffer.from(canonicalBytes(readJson(text).value)).toString();

for (const [set, load] of Object.entries({ chains, mutations, variants })) {
  for (const vector of load()) test(`${set}/${vector.name}`, (t) => run(t, vector));
}

async function run(t: ExecutionContext, { path, cases }: LedgerVector): Promise<void> {
  const bytes = readFileSync(path);
  for (const { options, expect } of cases) {
    const title = JSON.stringify(options);
    const found = await outcomeOf(() => crosscheck.verifyFile(path, options));
    t.deepEqual(found, await outcomeOf(() => verifyFile(path, options)), title);
    if (found['code'] !== 'ERR_PUBLIC_KEY') isExpected(t, found, expect, title);
    t.deepEqual(await outcomeOf(() => crosscheck.verifyLines(bytes, options)), found, title);
    for (const size of [bytes.length > 8192 ? 61 : 1, 997]) {
      t.deepEqual(await outcomeOf(() => crosscheck.verifyLines(piecesOf(bytes, size), options)), found, title);
    }
  }
}

/** Compares what an expectation names; classes are verdicts, but for errors. */
function isExpected(t: ExecutionContext, found: Outcome, expect: VectorExpectation, title: string): void {
  const { class: name, code, line = null, brokenAt = null, ...rest } = expect;
  if (name === 'error') return void t.like(found, { error: 'ChainError', code, line }, title);
  const { verdict: _, checks, ...report } = rest;
  t.like(found, { verdict: name, ok: name !== 'broken', code, line, brokenAt, ...report }, title);
  if (checks !== undefined) t.like(found['checks'] as ReportJson['checks'], checks, title);
}

test('canonical/good.jsonl', (t) => {
  const vectors = jsonLines<{ input: string; canonical: string }>('canonical', 'good.jsonl');
  t.true(vectors.length > 300);
  for (const { input, canonical } of vectors) {
    t.is(canonicalOf(input), canonical);
    t.is(canonicalOf(canonical), canonical);
  }
});

test('canonical/refuse.jsonl', (t) => {
  const vectors = jsonLines<{ input?: string; input_hex?: string; class: string }>('canonical', 'refuse.jsonl');
  t.true(vectors.length > 50);
  for (const { input, input_hex: hex, class: expected } of vectors) {
    t.is(refusalOf(hex === undefined ? Buffer.from(input ?? '') : Buffer.from(hex, 'hex')), expected, input ?? hex);
  }
});

function refusalOf(bytes: Uint8Array): string | undefined {
  try {
    return readJson(decodeUtf8(bytes)).repeated === undefined ? undefined : 'duplicate_key';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.kind;
  }
}

test('seals/seals.jsonl: each line hashes to its hash, is signed, and spelled as the writer spells', async (t) => {
  await loadEd25519();
  const vectors = jsonLines<{ seq: number; event: string; line: string }>('seals', 'seals.jsonl');
  t.true(vectors.length > 0);
  for (const { seq, event, line: text } of vectors) {
    const line = readLine(Buffer.from(text));
    t.is(line.seq, seq);
    t.is(hashOf(line), line.selfHash);
    t.true(isAsWritten(line));
    const [key, hash, signature] = [line.signer, line.selfHash, line.signature].map((hex) => Buffer.from(hex, 'hex'));
    t.true(verifySignature(key as Buffer, hash as Buffer, signature as Buffer));
    t.is(canonicalOf(event), Buffer.from(canonicalBytes(line.object.get('event') ?? null)).toString());
  }
});

test('peers/provedex: its ledgers are verified', async (t) => {
  type Expected = ExpectedHeads & { readonly pubkey: string };
  const expected = peerJson<Expected>('ledger_200.expected.json');
  for (const name of ['ledger_200', 'ledger_200_fixed_ts'] as const) {
    const options = {
      signers: expected.pubkey,
      expectedHead: { seq: 199, hash: expected[name].root_hash },
      events: 'core',
    } as const;
    const path = peerPath(`${name}.ndjson`);
    const report = await crosscheck.verifyFile(path, options);
    t.is(report.verdict, 'verified');
    t.deepEqual(report.toJSON(), (await verifyFile(path, options)).toJSON());
  }
  t.is((await crosscheck.verifyFile(peerPath('compat_rust_signed_ledger.ndjson'))).eventCount, 3);
});

test('peers/provedex: what its own reader calls broken is intact', async (t) => {
  type Failure = { readonly line: string; readonly value_repr: string; readonly canonical_at_signing: string };
  const failures = jsonLines<Failure>('peers', 'provedex', 'float_reread_failures.jsonl');
  t.is(failures.length, 60);
  for (const { line, value_repr: value, canonical_at_signing: canonical } of failures) {
    t.is((await crosscheck.verifyLines([line])).verdict, 'intact');
    t.is(canonicalOf(value), canonical);
  }
});

test('peers/provedex/canonical_pairs.jsonl', (t) => {
  const pairs = jsonLines<{ input: string; canonical?: string }>('peers', 'provedex', 'canonical_pairs.jsonl');
  const good = pairs.filter(({ canonical }) => canonical !== undefined);
  t.is(good.length, 320);
  for (const { input, canonical = '' } of good) t.is(canonicalOf(input), canonical);
});
