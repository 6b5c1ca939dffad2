/*
 * Head stores: where the head of a ledger is kept apart from the ledger, so that cutting the ledger's end, or putting
 * an older copy in its place, is noticed when it is opened again.
 *
 * A store keeps two entries for a ledger:
 *
 *   ledger:<hash of the first event>  -> the last durable event; stays with a ledger that is moved
 *   path:<real path of the file>      -> {seq: 0, hash of the first event}; so that a missing file is noticed
 */

import type { NativeFileHeads, NativeMemoryHeads, NativeOpenOptions } from '../index.js';
import { checkInteger, checkOptions, checkString, invalidArgument, type PathLike, show } from './args.js';
import { builtin } from './builtin.js';
import { ledgerError, wrap } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';
import type { Head } from './report.js';

/**
 * A head store of your own. Keep it where whoever can write the ledger cannot. `get` is asked when a session opens,
 * `set` is told once a group of records is durable; it must not move a head backwards. A store that fails never loses
 * an event: the failure shows on {@link Session.headStoreError}.
 */
export interface HeadStore {
  /** The entry of an id; null when there is none. */
  get(id: string): Head | null | Promise<Head | null>;
  /** Keeps an entry. */
  set(id: string, head: Head): void | Promise<void>;
  /**
   * Keeps an entry whatever is there, an earlier one too: for {@link Session.restore}, and nothing else. A store whose
   * point is that nobody can move it back has none.
   */
  reset?(id: string, head: Head): void | Promise<void>;
}

/** A head store as an option; `wait: true` settles records only after the store has the head. Default false. */
export type HeadStoreOption = HeadStore | { readonly store: HeadStore; readonly wait?: boolean | undefined };

/** The store behind an option: one of the native side, or an object of the caller's. */
export type ResolvedHeadStore =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly heads: NativeFileHeads }
  | { readonly kind: 'memory'; readonly heads: NativeMemoryHeads }
  | CustomHeadStore;

/** A store of the caller's, and the number that tells it from other stores of the process. */
export interface CustomHeadStore {
  readonly kind: 'custom';
  readonly store: HeadStore;
  readonly identity: number;
}

/** What the native side is told of a store of the caller's when it opens a ledger. */
export type CustomHeads = NonNullable<NativeOpenOptions['customHeads']>;

const HASH = /^[0-9a-f]{64}$/;

let fileHeadsOf: (store: object) => NativeFileHeads | undefined;
let memoryHeadsOf: (store: object) => NativeMemoryHeads | undefined;

/** Heads in a JSON file of their own: mode 0600, replaced atomically, locked against other processes. */
export class FileHeadStore implements HeadStore {
  readonly #native: NativeFileHeads;

  /** @throws TypeError `ERR_INVALID_ARGUMENT` */
  constructor(path: PathLike) {
    const file = toPath(path, 'path');
    this.#native = wrap(() => new native.NativeFileHeads(file));
  }

  /** The entry of an id; null when there is none. @throws {@link LedgerError} `ERR_HEAD_STORE` */
  get(id: string): Head | null {
    checkString(id, 'id');
    return wrap(() => this.#native.get(id));
  }

  /** Moves an entry forward; never backwards. @throws {@link LedgerError} `ERR_HEAD_STORE` */
  set(id: string, head: Head): void {
    checkString(id, 'id');
    const forward = checkHead(head, 'head');
    wrap(() => this.#native.advance(id, forward));
  }

  /** Keeps an entry whatever is there; see {@link HeadStore.reset}. @throws {@link LedgerError} `ERR_HEAD_STORE` */
  reset(id: string, head: Head): void {
    checkString(id, 'id');
    const earlier = checkHead(head, 'head');
    wrap(() => this.#native.reset(id, earlier));
  }

  static {
    fileHeadsOf = (store) => (#native in store ? store.#native : undefined);
  }
}

/** Heads in this process's memory: notices what happens to a ledger while the process lives. */
export class MemoryHeadStore implements HeadStore {
  readonly #native: NativeMemoryHeads = wrap(() => new native.NativeMemoryHeads());

  /** The entry of an id; null when there is none. */
  get(id: string): Head | null {
    checkString(id, 'id');
    return wrap(() => this.#native.get(id));
  }

  /** Moves an entry forward; never backwards. @throws {@link LedgerError} `ERR_HEAD_STORE` */
  set(id: string, head: Head): void {
    checkString(id, 'id');
    const forward = checkHead(head, 'head');
    wrap(() => this.#native.advance(id, forward));
  }

  /** Keeps an entry whatever is there; see {@link HeadStore.reset}. */
  reset(id: string, head: Head): void {
    checkString(id, 'id');
    const earlier = checkHead(head, 'head');
    wrap(() => this.#native.reset(id, earlier));
  }

  static {
    memoryHeadsOf = (store) => (#native in store ? store.#native : undefined);
  }
}

/** The `headStore` option. */
export function resolveHeadStore(option: unknown): { readonly store: ResolvedHeadStore; readonly wait: boolean } {
  if (option === undefined) return { store: { kind: 'none' }, wait: false };
  if (typeof option !== 'object' || option === null) throw notAStore(option);
  if (!('store' in option)) return { store: resolve(option), wait: false };
  const { store, wait } = checkOptions(option, ['store', 'wait'], 'headStore');
  if (typeof store !== 'object' || store === null) throw notAStore(store);
  if (wait !== undefined && typeof wait !== 'boolean') {
    throw invalidArgument(`headStore.wait must be a boolean, found ${show(wait)}`);
  }
  return { store: resolve(store), wait: wait === true };
}

/** The store of a `headStore` option itself; undefined when there is none. */
export function storeOf(option: unknown): HeadStore | undefined {
  if (resolveHeadStore(option).store.kind === 'none') return undefined;
  const given = option as HeadStoreOption;
  return 'store' in given ? given.store : given;
}

/** An event named by place and hash, as an argument. */
export function checkHead(value: unknown, name: string): Head {
  if (value === undefined || value === null) throw invalidArgument(`${name} must be {seq, hash}, found ${show(value)}`);
  const given = checkOptions(value, ['seq', 'hash'], name);
  return { seq: checkInteger(given.seq, `${name}.seq`, 0), hash: checkString(given.hash, `${name}.hash`) };
}

/** Asks a store of the caller's what it knows of a ledger. @throws {@link LedgerError} `ERR_HEAD_STORE` */
export async function askStore(custom: CustomHeadStore, ledgerPath: string): Promise<CustomHeads> {
  const ids = idsOf(ledgerPath);
  return { firstHash: ids.firstHash, heads: await readHeads(custom.store, askedIds(ids)), identity: custom.identity };
}

/** The entries that any store has of some ids. @throws {@link LedgerError} `ERR_HEAD_STORE` */
export async function readHeads(store: HeadStore, ids: readonly string[]): Promise<CustomHeads['heads']> {
  const heads: CustomHeads['heads'] = [];
  for (const id of ids) {
    let answer: unknown;
    try {
      answer = await store.get(id);
    } catch (cause) {
      throw storeFailed(`the head store could not be read for ${id}`, cause);
    }
    heads.push(...checkAnswer(id, answer));
  }
  return heads;
}

/** Has any store keep entries, one after the other. @throws {@link LedgerError} `ERR_HEAD_STORE` */
export async function keepHeads(store: HeadStore, heads: CustomHeads['heads']): Promise<void> {
  for (const { id, seq, hash } of heads) {
    try {
      await store.set(id, { seq, hash });
    } catch (cause) {
      throw storeFailed(`the head store could not keep ${id}`, cause);
    }
  }
}

/**
 * The same at once. @throws {@link LedgerError} `ERR_HEAD_STORE`; `ERR_SESSION_OPTIONS` when the store answers with a
 * promise
 */
export function askStoreSync(custom: CustomHeadStore, ledgerPath: string): CustomHeads {
  const ids = idsOf(ledgerPath);
  const heads: CustomHeads['heads'] = [];
  for (const id of askedIds(ids)) {
    let answer: unknown;
    try {
      answer = custom.store.get(id);
    } catch (cause) {
      throw storeFailed(`the head store could not be read for ${id}`, cause);
    }
    if (answer instanceof Promise) {
      // Nobody else will look at what becomes of it.
      answer.catch(() => undefined);
      throw ledgerError('ERR_SESSION_OPTIONS', 'the head store answers with a promise: use Session.open');
    }
    heads.push(...checkAnswer(id, answer));
  }
  return { firstHash: ids.firstHash, heads, identity: custom.identity };
}

/** Under which ids a store knows what is at a path. */
interface LedgerIds {
  /** Of the first event; empty when there is none. */
  readonly firstHash: string;
  /** Null when there is no event. */
  readonly ledgerId: string | null;
  readonly pathId: string;
}

/** The ids of a ledger. @throws {@link LedgerError} */
export function idsOf(ledgerPath: string): LedgerIds {
  const { firstHash, pathId } = wrap(() => native.peekLedger(ledgerPath));
  return { firstHash, ledgerId: firstHash === '' ? null : `ledger:${firstHash}`, pathId };
}

/** Whether a text is a hash as the format spells it. */
export function isHash(text: string): boolean {
  return HASH.test(text);
}

function askedIds({ ledgerId, pathId }: LedgerIds): readonly string[] {
  return ledgerId === null ? [pathId] : [ledgerId, pathId];
}

/** The entry that a store of the caller's answered with, if it has one. Further properties are left alone. */
function checkAnswer(id: string, answer: unknown): CustomHeads['heads'] {
  if (answer === undefined || answer === null) return [];
  const { seq, hash } = answer as { readonly seq?: unknown; readonly hash?: unknown };
  try {
    const head = { id, seq: checkInteger(seq, 'seq', 0), hash: checkString(hash, 'hash') };
    if (!isHash(head.hash)) throw invalidArgument(`hash must be 64 lower-case hex digits, found ${show(hash)}`);
    return [head];
  } catch (cause) {
    throw storeFailed(`the head store's entry of ${id} is not {seq, hash}`, cause);
  }
}

function storeFailed(message: string, cause: unknown): Error {
  return ledgerError('ERR_HEAD_STORE', message, { cause });
}

function resolve(store: object): ResolvedHeadStore {
  const file = fileHeadsOf(store);
  if (file !== undefined) return { kind: 'file', heads: file };
  const memory = memoryHeadsOf(store);
  if (memory !== undefined) return { kind: 'memory', heads: memory };
  const { get, set } = store as { readonly get?: unknown; readonly set?: unknown };
  if (typeof get !== 'function' || typeof set !== 'function') throw notAStore(store);
  return { kind: 'custom', store: store as HeadStore, identity: identityOf(store) };
}

function notAStore(value: unknown): Error {
  return invalidArgument(`headStore must be an object with get and set, found ${show(value)}`);
}

const identities = new WeakMap<object, number>();
let identitiesGiven = 0;

/** A number of its own for each store object of the process, so that the native side can tell two stores apart. */
function identityOf(store: object): number {
  let identity = identities.get(store);
  if (identity === undefined) {
    identitiesGiven += 1;
    // Each thread counts for itself.
    identity = builtin.threads.threadId * 2 ** 32 + identitiesGiven;
    identities.set(store, identity);
  }
  return identity;
}
