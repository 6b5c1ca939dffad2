/*
 * The options of a verification that say what a ledger is compared with.
 */

import { checkBehind, checkInteger, checkOneOf, checkOptions, checkString, invalidArgument, show } from '../args.js';
import { SealwrightTypeError } from '../errors.js';
import type { Head } from '../report.js';
import { fromHex, toHex } from './bytes.js';
import { isUsableKey } from './ed25519.js';
import { isHex } from './fields.js';
import { readKeyFile } from './file.js';

/** Names of the options that every verification has. */
export const CHECKS = [
  'signers',
  'expectedHead',
  'expectedFirst',
  'startAfter',
  'signatures',
  'events',
  'spelling',
  'maxLineBytes',
] as const;

/** What a ledger is compared with. */
export interface Checks {
  /** Public keys in hex. */
  readonly signers: readonly string[] | undefined;
  readonly expectedHead: Head | undefined;
  readonly expectedFirst: string | undefined;
  /** The trusted event that the first one must follow. */
  readonly startAfter: Head | undefined;
  readonly isLastOnly: boolean;
  readonly isCoreOnly: boolean;
  readonly isExact: boolean;
  readonly maxLineBytes: number;
}

type Given = { readonly [Name in (typeof CHECKS)[number]]?: unknown };

/**
 * @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`; RangeError `ERR_OUT_OF_RANGE`; {@link LedgerError}
 * `ERR_PUBLIC_KEY` when the file of a signer cannot be read
 */
export async function checksOf(given: Given): Promise<Checks> {
  const { signers, signatures, events, spelling, maxLineBytes } = given;
  const expectedHead = given.expectedHead === undefined ? undefined : checkHead(given.expectedHead, 'expectedHead');
  const expectedFirst =
    given.expectedFirst === undefined ? undefined : checkHash(given.expectedFirst, 'expectedFirst');
  const startAfter = given.startAfter === undefined ? undefined : checkHead(given.startAfter, 'startAfter');
  if (startAfter !== undefined) checkBehind(startAfter, expectedHead, expectedFirst);
  return {
    expectedHead,
    expectedFirst,
    startAfter,
    isLastOnly: signatures !== undefined && checkOneOf(signatures, 'signatures', ['all', 'last']) === 'last',
    isCoreOnly: events !== undefined && checkOneOf(events, 'events', ['core', 'extended']) === 'core',
    isExact: spelling !== undefined && checkOneOf(spelling, 'spelling', ['any', 'exact']) === 'exact',
    maxLineBytes: limitOf(maxLineBytes),
    signers: signers === undefined ? undefined : await resolveSigners(signers),
  };
}

const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Beyond this a line could need a longer string, or a larger Map, than JavaScript has. */
const LONGEST_LINE = 128 * 1024 * 1024;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
const PEM_BEGIN = '-----BEGIN';
/** RFC 7468: the 44 bytes of such a key are one line of base64. */
const PEM = /^-----BEGIN PUBLIC KEY-----(?:\r\n|\r|\n)([A-Za-z0-9+/]{59}=)(?:\r\n|\r|\n){1,2}-----END PUBLIC KEY-----$/;
/** RFC 8410, section 4: `SubjectPublicKeyInfo` of Ed25519 as DER, up to the 32 bytes of the key. */
const SPKI = '302a300506032b6570032100';

function limitOf(maxLineBytes: unknown): number {
  if (maxLineBytes === undefined) return MAX_LINE_BYTES;
  return Math.min(checkInteger(maxLineBytes, 'maxLineBytes', 1), LONGEST_LINE);
}

function checkHead(value: unknown, name: string): Head {
  if (value === undefined || value === null) {
    throw invalidArgument(`${name} must be {seq, hash}, found ${show(value)}`);
  }
  const given = checkOptions(value, ['seq', 'hash'], name);
  return { seq: checkInteger(given.seq, `${name}.seq`, 0), hash: checkHash(given.hash, `${name}.hash`) };
}

function checkHash(value: unknown, name: string): string {
  const hash = checkString(value, name);
  if (!isHex(hash, 64)) throw invalidArgument(`${name} must be 64 lower-case hex digits, found ${show(hash)}`);
  return hash;
}

async function resolveSigners(value: unknown): Promise<string[]> {
  const inputs: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (inputs.length === 0) {
    throw invalidArgument('signers is empty: no one could have signed; leave it out to check without pinned signers');
  }
  const signers: string[] = [];
  for (const input of inputs) signers.push(await resolveSigner(input));
  return signers;
}

async function resolveSigner(value: unknown): Promise<string> {
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw invalidArgument(`a signer must be 64 hex digits, PEM text, a path or a file: URL, found ${show(value)}`);
  }
  if (typeof value === 'string' && (HEX_KEY.test(value.trim()) || value.includes(PEM_BEGIN))) {
    return parsePublicKey(checkString(value, 'a signer'));
  }
  const { path, text } = await readKeyFile(value);
  return parsePublicKey(text, `${path}: `);
}

/** The hex digits of a key that is given in hex or as PEM. */
function parsePublicKey(text: string, where = ''): string {
  const refused = (why: string) => new SealwrightTypeError('ERR_PUBLIC_KEY', `${where}${why}`);
  const trimmed = text.trim();
  const hex = HEX_KEY.test(trimmed) ? trimmed.toLowerCase() : hexOfPem(trimmed);
  if (hex === undefined) throw refused('not an Ed25519 public key: neither 64 hex digits nor PEM');
  if (!isUsableKey(fromHex(hex))) throw refused('no signature can hold under this public key');
  return hex;
}

function hexOfPem(text: string): string | undefined {
  const base64 = PEM.exec(text)?.[1];
  if (base64 === undefined) return undefined;
  const binary = atob(base64);
  // Bits that stand for nothing must be zero.
  if (btoa(binary) !== base64) return undefined;
  const der = toHex(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  return der.startsWith(SPKI) ? der.slice(SPKI.length) : undefined;
}
