//! Signed notes: a text, and who signed it (c2sp.org/signed-note).
//!
//! ```text
//! text, one line or more, the last LF included
//!                                                        an empty line
//! — NAME base64( id || signature )                       one line for each signature, each with an LF
//! ```
//!
//! A key is known by its name and its id, and so is what it signs:
//!
//! ```text
//! id                  first 4 bytes of SHA-256( NAME || LF || kind || public key )
//! public, as text     NAME+hex(id)+base64( kind || public key )
//! kind 1              Ed25519 of the text
//! kind 4, cosigning   time || Ed25519 of "cosignature/v1" LF "time " time LF text      time: Unix seconds, 8 bytes
//! ```
//!
//! Signatures by keys that a reader does not know mean nothing to it. One by a key that it knows has to hold, strictly
//! ([`crate::key`]), or the note is refused.
//!
//! A key that signs notes may be one that seals events, and no signature passes for another: an event is signed as 32
//! bytes, a checkpoint has more; the second line of a checkpoint is a number, of a cosigned text it is not; and what
//! [`crate::statement`] signs has JSON there.

use super::base64;
use crate::error::{Error, ErrorCode, Result, excerpt};
use crate::hash::{Hash, decode_hex, encode_hex};
use crate::key::{KeyPair, PublicKey, Signature, Verifier};
use std::fmt;

/// Most bytes of a note.
pub const MAX_NOTE: usize = 1 << 20;

/// Most signatures of a note.
pub const MAX_SIGNATURES: usize = 100;

/// Begins the line of a signature: an em dash and a space.
const MARK: &str = "\u{2014} ";

/// What the signatures of a key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A log's: of the text.
    Log,
    /// A witness's, with the time at which it had seen no larger tree of the log.
    Witness,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Witness => 4,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        [Self::Log, Self::Witness].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key under the name that it signs notes with. Two are equal if all of that is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    name: String,
    kind: Kind,
    public: PublicKey,
}

impl Key {
    /// A key under a name. [`ErrorCode::NoteKey`] for a name with spaces, `+` or nothing in it.
    pub fn new(name: &str, kind: Kind, public: PublicKey) -> Result<Self> {
        if !is_name(name) {
            return Err(no_key(name, "its name is empty, or has spaces or + in it"));
        }
        Ok(Self { name: name.to_owned(), kind, public })
    }

    /// Reads `NAME+hex(id)+base64(kind || public key)`. [`ErrorCode::NoteKey`] for other text, another id than the key
    /// has, and kinds that are not of this module.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(no_key(text, "expected NAME+ID+KEY"));
        };
        let bytes = base64::decode(key).ok_or_else(|| no_key(text, "what is behind the second + is not base64"))?;
        let Some((kind, public)) = bytes.split_first() else { return Err(no_key(text, "it holds no key")) };
        let (Some(kind), Ok(public)) = (Kind::of(*kind), <[u8; 32]>::try_from(public)) else {
            return Err(no_key(text, "its kind is neither Ed25519 (1) nor an Ed25519 cosignature (4)"));
        };
        let public = PublicKey::from_bytes(public);
        if Verifier::new(&public).is_none() {
            return Err(no_key(text, "no signature holds under these 32 bytes"));
        }
        let key = Self::new(name, kind, public)?;
        if decode_hex(&id.to_ascii_lowercase()) != Some(key.id()) {
            return Err(no_key(text, &format!("its id is {}, not {:?}", encode_hex(&key.id()), excerpt(id))));
        }
        Ok(key)
    }

    /// The name that it signs with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The key itself.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// What, with its name, tells its signatures from those of other keys.
    pub fn id(&self) -> [u8; 4] {
        let named = [self.name.as_bytes(), b"\n", &[self.kind.byte()], self.public.as_bytes()].concat();
        let [a, b, c, d, ..] = *Hash::of(&named).as_bytes();
        [a, b, c, d]
    }

    /// Signs a text as the log of this name. The key must be that of `pair`.
    pub fn sign(&self, text: &str, pair: &KeyPair) -> Result<NoteSignature> {
        self.check_pair(pair, Kind::Log)?;
        Ok(self.signature(pair.sign_bytes(text.as_bytes()).as_bytes().to_vec()))
    }

    /// Cosigns a text as the witness of this name, at a time in Unix seconds. The key must be that of `pair`.
    pub fn cosign(&self, text: &str, pair: &KeyPair, time: u64) -> Result<NoteSignature> {
        self.check_pair(pair, Kind::Witness)?;
        let signature = pair.sign_bytes(cosigned(text, time).as_bytes());
        Ok(self.signature([time.to_be_bytes().as_slice(), signature.as_bytes()].concat()))
    }

    /// Checks a signature of this key; gives the time that a witness says.
    fn verify(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        let (time, signature) = match self.kind {
            Kind::Log => (None, bytes),
            Kind::Witness => bytes.split_first_chunk().map(|(time, rest)| (Some(u64::from_be_bytes(*time)), rest))?,
        };
        let message = match time {
            // As specified: the time is that of a signed number.
            Some(time) if time > i64::MAX.unsigned_abs() => return None,
            Some(time) => cosigned(text, time),
            None => text.to_owned(),
        };
        let signature = Signature::from_bytes(signature.try_into().ok()?);
        Verifier::new(&self.public)?.verify(message.as_bytes(), &signature).then_some(time)
    }

    fn check_pair(&self, pair: &KeyPair, kind: Kind) -> Result<()> {
        if self.public == pair.public() && self.kind == kind {
            return Ok(());
        }
        Err(Error::new(ErrorCode::InvalidArgument, format!("the key pair is not that of {self}")))
    }

    fn signature(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature { name: self.name.clone(), id: self.id(), bytes }
    }
}

/// As [`Key::parse`] reads it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind.byte()], self.public.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, encode_hex(&self.id()), base64::encode(&key))
    }
}

fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

fn no_key(text: &str, why: &str) -> Error {
    Error::new(ErrorCode::NoteKey, format!("{:?} is no key of a note: {why}", excerpt(text)))
}

/// A line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl NoteSignature {
    /// Reads one line, without its LF.
    pub fn parse(line: &str) -> Result<Self> {
        let refuse = || malformed(&format!("has {:?} where a signature should be", excerpt(line)));
        let (name, signature) = line.strip_prefix(MARK).and_then(|line| line.split_once(' ')).ok_or_else(refuse)?;
        let bytes = base64::decode(signature).ok_or_else(refuse)?;
        let (id, bytes) = bytes.split_first_chunk().filter(|_| is_name(name)).ok_or_else(refuse)?;
        if bytes.is_empty() {
            return Err(refuse());
        }
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }

    /// Whose it claims to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its name and id are those of a key; not whether it holds.
    pub fn is_by(&self, key: &Key) -> bool {
        self.name == key.name && self.id == key.id()
    }
}

/// The line, without its LF.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{} {}", self.name, base64::encode(&[self.id.as_slice(), &self.bytes].concat()))
    }
}

/// A text with its signatures, none of which is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// By whom.
    pub key: &'a Key,
    /// When, in Unix seconds, as a witness says.
    pub time: Option<u64>,
}

impl Note {
    /// A text, which must end with LF, and nobody's signature. [`ErrorCode::NoteMalformed`] for one that no note has.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        check_text(&text)?;
        if !text.ends_with('\n') {
            return Err(malformed("has a text that does not end with a line feed"));
        }
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note with one signature at least. [`ErrorCode::NoteMalformed`] for anything else.
    pub fn parse(note: &str) -> Result<Self> {
        check_text(note)?;
        let Some((text, signatures)) = note.rsplit_once("\n\n") else { return Err(malformed("has no empty line")) };
        let Some(lines) = signatures.strip_suffix('\n') else {
            return Err(malformed("does not end with a line feed"));
        };
        let signatures: Vec<_> = lines
            .split('\n')
            .take(MAX_SIGNATURES.saturating_add(1))
            .map(NoteSignature::parse)
            .collect::<Result<_>>()?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(malformed(&format!("has more than {MAX_SIGNATURES} signatures")));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// What is signed, its last LF included. Nothing to go by before [`Note::check`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, unchecked.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature, unless it is there.
    pub fn add(&mut self, signature: NoteSignature) {
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// Which of the known keys signed, each once, in the order of the note. [`ErrorCode::NoteSignature`] if a signature
    /// by one of them does not hold, [`ErrorCode::NoteUntrusted`] if there is none.
    pub fn check<'a>(&self, known: &'a [Key]) -> Result<Vec<Signed<'a>>> {
        let mut found: Vec<Signed<'a>> = Vec::new();
        for signature in &self.signatures {
            for key in known.iter().filter(|key| signature.is_by(key)) {
                let Some(time) = key.verify(&self.text, &signature.bytes) else {
                    let message = format!("the signature of {} does not hold", excerpt(&key.name));
                    return Err(Error::new(ErrorCode::NoteSignature, message));
                };
                if !found.iter().any(|signed| signed.key == key) {
                    found.push(Signed { key, time });
                }
            }
        }
        if found.is_empty() {
            return Err(Error::new(ErrorCode::NoteUntrusted, "the note is signed by no key that is known"));
        }
        Ok(found)
    }
}

/// The whole note.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn check_text(text: &str) -> Result<()> {
    if text.len() > MAX_NOTE {
        return Err(malformed(&format!("has more than {MAX_NOTE} bytes")));
    }
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(malformed("has control characters"));
    }
    Ok(())
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorCode::NoteMalformed, format!("not a signed note: it {what}"))
}
