/*
 * The keys of a line, of its event and of each kind's payload, in the order in which the writer puts them, and what
 * each of them holds.
 */

import type { JsonValue } from './json.js';
import { objectOf } from './json.js';

/** What a field must hold, in the words of a report. */
export interface Field {
  /** The JSON type. */
  readonly type: string;
  hasType(value: JsonValue): boolean;
  /** Of an integer: the largest that is allowed, from 0 on; and the range in words. */
  readonly largest?: bigint;
  readonly range?: string;
  /** Of hex: the number of lower-case digits. */
  readonly digits?: number;
  /** Whether this is a digest that a warning is given for when it is none; and whether "" is one. */
  readonly isDigest?: boolean;
  readonly mayBeEmpty?: boolean;
}

/** The fields of an object by name. */
export type Fields = ReadonlyMap<string, Field>;

/** A kind's name: checked as part of its type. */
export const KIND_NAME = 'a capital letter, then at most 63 letters and digits';

export function isKindName(text: string): boolean {
  return /^[A-Z][A-Za-z0-9]{0,63}$/.test(text);
}

/** Whether a string is so many lower-case hex digits. */
export function isHex(text: string, digits: number): boolean {
  return text.length === digits && /^[0-9a-f]*$/.test(text);
}

/** The fields of a kind's payload; undefined of an unknown kind. */
export function fieldsOfKind(kind: string): Fields | undefined {
  return CORE.get(kind) ?? EXTENDED.get(kind);
}

/** Whether a kind is one of the seven that will never get another field. */
export function isCore(kind: string): boolean {
  return CORE.has(kind);
}

const isString = (value: JsonValue) => typeof value === 'string';
const isInteger = (value: JsonValue) => typeof value === 'bigint';

const text: Field = { type: 'a string', hasType: isString };
const digest: Field = { type: '64 lower-case hex digits', hasType: isString, isDigest: true };
const digestOrEmpty: Field = { ...digest, type: '64 lower-case hex digits, or an empty string', mayBeEmpty: true };
const boolean: Field = { type: 'a boolean', hasType: (value) => typeof value === 'boolean' };
const name: Field = { type: 'a reverse-domain name such as com.example.refund', hasType: isString };
const json: Field = { type: 'any value', hasType: () => true };
const object: Field = { type: 'an object', hasType: (value) => objectOf(value) !== undefined };
const publicKey: Field = { type: '64 lower-case hex digits', hasType: isString, digits: 64 };
const signature: Field = { type: '128 lower-case hex digits', hasType: isString, digits: 128 };
const u64 = integerUpTo(2n ** 64n - 1n);
const u32 = integerUpTo(2n ** 32n - 1n);

/** The seven keys of a line. */
export const LINE: Fields = fields({
  seq: placeUpTo(2n ** 53n - 1n),
  timestamp_nanos: placeUpTo(2n ** 64n - 1n),
  event: object,
  parent_hash: hex(64),
  self_hash: hex(64),
  signature: hex(128),
  signer_pubkey: hex(64),
});

/** The two keys of an event. */
export const EVENT: Fields = fields({ type: text, payload: object });

const CORE: ReadonlyMap<string, Fields> = new Map([
  ['SessionStarted', fields({ agent_id: text, model_id: text, session_id: text })],
  ['UtteranceCaptured', fields({ audio_sha256: digest, transcript: text, lang: text, duration_ms: u64 })],
  ['ToolCalled', fields({ tool_name: text, args_sha256: digest, args_redacted: json })],
  ['ToolReturned', fields({ tool_name: text, result_sha256: digest, latency_ms: u64, success: boolean })],
  [
    'ModelInvoked',
    fields({
      model_id: text,
      prompt_sha256: digest,
      response_sha256: digest,
      prompt_tokens: u32,
      response_tokens: u32,
    }),
  ],
  ['UtteranceSpoken', fields({ text_sha256: digest, text, audio_sha256: digestOrEmpty })],
  ['SessionEnded', fields({ reason: text, summary_sha256: digestOrEmpty })],
]);
const EXTENDED: ReadonlyMap<string, Fields> = new Map([
  ['Custom', fields({ name, data: json })],
  ['KeyRotated', fields({ old_key: publicKey, new_key: publicKey, first_hash: digest, proof: signature })],
  ['LedgerRestored', fields({ known_seq: u64, known_hash: digest, reason: text })],
  ['LedgerPruned', fields({ count: u64, last_seq: u64, last_hash: digest, first_hash: digest })],
  ['SessionSealed', fields({ session_id: text, count: u64, head_seq: u64, head_hash: digestOrEmpty })],
  ['Heartbeat', fields({ session_id: text, interval_ms: u64 })],
  ['PayloadErased', fields({ commitment: digest, reason: text })],
  ['TokenIssued', fields({ jti: text, issuer: text, status: text, signing_input_sha256: digest })],
]);

function fields(byName: Readonly<Record<string, Field>>): Fields {
  return new Map(Object.entries(byName));
}

function placeUpTo(largest: bigint): Field {
  return { type: 'an integer', hasType: isInteger, largest, range: `0 to ${largest}` };
}

function integerUpTo(largest: bigint): Field {
  const range = `an integer from 0 to ${largest}`;
  return { type: range, hasType: isInteger, largest, range };
}

function hex(digits: number): Field {
  return { type: 'a string', hasType: isString, digits };
}
