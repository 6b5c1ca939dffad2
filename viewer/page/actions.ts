/*
 * What a user can do, and what follows from it. Workers are asked here and nowhere else.
 */

import type { Head } from '../../src/report.js';
import type { Client, Dropped, NamedBlob } from '../client.js';
import type { EngineFailure, EngineProgress } from '../engine.js';
import { type Choice, chosenRows, EVERYTHING } from './choice.js';
import { formatLink, rowOfSeq } from './link.js';
import type { Key, Section, Selected, Store } from './state.js';

/** What the page can do outside of itself. */
export interface Surroundings {
  readonly createClient: () => Client;
  /** Writes a link into the address bar, without going anywhere. */
  readonly showLink: (link: string) => void;
}

/** A search begins so long after the last key, in milliseconds. */
const SEARCH_DELAY = 250;

export class Actions {
  readonly #store: Store;
  readonly #surroundings: Surroundings;
  #client: Client;
  /** Whether the client has a ledger: it reads one only. */
  #isUsed = false;
  /** Counts ledgers, verifications and searches: what belongs to an earlier one is dropped. */
  #ledgers = 0;
  #verifications = 0;
  #searches = 0;
  #notices = 0;
  #hits: Uint32Array | null = null;

  constructor(store: Store, surroundings: Surroundings) {
    this.#store = store;
    this.#surroundings = surroundings;
    this.#client = surroundings.createClient();
  }

  /** Takes files of any kind. Of what the page brought itself neither keys nor a head are taken. */
  async open(files: readonly NamedBlob[], isEmbedded = false): Promise<void> {
    if (files.length === 0) return;
    this.#store.set({ isSorting: true, notices: [] });
    let dropped: Dropped;
    try {
      // oxlint-disable-next-line unicorn/no-array-sort -- it is no array
      dropped = await this.#client.sort(files);
    } catch (error) {
      this.#store.set({ isSorting: false });
      this.notify(describe(error));
      return;
    }
    this.#store.set({ isSorting: false });
    for (const { name, reason } of dropped.refused) this.notify(`${name}: ${reason}`);
    const isNew = dropped.ledger.length > 0;
    // A head is of one ledger.
    if (isNew && this.#isUsed) this.#store.set({ head: null });
    let isMore = false;
    if (!isEmbedded) {
      for (const { name, publicKey } of dropped.keys) isMore = (await this.#takeKey(publicKey, name)) || isMore;
      if (dropped.head !== null) {
        this.#store.set({ head: dropped.head });
        isMore = true;
      }
    }
    if (isNew) this.#begin(dropped, isEmbedded);
    else if (isMore) void this.#verify();
  }

  /** The key that a text is. Rejects with {@link EngineFailure}. */
  async readKey(text: string): Promise<Key> {
    return { ...(await this.#client.publicKey(text)), source: '' };
  }

  addKey(key: Key): void {
    const { keys } = this.#store.state;
    if (keys.some(({ publicKey }) => publicKey === key.publicKey)) return;
    this.#store.set({ keys: [...keys, key] });
    void this.#verify();
  }

  removeKey(publicKey: string): void {
    this.#store.set({ keys: this.#store.state.keys.filter((key) => key.publicKey !== publicKey) });
    void this.#verify();
  }

  setHead(head: Head | null): void {
    this.#store.set({ head });
    void this.#verify();
  }

  show(section: Section): void {
    this.#store.set({ section });
  }

  /** Shows an event in full; null shows none. */
  select(row: number | null): void {
    const { model } = this.#store.state;
    if (row === null || model === null || row < 0 || row >= model.events.length) {
      this.#store.set({ selected: null });
      this.#surroundings.showLink(formatLink(-1));
      return;
    }
    this.#store.set({ section: 'events', selected: { row, detail: null } });
    this.#surroundings.showLink(formatLink(model.events.seq[row] ?? -1));
    const ledger = this.#ledgers;
    const take = (detail: Selected['detail']) => {
      if (ledger === this.#ledgers && this.#store.state.selected?.row === row) this.#store.set({ selected: { row, detail } });
    };
    this.#client.event(row).then(take, (error: unknown) => take(failureOf(error)));
  }

  /** Follows a link: now, or as soon as the ledger is read. */
  follow(seq: number): void {
    const { model } = this.#store.state;
    if (model === null) return this.#store.set({ wanted: seq });
    const row = rowOfSeq(model.events, seq);
    if (row === -1) this.notify(`There is no event ${seq} in this ledger.`);
    else if (this.#store.state.selected?.row !== row) this.select(row);
  }

  /** Changes which events are shown. */
  choose(change: Partial<Choice>): void {
    const before = this.#store.state.choice;
    const choice = { ...before, ...change };
    this.#store.set({ choice });
    const isLine = choice.text !== '' && choice.within === 'line';
    if (isLine && (choice.text !== before.text || before.within !== 'line')) void this.#search(choice.text);
    else if (!isLine) this.#searches += 1;
    if (!isLine) this.#store.set({ isSearching: false });
    this.#filter();
  }

  async reveal(document: Blob): ReturnType<Client['reveal']> {
    return this.#client.reveal(document);
  }

  /** The client of the ledger that is open. */
  get client(): Client {
    return this.#client;
  }

  notify(text: string): void {
    this.#notices += 1;
    this.#store.set({ notices: [...this.#store.state.notices, { id: this.#notices, text }] });
  }

  dismiss(id: number): void {
    this.#store.set({ notices: this.#store.state.notices.filter((notice) => notice.id !== id) });
  }

  async #takeKey(publicKey: string, source: string): Promise<boolean> {
    const { keys } = this.#store.state;
    if (keys.some((key) => key.publicKey === publicKey)) return false;
    const { fingerprint } = await this.#client.publicKey(publicKey);
    this.#store.set({ keys: [...this.#store.state.keys, { publicKey, fingerprint, source }] });
    return true;
  }

  #begin({ ledger, claims }: Dropped, isEmbedded: boolean): void {
    if (this.#isUsed) {
      this.#client.close();
      this.#client = this.#surroundings.createClient();
    }
    this.#isUsed = true;
    this.#ledgers += 1;
    this.#hits = null;
    const empty = { model: null, unread: null, verified: null, reading: null, verifying: null, rows: null, selected: null, isSearching: false };
    this.#store.set({ ...empty, opened: this.#ledgers, ledger, claims, isEmbedded, choice: EVERYTHING, section: 'overview', fingerprints: new Map() });
    void this.#read(this.#ledgers);
    void this.#verify();
    void this.#nameKeys(claims?.keys ?? []);
  }

  async #read(ledger: number): Promise<void> {
    const { ledger: files } = this.#store.state;
    try {
      const model = await this.#client.load(files, (reading) => this.#progress({ reading }, ledger === this.#ledgers));
      if (ledger !== this.#ledgers) return;
      const { wanted } = this.#store.state;
      this.#store.set({ model, reading: null, wanted: null });
      if (wanted !== null) this.follow(wanted);
      this.#filter();
    } catch (error) {
      if (ledger === this.#ledgers) this.#store.set({ unread: failureOf(error), reading: null });
    }
  }

  async #verify(): Promise<void> {
    const { ledger, keys, head } = this.#store.state;
    if (ledger.length === 0) return;
    this.#verifications += 1;
    const verification = this.#verifications;
    const isCurrent = () => verification === this.#verifications;
    this.#store.set({ verified: null, verifying: null });
    const trust = { signers: keys.map(({ publicKey }) => publicKey), head };
    const verified = await this.#client
      .verify(ledger, trust, (verifying) => this.#progress({ verifying }, isCurrent()))
      .catch((error: unknown) => ({ failure: failureOf(error) }));
    if (!isCurrent()) return;
    this.#store.set({ verified, verifying: null });
    if ('report' in verified) await this.#nameKeys(verified.report.signers.map(({ publicKey }) => publicKey));
  }

  #progress(progress: { readonly reading: EngineProgress } | { readonly verifying: EngineProgress }, isCurrent: boolean): void {
    if (isCurrent) this.#store.set(progress);
  }

  /** Asks for the fingerprints of keys. */
  async #nameKeys(publicKeys: readonly string[]): Promise<void> {
    const ledger = this.#ledgers;
    for (const publicKey of publicKeys) {
      if (this.#store.state.fingerprints.has(publicKey)) continue;
      // What is no key has none.
      const named = await this.#client.publicKey(publicKey).catch(() => null);
      if (ledger !== this.#ledgers) return;
      if (named !== null) this.#store.set({ fingerprints: new Map(this.#store.state.fingerprints).set(publicKey, named.fingerprint) });
    }
  }

  async #search(text: string): Promise<void> {
    this.#searches += 1;
    const search = this.#searches;
    const isCurrent = () => search === this.#searches;
    this.#hits = null;
    this.#store.set({ isSearching: true });
    await new Promise((resolve) => setTimeout(resolve, SEARCH_DELAY));
    if (!isCurrent()) return;
    try {
      const hits = await this.#client.search(text);
      if (isCurrent()) this.#hits = hits;
    } catch (error) {
      if (isCurrent()) this.notify(describe(error));
    }
    if (!isCurrent()) return;
    this.#store.set({ isSearching: false });
    this.#filter();
  }

  #filter(): void {
    const { model, choice } = this.#store.state;
    if (model !== null) this.#store.set({ rows: chosenRows(model, choice, this.#hits) });
  }
}

/** What was thrown, as the failure that it is, or as a defect of the page. */
export function failureOf(error: unknown): EngineFailure {
  const { code, message } = error as Partial<EngineFailure>;
  return { code: typeof code === 'string' ? code : 'ERR_INTERNAL', message: String(message ?? error) };
}

function describe(error: unknown): string {
  const { code, message } = failureOf(error);
  return `${message} (${code})`;
}
