//! Strings: reading any JSON spelling, writing the one spelling, and the order of keys.

use super::Flaw;
use std::cmp::Ordering;

/// Appends one character in the ledger's spelling.
pub(crate) fn write_char(c: char, out: &mut Vec<u8>) {
    match c {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        control if control < ' ' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
        }
        other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// Reads one escape; `rest` starts behind the backslash. Gives the character and the bytes read.
pub(super) fn read_escape(rest: &[u8]) -> Result<(char, usize), Flaw> {
    let simple = match rest.first() {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return read_unicode_escape(rest),
        _ => return Err(Flaw::Syntax),
    };
    Ok((simple, 1))
}

/// `uXXXX` or `uXXXX\uXXXX`, a surrogate pair.
fn read_unicode_escape(rest: &[u8]) -> Result<(char, usize), Flaw> {
    let unit = hex4(rest.get(1..5)).ok_or(Flaw::Syntax)?;
    if let Some(c) = char::from_u32(u32::from(unit)) {
        return Ok((c, 5));
    }
    // A surrogate. An incomplete second escape is a matter of syntax, a missing or wrong one of surrogates.
    let low = match rest.get(5..7) {
        Some(b"\\u") => hex4(rest.get(7..11)).ok_or(Flaw::Syntax)?,
        _ => return Err(Flaw::LoneSurrogate),
    };
    match char::decode_utf16([unit, low]).next() {
        Some(Ok(c)) => Ok((c, 11)),
        _ => Err(Flaw::LoneSurrogate),
    }
}

fn hex4(digits: Option<&[u8]>) -> Option<u16> {
    let digits = digits.filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Orders two keys, given without quotes and in the ledger's spelling, by the UTF-8 bytes they stand for.
pub(super) fn compare_keys(a: &[u8], b: &[u8]) -> Ordering {
    if !a.contains(&b'\\') && !b.contains(&b'\\') {
        return a.cmp(b);
    }
    unescape(a).cmp(&unescape(b))
}

/// The text of a string given without quotes, in the ledger's spelling.
pub(crate) fn unescape(spelled: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(spelled.len());
    let mut rest = spelled;
    while let Some(at) = rest.iter().position(|&b| b == b'\\') {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        let escape = escape.get(1..).unwrap_or_default();
        let Ok((c, used)) = read_escape(escape) else { break };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
