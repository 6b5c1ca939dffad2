//! What a witness answers to `add-checkpoint`: by the request, the logs that it knows, and the latest checkpoint that it
//! has cosigned. Nothing here reads or keeps anything.
//!
//! ```text
//! old 20852014                                     size of the latest checkpoint that the witness has cosigned
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=     consistency proof from there, at most 63 hashes
//! ...
//!                                                  an empty line
//! the checkpoint, signed by its log
//! ```
//!
//! | status | when | body |
//! |---|---|---|
//! | 200 | cosigned | the cosignature, a line |
//! | 400 | not such a text, or `old` above the checkpoint's size | why |
//! | 403 | not signed by a key of the log, or a signature by one does not hold | why |
//! | 404 | the origin is none of the logs | why |
//! | 409 | `old` is not the size of the latest one; 0 if there is none | that size, a line, `text/x.tlog.size` |
//! | 409 | the same size, another root | evidence of the fork |
//! | 422 | the proof does not hold | evidence, if it shows a fork; else the latest checkpoint, if there is one |
//!
//! The first that applies, from the top of: 400 for the text, 404, 403, 400 for the size, and the order of the table.

use super::super::base64;
use super::super::checkpoint::{Checkpoint, decimal};
use super::super::fork::{Fork, signed_by};
use super::super::merkle;
use super::super::note::{Key, Note};
use crate::error::excerpt;
use crate::hash::Hash;
use std::fmt;

/// Most bytes of a request.
pub const MAX_REQUEST: usize = 1 << 20;

/// Most hashes of a request.
const MAX_PROOF: usize = 63;

/// What a body is, as its `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyType {
    /// Words, or cosignatures.
    Text,
    /// The size of a tree, as specified.
    Size,
    /// Evidence of a fork, see [`super::super::fork`].
    Evidence,
    /// A checkpoint with its signatures.
    Checkpoint,
}

impl BodyType {
    /// `text/...`
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Size => "text/x.tlog.size",
            Self::Evidence => "text/x.sealwright.fork-evidence",
            Self::Checkpoint => "text/x.sealwright.checkpoint",
        }
    }
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Of HTTP: 400, 403, 404, 409 or 422.
    pub status: u16,
    /// What the body is.
    pub body_type: BodyType,
    /// What it says.
    pub body: String,
    /// Evidence that the log has signed two histories, whether or not it is the body.
    pub evidence: Option<String>,
}

impl Refusal {
    fn words(status: u16, why: impl fmt::Display) -> Self {
        Self { status, body_type: BodyType::Text, body: format!("{why}\n"), evidence: None }
    }

    fn size(size: u64, fork: Option<&Fork>) -> Self {
        let evidence = fork.map(Fork::to_string);
        Self { status: 409, body_type: BodyType::Size, body: format!("{size}\n"), evidence }
    }

    /// With it, and what it has of its log, a client may find the evidence that the proof did not bring.
    fn latest(note: &Note) -> Self {
        Self { status: 422, body_type: BodyType::Checkpoint, body: note.to_string(), evidence: None }
    }

    fn fork(status: u16, fork: &Fork) -> Self {
        let evidence = fork.to_string();
        Self { status, body_type: BodyType::Evidence, body: evidence.clone(), evidence: Some(evidence) }
    }
}

/// A request as it is read: nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What the witness is thought to have cosigned last.
    pub old_size: u64,
    /// From there to the checkpoint.
    pub proof: Vec<Hash>,
    /// The checkpoint, signed.
    pub note: Note,
}

impl Request {
    /// Reads a body; a refusal with 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refuse = |why: String| Refusal::words(400, why);
        if text.len() > MAX_REQUEST {
            return Err(refuse(format!("a request has at most {MAX_REQUEST} bytes")));
        }
        let Some((head, note)) = text.split_once("\n\n") else {
            return Err(refuse("no empty line in front of a checkpoint".to_owned()));
        };
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old_size = old_size.ok_or_else(|| refuse("the first line is not old and a size".to_owned()))?;
        let hash =
            |line: &str| base64::decode_hash(line).ok_or_else(|| refuse(format!("{:?} is no hash", excerpt(line))));
        let proof: Vec<_> = lines.take(MAX_PROOF.saturating_add(1)).map(hash).collect::<Result<_, _>>()?;
        if proof.len() > MAX_PROOF {
            return Err(refuse(format!("a proof has at most {MAX_PROOF} hashes")));
        }
        let note = Note::parse(note).map_err(|error| refuse(error.message))?;
        Ok(Self { old_size, proof, note })
    }
}

/// The body.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.note)
    }
}

/// A checkpoint that its log has signed; whether it goes on from the one before is not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission<'a> {
    /// What the log says.
    pub checkpoint: Checkpoint,
    /// With the signatures of the log alone.
    pub note: Note,
    old_size: u64,
    proof: Vec<Hash>,
    log: &'a [Key],
}

impl<'a> Submission<'a> {
    /// Checks all that does not depend on what was cosigned. `log` has the keys of an origin, none if it is unknown.
    pub fn check(text: &str, log: impl FnOnce(&str) -> Option<&'a [Key]>) -> Result<Self, Refusal> {
        let Request { old_size, proof, note } = Request::parse(text)?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|error| Refusal::words(400, error.message))?;
        let Some(log) = log(checkpoint.origin()) else {
            return Err(Refusal::words(404, format!("the log {:?} is not known here", excerpt(checkpoint.origin()))));
        };
        note.check(log).map_err(|error| Refusal::words(403, error.message))?;
        let note = signed_by(&note, log).ok_or_else(|| Refusal::words(400, "not a signed note"))?;
        if old_size > checkpoint.size() {
            let why = format!("old is {old_size}, and the checkpoint has {}", checkpoint.size());
            return Err(Refusal::words(400, why));
        }
        Ok(Self { checkpoint, note, old_size, proof, log })
    }

    /// Checks that it goes on from the latest checkpoint that was cosigned, if there is one.
    pub fn follows(&self, latest: Option<&Latest>) -> Result<(), Refusal> {
        let empty = merkle::empty_root();
        let (size, root) = latest.map_or((0, &empty), |latest| (latest.checkpoint.size(), latest.checkpoint.root()));
        let fork = || Fork::between(&latest?.note, &self.note, self.log, None, &self.proof);
        let (new_size, new_root) = (self.checkpoint.size(), self.checkpoint.root());
        if self.old_size != size {
            // A proof from elsewhere shows nothing of the latest one.
            return Err(Refusal::size(size, fork().filter(|_| size == new_size).as_ref()));
        }
        if size == new_size && root != new_root {
            let fork = fork().map(|fork| Refusal::fork(409, &fork));
            return Err(fork.unwrap_or_else(|| Refusal::words(409, "another root of this size was cosigned")));
        }
        merkle::verify_consistency((size, root), (new_size, new_root), &self.proof).map_err(|_| {
            match (fork(), latest) {
                (Some(fork), _) => Refusal::fork(422, &fork),
                (None, Some(latest)) => Refusal::latest(&latest.note),
                (None, None) => Refusal::words(422, "there is nothing before the first checkpoint: its proof is empty"),
            }
        })
    }
}

/// The latest checkpoint that a witness has cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// With the signatures of the log and the cosignature.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// When it was cosigned: Unix time in seconds.
    pub time: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyPair;
    use crate::proof::note::Kind;

    #[test]
    fn a_request_is_read_as_it_is_written() {
        let pair = KeyPair::from_seed(&[1; 32]);
        let log = Key::new("example.com/a", Kind::Log, pair.public()).unwrap();
        let text = Checkpoint::new("example.com/a", 3, Hash::of(b"root")).unwrap().to_string();
        let mut note = Note::new(text.clone()).unwrap();
        note.add(log.sign(&text, &pair).unwrap());
        let request = Request { old_size: 2, proof: vec![Hash::of(b"a"), Hash::of(b"b")], note };
        let body = request.to_string();
        assert_eq!(Request::parse(&body).unwrap(), request);
        let most = Request { proof: vec![Hash::of(b"a"); 63], ..request.clone() };
        assert_eq!(Request::parse(&most.to_string()).unwrap(), most);
        let more = Request { proof: vec![Hash::of(b"a"); 64], ..request };
        for broken in [
            more.to_string(),
            body.replace("old 2", "old 02"),
            body.replace("old 2", "old -2"),
            body.replace("old 2", "old  2"),
            body.replace("old 2\n", ""),
            body.replace('\n', "\r\n"),
            body.replace("\n\n", "\n"),
            body.trim_end().to_owned(),
            format!("\u{feff}{body}"),
            format!("{body}{}", " ".repeat(MAX_REQUEST)),
            String::new(),
        ] {
            assert_eq!(Request::parse(&broken).unwrap_err().status, 400, "{broken:.40?}");
        }
    }
}
