// An issuer over HTTP: what is asked for by name, what is refused, and that a badge is of the token as it is now.

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SealwrightRangeError, SealwrightTypeError } from 'sealwright';
import { IssuerKeyPair, RevocationList, serveTokens, type ServeTokensOptions, TokenFolder, verifyAttestation } from 'sealwright/tokens';
import { rejectsError } from '../helpers/errors.mts';
import { newFolder, newPath } from '../helpers/folders.mts';
import { DID, TestIssuer } from './helpers/tokens.mts';

const issuer = new TestIssuer();

async function serve(t: ExecutionContext, options: Partial<ServeTokensOptions> = {}) {
  const server = await serveTokens({ issuer: issuer.pair, ...options });
  t.teardown(() => server.close());
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${server.url}${path}`, init);
    return { status: response.status, type: response.headers.get('content-type'), headers: response.headers, body: await response.text() };
  };
  return { ...server, get };
}

/** A store of tokens, and a way to put what a store of somebody else may hold. */
function newStore(t: ExecutionContext) {
  const folder = join(newFolder(t), 'tokens');
  mkdirSync(folder, { mode: 0o700 });
  return { store: new TokenFolder(folder), keep: (jti: string, text: string | Uint8Array) => writeFileSync(join(folder, `${jti}.jwt`), text) };
}

const message = ({ body }: { readonly body: string }) => (JSON.parse(body) as { message: string }).message;

test('keys are told to whoever asks, and verify what the issuer signs', async (t) => {
  const { get } = await serve(t);
  const { status, type, headers, body } = await get('/.well-known/jwks.json');
  t.deepEqual([status, type, headers.get('cache-control'), headers.get('x-content-type-options')], [200, 'application/json; charset=utf-8', 'public, max-age=300', 'nosniff']);
  const jwks = JSON.parse(body) as { keys: object[] };
  t.deepEqual(jwks, issuer.pair.jwks() as never);
  t.is((await verifyAttestation(await issuer.token(), { trustedIssuers: [DID], jwks })).status, 'VALID');
  t.deepEqual(JSON.parse((await get('/issuer')).body), issuer.pair.getIssuerInfo());
  const { d = '' } = issuer.key.export({ format: 'jwk' });
  t.false(body.includes(d) || body.includes('"d"'));
});

test('a token is told of as it is now, and its text is not given away', async (t) => {
  const { store } = newStore(t);
  const revocations = await RevocationList.create(newPath(t, 'revoked'), issuer.pair);
  const { get } = await serve(t, { store, revocations });
  const { token, jti } = await issuer.issue({ store });
  const path = `/attestations/${jti}`;
  const { status, headers, body } = await get(path);
  t.deepEqual([status, headers.get('cache-control')], [200, 'no-store']);
  t.like(JSON.parse(body), { jti, status: 'VALID', code: null, claims: { jti, iss: DID } });
  t.false(body.includes((token ?? '').split('.')[2] ?? ''));
  t.is(message(await get(`/badge/${jti}.json`)), 'verified');
  const svg = await get(`/badge/${jti}.svg`);
  t.regex(svg.body, /attestation: verified/);
  t.deepEqual([svg.type, svg.headers.get('cache-control'), svg.headers.get('content-security-policy')], ['image/svg+xml; charset=utf-8', 'no-cache, max-age=0', "default-src 'none'; sandbox"]);
  await revocations.revoke(jti ?? '');
  t.like(JSON.parse((await get(path)).body), { status: 'REVOKED', code: 'REVOKED' });
  t.is(message(await get(`/badge/${jti}.json`)), 'revoked');
  t.is((await get('/revocations')).body, `${await revocations.text()}\n`);
});

test('a token that was signed by the key before holds, and its badge says so', async (t) => {
  const { store } = newStore(t);
  const later = new TestIssuer();
  const successor = IssuerKeyPair.fromPem(later.pem, { did: DID, previousKeys: issuer.pair.jwks() });
  const { jti } = await issuer.issue({ store });
  const revocations = await RevocationList.create(newPath(t, 'revoked'), issuer.pair);
  const { get } = await serve(t, { issuer: successor, store, revocations });
  t.is(message(await get(`/badge/${jti}.json`)), 'verified');
  const jwks = JSON.parse((await get('/.well-known/jwks.json')).body) as { keys: { kid: string }[] };
  t.deepEqual(jwks.keys.map(({ kid }) => kid), [later.pair.kid, issuer.pair.kid]);
  for (const by of [issuer, later]) t.is((await verifyAttestation(await by.token(), { trustedIssuers: [DID], jwks })).status, 'VALID');
  t.deepEqual((JSON.parse((await get('/issuer')).body) as { public_keys: unknown }).public_keys, jwks.keys);
  const alone = await serve(t, { issuer: later.pair, store });
  t.is(message(await alone.get(`/badge/${jti}.json`)), 'invalid');
});

test('what is not known is unknown, and not verified', async (t) => {
  const { store, keep } = newStore(t);
  const { get } = await serve(t, { store });
  const { token } = await issuer.issue({ store });
  const failed = await issuer.issue({ store, status: 'FAILED', verified: false });
  const stranger = new TestIssuer();
  keep('att_other', `${token}\n`);
  keep('att_garbage', 'garbage');
  keep('att_binary', Buffer.alloc(100, 0xff));
  keep('att_empty', '');
  keep('att_long', 'x'.repeat(100_000));
  keep('att_foreign', stranger.sign(stranger.claims({ jti: 'att_foreign' })));
  keep('att_expired', issuer.sign(issuer.claims({ jti: 'att_expired', iat: 1, exp: 2 })));
  keep('a.svg', issuer.sign(issuer.claims({ jti: 'a.svg' })));
  const expected = {
    att_none: 'unknown',
    // A token that is kept under the name of another one is not that one.
    att_other: 'unknown',
    att_long: 'unknown',
    att_empty: 'invalid',
    att_garbage: 'invalid',
    att_binary: 'invalid',
    att_foreign: 'invalid',
    att_expired: 'expired',
    [failed.jti ?? '']: 'failed',
    'a.svg': 'verified',
    '..': 'unknown',
    '%2e%2e%2fx': 'unknown',
    'a%00': 'unknown',
  };
  for (const [jti, said] of Object.entries(expected)) {
    const badge = await get(`/badge/${jti}.json`);
    t.deepEqual([badge.status, message(badge)], [200, said], jti);
  }
  for (const jti of ['att_none', 'att_other', 'att_long', '..%2fx', '%61tt', 'a%2fb']) t.is((await get(`/attestations/${jti}`)).status, 404, jti);
  t.like(JSON.parse((await get('/attestations/att_foreign')).body), { status: 'INVALID', code: 'KEY_UNKNOWN', claims: null });
  t.like(JSON.parse((await get('/attestations/a.svg')).body), { status: 'VALID', jti: 'a.svg' });
});

test('without a store no token is known, and without a list there is none', async (t) => {
  const { get } = await serve(t);
  t.is(message(await get('/badge/att_1.json')), 'unknown');
  t.is((await get('/attestations/att_1')).status, 404);
  t.is((await get('/revocations')).status, 404);
});

test('a label is shown, or refused', async (t) => {
  const { get } = await serve(t);
  const label = '</title><script>x()</script>';
  const { body } = await get(`/badge/att_1.svg?label=${encodeURIComponent(label)}`);
  t.false(body.includes('<script'));
  t.true(body.includes('&#60;script&#62;'));
  t.is((JSON.parse((await get('/badge/att_1.json?label=QWED')).body) as { label: string }).label, 'QWED');
  for (const wrong of ['', '%00', '%E2%80%AE', 'x'.repeat(65)]) {
    const refused = await get(`/badge/att_1.svg?label=${wrong}`);
    t.deepEqual([refused.status, refused.type], [400, 'text/plain; charset=utf-8'], wrong);
  }
});

test('there is nothing else, and nothing to change', async (t) => {
  const errors: unknown[] = [];
  const { get, port } = await serve(t, { onError: (error) => errors.push(error) });
  for (const path of ['/', '/x', '/issuer/', '/Issuer', '/badge/', '/badge/att_1', '/badge/att_1.png', '/badge/a/b.svg', '/attestations/', '/attestations', '/.well-known/', '/attestations/a/b', '/badge/.svg/.svg', '/%69ssuer']) {
    t.is((await get(path)).status, 404, path);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await get('/issuer', { method });
    t.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD'], method);
  }
  const { status, body, headers } = await get('/issuer', { method: 'HEAD' });
  t.deepEqual([status, body, headers.get('content-length')], [200, '', String((await get('/issuer')).body.length)]);
  // As no client of the standard asks.
  for (const target of ['//[', '//evil.example/issuer', 'http://[/issuer', '/../issuer', '/x/../issuer', '*', '?', '/issuer#x', '/\\issuer']) {
    t.regex(await rawAnswer(port, `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 40[04] /, target);
  }
  t.deepEqual(errors, []);
});

/** What comes back for bytes. */
async function rawAnswer(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('only under its own name, and with its token', async (t) => {
  const { get, port } = await serve(t, { hosts: ['issuer.example'], token: 'a-token-of-20-chars!' });
  const asHost = (host: string) => rawAnswer(port, `GET /issuer HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer a-token-of-20-chars!\r\nConnection: close\r\n\r\n`);
  for (const host of ['issuer.example', 'ISSUER.example', `127.0.0.1:${port}`, `localhost:${port}`]) t.regex(await asHost(host), /^HTTP\/1\.1 200 /, host);
  for (const host of ['evil.example', 'localhost', `issuer.example:${port}`, '']) t.regex(await asHost(host), /^HTTP\/1\.1 421 /, host);
  t.is((await get('/issuer')).status, 401);
  t.is((await get('/issuer', { headers: { authorization: 'Bearer a-token-of-20-chars?' } })).status, 401);
  t.is((await get('/issuer', { headers: { authorization: 'Bearer a-token-of-20-chars!' } })).status, 200);
});

test('a store or a list that fails is an error that is told, and says nothing outside', async (t) => {
  const errors: string[] = [];
  const secret = 'secret of the store';
  const onError = (error: unknown) => errors.push((error as Error).message);
  const store = { put: () => Promise.resolve(), get: () => Promise.reject(new Error(secret)) };
  const revocations = RevocationList.of(newPath(t, 'none'), DID, issuer.registry);
  const { get } = await serve(t, { store, revocations, onError });
  for (const path of ['/attestations/att_1', '/badge/att_1.svg', '/revocations']) {
    const { status, body } = await get(path);
    t.deepEqual([status, body], [500, 'what is asked for cannot be read\n'], path);
  }
  t.deepEqual(errors.map((text) => text === secret), [true, true, false]);
  // A list that is gone makes no token valid.
  const kept = { ...store, get: () => Promise.resolve(issuer.sign(issuer.claims({ jti: 'att_1' }))) };
  const other = await serve(t, { store: kept, revocations, onError });
  t.is(message(await other.get('/badge/att_1.json')), 'invalid');
  t.like(JSON.parse((await other.get('/attestations/att_1')).body), { status: 'INVALID', code: 'REVOCATIONS', claims: null });
  const wrong = await serve(t, { store: { ...store, get: () => Promise.resolve(1 as never) }, onError });
  t.is((await wrong.get('/attestations/att_1')).status, 500);
  // Whoever is told may fail, too.
  const deaf = await serve(t, { store, onError: () => { throw new Error('not heard'); } });
  t.is((await deaf.get('/attestations/att_1')).status, 500);
});

test('options that are none throw, and a server that was closed is gone', async (t) => {
  for (const options of [undefined, {}, { issuer: {} }, { issuer: issuer.pair, store: {} }, { issuer: issuer.pair, revocations: {} }, { issuer: issuer.pair, more: 1 }]) {
    await rejectsError(t, () => serveTokens(options as never), { instanceOf: SealwrightTypeError, code: 'ERR_INVALID_ARGUMENT' });
  }
  await rejectsError(t, () => serveTokens({ issuer: issuer.pair, port: 65_536 }), { instanceOf: SealwrightRangeError, code: 'ERR_OUT_OF_RANGE' });
  const { close, get } = await serve(t);
  await close();
  await t.throwsAsync(get('/issuer'));
});
