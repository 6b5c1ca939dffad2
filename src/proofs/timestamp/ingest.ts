/*
 * Taking the answer to a request (RFC 3161, section 2.4.2). The caller brings it: nothing here opens a connection.
 */

import { checkOptions, checkString } from '../../args.js';
import { ProofError } from '../../errors.js';
import { parts } from './parts.js';
import { checkBytes } from './request.js';

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
  const [request, response] = [checkBytes(given.request, 'request'), checkBytes(given.response, 'response')];
  const asked = parts.messages.parseRequest(request);
  const { status, text, token } = parts.messages.parseAnswer(response);
  if (status > 1 || status < 0) {
    const why = text === '' ? '' : `: ${JSON.stringify(text)}`;
    throw new ProofError('ERR_TIMESTAMP_REFUSED', `the authority gave no timestamp, but the status ${status} (${STATUSES[status] ?? 'unknown'})${why}`);
  }
  if (token === undefined) throw new ProofError('ERR_TIMESTAMP_MALFORMED', 'not an answer to one: it grants a timestamp, and has none');
  const { problem, time } = parts.checks.answerProblem(token, checkpoint, asked);
  if (problem !== undefined) {
    const code = problem.code === 'timestamp_malformed' ? 'ERR_TIMESTAMP_MALFORMED' : 'ERR_TIMESTAMP_MISMATCH';
    throw new ProofError(code, problem.reason);
  }
  return { token: Uint8Array.from(token), time, modified: status === 1 };
}

const STATUSES: Readonly<Record<number, string>> = { 2: 'rejection', 3: 'waiting', 4: 'revocation warning', 5: 'revocation' };
