/*
 * The resolver of this package: did:key, did:jwk, and did:web if that is asked for.
 */

import { checkInteger, checkOptions, invalidArgument, show } from '../../args.js';
import { isDid } from '../claims.js';
import { type Found, resolveJwk, resolveKey } from './key.js';
import type { DidResolution, DidResolver } from './resolver.js';
import { type FetchLike, resolveWeb } from './web.js';

/** Options of {@link didResolver}. */
export interface DidResolverOptions {
  /**
   * Whether did:web may ask hosts over HTTPS. Default false: verifying reaches no network. Redirects and addresses that are
   * not of the public internet are refused. An object sets the limits.
   */
  readonly web?: boolean | DidWebOptions | undefined;
}

/** How did:web asks. */
export interface DidWebOptions {
  /** In place of the package's own requests. Refusing private addresses is then its business. */
  readonly fetch?: FetchLike | undefined;
  /** For one document, in milliseconds; default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Of one document; default 65,536. */
  readonly maxBytes?: number | undefined;
}

/** A resolver of did:key (keys on P-256), did:jwk and, if asked for, did:web. It has the shape of `did-resolver`'s. */
export function didResolver(options?: DidResolverOptions): DidResolver {
  const { web = false } = checkOptions(options, ['web'], 'didResolver');
  if (typeof web !== 'boolean' && (typeof web !== 'object' || web === null)) throw invalidArgument(`web must be a boolean or options, found ${show(web)}`);
  const limits = web === false ? undefined : checkWeb(web === true ? {} : web);
  return {
    async resolve(did) {
      return resolutionOf(await find(did, limits));
    },
  };
}

type Limits = ReturnType<typeof checkWeb>;

function checkWeb(options: object) {
  const { fetch, timeoutMs, maxBytes } = checkOptions(options, ['fetch', 'timeoutMs', 'maxBytes'], 'web');
  if (fetch !== undefined && typeof fetch !== 'function') throw invalidArgument(`fetch must be a function, found ${show(fetch)}`);
  return {
    fetch: fetch as FetchLike | undefined,
    timeoutMs: timeoutMs === undefined ? 5_000 : checkInteger(timeoutMs, 'timeoutMs', 1, 60_000),
    maxBytes: maxBytes === undefined ? 65_536 : checkInteger(maxBytes, 'maxBytes', 1, 1 << 20),
  };
}

async function find(did: unknown, limits: Limits | undefined): Promise<Found | { readonly error: string; readonly message: string }> {
  if (!isDid(did)) return { error: 'invalidDid', message: 'no DID' };
  if (did.startsWith('did:key:')) return resolveKey(did);
  if (did.startsWith('did:jwk:')) return resolveJwk(did);
  if (did.startsWith('did:web:') && limits !== undefined) return resolveWeb(did, limits);
  return { error: 'methodNotSupported', message: did.startsWith('did:web:') ? 'did:web asks the network, which web: true allows' : 'did:key, did:jwk and did:web are known' };
}

function resolutionOf(found: Found | { readonly error: string; readonly message: string }): DidResolution {
  if ('document' in found) return { didDocument: found.document, didResolutionMetadata: {}, didDocumentMetadata: {} };
  return { didDocument: null, didResolutionMetadata: found, didDocumentMetadata: {} };
}
