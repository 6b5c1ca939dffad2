//! Sealing: from an event to a line.
//!
//! ```text
//! self_hash = SHA-256( {"event":E,"parent_hash":"P","seq":N,"timestamp_nanos":T} )   E in canonical form
//! signature = Ed25519( the 32 raw bytes of self_hash )
//! ```

use crate::chain::{Link, hash_event};
use crate::error::Result;
use crate::event::Event;
use crate::hash::{Hash, push_hex};
use crate::key::{KeyPair, PublicKey, Signature};
use crate::limits;
use std::fmt::Write as _;
use std::time::SystemTime;

/// Hash that an event has at a place: `seq` below 2^53, `timestamp_nanos` Unix time in nanoseconds.
pub fn self_hash(event: &Event, parent: &Hash, seq: u64, timestamp_nanos: u64) -> Result<Hash> {
    Ok(hash_event(&event.canonical()?, parent, seq, timestamp_nanos))
}

/// The system clock as it is, in Unix nanoseconds; 0 before 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// An event with its place and hash, not signed yet. The chain needs only hashes, so signing can wait.
#[derive(Debug)]
pub(crate) struct Hashed<'a> {
    pub(crate) event: &'a Event,
    pub(crate) seq: u64,
    pub(crate) timestamp_nanos: u64,
    pub(crate) parent: Hash,
    pub(crate) hash: Hash,
}

impl<'a> Hashed<'a> {
    pub(crate) fn new(event: &'a Event, parent: Hash, seq: u64, timestamp_nanos: u64) -> Result<Self> {
        let hash = self_hash(event, &parent, seq, timestamp_nanos)?;
        Ok(Self { event, seq, timestamp_nanos, parent, hash })
    }

    /// Its step in the chain.
    pub(crate) fn link(&self) -> Link {
        Link { seq: self.seq, parent: self.parent, claimed: self.hash, recomputed: self.hash }
    }

    /// The line without its LF, with a signature of its hash.
    pub(crate) fn line(&self, signature: &Signature, signer: &PublicKey) -> String {
        let mut line = String::with_capacity(limits::max_line(self.event.text().len()));
        // Writing to a string cannot fail.
        let _ = write!(line, r#"{{"seq":{},"timestamp_nanos":{},"event":"#, self.seq, self.timestamp_nanos);
        line.push_str(self.event.text());
        line.push_str(",\"parent_hash\":\"");
        push_hex(self.parent.as_bytes(), &mut line);
        line.push_str("\",\"self_hash\":\"");
        push_hex(self.hash.as_bytes(), &mut line);
        line.push_str("\",\"signature\":\"");
        push_hex(signature.as_bytes(), &mut line);
        line.push_str("\",\"signer_pubkey\":\"");
        push_hex(signer.as_bytes(), &mut line);
        line.push_str("\"}");
        line
    }
}

/// Seals one event for a chain that the caller keeps: the line, without its LF. Events that only the library writes are
/// refused.
pub fn seal(event: &Event, parent: Hash, seq: u64, timestamp_nanos: u64, key: &KeyPair) -> Result<String> {
    event.check_recordable()?;
    let hashed = Hashed::new(event, parent, seq, timestamp_nanos)?;
    Ok(hashed.line(&key.sign(&hashed.hash), &key.public()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_seals_as_published() {
        let seed = std::array::from_fn(|i| u8::try_from(i).unwrap());
        let event = Event::parse(
            r#"{"type":"SessionStarted","payload":{"agent_id":"agent-1","model_id":"llama3.2:3b","session_id":"session-demo"}}"#,
        )
        .unwrap();
        let line = seal(&event, Hash::GENESIS, 0, 1_700_000_000_000_000_000, &KeyPair::from_seed(&seed)).unwrap();
        assert_eq!(
            line,
            format!(
                r#"{{"seq":0,"timestamp_nanos":1700000000000000000,"event":{},"parent_hash":"{}","self_hash":"52299f4b70c1603526deb7b88cbaa03ca9eb1b91a3da038babb4a175041aec91","signature":"ca2390a43c403510ba49c48814a57858df033b75fba3c027610b49afab555fd0e05cfd2ae37d4fb25cb0aee08954aab89a1fbb94f1dc8617cc57185c9275e90d","signer_pubkey":"03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"}}"#,
                event.text(),
                Hash::GENESIS
            )
        );
    }
}
