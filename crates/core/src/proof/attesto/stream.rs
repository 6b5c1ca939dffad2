//! Heads of streams: whoever keeps the last event that a receipt named notices when the service tells another story.
//!
//! ```text
//! no head known                              -> first
//! the same number, the same hash             -> replay        a receipt that was sent again
//! the next number, its parent is the head    -> next
//! a later number, and the events between     -> next          each names the hash of the one before
//! a later number without them                -> stream_gap    what is in between may be anything
//! anything else                              -> stream_fork
//! ```

use super::event::Listed;
use super::receipt::{Receipt, ReceiptReport, verify_receipt};
use super::wire::{Result, elements, read};
use crate::chain::Head;
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

/// How a receipt stands to the head that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Nothing was known.
    First,
    /// It is the head.
    Replay,
    /// It is behind the head.
    Next,
}

/// What a receipt shows of its stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// There are no problems: the receipt holds, and goes on from the head.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// What was signed, if the signature holds.
    pub receipt: Option<Receipt>,
    /// How it stands to the head; nothing with problems.
    pub step: Option<Step>,
}

impl StreamReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks a receipt, and that its event goes on from the head that is known of its stream. `between` is a JSON array of the
/// events from one to the other, with their envelopes.
pub fn verify_stream_head(receipt: &str, key: &PublicKey, known: Option<&Head>, between: Option<&str>) -> StreamReport {
    let ReceiptReport { mut problems, receipt, .. } = verify_receipt(receipt, key);
    let step = receipt.as_ref().map(|receipt| step(receipt, known, between));
    let step = step.and_then(|step| step.map_err(|problem| problems.push(problem)).ok());
    StreamReport { ok: problems.is_empty(), step: step.filter(|_| problems.is_empty()), problems, receipt }
}

fn step(receipt: &Receipt, known: Option<&Head>, between: Option<&str>) -> Result<Step> {
    // The ids of ledgers and of their paths are in the same store.
    if ["ledger:", "path:", "path-hex:"].iter().any(|prefix| receipt.stream_id.starts_with(prefix)) {
        return Err(Problem::new(ProblemCode::ReceiptMalformed, "the stream_id of the receipt is that of a ledger"));
    }
    let Some(known) = known else { return Ok(Step::First) };
    let (seq, hash) = (receipt.seq_no, receipt.event_hash);
    if (seq, hash) == (known.seq, known.hash) {
        return Ok(Step::Replay);
    }
    let fork = |what: String| {
        let reason = format!("{what}, and event {} with the hash {} is known", known.seq, known.hash);
        Err(Problem::new(ProblemCode::StreamFork, reason))
    };
    if seq <= known.seq {
        return fork(format!("the receipt is of event {seq} with the hash {hash}"));
    }
    let before = match between {
        None => *known,
        Some(events) => follow(events, known)?,
    };
    if before.seq.checked_add(1) != Some(seq) {
        let reason = format!("the receipt is of event {seq}, and those behind event {} are not shown", before.seq);
        return Err(Problem::new(ProblemCode::StreamGap, reason));
    }
    if receipt.prev_event_hash != Some(before.hash) {
        return fork(format!("event {seq} of the receipt follows another event {}", before.seq));
    }
    Ok(Step::Next)
}

/// The last of some events behind the head.
fn follow(events: &str, known: &Head) -> Result<Head> {
    let malformed = || Problem::new(ProblemCode::EventMalformed, "the events between are no array");
    let text = read(events)?;
    let mut places = Vec::new();
    for event in elements(&text).ok_or_else(malformed)? {
        let mut problems = Vec::new();
        let place = Listed::new(event)?.place(&mut problems)?;
        if let Some(problem) = problems.pop() {
            return Err(problem);
        }
        if !place.is_recomputed {
            let reason = format!("event {} brings no envelope, so that its hash may be made up", place.seq_no);
            return Err(Problem::new(ProblemCode::HashesOnly, reason));
        }
        places.push(place);
    }
    places.sort_by_key(|place| place.seq_no);
    let follows =
        |head: Head, seq: u64, prev: Option<Hash>| head.seq.checked_add(1) == Some(seq) && prev == Some(head.hash);
    places.into_iter().try_fold(*known, |head, place| {
        if follows(head, place.seq_no, place.prev_event_hash) {
            Ok(Head { seq: place.seq_no, hash: place.event_hash })
        } else {
            let reason = format!("event {} does not follow event {}", place.seq_no, head.seq);
            Err(Problem::new(ProblemCode::ChainBroken, reason))
        }
    })
}
