/*
 * What the accepted events add up to. Bounded: 64 signers and 64 names of unknown kinds are listed, the rest counted.
 */

import type { Head, ReportJson, WarningCode } from '../report.js';
import { copyOf } from './bytes.js';
import { fieldsOfKind, isCore } from './fields.js';
import type { Line } from './line.js';
import { Sessions } from './sessions.js';
import { GENESIS, nextSigner } from './trust.js';

/** An accepted event and where it stands. */
export interface Accepted {
  readonly line: Line;
  /** Its hash as it was recomputed. */
  readonly hash: string;
  readonly number: number;
  readonly offset: number;
  readonly isAsWritten: boolean;
}

/** The part of a report that speaks of accepted events. */
export type Totals = Pick<
  ReportJson,
  | 'eventCount'
  | 'rootHash'
  | 'firstHash'
  | 'head'
  | 'signers'
  | 'unlistedSignerEvents'
  | 'events'
  | 'kinds'
  | 'unknownKinds'
  | 'openSessions'
  | 'erased'
  | 'warnings'
  | 'timeRange'
>;

/** Counts of a ledger. */
export class Tally {
  count = 0;
  /** Events whose signature was checked. */
  checked = 0;
  readonly #pinned: ReadonlySet<string>;
  /** `signer` is who is expected next. */
  #last: { readonly seq: number; readonly hash: string; readonly nanos: bigint; readonly signer: string } | undefined;
  #firstHash: string | null = null;
  #isExtended = false;
  #from = 0n;
  #to = 0n;
  readonly #signers = new Map<string, { readonly first: number; last: number }>();
  #unlistedSignerEvents = 0;
  readonly #kinds = new Map<string, number>();
  readonly #unknownKinds = new Map<string, number>();
  #unlistedUnknownKinds = 0;
  readonly #sessions = new Sessions();
  readonly #warnings = new Map<WarningCode, { count: number; readonly firstLine: number }>();

  constructor(signers: readonly string[] | undefined) {
    this.#pinned = new Set(signers);
  }

  add({ line, hash, number, isAsWritten }: Accepted, isChecked: boolean): void {
    const { seq, nanos, kind, signer } = line;
    const last = this.#last;
    if (!isAsWritten) this.warn('non_canonical_spelling', number);
    if (line.hasMalformedDigest) this.warn('malformed_digest', number);
    if (last !== undefined && nanos < last.nanos) this.warn('time_went_back', number);
    if (last !== undefined && signer !== last.signer) this.warn('mixed_signers', number);
    if (kind === 'LedgerRestored') this.warn('ledger_restored', number);
    if (fieldsOfKind(kind) === undefined) this.#addUnknown(kind, number);
    else increase(this.#kinds, kind);
    if (!isCore(kind)) this.#isExtended = true;
    this.#sessions.follow(line);
    this.#addSigner(signer, seq);
    this.#from = last === undefined || nanos < this.#from ? nanos : this.#from;
    this.#to = last === undefined || nanos > this.#to ? nanos : this.#to;
    if (seq === 0) this.#firstHash = hash;
    this.#last = { seq, hash, nanos, signer: copyOf(nextSigner(line)) };
    this.count += 1;
    if (isChecked) this.checked += 1;
  }

  /** Counts lines with a warning. */
  warn(code: WarningCode, firstLine: number, count = 1): void {
    const warning = this.#warnings.get(code);
    if (warning === undefined) this.#warnings.set(code, { count, firstLine });
    else warning.count += count;
  }

  get hasUnknownKinds(): boolean {
    return this.#unknownKinds.size > 0;
  }

  totals(): Totals {
    const head: Head | null = this.#last === undefined ? null : { seq: this.#last.seq, hash: this.#last.hash };
    const unknownKinds = sorted(this.#unknownKinds);
    if (this.#unlistedUnknownKinds > 0) unknownKinds['(other)'] = this.#unlistedUnknownKinds;
    const codes = [...this.#warnings.keys()].toSorted();
    return {
      eventCount: this.count,
      rootHash: head?.hash ?? GENESIS,
      firstHash: this.#firstHash,
      head,
      signers: Array.from(this.#signers, ([publicKey, { first, last }]) => ({
        publicKey,
        first,
        last,
        pinned: this.#pinned.has(publicKey),
      })),
      unlistedSignerEvents: this.#unlistedSignerEvents,
      events: this.#isExtended ? 'extended' : 'core',
      kinds: sorted(this.#kinds),
      unknownKinds,
      openSessions: this.#isExtended ? this.#sessions.report() : null,
      erased: this.#kinds.get('PayloadErased') ?? 0,
      warnings: codes.map((code) => ({ code, count: 0, firstLine: 0, ...this.#warnings.get(code) })),
      timeRange: head === null ? null : { from: String(this.#from), to: String(this.#to) },
    };
  }

  #addSigner(signer: string, seq: number): void {
    const listed = this.#signers.get(signer);
    if (listed !== undefined) listed.last = seq;
    else if (this.#signers.size < MAX_LISTED) this.#signers.set(copyOf(signer), { first: seq, last: seq });
    else this.#unlistedSignerEvents += 1;
  }

  #addUnknown(kind: string, number: number): void {
    this.warn('unknown_kind', number);
    if (this.#unknownKinds.has(kind) || this.#unknownKinds.size < MAX_LISTED) increase(this.#unknownKinds, kind);
    else this.#unlistedUnknownKinds += 1;
  }
}

/** One more of a name. A name that is new is copied, since it may be a piece of a long line. */
function increase(counts: Map<string, number>, name: string): void {
  const count = counts.get(name);
  counts.set(count === undefined ? copyOf(name) : name, (count ?? 0) + 1);
}

/** Counts by name, in the order of the names. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Signers, and names of unknown kinds, that a report lists. */
const MAX_LISTED = 64;
