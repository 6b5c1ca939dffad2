//! Completeness: that a list has every event of a stream from one number to another.

use super::event::{Listed, Place};
use super::wire::{Result, elements, read};
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

/// Which events there should be, and what is known of them from elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Number of the first event, from 1.
    pub from_seq_no: u64,
    /// Number of the last.
    pub to_seq_no: u64,
    /// Hash of the event before the first.
    pub prev_event_hash: Option<Hash>,
    /// Hash of the last, such as a receipt has it. Without it a list of another stream may pass.
    pub last_event_hash: Option<Hash>,
    /// Takes events without envelopes, whose hashes anyone can make up.
    pub allow_hashes_only: bool,
}

/// What was gone by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The hash of each event was computed from its envelope.
    Envelopes,
    /// Some were, others only claimed.
    Mixed,
    /// None was computed.
    Hashes,
}

/// What a list of events shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletenessReport {
    /// There are no problems: each event of the range is there, and names the hash of the one before.
    pub ok: bool,
    /// All that were found, up to the first of each event.
    pub problems: Vec<Problem>,
    /// What was gone by; nothing without events.
    pub basis: Option<Basis>,
    /// Events in the list.
    pub event_count: usize,
    /// Hash of the last event, if there are no problems.
    pub last_event_hash: Option<Hash>,
}

impl CompletenessReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks a JSON array of events, in any order. An event brings its envelope, or its hashes alone.
pub fn verify_completeness(events: &str, expected: &Expected) -> CompletenessReport {
    let mut problems = Vec::new();
    let places = places(events, &mut problems);
    let places = places.map_err(|problem| problems.push(problem)).unwrap_or_default();
    check(&places, expected, &mut problems);
    let recomputed = places.iter().filter(|place| place.is_recomputed).count();
    let basis = match recomputed {
        _ if places.is_empty() => None,
        0 => Some(Basis::Hashes),
        _ if recomputed == places.len() => Some(Basis::Envelopes),
        _ => Some(Basis::Mixed),
    };
    let last = places.last().map(|place| place.event_hash);
    CompletenessReport {
        ok: problems.is_empty(),
        basis,
        event_count: places.len(),
        last_event_hash: last.filter(|_| problems.is_empty()),
        problems,
    }
}

/// The events by number.
fn places(events: &str, problems: &mut Vec<Problem>) -> Result<Vec<Place>> {
    let text = read(events)?;
    let events = elements(&text).ok_or_else(|| Problem::new(ProblemCode::EventMalformed, "the events are no array"))?;
    let mut places = Vec::with_capacity(events.len());
    for event in events {
        match Listed::new(event).and_then(|event| event.place(problems)) {
            Ok(place) => places.push(place),
            Err(problem) => problems.push(problem),
        }
    }
    places.sort_by_key(|place: &Place| place.seq_no);
    Ok(places)
}

fn check(places: &[Place], expected: &Expected, problems: &mut Vec<Problem>) {
    let mut found = |code, reason: String| problems.push(Problem::new(code, reason));
    let (from, to) = (expected.from_seq_no, expected.to_seq_no);
    let ([first, ..], [.., last]) = (places, places) else {
        return found(ProblemCode::RangeEmpty, "there is no event, which shows nothing".to_owned());
    };
    if from == 0 || from > to {
        return found(ProblemCode::RangeEmpty, format!("there are no events from {from} to {to}; the first one is 1"));
    }
    if let Some(reason) = gap(places, from, to) {
        found(ProblemCode::SequenceGap, reason);
    }
    for (before, after) in places.iter().zip(places.iter().skip(1)) {
        let is_next = before.seq_no.checked_add(1) == Some(after.seq_no);
        if is_next && after.prev_event_hash != Some(before.event_hash) {
            let reason = format!("event {} does not name the hash of the one before", after.seq_no);
            found(ProblemCode::ChainBroken, reason);
        }
        if before.stream.as_ref().zip(after.stream.as_ref()).is_some_and(|(before, after)| before != after) {
            let reason = format!("event {} is of another stream than the one before", after.seq_no);
            found(ProblemCode::StreamMismatch, reason);
        }
    }
    if expected.prev_event_hash.is_some() && expected.prev_event_hash != first.prev_event_hash {
        found(ProblemCode::EndMismatch, "the first event does not follow the one that was expected".to_owned());
    }
    if expected.last_event_hash.is_some_and(|hash| hash != last.event_hash) {
        found(ProblemCode::EndMismatch, "the last event is not the one that was expected".to_owned());
    }
    if !expected.allow_hashes_only
        && let Some(place) = places.iter().find(|place| !place.is_recomputed)
    {
        let reason = format!("event {} brings no envelope, so that its hash may be made up", place.seq_no);
        found(ProblemCode::HashesOnly, reason);
    }
}

/// Where the numbers are not those from one to another.
fn gap(places: &[Place], from: u64, to: u64) -> Option<String> {
    let mut expected = from;
    for Place { seq_no, .. } in places {
        if *seq_no != expected || expected > to {
            return Some(format!("event {seq_no} stands where {expected} should, of {from} to {to}"));
        }
        expected = expected.saturating_add(1);
    }
    (expected <= to).then(|| format!("event {expected} is missing, of {from} to {to}"))
}
