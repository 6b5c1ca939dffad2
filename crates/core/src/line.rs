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

use crate::chain::hash_event;
use crate::error::{Error, ErrorCode, Fault, FaultCode, Place, excerpt};
use crate::event::{EventSet, Kind, Misfit, find_kind, is_kind_name};
use crate::hash::{Hash, decode_hex};
use crate::json::members::{Type, has_keys, member, type_of, unquote};
use crate::json::{self, Flaw, Keys, MAX_DEPTH, members};
use crate::key::{PublicKey, Signature};
use crate::limits::{MAX_LINE, MAX_SEQ};

/// Keys of a line, in the order they are written.
const KEYS: [&str; 7] = ["seq", "timestamp_nanos", "event", "parent_hash", "self_hash", "signature", "signer_pubkey"];
const EVENT_KEYS: [&str; 2] = ["type", "payload"];

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
    let read = read(text.as_bytes(), MAX_LINE, &mut Vec::new());
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

/// Reads one line, without its LF. `canonical` is working space whose content does not matter.
pub(crate) fn read(bytes: &[u8], max_length: usize, canonical: &mut Vec<u8>) -> Result<Line, LineError> {
    let source = readable(bytes, max_length)?;
    canonical.clear();
    let seen = json::transcode(source, Keys::Sorted, MAX_DEPTH, canonical).map_err(unreadable)?;
    if let Some(path) = seen.duplicate {
        let fault =
            Fault { found: Some(excerpt(&path)), ..Fault::new(FaultCode::DuplicateKey, "an object has a key twice") };
        return Err(fault.into());
    }
    let canonical = std::str::from_utf8(canonical)
        .map_err(|_| LineError::Unreadable(ErrorCode::Internal, "the transcoder wrote no UTF-8".to_owned()))?;
    let parts = Parts::of(canonical);
    parts.check_keys()?;
    parts.check_types()?;
    parts.check_ranges()?;
    let line = parts.decode(seen.compact && in_written_order(source, parts.kind))?;
    Ok(line)
}

/// The writer's spelling of a line that [`read`] accepts.
pub(crate) fn respell(source: &str) -> Option<String> {
    let mut spelled = Vec::with_capacity(source.len());
    json::transcode(source, Keys::AsGiven, MAX_DEPTH, &mut spelled).ok()?;
    let spelled = String::from_utf8(spelled).ok()?;
    let parts = Parts::of(&spelled);
    let fields: Vec<&str> =
        parts.kind.map(|kind| kind.fields.iter().map(|field| field.name).collect()).unwrap_or_default();
    let payload = if fields.is_empty() { parts.payload?.to_owned() } else { in_order(parts.payload?, &fields)? };
    let event = format!("{{\"type\":{},\"payload\":{payload}}}", parts.type_name?);
    let mut out = String::with_capacity(spelled.len());
    for (key, value) in KEYS.iter().zip(parts.top) {
        out.push_str(if out.is_empty() { "{\"" } else { ",\"" });
        out.push_str(key);
        out.push_str("\":");
        out.push_str(if *key == "event" { &event } else { value? });
    }
    out.push('}');
    Some(out)
}

fn in_order(object: &str, keys: &[&str]) -> Option<String> {
    let mut out = String::with_capacity(object.len());
    for key in keys {
        let value = member(object, key)?;
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

/// The values of a line, found by their keys; texts in canonical or writer's spelling.
struct Parts<'a> {
    top: [Option<&'a str>; 7],
    type_name: Option<&'a str>,
    payload: Option<&'a str>,
    /// The kind, if `type` names one that is known.
    kind: Option<&'static Kind>,
    unknown_key: Option<String>,
}

impl<'a> Parts<'a> {
    fn of(line: &'a str) -> Self {
        let mut unknown = None;
        let top = pick(line, KEYS, "", &mut unknown);
        let [_, _, event, ..] = top;
        // A value that is no object has no members, so it misses none and has none too many: its type is judged later.
        let [type_name, payload] = pick(event.unwrap_or_default(), EVENT_KEYS, "event.", &mut unknown);
        let kind = type_name.and_then(|name| find_kind(unquote(name)));
        if let (Some(kind), Some(payload), None) = (kind, payload, &unknown) {
            let stranger = members(payload).find(|(key, _)| kind.fields.iter().all(|field| field.name != *key));
            unknown = stranger.map(|(key, _)| format!("event.payload.{key}"));
        }
        Self { top, type_name, payload, kind, unknown_key: unknown }
    }

    fn check_keys(&self) -> Result<(), Fault> {
        if let Some(key) = &self.unknown_key {
            let fault = Fault::new(FaultCode::UnsignedField, "a field that the hash does not cover");
            return Err(Fault { found: Some(excerpt(key)), ..fault });
        }
        match self.missing_key() {
            None => Ok(()),
            Some(key) => {
                let fault = Fault::new(FaultCode::MissingField, "a field is missing");
                Err(Fault { expected: Some(key), ..fault })
            }
        }
    }

    fn missing_key(&self) -> Option<String> {
        let [_, _, event, ..] = self.top;
        if let Some((key, _)) = KEYS.iter().zip(self.top).find(|(_, value)| value.is_none()) {
            return Some((*key).to_owned());
        }
        if type_of(event?) != Type::Object {
            return None;
        }
        let inside = EVENT_KEYS.iter().zip([self.type_name, self.payload]).find(|(_, value)| value.is_none());
        if let Some((key, _)) = inside {
            return Some(format!("event.{key}"));
        }
        let payload = self.payload.filter(|payload| type_of(payload) == Type::Object)?;
        let absent = self.fields().iter().find(|field| members(payload).all(|(key, _)| key != field.name))?;
        Some(format!("event.payload.{}", absent.name))
    }

    fn fields(&self) -> &'static [crate::event::Field] {
        self.kind.map_or(&[], |kind| kind.fields)
    }

    fn check_types(&self) -> Result<(), Fault> {
        let expect = |name: &str, value: Option<&str>, type_wanted: Type, described: &str| {
            let value = value.unwrap_or_default();
            if type_of(value) == type_wanted { Ok(()) } else { Err(wrong_type(name, described, value)) }
        };
        let [seq, timestamp, event, strings @ ..] = self.top;
        expect("seq", seq, Type::Integer, "an integer")?;
        expect("timestamp_nanos", timestamp, Type::Integer, "an integer")?;
        expect("event", event, Type::Object, "an object")?;
        expect("event.type", self.type_name, Type::String, "a string")?;
        let type_name = self.type_name.map(unquote).unwrap_or_default();
        if !is_kind_name(type_name) {
            return Err(wrong_type("event.type", "a capital letter, then at most 63 letters and digits", type_name));
        }
        expect("event.payload", self.payload, Type::Object, "an object")?;
        self.find_misfit(Misfit::Type).map_or(Ok(()), |(name, described, value)| {
            Err(wrong_type(&format!("event.payload.{name}"), described, value))
        })?;
        for (name, value) in KEYS.iter().skip(3).zip(strings) {
            expect(name, value, Type::String, "a string")?;
        }
        Ok(())
    }

    fn check_ranges(&self) -> Result<(), Fault> {
        let [seq, timestamp, ..] = self.top.map(Option::unwrap_or_default);
        if !seq.parse::<u64>().is_ok_and(|seq| seq <= MAX_SEQ) {
            return Err(out_of_range("seq", "0 to 9007199254740991", seq));
        }
        if timestamp.parse::<u64>().is_err() {
            return Err(out_of_range("timestamp_nanos", "0 to 18446744073709551615", timestamp));
        }
        match self.find_misfit(Misfit::Range) {
            Some((name, described, value)) => Err(out_of_range(&format!("event.payload.{name}"), described, value)),
            None => Ok(()),
        }
    }

    /// First payload field that does not fit in this way: name, what it should hold, value.
    fn find_misfit(&self, misfit: Misfit) -> Option<(&'static str, &'static str, &'a str)> {
        let payload = self.payload?;
        self.fields().iter().find_map(|field| {
            let value = member(payload, field.name)?;
            (field.holds.misfit(value) == Some(misfit)).then(|| (field.name, field.holds.describe(), value))
        })
    }

    fn decode(&self, as_written: bool) -> Result<Line, Fault> {
        let [seq, timestamp, event, parent, claimed, signature, signer] = self.top.map(Option::unwrap_or_default);
        let parent = Hash::from_bytes(hex("parent_hash", parent)?);
        let claimed = Hash::from_bytes(hex("self_hash", claimed)?);
        let signature = Signature::from_bytes(hex("signature", signature)?);
        let signer = PublicKey::from_bytes(hex("signer_pubkey", signer)?);
        // Both were checked against their ranges.
        let seq = seq.parse().map_err(|_| out_of_range("seq", "an integer", seq))?;
        let timestamp_nanos =
            timestamp.parse().map_err(|_| out_of_range("timestamp_nanos", "an integer", timestamp))?;
        let kind = match self.kind {
            Some(kind) => LineKind::Known(kind.name, kind.set),
            None => LineKind::Unknown(self.type_name.map(unquote).unwrap_or_default().to_owned()),
        };
        Ok(Line {
            seq,
            timestamp_nanos,
            parent,
            claimed,
            recomputed: hash_event(event.as_bytes(), &parent, seq, timestamp_nanos),
            signature,
            signer,
            malformed_digest: kind.set() == EventSet::Core && self.find_misfit(Misfit::Form).is_some(),
            kind,
            as_written,
        })
    }
}

/// The values of an object by name; the first key that is none of the names goes to `unknown`.
fn pick<'a, const N: usize>(
    object: &'a str,
    names: [&str; N],
    prefix: &str,
    unknown: &mut Option<String>,
) -> [Option<&'a str>; N] {
    let mut found = [None; N];
    for (key, value) in members(object) {
        match names.iter().zip(found.iter_mut()).find(|(name, _)| **name == key) {
            Some((_, slot)) => *slot = Some(value),
            None => {
                unknown.get_or_insert_with(|| format!("{prefix}{key}"));
            }
        }
    }
    found
}

/// The keys of a line stand in the writer's order. The line itself must be spelled as the writer spells.
fn in_written_order(source: &str, kind: Option<&Kind>) -> bool {
    let event = member(source, "event").unwrap_or_default();
    let payload = member(event, "payload").unwrap_or_default();
    has_keys(source, KEYS)
        && has_keys(event, EVENT_KEYS)
        && kind.is_none_or(|kind| has_keys(payload, kind.fields.iter().map(|field| field.name)))
}

fn hex<const N: usize>(name: &str, value: &str) -> Result<[u8; N], Fault> {
    let text = unquote(value);
    decode_hex(text).ok_or_else(|| {
        let expected = format!("{} lower-case hex digits", N.saturating_mul(2));
        Fault::mismatch(FaultCode::NonCanonicalHex, format!("{name} is not canonical hex"), expected, text)
    })
}

fn wrong_type(name: &str, described: &str, value: &str) -> Fault {
    Fault::mismatch(FaultCode::WrongType, format!("{name} has the wrong type"), described, value)
}

fn out_of_range(name: &str, described: &str, value: &str) -> Fault {
    Fault::mismatch(FaultCode::OutOfRange, format!("{name} is out of range"), described, value)
}
