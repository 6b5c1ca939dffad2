/*
 * The `signers` option: public keys as hex digits, as PEM text, or in a file that holds one of both.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { checkString, invalidArgument, type PathLike, show } from './args.js';
import { ledgerError, SealwrightTypeError, wrap } from './errors.js';
import { native } from './native.js';
import { toPath } from './paths.js';

/** 64 hex digits, PEM text (SPKI), or the path or `file:` URL of a file of at most 16 KiB that holds one of both. */
export type SignerInput = PathLike;

/**
 * Public keys as 64 lower-case hex digits each.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT` (no signer at all among them), `ERR_PUBLIC_KEY` for text that is no usable
 * Ed25519 key; {@link LedgerError} `ERR_PUBLIC_KEY` when a file cannot be read
 */
export function resolveSigners(value: unknown): string[] {
  const inputs: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (inputs.length === 0) {
    throw invalidArgument('signers is empty: no one could have signed; leave it out to check without pinned signers');
  }
  return Array.from(inputs, resolveSigner);
}

/**
 * The fingerprint of a public key: the first 16 bytes of SHA-256 over its 32 raw bytes, as eight groups of four hex
 * digits, short enough to be compared by eye or read aloud.
 *
 * @throws TypeError `ERR_INVALID_ARGUMENT`, `ERR_PUBLIC_KEY`; {@link LedgerError} `ERR_PUBLIC_KEY` when a file cannot be read
 */
export function publicKeyFingerprint(publicKey: SignerInput): string {
  const key = resolveSigner(publicKey);
  return wrap(() => native.publicKeyFingerprint(key));
}

const MAX_FILE_BYTES = 16 * 1024;
const HEX_KEY = /^[0-9a-fA-F]{64}$/;
const PEM_BEGIN = '-----BEGIN';

function resolveSigner(value: unknown): string {
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw invalidArgument(`a signer must be 64 hex digits, PEM text, a path or a file: URL, found ${show(value)}`);
  }
  if (typeof value === 'string' && (HEX_KEY.test(value.trim()) || value.includes(PEM_BEGIN))) {
    checkString(value, 'a signer');
    return wrap(() => native.parsePublicKey(value));
  }
  const path = toPath(value, 'a signer');
  const text = readKeyFile(path);
  try {
    return wrap(() => native.parsePublicKey(text));
  } catch (error) {
    if (!(error instanceof SealwrightTypeError)) throw error;
    throw new SealwrightTypeError(error.code, `${path}: ${error.message}`);
  }
}

/** The text of a small regular file; a FIFO or device is refused without waiting for it. */
function readKeyFile(path: string): string {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  try {
    // Windows has no O_NONBLOCK, nor FIFOs at such paths.
    const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!fstatSync(descriptor).isFile()) throw new Error('not a regular file');
      for (let read = -1; read !== 0 && length < buffer.length; length += read) {
        read = readSync(descriptor, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw ledgerError('ERR_PUBLIC_KEY', `cannot read the public key ${path}: ${message}`, { cause, osCode: code });
  }
  if (length > MAX_FILE_BYTES) {
    throw new SealwrightTypeError('ERR_PUBLIC_KEY', `${path} is longer than ${MAX_FILE_BYTES} bytes: no public key`);
  }
  return buffer.toString('utf8', 0, length).trim();
}
