/*
 * One event, recomputed: each step with what came out and whether it is what the line says. The values are of the engine,
 * and of the hash function of the browser where it has one.
 */

import { counted, grouped } from '../../src/cli/words.js';
import type { EventDetail } from '../client.js';
import type { Key } from './state.js';

export interface Step {
  readonly title: string;
  readonly status: 'pass' | 'fail' | 'not-checked';
  readonly message: string;
  /** What was computed, where it is short enough to compare. */
  readonly value?: string;
}

const NO_EVENT = '0'.repeat(64);

/** The steps for an event; none for a line that cannot be read. `browserHash` is null where the browser hashes nothing. */
export function stepsOf({ explanation, previous }: EventDetail, browserHash: string | null, keys: readonly Key[]): readonly Step[] {
  if ('code' in explanation) return [];
  const { canonical, recomputedHash, selfHash, signatureHolds, signer, isWritersSpelling } = explanation;
  const bytes = new TextEncoder().encode(canonical).length;
  const spelling = isWritersSpelling ? 'The line is spelled as the writer spells.' : 'The line is spelled in another way than the writer spells.';
  return [
    { title: 'Canonical bytes', status: 'pass', message: `${counted(bytes, 'byte')} are hashed. ${spelling}` },
    recomputedHash === selfHash
      ? { title: 'SHA-256', status: 'pass', message: 'It is the self_hash of the line.', value: recomputedHash }
      : { title: 'SHA-256', status: 'fail', message: `It is not the self_hash of the line: the event was changed.`, value: recomputedHash },
    browserStep(browserHash, recomputedHash),
    linkStep(explanation, previous),
    signatureHolds
      ? { title: 'Signature', status: 'pass', message: 'Ed25519 holds over the recomputed hash, strictly checked.' }
      : { title: 'Signature', status: 'fail', message: 'Ed25519 does not hold over the recomputed hash.' },
    keys.length === 0
      ? { title: 'Signer', status: 'not-checked', message: 'The event itself says who signed it: name a key in the overview.' }
      : keys.some(({ publicKey }) => publicKey === signer)
        ? { title: 'Signer', status: 'pass', message: 'It is a key that you named.' }
        : { title: 'Signer', status: 'not-checked', message: 'It is no key that you named. One that you named may have handed over to it: the verdict says so.' },
  ];
}

function browserStep(browserHash: string | null, recomputedHash: string): Step {
  const title = 'SHA-256 by this browser';
  if (browserHash === null) return { title, status: 'not-checked', message: 'It has no hash function for pages like this one.' };
  return browserHash === recomputedHash
    ? { title, status: 'pass', message: 'The same.' }
    : { title, status: 'fail', message: 'Another one: do not rely on this viewer here.', value: browserHash };
}

function linkStep({ seq, parentHash }: { readonly seq: number; readonly parentHash: string }, previous: EventDetail['previous']): Step {
  const title = 'Previous link';
  if (previous === null) {
    if (seq > 0) return { title, status: 'not-checked', message: `Event ${grouped(seq - 1)} is not here.`, value: parentHash };
    return parentHash === NO_EVENT
      ? { title, status: 'pass', message: 'It is the first event, and names none before it.' }
      : { title, status: 'fail', message: 'It is the first event, and names one before it.', value: parentHash };
  }
  return parentHash === previous.selfHash
    ? { title, status: 'pass', message: 'Its parent_hash is the self_hash of the event before.', value: parentHash }
    : { title, status: 'fail', message: 'Its parent_hash is not the self_hash of the event before.', value: parentHash };
}
