//! Proofs that a log only grew: from one checkpoint to a later one.

use super::inclusion::{Problem, ShownCheckpoint, to_json};
use super::merkle;
use super::note::Note;
use super::policy::Policy;
use crate::error::{ProblemCode, Result};
use crate::hash::Hash;
use serde::Serialize;

/// What a proof between two checkpoints shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsistencyReport {
    /// There are no problems: the later tree begins with all of the earlier one.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The earlier checkpoint, if the policy takes it.
    pub from: Option<ShownCheckpoint>,
    /// The later one, if the policy takes it.
    pub to: Option<ShownCheckpoint>,
}

impl ConsistencyReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> Result<String> {
        to_json(self)
    }
}

/// Checks by a policy that the log of one checkpoint went on to another, as a signed note each. Never fails: what is wrong
/// is a problem.
pub fn verify_consistency(from: &str, to: &str, proof: &[Hash], policy: &Policy) -> ConsistencyReport {
    let mut problems = Vec::new();
    let mut check = |note: &str| {
        let shown = Note::parse(note).and_then(|note| ShownCheckpoint::open(&note, policy));
        shown.map_err(|error| problems.push(error.into())).ok()
    };
    let (from, to) = (check(from), check(to));
    if let (Some(from), Some(to)) = (&from, &to) {
        if from.origin != to.origin {
            let reason = format!("the checkpoints are of two logs, {:?} and {:?}", from.origin, to.origin);
            problems.push(Problem::new(ProblemCode::OriginMismatch, reason));
        }
        if let Err(mismatch) = merkle::verify_consistency((from.size, &from.root), (to.size, &to.root), proof) {
            problems.push(mismatch.into());
        }
    }
    ConsistencyReport { ok: problems.is_empty(), problems, from, to }
}
