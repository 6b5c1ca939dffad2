//! What is compatible with Attesto: from JSON text to a report as JSON.

use crate::failure::{misuse, self_tested, throw};
use crate::heads::NativeHead;
use crate::list::List;
use crate::proof::public_of;
use crate::text::{hash, integer};
use napi::Result;
use napi::bindgen_prelude::Buffer;
use napi_derive::napi;
use sealwright_core::proof::attesto::anchor::{Answer, Pinned, requests, verify_anchor};
use sealwright_core::proof::attesto::canonical::{canonicalize, commitment_hash};
use sealwright_core::proof::attesto::checkpoint::{verify_checkpoint_extension, verify_checkpoint_root};
use sealwright_core::proof::attesto::completeness::{Expected, verify_completeness};
use sealwright_core::proof::attesto::domain_hash;
use sealwright_core::proof::attesto::event::{METADATA, PAYLOAD, verify_commitment};
use sealwright_core::proof::attesto::export::verify_receipt_file;
use sealwright_core::proof::attesto::inclusion::{Batch, Leaf, Place, verify_event_proof, verify_window_inclusion};
use sealwright_core::proof::attesto::receipt::verify_receipt;
use sealwright_core::proof::attesto::stream::verify_stream_head;
use serde_json::json;

/// Canonical bytes of JSON text; with a root, only if its numbers are safe.
#[napi(catch_unwind)]
pub fn attesto_canonical_json(text: String, root: Option<String>) -> Result<Buffer> {
    self_tested()?;
    canonicalize(&text, root.as_deref()).map(Buffer::from).map_err(|error| throw(&error))
}

/// SHA-256 of them, 64 hex digits.
#[napi(catch_unwind)]
pub fn attesto_commitment(text: String, root: Option<String>) -> Result<String> {
    self_tested()?;
    commitment_hash(&text, root.as_deref()).map(|hash| hash.to_string()).map_err(|error| throw(&error))
}

/// The hash of JSON text in a domain, 64 hex digits.
#[napi(catch_unwind)]
pub fn attesto_domain_hash(domain: String, text: String) -> Result<String> {
    self_tested()?;
    let canonical = canonicalize(&text, None).map_err(|error| throw(&error))?;
    Ok(domain_hash(&domain, &canonical).to_string())
}

/// Checks that an event commits to a payload, or to metadata, with a hash.
#[napi(catch_unwind)]
pub fn attesto_verify_commitment(event: String, is_metadata: bool, commitment: String) -> Result<String> {
    self_tested()?;
    let of = if is_metadata { METADATA } else { PAYLOAD };
    report(verify_commitment(&event, of, &hash(&commitment)?).to_json())
}

/// Checks a receipt by a public key.
#[napi(catch_unwind)]
pub fn attesto_verify_receipt(receipt: String, public_key: String) -> Result<String> {
    self_tested()?;
    report(verify_receipt(&receipt, &public_of(&public_key)?).to_json())
}

/// Checks the file of a receipt.
#[napi(catch_unwind)]
pub fn attesto_verify_receipt_file(file: String, public_key: Option<String>, event: Option<String>) -> Result<String> {
    self_tested()?;
    let key = public_key.as_deref().map(public_of).transpose()?;
    report(verify_receipt_file(&file, key.as_ref(), event.as_deref()).to_json())
}

/// A place among leaves.
#[napi(object)]
pub struct NativePlace {
    /// From 0.
    pub index: f64,
    /// How many there are.
    pub count: f64,
}

impl NativePlace {
    fn to_core(&self) -> Result<Place> {
        Ok(Place { index: integer(self.index)?, count: integer(self.count)? })
    }
}

/// Checks that a leaf, given as JSON text or as a hash, is in a window.
#[napi(catch_unwind)]
pub fn attesto_verify_inclusion(
    leaf: String,
    is_hash: bool,
    place: NativePlace,
    proof: String,
    root: String,
) -> Result<String> {
    self_tested()?;
    let leaf = if is_hash { Leaf::Hash(&leaf) } else { Leaf::Object(&leaf) };
    report(verify_window_inclusion(leaf, place.to_core()?, &proof, &hash(&root)?).to_json())
}

/// Checks that an event is in a batch.
#[napi(catch_unwind)]
pub fn attesto_verify_event_proof(
    proof: String,
    batch_id: String,
    root: String,
    place: Option<NativePlace>,
) -> Result<String> {
    self_tested()?;
    let place = place.map(|place| place.to_core()).transpose()?;
    report(verify_event_proof(&proof, &Batch { id: &batch_id, root: hash(&root)?, place }).to_json())
}

/// Checks the root of windows.
#[napi(catch_unwind)]
pub fn attesto_verify_checkpoint_root(windows: String, count: f64, root: String) -> Result<String> {
    self_tested()?;
    report(verify_checkpoint_root(&windows, integer(count)?, &hash(&root)?).to_json())
}

/// Checks that a checkpoint goes on where another ended.
#[napi(catch_unwind)]
pub fn attesto_verify_checkpoint_extension(previous: String, current: String) -> Result<String> {
    report(verify_checkpoint_extension(&previous, &current).to_json())
}

/// What a list of events is to hold.
#[napi(object)]
pub struct NativeExpectedEvents {
    /// Number of the first.
    pub from_seq_no: f64,
    /// Number of the last.
    pub to_seq_no: f64,
    /// Hash of the one before the first.
    pub prev_event_hash: Option<String>,
    /// Hash of the last.
    pub last_event_hash: Option<String>,
    /// Takes events without envelopes.
    pub allow_hashes_only: bool,
}

/// Checks that a list has every event of a range.
#[napi(catch_unwind)]
pub fn attesto_verify_completeness(events: String, expected: NativeExpectedEvents) -> Result<String> {
    self_tested()?;
    let optional = |text: &Option<String>| text.as_deref().map(hash).transpose();
    let expected = Expected {
        from_seq_no: integer(expected.from_seq_no)?,
        to_seq_no: integer(expected.to_seq_no)?,
        prev_event_hash: optional(&expected.prev_event_hash)?,
        last_event_hash: optional(&expected.last_event_hash)?,
        allow_hashes_only: expected.allow_hashes_only,
    };
    report(verify_completeness(&events, &expected).to_json())
}

/// Checks that a receipt goes on from the known head of its stream.
#[napi(catch_unwind)]
pub fn attesto_verify_stream_head(
    receipt: String,
    public_key: String,
    known: Option<NativeHead>,
    between: Option<String>,
) -> Result<String> {
    self_tested()?;
    let known = known.map(|head| head.to_core()).transpose()?;
    report(verify_stream_head(&receipt, &public_of(&public_key)?, known.as_ref(), between.as_deref()).to_json())
}

/// What an anchor is held to.
#[napi(object)]
pub struct NativePinned {
    /// Address of the contract, 40 hex digits behind 0x.
    pub contract: String,
    /// Number of the chain.
    pub chain_id: f64,
    /// Blocks from that of the transaction on.
    pub confirmations: f64,
}

impl NativePinned {
    fn to_core(&self) -> Result<Pinned> {
        let contract = Pinned::contract_of(&self.contract);
        Ok(Pinned {
            contract: contract.ok_or_else(|| misuse("contract must be an address, 40 hex digits behind 0x"))?,
            chain_id: integer(self.chain_id)?,
            confirmations: integer(self.confirmations)?,
        })
    }
}

/// What an endpoint said, or why nothing of it can be read.
#[napi(object)]
pub struct NativeAnswer {
    /// The body of its response.
    pub body: Option<String>,
    /// Why there is none.
    pub failure: Option<String>,
}

/// What to ask an endpoint about an anchor: `{"requests":[...]}`, the bodies; or `{"report":{...}}`.
#[napi(catch_unwind)]
pub fn attesto_anchor_requests(anchor: String, pinned: NativePinned) -> Result<String> {
    let asked = match requests(&anchor, &pinned.to_core()?) {
        Ok(requests) => json!({ "requests": requests }),
        Err(report) => json!({ "report": report }),
    };
    Ok(asked.to_string())
}

/// Judges the answers.
#[napi(catch_unwind)]
pub fn attesto_verify_anchor(
    anchor: String,
    pinned: NativePinned,
    #[napi(ts_arg_type = "Array<NativeAnswer>")] answers: List<NativeAnswer>,
) -> Result<String> {
    let answer = |answer: NativeAnswer| match answer.body {
        Some(body) => Answer::Body(body),
        None => Answer::Failed(answer.failure.unwrap_or_default()),
    };
    let answers: Vec<_> = answers.into_iter().map(answer).collect();
    report(verify_anchor(&anchor, &pinned.to_core()?, &answers).to_json())
}

fn report(report: sealwright_core::Result<String>) -> Result<String> {
    report.map_err(|error| throw(&error))
}
