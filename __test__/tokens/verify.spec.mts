// Verifying tokens: the peer's own, ours by other implementations, and each reason for which one does not hold.

import { verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { isAttestationValid, IssuerRegistry, type VerificationCode, verifyAttestation, type VerifyAttestationOptions } from 'sealwright/tokens';
import { projectRoot } from '../helpers/project.mts';
import { rejectsError, throwsError } from '../helpers/errors.mts';
import { DID, hashOf, publicOf, TestIssuer, withOtherS } from './helpers/tokens.mts';

const issuer = new TestIssuer();
const trust: VerifyAttestationOptions = { issuers: issuer.registry };
const peer = JSON.parse(readFileSync(join(projectRoot, 'vectors', 'peers', 'qwed', 'tokens.json'), 'utf8')) as {
  readonly verdict_token: string;
  readonly verdict_claims: { readonly qwed: object };
  readonly context_token: string;
  readonly context_claims: object;
  readonly jwks: { readonly keys: readonly object[] };
};
const peerTrust = { trustedIssuers: ['did:qwed:node:local'], jwks: peer.jwks, at: new Date(1_760_000_000_000) };

test("the peer's tokens verify, and say what its file says", async (t) => {
  const verdict = await verifyAttestation(peer.verdict_token, { ...peerTrust, admission: 'ADMIT', previous: null });
  t.like(verdict, { status: 'VALID', error: null, code: null });
  t.deepEqual(verdict.claims, peer.verdict_claims as never);
  const context = await verifyAttestation(peer.context_token, { ...peerTrust, kind: 'context', documentHash: `sha256:${'a'.repeat(64)}`, proofHash: `sha256:${'b'.repeat(64)}` });
  t.deepEqual(context.claims, peer.context_claims as never);
  // One kind is not the other.
  t.is((await verifyAttestation(peer.context_token, peerTrust)).code, 'TYPE');
  t.is((await verifyAttestation(peer.verdict_token, { ...peerTrust, kind: 'context' })).code, 'TYPE');
  t.like(await verifyAttestation(peer.verdict_token, { ...peerTrust, at: new Date(1_781_536_031_000) }), { status: 'EXPIRED', code: 'EXPIRED', claims: peer.verdict_claims });
  t.true(await isAttestationValid(peer.verdict_token, { ...peerTrust, at: new Date(1_781_536_029_000) }));
  t.false(await isAttestationValid(peer.verdict_token, { ...peerTrust, at: new Date(1_781_536_029_000), leeway: 0 }));
});

test('a token of ours holds by node:crypto, with the lesser s', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const token = await issuer.token();
    const at = token.lastIndexOf('.');
    const key = { key: publicOf(issuer.key), dsaEncoding: 'ieee-p1363' as const };
    t.true(verifySignature('sha256', Buffer.from(token.slice(0, at)), key, Buffer.from(token.slice(at + 1), 'base64url')));
    t.true(await isAttestationValid(token, { ...trust, requireLowS: true }));
    // The other spelling is the same token: it has its jti and signing input.
    const [one, other] = [await verifyAttestation(token, trust), await verifyAttestation(withOtherS(token), trust)];
    t.deepEqual(other, one);
    t.is((await verifyAttestation(withOtherS(token), { ...trust, requireLowS: true })).code, 'HIGH_S');
  }
});

const good = () => issuer.claims();
const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const parts = (token: string) => token.split('.') as [string, string, string];

const refused: readonly (readonly [what: string, token: () => string, code: VerificationCode])[] = [
  ['nothing', () => '', 'MALFORMED'],
  ['two parts', () => parts(issuer.sign(good())).slice(0, 2).join('.'), 'MALFORMED'],
  ['four parts', () => `${issuer.sign(good())}.`, 'MALFORMED'],
  ['spaces around', () => ` ${issuer.sign(good())}`, 'MALFORMED'],
  ['a line break', () => `${issuer.sign(good())}\n`, 'MALFORMED'],
  ['padding', () => parts(issuer.sign(good())).map((part) => `${part}=`).join('.'), 'MALFORMED'],
  ['plain base64', () => issuer.sign(good()).replaceAll('-', '+').replaceAll('_', '/').concat('+'), 'MALFORMED'],
  ['bits behind the last byte', () => withLastBits(issuer.sign(good())), 'MALFORMED'],
  ['a lone surrogate', () => `${issuer.sign(good())}\ud800`, 'MALFORMED'],
  ['a payload that is a list', () => issuer.sign('[]'), 'CLAIMS'],
  ['a payload that is no JSON', () => issuer.sign('{'), 'MALFORMED'],
  ['a payload that is no UTF-8', () => notUtf8(), 'MALFORMED'],
  ['a doubled claim', () => issuer.sign(JSON.stringify(good()).replace('{', '{"jti":"att_2",')), 'MALFORMED'],
  ['a doubled header', () => issuer.sign(good(), JSON.stringify(issuer.header).replace('{', '{"alg":"none",')), 'MALFORMED'],
  ['a header that is a list', () => issuer.sign(good(), '[]'), 'MALFORMED'],
  ['a payload that is too long', () => issuer.sign({ ...good(), more: 'x'.repeat(4000) }), 'MALFORMED'],
  ['a token that is too long', () => issuer.sign(good(), { more: 'x'.repeat(8000) }), 'MALFORMED'],
  ['deep JSON', () => issuer.sign(JSON.stringify(good()).replace('}', `,"more":${'['.repeat(200)}${']'.repeat(200)}}`)), 'MALFORMED'],
  ['a signature in DER', () => inDer(), 'MALFORMED'],
  ['no algorithm', () => issuer.sign(good(), { alg: 'none' }), 'ALGORITHM'],
  ['an HMAC by the public key', () => issuer.sign(good(), { alg: 'HS256' }), 'ALGORITHM'],
  ['another algorithm', () => issuer.sign(good(), { alg: 'ES384' }), 'ALGORITHM'],
  ['no type', () => issuer.sign(good(), { typ: undefined }), 'TYPE'],
  ['another type', () => issuer.sign(good(), { typ: 'JWT' }), 'TYPE'],
  ['a critical extension', () => issuer.sign(good(), { crit: ['exp'], exp: 1 }), 'CRITICAL'],
  ['an empty crit', () => issuer.sign(good(), { crit: [] }), 'CRITICAL'],
  ['a payload that is not encoded', () => issuer.sign(good(), { b64: false }), 'CRITICAL'],
  ['no key', () => issuer.sign(good(), { kid: undefined }), 'KEY_ID'],
  ['the key of another issuer', () => issuer.sign(good(), { kid: 'did:web:other.example#1' }), 'KEY_ID'],
  ['a key of an issuer whose name begins so', () => issuer.sign(good(), { kid: `${DID}.evil.example#1` }), 'KEY_ID'],
  ['a key that is not known', () => issuer.sign(good(), { kid: `${DID}#2` }), 'KEY_UNKNOWN'],
  ['an issuer that is not trusted', () => other.sign(other.claims()), 'ISSUER_UNTRUSTED'],
  ['no issuer', () => issuer.sign({ ...good(), iss: undefined }), 'CLAIMS'],
  ['an issuer that is no DID', () => issuer.sign({ ...good(), iss: 'issuer.example' }), 'CLAIMS'],
  ['the signature of another key', () => new TestIssuer().sign(good(), { kid: issuer.pair.kid }), 'SIGNATURE'],
  ['another payload', () => parts(issuer.sign(good())).with(1, b64(issuer.claims({ jti: 'att_2' }))).join('.'), 'SIGNATURE'],
  ['another header', () => parts(issuer.sign(good())).with(0, b64({ ...issuer.header, more: 1 })).join('.'), 'SIGNATURE'],
  ['a signature of zeros', () => parts(issuer.sign(good())).with(2, Buffer.alloc(64).toString('base64url')).join('.'), 'SIGNATURE'],
  ['a time to come', () => issuer.sign(issuer.claims({ iat: now() + 100, exp: now() + 200 })), 'NOT_YET_VALID'],
  ['not before a time to come', () => issuer.sign(issuer.claims({ nbf: now() + 100 })), 'NOT_YET_VALID'],
];

const other = new TestIssuer('did:web:other.example');
const now = () => Math.floor(Date.now() / 1000);

/** The same bytes by another spelling: base64 leaves four bits of 64 bytes' last character unused. */
function withLastBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

function notUtf8(): string {
  const [header, payload] = parts(issuer.sign(good()));
  const bytes = Buffer.concat([Buffer.from(payload, 'base64url').subarray(0, -1), Buffer.from([0xff])]);
  return `${header}.${bytes.toString('base64url')}.${Buffer.alloc(64, 1).toString('base64url')}`;
}

function inDer(): string {
  const [header, payload] = parts(issuer.sign(good()));
  return `${header}.${payload}.${Buffer.alloc(70, 1).toString('base64url')}`;
}

for (const [what, token, code] of refused) {
  test(`not taken: ${what}`, async (t) => {
    const found = await verifyAttestation(token(), trust);
    t.like(found, { status: 'INVALID', claims: null, code });
    t.is(typeof found.error, 'string');
    t.false(await isAttestationValid(token(), trust));
  });
}

const contradictions: readonly (readonly [what: string, changes: object, qwed?: object])[] = [
  ['FAILED and verified', {}, { result: { status: 'FAILED', verified: true, engine: 'math', confidence: 1 } }],
  ['VERIFIED and not verified', {}, { result: { status: 'VERIFIED', verified: false, engine: 'math', confidence: 1 } }],
  ['a confidence of 42', {}, { result: { status: 'VERIFIED', verified: true, engine: 'math', confidence: 42 } }],
  ['a confidence below 0', {}, { result: { status: 'VERIFIED', verified: true, engine: 'math', confidence: -0.1 } }],
  ['a confidence that is text', {}, { result: { status: 'VERIFIED', verified: true, engine: 'math', confidence: '1' } }],
  ['no engine', {}, { result: { status: 'VERIFIED', verified: true, confidence: 1 } }],
  ['a status in lower case', {}, { result: { status: 'failed', verified: false, engine: 'math', confidence: 1 } }],
  ['VERIFIED without a proof', {}, { proof_hash: undefined }],
  ['a proof hash in capitals', {}, { proof_hash: hashOf('x').toUpperCase() }],
  ['admitting what failed', {}, { admission: 'ADMIT', result: { status: 'FAILED', verified: false, engine: 'math', confidence: 1 } }],
  ['an admission of another word', {}, { admission: 'MAYBE' }],
  ['about another query than its subject', { sub: hashOf('x') }],
  ['another version', {}, { version: '2.0' }],
  ['no result', {}, { result: undefined }],
  ['no claim qwed', { qwed: undefined }],
  ['no jti', { jti: undefined }],
  ['a jti with a slash', { jti: '../att' }],
  ['a long jti', { jti: 'x'.repeat(129) }],
  ['a time with a fraction', { exp: now() + 0.5 }],
  ['a time that is text', { iat: '1' }],
  ['no expiry', { exp: undefined }],
  ['expired before it was issued', { iat: now(), exp: now() }],
  ['a place without a chain', {}, { chain_index: 0 }],
  ['a place below 0', {}, { chain_id: 'c', chain_index: -1 }],
  ['a link that is none', {}, { previous_attestation: { jti: 'att_0' } }],
];

for (const [what, changes, qwed] of contradictions) {
  test(`an issuer may not say: ${what}`, async (t) => {
    t.like(await verifyAttestation(issuer.sign(issuer.claims(changes, qwed)), trust), { status: 'INVALID', claims: null, code: 'CLAIMS' });
  });
}

test('what it has to be about is compared', async (t) => {
  const before = await issuer.token();
  const token = await issuer.token({ previousAttestation: before, admission: 'BLOCKED' });
  const said = { query: '2+2=4', proofHash: hashOf('proof'), admission: 'BLOCKED', previous: before } as const;
  t.is((await verifyAttestation(token, { ...trust, ...said })).status, 'VALID');
  const others: readonly (readonly [VerificationCode, Partial<VerifyAttestationOptions>])[] = [
    ['QUERY', { query: '2+2=5' }],
    ['PROOF', { proofHash: hashOf('other') }],
    ['DOCUMENT', { documentHash: hashOf('document') }],
    ['ADMISSION', { admission: 'ADMIT' }],
    ['ADMISSION', { admission: null }],
    ['PREVIOUS', { previous: null }],
    ['PREVIOUS', { previous: await issuer.token() }],
  ];
  for (const [code, changed] of others) t.like(await verifyAttestation(token, { ...trust, ...said, ...changed }), { status: 'INVALID', code, claims: null });
  // The one before under its other signature is the same one.
  t.is((await verifyAttestation(token, { ...trust, previous: withOtherS(before) })).status, 'VALID');
  t.is((await verifyAttestation(before, { ...trust, previous: before })).code, 'PREVIOUS');
});

test('an issuer is believed for its time and by its status', async (t) => {
  const keys = issuer.pair.jwks().keys;
  const at = (seconds: number) => new Date((now() + seconds) * 1000);
  const verified = async (entry: object) => (await verifyAttestation(await issuer.token(), { issuers: new IssuerRegistry([{ did: DID, keys, ...entry }]) })).code;
  t.is(await verified({}), null);
  t.is(await verified({ validFrom: at(-10), validUntil: at(10) }), null);
  t.is(await verified({ validFrom: at(10) }), 'ISSUER_WINDOW');
  t.is(await verified({ status: 'retired', validUntil: at(-10) }), 'ISSUER_WINDOW');
  t.is(await verified({ status: 'retired', validUntil: at(10) }), null);
  t.is(await verified({ status: 'revoked' }), 'ISSUER_REVOKED');
});

test('options that are none throw, and nobody is not an option', async (t) => {
  const token = await issuer.token();
  const wrong: readonly unknown[] = [
    undefined,
    {},
    { issuers: [] },
    { trustedIssuers: [] },
    { trustedIssuers: [DID] },
    { trustedIssuers: ['x'], jwks: issuer.pair.jwks() },
    { trustedIssuers: [DID], jwks: {} },
    { trustedIssuers: [DID], jwks: issuer.pair.jwks(), resolver: { resolve() {} } },
    { ...trust, trustedIssuers: [DID] },
    { ...trust, resolver: { resolve() {} } },
    { ...trust, kind: 'other' },
    { ...trust, at: new Date(Number.NaN) },
    { ...trust, revocations: [] },
    { ...trust, revocations: {} },
    { ...trust, proofHash: 'sha256:x' },
    { ...trust, previous: 'x' },
    { ...trust, query: 1 },
    { ...trust, more: 1 },
  ];
  for (const options of wrong) await rejectsError(t, () => verifyAttestation(token, options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  await rejectsError(t, () => verifyAttestation(token, { ...trust, leeway: 601 }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  await rejectsError(t, () => verifyAttestation(1 as never, trust), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});

test('a registry takes public keys on P-256 under kids of their issuer', (t) => {
  const [key] = issuer.pair.jwks().keys;
  const wrong: readonly object[] = [
    { did: DID, keys: [{ ...key, kid: 'did:web:other.example#1' }] },
    { did: DID, keys: [{ ...key, kid: undefined }] },
    { did: DID, keys: [key, key] },
    { did: DID, keys: [{ ...key, crv: 'P-384' }] },
    { did: DID, keys: [{ ...key, alg: 'ES384' }] },
    { did: DID, keys: [{ ...key, use: 'enc' }] },
    { did: DID, keys: [{ ...key, key_ops: ['sign'] }] },
    { did: DID, keys: [{ ...key, y: key?.x }] },
    { did: DID, keys: [{ ...key, ...issuer.key.export({ format: 'jwk' }) }] },
    { did: DID, keys: [key], status: 'retired' },
    { did: DID, keys: [key], status: 'gone' },
    { did: DID, keys: [key], validFrom: new Date(2000), validUntil: new Date(1000) },
    { did: 'x', keys: [] },
    { did: DID },
  ];
  for (const entry of wrong) throwsError(t, () => new IssuerRegistry([entry as never]), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  throwsError(t, () => new IssuerRegistry([{ did: DID, keys: [] }, { did: DID, keys: [] }]), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  t.deepEqual([...issuer.registry].map(({ did, status }) => [did, status]), [[DID, 'active']]);
});
