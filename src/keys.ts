/*
 * SigningKeypair: the Ed25519 key that signs a ledger. The seed stays on the native side, where it is wiped from
 * memory; no property, text or inspection shows it.
 */

import { inspect } from 'node:util';
import type { NativeKey } from '../index.js';
import { checkBoolean, checkOptions, invalidArgument, isBytes, type PathLike, show } from './args.js';
import { wrap } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';

/** Options of {@link SigningKeypair.load}. */
export interface LoadKeyOptions {
  /** Take a key file that group or others can read, or that belongs to another user. Default false. */
  readonly allowInsecurePermissions?: boolean | undefined;
}

/** Options of {@link SigningKeypair.loadOrCreate}. */
export interface LoadOrCreateKeyOptions extends LoadKeyOptions {
  /** Make a key when there is none. Default true; false makes a missing file `ERR_KEY_NOT_FOUND`. */
  readonly create?: boolean | undefined;
}

/** The native key of an argument that must be a {@link SigningKeypair}. */
export let nativeKeyOf: (value: unknown, name: string) => NativeKey;

/**
 * An Ed25519 key pair. A key file is the 32 raw bytes of the seed, mode 0600.
 *
 * Whoever reads the file can sign as you: keep it where the agent's tools cannot read it.
 */
export class SigningKeypair {
  readonly #native: NativeKey;
  /** 64 lower-case hex digits. Publish it where the ledger's keeper cannot change it. */
  readonly publicKeyHex: string;
  /**
   * The first 16 bytes of SHA-256 over the raw public key, as eight groups of four hex digits: short enough to be
   * compared by eye or read aloud.
   */
  readonly fingerprint: string;
  /** Whether {@link SigningKeypair.loadOrCreate} made the key file in this call. */
  readonly created: boolean;

  private constructor(key: NativeKey) {
    this.#native = key;
    this.publicKeyHex = key.publicKeyHex;
    this.fingerprint = key.fingerprint;
    this.created = key.created;
    Object.freeze(this);
  }

  /**
   * Reads the key at a path, or makes one there: mode 0600, synced, never replacing a file. Of several processes
   * that make it at once, all end with the same key. Missing folders are made, mode 0700.
   *
   * @throws {@link KeyLoadError} `ERR_KEY_NOT_FOUND` (with `create: false`), `ERR_KEY_LENGTH`, `ERR_KEY_PERMISSIONS`,
   * `ERR_KEY_NOT_A_FILE`, `ERR_KEY_IO`; TypeError `ERR_INVALID_ARGUMENT`
   */
  static loadOrCreate(path: PathLike, options?: LoadOrCreateKeyOptions): SigningKeypair {
    const file = toPath(path, 'path');
    const given = checkOptions(options, ['create', 'allowInsecurePermissions'], 'SigningKeypair.loadOrCreate');
    const create = checkBoolean(given.create, 'create', true);
    const insecure = checkBoolean(given.allowInsecurePermissions, 'allowInsecurePermissions', false);
    return new SigningKeypair(wrap(() => native.NativeKey.loadOrCreate(file, create, insecure)));
  }

  /**
   * Reads the key at a path.
   *
   * @throws {@link KeyLoadError} `ERR_KEY_NOT_FOUND`, `ERR_KEY_LENGTH`, `ERR_KEY_PERMISSIONS`, `ERR_KEY_NOT_A_FILE`,
   * `ERR_KEY_IO`; TypeError `ERR_INVALID_ARGUMENT`
   */
  static load(path: PathLike, options?: LoadKeyOptions): SigningKeypair {
    const file = toPath(path, 'path');
    const given = checkOptions(options, ['allowInsecurePermissions'], 'SigningKeypair.load');
    const insecure = checkBoolean(given.allowInsecurePermissions, 'allowInsecurePermissions', false);
    return new SigningKeypair(wrap(() => native.NativeKey.load(file, insecure)));
  }

  /** Makes a key from the system's random source. It is in memory only until {@link SigningKeypair.save}. */
  static generate(): SigningKeypair {
    return new SigningKeypair(wrap(() => native.NativeKey.generate()));
  }

  /**
   * The key of a seed: 32 bytes, which are copied. The caller wipes its own copy.
   *
   * @throws {@link KeyLoadError} `ERR_KEY_LENGTH`; TypeError `ERR_INVALID_ARGUMENT`
   */
  static fromSeed(seed: Uint8Array): SigningKeypair {
    if (!isBytes(seed)) throw invalidArgument(`seed must be a Uint8Array, found ${show(seed)}`);
    return new SigningKeypair(wrap(() => native.NativeKey.fromSeed(seed)));
  }

  /**
   * Writes the seed to a new file: mode 0600, synced. Missing folders are made, mode 0700.
   *
   * @throws {@link KeyLoadError} `ERR_KEY_EXISTS` when there is a file already, `ERR_KEY_IO`; TypeError
   * `ERR_INVALID_ARGUMENT`
   */
  save(path: PathLike): void {
    const file = toPath(path, 'path');
    wrap(() => this.#native.save(file));
  }

  /** The public half. */
  toJSON(): { publicKeyHex: string; fingerprint: string } {
    return { publicKeyHex: this.publicKeyHex, fingerprint: this.fingerprint };
  }

  /** The public half. */
  [inspect.custom](): string {
    return `SigningKeypair { publicKeyHex: '${this.publicKeyHex}', fingerprint: '${this.fingerprint}' }`;
  }

  static {
    nativeKeyOf = (value, name) => {
      if (typeof value !== 'object' || value === null || !(#native in value)) {
        throw invalidArgument(`${name} must be a SigningKeypair, found ${show(value)}`);
      }
      return value.#native;
    };
  }
}
