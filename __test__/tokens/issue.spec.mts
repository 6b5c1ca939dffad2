// Issuing: what is signed, and that nothing comes out where nothing may.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { readEvents, SealwrightRangeError, SealwrightTypeError, Session, SigningKeypair } from 'sealwright';
import {
  attestVerification,
  type CreateAttestationFields,
  createAttestation,
  type IssueErrorCode,
  IssuerKeyPair,
  TokenError,
  TokenFolder,
  type TokenStore,
  verifyAttestation,
} from 'sealwright/tokens';
import { newFifo, newFolder } from '../helpers/folders.mts';
import { rejectsError, throwsError } from '../helpers/errors.mts';
import { DID, hashOf, ORDER, sOf, TestIssuer } from './helpers/tokens.mts';

const issuer = new TestIssuer();
const trust = { issuers: issuer.registry };

function openLedger(t: ExecutionContext, options: { readonly events?: 'extended' } = { events: 'extended' }) {
  const ledgerPath = join(newFolder(t), 'ledger.ndjson');
  const session = Session.openSync({ ledgerPath, sessionId: 'tokens', keypair: SigningKeypair.generate(), ...options });
  t.teardown(() => session.close());
  return { session, ledgerPath };
}

const refusals: readonly (readonly [what: string, fields: Partial<CreateAttestationFields>, code: IssueErrorCode])[] = [
  ['VERIFIED without a proof', { proofData: undefined }, 'VERIFIED_WITHOUT_PROOF'],
  ['an empty proof', { proofData: '' }, 'VERIFIED_WITHOUT_PROOF'],
  ['verified by the flag alone, without a proof', { status: 'FAILED', proofData: undefined }, 'VERIFIED_WITHOUT_PROOF'],
  ['a hash that is none', { proofData: undefined, proofHash: 'abc' }, 'INVALID_PROOF_HASH'],
  ['a hash in capitals', { proofData: undefined, proofHash: `sha256:${'A'.repeat(64)}` }, 'INVALID_PROOF_HASH'],
  ['a proof and another hash', { proofHash: hashOf('other') }, 'INVALID_PROOF_HASH'],
  ['another admission', { admission: 'MAYBE' as never }, 'INVALID_ADMISSION'],
  ['admitting what failed', { admission: 'ADMIT', status: 'FAILED', verified: false }, 'INVALID_ADMISSION'],
  ['admitting what has no proof', { admission: 'ADMIT', proofData: undefined }, 'INVALID_ADMISSION'],
  ['FAILED and verified', { status: 'FAILED' }, 'INVALID_CLAIMS'],
  ['VERIFIED and not verified', { verified: false }, 'INVALID_CLAIMS'],
  ['a confidence of 42', { confidence: 42 }, 'INVALID_CLAIMS'],
  ['no confidence at all', { confidence: Number.NaN }, 'INVALID_CLAIMS'],
  ['a status in lower case', { status: 'verified' }, 'INVALID_CLAIMS'],
  ['no engine', { engine: '' }, 'INVALID_CLAIMS'],
  ['a place without a chain', { chainIndex: 1 }, 'INVALID_CLAIMS'],
  ['a chain of no name', { chainId: 'a/b' }, 'INVALID_CLAIMS'],
  ['an engine of a long name', { engine: 'x'.repeat(300) }, 'INVALID_CLAIMS'],
];

for (const [what, fields, code] of refusals) {
  test(`blocked: ${what}`, async (t) => {
    const store: TokenStore = { put: () => Promise.reject(new Error('kept')), get: () => Promise.resolve(null) };
    const result = await issuer.issue({ ...fields, store });
    t.like(result, { status: 'BLOCKED', token: null, jti: null, errorCode: code, isIssued: false });
    t.true((result.error ?? '').length > 0);
  });
}

// Alone: it changes what all others use.
test.serial('nothing signs without a key, and nothing comes out if the key fails', async (t) => {
  t.like(await issuer.issue({ issuer: undefined }), { status: 'UNVERIFIABLE', token: null, errorCode: 'CRYPTO_UNAVAILABLE' });
  const { subtle } = globalThis.crypto;
  const sign = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(subtle), 'sign') as PropertyDescriptor;
  Object.defineProperty(Object.getPrototypeOf(subtle), 'sign', { ...sign, value: () => Promise.reject(new Error('secret')) });
  try {
    const result = await new TestIssuer().issue();
    t.like(result, { status: 'BLOCKED', token: null, errorCode: 'SIGNING_FAILURE' });
    t.false(JSON.stringify(result).includes('secret'));
  } finally {
    Object.defineProperty(Object.getPrototypeOf(subtle), 'sign', sign);
  }
});

test('arguments of a wrong type throw', async (t) => {
  const wrong: readonly object[] = [{ query: 1 }, { query: '\ud800' }, { status: 1 }, { verified: 'yes' }, { verified: undefined }, { engine: null }, { confidence: '1' }, { proofData: 1 }, { issuer: {} }, { session: {} }, { store: {} }, { previousAttestation: 'x' }, { more: 1 }];
  for (const fields of wrong) await rejectsError(t, () => issuer.issue(fields as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' }, inspect(fields));
  for (const fields of [{ expiresIn: 0 }, { expiresIn: 40_000_000 }, { chainId: 'c', chainIndex: -1 }]) await rejectsError(t, () => issuer.issue(fields), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
});

test('whatever may be said is signed with the lesser s, and verifies', async (t) => {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => (value as string & { isWellFormed(): boolean }).isWellFormed());
  const fields = fc.record({
    engine: text.filter((value) => value.length > 0),
    query: text,
    proofData: fc.oneof(text.filter((value) => value.length > 0), fc.uint8Array({ minLength: 1, maxLength: 40 })),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    admission: fc.constantFrom('ADMIT', 'BLOCKED', undefined),
    chainId: fc.constantFrom('chain_abc', undefined),
    expiresIn: fc.integer({ min: 100, max: 86_400 }),
  });
  const check = async (given: Partial<CreateAttestationFields>) => {
    const { token, jti } = await issuer.issue(given);
    const { status, claims } = await verifyAttestation(token ?? '', { ...trust, query: given.query, requireLowS: true });
    t.is(status, 'VALID');
    t.true(sOf(token ?? '') <= ORDER / 2n);
    t.is(claims?.jti ?? null, jti);
    t.like(claims?.qwed, { result: { status: 'VERIFIED', verified: true, engine: given.engine, confidence: given.confidence === 0 ? 0 : given.confidence } });
    t.is((claims?.exp ?? 0) - (claims?.iat ?? 0), given.expiresIn ?? 0);
  };
  await fc.assert(fc.asyncProperty(fields, check), { numRuns: 100 });
});

test('a token that is given away is in the ledger and in the store', async (t) => {
  const { session, ledgerPath } = openLedger(t);
  const store = new TokenFolder(join(newFolder(t), 'tokens'));
  const { token, jti } = await issuer.issue({ session, store });
  t.is(await store.get(jti ?? ''), token);
  const found = [];
  for await (const event of readEvents(ledgerPath)) found.push(event);
  const event = found[0];
  t.is(event?.event.type, 'TokenIssued');
  const { signingInputHash } = await verifyAttestation(token ?? '', trust);
  t.deepEqual(event?.event.payload, { jti, issuer: DID, status: 'VERIFIED', signing_input_sha256: signingInputHash?.slice(7) } as never);
  await rejectsError(t, () => store.put(jti ?? '', token ?? ''), { instanceOf: TokenError, code: 'ERR_TOKEN_IO' });
  t.is(await store.get('att_0'), null);
  t.is(await store.get('../ledger'), null);
  await rejectsError(t, () => store.put('../x', 'x'), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('what the ledger or the store does not take is not given away', async (t) => {
  const closed = openLedger(t);
  await closed.session.close();
  const core = openLedger(t, {});
  const full: TokenStore = { put: () => Promise.reject(new Error('no room')), get: () => Promise.resolve(null) };
  for (const given of [{ session: closed.session }, { session: core.session }, { store: full }]) {
    t.like(await issuer.issue(given), { status: 'BLOCKED', token: null, jti: null, errorCode: 'RECORDING_FAILURE' });
  }
});

test('a verdict and its attestation come together, or not at all', async (t) => {
  const engine = { engine: 'math', issuer: issuer.pair, verify: (query: string) => ({ status: 'VERIFIED', verified: true, proofData: `${query} holds`, steps: 3 }) };
  const good = await attestVerification(engine, { query: '2+2=4' });
  t.like(good, { verified: true, status: 'VERIFIED', result: { steps: 3 }, attestation: { isIssued: true } });
  t.is((await verifyAttestation(good.attestation.token ?? '', { ...trust, query: '2+2=4' })).status, 'VALID');
  const failed = await attestVerification({ ...engine, verify: async () => ({ status: 'FAILED', verified: false }) }, { query: '2+2=5' });
  t.like(failed, { verified: false, status: 'FAILED', result: { status: 'FAILED' }, attestation: { isIssued: true } });
  for (const blocked of [
    await attestVerification({ ...engine, verify: () => ({ status: 'VERIFIED', verified: true }) }, { query: 'q' }),
    await attestVerification({ ...engine, issuer: undefined }, { query: 'q' }),
    await attestVerification({ ...engine, verify: () => ({ status: 'FAILED', verified: true, proofData: 'x' }) }, { query: 'q' }),
  ]) {
    t.like(blocked, { verified: false, status: 'BLOCKED', result: null, attestation: { isIssued: false, token: null } });
  }
  await t.throwsAsync(() => attestVerification({ ...engine, verify: () => Promise.reject(new Error('engine')) }, { query: 'q' }), { message: 'engine' });
  await rejectsError(t, () => attestVerification({ ...engine, verify: () => null as never }, { query: 'q' }), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('a key has one kid, says how long it lasts, and is told of when it is made', async (t) => {
  const told: unknown[] = [];
  const listen = (message: unknown) => void told.push(message);
  subscribe('sealwright:tokens', listen);
  const pair = IssuerKeyPair.generate({ did: DID, name: 'Issuer' });
  const named = IssuerKeyPair.generate({ did: DID, suffix: '2024', keyContinuityPolicy: 'configured' });
  unsubscribe('sealwright:tokens', listen);
  t.like(told, { 0: { event: 'attestation.key_generated', did: DID, kid: pair.kid, keyContinuityPolicy: 'ephemeral' }, 1: { keyContinuityPolicy: 'persistent' }, length: 2 });
  // RFC 7638 3.1, by its own words: members in the order of their names, without spaces.
  const { x, y } = pair.publicJwk;
  const thumbprint = Buffer.from(hashOf(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).slice(7), 'hex').toString('base64url');
  t.is(pair.kid, `${DID}#${thumbprint}`);
  t.is(named.kid, `${DID}#signing-key-2024`);
  t.deepEqual(Object.keys(pair.getIssuerInfo()).toSorted(), ['certification_level', 'did', 'key_continuity_policy', 'key_generated_at', 'key_loaded_at', 'name', 'public_keys', 'status']);
  t.like(pair.getIssuerInfo(), { key_continuity_policy: 'ephemeral', key_generated_at: pair.loadedAt, name: 'Issuer' });
  for (const options of [{ did: 'x' }, { did: `${DID}#1` }, { did: DID, suffix: 'a#b' }, { did: DID, keyContinuityPolicy: 'forever' }, {}, { did: DID, more: 1 }]) {
    throwsError(t, () => IssuerKeyPair.generate(options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

test('the keys that an issuer signed with before stay in its JWKS, and nobody else gets in', (t) => {
  const [first, second] = [new TestIssuer(), new TestIssuer()];
  const pair = IssuerKeyPair.fromPem(second.pem, { did: DID, previousKeys: first.pair.jwks() });
  t.deepEqual(pair.jwks().keys, [second.pair.publicJwk, first.pair.publicJwk]);
  t.deepEqual(pair.getIssuerInfo().public_keys, pair.jwks().keys);
  // What was published last has the key itself in it.
  const again = IssuerKeyPair.fromPem(second.pem, { did: DID, previousKeys: pair.jwks() });
  t.deepEqual(again.jwks(), pair.jwks());
  const third = IssuerKeyPair.generate({ did: DID, previousKeys: again.jwks() });
  t.deepEqual(third.jwks().keys.map(({ kid }) => kid), [third.kid, second.pair.kid, first.pair.kid]);
  const privateJwk = { ...first.key.export({ format: 'jwk' }), kid: first.pair.kid };
  const named = (suffix: string) => IssuerKeyPair.generate({ did: DID, suffix });
  const wrong: readonly unknown[] = [
    null,
    [],
    {},
    { keys: {} },
    { keys: [privateJwk] },
    { keys: [{ ...first.pair.publicJwk, kid: 'did:web:other.example#1' }] },
    { keys: [{ ...first.pair.publicJwk, crv: 'P-384' }] },
    { keys: [first.pair.publicJwk, first.pair.publicJwk] },
    named('2024').jwks(),
  ];
  for (const previousKeys of wrong) {
    throwsError(t, () => IssuerKeyPair.generate({ did: DID, suffix: '2024', previousKeys: previousKeys as never }), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
});

test('a key is saved to a private file once, and loaded from nothing else', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, 'new', 'issuer.pem');
  const pair = IssuerKeyPair.generate({ did: DID });
  await pair.save(path);
  t.is(statSync(path).mode & 0o777, 0o600);
  const loaded = IssuerKeyPair.load(path, { did: DID });
  t.deepEqual(loaded.publicJwk, pair.publicJwk);
  t.like(loaded, { generatedAt: null, keyContinuityPolicy: 'persistent' });
  t.is(createPrivateKey(readFileSync(path)).asymmetricKeyDetails?.namedCurve, 'prime256v1');
  await rejectsError(t, () => IssuerKeyPair.generate({ did: DID }).save(path), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
  const load = (name: string) => () => IssuerKeyPair.load(join(folder, name), { did: DID });
  throwsError(t, load('nothing'), { instanceOf: TokenError, code: 'ERR_TOKEN_IO', osCode: 'ENOENT' });
  throwsError(t, load('new'), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
  throwsError(t, () => IssuerKeyPair.load(newFifo(t), { did: DID }), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
  writeFileSync(join(folder, 'long.pem'), ' '.repeat(20_000), { mode: 0o600 });
  throwsError(t, load('long.pem'), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
  symlinkSync(path, join(folder, 'link.pem'));
  t.notThrows(load('link.pem'));
  chmodSync(path, 0o640);
  throwsError(t, load('link.pem'), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
});

test('other keys are refused, and no secret is shown', (t) => {
  const pemOf = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  const wrong: readonly (string | Buffer)[] = [pemOf('P-384'), pemOf('secp256k1'), generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), issuer.pair.kid, '', '-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----\n'];
  for (const pem of wrong) {
    const error = throwsError(t, () => IssuerKeyPair.fromPem(pem, { did: DID }), { instanceOf: TokenError, code: 'ERR_TOKEN_KEY' });
    t.false(error.message.includes('MIG'));
  }
  const { d = '' } = issuer.key.export({ format: 'jwk' });
  for (const shown of [inspect(issuer.pair, { depth: 9, showHidden: true }), JSON.stringify(issuer.pair), JSON.stringify(issuer.pair.getIssuerInfo())]) t.false(shown.includes(d));
  throwsError(t, () => IssuerKeyPair.fromPem(1 as never, { did: DID }), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('an inspected result does not show the token', async (t) => {
  const result = await createAttestation({ issuer: issuer.pair, status: 'FAILED', verified: false, engine: 'math', query: 'q' });
  t.is(inspect(result), `AttestationResult { ISSUED ${result.jti} }`);
});
