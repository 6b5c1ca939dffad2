/*
 * Events: what a ledger records. The factories turn arguments into the wire form; whether the fields fit their kind
 * is decided by the native side, at once.
 */

import { inspect } from 'node:util';
import { checkOptions, checkString } from './args.js';
import { wrap } from './errors.js';
import { type JsonView, readJson, writeJson } from './json.js';
import { native } from './native.js';

/** What may be recorded: an event, or its plain form, which is converted as by {@link events | events.fromJSON}. */
export type EventInput = LedgerEvent | { readonly type: string; readonly payload: unknown };

/** Makes an event of its text, which the native side has checked. */
export let eventFromText: (text: string) => LedgerEvent;
/** The JSON text of what may be recorded; a plain form is not checked yet. Paths in errors begin with `root`. */
export let textOfEvent: (event: unknown, root?: string) => string;

/** An event. It holds its exact JSON text, so recording one that was read before changes nothing. */
export class LedgerEvent {
  readonly #text: string;
  #view: { readonly type: string; readonly payload: JsonView } | undefined;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Its kind, such as `'ToolCalled'`. */
  get type(): string {
    return this.#viewed().type;
  }

  /**
   * Its fields by their wire names, frozen. A view for reading: integers beyond 2^53-1 are bigint, but `1.0` reads as
   * `1`. To record the event again pass the event itself.
   */
  get payload(): Readonly<Record<string, JsonView>> {
    return this.#viewed().payload as Readonly<Record<string, JsonView>>;
  }

  /** Its exact JSON text, for {@link events | events.parse}. */
  toString(): string {
    return this.#text;
  }

  /** `{type, payload}` for display; integers beyond 2^53-1 are decimal strings. To keep the event use `toString`. */
  toJSON(): { type: string; payload: JsonView } {
    return readJson(this.#text, (digits) => digits) as { type: string; payload: JsonView };
  }

  /** What `console.log` shows of it. */
  [inspect.custom](): unknown {
    return this.#viewed();
  }

  #viewed(): { readonly type: string; readonly payload: JsonView } {
    this.#view ??= readJson(this.#text) as { readonly type: string; readonly payload: JsonView };
    return this.#view;
  }

  static {
    eventFromText = (text) => new LedgerEvent(text);
    textOfEvent = (event, root) => {
      if (typeof event === 'object' && event !== null && #text in event) return event.#text;
      return writeJson(event, EVENT_DEPTH, EVENT_LENGTH, root);
    };
  }
}

/** Arguments of {@link events | events.sessionStarted}. */
export interface SessionStartedFields {
  readonly agentId: string;
  readonly modelId: string;
  /** The conversation or run; metadata, the file is the chain. */
  readonly sessionId: string;
}

/** Arguments of {@link events | events.utteranceCaptured}. */
export interface UtteranceCapturedFields {
  /** SHA-256 of the audio: 64 lower-case hex digits. */
  readonly audioSha256: string;
  /** Stored in clear. */
  readonly transcript: string;
  /** Language, such as `en`. */
  readonly lang: string;
  /** Milliseconds, 0 to 2^64-1. */
  readonly durationMs: number | bigint;
}

/** Arguments of {@link events | events.toolCalled}. */
export interface ToolCalledFields {
  readonly toolName: string;
  /** SHA-256 of the whole arguments, as by {@link canonicalSha256}: 64 lower-case hex digits. */
  readonly argsSha256: string;
  /** What of the arguments may be stored in clear: any JSON, at most 124 levels deep. */
  readonly argsRedacted: unknown;
}

/** Arguments of {@link events | events.toolReturned}. */
export interface ToolReturnedFields {
  readonly toolName: string;
  /** SHA-256 of the result: 64 lower-case hex digits. */
  readonly resultSha256: string;
  /** Milliseconds, 0 to 2^64-1. */
  readonly latencyMs: number | bigint;
  readonly success: boolean;
}

/** Arguments of {@link events | events.modelInvoked}. */
export interface ModelInvokedFields {
  readonly modelId: string;
  /** SHA-256 of the prompt: 64 lower-case hex digits. */
  readonly promptSha256: string;
  /** SHA-256 of the response: 64 lower-case hex digits. */
  readonly responseSha256: string;
  /** 0 to 2^32-1. */
  readonly promptTokens: number | bigint;
  /** 0 to 2^32-1. */
  readonly responseTokens: number | bigint;
}

/** Arguments of {@link events | events.utteranceSpoken}. */
export interface UtteranceSpokenFields {
  /** SHA-256 of the text: 64 lower-case hex digits. */
  readonly textSha256: string;
  /** Stored in clear. */
  readonly text: string;
  /** SHA-256 of the audio, or empty when there is none. */
  readonly audioSha256: string;
}

/** Arguments of {@link events | events.sessionEnded}. */
export interface SessionEndedFields {
  readonly reason: string;
  /** SHA-256 of a summary, or empty when there is none. */
  readonly summarySha256: string;
}

/** Arguments of {@link events | events.custom}. */
export interface CustomFields {
  /** A reverse-domain name such as `com.example.refund`, at most 255 bytes. */
  readonly name: string;
  /** Any JSON, at most 124 levels deep. */
  readonly data: unknown;
}

/** Arguments of {@link events | events.payloadErased}. */
export interface PayloadErasedFields {
  /** The commitment to the value, as `commit` of `sealwright/proofs` made it: 64 lower-case hex digits. */
  readonly commitment: string;
  /** Why; stored in clear. */
  readonly reason: string;
}

/** Arguments of {@link events | events.tokenIssued}. */
export interface TokenIssuedFields {
  /** The token's `jti`. */
  readonly jti: string;
  /** Its `iss`: a DID. */
  readonly issuer: string;
  /** What it says became of the verification: `VERIFIED`, `FAILED` and others. */
  readonly status: string;
  /** The SHA-256 of what its signature is over, `header.payload`: 64 lower-case hex digits. */
  readonly signingInputSha256: string;
}

/**
 * Makers of events. Digests are made by the caller with {@link sha256Hex} and {@link canonicalSha256}: what is
 * hashed and what is kept in clear is the caller's decision, nothing is redacted here.
 *
 * Each throws at once; where a value is refused, with its `path` in wire names:
 * - TypeError `ERR_INVALID_ARGUMENT` (an argument of an unknown name), `ERR_EVENT_FIELD` (a missing or unknown field, a
 *   wrong type), `ERR_JSON_UNSUPPORTED`, `ERR_JSON_STRING` (not JSON)
 * - RangeError `ERR_OUT_OF_RANGE`, `ERR_JSON_NUMBER`, `ERR_DEPTH_EXCEEDED`, `ERR_LINE_TOO_LONG` (a line of 16 MiB)
 * - {@link SigningError} `ERR_EVENT_DIGEST` (not 64 lower-case hex digits), `ERR_EVENT_KIND` (an unknown kind),
 *   `ERR_JSON_SYNTAX`, `ERR_JSON_DUPLICATE_KEY` (of {@link events | events.parse})
 *
 * Events that only the library writes, such as `KeyRotated`, are read by {@link events | events.parse}; to record or to
 * sign one is `ERR_EVENT_RESERVED`.
 */
export const events = Object.freeze({
  /** A conversation or run begins. */
  sessionStarted: factory<SessionStartedFields>('sessionStarted', 'SessionStarted', [
    'agentId',
    'modelId',
    'sessionId',
  ]),
  /** Speech came in. */
  utteranceCaptured: factory<UtteranceCapturedFields>('utteranceCaptured', 'UtteranceCaptured', [
    'audioSha256',
    'transcript',
    'lang',
    'durationMs',
  ]),
  /** A tool is called. */
  toolCalled: factory<ToolCalledFields>('toolCalled', 'ToolCalled', ['toolName', 'argsSha256', 'argsRedacted']),
  /** A tool answered. */
  toolReturned: factory<ToolReturnedFields>('toolReturned', 'ToolReturned', [
    'toolName',
    'resultSha256',
    'latencyMs',
    'success',
  ]),
  /** A model answered. */
  modelInvoked: factory<ModelInvokedFields>('modelInvoked', 'ModelInvoked', [
    'modelId',
    'promptSha256',
    'responseSha256',
    'promptTokens',
    'responseTokens',
  ]),
  /** The agent said something. */
  utteranceSpoken: factory<UtteranceSpokenFields>('utteranceSpoken', 'UtteranceSpoken', [
    'textSha256',
    'text',
    'audioSha256',
  ]),
  /** A conversation or run is over. */
  sessionEnded: factory<SessionEndedFields>('sessionEnded', 'SessionEnded', ['reason', 'summarySha256']),
  /** An event of your own; for sessions opened with `events: 'extended'`. */
  custom: factory<CustomFields>('custom', 'Custom', ['name', 'data']),
  /**
   * A value that the ledger has a commitment to was deleted, and its salt with it; for sessions opened with
   * `events: 'extended'`. Record it after that is done: it says so, it does not do it.
   */
  payloadErased: factory<PayloadErasedFields>('payloadErased', 'PayloadErased', ['commitment', 'reason']),
  /**
   * An attestation was signed; for sessions opened with `events: 'extended'`. `createAttestation` of `sealwright/tokens`
   * records it before it gives the token away.
   */
  tokenIssued: factory<TokenIssuedFields>('tokenIssued', 'TokenIssued', ['jti', 'issuer', 'status', 'signingInputSha256']),

  /** The event of its JSON text. Lossless: numbers keep their kind. */
  parse(text: string): LedgerEvent {
    checkString(text, 'text', 'the JSON text of an event', 'ERR_JSON_STRING');
    return eventFromText(wrap(() => native.parseEvent(text)));
  },

  /**
   * The event of its plain form. Lossy for whole-number doubles: what `JSON.parse` read as `1` may have been `1.0`,
   * which has another hash. For text use {@link events | events.parse}.
   */
  fromJSON(event: { readonly type: string; readonly payload: unknown }): LedgerEvent {
    const text = textOfEvent(event);
    return eventFromText(wrap(() => native.parseEvent(text)));
  },
});

/** Containers that may be inside each other in an event: one less than on a line. */
const EVENT_DEPTH = 126;
/** UTF-16 units that make more than the 16 MiB of a line, even where the ledger writes `1e-6` for 0.000001. */
const EVENT_LENGTH = 32 * 1024 * 1024;

type FieldsOfAll = SessionStartedFields &
  UtteranceCapturedFields &
  ToolCalledFields &
  ToolReturnedFields &
  ModelInvokedFields &
  UtteranceSpokenFields &
  SessionEndedFields &
  CustomFields &
  PayloadErasedFields &
  TokenIssuedFields;

const WIRE_NAMES: { readonly [Name in keyof FieldsOfAll]: string } = {
  agentId: 'agent_id',
  argsRedacted: 'args_redacted',
  argsSha256: 'args_sha256',
  audioSha256: 'audio_sha256',
  commitment: 'commitment',
  data: 'data',
  durationMs: 'duration_ms',
  issuer: 'issuer',
  jti: 'jti',
  lang: 'lang',
  latencyMs: 'latency_ms',
  modelId: 'model_id',
  name: 'name',
  promptSha256: 'prompt_sha256',
  promptTokens: 'prompt_tokens',
  reason: 'reason',
  responseSha256: 'response_sha256',
  responseTokens: 'response_tokens',
  resultSha256: 'result_sha256',
  sessionId: 'session_id',
  signingInputSha256: 'signing_input_sha256',
  status: 'status',
  success: 'success',
  summarySha256: 'summary_sha256',
  text: 'text',
  textSha256: 'text_sha256',
  toolName: 'tool_name',
  transcript: 'transcript',
};

function factory<Fields extends object>(
  maker: string,
  type: string,
  names: readonly (keyof Fields & keyof FieldsOfAll)[],
): (fields: Fields) => LedgerEvent {
  return (fields) => {
    const given = checkOptions(fields, names, `events.${maker}`);
    const payload: Record<string, unknown> = {};
    for (const name of names) {
      const value = given[name];
      // A field left out is the native side's to refuse, by its wire name.
      if (value !== undefined) payload[WIRE_NAMES[name]] = value;
    }
    const text = writeJson({ type, payload }, EVENT_DEPTH, EVENT_LENGTH);
    return eventFromText(wrap(() => native.parseEvent(text)));
  };
}
