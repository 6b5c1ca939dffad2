// A log that a session makes: what it is called, who trusts it, and what is in it.

import type { Session, SigningKeypair } from 'sealwright';
import { logKey } from 'sealwright/proofs';
import { ended, key1 } from '../../helpers/ledgers.mts';
import { ORIGIN } from './proof.mts';

export { ORIGIN };

/** Takes the checkpoints that this key signs; no witness is needed. */
export function policyFor({ publicKeyHex }: SigningKeypair): string {
  return `log ${logKey(ORIGIN, publicKeyHex)}\nquorum none\n`;
}

/** Takes those that the first key signs. */
export const policy = policyFor(key1);

/** Records so many events, all at once. */
export async function record(session: Session, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => session.record(ended(`r${index}`))));
}
