//! Strings: reading any JSON spelling, writing the one spelling, and the order of keys.

use super::Flaw;
use std::cmp::Ordering;

/// Bytes at the beginning of a text that stand for themselves in a string: no quote, no backslash, no control.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let whole = words.len().saturating_mul(8);
    for (index, word) in words.iter().enumerate() {
        let found = special_bytes(u64::from_le_bytes(*word));
        if found != 0 {
            let within = usize::try_from(found.trailing_zeros() / 8).unwrap_or_default();
            return index.saturating_mul(8).saturating_add(within);
        }
    }
    rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..=0x1f)).count().saturating_add(whole)
}

/// The high bit of the lowest byte that is a quote, a backslash or a control, and perhaps bits above it.
///
/// Subtracting n from a byte borrows if it is less than n; borrows go upwards only, so the lowest bit found is right.
fn special_bytes(word: u64) -> u64 {
    const ONE_EACH: u64 = 0x0101_0101_0101_0101;
    let each = |byte: u8| ONE_EACH.wrapping_mul(u64::from(byte));
    let less = |word: u64, than: u8| word.wrapping_sub(each(than)) & !word;
    (less(word, 0x20) | less(word ^ each(b'"'), 1) | less(word ^ each(b'\\'), 1)) & each(0x80)
}

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
pub(crate) fn compare_keys(a: &[u8], b: &[u8]) -> Ordering {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_any_place_behind_any_bytes() {
        for before in [b'a', b'!', b'#', b'[', b']', b' ', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
            for special in [b'"', b'\\', 0, 1, 0x1f] {
                for place in 0..20 {
                    let mut text = vec![before; 24];
                    text[place] = special;
                    text[23] = b'"';
                    assert_eq!(plain_length(&text), place, "{before} {special}");
                    assert_eq!(plain_length(&text[..place]), place);
                }
            }
        }
    }
}
