//! What a verification found.

use super::SignatureMode;
use crate::chain::{Head, SeqRange};
use crate::error::{Error, ErrorCode, FaultCode, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::key::PublicKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Signers that a report lists, and names of unknown kinds; the rest is counted.
pub const MAX_LISTED: usize = 64;

/// Under this name the events of unknown kinds beyond [`MAX_LISTED`] are counted; no kind can be called so.
pub const OTHER_KINDS: &str = "(other)";

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Intact, and everything was checked: from the first event on, signers pinned, head matched, all signatures, no
    /// tail, no unknown kinds; all of it in this run.
    Verified,
    /// Intact as far as was checked; [`Checks`] says what was not.
    Intact,
    /// Proven not to be what it claims.
    Broken,
    /// No event at all.
    Empty,
}

/// Who signed, from which event to which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signer {
    /// The public key.
    pub public_key: PublicKey,
    /// Seq of the first event under this key.
    pub first: u64,
    /// Seq of the last one.
    pub last: u64,
    /// True when the caller named this key as trusted.
    pub pinned: bool,
}

/// Whether a thing was compared with what the caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Compared, and equal.
    Matched,
    /// Not compared.
    NotChecked,
}

/// Whether the caller said who may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignerTrust {
    /// Every event is signed by a key that the caller named.
    Pinned,
    /// Every event is signed by the key that it names itself.
    SelfAsserted,
}

/// Signatures that were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignatureChecks {
    /// All, or the last of each run of one signer.
    pub mode: SignatureMode,
    /// How many were checked and hold.
    pub checked: u64,
}

/// How many events passed each check, and what was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// Lines that are JSON within the limits.
    pub parse: u64,
    /// Lines whose fields are right.
    pub fields: u64,
    /// Events that follow the one before.
    pub links: u64,
    /// Events whose hash recomputes.
    pub hashes: u64,
    /// Signatures.
    pub signatures: SignatureChecks,
    /// Signers.
    pub signer: SignerTrust,
    /// Expected head.
    pub head: Compared,
    /// Expected first event.
    pub first: Compared,
}

/// Bytes behind the last line that are no event: a write that was going on, or was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tail {
    /// Offset of the first of them.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// A thing that is no fault and that an auditor would want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The ledger was put back to an earlier state.
    LedgerRestored,
    /// A `*_sha256` field of a core event that is no SHA-256.
    MalformedDigest,
    /// Another signer than the event before.
    MixedSigners,
    /// Not spelled as the writer spells.
    NonCanonicalSpelling,
    /// An earlier time than the event before.
    TimeWentBack,
    /// A kind whose payload was not judged.
    UnknownKind,
}

/// Sessions that began and did not end in order: `SessionStarted` without a later `SessionSealed` of the same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenSessions {
    /// How many.
    pub count: u64,
    /// Ids of the first [`MAX_LISTED`], in the order in which they began.
    pub listed: Vec<String>,
    /// Beginnings that were not followed: more than 4,096 were open, or the id has more than 256 bytes.
    pub unfollowed: u64,
}

/// A warning, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Warning {
    /// Which.
    pub code: WarningCode,
    /// On how many lines.
    pub count: u64,
    /// The first of them, from 1.
    pub first_line: u64,
}

/// Earliest and latest `timestamp_nanos`, Unix time in nanoseconds, in decimal: beyond what a double holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// The earliest.
    #[serde(with = "decimal")]
    pub from: u64,
    /// The latest.
    #[serde(with = "decimal")]
    pub to: u64,
}

/// Integers as decimal text.
pub(super) mod decimal {
    use super::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(in crate::verify) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::verify) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a verification went on from an earlier one: behind this event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resumed {
    /// Bytes that were not read this time.
    pub offset: u64,
    /// The last event in them.
    #[serde(flatten)]
    pub head: Head,
}

/// Which part of a ledger a file is that is a segment of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Segments {
    /// Events in this file.
    pub seen: SeqRange,
    /// Events before them: in other files, or removed.
    pub missing: Option<SeqRange>,
    /// More follow, or may, in other files.
    pub later: bool,
}

/// What a verification found. Serialises to the JSON that `docs/format.md` describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// 1.
    pub schema_version: u32,
    /// False only for [`Verdict::Broken`].
    pub ok: bool,
    /// In one word.
    pub verdict: Verdict,
    /// Events accepted before the first fault.
    pub event_count: u64,
    /// The seq that was expected where the fault is.
    pub broken_at: Option<u64>,
    /// Its line, from 1.
    pub line: Option<u64>,
    /// Offset of its line.
    pub byte_offset: Option<u64>,
    /// Which fault.
    pub code: Option<FaultCode>,
    /// The fault in a sentence.
    pub reason: Option<String>,
    /// What should stand there.
    pub expected: Option<String>,
    /// What stands there.
    pub found: Option<String>,
    /// Hash of the last accepted event; 64 zeros for none.
    pub root_hash: Hash,
    /// Hash of the event with seq 0.
    pub first_hash: Option<Hash>,
    /// The last accepted event.
    pub head: Option<Head>,
    /// The event that the caller trusts and the first one here follows.
    pub started_after: Option<Head>,
    /// What was checked by an earlier verification and not this time; none for all that was checked at once.
    pub resumed: Option<Resumed>,
    /// Which part of a ledger this is; none for one file that is all of it, as far as names tell.
    pub segments: Option<Segments>,
    /// The first [`MAX_LISTED`] signers.
    pub signers: Vec<Signer>,
    /// Events of signers that are not listed.
    pub unlisted_signer_events: u64,
    /// What was checked.
    pub checks: Checks,
    /// Bytes behind the last event that are none.
    pub tail: Option<Tail>,
    /// The smallest set that holds every accepted event.
    pub events: EventSet,
    /// Events of the kinds that this version knows, by name.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Events of unknown kinds, by name.
    pub unknown_kinds: BTreeMap<String, u64>,
    /// Sessions that did not end; none for a ledger of core kinds, which has no event that would say so.
    pub open_sessions: Option<OpenSessions>,
    /// `PayloadErased` events: values that were committed to and are said to be deleted.
    pub erased: u64,
    /// Sorted by code.
    pub warnings: Vec<Warning>,
    /// Times of the accepted events.
    pub time_range: Option<TimeRange>,
    /// Bytes read; on a fault, the bytes before its line.
    pub bytes: u64,
    /// SHA-256 of the bytes read; none on a fault, and of a part.
    pub sha256: Option<Hash>,
}

impl Report {
    /// The report as JSON text.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
    }
}
