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

impl<'de> serde::Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex_value(deserializer).map(Self)
    }
}

/// A value that is written as lower-case hex.
pub(crate) fn hex_value<'de, const N: usize, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<[u8; N], D::Error> {
    let text = <String as serde::Deserialize>::deserialize(deserializer)?;
    decode_hex(&text).ok_or_else(|| serde::de::Error::custom(format_args!("not the hex of {N} bytes")))
}

/// Lower-case hex of some bytes.
pub fn encode_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    push_hex(bytes, &mut text);
    text
}

/// Appends the lower-case hex of some bytes.
pub(crate) fn push_hex(bytes: &[u8], text: &mut String) {
    for block in bytes.chunks(32) {
        let mut digits = [[0; 8]; 8];
        let (groups, rest) = block.as_chunks::<4>();
        for (digits, group) in digits.iter_mut().zip(groups) {
            *digits = digits_of(*group);
        }
        let whole = digits.as_flattened().get(..groups.len().saturating_mul(8)).unwrap_or_default();
        text.push_str(str::from_utf8(whole).unwrap_or_default());
        for byte in rest {
            let [.., high, low] = digits_of([0, 0, 0, *byte]);
            text.extend([char::from(high), char::from(low)]);
        }
    }
}

/// The hex of four bytes, all digits at once.
#[inline(always)]
fn digits_of(group: [u8; 4]) -> [u8; 8] {
    let bytes = u64::from(u32::from_be_bytes(group));
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    let singles = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (singles | singles << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    spell(nibbles).to_be_bytes()
}

/// The digits of eight nibbles, each of which has a byte of the number.
#[inline(always)]
fn spell(nibbles: u64) -> u64 {
    // 1 for each nibble above 9: from there to `a` it is 39 further than to the digit behind `9`.
    let letters = (nibbles.wrapping_add(0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    nibbles.wrapping_add(0x3030_3030_3030_3030).wrapping_add(letters.wrapping_mul(39))
}

/// Reads exactly 2 * N lower-case hex digits: no other case, no other length.
pub fn decode_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    let (groups, rest) = text.as_bytes().as_chunks::<8>();
    let (whole, last) = out.as_chunks_mut::<4>();
    if text.len() != N.saturating_mul(2) {
        return None;
    }
    // Whether they are digits is asked once for all.
    let mut wrong = 0;
    for (bytes, group) in whole.iter_mut().zip(groups) {
        let (value, wrong_here) = bytes_of(*group);
        *bytes = value;
        wrong |= wrong_here;
    }
    for (byte, [high, low]) in last.iter_mut().zip(rest.as_chunks::<2>().0) {
        let ([.., value], wrong_here) = bytes_of([b'0', b'0', b'0', b'0', b'0', b'0', *high, *low]);
        *byte = value;
        wrong |= wrong_here;
    }
    (wrong == 0).then_some(out)
}

/// Nothing but lower-case hex digits.
pub(crate) fn is_hex(text: &str) -> bool {
    let (groups, rest) = text.as_bytes().as_chunks::<8>();
    groups.iter().all(|group| nibbles_of(*group).1 == 0) && rest.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What eight lower-case hex digits stand for, all at once; and 0 if they are that.
#[inline(always)]
fn bytes_of(digits: [u8; 8]) -> ([u8; 4], u64) {
    let (nibbles, wrong) = nibbles_of(digits);
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    let bytes = u32::try_from((quads | quads >> 16) & 0xffff_ffff).unwrap_or_default();
    (bytes.to_be_bytes(), wrong)
}

/// The nibbles of eight lower-case hex digits, each in a byte of the number; and 0 if they are that.
#[inline(always)]
fn nibbles_of(digits: [u8; 8]) -> (u64, u64) {
    let text = u64::from_be_bytes(digits);
    // Bit 6 is set in letters, whose last four bits are 9 less than what they stand for.
    let letters = (text >> 6) & 0x0101_0101_0101_0101;
    let nibbles = (text & 0x0f0f_0f0f_0f0f_0f0f).wrapping_add(letters.wrapping_mul(9));
    (nibbles, (spell(nibbles) ^ text) | (nibbles & 0xf0f0_f0f0_f0f0_f0f0))
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

    #[test]
    fn each_byte_is_a_digit_or_none_wherever_it_stands() {
        let digits = b"0123456789abcdef";
        for place in 0..10 {
            for byte in 0..=0x7f_u8 {
                let mut text = *b"0f1e2d3c4b";
                text[place] = byte;
                let text = str::from_utf8(&text).unwrap();
                let expected = digits.contains(&byte);
                assert_eq!(is_hex(text), expected, "{text:?}");
                let bytes = decode_hex::<5>(text);
                assert_eq!(bytes.map(|bytes| encode_hex(&bytes)).as_deref(), expected.then_some(text));
            }
        }
        for other in ["é", "0f1e2d3é", "0f1e2d3c4é", "\u{130}0000000"] {
            assert!(!is_hex(other) && decode_hex::<4>(other).is_none() && decode_hex::<5>(other).is_none(), "{other}");
        }
        assert_eq!(decode_hex::<0>(""), Some([]));
    }
}
