//! The text that is hashed, read back: what a signer is shown, and what it gives back.
//!
//! ```text
//! {"event":E,"parent_hash":"<64>","seq":N,"timestamp_nanos":T}
//! ```
//!
//! E is the canonical form of an event that may be recorded, N and T are decimal without leading zeros. Nothing else has
//! such a hash: a text is accepted only if writing what was read gives the same bytes.

use crate::chain::hashed_text;
use crate::error::{Error, ErrorCode, Result};
use crate::event::Event;
use crate::hash::Hash;
use crate::key::{PublicKey, Signature};
use crate::limits;
use crate::seal::Hashed;

/// An event at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedText {
    /// The event.
    pub event: Event,
    /// Hash of the event before.
    pub parent: Hash,
    /// Its place.
    pub seq: u64,
    /// When it was sealed, in Unix nanoseconds.
    pub timestamp_nanos: u64,
    /// SHA-256 of the text.
    pub hash: Hash,
}

impl HashedText {
    /// Reads a hashed text; anything else is `ERR_INVALID_ARGUMENT`, and what is no event has its own code.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let refused = || Error::new(ErrorCode::InvalidArgument, "not the hashed text of an event");
        let (event, parent, seq, timestamp_nanos) =
            std::str::from_utf8(text).ok().and_then(split).ok_or_else(refused)?;
        let parent = Hash::from_hex(parent).ok_or_else(refused)?;
        let seq = seq.parse().ok().filter(|seq| *seq <= limits::MAX_SEQ).ok_or_else(refused)?;
        let timestamp_nanos = timestamp_nanos.parse().map_err(|_| refused())?;
        let event = Event::parse(event)?;
        if hashed_text(&event.canonical()?, &parent, seq, timestamp_nanos) != text {
            return Err(refused());
        }
        Ok(Self { event, parent, seq, timestamp_nanos, hash: Hash::of(text) })
    }

    /// The line that it makes with a signature of its hash, without its LF.
    pub fn line(&self, signature: &Signature, signer: &PublicKey) -> String {
        self.hashed().line(signature, signer)
    }

    pub(crate) fn hashed(&self) -> Hashed<'_> {
        let Self { event, parent, seq, timestamp_nanos, hash } = self;
        Hashed { event, seq: *seq, timestamp_nanos: *timestamp_nanos, parent: *parent, hash: *hash }
    }
}

/// Event, parent, seq and time as spelled. Behind the event each name stands once, so it is cut off from the end.
fn split(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (rest, timestamp) =
        text.strip_prefix("{\"event\":")?.strip_suffix('}')?.rsplit_once(",\"timestamp_nanos\":")?;
    let (rest, seq) = rest.rsplit_once(",\"seq\":")?;
    let (event, parent) = rest.rsplit_once(",\"parent_hash\":")?;
    Some((event, parent.strip_prefix('"')?.strip_suffix('"')?, seq, timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::Request;

    const EVENT: &str = r#"{"payload":{"data":{"a":1.0,"timestamp_nanos":1,"z":"é"},"name":"a.b"},"type":"Custom"}"#;

    fn text(event: &str, seq: &str, time: &str) -> String {
        let parent = Hash::GENESIS;
        format!(r#"{{"event":{event},"parent_hash":"{parent}","seq":{seq},"timestamp_nanos":{time}}}"#)
    }

    #[test]
    fn a_hashed_text_is_read_as_it_was_written() {
        let text = text(EVENT, "9007199254740991", "18446744073709551615");
        let read = HashedText::parse(text.as_bytes()).unwrap();
        assert_eq!((read.seq, read.timestamp_nanos, read.parent), (limits::MAX_SEQ, u64::MAX, Hash::GENESIS));
        assert_eq!(read.hash, Hash::of(text.as_bytes()));
        assert_eq!(Request::of(&read.hashed()).unwrap().canonical, text.as_bytes());
        assert_eq!(Request::of(&read.hashed()).unwrap().hash, read.hash);
    }

    #[test]
    fn what_another_text_could_mean_is_refused() {
        let good = text(EVENT, "1", "2");
        HashedText::parse(good.as_bytes()).unwrap();
        let twice = format!("{EVENT},\"parent_hash\":\"{}\"", Hash::GENESIS);
        for bad in [
            String::new(),
            "{}".to_owned(),
            format!("{good}\n"),
            format!(" {good}"),
            good.replace(":1,", ": 1,"),
            good.replace("\"seq\":1", "\"seq\":01"),
            good.replace("\"seq\":1", "\"seq\":+1"),
            good.replace("\"seq\":1", "\"seq\":9007199254740992"),
            good.replace("nanos\":2", "nanos\":18446744073709551616"),
            good.replace("1.0", "1.00"),
            good.replace("é", "\\u00e9"),
            good.replace("Custom", "Unheard"),
            good.replace("\"name\":\"a.b\"", "\"name\":\"a.b\",\"more\":1"),
            good.replace(r#""a":1.0,"timestamp_nanos":1,"z":"é""#, r#""z":"é","a":1.0"#),
            text(r#"{"type":"Custom","payload":{"data":1,"name":"a.b"}}"#, "1", "2"),
            text(&twice, "1", "2"),
            text("[]", "1", "2"),
        ] {
            assert!(HashedText::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(HashedText::parse(&[good.as_bytes(), &[0xff]].concat()).is_err());
    }
}
