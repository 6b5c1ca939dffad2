/*
 * Proofs about a ledger, for somebody who has not got it: that one event is in it, that it only grew, which value an event
 * commits to, and when a checkpoint was there. They lead to checkpoints, which `Session.checkpoint` signs.
 *
 * The formats are public ones: RFC 6962 trees, and the notes, checkpoints, policies and proofs of C2SP (c2sp.org).
 * docs/proofs.md shows how they are used. What is in attesto/ is compatible with that service: docs/attesto.md.
 */

export { commit, type Commitment, type CommitOptions, verifyCommitment, type VerifyCommitmentFields } from './commitment.js';
export { type ExportedTiles, exportTiles, type ExportTilesOptions } from './export.js';
export {
  makeForkEvidence,
  type MakeForkEvidenceFields,
  verifyForkEvidence,
  type VerifyForkEvidenceOptions,
} from './forks.js';
export { verifyAnchorOnchain, type VerifyAnchorOnchainFields } from './attesto/anchor.js';
export {
  canonicalCommitmentJson,
  type CommitmentOptions,
  domainHash,
  metadataCommitment,
  type MetadataCommitment,
  payloadCommitment,
  type PayloadCommitment,
  verifyMetadataCommitment,
  verifyPayloadCommitment,
} from './attesto/commitment.js';
export {
  advanceStreamHead,
  type AdvanceStreamHeadOptions,
  verifyReceipt,
  verifyReceiptFile,
  type VerifyReceiptFileOptions,
  type VerifyReceiptOptions,
} from './attesto/receipt.js';
export type {
  AnchorReport,
  AttestoReceipt,
  AttestoReport,
  CommitmentReport,
  CompletenessReport,
  FoldReport,
  ReceiptFileReport,
  ReceiptReport,
  RootReport,
  StreamReport,
} from './attesto/report.js';
export {
  type ProofStep,
  verifyCheckpointExtension,
  verifyCheckpointRoot,
  verifyCompleteness,
  type VerifyCompletenessOptions,
  verifyEventProof,
  type VerifyEventProofOptions,
  verifyInclusionProof,
  type VerifyInclusionProofFields,
} from './attesto/stream.js';
export { UnsafeNumberError } from '../errors.js';
export type { LocalServer } from '../local-server.js';
export { logKey, witnessKey } from './keys.js';
export {
  keepCosignatures,
  lastCheckpoint,
  proveConsistency,
  type ProveConsistencyOptions,
  proveInclusion,
  type ProveInclusionOptions,
} from './prove.js';
export type {
  ConsistencyReport,
  Cosigned,
  ForkReport,
  InclusionReport,
  Problem,
  ProblemCode,
  ShownCheckpoint,
  ShownEvent,
} from './report.js';
export { type IngestedTimestamp, timestampIngest, type TimestampIngestFields } from './timestamp/ingest.js';
export { timestampRequest, type TimestampRequest, type TimestampRequestOptions } from './timestamp/request.js';
export {
  type CertificateInput,
  type TimestampAuthority,
  type TimestampReport,
  verifyTimestamp,
  type VerifyTimestampOptions,
} from './timestamp/verify.js';
export {
  openCheckpoint,
  type OpenCheckpointOptions,
  verifyConsistency,
  type VerifyConsistencyFields,
  verifyInclusion,
  type VerifyInclusionOptions,
} from './verify.js';
export type { Fetch } from './witness/http.js';
export { cosign, type Cosigning, type CosignOptions, type WitnessFailure, type WitnessFailureCode } from './witness/client.js';
export { serveWitness, type ServeWitnessOptions, type WitnessServer } from './witness/server.js';
export { Witness, type WitnessAnswer, type WitnessOptions } from './witness/witness.js';
