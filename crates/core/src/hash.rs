//! SHA-256 and the one text form of binary values: lower-case hex.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 value: 32 bytes, written as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The parent of the first event: 32 zero bytes.
    pub const GENESIS: Self = Self([0; 32]);

    /// SHA-256 of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The value that these 32 bytes are.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads exactly 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Lower-case hex of some bytes.
pub fn encode_hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2));
    push_hex(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends lower-case hex.
pub(crate) fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

fn digit(nibble: u8) -> u8 {
    nibble.wrapping_add(if nibble < 10 { b'0' } else { b'a' - 10 })
}

/// Reads exactly 2 * N lower-case hex digits: no other case, no other length.
pub fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok().filter(|_| rest.is_empty() && is_hex(text))?;
    Some(pairs.map(|[high, low]| nibble(high) << 4 | nibble(low)))
}

/// Nothing but lower-case hex digits. All are looked at, so that the compiler needs no branch for each.
pub(crate) fn is_hex(text: &str) -> bool {
    text.bytes().fold(true, |hex, digit| hex & matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// The value of a lower-case hex digit.
fn nibble(digit: u8) -> u8 {
    digit.wrapping_sub(if digit <= b'9' { b'0' } else { b'a' - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_and_whole() {
        let hash = Hash::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(Hash::from_hex(text), Some(hash));
        for bad in [&text[1..], &text.to_uppercase(), "", &format!("{text}0"), &format!("{text}00")] {
            assert_eq!(Hash::from_hex(bad), None, "{bad}");
        }
    }
}
