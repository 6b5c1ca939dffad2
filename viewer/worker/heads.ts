/*
 * A head in a file of its own, as docs/format.md has them: `SEQ:HASH`, `{"seq", "hash"}`, the `head.json` of a pack, or a head
 * store, which keeps those of several ledgers.
 */

import { parseHeadText } from '../../src/cli/head-text.js';
import type { Head } from '../../src/report.js';

/** What a file says about heads. */
export type Heads =
  | { readonly is: 'one'; readonly head: Head }
  /** By the hash of a ledger's first event. */
  | { readonly is: 'store'; readonly heads: ReadonlyMap<string, Head> };

/** Null for a text that is about something else. */
export function headsOf(text: string): Heads | null {
  const written = parseHeadText(text.trim());
  if (written !== null) return { is: 'one', head: written };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const isOfPack = value['schemaVersion'] === 1 && Object.keys(value).every((name) => OF_PACK.has(name));
  const head = isOfPack ? value['head'] : value;
  return isHead(head) ? { is: 'one', head: { seq: head.seq, hash: head.hash } } : storeOf(value);
}

/** The head of a ledger in a store, by its first event; where that is not known, the only one. Null when there is no telling. */
export function headIn(heads: ReadonlyMap<string, Head>, firstHash: string | null): Head | null {
  if (firstHash !== null) return heads.get(firstHash) ?? null;
  const [only, other] = heads.values();
  return other === undefined ? (only ?? null) : null;
}

/** What the `head.json` of a pack has. */
const OF_PACK: ReadonlySet<string> = new Set(['schemaVersion', 'note', 'head']);
const HASH = /^[0-9a-f]{64}$/;
const STORE_ID = /^(?:ledger:([0-9a-f]{64})|path:.*)$/s;

function storeOf(value: Readonly<Record<string, unknown>>): Heads | null {
  const heads = new Map<string, Head>();
  for (const [id, entry] of Object.entries(value)) {
    const found = STORE_ID.exec(id);
    const [seq, hash, more] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const head = { seq, hash };
    if (found === null || more !== undefined || !isHead(head)) return null;
    if (found[1] !== undefined) heads.set(found[1], head);
  }
  return heads.size === 0 ? null : { is: 'store', heads };
}

function isHead(value: unknown): value is Head {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  const { seq, hash } = value;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 && typeof hash === 'string' && HASH.test(hash);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
