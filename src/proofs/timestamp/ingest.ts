/*
 * Taking the answer to a request (RFC 3161, section 2.4.2). The caller brings it: nothing here opens a connection.
 *
 *   TimeStampResp { { status, text?, failure? }, token? }
 */

import { checkOptions, checkString } from '../../args.js';
import { ProofError } from '../../errors.js';
import { type Der, integerOf, NotDer, parseDer, Parts, Tag } from './der.js';
import { checkBytes, parseRequest } from './request.js';
import { MAX_TOKEN } from './token.js';
import { answerProblem } from './verify.js';

/** Arguments of {@link timestampIngest}. */
export interface TimestampIngestFields {
  /** The checkpoint that the request was made for: a signed note, byte for byte. */
  readonly checkpoint: string;
  /** What {@link timestampRequest} gave. */
  readonly request: Uint8Array;
  /** What the authority answered, as `application/timestamp-reply`: DER. */
  readonly response: Uint8Array;
}

/** What {@link timestampIngest} takes out of an answer. */
export interface IngestedTimestamp {
  /** To be kept beside the checkpoint, for {@link verifyTimestamp}: DER, as `openssl ts -verify -token_in` reads it. */
  readonly token: Uint8Array;
  /** The time that it says, ISO 8601, UTC. Whether the authority is to be believed was not looked at. */
  readonly time: string;
  /** The authority granted it with modifications. */
  readonly modified: boolean;
}

/**
 * Takes the token out of an authority's answer: it has to answer this request about this checkpoint, and to be signed with
 * the certificate that it brings. Whether that is one to be trusted is for {@link verifyTimestamp}.
 *
 * @throws `ProofError` `ERR_TIMESTAMP_MALFORMED` (request or response cannot be read), `ERR_TIMESTAMP_REFUSED` (the
 * authority gave no timestamp), `ERR_TIMESTAMP_MISMATCH` (it answers something else, or its signature does not hold);
 * TypeError `ERR_INVALID_ARGUMENT`
 */
export function timestampIngest(fields: TimestampIngestFields): IngestedTimestamp {
  const given = checkOptions(fields, ['checkpoint', 'request', 'response'], 'timestampIngest');
  const checkpoint = checkString(given.checkpoint, 'checkpoint');
  const asked = readable('a request for a timestamp', () => parseRequest(checkBytes(given.request, 'request')));
  const { status, text, token } = readable('an answer to one', () => parseResponse(checkBytes(given.response, 'response')));
  if (status > 1n || status < 0n) {
    const why = text === '' ? '' : `: ${JSON.stringify(text)}`;
    throw new ProofError('ERR_TIMESTAMP_REFUSED', `the authority gave no timestamp, but the status ${status} (${STATUSES[Number(status)] ?? 'unknown'})${why}`);
  }
  if (token === undefined) throw new ProofError('ERR_TIMESTAMP_MALFORMED', 'not an answer to one: it grants a timestamp, and has none');
  const { problem, time } = answerProblem(token, checkpoint, asked);
  if (problem !== undefined) {
    const code = problem.code === 'timestamp_malformed' ? 'ERR_TIMESTAMP_MALFORMED' : 'ERR_TIMESTAMP_MISMATCH';
    throw new ProofError(code, problem.reason);
  }
  return { token: Uint8Array.from(token), time, modified: status === 1n };
}

const STATUSES: Readonly<Record<number, string>> = { 2: 'rejection', 3: 'waiting', 4: 'revocation warning', 5: 'revocation' };

interface Response {
  readonly status: bigint;
  readonly text: string;
  readonly token: Uint8Array | undefined;
}

function parseResponse(bytes: Uint8Array): Response {
  if (bytes.length > MAX_TOKEN) throw new NotDer(`it has more than ${MAX_TOKEN} bytes`);
  const parts = new Parts(parseDer(bytes), 'response');
  const info = new Parts(parts.take(Tag.sequence, 'status'), 'status');
  const token = parts.optional(Tag.sequence);
  parts.end();
  const status = integerOf(info.take(Tag.integer, 'number'));
  const texts: readonly Der[] = info.optional(Tag.sequence)?.parts ?? [];
  info.optional(Tag.bitString);
  info.end();
  const text = texts.map(({ content }) => Buffer.from(content).toString('utf8')).join(' ').slice(0, MAX_TEXT);
  return { status, text, token: token?.bytes };
}

/** Characters of an authority's text that an error shows. */
const MAX_TEXT = 200;

function readable<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotDer)) throw error;
    throw new ProofError('ERR_TIMESTAMP_MALFORMED', `not ${what}: ${error.message}`);
  }
}
