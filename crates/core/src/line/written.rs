//! A line as the writer writes it, cut at its fixed places: nearly every line of a ledger.
//!
//! ```text
//! {"seq":N,"timestamp_nanos":T,"event":E,"parent_hash":"<64>","self_hash":"<64>","signature":"<128>","signer_pubkey":"<64>"}
//! ```
//!
//! What stands behind E has its place from the end. When N and T are JSON integers, the others hex, and E turns out to be
//! one JSON value, the whole is the JSON object that it looks like, and the reader of any spelling would find the same
//! values in it. Every other line is left to that reader, and so is every line with a fault in its syntax.

use crate::hash::is_hex;

/// The values of a line.
pub(super) struct Written<'a> {
    pub(super) seq: &'a str,
    pub(super) timestamp_nanos: &'a str,
    /// Any text: whether it is a JSON value is not looked at.
    pub(super) event: &'a str,
    /// With their quotes.
    pub(super) hashes: [&'a str; 4],
}

/// Cuts a line without its LF.
pub(super) fn split(line: &[u8]) -> Option<Written<'_>> {
    let line = str::from_utf8(line).ok()?;
    let (seq, rest) = integer(line.strip_prefix("{\"seq\":")?)?;
    let (timestamp_nanos, rest) = integer(rest.strip_prefix(",\"timestamp_nanos\":")?)?;
    let rest = rest.strip_prefix(",\"event\":")?.strip_suffix('}')?;
    let (rest, signer) = hex(rest, ",\"signer_pubkey\":", 64)?;
    let (rest, signature) = hex(rest, ",\"signature\":", 128)?;
    let (rest, claimed) = hex(rest, ",\"self_hash\":", 64)?;
    let (event, parent) = hex(rest, ",\"parent_hash\":", 64)?;
    Some(Written { seq, timestamp_nanos, event, hashes: [parent, claimed, signature, signer] })
}

/// Cuts off an integer of JSON that a `u64` holds whatever its digits.
fn integer(text: &str) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let is_integer = length == 1 || ((2..20).contains(&length) && !text.starts_with('0'));
    text.split_at_checked(length).filter(|_| is_integer)
}

/// Cuts off so many hex digits in quotes at the end, and their name.
fn hex<'a>(text: &'a str, name: &str, digits: usize) -> Option<(&'a str, &'a str)> {
    let (before, value) = text.split_at_checked(text.len().checked_sub(digits.saturating_add(2))?)?;
    let is_value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).is_some_and(is_hex);
    before.strip_suffix(name).filter(|_| is_value).map(|before| (before, value))
}
