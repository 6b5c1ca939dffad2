/*
 * did:web (W3C CCG): the document lies at a host, over HTTPS.
 *
 * Whoever can name a DID can have this process ask where it points. So no redirect is followed, no address is asked that is
 * not of the public internet, and the address that was looked at is the one that is connected to: what the name means a
 * moment later does not matter. Time and size are bounded, and the document has to be JSON.
 *
 *   did:web:example.com              https://example.com/.well-known/did.json
 *   did:web:example.com%3A8443:a:b   https://example.com:8443/a/b/did.json
 */

import { isPublicAddress } from './addresses.js';
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

/** Where the document of a did:web is; undefined for what is none. Of the host only the colon before its port is encoded. */
export function urlOf(did: string): URL | undefined {
  const [host = '', ...path] = did.slice('did:web:'.length).split(':');
  const [, name, port = ''] = /^([A-Za-z0-9.-]+)(?:%3[Aa]([0-9]{1,5}))?$/.exec(host) ?? [];
  const folders = path.map((part) => safeDecode(part));
  if (name === undefined || folders.some((part) => part === undefined || part === '' || part === '.' || part === '..' || /[/\\?#@\s\p{Cc}]/u.test(part))) return undefined;
  const below = folders.length === 0 ? '.well-known' : (folders as string[]).map(encodeURIComponent).join('/');
  const address = `https://${name}${port === '' ? '' : `:${port}`}/${below}/did.json`;
  return URL.canParse(address) ? new URL(address) : undefined;
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
  // AbortSignal.timeout would let a process end that has nothing else to wait for.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const { signal } = controller;
  // One that pays no attention to the signal is not waited for either.
  const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(tooLate(timeoutMs))));
  const read = async () => {
    const response = await fetch(url.href, { redirect: 'error', signal, headers: HEADERS });
    if (response.status !== 200 || response.redirected) throw new Error(`the host answered ${response.status}`);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body ?? []) {
      length += (piece as Uint8Array).length;
      if (length > maxBytes) throw tooLong(maxBytes);
      pieces.push(piece as Uint8Array);
    }
    return utf8(Buffer.concat(pieces));
  };
  try {
    return await Promise.race([read(), late]);
  } finally {
    clearTimeout(timer);
  }
}

const HEADERS = { accept: 'application/did+json, application/json' };

/** What {@link request} finds the way by. */
export interface Network {
  readonly lookup: typeof import('node:dns').lookup;
  isAllowed(address: string): boolean;
  /** Of authorities beside those that Node trusts. */
  readonly ca?: string;
}

/** By node:https, whose connection goes to the very address that was looked at. */
export async function request(url: URL, { timeoutMs, maxBytes }: WebLimits, network?: Network): Promise<string> {
  const [{ request: open }, { lookup }, { isIP }] = [await import('node:https'), await import('node:dns'), await import('node:net')];
  const { lookup: find, isAllowed, ca } = network ?? { lookup, isAllowed: isPublicAddress, ca: undefined };
  // It would not be looked up.
  if (isIP(url.hostname) !== 0) throw new Error('the host is an address');
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = open(url, {
      headers: HEADERS,
      signal,
      agent: false,
      ca,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: the certificate is all that says whose document it is.
      rejectUnauthorized: true,
      lookup: (name, options, callback) =>
        find(name, { ...options, all: true }, (error, addresses) => {
          if (error !== null) return callback(error, []);
          const [first] = addresses;
          if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) return callback(new Error('the host is not of the public internet'), []);
          return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
        }),
    });
    const fail = (error: Error) => reject(signal.aborted ? tooLate(timeoutMs) : error);
    asked.on('error', fail);
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
        if (length > maxBytes) end(tooLong(maxBytes));
        else pieces.push(piece);
      });
      response.on('error', fail);
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

const tooLong = (maxBytes: number) => new Error(`the document has more than ${maxBytes} bytes`);
const tooLate = (timeoutMs: number) => new Error(`the document was not there in ${timeoutMs} ms`);

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
