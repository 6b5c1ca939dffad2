/*
 * The key of an issuer: ECDSA on P-256, in memory or in a PEM file (PKCS#8).
 *
 * A key has one kid, `<did>#<thumbprint>` (RFC 7638) or `<did>#signing-key-<suffix>`, so that a kid never means two keys
 * unless somebody names them so. What happens to keys is told on the channel `sealwright:tokens`.
 */

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { inspect } from 'node:util';
import { checkOneOf, checkOptions, checkString, invalidArgument, type PathLike, show } from '../args.js';
import { tokenError, wrapAsync } from '../errors.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';
import { isDid, isObject } from './claims.js';
import type { PublicJwk } from './keys.js';
import { IssuerRegistry, type RegisteredIssuer } from './registry.js';

/** How long a key lasts: `ephemeral` ends with the process, `persistent` was provided and is the same after a restart. */
export type KeyContinuityPolicy = 'ephemeral' | 'persistent';

/** A public key on P-256 as a JSON Web Key (RFC 7517), with what a JWKS says of it. */
export interface IssuerJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  /** base64url of 32 bytes. */
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/** A JWK Set. */
export interface IssuerJwks {
  readonly keys: readonly IssuerJwk[];
}

/** Options of all that makes an {@link IssuerKeyPair}. */
export interface IssuerKeyOptions {
  /** Who issues: a DID without path, query and fragment. */
  readonly did: string;
  /** What people call the issuer. Default: the DID. */
  readonly name?: string | undefined;
  /** The kid is `<did>#signing-key-<suffix>`; 1 to 64 of `A-Za-z0-9._-`. Default: the key's thumbprint. */
  readonly suffix?: string | undefined;
  /**
   * `'ephemeral'` is the default of a generated key, `'persistent'` of all others. `'configured'`, the peer's word for the
   * latter, is taken for it.
   */
  readonly keyContinuityPolicy?: KeyContinuityPolicy | 'configured' | undefined;
  /**
   * The public keys that it signed with before, as {@link IssuerKeyPair.jwks} gave them: they stay in the JWKS, so that what
   * they signed still holds. Leave out one that was anybody else's.
   */
  readonly previousKeys?: { readonly keys: readonly PublicJwk[] } | undefined;
}

/** What an issuer tells of itself, by the names of the peer. */
export interface IssuerInfo {
  readonly did: string;
  readonly name: string;
  readonly public_keys: readonly IssuerJwk[];
  readonly status: 'active';
  readonly certification_level: 'self-issued';
  /** Unix seconds; null for a key that was not made here. */
  readonly key_generated_at: number | null;
  /** Unix seconds. */
  readonly key_loaded_at: number;
  readonly key_continuity_policy: KeyContinuityPolicy;
}

/** The message of the channel `sealwright:tokens` when a key was made or loaded. */
export interface TokenKeyDiagnostics {
  readonly event: 'attestation.key_generated' | 'attestation.key_loaded';
  readonly did: string;
  readonly kid: string;
  readonly keyContinuityPolicy: KeyContinuityPolicy;
  /** Unix seconds. */
  readonly at: number;
}

/** The private half, for this package alone. */
export let signingKeyOf: (pair: IssuerKeyPair) => KeyObject;

/** Whether a value is one: what only inherits from one, or stands for one, has no key. */
export let isIssuerKeyPair: (value: unknown) => value is IssuerKeyPair;

/** A P-256 key in PEM has about 250 bytes. */
const MAX_FILE = 16 << 10;

const diagnostics = channel('sealwright:tokens');

/** The key pair that an issuer signs attestations with. No property, text or inspection shows the private half. */
export class IssuerKeyPair {
  readonly #key: KeyObject;
  readonly did: string;
  readonly name: string;
  /** What the header of its tokens names it by. */
  readonly kid: string;
  /** When it was made, in Unix seconds; null for a key that was loaded: nobody knows. */
  readonly generatedAt: number | null;
  /** When this object was made, in Unix seconds. */
  readonly loadedAt: number;
  readonly keyContinuityPolicy: KeyContinuityPolicy;
  readonly publicJwk: IssuerJwk;
  readonly #previousKeys: readonly IssuerJwk[];

  private constructor(key: KeyObject, options: unknown, where: string, isGenerated: boolean) {
    const given = checkOptions(options, ['did', 'name', 'suffix', 'keyContinuityPolicy', 'previousKeys'], where);
    const { crv, x, y } = createPublicKey(key).export({ format: 'jwk' });
    if (crv !== 'P-256' || x === undefined || y === undefined) throw tokenError('ERR_TOKEN_KEY', 'the key is not one of ECDSA on P-256');
    this.#key = key;
    this.did = didOf(given.did);
    this.name = given.name === undefined ? this.did : checkString(given.name, 'name');
    this.kid = `${this.did}#${given.suffix === undefined ? thumbprint(x, y) : `signing-key-${suffixOf(given.suffix)}`}`;
    this.keyContinuityPolicy = policyOf(given.keyContinuityPolicy ?? (isGenerated ? 'ephemeral' : 'persistent'));
    this.loadedAt = Math.floor(Date.now() / 1000);
    this.generatedAt = isGenerated ? this.loadedAt : null;
    this.publicJwk = jwkOf(this.kid, x, y);
    this.#previousKeys = given.previousKeys === undefined ? [] : previousOf(given.previousKeys, this);
    Object.freeze(this);
    tell(this, isGenerated ? 'attestation.key_generated' : 'attestation.key_loaded');
  }

  /**
   * Makes a key from the system's random source, and tells of it (`attestation.key_generated`). It is gone with the process
   * unless it is saved.
   *
   * @throws TypeError `ERR_INVALID_ARGUMENT`
   */
  static generate(options: IssuerKeyOptions): IssuerKeyPair {
    return new IssuerKeyPair(newKey(), options, 'IssuerKeyPair.generate', true);
  }

  /**
   * The key of PEM text, PKCS#8 or SEC 1, not encrypted.
   *
   * @throws {@link TokenError} `ERR_TOKEN_KEY` for what is none on P-256; TypeError `ERR_INVALID_ARGUMENT`
   */
  static fromPem(pem: string | Uint8Array, options: IssuerKeyOptions): IssuerKeyPair {
    return new IssuerKeyPair(privateKey(pem), options, 'IssuerKeyPair.fromPem', false);
  }

  /**
   * The key of a PEM file: a regular one of at most 16 KiB, which belongs to this user, and which nobody else can read.
   *
   * @throws {@link TokenError} `ERR_TOKEN_KEY`, `ERR_TOKEN_IO`; TypeError `ERR_INVALID_ARGUMENT`
   */
  static load(path: PathLike, options: IssuerKeyOptions): IssuerKeyPair {
    return new IssuerKeyPair(privateKey(readKeyFile(toPath(path, 'path'))), options, 'IssuerKeyPair.load', false);
  }

  /**
   * Writes the key to a new PEM file (PKCS#8): mode 0600, synced. Missing folders are made, mode 0700.
   *
   * @throws {@link TokenError} `ERR_TOKEN_KEY` when there is a file already, `ERR_TOKEN_IO`; TypeError `ERR_INVALID_ARGUMENT`
   */
  async save(path: PathLike): Promise<void> {
    const file = toPath(path, 'path');
    const pem = Buffer.from(this.#key.export({ format: 'pem', type: 'pkcs8' }));
    try {
      const isNew = await wrapAsync(() => native.putFile(file, pem, false));
      if (!isNew) throw tokenError('ERR_TOKEN_KEY', `${file} is there already, and no key is written over`);
    } finally {
      pem.fill(0);
    }
  }

  /** What a recipient looks keys up in (RFC 7517): this one, and those that it signed with before. */
  jwks(): IssuerJwks {
    return { keys: [this.publicJwk, ...this.#previousKeys] };
  }

  /** What an issuer tells of itself. */
  getIssuerInfo(): IssuerInfo {
    return {
      did: this.did,
      name: this.name,
      public_keys: this.jwks().keys,
      status: 'active',
      certification_level: 'self-issued',
      key_generated_at: this.generatedAt,
      key_loaded_at: this.loadedAt,
      key_continuity_policy: this.keyContinuityPolicy,
    };
  }

  /** The public half. */
  toJSON(): { did: string; kid: string; publicJwk: IssuerJwk } {
    return { did: this.did, kid: this.kid, publicJwk: this.publicJwk };
  }

  /** The public half. */
  [inspect.custom](): string {
    return `IssuerKeyPair { kid: '${this.kid}', keyContinuityPolicy: '${this.keyContinuityPolicy}' }`;
  }

  static {
    isIssuerKeyPair = (value): value is IssuerKeyPair => typeof value === 'object' && value !== null && #key in value;
    signingKeyOf = (pair) => pair.#key;
  }
}

function tell({ did, kid, keyContinuityPolicy, loadedAt: at }: IssuerKeyPair, event: TokenKeyDiagnostics['event']): void {
  if (diagnostics.hasSubscribers) diagnostics.publish({ event, did, kid, keyContinuityPolicy, at } satisfies TokenKeyDiagnostics);
}

function didOf(value: unknown): string {
  const did = checkString(value, 'did', 'the DID of the issuer');
  if (!isDid(did)) throw invalidArgument(`did must be a DID such as did:web:example.com, found ${show(did)}`);
  return did;
}

function suffixOf(value: unknown): string {
  const suffix = checkString(value, 'suffix');
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(suffix)) throw invalidArgument(`suffix must have 1 to 64 letters, digits, dots and dashes, found ${show(suffix)}`);
  return suffix;
}

function policyOf(value: unknown): KeyContinuityPolicy {
  const policy = checkOneOf(value, 'keyContinuityPolicy', ['ephemeral', 'persistent', 'configured'] as const);
  return policy === 'configured' ? 'persistent' : policy;
}

function jwkOf(kid: string, x: string, y: string): IssuerJwk {
  return Object.freeze({ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' });
}

/** The keys of a JWKS but for the issuer's own one, which may be in it. */
function previousOf(jwks: unknown, { did, kid, publicJwk }: IssuerKeyPair): readonly IssuerJwk[] {
  const keys: unknown = isObject(jwks) ? jwks['keys'] : undefined;
  if (!Array.isArray(keys)) throw invalidArgument('previousKeys must be a JWKS: an object with an array keys');
  const { keys: checked } = new IssuerRegistry([{ did, keys: keys as PublicJwk[] }]).get(did) as RegisteredIssuer;
  const previous = checked.map((key) => {
    const { x = '', y = '' } = key.key.export({ format: 'jwk' });
    return jwkOf(key.kid, x, y);
  });
  const own = previous.find((jwk) => jwk.kid === kid);
  if (own !== undefined && (own.x !== publicJwk.x || own.y !== publicJwk.y)) throw invalidArgument(`previousKeys has another key with the kid ${kid}`);
  return previous.filter((jwk) => jwk !== own);
}

/** RFC 7638: the SHA-256 of the members that make the key, in the order of their names. */
function thumbprint(x: string, y: string): string {
  return createHash('sha256').update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })).digest('base64url');
}

/**
 * A new key, made as bytes and read back. In Node.js 20 a KeyObject that is made at once shares its lock with the job that
 * made it, and the garbage collector takes that lock to end the job: while the key is exported as a JWK it would wait for
 * itself.
 */
function newKey(): KeyObject {
  const { privateKey: key } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  });
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** What is wrong with a key is not said in the library's words: they may hold some of it. */
function privateKey(pem: unknown): KeyObject {
  if (typeof pem !== 'string' && !(pem instanceof Uint8Array)) throw invalidArgument(`pem must be text or bytes, found ${show(pem)}`);
  const bytes = Buffer.from(pem);
  try {
    return createPrivateKey({ key: bytes, format: 'pem' });
  } catch {
    throw tokenError('ERR_TOKEN_KEY', 'that is no private key in PEM, or an encrypted one');
  } finally {
    bytes.fill(0);
  }
}

function readKeyFile(path: string): Buffer {
  let file: number;
  try {
    // A pipe would be waited for.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw ioError(path, error);
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile() || facts.size > MAX_FILE) throw tokenError('ERR_TOKEN_KEY', `${path} is not a regular file of at most ${MAX_FILE} bytes`);
    const isOthers = process.getuid !== undefined && (facts.uid !== process.getuid() || (facts.mode & 0o077) !== 0);
    if (isOthers) throw tokenError('ERR_TOKEN_KEY', `others can read ${path}, or it belongs to another user: it must be yours, mode 0600`);
    const bytes = Buffer.alloc(facts.size);
    return bytes.subarray(0, readSync(file, bytes));
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? ioError(path, error) : error;
  } finally {
    closeSync(file);
  }
}

function ioError(path: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  return tokenError('ERR_TOKEN_IO', `cannot read ${path}: ${code ?? 'unknown'}`, code);
}
