//! Going on where an earlier verification ended: what it found is kept in a signed file.
//!
//! ```text
//! {"publicKey":"…","signature":"…","state":{"files":[…],"line":…,"offset":…,"options":{…},"schemaVersion":1,"totals":{…},…}}
//!
//! signature = Ed25519( SHA-256( "sealwright/verification-state/v1\n" || canonical JSON of "state" ) )
//! ```
//!
//! `docs/format.md` has the fields. A state is bound to its files by their numbers in the file system, how far they were
//! verified, and a digest of both ends of that part. What stands between those ends is not read again: who writes there,
//! in place, is found by a full verification only.

use super::checkpoint::Checkpoint;
use super::tally::Totals;
use super::{Options, SignatureMode, Spelling};
use crate::chain::Head;
use crate::durable::{self, FoundFile, ReadFile};
use crate::error::{Error, ErrorCode, Place, Result};
use crate::event::EventSet;
use crate::hash::{Hash, encode_hex};
use crate::json;
use crate::key::{self, KeyPair, PublicKey, Signature};
use crate::limits::as_u64;
use serde::{Deserialize, Serialize};
use std::io::{self, Read as _};
use std::path::Path;

/// What a signature is made over begins with this.
const DOMAIN: &[u8] = b"sealwright/verification-state/v1\n";

/// Bytes at each end of what was verified that must still be there.
const EDGE: u64 = 64 << 10;

/// A longer file is no state.
const MAX_FILE: u64 = 16 << 20;

/// Where a state is kept between two verifications, and who vouches for it.
#[derive(Debug, Clone, Copy)]
pub struct SavedState<'a> {
    /// The file: 0600, replaced whole. It need not exist yet.
    pub path: &'a Path,
    /// Signs what is saved; what is read must be signed by it.
    pub key: &'a KeyPair,
    /// Verifies everything, whatever was saved, and saves anew.
    pub full: bool,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct State {
    schema_version: u32,
    options: Asked,
    /// In the order of the chain; empty ones at its end are left out.
    files: Vec<Seen>,
    /// Of the next line, from 1.
    line: u64,
    /// Of its first byte, in all files together.
    offset: u64,
    /// The expected head that was compared, and was there.
    expected_head: Option<Head>,
    totals: Totals,
}

/// The options that decide what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    /// In ascending order, each once.
    signers: Vec<PublicKey>,
    start_after: Option<Head>,
    signatures: SignatureMode,
    events: EventSet,
    spelling: Spelling,
    max_line_bytes: u64,
}

/// A file, as far as it was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Seen {
    /// Device and inode in decimal, where the system has them.
    id: Option<[String; 2]>,
    bytes: u64,
    /// SHA-256 of the first [`EDGE`] of these bytes, and of the last.
    beginning: Hash,
    ending: Hash,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Signed {
    public_key: PublicKey,
    signature: String,
    pub(super) state: State,
}

impl SavedState<'_> {
    /// A state must never take the place of the ledger.
    pub(super) fn keep_off(&self, ledger: &Path) -> Result<()> {
        let same = durable::resolve_links(self.path).ok().zip(durable::resolve_links(ledger).ok());
        match same {
            Some((state, ledger)) if state == ledger => {
                Err(Error::new(ErrorCode::InvalidArgument, "the state cannot be kept in the ledger's own file"))
            }
            _ => Ok(()),
        }
    }

    /// The state to go on from; none if there is no file, or a full verification is asked for. Even then a file of
    /// another kind is not replaced.
    pub(super) fn load(&self) -> Result<Option<Signed>> {
        let Some(text) = self.read()? else { return Ok(None) };
        let signed: Signed = serde_json::from_str(&text).map_err(|error| self.invalid(&error.to_string()))?;
        if signed.state.schema_version != 1 {
            return Err(self.invalid("its version is not 1"));
        }
        if self.full {
            return Ok(None);
        }
        let verifier = key::Verifier::new(&self.key.public()).filter(|_| signed.public_key == self.key.public());
        let signature = Signature::from_hex(&signed.signature);
        let digest = signed.state.digest()?;
        if verifier.zip(signature).is_none_or(|(verifier, signature)| !verifier.verify(digest.as_bytes(), &signature)) {
            return Err(self.invalid("it is not signed by the given key"));
        }
        Ok(Some(signed))
    }

    fn read(&self) -> Result<Option<String>> {
        let file = match durable::open_unchecked(self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| self.failed("cannot open", &error))?,
        };
        let metadata = file.metadata().map_err(|error| self.failed("cannot look at", &error))?;
        if !metadata.is_file() || metadata.len() > MAX_FILE {
            return Err(self.invalid("it is no regular file of at most 16 MiB"));
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|error| self.failed("cannot read", &error))?;
        String::from_utf8(bytes).map(Some).map_err(|_| self.invalid("it is not UTF-8"))
    }

    /// Nothing is written when nothing has changed.
    pub(super) fn save(&self, state: &State, known: Option<&Signed>) -> Result<()> {
        if known.is_some_and(|known| known.state == *state) {
            return Ok(());
        }
        let signature = encode_hex(self.key.sign(&state.digest()?).as_bytes());
        let signed = Signed { public_key: self.key.public(), signature, state: state.clone() };
        let mut text = canonical(&signed)?;
        text.push(b'\n');
        let path = durable::resolve_links(self.path).map_err(|error| self.failed("cannot resolve", &error))?;
        let saved = durable::create_folders_above(&path).and_then(|()| durable::replace(&path, &text));
        saved.map_err(|error| self.failed("cannot write", &error))
    }

    fn invalid(&self, why: &str) -> Error {
        Error::new(ErrorCode::StateInvalid, format!("{} is no state to go on from: {why}", self.path.display()))
    }

    fn failed(&self, doing: &str, error: &io::Error) -> Error {
        Error::io(ErrorCode::StateIo, format!("{doing} the state {}", self.path.display()), error)
    }
}

impl State {
    pub(super) fn new(options: &Options, mut files: Vec<Seen>, Checkpoint { place, totals }: Checkpoint) -> Self {
        while files.pop_if(|last| last.bytes == 0).is_some() {}
        Self {
            schema_version: 1,
            options: Asked::of(options),
            files,
            line: place.line,
            offset: place.byte_offset,
            expected_head: options.expected_head,
            totals,
        }
    }

    /// What is signed.
    fn digest(&self) -> Result<Hash> {
        Ok(Hash::of(&[DOMAIN, &canonical(self)?].concat()))
    }

    /// Where to go on in these files; none from their beginning, if no event was found before.
    pub(super) fn continue_in(&self, files: Vec<&mut FoundFile>, options: &Options) -> Result<Option<Checkpoint>> {
        self.check_options(options)?;
        if files.len() < self.files.len() {
            return Err(mismatch("a file of what was verified is not there any more"));
        }
        let last = self.files.len().saturating_sub(1);
        for (index, (seen, file)) in self.files.iter().zip(files).enumerate() {
            file.read(|file| seen.check(file, index == last))?;
        }
        let place = Place { line: self.line, byte_offset: self.offset };
        Ok(self.totals.head.map(|_| Checkpoint { place, totals: self.totals.clone() }))
    }

    fn check_options(&self, options: &Options) -> Result<()> {
        let (then, now) = (&self.options, Asked::of(options));
        let others = [
            ("signers", then.signers != now.signers),
            ("startAfter", then.start_after != now.start_after),
            ("signatures", then.signatures != now.signatures),
            ("events", then.events != now.events),
            ("spelling", then.spelling != now.spelling),
            ("maxLineBytes", then.max_line_bytes != now.max_line_bytes),
            (
                "expectedFirst",
                self.totals.first_hash().zip(options.expected_first).is_some_and(|(first, now)| first != now),
            ),
            ("expectedHead", options.expected_head.is_some_and(|head| !self.is_known(head))),
        ];
        match others.iter().find(|(_, differs)| *differs) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("what was verified was not verified with this {name}: verify in full");
                Err(Error::new(ErrorCode::StateOptions, message))
            }
        }
    }

    /// Whether a head is still to come, or is one that was seen.
    fn is_known(&self, head: Head) -> bool {
        self.totals.head.is_none_or(|last| head.seq > last.seq || head == last) || self.expected_head == Some(head)
    }
}

impl Asked {
    fn of(options: &Options) -> Self {
        let mut signers = options.signers.clone();
        signers.sort_unstable_by_key(|key| *key.as_bytes());
        signers.dedup();
        Self {
            signers,
            start_after: options.start_after,
            signatures: options.signatures,
            events: options.events,
            spelling: options.spelling,
            max_line_bytes: as_u64(options.max_line_bytes),
        }
    }
}

impl Seen {
    pub(super) fn of(file: &mut ReadFile, bytes: u64) -> Result<Self> {
        let edge = EDGE.min(bytes);
        Ok(Self {
            id: file.numbers().map(|numbers| numbers.map(|number| number.to_string())),
            bytes,
            beginning: file.digest(0, edge)?,
            ending: file.digest(bytes.saturating_sub(edge), edge)?,
        })
    }

    /// Only the last file may have grown.
    fn check(&self, file: &mut ReadFile, may_grow: bool) -> Result<()> {
        if file.length < self.bytes {
            return Err(mismatch("it is shorter than what was verified of it"));
        }
        if file.length > self.bytes && !may_grow {
            return Err(mismatch("a file that others follow is longer than what was verified of it"));
        }
        let now = Self::of(file, self.bytes)?;
        if now.id != self.id {
            return Err(mismatch("another file is in the place of the one that was verified"));
        }
        if now != *self {
            return Err(mismatch("its bytes are not those that were verified"));
        }
        Ok(())
    }
}

fn mismatch(why: &str) -> Error {
    Error::new(ErrorCode::StateMismatch, format!("the ledger is not the one of the state: {why}"))
}

fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let text = serde_json::to_string(value).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))?;
    json::canonicalize(&text)
}
