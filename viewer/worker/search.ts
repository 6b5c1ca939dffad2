/*
 * Looking for something in every line: text of a user, or the digest of a document.
 */

import type { Revealed } from '../client.js';
import type { Engine } from '../engine.js';
import type { Ledger } from './ledger.js';
import type { ReadBlob } from './source.js';

const MOST_ROWS = 100_000;
const MOST_MATCHES = 1000;
/** The longest document that is read as JSON. */
const MOST_JSON_BYTES = 16 * 1024 * 1024;
const DOCUMENT_BLOCK = 4 << 20;
const MOST_OF_PATH = 1000;

/**
 * Rows whose line has a text, in any case of letters, as it is or as JSON spells it. `pause` is called between pieces: what it
 * throws ends the search.
 */
export async function searchLines(ledger: Ledger, text: string, pause: () => Promise<void>): Promise<Uint32Array> {
  const wanted = text.toLowerCase();
  // A quote inside of a text has a backslash before it.
  const spelled = JSON.stringify(text).slice(1, -1).toLowerCase();
  const has = (lower: string) => lower.includes(wanted) || (spelled !== wanted && lower.includes(spelled));
  const utf8 = new TextDecoder();
  const rows: number[] = [];
  for (const piece of ledger.pieces()) {
    if (has(utf8.decode(piece.bytes).toLowerCase())) {
      for (let row = piece.from; row < piece.to && rows.length < MOST_ROWS; row += 1) {
        if (has(utf8.decode(ledger.lineIn(piece, row)).toLowerCase())) rows.push(row);
      }
    }
    if (rows.length === MOST_ROWS) break;
    await pause();
  }
  return Uint32Array.from(rows);
}

/**
 * Where the digests of a document are: of its bytes, of those without a line break at the end, and of its canonical form if it
 * is JSON.
 */
export async function revealDocument(ledger: Ledger, document: Blob, engine: Engine, readBlob: ReadBlob, pause: () => Promise<void>): Promise<readonly Revealed[]> {
  const digests = await digestsOf(document, engine, readBlob, pause);
  const found = new Map(digests.map(({ sha256 }) => [sha256, [] as { readonly row: number; readonly field: string }[]]));
  // A character for each byte, so that places are those of bytes.
  const bytewise = new TextDecoder('latin1');
  for (const piece of ledger.pieces()) {
    const text = bytewise.decode(piece.bytes);
    for (const [sha256, matches] of found) {
      let last = -1;
      for (let at = text.indexOf(sha256); at >= 0 && matches.length < MOST_MATCHES; at = text.indexOf(sha256, at + 1)) {
        const row = ledger.rowIn(piece, at);
        if (row === last) continue;
        last = row;
        for (const field of fieldsWith(ledger.lineIn(piece, row), sha256)) {
          if (matches.length < MOST_MATCHES) matches.push({ row, field });
        }
      }
    }
    await pause();
  }
  return digests.map(({ how, sha256 }) => ({ how, sha256, matches: found.get(sha256) ?? [] }));
}

type Digests = readonly Pick<Revealed, 'how' | 'sha256'>[];

async function digestsOf(document: Blob, engine: Engine, readBlob: ReadBlob, pause: () => Promise<void>): Promise<Digests> {
  const ending = readBlob(document.slice(-2));
  const lineBreak = ending.at(-1) !== 0x0a ? 0 : ending.at(-2) === 0x0d ? 2 : 1;
  const [whole, cut] = [engine.sha256(), engine.sha256()];
  const cutAt = document.size - lineBreak;
  for (let at = 0; at < document.size; at += DOCUMENT_BLOCK) {
    const block = readBlob(document.slice(at, at + DOCUMENT_BLOCK));
    whole.update(block);
    if (lineBreak > 0) cut.update(block.subarray(0, Math.max(0, cutAt - at)));
    await pause();
  }
  const canonical = document.size <= MOST_JSON_BYTES ? canonicalDigest(readBlob(document), engine) : null;
  const all: Digests = [
    { how: 'bytes', sha256: whole.hex() },
    ...(lineBreak > 0 ? [{ how: 'bytes without the final line break' as const, sha256: cut.hex() }] : []),
    ...(canonical === null ? [] : [{ how: 'canonical JSON' as const, sha256: canonical }]),
  ];
  // What is canonical already has one digest.
  return all.filter(({ sha256 }, place) => all.findIndex((one) => one.sha256 === sha256) === place);
}

/** Null for what is no JSON. */
function canonicalDigest(bytes: Uint8Array, engine: Engine): string | null {
  try {
    const digest = engine.sha256();
    digest.update(engine.canonicalJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)));
    return digest.hex();
  } catch {
    return null;
  }
}

/** The fields of a line whose text has a digest, such as `payload.args_sha256`; '' where nobody can tell. */
function fieldsWith(line: Uint8Array, sha256: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(line));
  } catch {
    return [''];
  }
  const fields: string[] = [];
  const left: { readonly path: string; readonly value: unknown }[] = [{ path: '', value }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { path, value: inner } = next;
    if (typeof inner === 'string' && inner.includes(sha256)) fields.push(path);
    if (typeof inner !== 'object' || inner === null) continue;
    for (const [key, member] of Object.entries(inner).toReversed()) {
      const place = path.length > MOST_OF_PATH ? path : Array.isArray(inner) ? `${path}[${key}]` : path === '' || path === 'event' ? key : `${path}.${key}`;
      if (key.includes(sha256)) fields.push(place);
      left.push({ path: place, value: member });
    }
  }
  return fields.length === 0 ? [''] : fields;
}
