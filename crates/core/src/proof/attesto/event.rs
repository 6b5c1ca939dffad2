//! Events of a stream, as they are listed: with the envelope that is hashed, or with hashes alone; and what an event commits to.

use super::receipt::{check_first, check_protocol};
use super::wire::{Names, Object, Result, read};
use super::{EVENT_DOMAIN, domain_hash};
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

/// What an event says of its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq_no: u64,
    pub(super) event_hash: Hash,
    pub(super) prev_event_hash: Option<Hash>,
    /// Tenant and stream, as an envelope names them.
    pub(super) stream: Option<(String, String)>,
    /// Whether the hash was computed from an envelope; else it was only claimed.
    pub(super) is_recomputed: bool,
}

/// An event in canonical JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'a> {
    outer: Object<'a>,
    envelope: Option<Object<'a>>,
}

impl<'a> Listed<'a> {
    /// With an envelope as `envelope` or `envelope_json`, or as the event itself, which then has no hash beside it.
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let outer = Object::new(text, Names::Either, "event", ProblemCode::EventMalformed)?;
        let inside = match (outer.find("envelope")?, outer.find("envelope_json")?) {
            (Some(_), Some(_)) => return Err(outer.refuse("has two envelopes")),
            (Some(envelope), None) | (None, Some(envelope)) => Some(envelope),
            (None, None) if outer.has("event_hash")? => None,
            (None, None) => Some(outer.text),
        };
        let envelope =
            inside.map(|text| Object::new(text, Names::Snake, "envelope of the event", ProblemCode::EventMalformed));
        Ok(Self { outer, envelope: envelope.transpose()? })
    }

    /// Its place. What stands beside the envelope must be what follows from it.
    pub(super) fn place(&self, problems: &mut Vec<Problem>) -> Result<Place> {
        let Some(envelope) = &self.envelope else {
            let place = Place {
                seq_no: self.outer.integer("seq_no")?,
                event_hash: self.outer.hash("event_hash")?,
                prev_event_hash: self.outer.hash_or_null("prev_event_hash")?,
                stream: None,
                is_recomputed: false,
            };
            check_first(&self.outer, place.seq_no, place.prev_event_hash.as_ref())?;
            return Ok(place);
        };
        check_protocol(envelope)?;
        let place = Place {
            seq_no: envelope.integer("seq_no")?,
            event_hash: domain_hash(EVENT_DOMAIN, envelope.text.as_bytes()),
            prev_event_hash: envelope.hash_or_null("prev_event_hash")?,
            stream: Some((envelope.text("tenant_id")?, envelope.text("stream_id")?)),
            is_recomputed: true,
        };
        check_first(envelope, place.seq_no, place.prev_event_hash.as_ref())?;
        if self.outer.has("event_hash")? && self.outer.hash("event_hash")? != place.event_hash {
            let reason = format!("event {} has another hash than its envelope, {}", place.seq_no, place.event_hash);
            problems.push(Problem::new(ProblemCode::HashMismatch, reason));
        }
        for name in ["seq_no", "prev_event_hash", "stream_id"] {
            if self.outer.find(name)?.is_some_and(|said| envelope.find(name) != Ok(Some(said))) {
                let reason = format!("event {} has another {name} beside its envelope than in it", place.seq_no);
                problems.push(Problem::new(ProblemCode::OuterMismatch, reason));
            }
        }
        Ok(place)
    }

    /// What it says the hash of its payload or metadata is: in the envelope, and beside it the same if it is there too.
    fn commitment(&self, of: &Committed) -> Result<Hash> {
        let mut found = None;
        for object in self.envelope.iter().chain([&self.outer]) {
            if !object.has(of.member)? {
                continue;
            }
            let commitment = object.object(of.member, "commitment of the event")?;
            if commitment.any_text("hash_alg")? != "sha256" {
                return Err(Problem::new(ProblemCode::AlgorithmUnsupported, "the commitment is not made with sha256"));
            }
            let hash = commitment.hash(of.hash)?;
            if found.is_some_and(|other| other != hash) {
                let reason = format!("the event has another {} beside its envelope than in it", of.member);
                return Err(Problem::new(ProblemCode::OuterMismatch, reason));
            }
            found = Some(hash);
        }
        found.ok_or_else(|| Problem::new(ProblemCode::CommitmentMissing, format!("the event has no {}", of.member)))
    }
}

/// What an event commits to.
#[derive(Debug, Clone, Copy)]
pub struct Committed {
    member: &'static str,
    hash: &'static str,
}

/// Its payload.
pub const PAYLOAD: Committed = Committed { member: "payload_commitment", hash: "canonical_payload_hash" };

/// Its metadata.
pub const METADATA: Committed = Committed { member: "metadata_commitment", hash: "canonical_metadata_hash" };

/// Whether an event commits to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitmentReport {
    /// There are no problems.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The event's hash, if it was computed from an envelope and everything in front of it holds.
    pub event_hash: Option<Hash>,
}

impl CommitmentReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks that an event commits to a value with this hash, see [`canonical::commitment_hash`](super::canonical::commitment_hash).
pub fn verify_commitment(event: &str, of: Committed, hash: &Hash) -> CommitmentReport {
    let mut problems = Vec::new();
    let event_hash = read(event).and_then(|text| check_commitment(Listed::new(&text)?, of, hash, &mut problems));
    let event_hash = event_hash.map_err(|problem| problems.push(problem)).ok().flatten();
    CommitmentReport { ok: problems.is_empty(), event_hash: event_hash.filter(|_| problems.is_empty()), problems }
}

/// The same of an event that was read. Gives its hash if it has an envelope.
pub(super) fn check_commitment(
    event: Listed<'_>,
    of: Committed,
    hash: &Hash,
    problems: &mut Vec<Problem>,
) -> Result<Option<Hash>> {
    if event.commitment(&of)? != *hash {
        let reason = format!("the event commits to another {}, this one has the hash {hash}", of.member);
        problems.push(Problem::new(ProblemCode::CommitmentMismatch, reason));
    }
    let is_whole = event.envelope.is_some_and(|envelope| envelope.find("protocol") != Ok(None));
    if is_whole { event.place(problems).map(|place| Some(place.event_hash)) } else { Ok(None) }
}
