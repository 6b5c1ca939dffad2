//! Events: the kinds, their fields, and what may be recorded.
//!
//! An event is `{"type": <kind>, "payload": {...}}`. The table [`KINDS`] is the only place that knows fields. The
//! seven core kinds are closed; extended kinds are registered here and in `docs/format.md`.

#[cfg(test)]
mod tests;

use crate::error::{Error, ErrorCode, Result, excerpt};
use crate::hash::is_hex;
use crate::json::members::{Type, type_of, unquote};
use crate::json::{self, Flaw, JsonError, Keys, MAX_DEPTH, Outlined, members};
use crate::key::PublicKey;
use crate::limits;
use std::ops::Range;

/// Which kinds a session may record, and which a ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventSet {
    /// The seven kinds that the Provedex SDK knows too.
    Core,
    /// Core and further kinds.
    Extended,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Any string.
    Text,
    /// SHA-256 as 64 lower-case hex digits.
    Digest,
    /// The same, or the empty string for "none".
    DigestOrEmpty,
    /// An integer from 0 to 2^64-1.
    U64,
    /// An integer from 0 to 2^32-1.
    U32,
    /// `true` or `false`.
    Bool,
    /// A reverse-domain name such as `com.example.refund`: labels of letters, digits, `-` and `_`, at least two,
    /// joined by dots; at most 255 bytes.
    ReverseDomain,
    /// A public key as 64 lower-case hex digits.
    PublicKeyHex,
    /// A signature as 128 lower-case hex digits.
    SignatureHex,
    /// Any JSON value.
    Json,
}

/// A field of a payload.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it holds.
    pub holds: FieldType,
}

/// A kind of event.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, the value of `type`.
    pub name: &'static str,
    /// Which set it belongs to.
    pub set: EventSet,
    /// Only the library writes it: whoever records or seals one is refused.
    pub reserved: bool,
    /// The fields of its payload, all required, in the order the writer writes them.
    pub fields: &'static [Field],
    /// Their places, by their names: the order of the canonical form.
    ascending: [usize; MAX_FIELDS],
}

impl Kind {
    const fn new(name: &'static str, set: EventSet, reserved: bool, fields: &'static [Field]) -> Self {
        Self { name, set, reserved, fields, ascending: ascending(fields) }
    }

    /// Its fields in the order of the canonical form, each with its place in the writer's order.
    pub(crate) fn ascending(&self) -> impl Iterator<Item = (usize, &'static Field)> {
        self.ascending.iter().take(self.fields.len()).filter_map(|&place| Some((place, self.fields.get(place)?)))
    }
}

/// The most fields that a kind has.
pub(crate) const MAX_FIELDS: usize = 5;

/// The places of the fields by their names. A kind with more than [`MAX_FIELDS`] of them does not compile.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the compiler evaluates it")]
const fn ascending(fields: &[Field]) -> [usize; MAX_FIELDS] {
    let mut places = [0; MAX_FIELDS];
    let mut place = 0;
    while place < fields.len() {
        let (mut rank, mut other) = (0, 0);
        while other < fields.len() {
            if is_less(fields[other].name.as_bytes(), fields[place].name.as_bytes()) {
                rank += 1;
            }
            other += 1;
        }
        places[rank] = place;
        place += 1;
    }
    places
}

const fn is_less(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([first, one @ ..], [second, other @ ..]) if *first == *second => is_less(one, other),
        ([first, ..], [second, ..]) => *first < *second,
        (one, other) => one.len() < other.len(),
    }
}

const fn field(name: &'static str, holds: FieldType) -> Field {
    Field { name, holds }
}

const fn core(name: &'static str, fields: &'static [Field]) -> Kind {
    Kind::new(name, EventSet::Core, false, fields)
}

const fn extended(name: &'static str, fields: &'static [Field]) -> Kind {
    Kind::new(name, EventSet::Extended, false, fields)
}

const fn reserved(name: &'static str, fields: &'static [Field]) -> Kind {
    Kind::new(name, EventSet::Extended, true, fields)
}

/// The kind that says that a value, and the salt of the commitment to it, were deleted.
pub(crate) const PAYLOAD_ERASED: &str = "PayloadErased";

/// Every kind that this version knows.
pub static KINDS: &[Kind] = {
    use FieldType::{Bool, Digest, DigestOrEmpty, Json, PublicKeyHex, ReverseDomain, SignatureHex, Text, U32, U64};
    &[
        core("SessionStarted", &[field("agent_id", Text), field("model_id", Text), field("session_id", Text)]),
        core(
            "UtteranceCaptured",
            &[field("audio_sha256", Digest), field("transcript", Text), field("lang", Text), field("duration_ms", U64)],
        ),
        core("ToolCalled", &[field("tool_name", Text), field("args_sha256", Digest), field("args_redacted", Json)]),
        core(
            "ToolReturned",
            &[
                field("tool_name", Text),
                field("result_sha256", Digest),
                field("latency_ms", U64),
                field("success", Bool),
            ],
        ),
        core(
            "ModelInvoked",
            &[
                field("model_id", Text),
                field("prompt_sha256", Digest),
                field("response_sha256", Digest),
                field("prompt_tokens", U32),
                field("response_tokens", U32),
            ],
        ),
        core(
            "UtteranceSpoken",
            &[field("text_sha256", Digest), field("text", Text), field("audio_sha256", DigestOrEmpty)],
        ),
        core("SessionEnded", &[field("reason", Text), field("summary_sha256", DigestOrEmpty)]),
        extended("Custom", &[field("name", ReverseDomain), field("data", Json)]),
        reserved(
            "KeyRotated",
            &[
                field("old_key", PublicKeyHex),
                field("new_key", PublicKeyHex),
                field("first_hash", Digest),
                field("proof", SignatureHex),
            ],
        ),
        reserved("LedgerRestored", &[field("known_seq", U64), field("known_hash", Digest), field("reason", Text)]),
        reserved(
            "LedgerPruned",
            &[field("count", U64), field("last_seq", U64), field("last_hash", Digest), field("first_hash", Digest)],
        ),
        reserved(
            "SessionSealed",
            &[
                field("session_id", Text),
                field("count", U64),
                field("head_seq", U64),
                field("head_hash", DigestOrEmpty),
            ],
        ),
        reserved("Heartbeat", &[field("session_id", Text), field("interval_ms", U64)]),
        extended(PAYLOAD_ERASED, &[field("commitment", Digest), field("reason", Text)]),
        extended(
            "TokenIssued",
            &[field("jti", Text), field("issuer", Text), field("status", Text), field("signing_input_sha256", Digest)],
        ),
    ]
};

/// The kind of a name, if this version knows it.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// `[A-Z][A-Za-z0-9]{0,63}`: what a kind may be called, known or not.
pub fn is_kind_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// How a value does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// Another JSON type; a double where an integer belongs.
    Type,
    /// An integer, but negative or too large.
    Range,
    /// A string, but not of the form its field asks for. Refused when recording, let pass when reading.
    Form,
    /// A string, but not so many lower-case hex digits.
    Hex,
}

impl FieldType {
    /// What is wrong with a value, spelled as the writer spells.
    pub(crate) fn misfit(self, value: &str) -> Option<Misfit> {
        let type_found = type_of(value);
        match self {
            Self::Json => None,
            Self::Bool => (type_found != Type::Bool).then_some(Misfit::Type),
            Self::U64 | Self::U32 if type_found != Type::Integer => Some(Misfit::Type),
            Self::U64 => value.parse::<u64>().is_err().then_some(Misfit::Range),
            Self::U32 => value.parse::<u32>().is_err().then_some(Misfit::Range),
            _ if type_found != Type::String => Some(Misfit::Type),
            Self::Text => None,
            Self::Digest => (!is_digest(unquote(value))).then_some(Misfit::Form),
            Self::DigestOrEmpty => (value != "\"\"" && !is_digest(unquote(value))).then_some(Misfit::Form),
            Self::ReverseDomain => (!is_reverse_domain(unquote(value))).then_some(Misfit::Form),
            Self::PublicKeyHex => (!is_digest(unquote(value))).then_some(Misfit::Hex),
            Self::SignatureHex => (!is_signature(unquote(value))).then_some(Misfit::Hex),
        }
    }

    pub(crate) fn is_digest(self) -> bool {
        matches!(self, Self::Digest | Self::DigestOrEmpty)
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Digest | Self::PublicKeyHex => "64 lower-case hex digits",
            Self::SignatureHex => "128 lower-case hex digits",
            Self::DigestOrEmpty => "64 lower-case hex digits, or an empty string",
            Self::U64 => "an integer from 0 to 18446744073709551615",
            Self::U32 => "an integer from 0 to 4294967295",
            Self::Bool => "a boolean",
            Self::ReverseDomain => "a reverse-domain name such as com.example.refund",
            Self::Json => "any JSON value",
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

fn is_signature(text: &str) -> bool {
    text.len() == 128 && is_hex(text)
}

fn is_reverse_domain(name: &str) -> bool {
    let label = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_alphanumeric())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 255 && name.contains('.') && name.split('.').all(label)
}

/// An event that may be recorded: valid, in the writer's spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    text: String,
    kind: &'static Kind,
    /// Where in the text each field's value stands, in the table's order.
    values: [Range<usize>; MAX_FIELDS],
}

impl Event {
    /// Reads JSON text `{"type", "payload"}` and checks it by the rules for recording: a known kind, all its fields
    /// and no other, types, ranges, digests, depth, length. Members may come in any order and spelling.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut spelled, mut work) = (Vec::with_capacity(text.len()), json::Workspace::default());
        // One less than a line may have: the line's own object is around it.
        let depth = MAX_DEPTH.saturating_sub(1);
        let seen = json::outline(text, Keys::AsGiven, depth, LEVELS, &mut spelled, &mut work)?;
        if let Some(path) = seen.duplicate {
            return Err(json::duplicate_key(path));
        }
        let spelled = into_text(spelled)?;
        let event = match fields_in_order(&spelled, &work.outline) {
            Some((kind, fields)) => keep_event(kind, fields, spelled)?,
            None => fields(&spelled).and_then(|(kind, values)| write_event(kind, values))?,
        };
        let length = limits::max_line(event.text.len());
        if length > limits::MAX_LINE {
            let message = format!("the event makes a line of {length} bytes, the limit is {}", limits::MAX_LINE);
            return Err(Error::new(ErrorCode::LineTooLong, message));
        }
        Ok(event)
    }

    /// The event as it stands on a line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The smallest set that holds its kind.
    pub fn set(&self) -> EventSet {
        self.kind.set
    }

    /// Refuses an event of a kind that only the library writes: someone else's would claim what did not happen.
    pub fn check_recordable(&self) -> Result<()> {
        if !self.kind.reserved {
            return Ok(());
        }
        let message = format!("only the library itself writes events of the kind {}", self.kind.name);
        Err(Error::new(ErrorCode::EventReserved, message).at_path("type"))
    }

    /// The key that it hands the ledger over to, if that is what it does.
    pub fn successor(&self) -> Option<PublicKey> {
        let new_key = self.values.get(1).filter(|_| self.kind.name == "KeyRotated")?;
        PublicKey::from_hex(unquote(self.text.get(new_key.clone())?))
    }

    /// The bytes that are hashed: [`json::canonicalize`] of the text. An event has few keys, all of them known, so that
    /// only values of any shape need the reader again.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.text.len());
        write_fields(self.kind, &mut out, |place, holds, out| {
            let value = self.values.get(place).and_then(|value| self.text.get(value.clone())).unwrap_or_default();
            if holds == FieldType::Json {
                json::transcode(value, Keys::Sorted, MAX_DEPTH, out)?;
            } else {
                out.extend_from_slice(value.as_bytes());
            }
            Ok::<(), JsonError>(())
        })?;
        Ok(out)
    }
}

/// Writes an event of a known kind in canonical form: the value of each field, by its place, as it is written.
#[inline(always)]
pub(crate) fn write_fields<E>(
    kind: &Kind,
    out: &mut Vec<u8>,
    mut write_value: impl FnMut(usize, FieldType, &mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    write_canonical(kind.name, out, |out| {
        for (index, (place, field)) in kind.ascending().enumerate() {
            out.extend_from_slice(if index > 0 { b",\"" } else { b"\"" });
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            write_value(place, field.holds, out)?;
        }
        Ok(())
    })
}

/// Writes an event in canonical form: its own two keys are in order here, those of its payload as they are written.
pub(crate) fn write_canonical<E>(
    type_name: &str,
    out: &mut Vec<u8>,
    write_fields: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    out.extend_from_slice(b"{\"payload\":{");
    write_fields(out)?;
    out.extend_from_slice(b"},\"type\":\"");
    out.extend_from_slice(type_name.as_bytes());
    out.extend_from_slice(b"\"}");
    Ok(())
}

impl From<JsonError> for Error {
    fn from(error: JsonError) -> Self {
        let code = match error.flaw {
            Flaw::Syntax => ErrorCode::JsonSyntax,
            Flaw::LoneSurrogate => ErrorCode::JsonString,
            Flaw::NumberOverflow => ErrorCode::JsonNumber,
            Flaw::Depth => ErrorCode::DepthExceeded,
        };
        let path = error.path.clone();
        let message = JsonError { path: String::new(), ..error }.to_string();
        Self::new(code, message).at_path(path)
    }
}

/// The transcoder's output is UTF-8, since its input was.
pub(crate) fn into_text(spelled: Vec<u8>) -> Result<String> {
    String::from_utf8(spelled).map_err(|_| Error::new(ErrorCode::Internal, "the transcoder wrote no UTF-8"))
}

/// The values of an event's fields, in the table's order; none where one is missing.
type Values<'e> = [Option<&'e str>; MAX_FIELDS];

/// Levels of an event's objects that are looked up by name: its own, the payload.
const LEVELS: u8 = 2;

/// Kind and fields of an event whose members are all there, no other, and in the order they are written in.
fn fields_in_order<'o>(event: &str, outline: &'o [Outlined]) -> Option<(&'static Kind, &'o [Outlined])> {
    let [type_name, payload, fields @ ..] = outline else { return None };
    let kind = find_kind(unquote(type_name.value(event)))?;
    let names = ["type", "payload"].into_iter().chain(kind.fields.iter().map(|field| field.name));
    let depths = [1, 1].into_iter().chain(kind.fields.iter().map(|_| 2));
    let in_order = outline.iter().map(|member| (member.key(event), member.depth)).eq(names.zip(depths));
    (in_order && type_of(payload.value(event)) == Type::Object).then_some((kind, fields))
}

/// Checks the fields of an event whose text can stay as it is.
fn keep_event(kind: &'static Kind, fields: &[Outlined], text: String) -> Result<Event> {
    let mut values = [const { 0..0 }; MAX_FIELDS];
    for ((field, member), place) in kind.fields.iter().zip(fields).zip(&mut values) {
        check_value(field, member.value(&text))?;
        *place = member.value_range();
    }
    Ok(Event { text, kind, values })
}

/// Refuses a value that must not be recorded in a field.
fn check_value(field: &Field, value: &str) -> Result<()> {
    let Some(misfit) = field.holds.misfit(value) else { return Ok(()) };
    let code = match misfit {
        Misfit::Range => ErrorCode::OutOfRange,
        Misfit::Form if field.holds.is_digest() => ErrorCode::EventDigest,
        Misfit::Type | Misfit::Form | Misfit::Hex => ErrorCode::EventField,
    };
    let message = format!("expected {}, found {}", field.holds.describe(), excerpt(value));
    Err(Error::new(code, message).at_path(format!("payload.{}", field.name)))
}

/// Kind and fields of any event, or what is wrong with it.
fn fields(event: &str) -> Result<(&'static Kind, Values<'_>)> {
    let (type_name, payload) = envelope(event)?;
    let kind = find_kind(type_name).ok_or_else(|| {
        let message = format!("no kind of event may be recorded as \"{}\"", excerpt(type_name));
        Error::new(ErrorCode::EventKind, message).at_path("type")
    })?;
    Ok((kind, values_of(kind, payload)?))
}

/// `type` and `payload` of an event, which has nothing else.
fn envelope(event: &str) -> Result<(&str, &str)> {
    if type_of(event) != Type::Object {
        return Err(Error::new(ErrorCode::EventField, "an event is an object with type and payload"));
    }
    let (mut kind, mut payload) = (None, None);
    for (key, value) in members(event) {
        match key {
            "type" => kind = Some(value),
            "payload" => payload = Some(value),
            _ => return Err(Error::new(ErrorCode::EventField, "an event has no such field").at_path(key)),
        }
    }
    let missing = |name: &str| Error::new(ErrorCode::EventField, "a required field is missing").at_path(name);
    let kind = kind.ok_or_else(|| missing("type"))?;
    let payload = payload.ok_or_else(|| missing("payload"))?;
    if type_of(kind) != Type::String {
        return Err(Error::new(ErrorCode::EventField, "expected a string").at_path("type"));
    }
    if type_of(payload) != Type::Object {
        return Err(Error::new(ErrorCode::EventField, "expected an object").at_path("payload"));
    }
    Ok((unquote(kind), payload))
}

/// Checks the fields and writes the event with them in the table's order.
fn write_event(kind: &'static Kind, found: Values<'_>) -> Result<Event> {
    let mut values = [const { 0..0 }; MAX_FIELDS];
    // Enough for the name of any kind and those of its fields.
    let names = 192;
    let length = found.iter().flatten().map(|value| value.len()).fold(names, usize::saturating_add);
    let mut text = String::with_capacity(length);
    text.push_str("{\"type\":\"");
    text.push_str(kind.name);
    text.push_str("\",\"payload\":");
    let mut separator = "{\"";
    for ((field, value), place) in kind.fields.iter().zip(found).zip(&mut values) {
        let path = || format!("payload.{}", field.name);
        let value =
            value.ok_or_else(|| Error::new(ErrorCode::EventField, "a required field is missing").at_path(path()))?;
        check_value(field, value)?;
        text.push_str(separator);
        text.push_str(field.name);
        text.push_str("\":");
        let start = text.len();
        text.push_str(value);
        *place = start..text.len();
        separator = ",\"";
    }
    text.push_str("}}");
    Ok(Event { text, kind, values })
}

/// The values of a payload's fields, in the table's order. It has no key twice.
fn values_of<'p>(kind: &Kind, payload: &'p str) -> Result<Values<'p>> {
    let mut values = [None; MAX_FIELDS];
    for (key, value) in members(payload) {
        let place = kind.fields.iter().zip(&mut values).find(|(field, _)| field.name == key);
        let Some((_, place)) = place else {
            let message = format!("{} has no such field", kind.name);
            return Err(Error::new(ErrorCode::EventField, message).at_path(format!("payload.{key}")));
        };
        *place = Some(value);
    }
    Ok(values)
}
