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
use crate::event::{EventSet, Field, Kind, MAX_FIELDS, Misfit, find_kind, is_kind_name};
use crate::hash::{Hash, decode_hex};
use crate::json::members::{Type, type_of, unquote};
use crate::json::string::compare_keys;
use crate::json::{self, Flaw, Keys, MAX_DEPTH, Outlined};
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

/// Reads one line, without its LF.
pub(crate) fn read(bytes: &[u8], max_length: usize, work: &mut Workspace) -> Result<Line, LineError> {
    let source = readable(bytes, max_length)?;
    work.text.clear();
    let seen = json::outline(source, Keys::Sorted, MAX_DEPTH, &mut work.text, &mut work.json).map_err(unreadable)?;
    if let Some(path) = seen.duplicate {
        let fault =
            Fault { found: Some(excerpt(&path)), ..Fault::new(FaultCode::DuplicateKey, "an object has a key twice") };
        return Err(fault.into());
    }
    let text = std::str::from_utf8(&work.text)
        .map_err(|_| LineError::Unreadable(ErrorCode::Internal, "the transcoder wrote no UTF-8".to_owned()))?;
    let parts = Parts::of(text, &mut work.json.outline);
    parts.check_keys()?;
    parts.check_types()?;
    let (seq, timestamp_nanos) = parts.check_ranges()?;
    Ok(parts.decode(seq, timestamp_nanos, seen.compact, &mut work.canonical)?)
}

/// The writer's spelling of a line that [`read`] accepts.
pub(crate) fn respell(source: &str) -> Option<String> {
    let (mut spelled, mut work) = (Vec::with_capacity(source.len()), json::Workspace::default());
    json::outline(source, Keys::AsGiven, MAX_DEPTH, &mut spelled, &mut work).ok()?;
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

/// The values of a line, found by their keys; texts in the ledger's spelling.
struct Parts<'a> {
    text: &'a str,
    top: [Option<&'a str>; 7],
    type_name: Option<&'a str>,
    payload: Option<&'a str>,
    /// The payload's members.
    members: &'a mut [Outlined],
    /// The kind, if `type` names one that is known, the values of its fields, and what is wrong with them.
    kind: Option<&'static Kind>,
    fields: [Option<&'a str>; MAX_FIELDS],
    misfits: [Option<Misfit>; MAX_FIELDS],
    unknown_key: Option<String>,
    /// The keys stand in the writer's order.
    in_order: bool,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str, outline: &'a mut [Outlined]) -> Self {
        let top = look_up(text, outline, |n| KEYS.get(n).copied());
        // A value that is no object has no members, so it misses none and has none too many: its type is judged later.
        let event = inside(text, outline, "event");
        let Lookup { values: [type_name, payload], unknown, in_order } =
            look_up(text, event, |n| EVENT_KEYS.get(n).copied());
        let mut unknown_key = top.unknown.map(str::to_owned).or_else(|| unknown.map(|key| format!("event.{key}")));
        let members = inside(text, event, "payload");
        let kind = type_name.and_then(|name| find_kind(unquote(name)));
        let mut in_order = top.in_order && in_order;
        let (mut fields, mut misfits) = ([None; MAX_FIELDS], [None; MAX_FIELDS]);
        if let Some(kind) = kind {
            let found = look_up(text, members, |n| kind.fields.get(n).map(|field| field.name));
            fields = found.values;
            for ((misfit, field), value) in misfits.iter_mut().zip(kind.fields).zip(fields) {
                *misfit = value.and_then(|value| field.holds.misfit(value));
            }
            in_order &= found.in_order;
            unknown_key = unknown_key.or_else(|| found.unknown.map(|key| format!("event.payload.{key}")));
        }
        Self { text, top: top.values, type_name, payload, members, kind, fields, misfits, unknown_key, in_order }
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
        self.payload.filter(|payload| type_of(payload) == Type::Object)?;
        let (absent, _) = self.fields().find(|(_, value)| value.is_none())?;
        Some(format!("event.payload.{}", absent.name))
    }

    /// The fields of the kind, if it is known, and their values.
    fn fields(&self) -> impl Iterator<Item = (&'static Field, Option<&'a str>)> {
        self.kind.map_or(&[][..], |kind| kind.fields).iter().zip(self.fields)
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

    /// Gives `seq` and `timestamp_nanos`.
    fn check_ranges(&self) -> Result<(u64, u64), Fault> {
        let [seq, timestamp, ..] = self.top.map(Option::unwrap_or_default);
        let seq_number = seq.parse().ok().filter(|seq| *seq <= MAX_SEQ);
        let seq = seq_number.ok_or_else(|| out_of_range("seq", "0 to 9007199254740991", seq))?;
        let timestamp_nanos =
            timestamp.parse().map_err(|_| out_of_range("timestamp_nanos", "0 to 18446744073709551615", timestamp))?;
        match self.find_misfit(Misfit::Range) {
            Some((name, described, value)) => Err(out_of_range(&format!("event.payload.{name}"), described, value)),
            None => Ok((seq, timestamp_nanos)),
        }
    }

    /// First payload field that does not fit in this way: name, what it should hold, value.
    fn find_misfit(&self, misfit: Misfit) -> Option<(&'static str, &'static str, &'a str)> {
        let place = self.misfits.iter().position(|found| *found == Some(misfit))?;
        let (field, value) = self.fields().nth(place)?;
        Some((field.name, field.holds.describe(), value?))
    }

    fn decode(self, seq: u64, timestamp_nanos: u64, compact: bool, canonical: &mut Vec<u8>) -> Result<Line, Fault> {
        let [_, _, _, parent, claimed, signature, signer] = self.top.map(Option::unwrap_or_default);
        let parent = Hash::from_bytes(hex("parent_hash", parent)?);
        let claimed = Hash::from_bytes(hex("self_hash", claimed)?);
        let signature = Signature::from_bytes(hex("signature", signature)?);
        let signer = PublicKey::from_bytes(hex("signer_pubkey", signer)?);
        let kind = match self.kind {
            Some(kind) => LineKind::Known(kind.name, kind.set),
            None => LineKind::Unknown(self.type_name.map(unquote).unwrap_or_default().to_owned()),
        };
        let malformed_digest = kind.set() == EventSet::Core && self.find_misfit(Misfit::Form).is_some();
        let as_written = compact && self.in_order;
        self.write_event(canonical);
        Ok(Line {
            seq,
            timestamp_nanos,
            parent,
            claimed,
            recomputed: hash_event(canonical, &parent, seq, timestamp_nanos),
            signature,
            signer,
            malformed_digest,
            kind,
            as_written,
        })
    }

    /// The event in canonical form: its own two keys and the payload's are not in order yet.
    fn write_event(self, canonical: &mut Vec<u8>) {
        let text = self.text;
        let key = |member: &Outlined| member.key(text).as_bytes();
        // The names of known fields are plain.
        let compare = if self.kind.is_some() { <[u8] as Ord>::cmp } else { compare_keys };
        self.members.sort_unstable_by(|a, b| compare(key(a), key(b)));
        canonical.clear();
        canonical.extend_from_slice(b"{\"payload\":{");
        for (index, member) in self.members.iter().enumerate() {
            if index > 0 {
                canonical.push(b',');
            }
            canonical.extend_from_slice(member.both(text).as_bytes());
        }
        canonical.extend_from_slice(b"},\"type\":");
        canonical.extend_from_slice(self.type_name.unwrap_or_default().as_bytes());
        canonical.push(b'}');
    }
}

/// The members of one object by the names that are known.
struct Lookup<'a, const N: usize> {
    values: [Option<&'a str>; N],
    /// Of the keys that are none of the names, the first in canonical order.
    unknown: Option<&'a str>,
    in_order: bool,
}

/// Looks for the first N names among the members of the object that `outline` begins with.
fn look_up<'a, const N: usize>(
    text: &'a str,
    outline: &[Outlined],
    name: impl Fn(usize) -> Option<&'static str>,
) -> Lookup<'a, N> {
    let mut found = Lookup { values: [None; N], unknown: None, in_order: true };
    let depth = outline.first().map(|member| member.depth);
    for (index, member) in outline.iter().filter(|member| Some(member.depth) == depth).enumerate() {
        let key = member.key(text);
        // Most lines are in the writer's order.
        let is_next = name(index) == Some(key);
        let place = if is_next { Some(index) } else { (0..N).find(|&n| name(n) == Some(key)) };
        found.in_order &= is_next;
        match place.and_then(|place| found.values.get_mut(place)) {
            Some(value) => *value = Some(member.value(text)),
            None => {
                let first = found.unknown.filter(|first| compare_keys(first.as_bytes(), key.as_bytes()).is_lt());
                found.unknown = first.or(Some(key));
            }
        }
    }
    found
}

/// What stands in the object that is a member of the object that `outline` begins with.
fn inside<'o>(text: &str, outline: &'o mut [Outlined], name: &str) -> &'o mut [Outlined] {
    let depth = outline.first().map_or(0, |member| member.depth);
    let member = outline.iter().position(|member| member.depth == depth && member.key(text) == name);
    let Some(behind) = member.map(|place| place.saturating_add(1)) else { return &mut [] };
    let rest = outline.get_mut(behind..).unwrap_or_default();
    let end = rest.iter().position(|member| member.depth <= depth).unwrap_or(rest.len());
    rest.get_mut(..end).unwrap_or_default()
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
