// Keys, events and ledgers that the tests share.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { ExecutionContext } from 'ava';
import {
  events,
  GENESIS_PARENT_HASH,
  type LedgerEvent,
  Session,
  type SessionOptions,
  type SignedEvent,
  signEvent,
  SigningKeypair,
  verifyFile,
} from 'sealwright';
import { newFolder } from './folders.mts';

/** The seed `00 01 ... 1f`, which the peer's vectors use too. */
export const seed1 = Uint8Array.from({ length: 32 }, (_, index) => index);
/** The seed `20 21 ... 3f`. */
export const seed2 = Uint8Array.from({ length: 32 }, (_, index) => index + 32);
export const key1 = SigningKeypair.fromSeed(seed1);
export const key2 = SigningKeypair.fromSeed(seed2);

/** Time of the first event; the event with seq i comes i seconds later. */
export const START = 1_700_000_000_000_000_000n;
export const DIGEST = 'a'.repeat(64);

/** A small event that can be told from others. */
export function ended(reason: string | number): LedgerEvent {
  return events.sessionEnded({ reason: String(reason), summarySha256: '' });
}

/** An event with any JSON in it. */
export function toolCalled(argsRedacted: unknown): LedgerEvent {
  return events.toolCalled({ toolName: 'tool', argsSha256: DIGEST, argsRedacted });
}

interface ChainOptions {
  readonly keypair?: SigningKeypair;
  /** Makes the event with a seq. */
  readonly event?: (seq: number) => LedgerEvent;
  /** Signs with another key from a seq on. */
  readonly keypairAt?: (seq: number) => SigningKeypair;
}

/** A good chain of so many events. */
export function chainOf(
  count: number,
  { keypair = key1, event = ended, keypairAt = () => keypair }: ChainOptions = {},
): SignedEvent[] {
  const chain: SignedEvent[] = [];
  for (let seq = 0; seq < count; seq += 1) {
    const parentHash = chain[seq - 1]?.selfHash ?? GENESIS_PARENT_HASH;
    const timestampNanos = START + BigInt(seq) * 1_000_000_000n;
    chain.push(signEvent({ event: event(seq), seq, parentHash, keypair: keypairAt(seq), timestampNanos }));
  }
  return chain;
}

/** A ledger's text: each line with its LF. */
export function textOf(chain: readonly SignedEvent[]): string {
  return chain.map((signed) => `${signed.toLine()}\n`).join('');
}

/** The line of an event with another signature. */
export function forged(signed: SignedEvent | undefined): string {
  const replace = (_: string, start: string, digits: string) => `${start}${digits === '00' ? '01' : '00'}`;
  return signed?.toLine().replace(/("signature":")(..)/, replace) ?? '';
}

/** Writes a ledger as its only writer would have left it. */
export function writeLedger(path: string, chain: readonly SignedEvent[]): void {
  writeFileSync(path, textOf(chain), { mode: 0o600 });
}

/** A ledger in a new folder. */
export interface NewLedger {
  readonly folder: string;
  readonly ledger: string;
}

/** A new folder with a ledger of this text in it; without, one of 20 events. */
export function newLedger(t: ExecutionContext, text = textOf(chainOf(20))): NewLedger {
  const folder = newFolder(t);
  const ledger = join(folder, 'ledger.ndjson');
  writeFileSync(ledger, text);
  return { folder, ledger };
}

/** A new folder with a ledger of so many events, {@link ended} by 0, 1 and so on, a segment for each `maxEvents` of them. */
export async function newSegments(
  t: ExecutionContext,
  { name = 'ledger.ndjson', count = 25, maxEvents = 10 }: { readonly name?: string; readonly count?: number; readonly maxEvents?: number } = {},
): Promise<NewLedger> {
  const folder = newFolder(t);
  const ledger = join(folder, name);
  const session = await openSession(t, { ledgerPath: ledger, rotate: { maxEvents } });
  for (let number = 0; number < count; number += 1) await session.record(ended(number));
  await session.close();
  return { folder, ledger };
}

/** The lines of a ledger file, without their LFs. */
export function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error(`${path} does not end in an LF`);
  return text.slice(0, -1).split('\n');
}

/** A ledger's files in the order of their events: its segments, then the active one. */
export function ledgerFiles(path: string): string[] {
  const { dir, name, ext } = parse(path);
  const firstSeq = (file: string) => Number(/\.(\d+)-\d+$/.exec(parse(file).name)?.[1] ?? Infinity);
  const files = readdirSync(dir).filter((file) => file.startsWith(`${name}.`) && file.endsWith(ext));
  return files.toSorted((left, right) => (firstSeq(left) < firstSeq(right) ? -1 : 1)).map((file) => join(dir, file));
}

/** The lines of events, as {@link linesOf} gives those of a file. */
export function linesOfEvents(signed: readonly SignedEvent[]): string[] {
  return signed.map((event) => event.toLine());
}

/** What {@link ended} was given. */
export function reasonsOf(signed: readonly SignedEvent[]): unknown[] {
  return signed.map(({ event }) => event.payload['reason']);
}

/** Asserts that a ledger of the first key is whole, with so many events. */
export async function isIntact(t: ExecutionContext, path: string, count: number): Promise<void> {
  const report = await verifyFile(path, { signers: key1.publicKeyHex });
  t.like(report, { verdict: 'intact', eventCount: count, tail: null, warnings: [] });
}

type Opening = Omit<SessionOptions, 'keypair' | 'sessionId'> & Partial<SessionOptions>;

/** Opens a session that is closed with the test. */
export async function openSession(t: ExecutionContext, options: Opening): Promise<Session> {
  return closedWith(t, await Session.open({ keypair: key1, sessionId: 'test', ...options }));
}

/** The same at once. */
export function openSessionSync(t: ExecutionContext, options: Opening): Session {
  return closedWith(t, Session.openSync({ keypair: key1, sessionId: 'test', ...options }));
}

function closedWith(t: ExecutionContext, session: Session): Session {
  t.teardown(() => session.close());
  return session;
}
