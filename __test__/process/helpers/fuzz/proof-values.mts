// Good checkpoints, proofs and policies.

import { cosignature, History, log, policyOf, vkey, witness } from '../../../proofs/helpers/history.mts';
import * as tiny from '../../../proofs/helpers/proof.mts';

export { tiny };
export const { newer, older, policy, inclusionProof: proofText } = tiny;
export const [history, other] = [new History('one'), new History('other')];
export const plainPolicy = policyOf();
export const vkeys = { log: vkey(log), witness: vkey(witness) };
/** What a witness answers about {@link newer}. */
export const witnessAnswer = cosignature(witness, newer.slice(0, newer.indexOf('\n\n') + 1), 1_700_000_000);
