/*
 * The options of verifying, checked.
 */

import { checkBoolean, checkDate, checkInteger, checkOneOf, checkOptions, checkString, invalidArgument, show } from '../args.js';
import { isDid, isHash, type PrefixedHash } from './claims.js';
import { prefixedHash } from './compact.js';
import { isResolver } from './did/resolver.js';
import { linkTo } from './link.js';
import { IssuerRegistry, isIssuerRegistry } from './registry.js';
import { isRevocationList, type RevocationList } from './revocations.js';
import type { VerifyAttestationOptions } from './verify.js';

const NAMES = [
  'issuers',
  'trustedIssuers',
  'jwks',
  'resolver',
  'resolverTimeoutMs',
  'kind',
  'query',
  'proofHash',
  'documentHash',
  'admission',
  'previous',
  'leeway',
  'at',
  'revocations',
  'requireLowS',
] as const satisfies readonly (keyof VerifyAttestationOptions)[];

const DEFAULT_RESOLVER_TIMEOUT = 10_000;
const MAX_LEEWAY = 600;
const DEFAULT_LEEWAY = 30;

/** @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE` */
export function checkVerifying(options: unknown) {
  const given = checkOptions(options, NAMES, 'verifyAttestation');
  return {
    ...checkTrust(given),
    resolverTimeoutMs: checkInteger(given.resolverTimeoutMs ?? DEFAULT_RESOLVER_TIMEOUT, 'resolverTimeoutMs', 1, 120_000),
    kind: checkOneOf(given.kind ?? 'verdict', 'kind', ['verdict', 'context'] as const),
    queryHash: given.query === undefined ? undefined : prefixedHash(checkString(given.query, 'query')),
    proofHash: hashOf(given.proofHash, 'proofHash'),
    documentHash: hashOf(given.documentHash, 'documentHash'),
    admission: given.admission == null ? given.admission : checkOneOf(given.admission, 'admission', ['ADMIT', 'BLOCKED', 'DENY'] as const),
    previous: given.previous == null ? given.previous : linkTo(given.previous, 'previous'),
    leeway: given.leeway === undefined ? DEFAULT_LEEWAY : checkInteger(given.leeway, 'leeway', 0, MAX_LEEWAY),
    at: given.at === undefined ? undefined : checkDate(given.at, 'at'),
    revocations: listsOf(given.revocations),
    requireLowS: checkBoolean(given.requireLowS, 'requireLowS', false),
  };
}

type Given = { readonly [Name in (typeof NAMES)[number]]?: unknown };

/** Whom to trust. Nobody is not an option: a token that anybody may have issued says nothing. */
function checkTrust({ issuers, trustedIssuers, jwks, resolver }: Given) {
  if (issuers !== undefined) {
    if (!isIssuerRegistry(issuers)) throw invalidArgument(`issuers must be an IssuerRegistry, found ${show(issuers)}`);
    if (trustedIssuers !== undefined || jwks !== undefined) throw invalidArgument('issuers is given in place of trustedIssuers and jwks');
    if (resolver !== undefined) throw invalidArgument('resolver finds the keys of trustedIssuers; those of issuers are known');
    return { registry: issuers, trusted: NOBODY, resolver: undefined };
  }
  if (!Array.isArray(trustedIssuers) || trustedIssuers.length === 0) throw invalidArgument('whom to trust? issuers, or trustedIssuers');
  const dids = Array.from(trustedIssuers as unknown[], (did) => checkString(did, 'a DID of trustedIssuers'));
  const unfit = dids.find((did) => !isDid(did));
  if (unfit !== undefined) throw invalidArgument(`a DID of trustedIssuers must be one, found ${show(unfit)}`);
  if (jwks === undefined && resolver === undefined) throw invalidArgument('trustedIssuers needs their keys: jwks, or a resolver');
  if (jwks !== undefined && resolver !== undefined) throw invalidArgument('jwks and resolver exclude each other');
  if (resolver === undefined) return { registry: IssuerRegistry.of(dids, jwks as never), trusted: NOBODY, resolver };
  if (!isResolver(resolver)) throw invalidArgument(`resolver must have a method resolve, found ${show(resolver)}`);
  return { registry: undefined, trusted: new Set(dids) as ReadonlySet<string>, resolver };
}

const NOBODY: ReadonlySet<string> = new Set();

function hashOf(value: unknown, name: string): PrefixedHash | undefined {
  if (value === undefined) return undefined;
  if (!isHash(value)) throw invalidArgument(`${name} must be sha256: and 64 lower-case hex digits, found ${show(value)}`);
  return value;
}

function listsOf(value: unknown): readonly RevocationList[] | undefined {
  if (value === undefined) return undefined;
  const lists: readonly unknown[] = Array.isArray(value) ? value : [value];
  const unfit = lists.findIndex((list) => !isRevocationList(list));
  if (unfit !== -1 || lists.length === 0) throw invalidArgument(`revocations must be a RevocationList, or several, found ${show(lists[unfit])}`);
  return lists as readonly RevocationList[];
}
