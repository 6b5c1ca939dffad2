//! The one value inside a payload that reading looks at. The line is checked before.

use crate::event::find_kind;
use serde::Deserialize;

#[derive(Deserialize)]
struct OfLine {
    event: OfEvent,
}

#[derive(Deserialize)]
struct OfEvent {
    payload: OfPayload,
}

#[derive(Deserialize)]
struct OfPayload {
    session_id: String,
}

/// The `session_id` of an event, if its kind has one.
pub(super) fn session_of(kind: &str, line: &[u8]) -> Option<String> {
    let has_one = find_kind(kind)?.fields.iter().any(|field| field.name == "session_id");
    let read = if has_one { serde_json::from_slice::<OfLine>(line).ok() } else { None };
    read.map(|line| line.event.payload.session_id)
}
