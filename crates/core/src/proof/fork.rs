//! Fork evidence: two checkpoints that one log signed and no one history has. Anybody who knows the log's key can check it.
//!
//! ```text
//! sealwright/fork-evidence/v1
//! root tB7V8TYzRW2K...=            only where the sizes differ: the root of the first n leaves of the newer tree,
//! gSKyXoYZUgZ6jduWYrkDOA...=       and the consistency proof from it to the newer root; n is the older size
//! ...
//!                                  an empty line
//! the older checkpoint, with the log's signatures
//!                                  an empty line
//! the newer one, with the log's signatures
//! ```
//!
//! Two notes of one size with other roots contradict each other by themselves. Of two sizes it takes the hashes: the proof
//! holds between `root` and the newer root, so the newer tree begins with leaves whose root is `root`, and the log has signed
//! another one for that many. Who has no such hashes cannot show it, since a hash is all that a note says of a tree.
//!
//! Only signatures by the log are in it, so that no byte of it is without meaning.

use super::base64;
use super::inclusion::{Problem, ShownCheckpoint, to_json};
use super::merkle;
use super::note::{Key, MAX_NOTE, Note};
use super::policy::Policy;
use crate::error::{ProblemCode, Result, excerpt};
use crate::hash::Hash;
use serde::Serialize;
use std::fmt;

/// Most bytes of evidence.
pub const MAX_EVIDENCE: usize = 2 * MAX_NOTE + (8 << 10);

/// Most hashes of a consistency proof.
const MAX_PROOF: usize = 63;

const HEADER: &str = "sealwright/fork-evidence/v1";

/// Evidence as it is read: nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    older: Note,
    newer: Note,
    proof: Option<Proof>,
}

/// What the newer tree begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proof {
    root: Hash,
    path: Vec<Hash>,
}

/// What evidence shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForkReport {
    /// There are no problems: the log has signed two histories.
    pub ok: bool,
    /// All that keeps it from showing that.
    pub problems: Vec<Problem>,
    /// The older checkpoint, or the first of two of one size, if a log of the policy signed it. Witnesses are not looked at.
    pub older: Option<ShownCheckpoint>,
    /// The other one.
    pub newer: Option<ShownCheckpoint>,
}

impl ForkReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

impl Fork {
    /// The evidence that two notes are, in whatever order; none where it would not hold. For notes of two sizes `proof` is
    /// the consistency proof between them, and `root` that of the older size in the newer tree: it is needed where the
    /// older size is a power of two, and found by means of the proof elsewhere.
    pub fn between(one: &Note, other: &Note, logs: &[Key], root: Option<Hash>, path: &[Hash]) -> Option<Self> {
        let policy = Policy::of_logs(logs.iter().cloned());
        let (one, other) = (signed_by(one, logs)?, signed_by(other, logs)?);
        let open = |note: &Note| ShownCheckpoint::open(note, &policy).ok();
        let (first, second) = (open(&one)?, open(&other)?);
        let (older, newer, old_size, new) =
            if first.size <= second.size { (one, other, first.size, second) } else { (other, one, second.size, first) };
        let proof = if old_size == new.size {
            None
        } else {
            let root = root.or_else(|| merkle::old_root(old_size, (new.size, &new.root), path))?;
            Some(Proof { root, path: path.to_vec() })
        };
        let fork = Self { older, newer, proof };
        fork.check(&policy).ok.then_some(fork)
    }

    /// Reads evidence: [`ProblemCode::ProofMalformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_EVIDENCE {
            return Err(malformed(format!("has more than {MAX_EVIDENCE} bytes")));
        }
        let blocks: Vec<_> = text.splitn(6, "\n\n").collect();
        let [head, older, by_older, newer, by_newer] = blocks.as_slice() else {
            return Err(malformed("is not a head and two notes, an empty line between each"));
        };
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(malformed(format!("does not begin with {HEADER}")));
        }
        let hash = |line: &str| {
            base64::decode_hash(line).ok_or_else(|| malformed(format!("has {:?} for a hash", excerpt(line))))
        };
        let proof = match lines.next() {
            None => None,
            Some(line) => {
                let root =
                    hash(line.strip_prefix("root ").ok_or_else(|| malformed("has no root in its second line"))?)?;
                let path: Vec<_> = lines.take(MAX_PROOF.saturating_add(1)).map(hash).collect::<Result<_, _>>()?;
                if path.len() > MAX_PROOF {
                    return Err(malformed(format!("has a proof of more than {MAX_PROOF} hashes")));
                }
                Some(Proof { root, path })
            }
        };
        let older = Note::parse(&format!("{older}\n\n{by_older}\n"))?;
        Ok(Self { older, newer: Note::parse(&format!("{newer}\n\n{by_newer}"))?, proof })
    }

    /// Checks it by the log keys of a policy. Its witnesses play no part: what a log signed it signed.
    pub fn check(&self, policy: &Policy) -> ForkReport {
        let policy = Policy::of_logs(policy.logs().iter().map(|log| log.key.clone()));
        let mut problems = Vec::new();
        let mut open =
            |note: &Note| ShownCheckpoint::open(note, &policy).map_err(|error| problems.push(error.into())).ok();
        let (older, newer) = (open(&self.older), open(&self.newer));
        if let (Some(older), Some(newer)) = (&older, &newer)
            && let Err(problem) = self.contradiction(older, newer)
        {
            problems.push(problem);
        }
        ForkReport { ok: problems.is_empty(), problems, older, newer }
    }

    fn contradiction(&self, older: &ShownCheckpoint, newer: &ShownCheckpoint) -> Result<(), Problem> {
        let no_fork = |reason: &str| Err(Problem::new(ProblemCode::NoFork, reason));
        if older.origin != newer.origin {
            let reason = format!("the checkpoints are of two logs, {:?} and {:?}", older.origin, newer.origin);
            return Err(Problem::new(ProblemCode::OriginMismatch, reason));
        }
        let Some(Proof { root, path }) = &self.proof else {
            return match (older.size == newer.size, older.root == newer.root) {
                (true, false) => Ok(()),
                (true, true) => no_fork("both checkpoints are of one tree"),
                (false, _) => {
                    no_fork("the trees have other sizes, and no hashes show that one does not begin with the other")
                }
            };
        };
        if older.size >= newer.size {
            let reason = "there are hashes, and the first checkpoint is not the smaller one";
            return Err(Problem::new(ProblemCode::ProofRange, reason));
        }
        merkle::verify_consistency((older.size, root), (newer.size, &newer.root), path)?;
        if *root == older.root {
            return no_fork("the newer tree begins with the older one");
        }
        Ok(())
    }
}

/// The file.
impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(Proof { root, path }) = &self.proof {
            writeln!(f, "root {}", base64::encode(root.as_bytes()))?;
            path.iter().try_for_each(|hash| writeln!(f, "{}", base64::encode(hash.as_bytes())))?;
        }
        write!(f, "\n{}\n{}", self.older, self.newer)
    }
}

/// Checks evidence by the logs of a policy. Reads nothing else, and never fails: what is wrong is a problem.
pub fn verify_fork(text: &str, policy: &Policy) -> ForkReport {
    match Fork::parse(text) {
        Ok(fork) => fork.check(policy),
        Err(problem) => ForkReport { ok: false, problems: vec![problem], older: None, newer: None },
    }
}

/// The note with the first signature of each of these keys alone; none where a text cannot be that of a note.
pub(super) fn signed_by(note: &Note, keys: &[Key]) -> Option<Note> {
    let mut own = Note::new(note.text()).ok()?;
    let first = |key: &Key| note.signatures().iter().find(|signature| signature.is_by(key));
    keys.iter().filter_map(first).for_each(|signature| own.add(signature.clone()));
    Some(own)
}

fn malformed(what: impl fmt::Display) -> Problem {
    Problem::new(ProblemCode::ProofMalformed, format!("not evidence of a fork: it {what}"))
}
