//! Signers outside of the process: a key service, a security module, an agent under another user.
//!
//! A writer gives each event time, place and hash, asks a [`Signer`] for the signatures of a whole group, checks every one
//! strictly, and writes only then. What fails before leaves the file as it was: there is no line without a signature.
//!
//! ```text
//! hashed text  {"event":E,"parent_hash":"P","seq":N,"timestamp_nanos":T}     E in canonical form
//! to sign      the 32 raw bytes of its SHA-256
//! ```
//!
//! A signer with a [`Memory`] keeps what it signed, so that it never signs a second event at one place. What it has signed
//! and the file lacks, after a crash or a failed write, comes first when the ledger goes on.

#[cfg(unix)]
mod socket;
mod text;
#[doc(hidden)]
pub mod wire;

pub use crate::handover::Statement;
#[cfg(unix)]
pub use socket::SocketSigner;
pub use text::HashedText;

use crate::chain::{Head, hashed_text};
use crate::error::Result;
use crate::evolving::EvolvingKey;
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey, Signature};
use crate::seal::Hashed;
use std::path::Path;
use std::sync::Arc;

/// An event to sign, or a handover to endorse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The text that was hashed; of a handover, its [`Statement`].
    pub canonical: Vec<u8>,
    /// Its SHA-256: what is to be signed of an event.
    pub hash: Hash,
    /// The event's place.
    pub seq: u64,
    /// Hash of the event before.
    pub parent: Hash,
}

impl Request {
    pub(crate) fn of(event: &Hashed<'_>) -> Result<Self> {
        let Hashed { event, seq, timestamp_nanos, parent, hash } = event;
        let canonical = hashed_text(&event.canonical()?, parent, *seq, *timestamp_nanos);
        Ok(Self { canonical, hash: *hash, seq: *seq, parent: *parent })
    }

    /// Of a handover behind an event.
    pub(crate) fn to_endorse(statement: &Statement, head: Option<Head>) -> Self {
        let canonical = statement.to_bytes();
        let parent = head.map_or(Hash::GENESIS, |head| head.hash);
        Self { hash: Hash::of(&canonical), canonical, seq: statement.seq, parent }
    }
}

/// The ledger that a group is for, as it ends now.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Where it is, with every link resolved.
    pub path: &'a Path,
    /// Hash of its first event; none if it is empty, or if nobody has looked.
    pub first: Option<Hash>,
    /// Its last event.
    pub head: Option<Head>,
}

/// Signs for a writer, and may take its time. Called by one thread at a time for each ledger, which waits.
pub trait Signer: Send + Sync {
    /// Whose signatures these are; always the same.
    fn public_key(&self) -> PublicKey;

    /// A signature of each hash, in order. An error rejects the whole group, as not written unless it says otherwise. It
    /// must come to an end: the writer waits without limit.
    fn sign(&self, place: &Place<'_>, requests: &[Request]) -> Result<Vec<Signature>>;

    /// The signature of a handover's statement, all of its bytes: this signer takes the ledger over, if the key in force
    /// seals the event that says so. Then it is asked to sign what follows.
    fn endorse(&self, place: &Place<'_>, handover: &Request) -> Result<Signature>;

    /// True when [`Signer::sign`] waits for the thread that brought the signer, which must then not wait for it.
    fn needs_its_thread(&self) -> bool {
        false
    }

    /// True when it will never sign again. Another session's signer of the same key is asked instead.
    fn is_gone(&self) -> bool {
        false
    }

    /// What it keeps of what it signed.
    fn memory(&self) -> Option<&dyn Memory> {
        None
    }
}

/// What a signer has signed, as far as a ledger may lack it.
pub trait Memory {
    /// The events that were signed behind the end of a ledger, in order; an error if the ledger lacks more than a crash
    /// or a failed write can explain, or goes on in another way.
    fn unwritten(&self, place: &Place<'_>) -> Result<Vec<Remembered>>;
}

/// An event that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The text that was hashed.
    pub canonical: Vec<u8>,
    /// The signature of its hash.
    pub signature: Signature,
}

/// Who signs for a session.
#[derive(Clone)]
pub enum Signatory {
    /// A key in this process.
    Key(Arc<KeyPair>),
    /// A key in a file, which another one replaces with every segment.
    Evolving(Arc<EvolvingKey>),
    /// Someone else.
    Outside(Arc<dyn Signer>),
}

impl Signatory {
    /// Whose signatures these are.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Key(key) => key.public(),
            Self::Evolving(key) => key.pair().public(),
            Self::Outside(signer) => signer.public_key(),
        }
    }

    /// True when what was signed is kept elsewhere.
    pub(crate) fn remembers(&self) -> bool {
        matches!(self, Self::Outside(signer) if signer.memory().is_some())
    }
}

/// Who a ledger is handed over to.
pub enum Successor {
    /// It is known already.
    Known(Signatory),
    /// It is found by the writer when its turn has come, such as an agent that has to be asked for its key.
    ToFind(Box<dyn FnOnce() -> Result<Signatory> + Send>),
}

impl Successor {
    pub(crate) fn find(self) -> Result<Signatory> {
        match self {
            Self::Known(signatory) => Ok(signatory),
            Self::ToFind(find) => find(),
        }
    }

    /// As of a [`Signer`]; one that is found does not.
    pub(crate) fn needs_its_thread(&self) -> bool {
        matches!(self, Self::Known(Signatory::Outside(signer)) if signer.needs_its_thread())
    }
}

impl From<Arc<KeyPair>> for Signatory {
    fn from(key: Arc<KeyPair>) -> Self {
        Self::Key(key)
    }
}

impl From<&Arc<KeyPair>> for Signatory {
    fn from(key: &Arc<KeyPair>) -> Self {
        Self::Key(Arc::clone(key))
    }
}

impl From<Arc<dyn Signer>> for Signatory {
    fn from(signer: Arc<dyn Signer>) -> Self {
        Self::Outside(signer)
    }
}

/// A key of this process signs what a signer of the same key would have signed.
impl Signer for KeyPair {
    fn public_key(&self) -> PublicKey {
        self.public()
    }

    fn sign(&self, _place: &Place<'_>, requests: &[Request]) -> Result<Vec<Signature>> {
        let hashes: Vec<Hash> = requests.iter().map(|request| request.hash).collect();
        Ok(self.sign_all(&hashes))
    }

    fn endorse(&self, _place: &Place<'_>, handover: &Request) -> Result<Signature> {
        Ok(self.sign_bytes(&handover.canonical))
    }
}
