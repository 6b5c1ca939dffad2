//! Base64 as notes have it: RFC 4648, section 4, with padding, each value in its one spelling.

use crate::hash::Hash;
use base64ct::{Base64, Encoding as _};

pub(super) fn encode(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// The one text of 32 bytes.
pub(super) fn decode_hash(text: &str) -> Option<Hash> {
    decode(text)?.try_into().ok().map(Hash::from_bytes)
}
