/*
 * Sealwright: a signing ledger inside a Node.js process.
 */

export type { PathLike } from './args.js';
export { canonicalJson, canonicalSha256, sha256Hex } from './canonical.js';
export { type CompressionFormat, decompress, type DecompressOptions } from './decompress.js';
export type { CheckpointSink } from './checkpoint-sinks.js';
export type { CheckpointWitnesses, PublishOptions } from './checkpoints.js';
export type { RecordDiagnostics, RecordGroup, VerifyDiagnostics } from './diagnostics.js';
export { doctor, type DoctorCheck, type DoctorOptions, type DoctorReport } from './doctor.js';
export type { DoctorCode } from './doctor-codes.js';
export {
  ChainError,
  type ErrorCode,
  KeyLoadError,
  LedgerError,
  type Outcome,
  ProofError,
  SealwrightError,
  SealwrightRangeError,
  SealwrightTypeError,
  SelfTestError,
  SigningError,
  TokenError,
} from './errors.js';
export {
  type CustomFields,
  type EventInput,
  events,
  type LedgerEvent,
  type ModelInvokedFields,
  type PayloadErasedFields,
  type SessionEndedFields,
  type SessionStartedFields,
  type TokenIssuedFields,
  type ToolCalledFields,
  type ToolReturnedFields,
  type UtteranceCapturedFields,
  type UtteranceSpokenFields,
} from './events.js';
export { type ExportedLedger, exportLedger, type ExportOptions } from './export.js';
export { type Float, float } from './float.js';
export { type FollowOptions, followEvents } from './follow.js';
export { FileHeadStore, type HeadStore, type HeadStoreOption, MemoryHeadStore } from './headstore.js';
export type { Latency } from './histogram.js';
export { type ImportedLedger, importLedger, type ImportOptions } from './import.js';
export type { JsonView } from './json.js';
export { type LoadKeyOptions, type LoadOrCreateKeyOptions, SigningKeypair } from './keys.js';
export { keepHead, readHeadFile } from './known-head.js';
export type { Pruned, PruneOptions } from './prune.js';
export { type ReadOptions, readEvents } from './reader.js';
export {
  discardQuarantined,
  inspectTail,
  type QuarantinedTail,
  recoverLedger,
  type TailInspection,
  type TornTail,
} from './recover.js';
export {
  ChainReport,
  type FaultCode,
  type Head,
  type OpenSessions,
  type ReportChecks,
  type ReportJson,
  type ReportSigner,
  type Resumed,
  type SegmentReport,
  type Segments,
  SegmentsReport,
  type SegmentsReportJson,
  type SeqRange,
  type Verdict,
  type WarningCode,
} from './report.js';
export { type Recovery, Session } from './session.js';
export type {
  CheckpointOptions,
  RecordOptions,
  RestoreOptions,
  RotateKeyOptions,
  RotateOptions,
  SessionOptions,
} from './session-options.js';
export {
  computeSelfHash,
  type EventPlace,
  GENESIS_PARENT_HASH,
  SignedEvent,
  type SignedEventJson,
  type SignEventFields,
  signEvent,
} from './signed-event.js';
export { type Signer, type SignRequest, type SocketSigner, socketSigner } from './signer.js';
export { publicKeyFingerprint, type SignerInput } from './signers.js';
export {
  type CheckedVerification,
  checkVerification,
  type CheckVerificationOptions,
  signVerification,
  type SignVerificationFields,
  subjectOf,
  type VerificationOptions,
  type VerificationRecord,
  type VerificationSubject,
  type VerifiedFile,
} from './verification-record.js';
export { type LedgerStats, ledgerStats, type ModelTotals, type StatsOptions, type ToolTotals } from './stats.js';
export {
  type ResumeOptions,
  type VerifyChecks,
  verifyChain,
  verifyFile,
  type VerifyFileOptions,
  verifyFileSync,
  type VerifyOptions,
  type VerifyProgress,
  verifySegments,
  verifySegmentsSync,
  verifyStream,
  type VerifyStreamOptions,
} from './verify.js';
