//! The chain rule, once, for the writer and every verifier.

use crate::error::{Fault, FaultCode};
use crate::hash::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Hash of an event at its place in a chain. `event` is its canonical form.
pub(crate) fn hash_event(event: &[u8], parent: &Hash, seq: u64, timestamp_nanos: u64) -> Hash {
    hash_spelled(event, &parent.to_string(), &seq.to_string(), &timestamp_nanos.to_string())
}

/// The same of values as a line spells them.
pub(crate) fn hash_spelled(event: &[u8], parent: &str, seq: &str, timestamp_nanos: &str) -> Hash {
    let rest = behind_event(parent, seq, timestamp_nanos);
    let hasher = Sha256::new_with_prefix(BEFORE_EVENT).chain_update(event).chain_update(rest);
    Hash::from_bytes(hasher.finalize().into())
}

/// The text that [`hash_event`] hashes.
pub(crate) fn hashed_text(event: &[u8], parent: &Hash, seq: u64, timestamp_nanos: u64) -> Vec<u8> {
    let rest = behind_event(&parent.to_string(), &seq.to_string(), &timestamp_nanos.to_string());
    [BEFORE_EVENT, event, rest.as_bytes()].concat()
}

const BEFORE_EVENT: &[u8] = b"{\"event\":";

fn behind_event(parent: &str, seq: &str, timestamp_nanos: &str) -> String {
    [",\"parent_hash\":\"", parent, "\",\"seq\":", seq, ",\"timestamp_nanos\":", timestamp_nanos, "}"].concat()
}

/// An event's place and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Sequence number, from 0.
    pub seq: u64,
    /// Its `self_hash`.
    pub hash: Hash,
}

/// Events by their first and last seq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SeqRange {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// What was found out about an event's signature before its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureState {
    /// It holds strictly, or was just made.
    Holds,
    /// It does not hold.
    Fails,
    /// Nobody looked; the report says so.
    NotChecked,
}

/// One event as the chain sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) seq: u64,
    pub(crate) parent: Hash,
    /// The hash that the event claims.
    pub(crate) claimed: Hash,
    /// The hash that it has.
    pub(crate) recomputed: Hash,
}

/// How far a step got: each check passed implies the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Passed {
    Nothing,
    Links,
    Hash,
}

/// A chain up to some event: what the next one must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainState {
    next_seq: u64,
    parent: Hash,
}

impl ChainState {
    /// Before the first event.
    pub(crate) const START: Self = Self { next_seq: 0, parent: Hash::GENESIS };

    /// Behind an event that is trusted.
    pub(crate) fn after(seq: u64, hash: Hash) -> Self {
        Self { next_seq: seq.saturating_add(1), parent: hash }
    }

    /// Before an event that is trusted to stand where it says.
    pub(crate) fn before(link: &Link) -> Self {
        Self { next_seq: link.seq, parent: link.parent }
    }

    /// The sequence number that the next event must have; from [`ChainState::START`] on also the number of events so far.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Hash of the last event, or [`Hash::GENESIS`].
    pub(crate) fn parent(&self) -> Hash {
        self.parent
    }

    /// The last event.
    pub(crate) fn head(&self) -> Option<Head> {
        self.next_seq.checked_sub(1).map(|seq| Head { seq, hash: self.parent })
    }

    /// Takes the next event, or says why it is not that: checks its seq, its parent, its hash, its signature, in this
    /// order. On a fault the state stays as it was.
    pub(crate) fn step(&mut self, link: &Link, signature: SignatureState) -> Result<(), (Passed, Fault)> {
        if link.seq != self.next_seq {
            let fault =
                Fault::mismatch(FaultCode::SeqMismatch, "not the next sequence number", self.next_seq, link.seq);
            return Err((Passed::Nothing, fault));
        }
        if link.parent != self.parent {
            let reason = "parent_hash is not the hash of the event before";
            return Err((
                Passed::Nothing,
                Fault::mismatch(FaultCode::ParentMismatch, reason, self.parent, link.parent),
            ));
        }
        if link.claimed != link.recomputed {
            let reason = "self_hash does not recompute from the event";
            let fault = Fault::mismatch(FaultCode::HashMismatch, reason, link.recomputed, link.claimed);
            return Err((Passed::Links, fault));
        }
        if signature == SignatureState::Fails {
            let reason = "the signature does not hold under signer_pubkey";
            return Err((Passed::Hash, Fault::new(FaultCode::BadSignature, reason)));
        }
        *self = Self::after(link.seq, link.claimed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(seq: u64, parent: Hash) -> Link {
        let hash = Hash::of(&seq.to_le_bytes());
        Link { seq, parent, claimed: hash, recomputed: hash }
    }

    #[test]
    fn the_first_fault_is_named_and_the_state_stays() {
        let mut state = ChainState::START;
        state.step(&link(0, Hash::GENESIS), SignatureState::Holds).unwrap();
        let parent = state.parent();
        let good = link(1, parent);
        let other = Hash::of(b"other");
        for (bad, signature, code) in [
            (Link { seq: 2, parent: other, ..good }, SignatureState::Fails, FaultCode::SeqMismatch),
            (Link { parent: other, claimed: other, ..good }, SignatureState::Fails, FaultCode::ParentMismatch),
            (Link { claimed: other, ..good }, SignatureState::Fails, FaultCode::HashMismatch),
            (good, SignatureState::Fails, FaultCode::BadSignature),
        ] {
            let before = state;
            assert_eq!(state.step(&bad, signature).unwrap_err().1.code, code);
            assert_eq!(state, before);
        }
        state.step(&good, SignatureState::NotChecked).unwrap();
        assert_eq!((state.next_seq(), state.parent()), (2, good.claimed));
    }
}
