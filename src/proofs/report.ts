/*
 * What verifying a proof finds.
 */

/** What keeps a proof from showing what it should. */
export type ProblemCode =
  | 'algorithm_unsupported'
  | 'anchor_malformed'
  | 'anchor_unconfirmed'
  | 'bad_note_signature'
  | 'bad_signature'
  | 'batch_mismatch'
  | 'block_mismatch'
  | 'certificate_time'
  | 'certificate_unfit'
  | 'chain_broken'
  | 'chain_id_mismatch'
  | 'chain_untrusted'
  | 'checkpoint_malformed'
  | 'commitment_mismatch'
  | 'commitment_missing'
  | 'contract_mismatch'
  | 'count_mismatch'
  | 'end_mismatch'
  | 'event_malformed'
  | 'event_missing'
  | 'export_malformed'
  | 'extra_mismatch'
  | 'hash_mismatch'
  | 'hashes_only'
  | 'imprint_mismatch'
  | 'index_mismatch'
  | 'json_malformed'
  | 'key_unpinned'
  | 'kid_mismatch'
  | 'log_untrusted'
  | 'no_fork'
  | 'nonce_mismatch'
  | 'old_root_mismatch'
  | 'origin_mismatch'
  | 'outer_mismatch'
  | 'payload_unbound'
  | 'proof_length'
  | 'proof_malformed'
  | 'proof_range'
  | 'protocol_mismatch'
  | 'quorum_missing'
  | 'range_empty'
  | 'receipt_malformed'
  | 'root_mismatch'
  | 'rpc_failed'
  | 'sequence_gap'
  | 'side_mismatch'
  | 'stream_fork'
  | 'stream_gap'
  | 'stream_mismatch'
  | 'timestamp_algorithm'
  | 'timestamp_malformed'
  | 'timestamp_policy'
  | 'timestamp_signature'
  | 'transaction_failed'
  | 'transaction_mismatch'
  | 'transaction_missing'
  | 'tsa_missing'
  | 'tsa_usage'
  | 'unsigned_member'
  | 'untrusted_signer';

/** One of them. */
export interface Problem {
  /** Stable; branch on this. */
  readonly code: ProblemCode;
  /** One sentence in lower case. */
  readonly reason: string;
}

/** A witness that cosigned a checkpoint. */
export interface Cosigned {
  /** The name of its key. */
  readonly name: string;
  /** Unix time in seconds, by the witness's own clock. */
  readonly time: number;
}

/** A checkpoint that the policy takes. */
export interface ShownCheckpoint {
  /** Which log. */
  readonly origin: string;
  /** How many events. */
  readonly size: number;
  /** The root of the tree: 64 lower-case hex digits. */
  readonly root: string;
  /** The witnesses of the policy that cosigned it, in its order. */
  readonly witnesses: readonly Cosigned[];
}

/** An event whose own hash and signature hold. */
export interface ShownEvent {
  readonly seq: number;
  /** 64 lower-case hex digits. */
  readonly selfHash: string;
  readonly kind: string;
  /** Who sealed it: 64 lower-case hex digits. */
  readonly signer: string;
  /** Whether that is one of the `signers`. Else the event itself said who signed it. */
  readonly pinned: boolean;
}

/** What an inclusion proof shows. */
export interface InclusionReport {
  /** There are no problems: the event is in the tree of the checkpoint, and was sealed by the key that it names. */
  readonly ok: boolean;
  /** All that were found. */
  readonly problems: readonly Problem[];
  /** Null unless the policy takes it. */
  readonly checkpoint: ShownCheckpoint | null;
  /** Null unless its own hash and signature hold. */
  readonly event: ShownEvent | null;
}

/** What a consistency proof shows. */
export interface ConsistencyReport {
  /** There are no problems: the later tree begins with the whole earlier one. */
  readonly ok: boolean;
  /** All that were found. */
  readonly problems: readonly Problem[];
  /** The earlier checkpoint; null unless the policy takes it. */
  readonly from: ShownCheckpoint | null;
  /** The later one; null unless the policy takes it. */
  readonly to: ShownCheckpoint | null;
}

/** What evidence of a fork shows. */
export interface ForkReport {
  /** There are no problems: the log has signed two histories. */
  readonly ok: boolean;
  /** All that keeps it from showing that. */
  readonly problems: readonly Problem[];
  /** The older checkpoint, or the first of two of one size; null unless a log of the policy signed it. `witnesses` is empty. */
  readonly older: ShownCheckpoint | null;
  /** The other one. */
  readonly newer: ShownCheckpoint | null;
}
