//! Proofs that one event is in a ledger, as files (c2sp.org/tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra base64                            here: the event's line, without its LF
//! index 73894                             its seq
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//! ...                                     hashes from the leaf's sibling to the child of the root
//!                                         an empty line
//! a checkpoint, with its signatures
//! ```

use super::base64;
use super::checkpoint::decimal;
use super::merkle::{self, Mismatch};
use super::note::{self, Note};
use super::policy::Policy;
use crate::error::{Error, ErrorCode, ProblemCode, Result, excerpt};
use crate::hash::Hash;
use crate::key::{PublicKey, Verifier};
use crate::limits::MAX_LINE;
use crate::line::{self, Line, LineError, Workspace};
use serde::Serialize;
use std::fmt;

/// Most bytes of a proof: those of a note, and of the longest line in base64.
pub const MAX_PROOF: usize = note::MAX_NOTE + MAX_LINE / 3 * 4 + (64 << 10);

/// Most hashes of a path.
const MAX_PATH: usize = 63;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof as it is read: nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// What came with it.
    pub extra: Option<Vec<u8>>,
    /// Which leaf it is about, from 0.
    pub index: u64,
    /// From the leaf's sibling to the child of the root.
    pub path: Vec<Hash>,
    /// The checkpoint, signed.
    pub note: Note,
}

impl InclusionProof {
    /// Reads a proof: [`ProblemCode::ProofMalformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_PROOF {
            return Err(malformed(format!("has more than {MAX_PROOF} bytes")));
        }
        let Some((head, note)) = text.split_once("\n\n") else { return Err(malformed("has no empty line")) };
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(malformed(format!("does not begin with {HEADER}")));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(|line| {
            let extra = line.strip_prefix("extra ").and_then(base64::decode);
            extra.ok_or_else(|| malformed("has an extra line that is not base64"))
        });
        let extra = extra.transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or_else(|| malformed("has no index line"))?;
        let read = |line: &str| {
            base64::decode_hash(line).ok_or_else(|| malformed(format!("has {:?} in its path", excerpt(line))))
        };
        let path: Vec<_> = lines.take(MAX_PATH.saturating_add(1)).map(read).collect::<Result<_, _>>()?;
        if path.len() > MAX_PATH {
            return Err(malformed(format!("has a path of more than {MAX_PATH} hashes")));
        }
        Ok(Self { extra, index, path, note: Note::parse(note)? })
    }
}

/// The file.
impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64::encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        write!(f, "\n{}", self.note)
    }
}

fn malformed(what: impl fmt::Display) -> Problem {
    Problem::new(ProblemCode::ProofMalformed, format!("not an inclusion proof: it {what}"))
}

/// Which event a proof is to be about.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The one with this line, its LF not counted.
    Line(&'a str),
    /// The one whose line the proof brings.
    InExtra,
}

/// Something that keeps a proof from showing what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The stable code.
    pub code: ProblemCode,
    /// One sentence in lower case.
    pub reason: String,
}

impl Problem {
    pub(crate) fn new(code: ProblemCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InclusionReport {
    /// There are no problems: the event was sealed by the key that it names, and is in the tree of the checkpoint.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The checkpoint, if the policy takes it.
    pub checkpoint: Option<ShownCheckpoint>,
    /// The event, if its own hash and signature hold.
    pub event: Option<ShownEvent>,
}

/// A checkpoint that a policy took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownCheckpoint {
    /// Which log.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// Their root, in hex.
    pub root: Hash,
    /// Who cosigned, and when.
    pub witnesses: Vec<Cosigned>,
}

/// A witness that cosigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cosigned {
    /// The name of its key.
    pub name: String,
    /// Unix time in seconds, by its own clock.
    pub time: u64,
}

/// An event whose own hash and signature hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownEvent {
    /// Place in the ledger.
    pub seq: u64,
    /// Its hash.
    pub self_hash: Hash,
    /// Its kind.
    pub kind: String,
    /// Who sealed it.
    pub signer: PublicKey,
    /// Whether that is one of the keys that the caller named; else the event itself said who signed it.
    pub pinned: bool,
}

impl InclusionReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

pub(super) fn to_json(report: &impl Serialize) -> Result<String> {
    serde_json::to_string(report).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
}

/// Checks a proof by a policy: the event's own hash, place and signature, by one of the `signers` if there are any; then
/// leaf, path, root, checkpoint and quorum. Reads nothing else, and never fails: what is wrong is a problem.
pub fn verify_inclusion(proof: &str, policy: &Policy, event: Event<'_>, signers: &[PublicKey]) -> InclusionReport {
    let mut problems = Vec::new();
    let (checkpoint, event) = match InclusionProof::parse(proof) {
        Ok(proof) => check(&proof, policy, event, signers, &mut problems),
        Err(problem) => {
            problems.push(problem);
            (None, None)
        }
    };
    InclusionReport { ok: problems.is_empty(), problems, checkpoint, event }
}

fn check(
    proof: &InclusionProof,
    policy: &Policy,
    event: Event<'_>,
    signers: &[PublicKey],
    problems: &mut Vec<Problem>,
) -> (Option<ShownCheckpoint>, Option<ShownEvent>) {
    let shown = ShownCheckpoint::open(&proof.note, policy).map_err(|error| problems.push(error.into())).ok();
    let extra = proof.extra.as_deref().map(read_line);
    let line = match (event, &extra) {
        (Event::Line(line), _) => read_line(line.as_bytes()),
        (Event::InExtra, Some(line)) => line.clone(),
        (Event::InExtra, None) => {
            problems.push(Problem::new(ProblemCode::EventMissing, "the proof does not bring the line of its event"));
            return (shown, None);
        }
    };
    let line = match line {
        Ok(line) => line,
        Err(problem) => {
            problems.push(problem);
            return (shown, None);
        }
    };
    if extra.is_some_and(|extra| !extra.is_ok_and(|extra| is_same(&extra, &line))) {
        let reason = "the line that the proof brings is not that of the event";
        problems.push(Problem::new(ProblemCode::ExtraMismatch, reason));
    }
    let event = ShownEvent::check(&line, signers, problems);
    if line.seq != proof.index {
        let reason = format!("the proof is about leaf {}, and the event has seq {}", proof.index, line.seq);
        problems.push(Problem::new(ProblemCode::IndexMismatch, reason));
    }
    // What no log has signed leads nowhere: the problem is named already.
    if let Some(checkpoint) = &shown {
        let leaf = merkle::event_leaf(&line.recomputed);
        if let Err(mismatch) =
            merkle::verify_inclusion(&leaf, proof.index, checkpoint.size, &proof.path, &checkpoint.root)
        {
            problems.push(mismatch.into());
        }
    }
    (shown, event)
}

/// Whether two lines say the same, in whatever spelling.
fn is_same(one: &Line, other: &Line) -> bool {
    let said = |line: &Line| (line.claimed, line.recomputed, line.signature, line.signer);
    said(one) == said(other)
}

fn read_line(bytes: &[u8]) -> Result<Line, Problem> {
    line::read(bytes, MAX_LINE, &mut Workspace::default()).map_err(|error| {
        let reason = match error {
            LineError::Unreadable(_, reason) => reason,
            LineError::Broken(fault) => fault.reason,
        };
        Problem::new(ProblemCode::EventMalformed, format!("not a line of a ledger: {reason}"))
    })
}

impl ShownCheckpoint {
    /// A checkpoint that a policy takes; errors as of [`Policy::check`].
    pub fn open(note: &Note, policy: &Policy) -> Result<Self> {
        let accepted = policy.check(note)?;
        let cosigned = |signed: &note::Signed<'_>| Cosigned {
            name: signed.key.name().to_owned(),
            time: signed.time.unwrap_or_default(),
        };
        Ok(Self {
            origin: accepted.checkpoint.origin().to_owned(),
            size: accepted.checkpoint.size(),
            root: *accepted.checkpoint.root(),
            witnesses: accepted.witnesses.iter().map(cosigned).collect(),
        })
    }

    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

impl ShownEvent {
    fn check(line: &Line, signers: &[PublicKey], problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        if line.claimed != line.recomputed {
            let reason = format!("the event's self_hash is {}, and it has {}", line.recomputed, line.claimed);
            problems.push(Problem::new(ProblemCode::HashMismatch, reason));
        }
        let verifier = Verifier::new(&line.signer);
        if !verifier.is_some_and(|verifier| verifier.verify(line.claimed.as_bytes(), &line.signature)) {
            let reason = "the event's signature does not hold under its signer_pubkey";
            problems.push(Problem::new(ProblemCode::BadSignature, reason));
        }
        let pinned = signers.contains(&line.signer);
        if !signers.is_empty() && !pinned {
            let reason = format!("the event is signed by {}, which is none of the signers", line.signer);
            problems.push(Problem::new(ProblemCode::UntrustedSigner, reason));
        }
        (problems.len() == before).then(|| Self {
            seq: line.seq,
            self_hash: line.recomputed,
            kind: line.kind.name().to_owned(),
            signer: line.signer,
            pinned,
        })
    }
}

impl From<Mismatch> for Problem {
    fn from(mismatch: Mismatch) -> Self {
        let (code, reason) = match mismatch {
            Mismatch::Range => (ProblemCode::ProofRange, "the checkpoint's tree has no such leaf or smaller tree"),
            Mismatch::Length => (ProblemCode::ProofLength, "the proof has not the hashes that this size takes"),
            Mismatch::OldRoot => (ProblemCode::OldRootMismatch, "the proof leads to another root of the smaller tree"),
            Mismatch::Root => (ProblemCode::RootMismatch, "the proof leads to another root than the checkpoint's"),
        };
        Self::new(code, reason)
    }
}

/// Why a policy did not take a checkpoint.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match error.code {
            ErrorCode::NoteSignature => ProblemCode::BadNoteSignature,
            ErrorCode::NoteUntrusted => ProblemCode::LogUntrusted,
            ErrorCode::QuorumMissing => ProblemCode::QuorumMissing,
            ErrorCode::CheckpointMalformed => ProblemCode::CheckpointMalformed,
            _ => ProblemCode::ProofMalformed,
        };
        Self::new(code, error.message)
    }
}
