/*
 * What is sent to an authority, and what it answers (RFC 3161, section 2.4).
 *
 *   TimeStampReq { 1, { SHA-256, hash of the checkpoint's bytes }, policy?, nonce, TRUE: with certificates }
 *   TimeStampResp { { status, text?, failure? }, token? }
 */

import { ProofError } from '../../errors.js';
import { integerOf, NotDer, readDer, writeDer } from './der.js';
import { imprintIn, MAX_TOKEN } from './token.js';
import { AlgorithmIdentifier, MessageImprint, OctetString, TimeStampReq, TimeStampResp } from './vendor.js';

/** What was asked for. */
export interface Asked {
  readonly imprint: Uint8Array;
  /** Dotted. */
  readonly policy: string | undefined;
  readonly nonce: bigint | undefined;
}

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly token: Uint8Array | undefined;
}

/** Most bytes of a request. */
const MAX_REQUEST = 4096;

const SHA256 = '2.16.840.1.101.3.4.2.1';

/** Writes a request; `nonce` is a positive integer that begins with no zeros. */
export function encodeRequest(imprint: Uint8Array, nonce: Uint8Array, reqPolicy: string | undefined): Uint8Array {
  const hashAlgorithm = new AlgorithmIdentifier({ algorithm: SHA256, parameters: null });
  const messageImprint = new MessageImprint({ hashAlgorithm, hashedMessage: new OctetString(imprint) });
  const policy = reqPolicy === undefined ? {} : { reqPolicy };
  return Uint8Array.from(writeDer(new TimeStampReq({ messageImprint, ...policy, nonce: Uint8Array.from(nonce).buffer, certReq: true })));
}

/** Reads a request. Throws `ProofError` `ERR_TIMESTAMP_MALFORMED`. */
export function parseRequest(bytes: Uint8Array): Asked {
  return readable('a request for a timestamp', () => {
    if (bytes.length > MAX_REQUEST) throw new NotDer(`it has more than ${MAX_REQUEST} bytes`);
    const { version, messageImprint, reqPolicy, nonce } = readDer(bytes, TimeStampReq, 'request');
    if (version !== 1) throw new NotDer('it is of another version than 1');
    const { algorithm, hash } = imprintIn(messageImprint);
    if (algorithm !== SHA256) throw new NotDer('it is about another hash than SHA-256');
    return { imprint: hash, policy: reqPolicy, nonce: nonce === undefined ? undefined : integerOf(nonce) };
  });
}

/** Reads an answer. Throws `ProofError` `ERR_TIMESTAMP_MALFORMED`. */
export function parseAnswer(bytes: Uint8Array): Answer {
  return readable('an answer to one', () => {
    if (bytes.length > MAX_TOKEN) throw new NotDer(`it has more than ${MAX_TOKEN} bytes`);
    const { status, timeStampToken } = readDer(bytes, TimeStampResp, 'response');
    return {
      status: Number(status.status),
      text: (status.statusString ?? []).join(' ').slice(0, MAX_TEXT),
      token: timeStampToken === undefined ? undefined : Uint8Array.from(writeDer(timeStampToken)),
    };
  });
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
