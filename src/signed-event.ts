/*
 * SignedEvent: one line of a ledger.
 *
 *   {"seq":N,"timestamp_nanos":N,"event":{...},"parent_hash":"64 hex","self_hash":"64 hex",
 *    "signature":"128 hex","signer_pubkey":"64 hex"}
 *
 * The end of a line as the writer spells it has a fixed length, so the fields are cut out of the text when asked for.
 */

import { inspect } from 'node:util';
import { checkInteger, checkNanos, checkOptions, checkString, invalidArgument } from './args.js';
import { wrap } from './errors.js';
import { type EventInput, eventFromText, type LedgerEvent, textOfEvent } from './events.js';
import type { JsonView } from './json.js';
import { nativeKeyOf, type SigningKeypair } from './keys.js';
import { native } from './native.js';

/** `parent_hash` of the first event of a ledger: sixty-four zeros. */
export const GENESIS_PARENT_HASH = '0'.repeat(64);

/** A signed event in wire names; nanoseconds as a decimal string, since they are beyond what a number holds. */
export interface SignedEventJson {
  readonly seq: number;
  readonly timestamp_nanos: string;
  readonly event: { readonly type: string; readonly payload: JsonView };
  readonly parent_hash: string;
  readonly self_hash: string;
  readonly signature: string;
  readonly signer_pubkey: string;
}

/** Whether a value is one: what only inherits from one, or stands for one, has no line. */
export let isSignedEvent: (value: unknown) => value is SignedEvent;

/** Makes a signed event of a line that the native side wrote or checked, and the same line in the writer's spelling. */
export let signedEventFromLine: (line: string, spelled?: string) => SignedEvent;

/** An event at its place in a chain, signed. Made by recording, signing, reading or parsing; never changes. */
export class SignedEvent {
  readonly #line: string;
  /** The line as the writer spells it; the line itself may be spelled otherwise. */
  readonly #spelled: string;
  #event: LedgerEvent | undefined;

  private constructor(line: string, spelled: string) {
    this.#line = line;
    this.#spelled = spelled;
  }

  /**
   * The signed event of a ledger line, with or without its LF. Syntax and fields are checked; hash and signature are
   * for {@link verifyChain}.
   *
   * @throws {@link ChainError} `ERR_LEDGER_MALFORMED` (no JSON object), `ERR_CHAIN_BROKEN` (fields that do not fit),
   * `ERR_LINE_TOO_LONG`, `ERR_DEPTH_EXCEEDED`; TypeError `ERR_INVALID_ARGUMENT`, `ERR_JSON_STRING`
   */
  static parse(line: string): SignedEvent {
    const text = lineOf(line, 'line');
    return new SignedEvent(text, wrap(() => native.parseLine(text)));
  }

  /** Place in the ledger, from 0, below 2^53. */
  get seq(): number {
    return Number(this.#spelled.slice(SEQ_AT, this.#spelled.indexOf(',', SEQ_AT)));
  }

  /** When it was sealed, by the writer's clock: nanoseconds since 1970. */
  get timestampNanos(): bigint {
    const start = this.#spelled.indexOf(':', SEQ_AT) + 1;
    return BigInt(this.#spelled.slice(start, this.#spelled.indexOf(',', start)));
  }

  /** What was recorded. */
  get event(): LedgerEvent {
    if (this.#event === undefined) {
      const start = this.#spelled.indexOf(EVENT_KEY) + EVENT_KEY.length;
      this.#event = eventFromText(this.#spelled.slice(start, -END_LENGTH));
    }
    return this.#event;
  }

  /** `self_hash` of the event before; {@link GENESIS_PARENT_HASH} for the first. 64 lower-case hex digits. */
  get parentHash(): string {
    return this.#field(PARENT_FROM_END, HASH_DIGITS);
  }

  /** SHA-256 of event, parent, seq and time in canonical form. 64 lower-case hex digits. */
  get selfHash(): string {
    return this.#field(SELF_FROM_END, HASH_DIGITS);
  }

  /** Ed25519 over the 32 raw bytes of the hash. 128 lower-case hex digits. */
  get signature(): string {
    return this.#field(SIGNATURE_FROM_END, SIGNATURE_DIGITS);
  }

  /** Public key of who signed. 64 lower-case hex digits. */
  get signerPubkey(): string {
    return this.#field(SIGNER_FROM_END, HASH_DIGITS);
  }

  /** The exact ledger line, without its LF: never encoded again. */
  toLine(): string {
    return this.#line;
  }

  /** Wire names, for display. To keep or hand on the event use {@link SignedEvent.toLine}. */
  toJSON(): SignedEventJson {
    return {
      seq: this.seq,
      timestamp_nanos: String(this.timestampNanos),
      event: this.event.toJSON(),
      parent_hash: this.parentHash,
      self_hash: this.selfHash,
      signature: this.signature,
      signer_pubkey: this.signerPubkey,
    };
  }

  /** What `console.log` shows of it. */
  [inspect.custom](): SignedEventJson {
    return this.toJSON();
  }

  #field(fromEnd: number, length: number): string {
    const start = this.#spelled.length - fromEnd;
    return this.#spelled.slice(start, start + length);
  }

  static {
    isSignedEvent = (value): value is SignedEvent => typeof value === 'object' && value !== null && #line in value;
    signedEventFromLine = (line, spelled = line) => new SignedEvent(line, spelled);
  }
}

/** Place of an event in a chain that the caller keeps. */
export interface EventPlace {
  readonly event: EventInput;
  /** Place in the chain, from 0, below 2^53. */
  readonly seq: number;
  /** `self_hash` of the event before, {@link GENESIS_PARENT_HASH} for the first: 64 lower-case hex digits. */
  readonly parentHash: string;
  /** Nanoseconds since 1970, 0 to 2^64-1. */
  readonly timestampNanos: bigint;
}

/** Arguments of {@link signEvent}. */
export interface SignEventFields extends Omit<EventPlace, 'timestampNanos'> {
  readonly keypair: SigningKeypair;
  /** Nanoseconds since 1970, 0 to 2^64-1. Default: now. */
  readonly timestampNanos?: bigint | undefined;
}

/**
 * Signs one event for a chain that the caller keeps; nothing is written. For a ledger file use {@link Session}.
 *
 * @throws TypeError, RangeError and {@link SigningError} as {@link events}; SigningError `ERR_EVENT_RESERVED` of a kind
 * that only the library writes; for the place `ERR_INVALID_ARGUMENT`, `ERR_OUT_OF_RANGE`
 */
export function signEvent(fields: SignEventFields): SignedEvent {
  const names = ['event', 'seq', 'parentHash', 'keypair', 'timestampNanos'] as const;
  const given = checkOptions(fields, names, 'signEvent');
  const key = nativeKeyOf(given.keypair, 'keypair');
  const seq = checkInteger(given.seq, 'seq', 0);
  const parentHash = checkString(given.parentHash, 'parentHash');
  const timestampNanos =
    given.timestampNanos === undefined ? undefined : checkNanos(given.timestampNanos, 'timestampNanos');
  const event = textOfEvent(given.event);
  return signedEventFromLine(wrap(() => native.signEvent(event, seq, parentHash, key, timestampNanos)));
}

/**
 * The hash that an event has at a place in a chain: 64 lower-case hex digits.
 *
 * @throws TypeError, RangeError and {@link SigningError} as {@link events}; for the place `ERR_INVALID_ARGUMENT`,
 * `ERR_OUT_OF_RANGE`
 */
export function computeSelfHash(fields: EventPlace): string {
  const given = checkOptions(fields, ['event', 'seq', 'parentHash', 'timestampNanos'], 'computeSelfHash');
  const seq = checkInteger(given.seq, 'seq', 0);
  const parentHash = checkString(given.parentHash, 'parentHash');
  const timestampNanos = checkNanos(given.timestampNanos, 'timestampNanos');
  const event = textOfEvent(given.event);
  return wrap(() => native.computeSelfHash(event, seq, parentHash, timestampNanos));
}

/** One ledger line as an argument: without its LF, if it has one at its end. Refused: an LF anywhere else. */
export function lineOf(value: unknown, name: string): string {
  const text = checkString(value, name, 'a ledger line', 'ERR_JSON_STRING');
  const line = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (line.includes('\n')) throw invalidArgument(`${name} must be one line, found a line feed inside`);
  return line;
}

const HASH_DIGITS = 64;
const SIGNATURE_DIGITS = 128;
const SEQ_AT = '{"seq":'.length;
const EVENT_KEY = ',"event":';
// Where the values of the last four fields begin, counted from the end of the line.
const SIGNER_FROM_END = HASH_DIGITS + '"}'.length;
const SIGNATURE_FROM_END = SIGNATURE_DIGITS + '","signer_pubkey":"'.length + SIGNER_FROM_END;
const SELF_FROM_END = HASH_DIGITS + '","signature":"'.length + SIGNATURE_FROM_END;
const PARENT_FROM_END = HASH_DIGITS + '","self_hash":"'.length + SELF_FROM_END;
const END_LENGTH = ',"parent_hash":"'.length + PARENT_FROM_END;
