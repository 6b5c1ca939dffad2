/*
 * Resolvers of DIDs, in the shape of the package `did-resolver`, and how an issuer is made of what they find.
 */

import { textOfThrown } from '../../errors.js';
import { type Fields, isObject } from '../claims.js';
import { type TokenKey, tokenKey } from '../keys.js';
import { multikey } from './key.js';
import type { RegisteredIssuer } from '../registry.js';

/** What finds the document of a DID: a `Resolver` of `did-resolver` is one. */
export interface DidResolver {
  /** Finds the document, or says in the metadata why there is none. */
  resolve(did: string): Promise<DidResolution>;
}

/** What a resolver finds (W3C DID Core 7.1), as far as it is read here. */
export interface DidResolution {
  readonly didDocument: unknown;
  readonly didResolutionMetadata: { readonly error?: unknown; readonly message?: unknown };
  readonly didDocumentMetadata: { readonly deactivated?: boolean | undefined };
}

export function isResolver(value: unknown): value is DidResolver {
  return typeof value === 'object' && value !== null && typeof (value as { resolve?: unknown }).resolve === 'function';
}

/** The issuer that a DID's document makes: its keys are those for assertions. A string says why there is none. */
export async function resolvedIssuer(resolver: DidResolver, did: string, timeoutMs: number): Promise<RegisteredIssuer | string> {
  try {
    return issuerOf(await inTime(() => resolver.resolve(did), timeoutMs), did);
  } catch (error) {
    return textOfThrown(error);
  }
}

function issuerOf(resolution: unknown, did: string): RegisteredIssuer | string {
  if (!isObject(resolution)) return 'the resolver found nothing';
  const { didDocument: document, didResolutionMetadata: found, didDocumentMetadata: about } = resolution as Partial<Record<keyof DidResolution, unknown>>;
  if (isObject(found) && found['error'] !== undefined) return [found['error'], found['message']].filter((part) => typeof part === 'string').join(': ');
  if (isObject(about) && about['deactivated'] === true) return 'it was deactivated';
  if (!isObject(document) || document['id'] !== did) return 'the resolver found no document of that DID';
  const keys = keysOf(document, did);
  return { did, name: did, status: 'active', validFrom: 0, validUntil: Infinity, keys };
}

/** A resolver of the caller's may never answer. */
async function inTime<Result>(work: () => Result | Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the resolver has not answered in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function keysOf(document: Fields, did: string): readonly TokenKey[] {
  const methods = arrayOf(document['verificationMethod']).filter(isObject);
  return arrayOf(document['assertionMethod']).flatMap((reference) => {
    const method = isObject(reference) ? reference : methods.find(({ id }) => absolute(id, did) === absolute(reference, did));
    if (method === undefined || method['controller'] !== did) return [];
    const jwk = jwkOf(method);
    const key = isObject(jwk) ? tokenKey({ ...jwk, kid: absolute(method['id'], did) }) : undefined;
    return key === undefined ? [] : [key];
  });
}

/** The key of a method, in either of the forms that there are; of one that has two, nobody knows which is meant. */
function jwkOf({ publicKeyJwk: jwk, publicKeyMultibase: encoded }: Fields): unknown {
  if (jwk !== undefined && encoded !== undefined) return undefined;
  return typeof encoded === 'string' ? multikey(encoded) : jwk;
}

/** A DID URL that may be relative to its document. */
function absolute(id: unknown, did: string): unknown {
  return typeof id === 'string' && id.startsWith('#') ? `${did}${id}` : id;
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
