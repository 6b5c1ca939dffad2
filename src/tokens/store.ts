/*
 * Where issued tokens are kept, for who asks after them by their `jti`.
 */

import { join } from 'node:path';
import { checkString, invalidArgument, type PathLike, show } from '../args.js';
import { TokenError, tokenError, wrapAsync } from '../errors.js';
import { native } from '../native.js';
import { toPath } from '../paths.js';
import { isName, MAX_TOKEN } from './claims.js';
import { openRegular, reading } from './files.js';

/** A place for tokens. */
export interface TokenStore {
  /** Keeps a token; rejects unless it is kept. */
  put(jti: string, token: string): Promise<void>;
  /** The token of a `jti`; null for one that is not known. */
  get(jti: string): Promise<string | null>;
}

export function isStore(value: unknown): value is TokenStore {
  const { put, get } = (value ?? {}) as Partial<Record<keyof TokenStore, unknown>>;
  return typeof put === 'function' && typeof get === 'function';
}

/** Tokens in a folder: `<jti>.jwt` each, mode 0600, on stable storage when `put` resolves. Whoever reads one can show it. */
export class TokenFolder implements TokenStore {
  readonly #folder: string;

  /** @throws TypeError `ERR_INVALID_ARGUMENT` */
  constructor(folder: PathLike) {
    this.#folder = toPath(folder, 'folder');
    Object.freeze(this);
  }

  /**
   * Keeps a token, and no other one of its `jti`.
   *
   * @throws {@link TokenError} `ERR_TOKEN_IO`; TypeError `ERR_INVALID_ARGUMENT`
   */
  async put(jti: string, token: string): Promise<void> {
    const path = this.#pathOf(jti);
    const text = checkString(token, 'token');
    const isNew = await wrapAsync(() => native.putFile(path, Buffer.from(`${text}\n`), false));
    if (!isNew) throw tokenError('ERR_TOKEN_IO', `${path} is there already`);
  }

  /**
   * The token of a `jti`; null for one that is not there, and for what cannot be one.
   *
   * @throws {@link TokenError} `ERR_TOKEN_IO`
   */
  async get(jti: string): Promise<string | null> {
    if (!isName(jti)) return null;
    const path = this.#pathOf(jti);
    try {
      await using file = await openRegular(path);
      if ((await file.stat()).size > MAX_TOKEN + 1) return null;
      return (await reading(path, () => file.readFile('latin1'))).trimEnd();
    } catch (error) {
      if (TokenError.is(error) && error.osCode === 'ENOENT') return null;
      throw error;
    }
  }

  #pathOf(jti: string): string {
    if (!isName(jti)) throw invalidArgument(`jti must be the name of a token, found ${show(jti)}`);
    return join(this.#folder, `${jti}.jwt`);
  }
}
