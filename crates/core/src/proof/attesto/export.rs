//! Files of one receipt: `{"format": "attesto-receipt-export", "format_version": 1, "receipt": {...}, ...}`.
//!
//! Only what is in the receipt is signed. `stream_id`, `seq_no` and `event_hash` repeat it; `exported_at` is a note; the
//! `witness_public_key_hex` is a hint of whoever made the file, and nobody to trust. A `payload` belongs to the receipt if its
//! commitment is in the envelope whose hash the receipt has: so it takes the envelope, which the file does not bring.

use super::event::{Listed, PAYLOAD, check_commitment};
use super::receipt::{self, Receipt};
use super::wire::{Names, Object, Result, read};
use crate::error::ProblemCode;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

const FORMAT: &str = "attesto-receipt-export";

/// What a file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// There are no problems: the holder of the named key signed the receipt, and everything else in the file follows from it.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The hash of the receipt's payload, if there is one.
    pub receipt_hash: Option<Hash>,
    /// What was signed, if the signature holds under the key that the caller named.
    pub receipt: Option<Receipt>,
    /// The payload in the file was shown to be that of the event.
    pub payload_shown: bool,
}

impl ExportReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks a file. Without a key of the caller's own it shows nothing. An event with its envelope shows that the payload in the
/// file is that of the receipt.
pub fn verify_receipt_file(file: &str, key: Option<&PublicKey>, event: Option<&str>) -> ExportReport {
    let mut report =
        ExportReport { ok: false, problems: Vec::new(), receipt_hash: None, receipt: None, payload_shown: false };
    if let Err(problem) = check(file, key, event, &mut report) {
        report.problems.push(problem);
    }
    report.ok = report.problems.is_empty();
    report.payload_shown &= report.ok;
    report
}

const KNOWN: [&str; 9] = [
    "format",
    "format_version",
    "exported_at",
    "stream_id",
    "seq_no",
    "event_hash",
    "receipt",
    "witness_public_key_hex",
    "payload",
];

fn check(file: &str, key: Option<&PublicKey>, event: Option<&str>, report: &mut ExportReport) -> Result<()> {
    let text = read(file)?;
    let export = Object::new(&text, Names::Snake, "file", ProblemCode::ExportMalformed)?;
    if export.any_text("format")? != FORMAT || export.integer("format_version")? != 1 {
        return Err(export.refuse(&format!("is not of format {FORMAT}, version 1")));
    }
    let known: Vec<_> = KNOWN.into_iter().chain(["payload_commitment"]).collect();
    export.refuse_others(&known, &mut report.problems);
    let hint = match export.has("witness_public_key_hex")? {
        true => PublicKey::from_hex(&export.any_text("witness_public_key_hex")?),
        false => None,
    };
    if key.is_none() {
        let reason = "no key was named; the one in the file is that of whoever made the file".to_owned();
        report.problems.push(Problem::new(ProblemCode::KeyUnpinned, reason));
    }
    // Under the hint too: what else is wrong is worth knowing.
    let Some(signer) = key.or(hint.as_ref()) else { return Ok(()) };
    let (hash, receipt) = receipt::check(export.value("receipt")?, signer, &mut report.problems);
    report.receipt_hash = hash;
    let Some(receipt) = receipt else { return Ok(()) };
    check_links(&export, &receipt, &mut report.problems)?;
    report.payload_shown = check_payload(&export, &receipt, event, &mut report.problems)?;
    report.receipt = key.map(|_| receipt);
    Ok(())
}

/// What the file says beside the receipt is what the receipt says.
fn check_links(export: &Object<'_>, receipt: &Receipt, problems: &mut Vec<Problem>) -> Result<()> {
    let mut compare = |name: &str, is_same: bool| {
        if !is_same {
            let reason = format!("the file has another {name} than the receipt in it");
            problems.push(Problem::new(ProblemCode::OuterMismatch, reason));
        }
    };
    if export.has("stream_id")? {
        compare("stream_id", export.any_text("stream_id")? == receipt.stream_id);
    }
    if export.has("seq_no")? {
        compare("seq_no", export.integer("seq_no")? == receipt.seq_no);
    }
    if export.has("event_hash")? {
        compare("event_hash", export.hash("event_hash")? == receipt.event_hash);
    }
    Ok(())
}

/// Whether there is a payload, and it is that of the event that the receipt is for.
fn check_payload(
    export: &Object<'_>,
    receipt: &Receipt,
    event: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Result<bool> {
    let (payload, commitment) = (export.find("payload")?, export.find("payload_commitment")?);
    let hash = payload.map(|payload| Hash::of(payload.as_bytes()));
    let claimed = match commitment {
        Some(_) => Some(export.object("payload_commitment", "payload_commitment")?.hash("canonical_payload_hash")?),
        None => None,
    };
    if hash.zip(claimed).is_some_and(|(hash, claimed)| hash != claimed) {
        let reason = "the payload in the file does not have the hash of the payload_commitment in it";
        problems.push(Problem::new(ProblemCode::CommitmentMismatch, reason));
    }
    let Some(hash) = hash.or(claimed) else { return Ok(false) };
    let Some(event) = event else {
        let reason =
            "nothing shows that the payload in the file is that of the receipt: that takes the event's envelope";
        problems.push(Problem::new(ProblemCode::PayloadUnbound, reason));
        return Ok(false);
    };
    let event = read(event)?;
    if check_commitment(Listed::new(&event)?, PAYLOAD, &hash, problems)? != Some(receipt.event_hash) {
        let reason = "the envelope that was given is not that of the event in the receipt";
        problems.push(Problem::new(ProblemCode::PayloadUnbound, reason));
    }
    Ok(payload.is_some())
}
