/*
 * Whom a verifier believes, and since when, and until when: issuers with their public keys.
 */

import { checkDate, checkOneOf, checkOptions, checkString, checkStrings, invalidArgument, show } from '../args.js';
import { isDid, isObject } from './claims.js';
import { type PublicJwk, type TokenKey, tokenKey } from './keys.js';

/** What became of an issuer. */
export type IssuerStatus = 'active' | 'retired' | 'revoked';

/** An issuer as {@link IssuerRegistry} takes it. */
export interface Issuer {
  /** Its DID. */
  readonly did: string;
  /** Its public keys on P-256, each with the `kid` that tokens name: `<did>#...`. Private members are refused. */
  readonly keys: readonly PublicJwk[];
  readonly name?: string | undefined;
  /**
   * Default `'active'`. Of a `'retired'` one the tokens hold that it issued before `validUntil`, which it must have; of a
   * `'revoked'` one none do, whenever it issued them: its key may have been anybody's.
   */
  readonly status?: IssuerStatus | undefined;
  /** When its tokens begin to hold, by their `iat`, both ends included. Default: always. */
  readonly validFrom?: Date | undefined;
  readonly validUntil?: Date | undefined;
}

/** An issuer of a registry. */
export interface RegisteredIssuer {
  readonly did: string;
  readonly name: string;
  readonly status: IssuerStatus;
  /** Unix seconds. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly keys: readonly TokenKey[];
}

/** Whether a value is one: what only inherits from one, or stands for one, has no issuers. */
export let isIssuerRegistry: (value: unknown) => value is IssuerRegistry;

/** Issuers that a verifier believes. It does not change; make another one for others. */
export class IssuerRegistry {
  readonly #issuers: ReadonlyMap<string, RegisteredIssuer>;

  /** @throws TypeError `ERR_INVALID_ARGUMENT` for an issuer that is none, or is there twice */
  constructor(issuers: readonly Issuer[]) {
    if (!Array.isArray(issuers)) throw invalidArgument(`issuers must be an array, found ${show(issuers)}`);
    const byDid = new Map<string, RegisteredIssuer>();
    for (const issuer of Array.from(issuers, registered)) {
      if (byDid.has(issuer.did)) throw invalidArgument(`the issuer ${issuer.did} is there twice`);
      byDid.set(issuer.did, issuer);
    }
    this.#issuers = byDid;
    Object.freeze(this);
  }

  /** Issuers that are all active, by their names, with the keys of a JWKS: each has those whose `kid` begins with its DID. */
  static of(trustedIssuers: readonly string[], jwks: { readonly keys: readonly PublicJwk[] }): IssuerRegistry {
    const dids = checkStrings(trustedIssuers, 'trustedIssuers');
    const keys: unknown = isObject(jwks) ? jwks['keys'] : undefined;
    if (!Array.isArray(keys)) throw invalidArgument('jwks must be a JWKS: an object with an array keys');
    // What is there: an array may claim a length that nobody could wait for.
    const usable = Object.values(keys as unknown[]).filter((key) => tokenKey(key) !== undefined) as PublicJwk[];
    const keysOf = (did: string) => usable.filter(({ kid }) => kid?.startsWith(`${did}#`));
    return new IssuerRegistry(dids.map((did) => ({ did, keys: keysOf(did) })));
  }

  /** The issuer of a DID. */
  get(did: string): RegisteredIssuer | undefined {
    return this.#issuers.get(did);
  }

  /** All of them, in the order that they were given in. */
  [Symbol.iterator](): IterableIterator<RegisteredIssuer> {
    return this.#issuers.values();
  }

  static {
    isIssuerRegistry = (value): value is IssuerRegistry => typeof value === 'object' && value !== null && #issuers in value;
  }
}

function registered(value: unknown): RegisteredIssuer {
  const given = checkOptions(value, ['did', 'keys', 'name', 'status', 'validFrom', 'validUntil'], 'an issuer');
  const did = checkString(given.did, 'did of an issuer');
  if (!isDid(did)) throw invalidArgument(`did of an issuer must be a DID, found ${show(did)}`);
  if (!Array.isArray(given.keys)) throw invalidArgument(`keys of ${did} must be an array of JWKs, found ${show(given.keys)}`);
  const keys = Array.from(given.keys as unknown[], (jwk) => {
    const key = tokenKey(jwk);
    if (key === undefined) throw invalidArgument(`a key of ${did} is no public JWK of ES256 on P-256 with a kid`);
    if (!key.kid.startsWith(`${did}#`)) throw invalidArgument(`the kid ${show(key.kid)} is not one of ${did}`);
    return key;
  });
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw invalidArgument(`two keys of ${did} have one kid`);
  const status = checkOneOf(given.status ?? 'active', 'status of an issuer', ['active', 'retired', 'revoked'] as const);
  if (status === 'retired' && given.validUntil === undefined) throw invalidArgument(`${did} is retired: since when? validUntil`);
  const name = given.name === undefined ? did : checkString(given.name, 'name of an issuer');
  const [validFrom, validUntil] = [secondsOf(given.validFrom, 'validFrom', 0), secondsOf(given.validUntil, 'validUntil', Infinity)];
  if (validFrom > validUntil) throw invalidArgument(`validUntil of ${did} is before its validFrom`);
  return Object.freeze({ did, name, status, validFrom, validUntil, keys: Object.freeze(keys) });
}

function secondsOf(value: unknown, name: string, byDefault: number): number {
  return value === undefined ? byDefault : Math.floor(checkDate(value, name).getTime() / 1000);
}
