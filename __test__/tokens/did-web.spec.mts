// did:web: which URL a DID is, which addresses are never asked, and what comes of hosts that answer otherwise than they should.

import { spawnSync } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as requestOver } from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { didResolver, type FetchLike, verifyAttestation } from 'sealwright/tokens';
import { newFolder } from '../helpers/folders.mts';
import { projectRoot, testWith } from '../helpers/parts.mts';
import { DID, TestIssuer } from './helpers/tokens.mts';

const require = createRequire(import.meta.url);
const { request, urlOf } = require(join(projectRoot, 'dist', 'tokens', 'did', 'web.js')) as typeof import('../../dist/tokens/did/web.js');
const { isPublicAddress } = require(join(projectRoot, 'dist', 'tokens', 'did', 'addresses.js')) as typeof import('../../dist/tokens/did/addresses.js');

// The examples of w3c-ccg.github.io/did-method-web, and what else is one.
const urls: readonly (readonly [did: string, url: string])[] = [
  ['did:web:w3c-ccg.github.io', 'https://w3c-ccg.github.io/.well-known/did.json'],
  ['did:web:w3c-ccg.github.io:user:alice', 'https://w3c-ccg.github.io/user/alice/did.json'],
  ['did:web:example.com%3A3000:user:alice', 'https://example.com:3000/user/alice/did.json'],
  ['did:web:example.com%3a3000', 'https://example.com:3000/.well-known/did.json'],
  ['did:web:EXAMPLE.com', 'https://example.com/.well-known/did.json'],
  ['did:web:xn--bcher-kva.example', 'https://xn--bcher-kva.example/.well-known/did.json'],
  ['did:web:example.com:a%20b', ''],
  ['did:web:example.com:a%25b', 'https://example.com/a%25b/did.json'],
  ['did:web:example.com:%252e%252e', 'https://example.com/%252e%252e/did.json'],
  ['did:web:example.com:...', 'https://example.com/.../did.json'],
];

const noUrls = [
  'did:web:',
  'did:web::a',
  'did:web:example.com:',
  'did:web:example.com::a',
  'did:web:example.com:.',
  'did:web:example.com:..:a',
  'did:web:example.com:%2e%2E:a',
  'did:web:example.com:.%2e',
  'did:web:example.com:a%2Fb',
  'did:web:example.com:a%5Cb',
  'did:web:example.com:a%3Fb',
  'did:web:example.com:a%23b',
  'did:web:example.com:a%00',
  'did:web:example.com:a%0D%0Ab',
  'did:web:example.com:%FF',
  'did:web:example.com%2Fa',
  'did:web:example.com%5Ca',
  'did:web:example.com%40evil.example',
  'did:web:user%3Apw%40evil.example',
  'did:web:example.com%23',
  'did:web:example.com%3F',
  'did:web:%65xample.com',
  'did:web:%31%32%37.0.0.1',
  'did:web:b%C3%BCcher.example',
  'did:web:%EF%BC%A5xample.com',
  'did:web:%5B%3A%3A1%5D',
  'did:web:example.com%3A',
  'did:web:example.com%3A3000%3A1',
  'did:web:example.com%3A65536',
  'did:web:example.com%3A+1',
  'did:web:example.com%253A80',
  'did:web:xn--a',
  'did:web:1.2.3.256',
];

test('a DID is one URL, or none', (t) => {
  for (const [did, url] of urls) t.is(urlOf(did)?.href ?? '', url, did);
  for (const did of noUrls) t.is(urlOf(did), undefined, did);
});

// However an IPv4 address is written, it is one.
for (const name of ['127.0.0.1', '127.0.0.1.', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '8.8.8.8', '169.254.169.254', '0']) {
  test(`no address is asked: ${name}`, async (t) => {
    const { didResolutionMetadata } = await didResolver({ web: true }).resolve(`did:web:${name}`);
    t.deepEqual(didResolutionMetadata, { error: 'notFound', message: 'the host is an address' });
  });
}

/** First and last address of what is not of the public internet, and the neighbours that are. */
const special = [
  '0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1', '127.255.255.255', '169.254.0.0',
  '169.254.169.254', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.255', '192.0.2.1', '192.88.99.1', '192.168.0.0',
  '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::2', '::7f00:1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '1fff:ffff::1', '2001::1', '2001:0:53aa:64c::1', '2001:10::1', '2001:20::1',
  '2001:1ff:ffff::1', '2001:db8::1', '2001:db8:ffff::1', '2002::1', '2002:7f00:1::', '2002:a00:1::1', '2002:ffff::', '3ffe::1', '3fff::1',
  '3fff:fff::1', '4000::1', '5f00::1', '8000::1', 'fc00::1', 'fdff::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%lo', 'febf::1', 'fec0::1', 'ff02::1', 'ffff::1',
  '2606:4700::1%eth0', '', 'localhost', '1.2.3', '1.2.3.4.5', '01.2.3.4', '2606:4700::g',
];
const ordinary = [
  '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '169.253.255.255', '169.255.0.0',
  '172.15.255.255', '172.32.0.0', '191.255.255.255', '192.0.1.0', '192.0.3.0', '192.88.98.1', '192.88.100.1', '192.167.255.255', '192.169.0.0', '198.17.255.255',
  '198.20.0.0', '198.51.99.1', '198.51.101.1', '203.0.112.1', '203.0.114.1', '223.255.255.255', '2001:200::1', '2001:4860:4860::8888', '2001:db7::1', '2001:db9::1',
  '2003::1', '2606:4700:4700::1111', '2a00::1', '3ffd::1', '3fff:1000::1', '2000::1',
];

test('only addresses of the public internet are', (t) => {
  for (const address of special) t.false(isPublicAddress(address), address);
  for (const address of ordinary) t.true(isPublicAddress(address), address);
});

const issuer = new TestIssuer();
const [kid] = issuer.pair.jwks().keys.map((key) => key.kid);
const document = (did: string) => ({
  id: did,
  verificationMethod: [{ id: kid, type: 'JsonWebKey2020', controller: did, publicKeyJwk: issuer.pair.publicJwk }],
  assertionMethod: [kid],
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A host of names, and what a client needs to ask it. */
async function host(t: ExecutionContext, handler: Handler, names = ['issuer.example', 'localhost']) {
  const folder = newFolder(t);
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath, '-out', certPath];
  const named = ['-days', '2', '-subj', '/CN=test', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  const { status, stderr } = spawnSync('openssl', [...words, ...named], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const ca = readFileSync(certPath, 'utf8');
  const seen: string[] = [];
  let connections = 0;
  const server = createServer({ key: readFileSync(keyPath), cert: ca }, (asked, answer) => {
    seen.push(`${asked.method} ${asked.headers.host} ${asked.url}`);
    handler(asked, answer);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { ca, port, seen, connections: () => connections };
}

const json = (value: unknown): Handler => (_, response) => void response.end(typeof value === 'string' ? value : JSON.stringify(value));
const limits = { timeoutMs: 1_000, maxBytes: 5_000 };

/** Finds the same addresses for all names. */
function lookupOf(...addresses: LookupAddress[]) {
  const names: string[] = [];
  const lookup = (name: string, _: unknown, callback: (error: null, found: LookupAddress[]) => void) => {
    names.push(name);
    callback(null, addresses);
  };
  return { names, lookup: lookup as never };
}

const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 };

testWith(['openssl'], 'a document is fetched over HTTPS from the host of the DID, at the address that was looked at', async (t) => {
  const { ca, port, seen } = await host(t, json('{"a":1}'));
  const { names, lookup } = lookupOf(LOOPBACK);
  const text = await request(urlOf(`did:web:issuer.example%3A${port}:x`) as URL, limits, { ca, lookup, isAllowed: (address) => address === '127.0.0.1' });
  t.is(text, '{"a":1}');
  t.deepEqual(seen, [`GET issuer.example:${port} /x/did.json`]);
  t.deepEqual(names, ['issuer.example']);
});

const bad: readonly (readonly [what: string, handler: Handler, reason: RegExp])[] = [
  ['a redirect', (_, response) => void response.writeHead(302, { location: '/other' }).end('{}'), /answered 302/],
  ['nothing', (_, response) => void response.writeHead(404).end('{}'), /answered 404/],
  ['no content', (_, response) => void response.writeHead(204).end(), /answered 204/],
  ['too long', (_, response) => void response.end('x'.repeat(5_001)), /more than 5000 bytes/],
  ['without an end', (_, response) => endless(response), /more than 5000 bytes/],
  ['never', () => undefined, /not there in 1000 ms/],
  ['drop by drop', (_, response) => drip(response), /not there in 1000 ms/],
  ['and hangs up', (asked) => void asked.socket.destroy(), /socket hang up|ECONNRESET/],
  ['half', (asked, response) => void (response.writeHead(200, { 'content-length': 100 }).write('{'), setTimeout(() => asked.socket.destroy(), 20)), /aborted|ECONNRESET/],
  ['in another encoding', (_, response) => void response.end(Buffer.from([0x22, 0xe9, 0x22])), /not valid/],
];

function endless(response: ServerResponse): void {
  const more = () => {
    while (response.write('x'.repeat(1000)));
  };
  response.on('drain', more);
  response.on('error', () => undefined);
  more();
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

for (const [what, handler, reason] of bad) {
  testWith(['openssl'], `a host that answers ${what} has no document`, async (t) => {
    const { ca, port, seen } = await host(t, handler);
    const network = { ca, lookup: lookupOf(LOOPBACK).lookup, isAllowed: () => true };
    await t.throwsAsync(request(urlOf(`did:web:issuer.example%3A${port}`) as URL, limits, network), { message: reason });
    t.is(seen.length, 1);
    // And so through a fetch of the caller's.
    const { didDocument, didResolutionMetadata } = await didResolver({ web: { ...limits, fetch: fetchBy(ca, port) } }).resolve('did:web:issuer.example');
    t.is(didDocument, null);
    t.is(didResolutionMetadata.error, 'notFound');
  });
}

// Alone: what it sets is read by all others.
testWith.serial(['openssl'], 'who a host is its certificate says, whatever the environment', async (t) => {
  const { ca, port, seen } = await host(t, json(document(DID)), ['other.example']);
  const network = { lookup: lookupOf(LOOPBACK).lookup, isAllowed: () => true };
  const url = urlOf(`did:web:issuer.example%3A${port}`) as URL;
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  // Node warns of it, which is no news here.
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    await t.throwsAsync(request(url, limits, network), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await t.throwsAsync(request(url, limits, { ...network, ca }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.emitWarning = emitWarning;
  }
  t.deepEqual(seen, []);
});

testWith(['openssl'], 'nothing is connected to that is not of the public internet', async (t) => {
  const { ca, port, connections } = await host(t, json(document('did:web:localhost')));
  for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost']) {
    const { didResolutionMetadata } = await didResolver({ web: { timeoutMs: 5_000 } }).resolve(`did:web:${name}%3A${port}`);
    t.is(didResolutionMetadata.error, 'notFound');
    if (name.toLowerCase() === 'localhost') t.is(didResolutionMetadata.message, 'the host is not of the public internet');
  }
  const answers: readonly (readonly LookupAddress[])[] = [
    [LOOPBACK],
    [{ address: '::1', family: 6 }],
    [{ address: '::ffff:127.0.0.1', family: 6 }],
    [{ address: 'fe80::1%lo', family: 6 }],
    [{ address: '2002:7f00:1::', family: 6 }],
    // One of several is enough: which one is connected to is the system's to say.
    [{ address: '192.0.1.1', family: 4 }, LOOPBACK],
    [{ address: 'no address', family: 4 }],
    [],
  ];
  for (const addresses of answers) {
    const asking = request(urlOf(`did:web:issuer.example%3A${port}`) as URL, limits, { ca, lookup: lookupOf(...addresses).lookup, isAllowed: isPublicAddress });
    await t.throwsAsync(asking, { message: 'the host is not of the public internet' });
  }
  t.is(connections(), 0);
});

testWith(['openssl'], 'a name that means another address a moment later does not lead there', async (t) => {
  const { ca, port, connections } = await host(t, json('{}'));
  let asked = 0;
  const lookup = (_: string, __: unknown, callback: (error: null, found: LookupAddress[]) => void) => {
    asked += 1;
    callback(null, [asked === 1 ? { address: '192.0.2.77', family: 4 } : LOOPBACK]);
  };
  const isAllowed = (address: string) => address === '192.0.2.77';
  await t.throwsAsync(request(urlOf(`did:web:issuer.example%3A${port}`) as URL, { ...limits, timeoutMs: 300 }, { ca, lookup: lookup as never, isAllowed }));
  t.deepEqual([asked, connections()], [1, 0]);
});

/** What a caller may bring: over HTTPS to this machine, by the standard's rules of redirects and signals. */
function fetchBy(ca: string, port: number): FetchLike {
  return (url, { signal, headers, redirect }) =>
    new Promise((resolve, reject) => {
      const asked = requestOver(url, { ca, port, signal, headers, lookup: lookupOf(LOOPBACK).lookup, agent: false });
      asked.on('error', reject);
      asked.on('response', (response) => {
        const { statusCode = 0 } = response;
        if (redirect === 'error' && statusCode >= 300 && statusCode < 400) reject(new TypeError('unexpected redirect'));
        else resolve(new Response(statusCode === 204 ? null : (Readable.toWeb(response) as ReadableStream), { status: statusCode }));
      });
      asked.end();
    });
}

testWith(['openssl'], "a token verifies by what its issuer's host says", async (t) => {
  let said: unknown = document(DID);
  const { ca, port, seen } = await host(t, (asked, response) => json(said)(asked, response));
  const resolver = didResolver({ web: { fetch: fetchBy(ca, port), ...limits } });
  const verified = () => verifyAttestation(issuer.sign(issuer.claims()), { trustedIssuers: [DID], resolver });
  t.is((await verified()).status, 'VALID');
  t.deepEqual(seen, [`GET issuer.example:${port} /.well-known/did.json`]);
  const others: readonly (readonly [said: unknown, code: string])[] = [
    [document('did:web:other.example'), 'ISSUER_UNRESOLVED'],
    ['<html>', 'ISSUER_UNRESOLVED'],
    ['null', 'ISSUER_UNRESOLVED'],
    ['', 'ISSUER_UNRESOLVED'],
    [{ ...document(DID), assertionMethod: [] }, 'KEY_UNKNOWN'],
    [{ ...document(DID), verificationMethod: document('did:web:other.example').verificationMethod }, 'KEY_UNKNOWN'],
  ];
  for (const [other, code] of others) {
    said = other;
    t.like(await verified(), { status: 'INVALID', code, claims: null });
  }
});

test('a fetch of the caller is told the limits, and not waited for', async (t) => {
  const asked: unknown[] = [];
  const resolve = async (fetch: FetchLike) => (await didResolver({ web: { fetch, timeoutMs: 60, maxBytes: 100 } }).resolve('did:web:issuer.example:a')).didResolutionMetadata.message;
  await resolve((url, { redirect, signal }) => {
    asked.push(url, redirect, signal instanceof AbortSignal);
    return Promise.resolve(new Response('{}'));
  });
  t.deepEqual(asked, ['https://issuer.example/a/did.json', 'error', true]);
  t.is(await resolve(() => new Promise(() => undefined)), 'the document was not there in 60 ms');
  t.is(await resolve(() => Promise.resolve(new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })))), 'the document was not there in 60 ms');
  t.is(await resolve(() => Promise.resolve(new Response('x'.repeat(101)))), 'the document has more than 100 bytes');
  t.is(await resolve(() => Promise.reject(new Error('no network'))), 'no network');
  t.is(await resolve(() => { throw new Error('at once'); }), 'at once');
  const followed = Object.defineProperty(new Response('{}'), 'redirected', { value: true });
  t.is(await resolve(() => Promise.resolve(followed)), 'the host answered 200');
});
