//! What can go wrong, in two kinds that are never mixed.
//!
//! * [`Error`]: an operation failed, or a file could not be checked. Thrown.
//! * [`Fault`]: a ledger was read and is not what it claims to be. Data, found in a report.
//!
//! Every code of both stands once, in the tables of this file; `docs/errors.md` explains each.

use crate::verify::Report;
use std::fmt;
use std::io;

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, in the order of its table.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable code, the same in every binding.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
    };
}

codes! {
    /// Why an operation failed.
    ErrorCode {
        /// An argument that no call takes.
        InvalidArgument = "ERR_INVALID_ARGUMENT",
        /// An integer outside the range of its field or argument.
        OutOfRange = "ERR_OUT_OF_RANGE",
        /// Text that is not JSON.
        JsonSyntax = "ERR_JSON_SYNTAX",
        /// A lone surrogate in a string or key.
        JsonString = "ERR_JSON_STRING",
        /// A number that the ledger cannot hold.
        JsonNumber = "ERR_JSON_NUMBER",
        /// A number that not every language reads as the same value, in what is committed to.
        UnsafeNumber = "ERR_UNSAFE_NUMBER",
        /// An object with a key twice.
        JsonDuplicateKey = "ERR_JSON_DUPLICATE_KEY",
        /// Nesting beyond the limit of a ledger line.
        DepthExceeded = "ERR_DEPTH_EXCEEDED",
        /// A line longer than the limit.
        LineTooLong = "ERR_LINE_TOO_LONG",
        /// An event of no kind that may be recorded.
        EventKind = "ERR_EVENT_KIND",
        /// An event with a missing, unknown or wrongly typed field.
        EventField = "ERR_EVENT_FIELD",
        /// A digest field that is not 64 lower-case hex digits.
        EventDigest = "ERR_EVENT_DIGEST",
        /// An event of a kind that only the library writes.
        EventReserved = "ERR_EVENT_RESERVED",
        /// An extended kind where only core kinds may stand.
        EventSet = "ERR_EVENT_SET",
        /// No key file at the path.
        KeyNotFound = "ERR_KEY_NOT_FOUND",
        /// A key that is not 32 bytes.
        KeyLength = "ERR_KEY_LENGTH",
        /// A key file that others can read, or that belongs to another user.
        KeyPermissions = "ERR_KEY_PERMISSIONS",
        /// A key file that is not a regular file.
        KeyNotAFile = "ERR_KEY_NOT_A_FILE",
        /// A key would be replaced.
        KeyExists = "ERR_KEY_EXISTS",
        /// The system refused to read or write a key.
        KeyIo = "ERR_KEY_IO",
        /// Text that is no usable Ed25519 public key.
        PublicKey = "ERR_PUBLIC_KEY",
        /// No ledger at the path.
        LedgerNotFound = "ERR_LEDGER_NOT_FOUND",
        /// A ledger path that is a folder, FIFO, device or socket.
        LedgerNotAFile = "ERR_LEDGER_NOT_A_FILE",
        /// The system refused to read or write a ledger.
        LedgerIo = "ERR_LEDGER_IO",
        /// A line that is not a ledger line: it could not be checked.
        LedgerMalformed = "ERR_LEDGER_MALFORMED",
        /// Reading came to a line that does not belong where it stands.
        ChainBroken = "ERR_CHAIN_BROKEN",
        /// Another process writes this ledger.
        LedgerLocked = "ERR_LEDGER_LOCKED",
        /// The ledger does not verify, or is no ledger: nothing is appended.
        LedgerTampered = "ERR_LEDGER_TAMPERED",
        /// The file was replaced, removed, cut or extended by others while open.
        LedgerChanged = "ERR_LEDGER_CHANGED",
        /// A sealed segment, to be written to.
        LedgerSealed = "ERR_LEDGER_SEALED",
        /// Segments are there without the active file, or do not continue each other.
        SegmentMissing = "ERR_SEGMENT_MISSING",
        /// A file that has, or nearly has, the name of a segment and is none.
        SegmentRefused = "ERR_SEGMENT_REFUSED",
        /// A file that is no state of a verification, or is signed by another key.
        StateInvalid = "ERR_STATE_INVALID",
        /// The system refused to read or write a state.
        StateIo = "ERR_STATE_IO",
        /// What a state says was verified is not what is there.
        StateMismatch = "ERR_STATE_MISMATCH",
        /// A state of a verification under other options.
        StateOptions = "ERR_STATE_OPTIONS",
        /// Text that is no signed record.
        RecordInvalid = "ERR_RECORD_INVALID",
        /// A record whose signature does not hold.
        RecordSignature = "ERR_RECORD_SIGNATURE",
        /// A record that none of the named signers signed.
        RecordSigner = "ERR_RECORD_SIGNER",
        /// Text that is no signed note.
        NoteMalformed = "ERR_NOTE_MALFORMED",
        /// Text that is no key of a note, or a name that no key of a note has.
        NoteKey = "ERR_NOTE_KEY",
        /// A signature of a note, by a key that is known, that does not hold.
        NoteSignature = "ERR_NOTE_SIGNATURE",
        /// A note that no known key signed.
        NoteUntrusted = "ERR_NOTE_UNTRUSTED",
        /// Text that is no checkpoint.
        CheckpointMalformed = "ERR_CHECKPOINT_MALFORMED",
        /// A name that no log has.
        CheckpointOrigin = "ERR_CHECKPOINT_ORIGIN",
        /// The ledger does not go on from the checkpoint that was signed last.
        CheckpointConflict = "ERR_CHECKPOINT_CONFLICT",
        /// A ledger and a checkpoint that are not of each other.
        ProofDiverged = "ERR_PROOF_DIVERGED",
        /// The system refused to read or write the tree beside a ledger.
        TreeIo = "ERR_TREE_IO",
        /// Hashes of the tree are missing, and the events that they are of, too.
        TreeMissing = "ERR_TREE_MISSING",
        /// A place where an output would take that of another file.
        OutputRefused = "ERR_OUTPUT_REFUSED",
        /// Text that is no policy.
        PolicyMalformed = "ERR_POLICY_MALFORMED",
        /// A checkpoint that too few of a policy's witnesses cosigned.
        QuorumMissing = "ERR_QUORUM_MISSING",
        /// What a witness has seen cannot be read or kept, or another process keeps it.
        WitnessState = "ERR_WITNESS_STATE",
        /// The system refused to read or write a file of tokens, or another process keeps its lock.
        TokenIo = "ERR_TOKEN_IO",
        /// An unsynced tail, and the caller asked not to repair it.
        TornTail = "ERR_TORN_TAIL",
        /// The ledger does not extend the head that the head store knows.
        RollbackDetected = "ERR_ROLLBACK_DETECTED",
        /// Nothing to restore: the ledger holds the head that the head store knows.
        NotRolledBack = "ERR_NOT_ROLLED_BACK",
        /// The ledger was last signed by another key.
        SignerMismatch = "ERR_SIGNER_MISMATCH",
        /// A signer outside of the process failed.
        SignerFailed = "ERR_SIGNER_FAILED",
        /// A signer outside of the process did not answer in time.
        SignerTimeout = "ERR_SIGNER_TIMEOUT",
        /// A signer outside of the process will not sign this: it has signed another event there.
        SignerRefused = "ERR_SIGNER_REFUSED",
        /// A signer's signature does not hold under its public key.
        SignatureInvalid = "ERR_SIGNATURE_INVALID",
        /// An option that cannot be had for a ledger that is open already.
        SessionOptions = "ERR_SESSION_OPTIONS",
        /// The session is closed.
        SessionClosed = "ERR_SESSION_CLOSED",
        /// An earlier failure left the end of the file unknown: reopen.
        SessionPoisoned = "ERR_SESSION_POISONED",
        /// The queue is full.
        Backpressure = "ERR_BACKPRESSURE",
        /// A batch over 1 MiB.
        BatchTooLarge = "ERR_BATCH_TOO_LARGE",
        /// The head store failed.
        HeadStore = "ERR_HEAD_STORE",
        /// The caller withdrew.
        Aborted = "ABORTED",
        /// The ledger changed between looking and opening.
        Retry = "RETRY",
        /// This build does not compute what the format says.
        SelfTest = "ERR_SELF_TEST",
        /// A defect of this library.
        Internal = "ERR_INTERNAL",
    }
}

codes! {
    /// How a ledger is broken.
    FaultCode {
        /// An object has a key twice.
        DuplicateKey = "duplicate_key",
        /// A field that the hash does not cover.
        UnsignedField = "unsigned_field",
        /// A field of the line, event or payload is absent.
        MissingField = "missing_field",
        /// A field of another JSON type.
        WrongType = "wrong_type",
        /// An integer outside its field's range.
        OutOfRange = "out_of_range",
        /// Hex of another case, length or alphabet.
        NonCanonicalHex = "non_canonical_hex",
        /// An extended kind, and only core was asked for.
        UnexpectedKind = "unexpected_kind",
        /// Not the next sequence number.
        SeqMismatch = "seq_mismatch",
        /// Not the hash of the event before.
        ParentMismatch = "parent_mismatch",
        /// The hash does not recompute.
        HashMismatch = "hash_mismatch",
        /// The signature does not hold, strictly.
        BadSignature = "bad_signature",
        /// Signed, but by none of the pinned signers.
        UntrustedSigner = "untrusted_signer",
        /// A key rotation that one of the two keys has not agreed to.
        RotationUnendorsed = "rotation_unendorsed",
        /// Not the first event that was expected.
        FirstMismatch = "first_mismatch",
        /// Not spelled as the writer spells, and exact spelling was asked for.
        Spelling = "spelling",
        /// The expected head is not in the ledger.
        HeadMismatch = "head_mismatch",
        /// Events between two segments, or before the first, are in none.
        SegmentMissing = "segment_missing",
        /// A segment does not hold what its name says, or what another one holds.
        SegmentMismatch = "segment_mismatch",
    }
}

codes! {
    /// What keeps a proof from showing what it should: found when it is verified, never thrown.
    ProblemCode {
        /// Not the text of a proof, or of the note in it.
        ProofMalformed = "proof_malformed",
        /// The note is no checkpoint.
        CheckpointMalformed = "checkpoint_malformed",
        /// Signed by no log of the policy whose origin it has.
        LogUntrusted = "log_untrusted",
        /// A signature by a key of the policy does not hold.
        BadNoteSignature = "bad_note_signature",
        /// Too few witnesses of the policy cosigned it.
        QuorumMissing = "quorum_missing",
        /// The proof was to bring its event, and does not.
        EventMissing = "event_missing",
        /// Not a line of a ledger.
        EventMalformed = "event_malformed",
        /// The line that the proof brings is another one than that of the event.
        ExtraMismatch = "extra_mismatch",
        /// The event's hash does not recompute.
        HashMismatch = "hash_mismatch",
        /// The event's signature does not hold, strictly.
        BadSignature = "bad_signature",
        /// The event is signed by none of the named signers.
        UntrustedSigner = "untrusted_signer",
        /// The event has another place in its ledger than the proof says.
        IndexMismatch = "index_mismatch",
        /// The tree has no such leaf, or the later one is smaller.
        ProofRange = "proof_range",
        /// More or fewer hashes than a proof for these places has.
        ProofLength = "proof_length",
        /// The hashes lead to another root.
        RootMismatch = "root_mismatch",
        /// The hashes lead to another root of the earlier tree.
        OldRootMismatch = "old_root_mismatch",
        /// Two checkpoints of two logs.
        OriginMismatch = "origin_mismatch",
        /// Two checkpoints that one history can have.
        NoFork = "no_fork",
        /// Not JSON, or JSON that two readers may read differently.
        JsonMalformed = "json_malformed",
        /// A receipt that lacks a member, or has one of a wrong form.
        ReceiptMalformed = "receipt_malformed",
        /// Not the file of a receipt.
        ExportMalformed = "export_malformed",
        /// An anchor that lacks a member, or has one of a wrong form.
        AnchorMalformed = "anchor_malformed",
        /// Of another protocol, or of another version of it.
        ProtocolMismatch = "protocol_mismatch",
        /// Made with an algorithm that is not known here.
        AlgorithmUnsupported = "algorithm_unsupported",
        /// A member that no hash and no signature covers.
        UnsignedMember = "unsigned_member",
        /// What is beside the signed part says otherwise.
        OuterMismatch = "outer_mismatch",
        /// A signature names another key than what it signs.
        KidMismatch = "kid_mismatch",
        /// No key was named by who verifies.
        KeyUnpinned = "key_unpinned",
        /// An event that commits to nothing.
        CommitmentMissing = "commitment_missing",
        /// An event that commits to something else.
        CommitmentMismatch = "commitment_mismatch",
        /// Nothing shows that a payload belongs to a receipt.
        PayloadUnbound = "payload_unbound",
        /// Nothing is there that could show anything.
        RangeEmpty = "range_empty",
        /// The numbers are not those from one to another.
        SequenceGap = "sequence_gap",
        /// Something does not name the hash of what is before it.
        ChainBroken = "chain_broken",
        /// Of two streams.
        StreamMismatch = "stream_mismatch",
        /// Hashes without what they are of, which may be made up.
        HashesOnly = "hashes_only",
        /// The first or the last event is not the expected one.
        EndMismatch = "end_mismatch",
        /// More or fewer than there are said to be.
        CountMismatch = "count_mismatch",
        /// A hash of a proof stands on the other side.
        SideMismatch = "side_mismatch",
        /// A proof of another batch.
        BatchMismatch = "batch_mismatch",
        /// A stream that was told in two ways.
        StreamFork = "stream_fork",
        /// Events behind the known head are not shown.
        StreamGap = "stream_gap",
        /// An endpoint did not answer, or not with an answer.
        RpcFailed = "rpc_failed",
        /// Another chain.
        ChainIdMismatch = "chain_id_mismatch",
        /// Another contract.
        ContractMismatch = "contract_mismatch",
        /// Not confirmed, or by too few blocks.
        AnchorUnconfirmed = "anchor_unconfirmed",
        /// The chain has no such transaction.
        TransactionMissing = "transaction_missing",
        /// The transaction did not go through.
        TransactionFailed = "transaction_failed",
        /// Another transaction, or one to another address.
        TransactionMismatch = "transaction_mismatch",
        /// The transaction is in another block.
        BlockMismatch = "block_mismatch",
    }
}

/// What the ledger is not: found while reading, never thrown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: FaultCode,
    /// One sentence in lower case.
    pub reason: String,
    /// What should stand there, where one thing should.
    pub expected: Option<String>,
    /// What stands there.
    pub found: Option<String>,
}

impl Fault {
    pub(crate) fn new(code: FaultCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), expected: None, found: None }
    }

    pub(crate) fn mismatch(
        code: FaultCode,
        reason: impl Into<String>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self {
            expected: Some(expected.to_string()),
            found: Some(excerpt(&found.to_string())),
            ..Self::new(code, reason)
        }
    }
}

/// Ledger text for an error: its first 80 characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What became of a record that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is not in the ledger and will not be.
    NotWritten,
    /// It may or may not be found when the ledger is reopened.
    Unknown,
}

impl Outcome {
    /// `not-written` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotWritten => "not-written",
            Self::Unknown => "unknown",
        }
    }
}

/// Where in a ledger checking stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Offset of the line's first byte, from 0.
    pub byte_offset: u64,
}

/// An operation that failed.
#[derive(Debug, Clone)]
pub struct Error {
    /// The stable code.
    pub code: ErrorCode,
    /// One sentence in lower case.
    pub message: String,
    /// JSON path of the value that was refused.
    pub path: Option<String>,
    /// Of a record: whether it was written.
    pub outcome: Option<Outcome>,
    /// The system's name of what it refused with, such as `ENOSPC`.
    pub os_code: Option<String>,
    /// Where checking stopped, if a ledger could not be checked.
    pub place: Option<Place>,
    /// Of a ledger that could not be checked to its end: the lines before.
    pub report: Option<Box<Report>>,
}

/// Result of an operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code and a sentence in lower case.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None, outcome: None, os_code: None, place: None, report: None }
    }

    pub(crate) fn io(code: ErrorCode, doing: impl fmt::Display, error: &io::Error) -> Self {
        let os_code = os_code(error);
        let why = os_code.clone().unwrap_or_else(|| error.to_string());
        Self { os_code, ..Self::new(code, format!("{doing}: {why}")) }
    }

    /// The same error about a value at a JSON path.
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(outcome);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.path {
            Some(path) if !path.is_empty() => write!(f, " (at {path})"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The errno name of a system error, where it has a common one.
#[cfg(unix)]
fn os_code(error: &io::Error) -> Option<String> {
    use rustix::io::Errno;
    let number = error.raw_os_error()?;
    let names = [
        (Errno::ACCESS, "EACCES"),
        (Errno::PERM, "EPERM"),
        (Errno::NOENT, "ENOENT"),
        (Errno::NOTDIR, "ENOTDIR"),
        (Errno::ISDIR, "EISDIR"),
        (Errno::EXIST, "EEXIST"),
        (Errno::LOOP, "ELOOP"),
        (Errno::NAMETOOLONG, "ENAMETOOLONG"),
        (Errno::NOSPC, "ENOSPC"),
        (Errno::DQUOT, "EDQUOT"),
        (Errno::FBIG, "EFBIG"),
        (Errno::IO, "EIO"),
        (Errno::ROFS, "EROFS"),
        (Errno::MFILE, "EMFILE"),
        (Errno::NFILE, "ENFILE"),
        (Errno::NOMEM, "ENOMEM"),
        (Errno::NXIO, "ENXIO"),
        (Errno::TXTBSY, "ETXTBSY"),
        (Errno::STALE, "ESTALE"),
        (Errno::OPNOTSUPP, "EOPNOTSUPP"),
    ];
    let known = names.iter().find(|(errno, _)| errno.raw_os_error() == number);
    Some(known.map_or_else(|| format!("errno {number}"), |(_, name)| (*name).to_owned()))
}

#[cfg(not(unix))]
fn os_code(error: &io::Error) -> Option<String> {
    error.raw_os_error().map(|number| format!("os error {number}"))
}
