//! Whose hand signs the groups of a writer: a key of this process, or signers outside of it.
//!
//! Sessions of one ledger may each bring a signer of the same key. That of the session which is open longest signs; one
//! whose session is closed, or whose thread has ended, is asked no more. A signer never reaches the file: its signatures
//! are counted, and each is checked strictly, before anything is written.

use super::inbox::Seat;
use super::signing::Signing;
use crate::chain::{ChainState, Head, SignatureState};
use crate::error::{Error, ErrorCode, Result};
use crate::handover::Statement;
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey, Signature, Verifier};
use crate::seal::Hashed;
use crate::signer::{HashedText, Place, Remembered, Request, Signatory, Signer};
use crate::sync::{Mutex, lock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Signs for one writer.
#[cfg_attr(windows, allow(clippy::large_enum_variant, reason = "a writer has one"))]
pub(super) enum Hand {
    /// On the writer's thread, and one more.
    Here(Signing),
    Outside(Outside),
}

/// What [`Hand::sign`] is told of the ledger.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) first: Option<Hash>,
    pub(super) head: Option<Head>,
}

/// An event that a signer gave back, checked, and its signature.
pub(super) type Signed = (HashedText, Signature);

impl Hand {
    /// For the session that brings it; gives the list of signers that others join.
    pub(super) fn new(signatory: &Signatory, path: &Path, seat: Seat) -> Result<(Self, Option<Arc<Roster>>)> {
        let signer = match signatory {
            Signatory::Key(key) => return Ok((Self::Here(Signing::new(Arc::clone(key))), None)),
            Signatory::Evolving(key) => return Ok((Self::Here(Signing::new(key.pair())), None)),
            Signatory::Outside(signer) => signer,
        };
        let public_key = signer.public_key();
        let verifier = Verifier::new(&public_key).ok_or_else(|| {
            Error::new(
                ErrorCode::PublicKey,
                format!("no signature can hold under the signer's public key {public_key}"),
            )
        })?;
        let roster = Arc::new(Roster { public_key, entries: Mutex::default() });
        roster.join(seat, signatory);
        let outside = Outside { roster: Arc::clone(&roster), public_key, verifier, path: path.to_owned() };
        Ok((Self::Outside(outside), Some(roster)))
    }

    /// Whose signatures these are.
    pub(super) fn public_key(&self) -> PublicKey {
        match self {
            Self::Here(signing) => signing.public_key(),
            Self::Outside(outside) => outside.public_key,
        }
    }

    /// A signature of each event, which continue the ledger.
    pub(super) fn sign(&mut self, end: End, hashed: &[Hashed<'_>]) -> Result<Vec<Signature>> {
        match self {
            Self::Here(signing) => Ok(signing.sign(hashed.iter().map(|event| event.hash).collect())),
            Self::Outside(outside) => outside.sign(end, hashed),
        }
    }

    /// The proof that the ledger may be handed over to this one.
    pub(super) fn endorse(&self, end: End, statement: &Statement) -> Result<Signature> {
        match self {
            Self::Here(signing) => Ok(signing.endorse(statement)),
            Self::Outside(outside) => outside.endorse(end, statement),
        }
    }

    /// True when whoever signs keeps what was signed: a group that then is not written will come back.
    pub(super) fn remembers(&self) -> bool {
        match self {
            Self::Here(_) => false,
            Self::Outside(outside) => outside.roster.current().is_some_and(|signer| signer.memory().is_some()),
        }
    }

    /// The events that were signed behind the end of the ledger and are not in it.
    pub(super) fn unwritten(&self, end: End) -> Result<Vec<Signed>> {
        match self {
            Self::Here(_) => Ok(Vec::new()),
            Self::Outside(outside) => outside.unwritten(end),
        }
    }
}

/// Signers outside of the process.
pub(super) struct Outside {
    roster: Arc<Roster>,
    public_key: PublicKey,
    verifier: Verifier,
    path: PathBuf,
}

impl Outside {
    fn sign(&self, end: End, hashed: &[Hashed<'_>]) -> Result<Vec<Signature>> {
        if hashed.is_empty() {
            return Ok(Vec::new());
        }
        let requests: Vec<Request> = hashed.iter().map(Request::of).collect::<Result<_>>()?;
        let signer = self.signer()?;
        let signatures = guarded(|| signer.sign(&self.place(end), &requests))?;
        if signatures.len() != requests.len() {
            let message = format!("the signer gave {} signatures for {} events", signatures.len(), requests.len());
            return Err(Error::new(ErrorCode::SignatureInvalid, message));
        }
        for (request, signature) in requests.iter().zip(&signatures) {
            self.check(request.seq, &request.hash, signature)?;
        }
        Ok(signatures)
    }

    fn endorse(&self, end: End, statement: &Statement) -> Result<Signature> {
        let request = Request::to_endorse(statement, end.head);
        let signer = self.signer()?;
        let proof = guarded(|| signer.endorse(&self.place(end), &request))?;
        if self.verifier.verify(&request.canonical, &proof) {
            return Ok(proof);
        }
        let message = format!("the signer's signature of the handover does not hold under {}", self.public_key);
        Err(Error::new(ErrorCode::SignatureInvalid, message))
    }

    fn unwritten(&self, end: End) -> Result<Vec<Signed>> {
        let signer = self.signer()?;
        let Some(memory) = signer.memory() else { return Ok(Vec::new()) };
        let remembered = guarded(|| memory.unwritten(&self.place(end)))?;
        let mut state = end.head.map_or(ChainState::START, |head| ChainState::after(head.seq, head.hash));
        let take = |Remembered { canonical, signature }| {
            let unfit = |why: &str| Error::new(ErrorCode::SignerFailed, format!("the signer gave back {why}"));
            let text = HashedText::parse(&canonical).map_err(|_| unfit("what is no event"))?;
            state
                .step(&text.hashed().link(), SignatureState::Holds)
                .map_err(|_| unfit("an event that does not continue the ledger"))?;
            self.check(text.seq, &text.hash, &signature)?;
            Ok((text, signature))
        };
        remembered.into_iter().map(take).collect()
    }

    fn check(&self, seq: u64, hash: &Hash, signature: &Signature) -> Result<()> {
        if self.verifier.verify(hash.as_bytes(), signature) {
            return Ok(());
        }
        let message = format!("the signer's signature of event {seq} does not hold under {}", self.public_key);
        Err(Error::new(ErrorCode::SignatureInvalid, message))
    }

    fn signer(&self) -> Result<Arc<dyn Signer>> {
        self.roster.current().ok_or_else(|| Error::new(ErrorCode::Internal, "a writer without a signer"))
    }

    fn place(&self, End { first, head }: End) -> Place<'_> {
        Place { path: &self.path, first, head }
    }
}

/// A signer that panics has failed, and nothing more.
fn guarded<T>(ask: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(ask))
        .unwrap_or_else(|_| Err(Error::new(ErrorCode::SignerFailed, "the signer panicked")))
}

/// Who signs behind the event that hands over, once that is written.
pub(super) struct Heir {
    pub(super) hand: Hand,
    pub(super) succession: Succession,
}

/// What others than the hand have to know when it changes.
pub(super) struct Succession {
    pub(super) roster: Option<Arc<Roster>>,
    /// Held for as long as nobody else says that a signer which needs its thread is about to sign.
    pub(super) coming: Option<Arc<()>>,
}

impl Heir {
    /// For the session that hands over.
    pub(super) fn new(signatory: &Signatory, path: &Path, seat: Seat, coming: Option<Arc<()>>) -> Result<Self> {
        let (hand, roster) = Hand::new(signatory, path, seat)?;
        Ok(Self { hand, succession: Succession { roster, coming } })
    }

    /// A key of this process.
    pub(super) fn here(key: Arc<KeyPair>) -> Self {
        Self { hand: Hand::Here(Signing::new(key)), succession: Succession { roster: None, coming: None } }
    }
}

/// The signers of one key that a writer's sessions brought, in their order.
pub(super) struct Roster {
    public_key: PublicKey,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    seat: Seat,
    signer: Arc<dyn Signer>,
    /// Its session is closed: it signs what is left, if nobody else can.
    left: bool,
}

impl Roster {
    /// A session comes. Meanwhile the ledger may have been handed over: then its signer is none of these.
    pub(super) fn join(&self, seat: Seat, signatory: &Signatory) {
        if signatory.public_key() != self.public_key {
            return;
        }
        let signer: Arc<dyn Signer> = match signatory {
            Signatory::Key(key) => Arc::<KeyPair>::clone(key),
            Signatory::Evolving(key) => key.pair(),
            Signatory::Outside(signer) => Arc::clone(signer),
        };
        let mut entries = lock(&self.entries);
        entries.retain(|entry| !entry.left);
        entries.push(Entry { seat, signer, left: false });
    }

    /// A session goes.
    pub(super) fn leave(&self, seat: Seat) {
        let mut entries = lock(&self.entries);
        entries.iter_mut().filter(|entry| entry.seat == seat).for_each(|entry| entry.left = true);
        if entries.iter().any(|entry| !entry.left) {
            entries.retain(|entry| !entry.left);
        }
    }

    /// Who signs now.
    fn current(&self) -> Option<Arc<dyn Signer>> {
        let entries = lock(&self.entries);
        let there = entries.iter().find(|entry| !entry.signer.is_gone());
        there.or(entries.first()).map(|entry| Arc::clone(&entry.signer))
    }

    /// True when signing waits for a thread of the caller's.
    pub(super) fn needs_its_thread(&self) -> bool {
        self.current().is_some_and(|signer| signer.needs_its_thread())
    }
}

#[cfg(test)]
mod tests {
    use super::super::inbox::Inbox;
    use super::*;

    #[test]
    fn who_comes_with_the_key_that_was_in_force_before_is_not_asked() {
        let [old, new] = [1, 2].map(|seed| Arc::new(KeyPair::from_seed(&[seed; 32])));
        let signer: Arc<dyn Signer> = Arc::<KeyPair>::clone(&new);
        let (_, roster) = Hand::new(&signer.into(), Path::new("ledger.ndjson"), Inbox::FIRST).unwrap();
        let roster = roster.unwrap();
        let (mut inbox, _) = Inbox::new(0);
        let seat = inbox.attach().unwrap();
        roster.join(seat, &(&old).into());
        roster.leave(Inbox::FIRST);
        assert_eq!(roster.current().unwrap().public_key(), new.public());
        roster.join(seat, &(&new).into());
        assert!(lock(&roster.entries).iter().all(|entry| !entry.left));
    }
}
