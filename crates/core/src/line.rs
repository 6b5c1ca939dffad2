//! One line of a ledger: reading it, with every check that needs no other line. [`crate::seal`] writes it.
//!
//! ```text
//! {"seq":0,"timestamp_nanos":1700000000000000000,"event":{"type":"SessionStarted","payload":{...}},
//!  "parent_hash":"<64>","self_hash":"<64>","signature":"<128>","signer_pubkey":"<64>"}      one line, then LF
//! ```
//!
//! A reader takes any order of keys, insignificant white space and any JSON spelling; every *value* is authenticated.
//! Checks, each over the whole line before the next: length; UTF-8; syntax or depth, whichever byte comes first;
//! duplicate keys; unknown keys; missing keys; types; ranges; hex.

mod parts;
mod written;

use crate::chain::Head;
use crate::error::{Error, ErrorCode, Fault, FaultCode, Place, excerpt};
use crate::event::EventSet;
use crate::handover::Handover;
use crate::hash::Hash;
use crate::json::{self, Flaw, Keys, MAX_DEPTH};
use crate::key::{PublicKey, Signature};
use crate::limits::MAX_LINE;
use parts::{KEYS, Parts};
use written::Written;

/// The kind of an event that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LineKind {
    Known(&'static str, EventSet),
    /// A name by the pattern that this version has no fields for: its payload was not judged.
    Unknown(String),
}

impl LineKind {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Known(name, _) => name,
            Self::Unknown(name) => name,
        }
    }

    pub(crate) fn set(&self) -> EventSet {
        match self {
            Self::Known(_, set) => *set,
            Self::Unknown(_) => EventSet::Extended,
        }
    }
}

/// A line whose fields are in order; its place in the chain and its signature are not checked yet.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) timestamp_nanos: u64,
    pub(crate) parent: Hash,
    /// What the line says its hash is.
    pub(crate) claimed: Hash,
    /// What its hash is.
    pub(crate) recomputed: Hash,
    pub(crate) signature: Signature,
    pub(crate) signer: PublicKey,
    pub(crate) kind: LineKind,
    /// Its bytes are what the writer would have written.
    pub(crate) as_written: bool,
    pub(crate) malformed_digest: bool,
    pub(crate) noted: Option<Box<Noted>>,
}

/// What rules beyond the line need of its payload.
#[derive(Debug, Clone)]
pub(crate) enum Noted {
    /// The ledger is handed over to another key.
    Handover(Handover),
    /// Its beginning was removed.
    Pruning(Pruning),
    /// A session begins; its id, unless that is longer than [`LONGEST_ID`].
    SessionStarted(Option<String>),
    /// A session has ended.
    SessionSealed(Option<String>),
    /// The ledger was put back, and this event of it is gone.
    Restored(Head),
}

/// The payload of a `LedgerPruned` event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pruning {
    /// The last event that may be missing.
    pub(crate) last: Head,
    /// Hash of the ledger's first event.
    pub(crate) first: Hash,
}

/// Bytes of a session's id that is followed.
pub(crate) const LONGEST_ID: usize = 256;

impl Line {
    /// The rotation of keys that it is.
    pub(crate) fn handover(&self) -> Option<&Handover> {
        match self.noted.as_deref()? {
            Noted::Handover(handover) => Some(handover),
            _ => None,
        }
    }

    /// What it says was removed.
    pub(crate) fn pruning(&self) -> Option<&Pruning> {
        match self.noted.as_deref()? {
            Noted::Pruning(pruning) => Some(pruning),
            _ => None,
        }
    }

    /// The event that it says was lost.
    pub(crate) fn restored(&self) -> Option<Head> {
        match self.noted.as_deref()? {
            Noted::Restored(lost) => Some(*lost),
            _ => None,
        }
    }

    /// Who signs what follows it, unless something is wrong.
    pub(crate) fn next_signer(&self) -> PublicKey {
        self.handover().map_or(self.signer, |handover| handover.new_key)
    }
}

/// Why a line gave no [`Line`].
#[derive(Debug, Clone)]
pub(crate) enum LineError {
    /// Not a line that can be checked.
    Unreadable(ErrorCode, String),
    /// Readable, and broken.
    Broken(Fault),
}

impl From<Fault> for LineError {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl LineError {
    /// The error of an operation that cannot go on behind this line.
    pub(crate) fn at(self, place: Place) -> Error {
        let (code, message) = match self {
            Self::Unreadable(code, message) => (code, message),
            Self::Broken(Fault { code, reason, .. }) => (ErrorCode::ChainBroken, format!("{code}: {reason}")),
        };
        let message = format!("line {}, byte {}: {message}", place.line, place.byte_offset);
        Error { place: Some(place), ..Error::new(code, message) }
    }
}

/// Reads one line without its LF and gives the writer's spelling of it. Its fields are checked, not its hash nor its
/// signature.
pub fn parse(text: &str) -> Result<String, Error> {
    let read = read(text.as_bytes(), MAX_LINE, &mut Workspace::default());
    let line = read.map_err(|error| error.at(Place { line: 1, byte_offset: 0 }))?;
    if line.as_written {
        return Ok(text.to_owned());
    }
    respell(text).ok_or_else(|| Error::new(ErrorCode::Internal, "a line that was read cannot be written"))
}

/// Nothing but JSON white space: such lines are skipped.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r'))
}

/// Working memory for one line after another.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The line, its outer objects in their order.
    text: Vec<u8>,
    /// The event in canonical form.
    canonical: Vec<u8>,
    json: json::Workspace,
}

impl Workspace {
    /// The event of the line that was read last, in canonical form.
    pub(crate) fn canonical(&self) -> &[u8] {
        &self.canonical
    }
}

/// Levels of a line's objects that are looked up by name: its own, the event, the payload.
const LEVELS: u8 = 3;

/// Reads one line, without its LF.
pub(crate) fn read(bytes: &[u8], max_length: usize, work: &mut Workspace) -> Result<Line, LineError> {
    let written = if bytes.len() <= max_length { read_written(bytes, work) } else { None };
    written.map_or_else(|| read_any(bytes, max_length, work), Ok)
}

/// Reads a line that is laid out as the writer does it, so that at most its event has to be parsed. None: it is not, or has
/// a fault.
fn read_written(bytes: &[u8], work: &mut Workspace) -> Option<Line> {
    let Workspace { text, canonical, json } = work;
    let Written { seq, timestamp_nanos, event, hashes: [parent, claimed, signature, signer] } = written::split(bytes)?;
    let top = |event| [seq, timestamp_nanos, event, parent, claimed, signature, signer].map(Some);
    if let Some(found) = written::split_event(event) {
        return Parts::of_written(top(event), &found).check(true, canonical).ok();
    }
    text.clear();
    let (depth, levels) = (MAX_DEPTH.saturating_sub(1), LEVELS.saturating_sub(1));
    let seen = json::outline(event, Keys::Sorted, depth, levels, text, json).ok()?;
    if seen.duplicate.is_some() {
        return None;
    }
    let event = str::from_utf8(text).ok()?;
    Parts::of_event(top(event), event, &mut json.outline).check(seen.compact, canonical).ok()
}

/// Reads a line in any spelling.
fn read_any(bytes: &[u8], max_length: usize, work: &mut Workspace) -> Result<Line, LineError> {
    let Workspace { text, canonical, json } = work;
    let source = readable(bytes, max_length)?;
    text.clear();
    let seen = json::outline(source, Keys::Sorted, MAX_DEPTH, LEVELS, text, json).map_err(unreadable)?;
    if let Some(path) = seen.duplicate {
        let fault =
            Fault { found: Some(excerpt(&path)), ..Fault::new(FaultCode::DuplicateKey, "an object has a key twice") };
        return Err(fault.into());
    }
    let text = str::from_utf8(text)
        .map_err(|_| LineError::Unreadable(ErrorCode::Internal, "the transcoder wrote no UTF-8".to_owned()))?;
    Ok(Parts::of(text, &mut json.outline).check(seen.compact, canonical)?)
}

/// The writer's spelling of a line that [`read`] accepts.
pub(crate) fn respell(source: &str) -> Option<String> {
    let (mut spelled, mut work) = (Vec::with_capacity(source.len()), json::Workspace::default());
    json::outline(source, Keys::AsGiven, MAX_DEPTH, LEVELS, &mut spelled, &mut work).ok()?;
    let spelled = String::from_utf8(spelled).ok()?;
    let parts = Parts::of(&spelled, &mut work.outline);
    let payload = match parts.kind {
        None => parts.payload?.to_owned(),
        Some(kind) => object(kind.fields.iter().zip(parts.fields).map(|(field, value)| Some((field.name, value?))))?,
    };
    let event = format!("{{\"type\":{},\"payload\":{payload}}}", parts.type_name?);
    let value = |(key, value): (&'static str, _)| Some((key, if key == "event" { event.as_str() } else { value? }));
    object(KEYS.into_iter().zip(parts.top).map(value))
}

/// The payload of a line that [`read`] accepts, for people: in the ledger's spelling, keys in their order, two spaces a
/// level.
pub(crate) fn payload(source: &str) -> Option<String> {
    let (mut spelled, mut work) = (Vec::with_capacity(source.len()), json::Workspace::default());
    json::outline(source, Keys::AsGiven, MAX_DEPTH, LEVELS, &mut spelled, &mut work).ok()?;
    let spelled = String::from_utf8(spelled).ok()?;
    let mut out = Vec::new();
    json::pretty(Parts::of(&spelled, &mut work.outline).payload?, 0, &mut out);
    String::from_utf8(out).ok()
}

/// An object of these members; none if one is missing.
fn object<'a>(members: impl Iterator<Item = Option<(&'a str, &'a str)>>) -> Option<String> {
    let mut out = String::new();
    for member in members {
        let (key, value) = member?;
        out.push_str(if out.is_empty() { "{\"" } else { ",\"" });
        out.push_str(key);
        out.push_str("\":");
        out.push_str(value);
    }
    out.push('}');
    Some(out)
}

fn readable(bytes: &[u8], max_length: usize) -> Result<&str, LineError> {
    if bytes.len() > max_length {
        let message = format!("a line of {} bytes, the limit is {max_length}", bytes.len());
        return Err(LineError::Unreadable(ErrorCode::LineTooLong, message));
    }
    let source = std::str::from_utf8(bytes).map_err(|error| {
        LineError::Unreadable(
            ErrorCode::LedgerMalformed,
            format!("not UTF-8 at byte {} of the line", error.valid_up_to()),
        )
    })?;
    // A ledger line is an object. Anything else is wrong at its first byte, before any depth can be exceeded.
    if !source.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{') {
        return Err(LineError::Unreadable(ErrorCode::LedgerMalformed, "a line that is no JSON object".to_owned()));
    }
    Ok(source)
}

fn unreadable(error: json::JsonError) -> LineError {
    let code = if error.flaw == Flaw::Depth { ErrorCode::DepthExceeded } else { ErrorCode::LedgerMalformed };
    LineError::Unreadable(code, format!("{error} of the line"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::key::KeyPair;
    use crate::seal;

    const DIGEST: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn lines() -> Vec<String> {
        let key = KeyPair::from_seed(&[1; 32]);
        let custom = r#"{"type":"Custom","payload":{"name":"a.b","data":{"b":[1.5,"\u0001é\""],"a":{},"c":null}}}"#;
        let model = format!(
            r#"{{"type":"ModelInvoked","payload":{{"model_id":"m","prompt_sha256":"{DIGEST}","response_sha256":"{DIGEST}","prompt_tokens":10,"response_tokens":0}}}}"#
        );
        let tool = format!(
            r#"{{"type":"ToolReturned","payload":{{"tool_name":"é 😀","result_sha256":"{DIGEST}","latency_ms":18446744073709551615,"success":true}}}}"#
        );
        let events = [custom, &model, &tool].map(|text| Event::parse(text).unwrap());
        let line = |event, seq| seal::seal(event, Hash::of(b"parent"), seq, 1_700_000_000_000_000_000, &key).unwrap();
        events.iter().zip([0, 42, 43]).map(|(event, seq)| line(event, seq)).collect()
    }

    /// Both readers give the same, if the faster one answers at all. Tells whether it did.
    fn agree(line: &[u8], work: &mut Workspace) -> bool {
        let Some(found) = read_written(line, work) else { return false };
        let expected = read_any(line, MAX_LINE, work).unwrap();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{}", String::from_utf8_lossy(line));
        true
    }

    #[test]
    fn what_the_writer_writes_is_read_at_its_places() {
        let mut work = Workspace::default();
        for line in lines() {
            assert!(agree(line.as_bytes(), &mut work), "{line}");
            assert!(read(line.as_bytes(), MAX_LINE, &mut work).unwrap().as_written);
            assert!(read(line.as_bytes(), line.len() - 1, &mut work).is_err());
        }
    }

    #[test]
    fn a_line_that_was_changed_is_read_the_same_by_both_readers() {
        let mut work = Workspace::default();
        let mut answered = 0;
        for line in lines() {
            for place in 0..line.len() {
                let (before, behind) = line.as_bytes().split_at(place);
                for byte in *b"\"\\09aF {}[],:.-e\0\xff" {
                    let replaced = [before, &[byte], &behind[1..]].concat();
                    let inserted = [before, &[byte], behind].concat();
                    answered += u32::from(agree(&replaced, &mut work)) + u32::from(agree(&inserted, &mut work));
                }
                let removed = [before, &behind[1..]].concat();
                answered += u32::from(agree(&removed, &mut work)) + u32::from(agree(before, &mut work));
            }
        }
        assert!(answered > 1000, "{answered}");
    }

    #[test]
    fn other_events_are_read_the_same_by_both_readers() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let mut work = Workspace::default();
        for event in [
            "null",
            "{}",
            " {\"type\":\"X\",\"payload\":{}} ",
            r#"{"payload":{"b":{"z":1,"y":{"b":1,"a":2}},"a":1},"type":"X"}"#,
            r#"{"type":"X","payload":{"a":1,"a":2}}"#,
            r#"{"type":{"b":1,"a":2},"payload":{}}"#,
            r#"{"type":"X","payload":[{"b":1,"a":2}],"other":1}"#,
            r#"{"type":"SessionEnded","payload":{"summary_sha256":"","reason":"r"}}"#,
            r#"{"type":"SessionEnded","payload":{"reason":"r"}}"#,
            &format!(r#"{{"type":"X","payload":{{"a":{}}}}}"#, nested(124)),
            &format!(r#"{{"type":"X","payload":{{"a":{}}}}}"#, nested(125)),
            &nested(127),
        ] {
            for line in lines() {
                let (before, rest) = line.split_once("\"event\":").unwrap();
                let behind = &rest[rest.find(",\"parent_hash\"").unwrap()..];
                agree(format!("{before}\"event\":{event}{behind}").as_bytes(), &mut work);
            }
        }
    }
}
