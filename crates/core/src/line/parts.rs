//! The values of a line by their names, and the checks of them in order.

use super::written::WrittenEvent;
use super::{LONGEST_ID, Line, LineKind, Noted, Pruning};
use crate::chain::{Head, hash_spelled};
use crate::error::{Fault, FaultCode, excerpt};
use crate::event::{Field, Kind, MAX_FIELDS, Misfit, find_kind, is_kind_name, write_canonical, write_fields};
use crate::handover::Handover;
use crate::hash::{Hash, decode_hex};
use crate::json::members::{Type, type_of, unquote};
use crate::json::string::compare_keys;
use crate::json::{self, Outlined};
use crate::key::{PublicKey, Signature};
use crate::limits::MAX_SEQ;
use std::convert::Infallible;

/// Keys of a line, in the order they are written.
pub(super) const KEYS: [&str; 7] =
    ["seq", "timestamp_nanos", "event", "parent_hash", "self_hash", "signature", "signer_pubkey"];
const EVENT_KEYS: [&str; 2] = ["type", "payload"];

/// The values of a line, found by their keys; texts in the ledger's spelling.
pub(super) struct Parts<'a> {
    /// What `members` are places in.
    text: &'a str,
    pub(super) top: [Option<&'a str>; 7],
    pub(super) type_name: Option<&'a str>,
    pub(super) payload: Option<&'a str>,
    /// The payload's members, of which the canonical form of an unknown kind is made.
    members: &'a mut [Outlined],
    /// The kind, if `type` names one that is known, the values of its fields, and what is wrong with them.
    pub(super) kind: Option<&'static Kind>,
    pub(super) fields: [Option<&'a str>; MAX_FIELDS],
    misfits: [Option<Misfit>; MAX_FIELDS],
    unknown_key: Option<String>,
    /// The keys stand in the writer's order.
    in_order: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str, outline: &'a mut [Outlined]) -> Self {
        let top: Lookup<'_, 7> = look_up(text, outline, |n| KEYS.get(n).copied());
        let parts = Self::of_event(top.values, text, inside(text, outline, "event"));
        let unknown_key = top.unknown.map(str::to_owned).or(parts.unknown_key);
        Self { unknown_key, in_order: top.in_order && parts.in_order, ..parts }
    }

    /// Of a line whose own values are known; `event` outlines the event in `text`.
    pub(super) fn of_event(top: [Option<&'a str>; 7], text: &'a str, event: &'a mut [Outlined]) -> Self {
        // A value that is no object has no members, so it misses none and has none too many: its type is judged later.
        let Lookup { values: [type_name, payload], unknown, in_order } =
            look_up(text, event, |n| EVENT_KEYS.get(n).copied());
        let mut unknown_key = unknown.map(|key| format!("event.{key}"));
        let members = inside(text, event, "payload");
        let kind = type_name.and_then(|name| find_kind(unquote(name)));
        let mut in_order = in_order;
        let mut fields = [None; MAX_FIELDS];
        if let Some(kind) = kind {
            let found = look_up(text, members, |n| kind.fields.get(n).map(|field| field.name));
            fields = found.values;
            in_order &= found.in_order;
            unknown_key = unknown_key.or_else(|| found.unknown.map(|key| format!("event.payload.{key}")));
        }
        let misfits = misfits(kind, &fields);
        Self { text, top, type_name, payload, members, kind, fields, misfits, unknown_key, in_order }
    }

    /// Of a line that is laid out as the writer does it, its event too.
    pub(super) fn of_written(top: [Option<&'a str>; 7], event: &WrittenEvent<'a>) -> Self {
        let WrittenEvent { type_name, kind, payload, fields } = *event;
        Self {
            text: "",
            top,
            type_name: Some(type_name),
            payload: Some(payload),
            members: &mut [],
            kind: Some(kind),
            fields,
            misfits: misfits(Some(kind), &fields),
            unknown_key: None,
            in_order: true,
        }
    }

    /// Checks everything, and gives the line. `compact`: the text was spelled as the writer spells.
    pub(super) fn check(self, compact: bool, canonical: &mut Vec<u8>) -> Result<Line, Fault> {
        self.check_keys()?;
        self.check_types()?;
        let (seq, timestamp_nanos) = self.check_ranges()?;
        self.decode(seq, timestamp_nanos, compact, canonical)
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
            if type_of(value) == type_wanted {
                return Ok(());
            }
            // An outer object keeps its order, and a fault shows the canonical form.
            let shown = json::canonicalize(value).ok().and_then(|shown| String::from_utf8(shown).ok());
            Err(wrong_type(name, described, shown.as_deref().unwrap_or(value)))
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

    /// Keys and signatures of the payload; those of the line itself come behind them.
    fn check_hex(&self) -> Result<(), Fault> {
        self.find_misfit(Misfit::Hex).map_or(Ok(()), |(name, described, value)| {
            let reason = format!("event.payload.{name} is not canonical hex");
            Err(Fault::mismatch(FaultCode::NonCanonicalHex, reason, described, unquote(value)))
        })
    }

    /// First payload field that does not fit in this way: name, what it should hold, value.
    fn find_misfit(&self, misfit: Misfit) -> Option<(&'static str, &'static str, &'a str)> {
        let place = self.misfits.iter().position(|found| *found == Some(misfit))?;
        let (field, value) = self.fields().nth(place)?;
        Some((field.name, field.holds.describe(), value?))
    }

    fn decode(self, seq: u64, timestamp_nanos: u64, compact: bool, canonical: &mut Vec<u8>) -> Result<Line, Fault> {
        self.check_hex()?;
        let [seq_text, timestamp_text, _, parent_text, claimed, signature, signer] =
            self.top.map(Option::unwrap_or_default);
        let parent = Hash::from_bytes(hex("parent_hash", parent_text)?);
        let claimed = Hash::from_bytes(hex("self_hash", claimed)?);
        let signature = Signature::from_bytes(hex("signature", signature)?);
        let signer = PublicKey::from_bytes(hex("signer_pubkey", signer)?);
        let kind = match self.kind {
            Some(kind) => LineKind::Known(kind.name, kind.set),
            None => LineKind::Unknown(self.type_name.map(unquote).unwrap_or_default().to_owned()),
        };
        let malformed_digest = self
            .misfits
            .iter()
            .zip(self.kind.map_or(&[][..], |kind| kind.fields))
            .any(|(misfit, field)| *misfit == Some(Misfit::Form) && field.holds.is_digest());
        let noted = self.note().map(Box::new);
        let as_written = compact && self.in_order;
        self.write_event(canonical);
        Ok(Line {
            seq,
            timestamp_nanos,
            parent,
            claimed,
            // Each has one spelling only: it was read as an integer, or as canonical hex.
            recomputed: hash_spelled(canonical, unquote(parent_text), seq_text, timestamp_text),
            signature,
            signer,
            malformed_digest,
            kind,
            as_written,
            noted,
        })
    }

    /// What other rules need of the payload, whose fields fit.
    fn note(&self) -> Option<Noted> {
        match self.kind?.name {
            "KeyRotated" => Handover::read(self.texts()?).map(Noted::Handover),
            "LedgerPruned" => {
                let [_, _, last_hash, first_hash] = self.texts()?;
                let last_seq = self.fields.get(1).copied().flatten()?;
                let last = Head { seq: last_seq.parse().ok()?, hash: Hash::from_hex(last_hash)? };
                Some(Noted::Pruning(Pruning { last, first: Hash::from_hex(first_hash)? }))
            }
            "LedgerRestored" => {
                let [seq, hash] = self.fields.first_chunk()?.map(Option::unwrap_or_default);
                Some(Noted::Restored(Head { seq: seq.parse().ok()?, hash: Hash::from_hex(unquote(hash))? }))
            }
            "SessionStarted" => self.fields.get(2).map(|id| Noted::SessionStarted(session_id(*id))),
            "SessionSealed" => self.fields.first().map(|id| Noted::SessionSealed(session_id(*id))),
            _ => None,
        }
    }

    /// The first fields, which are strings, without their quotes.
    fn texts<const N: usize>(&self) -> Option<[&'a str; N]> {
        self.fields.first_chunk().map(|fields| fields.map(|field| field.map(unquote).unwrap_or_default()))
    }

    /// The event in canonical form: its own two keys and the payload's are not in order yet.
    fn write_event(self, canonical: &mut Vec<u8>) {
        canonical.clear();
        if let Some(kind) = self.kind {
            // Writing to memory does not fail.
            let _ = write_fields(kind, canonical, |place, _, out| {
                let value = self.fields.get(place).copied().flatten().unwrap_or_default();
                out.extend_from_slice(value.as_bytes());
                Ok::<(), Infallible>(())
            });
            return;
        }
        let text = self.text;
        let key = |member: &Outlined| member.key(text).as_bytes();
        self.members.sort_unstable_by(|a, b| compare_keys(key(a), key(b)));
        let _ = write_canonical(unquote(self.type_name.unwrap_or_default()), canonical, |out| {
            for (index, member) in self.members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(member.both(text).as_bytes());
            }
            Ok::<(), Infallible>(())
        });
    }
}

/// What is wrong with the values of a known kind's fields.
fn misfits(kind: Option<&Kind>, values: &[Option<&str>; MAX_FIELDS]) -> [Option<Misfit>; MAX_FIELDS] {
    let mut misfits = [None; MAX_FIELDS];
    for ((misfit, field), value) in misfits.iter_mut().zip(kind.map_or(&[][..], |kind| kind.fields)).zip(values) {
        *misfit = value.and_then(|value| field.holds.misfit(value));
    }
    misfits
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

/// The text of a string, unless it is too long to be followed.
fn session_id(value: Option<&str>) -> Option<String> {
    // A byte takes six at most where it is escaped.
    let short = value.filter(|value| value.len() <= LONGEST_ID.saturating_mul(6).saturating_add(2))?;
    serde_json::from_str::<String>(short).ok().filter(|id| id.len() <= LONGEST_ID)
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
