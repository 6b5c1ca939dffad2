/*
 * What can be said of one event: whether it holds by itself, and whether it and its neighbours follow one another. All
 * of it is what the verifier says of one line, or of two.
 */

import { type ChainReport, type Head, type SignedEvent, verifyChain } from '../../index.js';
import type { Found } from './find.js';

/** A check and how it ended. */
export interface EventCheck {
  readonly name: 'hash' | 'signature' | 'signer' | 'before' | 'after';
  readonly status: 'pass' | 'fail' | 'not-checked';
  readonly message: string;
}

/** What the checks of an event found. */
export interface Checked {
  readonly checks: readonly EventCheck[];
  /** SHA-256 of its canonical bytes; null for a first event that names one before it. */
  readonly recomputedHash: string | null;
}

/** Checks an event. Without `signers` nobody says who may sign. */
export function checkEvent({ text, signed, before, after }: Found, signers: readonly string[]): Checked {
  const pinned = signers.length === 0 ? {} : { signers };
  const alone = verifyChain([text], { ...startOf(signed), ...pinned });
  const checks = [
    hashCheck(alone),
    signatureCheck(alone),
    signerCheck(alone, signers),
    signed.seq === 0 && before === null ? firstCheck(signed) : linkCheck('before', before, verifyPair(before, { text, signed }), signed),
    linkCheck('after', after, verifyPair({ text, signed }, after), signed),
  ];
  const recomputedHash = alone.checks.hashes > 0 ? signed.selfHash : alone.code === 'hash_mismatch' ? alone.expected : null;
  return { checks, recomputedHash };
}

interface Line {
  readonly text: string;
  readonly signed: SignedEvent;
}

function verifyPair(first: Line | null, second: Line | null): ChainReport | null {
  return first === null || second === null ? null : verifyChain([first.text, second.text], startOf(first.signed));
}

/** The event that a line follows if it says the truth. */
function startOf({ seq, parentHash }: SignedEvent): { readonly startAfter?: Head } {
  return seq === 0 ? {} : { startAfter: { seq: seq - 1, hash: parentHash } };
}

/** Codes of a line whose hash was not reached. */
const BEFORE_HASH = new Set(['seq_mismatch', 'parent_mismatch']);

function hashCheck({ code, checks, reason }: ChainReport): EventCheck {
  if (code === 'hash_mismatch') return { name: 'hash', status: 'fail', message: 'is not that of the event: it was changed' };
  if (checks.hashes === 0) return { name: 'hash', status: 'not-checked', message: reason ?? '' };
  return { name: 'hash', status: 'pass', message: 'recomputes from the event' };
}

function signatureCheck({ code, checks, reason }: ChainReport): EventCheck {
  if (code === 'bad_signature') return { name: 'signature', status: 'fail', message: 'does not hold' };
  if (code === 'rotation_unendorsed') return { name: 'signature', status: 'fail', message: reason ?? code };
  if (checks.hashes === 0) return { name: 'signature', status: 'not-checked', message: 'the event has not the hash that it says' };
  return { name: 'signature', status: 'pass', message: 'holds over the hash, strictly checked' };
}

function signerCheck({ code, ok }: ChainReport, signers: readonly string[]): EventCheck {
  if (code === 'untrusted_signer') return { name: 'signer', status: 'fail', message: 'is none that you named' };
  if (signers.length === 0) return { name: 'signer', status: 'not-checked', message: 'the event itself says who signed it: --signer KEY' };
  return ok
    ? { name: 'signer', status: 'pass', message: 'is one that you named' }
    : { name: 'signer', status: 'not-checked', message: 'the event does not hold' };
}

function firstCheck({ parentHash }: SignedEvent): EventCheck {
  return /^0+$/.test(parentHash)
    ? { name: 'before', status: 'pass', message: 'it is the first event' }
    : { name: 'before', status: 'fail', message: 'it is the first event, and names one before it' };
}

function linkCheck(name: 'before' | 'after', neighbour: Line | null, pair: ChainReport | null, { seq }: SignedEvent): EventCheck {
  if (neighbour === null || pair === null) {
    const message = name === 'after' ? 'no event that can be read is behind it' : `event ${seq - 1} is not here, or cannot be read`;
    return { name, status: 'not-checked', message };
  }
  const other = neighbour.signed.seq;
  const follows = name === 'before' ? `it follows event ${other}` : `event ${other} follows it`;
  if (pair.brokenAt !== null && pair.line === 2 && BEFORE_HASH.has(pair.code ?? '')) {
    return { name, status: 'fail', message: `${follows.replace('follows', 'does not follow')}: ${pair.reason ?? ''}` };
  }
  return pair.line === 1
    ? { name, status: 'not-checked', message: `the first of both does not hold: ${pair.reason ?? ''}` }
    : { name, status: 'pass', message: follows };
}
