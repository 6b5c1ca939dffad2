// DIDs that are their own key, and resolvers of whatever make: what they find is an issuer, or why there is none.

import { createPublicKey } from 'node:crypto';
import test from 'ava';
import { Resolver } from 'did-resolver';
import { SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { type DidResolver, didResolver, IssuerKeyPair, verifyAttestation, verifyAttestationChain } from 'sealwright/tokens';
import { rejectsError, throwsError } from '../helpers/errors.mts';
import { TestIssuer } from './helpers/tokens.mts';

// github.com/w3c-ccg/did-method-key, test-vectors/nist-curves.json: the two on P-256.
const keyVectors = [
  { did: 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv', x: 'igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns', y: 'efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM' },
  { did: 'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169', x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI', y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU' },
];

for (const { did, x, y } of keyVectors) {
  test(`the vector of did:key resolves: ${did.slice(-8)}`, async (t) => {
    const { didDocument, didResolutionMetadata } = await didResolver().resolve(did);
    t.deepEqual(didResolutionMetadata, {});
    const id = `${did}#${did.slice('did:key:'.length)}`;
    t.like(didDocument, { id: did, assertionMethod: [id], verificationMethod: [{ id, type: 'JsonWebKey2020', controller: did, publicKeyJwk: { kty: 'EC', crv: 'P-256', x, y } }] });
  });
}

test('the example of did:jwk resolves', async (t) => {
  // github.com/quartzjer/did-jwk, spec.md, "P-256" and "X25519".
  const did = 'did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9';
  const publicKeyJwk = { crv: 'P-256', kty: 'EC', x: 'acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0', y: '_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE' };
  t.like((await didResolver().resolve(did)).didDocument, { id: did, assertionMethod: [`${did}#0`], verificationMethod: [{ id: `${did}#0`, type: 'JsonWebKey2020', controller: did, publicKeyJwk }] });
  const encrypting = 'did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJYMjU1MTkiLCJ1c2UiOiJlbmMiLCJ4IjoiM3A3YmZYdDl3YlRUVzJIQzdPUTFOei1EUThoYmVHZE5yZngtRkctSUswOCJ9';
  t.false('assertionMethod' in ((await didResolver().resolve(encrypting)).didDocument as object));
});

const b64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jwkOf = ({ key }: TestIssuer) => createPublicKey(key.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' });

/** An issuer whose DID has the key in it. */
function selfNamed(): { readonly issuer: TestIssuer; readonly pair: IssuerKeyPair } {
  const issuer = new TestIssuer();
  const did = `did:jwk:${b64(jwkOf(issuer))}`;
  return { issuer, pair: IssuerKeyPair.fromPem(issuer.key.export({ format: 'pem', type: 'pkcs8' }), { did }) };
}

test('an issuer is believed by the key in its DID', async (t) => {
  const { issuer, pair } = selfNamed();
  const claims = issuer.claims({ iss: pair.did });
  const options = { trustedIssuers: [pair.did], resolver: didResolver() };
  t.is((await verifyAttestation(issuer.sign(claims, { kid: `${pair.did}#0` }), options)).status, 'VALID');
  t.is((await verifyAttestation(new TestIssuer().sign(claims, { kid: `${pair.did}#0` }), options)).code, 'SIGNATURE');
  t.is((await verifyAttestation(issuer.sign(claims, { kid: `${pair.did}#1` }), options)).code, 'KEY_UNKNOWN');
});

const refused: readonly (readonly [what: string, did: string, error: string])[] = [
  ['an Ed25519 key', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', 'invalidDid'],
  ['another base', `did:key:u${'A'.repeat(47)}`, 'invalidDid'],
  ['letters that base58 has not', 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZp0', 'invalidDid'],
  ['a key too short', 'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZp', 'invalidDid'],
  ['no point of the curve', `did:key:z${base58(Buffer.concat([Buffer.from([0x80, 0x24, 2]), Buffer.alloc(32, 0xff)]))}`, 'invalidDid'],
  ['a point in another form', `did:key:z${base58(Buffer.concat([Buffer.from([0x80, 0x24, 4]), Buffer.alloc(32, 1)]))}`, 'invalidDid'],
  ['a very long key', `did:key:z${'1'.repeat(2000)}`, 'invalidDid'],
  ['no base64url', 'did:jwk:e%30', 'invalidDid'],
  ['no JSON', `did:jwk:${b64('{')}`, 'invalidDid'],
  ['a JSON list', `did:jwk:${b64([])}`, 'invalidDid'],
  ['a private key', `did:jwk:${b64(new TestIssuer().key.export({ format: 'jwk' }))}`, 'invalidDid'],
  ['bits behind the last byte', `did:jwk:${b64('{}').slice(0, -1)}R`, 'invalidDid'],
  ['no DID', 'did:key', 'invalidDid'],
  ['a DID URL', `${keyVectors[0]?.did}#1`, 'invalidDid'],
  ['another method', 'did:example:123', 'methodNotSupported'],
  ['did:web without being asked for it', 'did:web:issuer.example', 'methodNotSupported'],
];

for (const [what, did, error] of refused) {
  test(`not resolved: ${what}`, async (t) => {
    const { didDocument, didResolutionMetadata } = await didResolver().resolve(did);
    t.is(didDocument, null);
    t.is(didResolutionMetadata.error, error);
  });
}

/** Base58 by its definition: digits of a number. */
function base58(bytes: Buffer): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let text = '';
  for (let rest = BigInt(`0x${bytes.toString('hex')}`); rest > 0n; rest /= 58n) text = (alphabet[Number(rest % 58n)] ?? '') + text;
  return text;
}

test('base58 of this test is that of the vectors', (t) => {
  const { x = '', y = '', did = '' } = keyVectors[0] ?? {};
  t.is(`did:key:${multikeyOf({ x, y })}`, did);
});

/** The public key as a Multikey: multicodec 0x1200 and the compressed point. */
function multikeyOf({ x = '', y = '' }: { readonly x?: string; readonly y?: string }): string {
  const sign = 2 + ((Buffer.from(y, 'base64url').at(-1) ?? 0) & 1);
  return `z${base58(Buffer.concat([Buffer.from([0x80, 0x24, sign]), Buffer.from(x, 'base64url')]))}`;
}

const DID = 'did:example:issuer';
const issuer = new TestIssuer(DID);
const KID = issuer.pair.kid;
const publicKeyJwk = jwkOf(issuer);
const method = { id: KID, type: 'JsonWebKey2020', controller: DID, publicKeyJwk };
const good = { id: DID, verificationMethod: [method], assertionMethod: [KID] };

/** What verifying finds by a resolver that gives a document. */
async function codeOf(didDocument: unknown, more: object = {}): Promise<string | null> {
  const resolver = { resolve: () => Promise.resolve({ didDocument, didResolutionMetadata: {}, didDocumentMetadata: {}, ...more }) };
  return (await verifyAttestation(issuer.sign(issuer.claims()), { trustedIssuers: [DID], resolver })).code;
}

test('the keys of an issuer are those of its document that are for assertions', async (t) => {
  t.is(await codeOf(good), null);
  t.is(await codeOf({ ...good, verificationMethod: [], assertionMethod: [method] }), null);
  t.is(await codeOf({ ...good, verificationMethod: [{ ...method, id: KID.slice(DID.length) }] }), null);
  t.is(await codeOf({ ...good, assertionMethod: ['#none', KID.slice(DID.length)] }), null);
  t.is(await codeOf(good, { didDocumentMetadata: { deactivated: false } }), null);
  const unknown: readonly object[] = [
    { assertionMethod: undefined },
    { assertionMethod: [], authentication: [KID] },
    { assertionMethod: KID },
    { assertionMethod: [`${DID}#other`] },
    { assertionMethod: [null, 1, undefined] },
    { verificationMethod: undefined },
    { verificationMethod: [{ ...method, controller: 'did:example:other' }] },
    { verificationMethod: [{ ...method, controller: undefined }] },
    { verificationMethod: [{ ...method, publicKeyJwk: undefined }] },
    { verificationMethod: [{ ...method, publicKeyJwk: { ...publicKeyJwk, use: 'enc' } }] },
    { verificationMethod: [{ ...method, publicKeyJwk: { ...publicKeyJwk, crv: 'P-384' } }] },
    { verificationMethod: [{ ...method, publicKeyJwk: { ...publicKeyJwk, y: publicKeyJwk.x } }] },
    { verificationMethod: [{ ...method, publicKeyJwk: issuer.key.export({ format: 'jwk' }) }] },
    { verificationMethod: [{ ...method, id: undefined }], assertionMethod: [undefined] },
    { verificationMethod: [null, 1, 'x'] },
  ];
  for (const changes of unknown) t.is(await codeOf({ ...good, ...changes }), 'KEY_UNKNOWN', JSON.stringify(changes));
  const publicKeyMultibase = multikeyOf(publicKeyJwk);
  const multikey = { id: KID, type: 'Multikey', controller: DID, publicKeyMultibase };
  t.is(await codeOf({ ...good, verificationMethod: [multikey] }), null);
  const other = multikeyOf(jwkOf(new TestIssuer()));
  t.is(await codeOf({ ...good, verificationMethod: [{ ...multikey, publicKeyMultibase: other }] }), 'SIGNATURE');
  for (const wrong of ['z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', publicKeyMultibase.slice(1), `u${publicKeyMultibase.slice(1)}`, `${publicKeyMultibase}1`, '', 'z', 1, null, {}]) {
    t.is(await codeOf({ ...good, verificationMethod: [{ ...multikey, publicKeyMultibase: wrong }] }), 'KEY_UNKNOWN', String(wrong));
  }
  // Of two keys of one name nobody knows which is meant.
  for (const both of [publicKeyMultibase, other]) t.is(await codeOf({ ...good, verificationMethod: [{ ...method, publicKeyMultibase: both }] }), 'KEY_UNKNOWN');
  // Their kid cannot say that they are another's.
  t.is(await codeOf({ ...good, verificationMethod: [{ ...method, publicKeyJwk: { ...publicKeyJwk, kid: `${DID}#other` } }] }), null);
});

test('what is no document of that DID is none', async (t) => {
  for (const document of [null, undefined, [], 'x', {}, { ...good, id: 'did:example:other' }, { ...good, id: `${DID}#` }, { ...good, id: [DID] }]) {
    t.is(await codeOf(document), 'ISSUER_UNRESOLVED', JSON.stringify(document));
  }
  t.is(await codeOf(good, { didDocumentMetadata: { deactivated: true } }), 'ISSUER_UNRESOLVED');
  t.is(await codeOf(good, { didResolutionMetadata: { error: 'notFound' } }), 'ISSUER_UNRESOLVED');
  t.is(await codeOf(good, { didResolutionMetadata: { error: { type: 'about:blank' } } }), 'ISSUER_UNRESOLVED');
});

test('a Resolver of did-resolver is one, with our methods and with others', async (t) => {
  const own = didResolver();
  const { issuer: named, pair } = selfNamed();
  const resolver = new Resolver({
    jwk: (did) => own.resolve(did) as never,
    example: (did) => Promise.resolve({ didDocument: { ...good, id: did }, didResolutionMetadata: {}, didDocumentMetadata: {} } as never),
  });
  const trustedIssuers = [pair.did, DID, 'did:other:1'];
  const codeBy = async (token: string) => (await verifyAttestation(token, { trustedIssuers, resolver })).code;
  t.is(await codeBy(named.sign(named.claims({ iss: pair.did }), { kid: `${pair.did}#0` })), null);
  t.is(await codeBy(issuer.sign(issuer.claims())), null);
  const other = new TestIssuer('did:other:1');
  t.is(await codeBy(other.sign(other.claims())), 'ISSUER_UNRESOLVED');
  const { error } = await verifyAttestation(other.sign(other.claims()), { trustedIssuers, resolver });
  t.regex(error ?? '', /^did:other:1 cannot be resolved: unsupportedDidMethod/i);
});

test('a resolver that fails in any way leaves the issuer unresolved', async (t) => {
  const token = issuer.sign(issuer.claims());
  const failing: readonly (readonly [resolve: () => unknown, reason: RegExp])[] = [
    [() => Promise.reject(new Error('no way')), /no way$/],
    [() => Promise.reject('no text'), /no text$/],
    [() => { throw new Error('at once'); }, /at once$/],
    [() => undefined, /found nothing$/],
    [() => Promise.resolve(null), /found nothing$/],
    [() => Promise.resolve('text'), /found nothing$/],
    [() => Promise.resolve([]), /found nothing$/],
    [() => Promise.resolve({}), /no document of that DID$/],
    [() => Promise.resolve({ get didDocument() { throw new Error('hidden'); } }), /hidden$/],
    [() => new Promise(() => undefined), /has not answered in 50 ms$/],
  ];
  for (const [resolve, reason] of failing) {
    const verification = await verifyAttestation(token, { trustedIssuers: [DID], resolver: { resolve } as never, resolverTimeoutMs: 50 });
    t.like(verification, { status: 'INVALID', code: 'ISSUER_UNRESOLVED', claims: null });
    t.regex(verification.error ?? '', reason);
  }
});

test('a resolver is asked of trusted issuers alone, and once for a chain', async (t) => {
  const asked: string[] = [];
  const resolver: DidResolver = {
    resolve(did) {
      asked.push(did);
      return Promise.resolve({ didDocument: good, didResolutionMetadata: {}, didDocumentMetadata: {} });
    },
  };
  const stranger = new TestIssuer('did:example:stranger');
  t.is((await verifyAttestation(stranger.sign(stranger.claims()), { trustedIssuers: [DID], resolver })).code, 'ISSUER_UNTRUSTED');
  t.is((await verifyAttestation(issuer.sign(issuer.claims(), { alg: 'none' }), { trustedIssuers: [DID], resolver })).code, 'ALGORITHM');
  t.deepEqual(asked, []);
  const tokens: string[] = [];
  for (let chainIndex = 0; chainIndex < 5; chainIndex += 1) tokens.push(await issuer.token({ chainId: 'c', chainIndex, previousAttestation: tokens.at(-1) }));
  t.true((await verifyAttestationChain(tokens, { trustedIssuers: [DID], resolver, resolverTimeoutMs: 5_000 })).ok);
  t.deepEqual(asked, [DID]);
  // A verification asks anew: keys change.
  for (const token of tokens.slice(0, 2)) t.is((await verifyAttestation(token, { trustedIssuers: [DID], resolver })).status, 'VALID');
  t.is(asked.length, 3);
});

test('options that are none throw', async (t) => {
  for (const options of [1, null, { web: 1 }, { web: { fetch: 1 } }, { web: { more: 1 } }, { more: 1 }]) {
    throwsError(t, () => didResolver(options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  for (const web of [{ timeoutMs: 0 }, { timeoutMs: 60_001 }, { maxBytes: 0 }, { maxBytes: (1 << 20) + 1 }]) {
    throwsError(t, () => didResolver({ web }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  }
  const options = { trustedIssuers: [DID], resolver: didResolver() };
  for (const resolverTimeoutMs of [0, 120_001]) {
    await rejectsError(t, () => verifyAttestation('x', { ...options, resolverTimeoutMs }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  }
  await rejectsError(t, () => verifyAttestation('x', { ...options, resolver: {} as never }), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
});
