//! Receipts: what the service signs when it has taken an event.
//!
//! ```text
//! {"payload": {...}, "receiptHash": "<hex>", "signature": {"alg":"ed25519","kid":K,"keyEpoch":E,"signatureHex":"<hex>"}}
//! ```
//!
//! The payload is signed, and nothing else: members beside it must say what it says, and there may be no further ones. The
//! response to an event has the receipt as `receipt`, and beside it `streamId`, `streamEventId`, `seqNo`, `eventHash`,
//! `prevEventHash` and `streamHeadHash`. Outside of the payload names may be in snake case too.

use super::wire::{Names, Object, Result, read};
use super::{PROTOCOL, PROTOCOL_VERSION, RECEIPT_DOMAIN, domain_hash, message};
use crate::error::{ProblemCode, excerpt};
use crate::hash::Hash;
use crate::key::{PublicKey, Signature, Verifier};
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;

/// What a receipt shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptReport {
    /// There are no problems: the holder of the key signed it.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// The hash of its payload, if there is one.
    pub receipt_hash: Option<Hash>,
    /// What was signed, if the signature holds.
    pub receipt: Option<Receipt>,
}

/// The payload of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Whose event it is.
    pub tenant_id: String,
    /// Which of their systems sent it.
    pub system_id: String,
    /// In which stream it is.
    pub stream_id: String,
    /// The service's name of the event.
    pub stream_event_id: String,
    /// The sender's name of the event; may be empty.
    pub event_id: String,
    /// Its place in the stream, from 1.
    pub seq_no: u64,
    /// The hash of its envelope.
    pub event_hash: Hash,
    /// That of the event before; none before the first.
    pub prev_event_hash: Option<Hash>,
    /// The head of the stream with it.
    pub stream_head_hash: Hash,
    /// When, by the service's clock, as it spells it.
    pub issued_at: String,
    /// The name of the key.
    pub kid: String,
    /// Which of the keys with that name.
    pub key_epoch: String,
    /// It comes from the peer's emulator for tests.
    pub mock: bool,
}

impl ReceiptReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// Checks a receipt, or the response that brings one, by the signer's public key.
pub fn verify_receipt(text: &str, key: &PublicKey) -> ReceiptReport {
    let mut problems = Vec::new();
    let read = read(text).map_err(|problem| problems.push(problem)).ok();
    let checked = read.as_deref().map(|text| check(text, key, &mut problems)).unwrap_or_default();
    let (receipt_hash, receipt) = checked;
    ReceiptReport { ok: problems.is_empty(), problems, receipt_hash, receipt }
}

/// Checks a receipt in canonical JSON. The payload is given as far as its signature holds.
pub(super) fn check(text: &str, key: &PublicKey, problems: &mut Vec<Problem>) -> (Option<Hash>, Option<Receipt>) {
    let envelope = match Envelope::open(text) {
        Ok(envelope) => envelope,
        Err(problem) => {
            problems.push(problem);
            return (None, None);
        }
    };
    let hash = domain_hash(RECEIPT_DOMAIN, envelope.payload.text.as_bytes());
    let checked = envelope.check(&hash, key, problems);
    let receipt = checked.map_err(|problem| problems.push(problem)).ok().flatten();
    (Some(hash), receipt)
}

/// A receipt, taken apart.
struct Envelope<'a> {
    /// What brings it, if it is not the receipt itself.
    response: Option<Object<'a>>,
    receipt: Object<'a>,
    payload: Object<'a>,
    signature: Object<'a>,
}

impl<'a> Envelope<'a> {
    fn open(text: &'a str) -> Result<Self> {
        let outer = Object::new(text, Names::Either, "receipt", ProblemCode::ReceiptMalformed)?;
        let (response, receipt) = match outer.find("receipt")? {
            Some(_) => (Some(outer.called("response", Names::Either)), outer.object("receipt", "receipt")?),
            None => (None, outer),
        };
        let payload =
            receipt.object("payload", "payload of the receipt")?.called("payload of the receipt", Names::Snake);
        let signature = receipt.object("signature", "signature of the receipt")?;
        Ok(Self { response, receipt, payload, signature })
    }

    fn check(&self, hash: &Hash, key: &PublicKey, problems: &mut Vec<Problem>) -> Result<Option<Receipt>> {
        self.receipt.refuse_others(&["payload", "receipt_hash", "signature"], problems);
        self.signature.refuse_others(&["alg", "kid", "key_epoch", "signature_hex"], problems);
        let is_signed = self.check_signature(key).map_err(|problem| problems.push(problem)).is_ok();
        if self.receipt.hash("receipt_hash")? != *hash {
            let reason = format!("the payload has the hash {hash}, the receipt says another");
            problems.push(Problem::new(ProblemCode::HashMismatch, reason));
        }
        let receipt = self.receipt()?;
        for (name, signed) in [("kid", &receipt.kid), ("key_epoch", &receipt.key_epoch)] {
            if self.signature.text(name)? != *signed {
                let reason = format!("the {name} of the signature is not {:?}, which was signed", excerpt(signed));
                problems.push(Problem::new(ProblemCode::KidMismatch, reason));
            }
        }
        if let Some(response) = &self.response {
            check_response(response, &self.payload, problems)?;
        }
        Ok(is_signed.then_some(receipt))
    }

    fn check_signature(&self, key: &PublicKey) -> Result<()> {
        let algorithm = self.signature.any_text("alg")?;
        if algorithm != "ed25519" {
            let reason = format!("the signature is made with {:?}, not ed25519", excerpt(&algorithm));
            return Err(Problem::new(ProblemCode::AlgorithmUnsupported, reason));
        }
        let signature = Signature::from_hex(&self.signature.any_text("signature_hex")?)
            .ok_or_else(|| self.signature.refuse("has a signature_hex that is not 128 lower-case hex digits"))?;
        let signed = message(RECEIPT_DOMAIN, self.payload.text.as_bytes());
        match Verifier::new(key).is_some_and(|verifier| verifier.verify(&signed, &signature)) {
            true => Ok(()),
            false => Err(Problem::new(ProblemCode::BadSignature, format!("the signature does not hold under {key}"))),
        }
    }

    /// The fields of the payload, all of which must be there.
    fn receipt(&self) -> Result<Receipt> {
        let payload = &self.payload;
        check_protocol(payload)?;
        let signer = payload.object("signer", "signer of the receipt")?;
        if signer.any_text("alg")? != "ed25519" {
            return Err(Problem::new(ProblemCode::AlgorithmUnsupported, "the signer of the receipt is no ed25519 key"));
        }
        let receipt = Receipt {
            tenant_id: payload.text("tenant_id")?,
            system_id: payload.text("system_id")?,
            stream_id: payload.text("stream_id")?,
            stream_event_id: payload.text("stream_event_id")?,
            event_id: payload.any_text("event_id")?,
            seq_no: payload.integer("seq_no")?,
            event_hash: payload.hash("event_hash")?,
            prev_event_hash: payload.hash_or_null("prev_event_hash")?,
            stream_head_hash: payload.hash("stream_head_hash")?,
            issued_at: payload.text("issued_at")?,
            kid: signer.text("kid")?,
            key_epoch: signer.text("key_epoch")?,
            mock: payload.find("mock")? == Some("true"),
        };
        check_first(payload, receipt.seq_no, receipt.prev_event_hash.as_ref())?;
        Ok(receipt)
    }
}

/// The members of a response that repeat what is signed.
const REPEATED: [&str; 6] =
    ["stream_id", "stream_event_id", "seq_no", "event_hash", "prev_event_hash", "stream_head_hash"];

fn check_response(response: &Object<'_>, payload: &Object<'_>, problems: &mut Vec<Problem>) -> Result<()> {
    let known: Vec<_> = REPEATED.into_iter().chain(["receipt", "mock"]).collect();
    response.refuse_others(&known, problems);
    for name in REPEATED {
        if response.find(name)?.is_some_and(|said| payload.find(name) != Ok(Some(said))) {
            let reason = format!("the response has another {name} than the receipt in it");
            problems.push(Problem::new(ProblemCode::OuterMismatch, reason));
        }
    }
    Ok(())
}

/// Checks that an object is of the protocol that is known here.
pub(super) fn check_protocol(object: &Object<'_>) -> Result<()> {
    let (protocol, version) = (object.any_text("protocol")?, object.any_text("protocol_version")?);
    if protocol == PROTOCOL && version == PROTOCOL_VERSION {
        return Ok(());
    }
    let (protocol, version) = (excerpt(&protocol), excerpt(&version));
    let reason = format!("it is of {protocol:?} {version:?}, not of {PROTOCOL} {PROTOCOL_VERSION}");
    Err(Problem::new(ProblemCode::ProtocolMismatch, reason))
}

/// Checks that the first event of a stream, and no other one, has none before it.
pub(super) fn check_first(object: &Object<'_>, seq_no: u64, prev: Option<&Hash>) -> Result<()> {
    match (seq_no, prev) {
        (0, _) => Err(object.refuse("has the seq_no 0; the first is 1")),
        (1, Some(_)) => Err(object.refuse("has the seq_no 1 and a prev_event_hash")),
        (2.., None) => Err(object.refuse("has no prev_event_hash, and is not the first event")),
        _ => Ok(()),
    }
}
