// What the Provedex 0.1.1 package wrote and answered: its honest ledgers verify, and for the same seed, time and events
// our bytes are its bytes.

import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  canonicalJson,
  canonicalSha256,
  computeSelfHash,
  events,
  sha256Hex,
  SignedEvent,
  signEvent,
  SigningKeypair,
  verifyChain,
  verifyFile,
} from 'sealwright';
import { failureOf, native } from './helpers/addon.mts';
import { parseJson, publicKeyHex, sealedLine, toValue } from './helpers/canonical.mts';
import { key1, linesOf, seed1 } from './helpers/ledgers.mts';
import { type ExpectedHeads, jsonLines, peerJson, peerPath } from './helpers/vectors.mts';

interface CanonicalPair {
  readonly input: string;
  readonly canonical?: string;
  readonly sha256: string;
}

interface Sealed {
  readonly name: string;
  readonly seq: number;
  readonly timestamp_nanos: bigint;
  readonly parent_hash: string;
  readonly event: { readonly type: string; readonly payload: unknown };
  readonly self_hash: string;
  readonly signature?: string;
}

interface SpecVectors {
  readonly fixed_seed_hex: string;
  readonly fixed_pubkey: string;
  readonly signature_vectors: readonly Sealed[];
  readonly self_hash_vectors: readonly Sealed[];
  readonly canonical_vectors: readonly (readonly [value: unknown, length: number, sha256: string])[];
  readonly event_vectors: readonly (readonly [event: unknown, length: number, sha256: string])[];
  readonly rust_signed_ledger: {
    readonly seed_hex: string;
    readonly pubkey: string;
    readonly self_hashes: readonly string[];
    readonly signatures: readonly string[];
  };
}

const pairs = jsonLines<CanonicalPair>('peers', 'provedex', 'canonical_pairs.jsonl');
const good = pairs.flatMap(({ input, canonical, sha256 }) =>
  canonical === undefined ? [] : [{ input, canonical, sha256 }],
);
const refused = pairs.filter(({ canonical }) => canonical === undefined).map(({ input }) => input);

test('its 320 canonical pairs come out the same', (t) => {
  t.is(good.length, 320);
  for (const { input, canonical, sha256 } of good) {
    t.is(native.canonicalJson(input).toString(), canonical);
    const value = toValue(parseJson(input));
    t.is(canonicalJson(value).toString(), canonical);
    t.is(canonicalSha256(value), sha256);
  }
});

test('the 9 inputs that it refuses are refused as values, and as text unless they are integers beyond 64 bits', (t) => {
  const asValues: Record<string, unknown> = {
    '18446744073709551616': 2n ** 64n,
    '-9223372036854775809': -(2n ** 63n) - 1n,
    '1e400': Number('1e400'),
    '"\\ud800"': '\ud800',
    '{"\\udc00":1}': { '\udc00': 1 },
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY,
    '[1,NaN]': [1, Number.NaN],
  };
  const asDoubles: Record<string, string> = {
    '18446744073709551616': '1.8446744073709552e+19',
    '-9223372036854775809': '-9.223372036854776e+18',
  };
  t.deepEqual(refused.toSorted(), Object.keys(asValues).toSorted());
  for (const input of refused) {
    const error = t.throws(() => canonicalJson(asValues[input]), undefined, input) as unknown as { code: string };
    t.is(error.code, input.includes('\\u') ? 'ERR_JSON_STRING' : 'ERR_JSON_NUMBER', input);
    const double = asDoubles[input];
    if (double !== undefined) {
      t.is(native.canonicalJson(input).toString(), double);
    } else {
      const code = input.includes('\\u')
        ? 'ERR_JSON_STRING'
        : input === '1e400'
          ? 'ERR_JSON_NUMBER'
          : 'ERR_JSON_SYNTAX';
      t.is(failureOf(t.throws(() => native.canonicalJson(input)))['code'], code, input);
    }
  }
});

// Read without loss: its times are beyond what a number holds, and it has 1.0 among its values.
const spec = toValue(parseJson(readFileSync(peerPath('spec_vectors.json'), 'utf8'))) as SpecVectors;

test('its published signatures and hashes', (t) => {
  const seed = Buffer.from(spec.fixed_seed_hex, 'hex');
  const keypair = SigningKeypair.fromSeed(seed);
  t.is(keypair.publicKeyHex, spec.fixed_pubkey);
  t.is(publicKeyHex(seed), spec.fixed_pubkey);
  const vectors = [...spec.signature_vectors, ...spec.self_hash_vectors];
  t.is(vectors.length, 5);
  for (const { name, seq, timestamp_nanos: timestampNanos, parent_hash: parentHash, event, ...sealed } of vectors) {
    const { self_hash: hash, signature } = sealed;
    const place = { seq, parentHash, timestampNanos, event: events.fromJSON(event) };
    t.is(computeSelfHash(place), hash, name);
    const signed = signEvent({ ...place, keypair });
    t.is(signed.selfHash, hash, name);
    if (signature !== undefined) t.is(signed.signature, signature, name);
  }
});

test('its published canonical forms and events', (t) => {
  t.is(spec.canonical_vectors.length, 6);
  t.is(spec.event_vectors.length, 4);
  for (const [value, length, digest] of [...spec.canonical_vectors, ...spec.event_vectors]) {
    t.is(canonicalJson(value).length, length);
    t.is(canonicalSha256(value), digest);
    t.is(sha256Hex(canonicalJson(value)), digest);
  }
});

const heads = peerJson<ExpectedHeads>('ledger_200.expected.json');

for (const name of ['ledger_200', 'ledger_200_fixed_ts'] as const) {
  const path = peerPath(`${name}.ndjson`);

  test(`${name} verifies with its root hash`, async (t) => {
    const { root_hash: hash, events: count } = heads[name];
    const expectedHead = { seq: count - 1, hash };
    const report = await verifyFile(path, { signers: key1.publicKeyHex, expectedHead, events: 'core' });
    t.like(report, { verdict: 'verified', eventCount: 200, rootHash: hash, events: 'core', unknownKinds: {} });
    t.is(report.checks.signatures.checked, 200);
  });

  test(`${name}: sealed anew from its events, every line is the same but for the spelling of doubles`, async (t) => {
    const lines = linesOf(path);
    const { warnings } = await verifyFile(path);
    const respelled = warnings.find(({ code }) => code === 'non_canonical_spelling')?.count ?? 0;
    const differing = lines.filter((line) => {
      const read = SignedEvent.parse(line);
      const { event, seq, parentHash, timestampNanos } = read;
      const ours = signEvent({ event, seq, parentHash, timestampNanos, keypair: key1 });
      t.is(ours.selfHash, read.selfHash);
      t.is(ours.signature, read.signature);
      t.is(sealedLine({ seq, parentHash, timestampNanos, eventText: event.toString() }, seed1), ours.toLine());
      t.is(read.toLine(), line);
      if (ours.toLine() !== line) t.is(withoutDoubles(ours.toLine()), withoutDoubles(line));
      return ours.toLine() !== line;
    });
    t.is(differing.length, respelled);
    t.true(respelled < lines.length);
  });
}

/** Each double becomes its value in one spelling. */
function withoutDoubles(line: string): string {
  return line.replaceAll(/(?<=[:,[])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[,}\]])/g, (literal) =>
    /[.eE]/.test(literal) ? `double ${Number(literal)}` : literal,
  );
}

test('its published ledger of three lines comes out byte for byte', async (t) => {
  const { seed_hex: seed, pubkey, self_hashes: hashes, signatures } = spec.rust_signed_ledger;
  const path = peerPath('compat_rust_signed_ledger.ndjson');
  const keypair = SigningKeypair.fromSeed(Buffer.from(seed, 'hex'));
  t.is(keypair.publicKeyHex, pubkey);
  const lines = linesOf(path);
  t.is(lines.length, 3);
  for (const [index, line] of lines.entries()) {
    const { event, seq, parentHash, timestampNanos, selfHash, signature } = SignedEvent.parse(line);
    t.is(signEvent({ event, seq, parentHash, timestampNanos, keypair }).toLine(), line);
    t.deepEqual([selfHash, signature], [hashes[index], signatures[index]]);
  }
  const report = await verifyFile(path, {
    signers: pubkey,
    expectedHead: { seq: 2, hash: hashes[2] ?? '' },
    spelling: 'exact',
  });
  t.is(report.verdict, 'verified');
});

test('each of its 60 honest ledgers that it calls broken for a double is intact', (t) => {
  const failures = jsonLines<{ line: string; value_repr: string }>('peers', 'provedex', 'float_reread_failures.jsonl');
  t.is(failures.length, 60);
  for (const { line, value_repr: value } of failures) {
    const report = verifyChain([line], { signers: key1.publicKeyHex });
    t.like(report, { verdict: 'intact', ok: true, eventCount: 1 }, value);
    const { event } = SignedEvent.parse(line);
    t.deepEqual(event.payload['args_redacted'], { v: Number(value) });
  }
});
