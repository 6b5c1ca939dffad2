//! Inclusion: that an event is in a window, and, in version 1 of the service, that an event is in a batch.
//!
//! A proof is an array of `{"side": "left" | "right", "hash": "<hex>"}`, from the leaf's sibling up. Which side each stands on,
//! and how many there are, follows from the leaf's place and the number of leaves: an inner node is no leaf, whatever it says.

use super::receipt::check_protocol;
use super::wire::{Names, Object, Result, elements, read};
use super::{WINDOW_DOMAIN, domain_hash, node};
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::json::members::{Type, type_of};
use crate::proof::inclusion::{Problem, to_json};
use crate::proof::merkle;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Most steps of a proof.
const MAX_STEPS: usize = 63;

/// The leaf that a proof is about.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'a> {
    /// What it is the hash of: a JSON object of kind `leaf`, which no inner node is.
    Object(&'a str),
    /// Its hash alone: 64 lower-case hex digits.
    Hash(&'a str),
}

/// The place that a leaf has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 0.
    pub index: u64,
    /// How many leaves there are.
    pub count: u64,
}

/// What a proof shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoldReport {
    /// There are no problems: the leaf is under the root.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The leaf's hash, if it is known.
    pub leaf_hash: Option<Hash>,
}

impl FoldReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }

    fn of(result: Result<Hash>, mut problems: Vec<Problem>) -> Self {
        let leaf_hash = result.map_err(|problem| problems.push(problem)).ok();
        Self { ok: problems.is_empty(), problems, leaf_hash }
    }
}

/// Checks that a leaf is at its place in the window with a root.
pub fn verify_window_inclusion(leaf: Leaf<'_>, place: Place, proof: &str, root: &Hash) -> FoldReport {
    let mut problems = Vec::new();
    let leaf_hash = leaf_hash(leaf, place.index, &mut problems);
    let result = leaf_hash.and_then(|leaf| {
        let steps = Step::read_all(proof)?;
        check_shape(&steps, place)?;
        check_root(&steps, leaf, root, |left, right| node(WINDOW_DOMAIN, left, right), &mut problems);
        Ok(leaf)
    });
    FoldReport::of(result, problems)
}

fn leaf_hash(leaf: Leaf<'_>, index: u64, problems: &mut Vec<Problem>) -> Result<Hash> {
    let text = match leaf {
        Leaf::Hash(hash) => {
            let malformed = || Problem::new(ProblemCode::ProofMalformed, "the leaf is not 64 lower-case hex digits");
            return Hash::from_hex(hash).ok_or_else(malformed);
        }
        Leaf::Object(text) => read(text)?,
    };
    let object = Object::new(&text, Names::Snake, "leaf", ProblemCode::ProofMalformed)?;
    check_protocol(&object)?;
    if object.any_text("kind")? != "leaf" {
        return Err(object.refuse("is not of kind leaf"));
    }
    if object.integer("leaf_index")? != index {
        let reason = format!("the leaf does not have the leaf_index {index}");
        problems.push(Problem::new(ProblemCode::IndexMismatch, reason));
    }
    Ok(domain_hash(WINDOW_DOMAIN, text.as_bytes()))
}

/// What version 1 of the service hands out for an event that is in a batch, and what is known of the batch from elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Its name.
    pub id: &'a str,
    /// Its root, as a chain has it.
    pub root: Hash,
    /// Where the event is in it, if that is known.
    pub place: Option<Place>,
}

/// Checks `{"canonicalJson": TEXT, "proof": [...], "batchId": ID}`: the text is one JSON object, and leads to the root.
///
/// ```text
/// leaf = SHA-256( canonicalJson )        node = SHA-256( left || right ), of 32 raw bytes each
/// ```
///
/// A node is no JSON object, so none passes for a leaf.
pub fn verify_event_proof(proof: &str, batch: &Batch<'_>) -> FoldReport {
    let mut problems = Vec::new();
    let result = read(proof).and_then(|text| {
        let object = Object::new(&text, Names::Either, "proof", ProblemCode::ProofMalformed)?;
        object.refuse_others(&["canonical_json", "proof", "batch_id"], &mut problems);
        if object.any_text("batch_id")? != batch.id {
            let reason = format!("the proof is not of batch {:?}", batch.id);
            problems.push(Problem::new(ProblemCode::BatchMismatch, reason));
        }
        let event = object.text("canonical_json")?;
        if type_of(&read(&event)?) != Type::Object {
            return Err(Problem::new(ProblemCode::EventMalformed, "the canonicalJson is no object"));
        }
        let leaf = Hash::of(event.as_bytes());
        let steps = Step::all(object.value("proof")?)?;
        batch.place.map_or(Ok(()), |place| check_shape(&steps, place))?;
        let node = |left: &Hash, right: &Hash| {
            let digest = Sha256::new().chain_update(left.as_bytes()).chain_update(right.as_bytes()).finalize();
            Hash::from_bytes(digest.into())
        };
        check_root(&steps, leaf, &batch.root, node, &mut problems);
        Ok(leaf)
    });
    FoldReport::of(result, problems)
}

/// A sibling on the way up.
struct Step {
    is_left: bool,
    hash: Hash,
}

impl Step {
    fn read_all(proof: &str) -> Result<Vec<Self>> {
        Self::all(&read(proof)?)
    }

    fn all(proof: &str) -> Result<Vec<Self>> {
        let malformed = |why: String| Problem::new(ProblemCode::ProofMalformed, why);
        let steps = elements(proof).ok_or_else(|| malformed("the proof is no array of steps".to_owned()))?;
        if steps.len() > MAX_STEPS {
            return Err(malformed(format!("the proof has more than {MAX_STEPS} steps")));
        }
        steps.into_iter().map(Self::of).collect()
    }

    fn of(step: &str) -> Result<Self> {
        let step = Object::new(step, Names::Snake, "step of the proof", ProblemCode::ProofMalformed)?;
        let is_left = match step.any_text("side")?.as_str() {
            "left" => true,
            "right" => false,
            _ => return Err(step.refuse("has a side that is neither left nor right")),
        };
        Ok(Self { is_left, hash: step.hash("hash")? })
    }
}

fn check_shape(steps: &[Step], place: Place) -> Result<()> {
    let Place { index, count } = place;
    let Some(sides) = merkle::sides(index, count) else {
        return Err(Problem::new(ProblemCode::ProofRange, format!("there is no leaf {index} among {count}")));
    };
    if sides.len() != steps.len() {
        let (expected, found) = (sides.len(), steps.len());
        let reason = format!("the proof of leaf {index} of {count} has {expected} steps, this one {found}");
        return Err(Problem::new(ProblemCode::ProofLength, reason));
    }
    match sides.iter().zip(steps).position(|(side, step)| *side != step.is_left) {
        None => Ok(()),
        Some(step) => {
            let reason =
                format!("step {step} of the proof stands on the other side than that of leaf {index} of {count}");
            Err(Problem::new(ProblemCode::SideMismatch, reason))
        }
    }
}

fn check_root(
    steps: &[Step],
    leaf: Hash,
    root: &Hash,
    node: impl Fn(&Hash, &Hash) -> Hash,
    problems: &mut Vec<Problem>,
) {
    let top = steps.iter().fold(
        leaf,
        |below, step| {
            if step.is_left { node(&step.hash, &below) } else { node(&below, &step.hash) }
        },
    );
    if top != *root {
        let reason = format!("the proof leads to the root {top}");
        problems.push(Problem::new(ProblemCode::RootMismatch, reason));
    }
}
