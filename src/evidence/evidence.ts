/*
 * An opened pack: what it says of itself, and the bytes that it carries.
 */

import { ledgerError } from '../errors.js';
import type { Head, ReportJson, SegmentsReportJson } from '../report.js';
import type { PackFile } from './file.js';
import { HEAD, isOfLedger, KEYS, LEDGER, MANIFEST, REPORT, VERIFY } from './names.js';
import { canonicalText, sha256 } from './runtime.js';
import { Zip } from './zip.js';

/** A file in a pack. */
export interface EvidenceEntry {
  readonly name: string;
  readonly bytes: number;
  /** 64 lower-case hex digits, as the manifest says. What is read is compared with it. */
  readonly sha256: string;
}

/** A key that whoever packed it found in the ledger, or added. Whose key it is nobody knows from here. */
export interface ClaimedKey {
  /** 64 hex digits. */
  readonly publicKey: string;
  /** Seq of the first and last event that it signed; null when it was added. */
  readonly first: number | null;
  readonly last: number | null;
}

/** What a pack says of itself. Whoever sends a ledger can send these with it, so that nothing of it is worth anything. */
export interface EvidenceClaims {
  /** What made the pack. */
  readonly tool: { readonly name: string; readonly version: string };
  readonly keys: readonly ClaimedKey[];
  /** An event that is said to be known elsewhere; null when there is none. */
  readonly head: Head | null;
  /** What was found when it was packed. */
  readonly report: ReportJson | SegmentsReportJson;
}

/** No other file than those of the ledger is longer. */
const MAX_SMALL_BYTES = 16 * 1024 ** 2;

/**
 * The pack that a file holds, of at most so many bytes when it is unpacked. Takes the file over: it is closed with the pack, or
 * when this rejects, with LedgerError `ERR_EVIDENCE_*`.
 */
export async function readEvidence(file: PackFile, path: string, maxBytes: number): Promise<Evidence> {
  const zip = await Zip.open(file, maxBytes);
  try {
    const manifest = manifestOf(await smallFile(zip, MANIFEST), zip);
    return new Evidence(path, zip, manifest, await claimsOf(zip, manifest));
  } catch (error) {
    await zip.close();
    throw error;
  }
}

/** A pack whose manifest fits what is there. Close it. */
export class Evidence {
  readonly #zip: Zip;
  readonly path: string;
  /** What nobody should believe. */
  readonly claims: EvidenceClaims;
  /** Every file but the manifest. */
  readonly entries: readonly EvidenceEntry[];
  /** Bytes of the pack itself. */
  readonly bytes: number;

  /** @internal */
  constructor(path: string, zip: Zip, manifest: Manifest, claims: EvidenceClaims) {
    this.#zip = zip;
    this.path = path;
    this.claims = claims;
    this.entries = manifest.entries;
    this.bytes = zip.bytes;
  }

  /** The files of the ledger. */
  get ledger(): readonly EvidenceEntry[] {
    return this.entries.filter(({ name }) => isOfLedger(name));
  }

  /**
   * The bytes of a file. Where they end they have been compared with the manifest: a reader that stops before has not.
   * Iterating rejects with LedgerError `ERR_EVIDENCE_DIGEST`, `ERR_EVIDENCE_ENTRY` (no such file), `ERR_EVIDENCE_IO`.
   */
  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const entry = this.entries.find((known) => known.name === name);
    if (entry === undefined) throw ledgerError('ERR_EVIDENCE_ENTRY', `the pack has no ${JSON.stringify(name)}`);
    yield* checked(this.#zip, entry);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#zip.close();
  }
}

interface Manifest {
  readonly tool: EvidenceClaims['tool'];
  readonly entries: readonly EvidenceEntry[];
}

async function* checked(zip: Zip, { name, sha256: expected }: EvidenceEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = sha256();
  for await (const piece of zip.read(name)) {
    hash.update(piece);
    yield piece;
  }
  if (hash.hex() !== expected) throw ledgerError('ERR_EVIDENCE_DIGEST', `${name} is not what the manifest says: its SHA-256 differs`);
}

async function smallFile(zip: Zip, name: string, entry?: EvidenceEntry): Promise<string> {
  const size = zip.entries.find((known) => known.name === name)?.bytes;
  if (size === undefined) throw notOfForm(name, 'it is missing');
  if (size > MAX_SMALL_BYTES) throw ledgerError('ERR_EVIDENCE_TOO_LARGE', `the pack is too large: ${name} has more than 16 MiB`);
  const pieces: Uint8Array[] = [];
  for await (const piece of entry === undefined ? zip.read(name) : checked(zip, entry)) pieces.push(piece);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
  } catch {
    throw notOfForm(name, 'it is not UTF-8');
  }
}

/** The value of strict JSON of schema version 1: no key is there twice. */
function valueOf(name: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(canonicalText(text));
  } catch (error) {
    throw notOfForm(name, (error as Error).message);
  }
  if (!hasShape(value, { schemaVersion: (version) => version === 1 })) throw notOfForm(name, 'it is not of schema version 1');
  return value;
}

function manifestOf(text: string, zip: Zip): Manifest {
  const value = valueOf(MANIFEST, text);
  const isManifest = hasShape(value, { tool: isTool, entries: (entries) => Array.isArray(entries) && entries.every(isEntry) });
  if (!isManifest) throw notOfForm(MANIFEST, 'it is not of the form of a manifest');
  const { tool, entries } = value as Manifest;
  const there = new Map(zip.entries.filter(({ name }) => name !== MANIFEST).map(({ name, bytes }) => [name, bytes]));
  for (const { name, bytes } of entries) {
    if (there.get(name) !== bytes) throw ledgerError('ERR_EVIDENCE_DIGEST', `${JSON.stringify(name)} is not what the manifest says: its size differs, or it is missing`);
    there.delete(name);
  }
  for (const name of there.keys()) throw notOfForm(MANIFEST, `${name} is there and not in it`);
  const names = entries.map(({ name }) => name).filter(isOfLedger);
  if (names.length === 0) throw notOfForm(MANIFEST, 'there is no ledger');
  if (names.includes(LEDGER) && names.length > 1) throw notOfForm(MANIFEST, `${LEDGER} stands beside segments`);
  return { tool, entries };
}

async function claimsOf(zip: Zip, { tool, entries }: Manifest): Promise<EvidenceClaims> {
  const read = async (name: string) => {
    const entry = entries.find((known) => known.name === name);
    return entry === undefined ? undefined : valueOf(name, await smallFile(zip, name, entry));
  };
  const [keys, head, report] = [await read(KEYS), await read(HEAD), await read(REPORT)];
  if (!hasShape(keys, { keys: (list) => Array.isArray(list) && list.every(isClaimedKey) })) throw notOfForm(KEYS, 'there are no keys in it');
  if (head !== undefined && !hasShape(head, { head: isHead })) throw notOfForm(HEAD, 'there is no head in it');
  if (!hasShape(report, { verdict: isText, eventCount: isCount, ok: (ok) => typeof ok === 'boolean' })) throw notOfForm(REPORT, 'it is no report');
  const guide = entries.find(({ name }) => name === VERIFY);
  if (guide === undefined) throw notOfForm(VERIFY, 'it is missing');
  await smallFile(zip, VERIFY, guide);
  return {
    tool,
    keys: (keys as { readonly keys: readonly ClaimedKey[] }).keys,
    head: (head as { readonly head: Head } | undefined)?.head ?? null,
    report: report as ReportJson,
  };
}

function notOfForm(name: string, why: string): Error {
  return ledgerError('ERR_EVIDENCE_MANIFEST', `no evidence pack: ${name}: ${why}`);
}

const isTool = (value: unknown) => hasShape(value, { name: isText, version: isText });
const isEntry = (value: unknown) => hasShape(value, { name: isText, bytes: isCount, sha256: isHash });
const isHead = (value: unknown) => hasShape(value, { seq: isCount, hash: isHash });
const isClaimedKey = (value: unknown) => hasShape(value, { publicKey: isHash, first: isCountOrNull, last: isCountOrNull });
const isHash = (value: unknown) => isText(value) && /^[0-9a-f]{64}$/.test(value as string);
const isText = (value: unknown) => typeof value === 'string';
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isCountOrNull = (value: unknown) => value === null || isCount(value);

function hasShape(value: unknown, shape: Readonly<Record<string, (member: unknown) => boolean>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(shape).every(([name, isRight]) => isRight((value as Readonly<Record<string, unknown>>)[name]));
}
