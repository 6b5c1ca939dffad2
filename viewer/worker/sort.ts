/*
 * Telling apart what was dropped, by what is in it and not by what it is called: only an empty file, and a ledger that does not
 * begin like one, are known by their names.
 */

import type { Head } from '../../src/report.js';
import type { Dropped, NamedBlob, PackClaims } from '../client.js';
import type { Engine } from '../engine.js';
import { gunzipped } from './gzip.js';
import { headIn, headsOf } from './heads.js';

/** What a pack holds. */
export interface Pack {
  readonly ledger: readonly NamedBlob[];
  readonly claims: PackClaims;
}

/** What sorting takes of others. */
export interface Sorting {
  readonly engine: Engine;
  /** Unpacks a pack. Rejects with why it is none. */
  readonly openPack: (file: NamedBlob) => Promise<Pack>;
}

/** Tells files apart. Never rejects for what is in a file. */
export async function sortFiles(files: readonly NamedBlob[], { engine, openPack }: Sorting): Promise<Dropped> {
  const ledger: NamedBlob[] = [];
  const keys: { readonly name: string; readonly publicKey: string }[] = [];
  const packs: (NamedBlob & Pack)[] = [];
  const stores: { readonly name: string; readonly heads: ReadonlyMap<string, Head> }[] = [];
  const heads: { readonly name: string; readonly head: Head }[] = [];
  const refused: { readonly name: string; readonly reason: string }[] = [];
  for (const dropped of files) {
    try {
      const file = await plainFile(dropped);
      const kind = await kindOf(file, engine);
      if (kind.is === 'ledger') ledger.push(file);
      else if (kind.is === 'key') keys.push({ name: file.name, publicKey: kind.publicKey });
      else if (kind.is === 'head') heads.push({ name: file.name, head: kind.head });
      else if (kind.is === 'store') stores.push({ name: file.name, heads: kind.heads });
      else packs.push({ ...file, ...(await openPack(file)) });
    } catch (error) {
      refused.push({ name: dropped.name, reason: (error as Error).message });
    }
  }
  for (const { name, same } of await takeTwins(ledger, engine)) refused.push({ name, reason: `it has the same bytes as ${same}` });
  const [pack, ...otherPacks] = packs;
  for (const { name } of otherPacks) refused.push({ name, reason: 'another pack was dropped with it, and only one is shown at a time' });
  if (pack !== undefined) {
    for (const { name } of ledger) refused.push({ name, reason: `${pack.name} is a pack, and the ledger in it is shown` });
  }
  const shown = pack === undefined ? ledger : pack.ledger;
  for (const { name, heads: kept } of stores) {
    const head = headIn(kept, await firstHashOf(shown));
    if (head === null) refused.push({ name, reason: 'it is a head store, and knows no head of this ledger, or of which ledger is open: drop the ledger with it' });
    else heads.push({ name, head });
  }
  const [first, ...others] = heads;
  for (const { name, head } of others) {
    if (head.seq !== first?.head.seq || head.hash !== first.head.hash) refused.push({ name, reason: `it has another head than ${first?.name}: drop one of them` });
  }
  return { ledger: shown, claims: pack?.claims ?? null, keys, head: first?.head ?? null, refused };
}

/**
 * Takes files out that are there twice: one may have been dropped twice, or be the active file of a ledger that a crash has left
 * with a segment's name too. The one with more in its name stays.
 */
async function takeTwins(files: NamedBlob[], engine: Engine): Promise<readonly { readonly name: string; readonly same: string }[]> {
  const sizes = new Map<number, number>();
  for (const { blob } of files) sizes.set(blob.size, (sizes.get(blob.size) ?? 0) + 1);
  const kept = new Map<string, string>();
  const twins = new Map<NamedBlob, string>();
  for (const file of files.toSorted((left, right) => right.name.length - left.name.length)) {
    if ((sizes.get(file.blob.size) ?? 0) < 2) continue;
    const digest = await digestOf(file.blob, engine);
    const same = kept.get(digest);
    if (same === undefined) kept.set(digest, file.name);
    else twins.set(file, same);
  }
  files.splice(0, files.length, ...files.filter((file) => !twins.has(file)));
  return Array.from(twins, ([{ name }, same]) => ({ name, same }));
}

async function digestOf(blob: Blob, engine: Engine): Promise<string> {
  const digest = engine.sha256();
  for (let at = 0; at < blob.size; at += DIGEST_BYTES) digest.update(new Uint8Array(await blob.slice(at, at + DIGEST_BYTES).arrayBuffer()));
  return digest.hex();
}

type Kind =
  | { readonly is: 'pack' }
  | { readonly is: 'ledger' }
  | { readonly is: 'key'; readonly publicKey: string }
  | { readonly is: 'head'; readonly head: Head }
  | { readonly is: 'store'; readonly heads: ReadonlyMap<string, Head> };

const DIGEST_BYTES = 4 << 20;
/** Most lines have fewer. */
const START_BYTES = 65_536;
/** Keys and heads have no more bytes. */
const MOST_SMALL_BYTES = 4096;
/** Head stores have no more. */
const MOST_JSON_BYTES = 64 * 1024 * 1024;
const LEDGER_NAME = /\.(?:ndjson|jsonl)$/i;
/** What no other file that this package writes has: reports, records and states are JSON, too. */
const LINE_KEYS: ReadonlySet<string> = new Set(['seq', 'timestamp_nanos', 'event', 'parent_hash', 'self_hash', 'signer_pubkey']);
/** What this page does not take, by a word of its beginning. */
const NOT_TAKEN: readonly (readonly [word: RegExp, reason: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'it is a private key, which nobody needs to verify: keep it to yourself'],
  [/^sealwright index /, 'it is an index, which says nothing that the ledger does not'],
];

/** The file, unpacked if it is compressed. */
async function plainFile(file: NamedBlob): Promise<NamedBlob> {
  const plain = isGzip(await bytesOf(file.blob, 4)) ? await gunzipped(file) : file;
  const begin = await bytesOf(plain.blob, 4);
  if (isGzip(begin)) throw new Error('it is compressed twice: unpack it with `gzip -d`');
  if (begins(begin, 0x28, 0xb5, 0x2f, 0xfd)) throw new Error('it is compressed with zstd, which browsers do not read: unpack it with `zstd -d` and drop what comes of it');
  return plain;
}

async function kindOf({ name, blob }: NamedBlob, engine: Engine): Promise<Kind> {
  const start = await bytesOf(blob, START_BYTES);
  if (begins(start, 0x50, 0x4b, 0x03, 0x04) || begins(start, 0x50, 0x4b, 0x05, 0x06)) return { is: 'pack' };
  const text = new TextDecoder().decode(start);
  const isSmall = blob.size <= MOST_SMALL_BYTES;
  const reason = NOT_TAKEN.find(([word]) => word.test(text))?.[1];
  if (reason !== undefined) throw new Error(reason);
  if (isSmall) {
    const publicKey = publicKeyOf(text, engine);
    if (publicKey !== null) return { is: 'key', publicKey };
  }
  if (isSmall || (!beginsLikeLine(text) && blob.size <= MOST_JSON_BYTES)) {
    const found = headsOf(await blob.text());
    if (found !== null) return found.is === 'one' ? { is: 'head', head: found.head } : found;
  }
  if (LEDGER_NAME.test(name) || beginsLikeLine(text)) return { is: 'ledger' };
  throw new Error(blob.size === 0 ? 'it is empty' : 'it is neither a ledger, nor a pack, a public key or a head');
}

/** Whether a text begins as a line of a ledger does, right or wrong, blank ones before it. */
function beginsLikeLine(text: string): boolean {
  const [line = ''] = text.trimStart().split('\n', 1);
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && Object.keys(value).some((key) => LINE_KEYS.has(key));
  } catch {
    // It may be long, or damaged; a writer begins with the seq.
    return /^\{\s*"seq"\s*:/.test(line);
  }
}

function publicKeyOf(text: string, engine: Engine): string | null {
  try {
    return engine.publicKey(text).publicKey;
  } catch {
    return null;
  }
}

/** The `self_hash` of the event with seq 0, as the ledger says it; null when it is not there. */
async function firstHashOf(files: readonly NamedBlob[]): Promise<string | null> {
  for (const { blob } of files) {
    const [line = ''] = new TextDecoder().decode(await bytesOf(blob, 1 << 20)).trimStart().split('\n', 1);
    try {
      const { seq, self_hash: hash } = JSON.parse(line) as { readonly seq?: unknown; readonly self_hash?: unknown };
      if (seq === 0 && typeof hash === 'string') return hash;
    } catch {
      // Not the first file of a ledger, then.
    }
  }
  return null;
}

async function bytesOf(blob: Blob, length: number): Promise<Uint8Array> {
  return new Uint8Array(await blob.slice(0, length).arrayBuffer());
}

const isGzip = (bytes: Uint8Array) => begins(bytes, 0x1f, 0x8b);

function begins(bytes: Uint8Array, ...magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
