//! Limits of a line, the same for writers and readers. How deep it may nest is said in [`crate::json::MAX_DEPTH`].

/// Most bytes of a line, its LF not counted, that is written; a reader's limit can be raised.
pub const MAX_LINE: usize = 16 << 20;

/// Largest sequence number: every number up to it is exact in a double.
pub const MAX_SEQ: u64 = (1 << 53) - 1;

/// Bytes of a line beside its event, with the longest numbers.
const FRAME: usize = {
    let literal =
        r#"{"seq":,"timestamp_nanos":,"event":,"parent_hash":"","self_hash":"","signature":"","signer_pubkey":""}"#;
    literal.len() + 16 + 20 + 64 + 64 + 128 + 64
};

/// Length of the longest line that an event of this many bytes can make.
pub(crate) fn max_line(event: usize) -> usize {
    event.saturating_add(FRAME)
}

/// A length in memory as an offset in a file.
pub(crate) fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
