/*
 * An issuer over HTTP, to be read by anyone who may ask: GET and HEAD alone.
 *
 * | path | answer |
 * |---|---|
 * | `/.well-known/jwks.json` | its keys (RFC 7517) |
 * | `/issuer` | what it tells of itself |
 * | `/attestations/JTI` | `{jti, status, code, claims}` of a token that it keeps, verified for this answer |
 * | `/badge/JTI.svg`, `/badge/JTI.json` | the badge of it, as a picture and for Shields; `?label=` |
 * | `/revocations` | its list of revocations, signed: a compact JWS |
 */

import type { IncomingMessage } from 'node:http';
import { checkOptions, invalidArgument, show } from '../args.js';
import { isSealwrightError } from '../errors.js';
import { checkServing, type LocalAnswer, type LocalServer, Refused, serveLocally, SERVING_NAMES, type ServingOptions } from '../local-server.js';
import { badgeEndpoint, type BadgeInput, badgeSvg } from './badge.js';
import { isName } from './claims.js';
import { isIssuerKeyPair, type IssuerKeyPair } from './issuer-key.js';
import { IssuerRegistry } from './registry.js';
import { isRevocationList, type RevocationList } from './revocations.js';
import { isStore, type TokenStore } from './store.js';
import { type AttestationVerification, Verifier } from './verify.js';

/** Options of {@link serveTokens}. */
export interface ServeTokensOptions extends ServingOptions {
  readonly issuer: IssuerKeyPair;
  /** Where its tokens are kept; without it no token is known. */
  readonly store?: TokenStore | undefined;
  /** What it revoked. */
  readonly revocations?: RevocationList | undefined;
}

/** A server that listens. */
export type TokenServer = LocalServer;

/**
 * Listens for questions about an issuer and its tokens.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, RangeError `ERR_OUT_OF_RANGE`; errors of the system, such as `EADDRINUSE`
 */
export async function serveTokens(options: ServeTokensOptions): Promise<TokenServer> {
  const given = checkOptions(options, ['issuer', 'store', 'revocations', ...SERVING_NAMES], 'serveTokens');
  const { issuer, store, revocations } = given;
  if (!isIssuerKeyPair(issuer)) throw invalidArgument(`issuer must be an IssuerKeyPair, found ${show(issuer)}`);
  if (store !== undefined && !isStore(store)) throw invalidArgument(`store must have the methods get and put, found ${show(store)}`);
  if (revocations !== undefined && !isRevocationList(revocations)) throw invalidArgument(`revocations must be a RevocationList, found ${show(revocations)}`);
  const desk = new Desk(issuer, store, revocations);
  return serveLocally(checkServing(given), 'what is asked for cannot be read', (request) => desk.answer(request));
}

/** Keys change rarely; what a token is worth may change at any time. */
const KEYS_MAX_AGE = 'public, max-age=300';

const SVG_HEADERS = { 'content-security-policy': "default-src 'none'; sandbox", 'cache-control': 'no-cache, max-age=0' };

class Desk {
  readonly #issuer: IssuerKeyPair;
  readonly #store: TokenStore | undefined;
  readonly #revocations: RevocationList | undefined;
  readonly #verifier: Verifier;

  constructor(issuer: IssuerKeyPair, store: TokenStore | undefined, revocations: RevocationList | undefined) {
    this.#issuer = issuer;
    this.#store = store;
    this.#revocations = revocations;
    this.#verifier = new Verifier({ issuers: IssuerRegistry.of([issuer.did], issuer.jwks()), revocations });
  }

  async answer({ method, url = '' }: IncomingMessage): Promise<LocalAnswer> {
    if (method !== 'GET' && method !== 'HEAD') throw new Refused(405, 'there is nothing to change here', { allow: 'GET, HEAD' });
    const [, pathname = '', search = ''] = /^([^?]*)\??(.*)$/.exec(url) ?? [];
    if (pathname === '/.well-known/jwks.json') return json(this.#issuer.jwks(), { 'cache-control': KEYS_MAX_AGE });
    if (pathname === '/issuer') return json(this.#issuer.getIssuerInfo());
    if (pathname === '/revocations' && this.#revocations !== undefined) return text(await this.#revocations.text());
    const [, jti] = /^\/attestations\/([^/]+)$/.exec(pathname) ?? [];
    if (jti !== undefined) return this.#attestation(jti);
    const [, of, form] = /^\/badge\/([^/]+)(\.svg|\.json)$/.exec(pathname) ?? [];
    if (of !== undefined && form !== undefined) return this.#badge(of, form, new URLSearchParams(search).get('label') ?? undefined);
    throw new Refused(404, 'there is nothing of that name');
  }

  async #attestation(jti: string): Promise<LocalAnswer> {
    const verification = await this.#verified(jti);
    if (verification === undefined) throw new Refused(404, 'no token of that name is known');
    const { status, code, claims } = verification;
    return json({ jti, status, code, claims });
  }

  async #badge(jti: string, form: string, label: string | undefined): Promise<LocalAnswer> {
    const verification = await this.#verified(jti);
    const of: BadgeInput = verification ?? 'unknown';
    try {
      if (form === '.json') return json(badgeEndpoint(of, { label }));
      const body = badgeSvg(of, { label });
      // A picture that is not there would be shown as a broken one, and not as what it says.
      return { status: 200, contentType: 'image/svg+xml; charset=utf-8', body, headers: SVG_HEADERS };
    } catch (error) {
      if (isSealwrightError(error) && error.code === 'ERR_INVALID_ARGUMENT') throw new Refused(400, error.message);
      throw error;
    }
  }

  /** A token that is kept under a name has to have it. */
  async #verified(jti: string): Promise<AttestationVerification | undefined> {
    const token = isName(jti) ? ((await this.#store?.get(jti)) ?? null) : null;
    if (token === null) return undefined;
    const verification = await this.#verifier.verify(token);
    return verification.claims === null || verification.claims.jti === jti ? verification : undefined;
  }
}

function json(value: unknown, headers: Readonly<Record<string, string>> = {}): LocalAnswer {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value, null, 2)}\n`, headers };
}

function text(body: string): LocalAnswer {
  return { status: 200, contentType: 'text/plain; charset=utf-8', body: `${body}\n` };
}
