/*
 * Asking for a timestamp (RFC 3161, section 2.4.1). The caller carries what is asked: nothing here opens a connection.
 *
 *   TimeStampReq { 1, { SHA-256, hash of the checkpoint's bytes }, policy?, nonce, TRUE: with certificates }
 */

import { checkOptions, checkString, invalidArgument, isBytes, show } from '../../args.js';
import { builtin } from '../../builtin.js';
import { booleanOf, integerOf, NotDer, oidOf, parseDer, Parts, Tag, writeDer, writeOid } from './der.js';
import { parseImprint } from './token.js';

/** Options of {@link timestampRequest}. */
export interface TimestampRequestOptions {
  /** The policy that the authority is to keep to, as a dotted object identifier. Without it, its own. */
  readonly policy?: string | undefined;
}

/** What {@link timestampRequest} makes. */
export interface TimestampRequest {
  /** To be sent as `application/timestamp-query`, and to be kept: DER. */
  readonly request: Uint8Array;
  /** What the answer has to repeat: 16 lower-case hex digits, in the request too. */
  readonly nonce: string;
  /** SHA-256 of the checkpoint's bytes: 64 lower-case hex digits. */
  readonly imprint: string;
}

/** Most bytes of a request. */
export const MAX_REQUEST = 4096;

const SHA256 = '2.16.840.1.101.3.4.2.1';

/**
 * Asks a timestamping authority when a checkpoint was there.
 *
 * @param checkpoint the signed note, byte for byte: with other signatures on it the timestamp would be of something else
 * @throws TypeError `ERR_INVALID_ARGUMENT`
 */
export function timestampRequest(checkpoint: string, options?: TimestampRequestOptions): TimestampRequest {
  const hash = imprintOf(checkString(checkpoint, 'checkpoint'));
  const policy = checkPolicy(checkOptions(options, ['policy'], 'timestampRequest').policy);
  const nonce = builtin.crypto.randomBytes(8);
  // A positive integer that begins with no zeros, so that its hex is the nonce.
  nonce.writeUInt8((nonce.readUInt8() & 0x3f) | 0x40);
  const algorithm = writeDer(Tag.sequence, writeOid(SHA256), writeDer(Tag.null));
  const request = writeDer(
    Tag.sequence,
    writeDer(Tag.integer, Buffer.of(1)),
    writeDer(Tag.sequence, algorithm, writeDer(Tag.octetString, hash)),
    ...(policy === undefined ? [] : [writeOid(policy)]),
    writeDer(Tag.integer, nonce),
    writeDer(Tag.boolean, Buffer.of(0xff)),
  );
  return { request: Uint8Array.from(request), nonce: nonce.toString('hex'), imprint: hash.toString('hex') };
}

/** What was asked for. */
export interface Asked {
  readonly imprint: Uint8Array;
  /** Dotted. */
  readonly policy: string | undefined;
  readonly nonce: bigint | undefined;
}

/** Reads a request. Throws {@link NotDer}, and nothing else, for other bytes. */
export function parseRequest(bytes: Uint8Array): Asked {
  if (bytes.length > MAX_REQUEST) throw new NotDer(`it has more than ${MAX_REQUEST} bytes`);
  const parts = new Parts(parseDer(bytes), 'request');
  if (integerOf(parts.take(Tag.integer, 'version')) !== 1n) throw new NotDer('it is of another version than 1');
  const { algorithm, hash } = parseImprint(parts.take(Tag.sequence, 'imprint'));
  const policy = parts.optional(Tag.objectIdentifier);
  const nonce = parts.optional(Tag.integer);
  const certificates = parts.optional(Tag.boolean);
  if (certificates !== undefined) booleanOf(certificates);
  parts.optional(Tag.constructed(0));
  parts.end();
  if (algorithm !== SHA256) throw new NotDer('it is about another hash than SHA-256');
  return {
    imprint: hash,
    policy: policy === undefined ? undefined : oidOf(policy),
    nonce: nonce === undefined ? undefined : integerOf(nonce),
  };
}

/** SHA-256 of the checkpoint's bytes. */
export function imprintOf(checkpoint: string): Buffer {
  return builtin.crypto.createHash('sha256').update(checkpoint, 'utf8').digest();
}

/** An object identifier in dotted form, or none. */
export function checkPolicy(policy: unknown): string | undefined {
  if (policy === undefined) return undefined;
  const text = checkString(policy, 'policy');
  if (text.length > 128 || !/^([01]\.[1-3]?\d|2\.(0|[1-9]\d*))(\.(0|[1-9]\d*))*$/.test(text)) {
    throw invalidArgument(`policy must be a dotted object identifier, found ${show(policy)}`);
  }
  return text;
}

/** Bytes. */
export function checkBytes(value: unknown, name: string): Uint8Array {
  if (!isBytes(value)) throw invalidArgument(`${name} must be bytes, found ${show(value)}`);
  return value;
}
