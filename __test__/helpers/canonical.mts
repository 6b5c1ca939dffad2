// JSON, its canonical form, hashes and lines, written from the text of the format alone: no code of the package is used
// for the forms, none of its native side for hashes and signatures.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign as signWith } from 'node:crypto';
import { float } from 'sealwright';

/** A JSON double. `1.0` is not `1`. */
export class Double {
  constructor(readonly value: number) {}
}

/** A JSON value that keeps what the ledger tells apart: integers are bigint, objects keep their keys' order. */
export type Json = null | boolean | string | bigint | Double | readonly Json[] | ReadonlyMap<string, Json>;

/** The canonical form: keys ascending by their UTF-8 bytes, no white space. */
export function canonicalText(json: Json): string {
  return textWith(json, (keys) => keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}

/** The same with the keys as they come, as an event's free values stand on a line. */
export function givenText(json: Json): string {
  return textWith(json, (keys) => keys);
}

function textWith(json: Json, inOrder: (keys: string[]) => string[]): string {
  const text = (value: Json): string => {
    if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    if (typeof value === 'string') return stringText(value);
    if (value instanceof Double) return doubleText(value.value);
    if (isArray(value)) return `[${value.map(text).join(',')}]`;
    const keys = inOrder([...value.keys()]);
    return `{${keys.map((key) => `${stringText(key)}:${text(value.get(key) ?? null)}`).join(',')}}`;
  };
  return text(json);
}

/** The same value as JavaScript hands it to the package. */
export function toValue(json: Json): unknown {
  if (typeof json === 'bigint') return Number.isSafeInteger(Number(json)) ? Number(json) : json;
  // Of whole numbers only -0 is a double by itself.
  if (json instanceof Double)
    return Number.isInteger(json.value) && !Object.is(json.value, -0) ? float(json.value) : json.value;
  if (typeof json !== 'object' || json === null) return json;
  if (isArray(json)) return json.map(toValue);
  const object = {};
  for (const [key, value] of json) {
    Object.defineProperty(object, key, { value: toValue(value), enumerable: true, writable: true, configurable: true });
  }
  return object;
}

/** Reads JSON text without loss. For text that is known to be valid. */
export function parseJson(text: string): Json {
  const tokens = /[\s,:]*(?:([{}[\]]|[^\s,:{}[\]"]+)|")/y;
  const next = (): string => {
    const found = tokens.exec(text)?.[1];
    if (found !== undefined) return found;
    // A string, whose end is the first quote behind an even number of backslashes.
    const start = tokens.lastIndex - 1;
    let end = start;
    do end = text.indexOf('"', end + 1);
    while ((/\\*$/.exec(text.slice(start, end))?.[0].length ?? 0) % 2 === 1);
    tokens.lastIndex = end + 1;
    return text.slice(start, end + 1);
  };
  const valueOf = (token: string): Json => {
    if (token === '[') {
      const array: Json[] = [];
      for (let item = next(); item !== ']'; item = next()) array.push(valueOf(item));
      return array;
    }
    if (token === '{') {
      const object = new Map<string, Json>();
      for (let key = next(); key !== '}'; key = next()) object.set(JSON.parse(key) as string, valueOf(next()));
      return object;
    }
    if (!/^-?\d/.test(token)) return JSON.parse(token) as string | boolean | null;
    return numberOf(token);
  };
  return valueOf(next());
}

/** What an event's hash is made from. */
export interface Place {
  readonly event: Json;
  readonly seq: number;
  readonly parentHash: string;
  readonly timestampNanos: bigint;
}

/** `self_hash` of an event at its place. */
export function selfHash({ event, seq, parentHash, timestampNanos }: Place): string {
  const hashed = new Map<string, Json>([
    ['seq', BigInt(seq)],
    ['timestamp_nanos', timestampNanos],
    ['event', event],
    ['parent_hash', parentHash],
  ]);
  return sha256(canonicalText(hashed));
}

/** A ledger line without its LF, sealed with `node:crypto`; `eventText` is the event as it stands on the line. */
export function sealedLine(place: Omit<Place, 'event'> & { readonly eventText: string }, seed: Uint8Array): string {
  const { seq, timestampNanos, eventText, parentHash } = place;
  const hash = selfHash({ ...place, event: parseJson(eventText) });
  const signature = signWith(null, Buffer.from(hash, 'hex'), privateKey(seed)).toString('hex');
  return [
    `{"seq":${seq},"timestamp_nanos":${timestampNanos},"event":${eventText},"parent_hash":"${parentHash}"`,
    `"self_hash":"${hash}","signature":"${signature}","signer_pubkey":"${publicKeyHex(seed)}"}`,
  ].join(',');
}

/** What a rotation of keys says, and what is signed for it; `prefix` is the format's if it is left out. */
export interface Rotation {
  readonly oldSeed: Uint8Array;
  readonly newSeed: Uint8Array;
  readonly firstHash: string;
  readonly seq: number;
  readonly prefix?: string;
}

/** The text of a `KeyRotated` event, proven with `node:crypto`. */
export function rotationText({ oldSeed, newSeed, firstHash, seq, prefix }: Rotation): string {
  const [oldKey, newKey] = [publicKeyHex(oldSeed), publicKeyHex(newSeed)];
  const statement = `{"first_hash":"${firstHash}","new_key":"${newKey}","old_key":"${oldKey}","seq":${seq}}`;
  const signed = Buffer.from(`${prefix ?? 'sealwright/key-rotation/v1\n'}${statement}`);
  const proof = signWith(null, signed, privateKey(newSeed)).toString('hex');
  const payload = { old_key: oldKey, new_key: newKey, first_hash: firstHash, proof };
  return JSON.stringify({ type: 'KeyRotated', payload });
}

/** The key of a seed, as `node:crypto` has it: RFC 8410, the seed behind a fixed prefix. */
export function privateKey(seed: Uint8Array): KeyObject {
  return keysOf(seed).privateKey;
}

/** PEM text of the public key of a seed. */
export function publicKeyPem(seed: Uint8Array): string {
  return createPublicKey(privateKey(seed)).export({ format: 'pem', type: 'spki' }) as string;
}

/** The 32 bytes of the public key of a seed, in hex. */
export function publicKeyHex(seed: Uint8Array): string {
  return keysOf(seed).publicHex;
}

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicHex: string;
}

/** By seed: making a key takes longer than signing with it. */
const keysBySeed = new Map<string, Keys>();

function keysOf(seed: Uint8Array): Keys {
  const name = Buffer.from(seed).toString('hex');
  const known = keysBySeed.get(name);
  if (known !== undefined) return known;
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const made = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicHex = createPublicKey(made).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  keysBySeed.set(name, { privateKey: made, publicHex });
  return { privateKey: made, publicHex };
}

/** SHA-256 as 64 hex digits. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function isArray(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** A number is a double when its literal has a point or exponent, is `-0`, or is an integer beyond 64 bits. */
function numberOf(literal: string): bigint | Double {
  if (/[.eE]/.test(literal) || literal === '-0') return new Double(Number(literal));
  const integer = BigInt(literal);
  return integer < -(2n ** 63n) || integer >= 2n ** 64n ? new Double(Number(literal)) : integer;
}

/** Shortest digits that round-trip; decimal notation while the decimal point is at most 16 digits behind the first. */
function doubleText(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [, first = '', rest = '', exponentText = ''] =
    /^(\d)(?:\.(\d+))?e(.+)$/.exec(Math.abs(value).toExponential()) ?? [];
  const digits = first + rest;
  const exponent = Number(exponentText);
  const point = exponent + 1;
  if (point <= -5 || point > 16) {
    return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point) || '0'}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function stringText(text: string): string {
  const escaped = text.replaceAll(
    /["\\\u0000-\u001f]/g,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}
