/*
 * did:web (W3C CCG): the document lies at a host, over HTTPS.
 *
 * The DID comes with a token, from whoever sent it, so that this is a request to where a stranger points. No redirect is
 * followed, no address is asked that is not of the public internet, and the address that was looked at is the one that is
 * connected to. Time and size are bounded, and the document has to be JSON.
 */

import type { LookupAddress } from 'node:dns';
import type { Found } from './key.js';

/** What fetches: that of the standard, as far as it is used here. */
export type FetchLike = (url: string, init: { readonly redirect: 'error'; readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string>> }) => Promise<Response>;

/** Limits of {@link resolveWeb}. */
export interface WebLimits {
  /** In place of the request of this module, which refuses private addresses: then that is the caller's to do. */
  readonly fetch?: FetchLike | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** Where the document of a did:web is; undefined for what is none. */
export function urlOf(did: string): URL | undefined {
  const [host = '', ...path] = did.slice('did:web:'.length).split(':');
  const parts = [host, ...path].map((part) => safeDecode(part));
  if (parts.some((part) => part === undefined || part === '' || part === '.' || part === '..' || /[/\\?#@\s\0]/.test(part))) return undefined;
  const [name = '', ...folders] = parts as string[];
  if (!/^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$/.test(name)) return undefined;
  const below = folders.length === 0 ? '.well-known' : folders.map(encodeURIComponent).join('/');
  try {
    return new URL(`https://${name}/${below}/did.json`);
  } catch {
    return undefined;
  }
}

export async function resolveWeb(did: string, limits: WebLimits): Promise<Found> {
  const url = urlOf(did);
  if (url === undefined) return { error: 'invalidDid', message: 'not a host and a path' };
  try {
    const text = await (limits.fetch === undefined ? request(url, limits) : fetched(url, limits.fetch, limits));
    return { document: JSON.parse(text) as object };
  } catch (error) {
    return { error: 'notFound', message: error instanceof Error ? error.message : 'the request failed' };
  }
}

async function fetched(url: URL, fetch: FetchLike, { timeoutMs, maxBytes }: WebLimits): Promise<string> {
  const response = await fetch(url.href, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs), headers: HEADERS });
  if (response.status !== 200 || response.redirected) throw new Error(`the host answered ${response.status}`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += (piece as Uint8Array).length;
    if (length > maxBytes) throw new Error(`the document has more than ${maxBytes} bytes`);
    pieces.push(piece as Uint8Array);
  }
  return utf8(Buffer.concat(pieces));
}

const HEADERS = { accept: 'application/did+json, application/json' };

/** By node:https, whose connection goes to the very address that was looked at. */
async function request(url: URL, { timeoutMs, maxBytes }: WebLimits): Promise<string> {
  const [{ request: open }, { lookup }, { BlockList, isIP }] = [await import('node:https'), await import('node:dns'), await import('node:net')];
  const refused = privateAddresses(new BlockList());
  const isPublic = ({ address, family }: LookupAddress) => !refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
  if (isIP(url.hostname) !== 0) throw new Error('the host is an address');
  return new Promise((resolve, reject) => {
    const asked = open(url, {
      headers: HEADERS,
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
      lookup: (name, options, callback) =>
        lookup(name, { ...options, all: true }, (error, addresses) => {
          if (error !== null) return callback(error, []);
          const found = addresses.filter(isPublic);
          const [first] = found;
          if (first === undefined || found.length < addresses.length) return callback(new Error('the host is not of the public internet'), []);
          return options.all === true ? callback(null, found) : callback(null, first.address, first.family);
        }),
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const end = (error: Error) => {
        asked.destroy();
        reject(error);
      };
      if (response.statusCode !== 200) return end(new Error(`the host answered ${response.statusCode}`));
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > maxBytes) end(new Error(`the document has more than ${maxBytes} bytes`));
        else pieces.push(piece);
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(utf8(Buffer.concat(pieces)));
        } catch (error) {
          reject(error);
        }
      });
    });
    asked.end();
  });
}

/** Of IANA's special-purpose registries: all that is not of the public internet. */
function privateAddresses<List extends import('node:net').BlockList>(list: List): List {
  const v4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/3'];
  // IPv4 in IPv6 is looked at as the address that it is, by the list itself; of translated and tunnelled ones nothing is taken.
  const v6 = ['::/128', '::1/128', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'];
  for (const [ranges, family] of [[v4, 'ipv4'], [v6, 'ipv6']] as const) {
    for (const range of ranges) {
      const [net = '', bits = ''] = range.split('/');
      list.addSubnet(net, Number(bits), family);
    }
  }
  return list;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function safeDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
