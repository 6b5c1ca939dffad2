// A log that a session makes: what it is called, who trusts it, and what is in it.

import type { Session } from 'sealwright';
import { logKey } from 'sealwright/proofs';
import { ended, key1 } from '../../helpers/ledgers.mts';
import { ORIGIN } from './proof.mts';

export { ORIGIN };

/** Takes the checkpoints of sessions with the first key; no witness is needed. */
export const policy = `log ${logKey(ORIGIN, key1.publicKeyHex)}\nquorum none\n`;

/** Records so many events, all at once. */
export async function record(session: Session, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => session.record(ended(`r${index}`))));
}
