//! A line as the writer writes it, cut at its fixed places: nearly every line of a ledger.
//!
//! ```text
//! {"seq":N,"timestamp_nanos":T,"event":E,"parent_hash":"<64>","self_hash":"<64>","signature":"<128>","signer_pubkey":"<64>"}
//! ```
//!
//! What stands behind E has its place from the end. When N and T are JSON integers, E turns out to be one JSON value, and
//! the others to be hex, then the whole is the JSON object that it looks like, and the reader of any spelling would find
//! the same values in it. Every other line is left to that reader, and so is every line with a fault.
//!
//! An event of a known kind is cut in the same way, if its values are plain: strings without an escape, integers, booleans.

use crate::event::{Kind, MAX_FIELDS, find_kind};
use crate::json::members::unquote;
use crate::json::string::plain_length;

/// The values of a line.
pub(super) struct Written<'a> {
    pub(super) seq: &'a str,
    pub(super) timestamp_nanos: &'a str,
    /// Any text: whether it is a JSON value is not looked at.
    pub(super) event: &'a str,
    /// As long as they have to be, and in quotes: what they are is not looked at.
    pub(super) hashes: [&'a str; 4],
}

/// Cuts a line without its LF.
pub(super) fn split(line: &[u8]) -> Option<Written<'_>> {
    let line = str::from_utf8(line).ok()?;
    let (seq, rest) = integer(behind(line, b"{\"seq\":")?)?;
    let (timestamp_nanos, rest) = integer(behind(rest, b",\"timestamp_nanos\":")?)?;
    let rest = before(behind(rest, b",\"event\":")?, b"}")?;
    let (rest, signer) = quoted(rest, b",\"signer_pubkey\":", 64)?;
    let (rest, signature) = quoted(rest, b",\"signature\":", 128)?;
    let (rest, claimed) = quoted(rest, b",\"self_hash\":", 64)?;
    let (event, parent) = quoted(rest, b",\"parent_hash\":", 64)?;
    Some(Written { seq, timestamp_nanos, event, hashes: [parent, claimed, signature, signer] })
}

/// The values of an event, all of them plain, as the canonical form has them too.
#[derive(Clone, Copy)]
pub(super) struct WrittenEvent<'a> {
    pub(super) type_name: &'a str,
    pub(super) kind: &'static Kind,
    pub(super) payload: &'a str,
    /// Whether they fit is not looked at.
    pub(super) fields: [Option<&'a str>; MAX_FIELDS],
}

/// Cuts an event.
pub(super) fn split_event(event: &str) -> Option<WrittenEvent<'_>> {
    let (type_name, rest) = string(behind(event, b"{\"type\":")?)?;
    let kind = find_kind(unquote(type_name))?;
    let payload = before(behind(rest, b",\"payload\":")?, b"}")?;
    let mut fields = [None; MAX_FIELDS];
    let (mut rest, mut opening) = (payload, b"{\"");
    for (place, field) in fields.iter_mut().zip(kind.fields) {
        let value = behind(behind(rest, opening)?.strip_prefix(field.name)?, b"\":")?;
        let (value, others) = plain(value)?;
        *place = Some(value);
        (rest, opening) = (others, b",\"");
    }
    (rest == "}").then_some(WrittenEvent { type_name, kind, payload, fields })
}

/// Cuts off a plain value. What follows an integer has to be looked at: it may be the rest of a double.
#[inline(always)]
fn plain(text: &str) -> Option<(&str, &str)> {
    match text.as_bytes().first()? {
        b'"' => string(text),
        b'0'..=b'9' => integer(text),
        b't' => text.split_at_checked(4).filter(|(value, _)| *value == "true"),
        b'f' => text.split_at_checked(5).filter(|(value, _)| *value == "false"),
        _ => None,
    }
}

/// Cuts off a string that has no escape.
#[inline(always)]
fn string(text: &str) -> Option<(&str, &str)> {
    let inside = behind(text, b"\"")?;
    let end = plain_length(inside.as_bytes());
    let is_whole = inside.as_bytes().get(end) == Some(&b'"');
    text.split_at_checked(end.checked_add(2)?).filter(|_| is_whole)
}

/// Cuts off an integer of JSON that a `u64` holds whatever its digits.
#[inline(always)]
fn integer(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_integer = length == 1 || ((2..20).contains(&length) && !text.starts_with('0'));
    text.split_at_checked(length).filter(|_| is_integer)
}

/// Cuts off a text in quotes at the end, so long, and its name.
#[inline(always)]
fn quoted<'a, const N: usize>(text: &'a str, name: &[u8; N], length: usize) -> Option<(&'a str, &'a str)> {
    let (rest, value) = text.split_at_checked(text.len().checked_sub(length.saturating_add(2))?)?;
    let is_quoted = matches!(value.as_bytes(), [b'"', .., b'"']);
    before(rest, name).filter(|_| is_quoted).map(|rest| (rest, value))
}

/// What stands behind a beginning. The compiler knows how long that is, and compares it without a call.
#[inline(always)]
fn behind<'a, const N: usize>(text: &'a str, beginning: &[u8; N]) -> Option<&'a str> {
    let begins = text.as_bytes().first_chunk() == Some(beginning);
    if begins { text.get(N..) } else { None }
}

/// What stands before an end.
#[inline(always)]
fn before<'a, const N: usize>(text: &'a str, end: &[u8; N]) -> Option<&'a str> {
    let ends = text.as_bytes().last_chunk() == Some(end);
    if ends { text.get(..text.len().checked_sub(N)?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(latency: &str, success: &str) -> String {
        format!(
            r#"{{"type":"ToolReturned","payload":{{"tool_name":"t","result_sha256":"r","latency_ms":{latency},"success":{success}}}}}"#
        )
    }

    fn ended(reason: &str) -> String {
        format!(r#"{{"type":"SessionEnded","payload":{{"reason":{reason},"summary_sha256":"s"}}}}"#)
    }

    #[test]
    fn events_of_plain_values_are_cut() {
        let event = returned("9999999999999999999", "false");
        let fields = split_event(&event).unwrap().fields.map(Option::unwrap_or_default);
        assert_eq!(fields, ["\"t\"", "\"r\"", "9999999999999999999", "false", ""]);
        let event = ended("\"é 😀\"");
        let fields = split_event(&event).unwrap().fields.map(Option::unwrap_or_default);
        assert_eq!(fields, ["\"é 😀\"", "\"s\"", "", "", ""]);
    }

    #[test]
    fn events_of_other_values_are_not() {
        for latency in ["18446744073709551615", "-7", "7.5", "7e1", "07", "\"7", "", "7,\"latency_ms\":7", " 7"] {
            assert!(split_event(&returned(latency, "true")).is_none(), "{latency}");
        }
        for success in ["trux", "falsy", "truefalse", "tru", "", "null"] {
            assert!(split_event(&returned("7", success)).is_none(), "{success}");
        }
        for reason in [r#""\n""#, r#""\u0061""#, "null", "{}", "[\"r\"]", "\"r", "\""] {
            assert!(split_event(&ended(reason)).is_none(), "{reason}");
        }
        assert!(split_event(r#"{"type":"Custom","payload":{"name":"n","data":{}}}"#).is_none());
        assert!(split_event(r#"{"type":"Unknown","payload":{"reason":"r","summary_sha256":"s"}}"#).is_none());
    }
}
