// Signatures hold for crosscheck exactly when the strict rule of the format says so.

import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { native } from './helpers/addon.mts';
import { room } from './helpers/crosscheck.mts';
import { projectRoot, testWith } from './helpers/parts.mts';
import { jsonLines } from './helpers/vectors.mts';

const { isUsableKey, loadEd25519, verifySignature } = room('ed25519');

test.before(() => loadEd25519());

const hex = (digits: string) => Buffer.from(digits, 'hex');

interface Case {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
}

const sharedJson = <Content,>(name: string) =>
  JSON.parse(readFileSync(join(projectRoot, '..', 'shared', 'vectors', 'ed25519', name), 'utf8')) as Content;

interface Edge {
  readonly public_key: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
  readonly why: string;
}

test('ed25519/signatures.jsonl: signatures and keys at the edges of the rule', (t) => {
  const edges = jsonLines<Edge>('ed25519', 'signatures.jsonl');
  t.true(edges.length > 300);
  for (const edge of edges) {
    const key = hex(edge.public_key);
    t.is(verifySignature(key, hex(edge.message), hex(edge.signature)), edge.valid, JSON.stringify(edge));
    t.is(isUsableKey(key), key.length === 32 && !edge.why.startsWith('a_'), JSON.stringify(edge));
  }
});

testWith(['shared'], 'every case of the CCTV vectors', (t) => {
  const cases = sharedJson<Case[]>('cctv.json');
  const { accepted } = sharedJson<{ readonly accepted: readonly number[] }>('cctv.strict.json');
  t.is(cases.length, 914);
  const held = cases.filter(({ key, sig, msg }) => verifySignature(hex(key), Buffer.from(msg), hex(sig)));
  t.deepEqual(
    held.map(({ number }) => number),
    accepted,
  );
});

testWith(['shared'], 'a key can be named exactly when it can for the native verifier', (t) => {
  for (const key of new Set(sharedJson<Case[]>('cctv.json').map((one) => one.key))) {
    t.is(isUsableKey(hex(key)), isNativelyUsable(key), key);
  }
});

test('of any 32 bytes it is said alike whether they can be a key', (t) => {
  for (let number = 0; number < 300; number += 1) {
    // Small numbers, and those right below 2^255, are where the rules differ.
    const bytes = Buffer.alloc(32, number < 150 ? 0 : 0xff);
    bytes[0] = number < 150 ? number : number - 150 + 106;
    for (const last of number < 150 ? [0, 0x80] : [0x7f, 0xff]) {
      bytes[31] = last;
      t.is(isUsableKey(bytes), isNativelyUsable(bytes.toString('hex')), bytes.toString('hex'));
    }
  }
});

function isNativelyUsable(key: string): boolean {
  try {
    return native.parsePublicKey(key) === key;
  } catch {
    return false;
  }
}

test('a wrong length is an answer', (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const message = Buffer.alloc(32, 1);
  const signature = sign(null, message, privateKey);
  t.true(verifySignature(key, message, signature));
  t.true(verifySignature(key, Buffer.alloc(0), sign(null, Buffer.alloc(0), privateKey)));
  t.false(verifySignature(key, message.subarray(1), signature));
  for (const length of [0, 31, 33, 64]) {
    t.false(verifySignature(Buffer.alloc(length, key), message, signature));
    t.false(isUsableKey(Buffer.alloc(length, key)));
  }
  for (const length of [0, 32, 63, 65, 128]) t.false(verifySignature(key, message, Buffer.alloc(length, signature)));
});
