/*
 * What the page shows, in one place, and who is told when it changes. Nothing in it is changed in place.
 */

import type { Head } from '../../src/report.js';
import type { EventDetail, NamedBlob, PackClaims, Verified } from '../client.js';
import type { EngineFailure, EngineProgress } from '../engine.js';
import type { Model } from '../model/model.js';
import { type Choice, EVERYTHING } from './choice.js';

/** Parts of the page, of which one is shown. */
export const SECTIONS = ['overview', 'events', 'charts', 'coverage', 'reveal'] as const;
export type Section = (typeof SECTIONS)[number];

/** A key that the user named. */
export interface Key {
  readonly publicKey: string;
  readonly fingerprint: string;
  /** The file that it came in; '' when it was entered. */
  readonly source: string;
}

/** Something to tell, until it is dismissed. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

/** The event that is shown in full: as long as its detail is null it is being read. */
export interface Selected {
  readonly row: number;
  readonly detail: EventDetail | EngineFailure | null;
}

export interface State {
  /** Why nothing can be opened; null where it can. */
  readonly unable: string | null;
  readonly section: Section;
  /** How many ledgers were opened: tells one from the next. */
  readonly opened: number;
  /** Files of the ledger that is open; none on the start page. */
  readonly ledger: readonly NamedBlob[];
  /** Whether the page brought the ledger itself. */
  readonly isEmbedded: boolean;
  readonly claims: PackClaims | null;
  /** Whether dropped files are being told apart. */
  readonly isSorting: boolean;
  readonly model: Model | null;
  /** Why there is no model. */
  readonly unread: EngineFailure | null;
  readonly verified: Verified | null;
  readonly reading: EngineProgress | null;
  readonly verifying: EngineProgress | null;
  readonly keys: readonly Key[];
  readonly head: Head | null;
  /** Of signers and claimed keys, by public key. */
  readonly fingerprints: ReadonlyMap<string, string>;
  readonly choice: Choice;
  /** Rows that are chosen; null for all. */
  readonly rows: Uint32Array | null;
  readonly isSearching: boolean;
  readonly selected: Selected | null;
  /** An event that a link named before the ledger was read. */
  readonly wanted: number | null;
  readonly notices: readonly Notice[];
}

export const INITIAL: State = {
  unable: null,
  section: 'overview',
  opened: 0,
  ledger: [],
  isEmbedded: false,
  claims: null,
  isSorting: false,
  model: null,
  unread: null,
  verified: null,
  reading: null,
  verifying: null,
  keys: [],
  head: null,
  fingerprints: new Map(),
  choice: EVERYTHING,
  rows: null,
  isSearching: false,
  selected: null,
  wanted: null,
  notices: [],
};

/** How far the page is. */
export type Phase = 'idle' | 'reading' | 'verifying' | 'done' | 'failed';

export function phaseOf({ ledger, model, unread, verified }: State): Phase {
  if (ledger.length === 0) return 'idle';
  if (unread !== null || (verified !== null && 'failure' in verified)) return 'failed';
  if (model === null) return 'reading';
  return verified === null ? 'verifying' : 'done';
}

/** Holds the state. Listeners are told once for all changes of one turn. */
export class Store {
  #state: State;
  readonly #changed: () => void;
  #isTold = false;

  constructor(changed: () => void, state: State = INITIAL) {
    this.#changed = changed;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#isTold) return;
    this.#isTold = true;
    queueMicrotask(() => {
      this.#isTold = false;
      this.#changed();
    });
  }
}
