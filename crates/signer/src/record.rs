//! What the agent keeps of one ledger: its end, and the last group that it signed, whole, in a file of its own.
//!
//! ```text
//! <hash of the first event>.ledger:
//!   "sealwright signer, ledger 1\n", name 32, first 32, head option<seq u64, hash 32>, handover option<seq u64>,
//!   count u32, count of (signature 64, length u32, hashed text), SHA-256 of all that 32      big-endian
//! ```
//!
//! The file is replaced whole, so that at any moment the record before a group or the one behind it is there; it is never
//! taken back, and a file that cannot be read is never taken for none.

use sealwright_core::chain::Head;
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey, Verifier};
use sealwright_core::signer::wire::{Body, Frame};
use sealwright_core::signer::{HashedText, Remembered};

const MAGIC: &[u8; 28] = b"sealwright signer, ledger 1\n";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// SHA-256 of the path that the ledger had when it was begun.
    pub(crate) name: Hash,
    pub(crate) first: Hash,
    /// The last event that was signed, or that the ledger had when it was adopted; none if it was handed over to this key
    /// and nothing was signed since.
    pub(crate) head: Option<Head>,
    /// Place of an event that hands the ledger over to this key, which was endorsed, until what follows it is signed.
    pub(crate) handover: Option<u64>,
    /// Ends with the head; empty behind an adoption.
    pub(crate) group: Vec<Remembered>,
}

impl Record {
    /// What the record becomes when a group is signed that continues it.
    pub(crate) fn signed(name: Hash, first: Hash, texts: &[HashedText], group: Vec<Remembered>) -> Option<Self> {
        let last = texts.last()?;
        Some(Self { name, first, head: Some(Head { seq: last.seq, hash: last.hash }), handover: None, group })
    }

    /// Whether an event may be the next one that is signed. Behind an endorsement its place decides: the hash of an event
    /// that another key seals cannot be known before.
    pub(crate) fn is_continued_by(&self, text: &HashedText) -> bool {
        match (self.handover, self.head) {
            (Some(seq), _) => Some(text.seq) == seq.checked_add(1),
            (None, Some(head)) => {
                !self.is_handed_over() && text.parent == head.hash && Some(text.seq) == head.seq.checked_add(1)
            }
            (None, None) => false,
        }
    }

    /// Whether the ledger may be handed over to this key at a place: another one has it, and the place is a new one.
    pub(crate) fn may_come_back(&self, seq: u64) -> bool {
        (self.handover.is_some() || self.is_handed_over()) && self.head.is_none_or(|head| head.seq < seq)
    }

    /// The last event that was signed hands the ledger over to another key.
    fn is_handed_over(&self) -> bool {
        let last = self.group.last().and_then(|event| HashedText::parse(&event.canonical).ok());
        last.is_some_and(|text| text.event.successor().is_some())
    }

    /// Where the ledger has to go on, for people.
    pub(crate) fn end(&self) -> String {
        match (self.handover, self.head) {
            (Some(seq), _) => format!("event {seq}, with which it was to be handed over to this key"),
            (None, Some(head)) if self.is_handed_over() => format!("event {}, which hands it over", head.seq),
            (None, head) => format!("event {}, the last one that was signed", head.map_or(0, |head| head.seq)),
        }
    }

    /// The events of the group behind an event, if that is where the group begins or in it.
    pub(crate) fn behind(&self, end: Option<Head>) -> Option<Vec<Remembered>> {
        if let Some(seq) = self.handover {
            return end.filter(|end| end.seq == seq).map(|_| Vec::new());
        }
        if end == self.head {
            return Some(Vec::new());
        }
        let place = self.group.iter().position(|event| {
            let Ok(text) = HashedText::parse(&event.canonical) else { return false };
            match end {
                None => text.seq == 0,
                Some(end) => text.parent == end.hash && Some(text.seq) == end.seq.checked_add(1),
            }
        })?;
        self.group.get(place..).map(<[_]>::to_vec)
    }

    /// Place of the event that is followed by what may be missing; 0 also where that begins the ledger.
    pub(crate) fn before_group(&self) -> u64 {
        let group = u64::try_from(self.group.len()).unwrap_or(u64::MAX);
        self.handover.unwrap_or_else(|| self.head.map_or(0, |head| head.seq.saturating_sub(group)))
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}.ledger", self.first)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let begin = Frame::values().bytes(MAGIC).bytes(self.name.as_bytes()).bytes(self.first.as_bytes());
        let begin = begin.option(self.head, Frame::head).option(self.handover, Frame::seq).count(self.group.len());
        let all =
            self.group.iter().fold(begin, |all, event| all.bytes(event.signature.as_bytes()).text(&event.canonical));
        let mut bytes = all.into_bytes();
        let digest = Hash::of(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    /// Reads a record; none if it is not one of this key's, whole and true.
    pub(crate) fn decode(bytes: &[u8], key: &PublicKey) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk::<32>()?;
        let mut body = Body(content);
        if Hash::of(content).as_bytes() != digest || body.array()? != *MAGIC {
            return None;
        }
        let (name, first) = (body.hash()?, body.hash()?);
        let (head, handover) = (body.option(Body::head)?, body.option(Body::seq)?);
        let group = body.list(Body::remembered)?;
        let record = Self { name, first, head, handover, group };
        (body.0.is_empty() && record.holds(key)?).then_some(record)
    }

    fn holds(&self, key: &PublicKey) -> Option<bool> {
        let verifier = Verifier::new(key)?;
        let mut end: Option<Head> = None;
        for event in &self.group {
            let text = HashedText::parse(&event.canonical).ok()?;
            let follows = end.is_none_or(|end| text.parent == end.hash && Some(text.seq) == end.seq.checked_add(1));
            if !follows || !verifier.verify(text.hash.as_bytes(), &event.signature) {
                return Some(false);
            }
            end = Some(Head { seq: text.seq, hash: text.hash });
        }
        Some(end.is_none_or(|end| Some(end) == self.head) && (self.head.is_some() || self.handover.is_some()))
    }
}

/// Signs texts.
pub(crate) fn sign(key: &KeyPair, texts: &[HashedText], canonical: Vec<Vec<u8>>) -> Vec<Remembered> {
    let sign = |(text, canonical): (&HashedText, Vec<u8>)| Remembered { canonical, signature: key.sign(&text.hash) };
    texts.iter().zip(canonical).map(sign).collect()
}
