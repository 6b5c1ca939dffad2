//! Checkpoints: the root over windows, and one checkpoint that goes on where another ended.

use super::wire::{Names, Object, Result, elements, hash_of, read};
use super::{CHECKPOINT_DOMAIN, node};
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

/// What windows show of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootReport {
    /// There are no problems: the root is that of the windows.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The root of the windows; nothing without windows.
    pub root_hash: Option<Hash>,
}

/// What two checkpoints show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtensionReport {
    /// There are no problems: the second begins behind the end of the first, and names its hash.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
}

impl RootReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

impl ExtensionReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks that a root is that of `count` windows, given as a JSON array of hashes. The hash of a window does not say that it is
/// one: only by their number are they told from the nodes above them.
pub fn verify_checkpoint_root(windows: &str, count: u64, root: &Hash) -> RootReport {
    let mut problems = Vec::new();
    let windows = hashes(windows).map_err(|problem| problems.push(problem)).ok();
    let top = windows.and_then(|windows| {
        if u64::try_from(windows.len()) != Ok(count) {
            let reason = format!("the checkpoint has {count} windows, these are {}", windows.len());
            problems.push(Problem::new(ProblemCode::CountMismatch, reason));
        }
        let top = fold(&windows);
        match top {
            None => problems.push(Problem::new(ProblemCode::RangeEmpty, "there is no window, which shows nothing")),
            Some(top) if top != *root => {
                problems.push(Problem::new(ProblemCode::RootMismatch, format!("the windows have the root {top}")));
            }
            Some(_) => {}
        }
        top
    });
    RootReport { ok: problems.is_empty(), problems, root_hash: top }
}

fn hashes(windows: &str) -> Result<Vec<Hash>> {
    let text = read(windows)?;
    let hashes = elements(&text).and_then(|windows| windows.into_iter().map(hash_of).collect());
    hashes.ok_or_else(|| {
        Problem::new(ProblemCode::CheckpointMalformed, "the windows are no array of 64 lower-case hex digits each")
    })
}

fn fold(windows: &[Hash]) -> Option<Hash> {
    let mut level = windows.to_vec();
    while level.len() > 1 {
        let above = level.chunks(2).filter_map(|pair| match pair {
            [left, right] => Some(node(CHECKPOINT_DOMAIN, left, right)),
            [alone] => Some(*alone),
            _ => None,
        });
        level = above.collect();
    }
    level.first().copied()
}

/// Checks that a checkpoint goes on where the previous one ended.
pub fn verify_checkpoint_extension(previous: &str, current: &str) -> ExtensionReport {
    let mut problems = Vec::new();
    if let Err(problem) = check(previous, current, &mut problems) {
        problems.push(problem);
    }
    ExtensionReport { ok: problems.is_empty(), problems }
}

fn check(previous: &str, current: &str, problems: &mut Vec<Problem>) -> Result<()> {
    let (previous, current) = (read(previous)?, read(current)?);
    let object = |text, what| Object::new(text, Names::Either, what, ProblemCode::CheckpointMalformed);
    let (previous, current) = (object(&previous, "previous checkpoint")?, object(&current, "current checkpoint")?);
    let (_, end) = range(&previous)?;
    let (start, _) = range(&current)?;
    let mut found = |code, reason: String| problems.push(Problem::new(code, reason));
    if Some(start) != end.checked_add(1) {
        found(
            ProblemCode::SequenceGap,
            format!("the current checkpoint begins with event {start}, not behind event {end}"),
        );
    }
    current.hash("checkpoint_hash")?;
    if current.hash("previous_checkpoint_hash")? != previous.hash("checkpoint_hash")? {
        found(ProblemCode::ChainBroken, "the current checkpoint does not name the hash of the previous one".to_owned());
    }
    if previous.find("stream_id")? != current.find("stream_id")? {
        found(ProblemCode::StreamMismatch, "the checkpoints are of two streams".to_owned());
    }
    Ok(())
}

fn range(checkpoint: &Object<'_>) -> Result<(u64, u64)> {
    let (from, to) = (checkpoint.integer("from_seq_no")?, checkpoint.integer("to_seq_no")?);
    if from == 0 || from > to {
        return Err(checkpoint.refuse(&format!("has no events, from {from} to {to}; the first one is 1")));
    }
    Ok((from, to))
}
