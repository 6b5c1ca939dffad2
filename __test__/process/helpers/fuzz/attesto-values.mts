// Good values of Attesto's, of its vectors.

import { event as eventOf, listed as listedOf, publicKey, vectors, windowOf } from '../../../proofs/helpers/attesto.mts';

export { publicKey, vectors };
export const event = eventOf(2);
export const listed = listedOf(event);
export const window = windowOf(7);
export const proofOf = window.leaves[2]!;
export const receiptFile = JSON.stringify(vectors.receipt_export);
export const anchor = {
  anchorEpochId: 'aep_1',
  chainId: 137,
  anchorBatchId: 'batch-1',
  merkleRoot: 'c0'.repeat(32),
  txHash: `0x${'7e'.repeat(32)}`,
  blockNumber: 100,
  status: 'confirmed',
  payload: { contract_address: `0x${'ab'.repeat(20)}` },
};
