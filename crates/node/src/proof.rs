//! Proofs: they are made and verified as text; what verifying finds is JSON.

use crate::failure::{misuse, self_tested, throw};
use crate::key::NativeKey;
use crate::list::List;
use crate::session::NativeSession;
use crate::task::Work;
use crate::text::{integer, number};
use crate::verify::CancelFlag;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, ClassInstance, ToNapiValue};
use napi_derive::napi;
use sealwright_core::hash::{Hash, decode_hex, encode_hex};
use sealwright_core::key::PublicKey;
use sealwright_core::proof::checkpoint::check_origin;
use sealwright_core::proof::commitment;
use sealwright_core::proof::consistency::verify_consistency as check_consistency;
use sealwright_core::proof::inclusion::{Event, ShownCheckpoint, verify_inclusion as check_inclusion};
use sealwright_core::proof::log::{Exported, Log};
use sealwright_core::proof::note::{Key, Kind, Note};
use sealwright_core::proof::policy::Policy;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Opens a signed checkpoint by a policy; what it shows as JSON.
#[napi(catch_unwind)]
pub fn open_checkpoint(note: String, policy_text: String) -> Result<String> {
    self_tested()?;
    let policy = policy(&policy_text)?;
    let shown = Note::parse(&note).and_then(|note| ShownCheckpoint::open(&note, &policy));
    shown.and_then(|shown| shown.to_json()).map_err(|error| throw(&error))
}

/// A public key as notes name it: `NAME+ID+KEY`, of a log or of a witness.
#[napi(catch_unwind)]
pub fn note_key(name: String, public_key: String, witness: bool) -> Result<String> {
    let public = public_of(&public_key)?;
    let kind = if witness { Kind::Witness } else { Kind::Log };
    if kind == Kind::Log {
        check_origin(&name).map_err(|error| throw(&error))?;
    }
    Key::new(&name, kind, public).map(|key| key.to_string()).map_err(|error| throw(&error))
}

/// Checks an inclusion proof; the report as JSON. Without a line the proof brings that of its event.
#[napi(catch_unwind)]
pub fn verify_inclusion(
    proof: String,
    policy_text: String,
    line: Option<String>,
    #[napi(ts_arg_type = "Array<string>")] signers: List<String>,
) -> Result<String> {
    self_tested()?;
    let signers = signers.iter().map(|key| public_of(key)).collect::<Result<Vec<_>>>()?;
    let event = line.as_deref().map_or(Event::InExtra, Event::Line);
    check_inclusion(&proof, &policy(&policy_text)?, event, &signers).to_json().map_err(|error| throw(&error))
}

/// Checks a consistency proof between two checkpoints; the report as JSON. Hashes in hex.
#[napi(catch_unwind)]
pub fn verify_consistency(
    from: String,
    to: String,
    #[napi(ts_arg_type = "Array<string>")] proof: List<String>,
    policy_text: String,
) -> Result<String> {
    self_tested()?;
    let hash = |text: &String| Hash::from_hex(text).ok_or_else(|| misuse("a hash has 64 lower-case hex digits"));
    let proof = proof.iter().map(hash).collect::<Result<Vec<_>>>()?;
    check_consistency(&from, &to, &proof, &policy(&policy_text)?).to_json().map_err(|error| throw(&error))
}

/// Signs the checkpoint of a session's ledger as it is on stable storage now.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn sign_checkpoint(session: &NativeSession, origin: String, key: &NativeKey) -> AsyncTask<Work> {
    let (session, pair) = (session.shared(), Arc::clone(&key.pair));
    Work::start(move || {
        let note = session.checkpoint(&origin, &pair).map_err(|error| throw(&error))?;
        Ok(note.to_string())
    })
}

/// The checkpoint that was signed last; null before the first.
#[napi(catch_unwind, ts_return_type = "Promise<string | null>")]
pub fn last_checkpoint(ledger: String) -> AsyncTask<Work> {
    Work::start(move || {
        let kept = Log::of(Path::new(&ledger)).and_then(|log| log.checkpoint()).map_err(|error| throw(&error))?;
        Ok(kept.map(|note| note.to_string()))
    })
}

/// Keeps the signatures of a checkpoint, if it is the last one.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn keep_cosignatures(ledger: String, note: String) -> AsyncTask<Work> {
    Work::start(move || {
        let keep = || Log::of(Path::new(&ledger))?.add_signatures(&Note::parse(&note)?);
        keep().map_err(|error| throw(&error))
    })
}

/// The inclusion proof of an event, as text.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn prove_inclusion(
    ledger: String,
    seq: f64,
    checkpoint: String,
    cancel: ClassInstance<'_, CancelFlag>,
) -> Result<AsyncTask<Work>> {
    self_tested()?;
    let seq = integer(seq)?;
    Ok(ask(ledger, &cancel, move |log| log.prove_inclusion(seq, &checkpoint).map(|proof| proof.to_string())))
}

/// The consistency proof between two checkpoints: hashes in hex.
#[napi(catch_unwind, ts_return_type = "Promise<string[]>")]
pub fn prove_consistency(
    ledger: String,
    from: String,
    to: String,
    cancel: ClassInstance<'_, CancelFlag>,
) -> Result<AsyncTask<Work>> {
    self_tested()?;
    Ok(ask(ledger, &cancel, move |log| log.prove_consistency(&from, &to).map(|proof| in_hex(&proof))))
}

/// The consistency proof from the first `old_size` events to a checkpoint, behind their root: hashes in hex.
#[napi(catch_unwind, ts_return_type = "Promise<string[]>")]
pub fn prove_growth(
    ledger: String,
    old_size: f64,
    to: String,
    cancel: ClassInstance<'_, CancelFlag>,
) -> Result<AsyncTask<Work>> {
    self_tested()?;
    let old_size = integer(old_size)?;
    Ok(ask(ledger, &cancel, move |log| {
        log.prove_growth(old_size, &to).map(|(root, proof)| in_hex(std::iter::once(&root).chain(&proof)))
    }))
}

/// What an export has written.
#[napi(object)]
pub struct NativeExported {
    /// Events in the tree.
    pub events: f64,
    /// Files, the checkpoint included.
    pub files: f64,
    /// Bytes of all of them.
    pub bytes: f64,
}

/// Writes the tree of a checkpoint into a new folder, to be served.
#[napi(catch_unwind, ts_return_type = "Promise<NativeExported>")]
pub fn export_tiles(
    ledger: String,
    folder: String,
    checkpoint: String,
    cancel: ClassInstance<'_, CancelFlag>,
) -> Result<AsyncTask<Work>> {
    self_tested()?;
    let cancel = Arc::clone(&cancel.flag);
    Ok(Work::start(move || {
        let log = Log::of(Path::new(&ledger)).map_err(|error| throw(&error))?.until(cancel);
        let Exported { events, files, bytes } =
            log.export(&checkpoint, Path::new(&folder)).map_err(|error| throw(&error))?;
        Ok(NativeExported { events: number(events), files: number(files), bytes: number(bytes) })
    }))
}

/// A commitment to JSON text under a new salt, as JSON: `{"commitment", "salt"}`, in hex.
#[napi(catch_unwind)]
pub fn commit(value: String, domain: String) -> Result<String> {
    self_tested()?;
    let salt = commitment::new_salt().map_err(|error| throw(&error))?;
    let made = commitment::commit(&domain, &salt, &value).map_err(|error| throw(&error))?;
    Ok(json!({ "commitment": made, "salt": encode_hex(&salt) }).to_string())
}

/// Whether a commitment is that to JSON text under a salt. Text that is no hash or no salt belongs to nothing.
#[napi(catch_unwind)]
pub fn verify_commitment(commitment: String, value: String, salt: String, domain: String) -> Result<bool> {
    self_tested()?;
    // The arguments are checked whatever the hex is.
    let (hash, bytes) = (Hash::from_hex(&commitment), decode_hex(&salt));
    let matches = commitment::matches(&hash.unwrap_or(Hash::GENESIS), &domain, &bytes.unwrap_or_default(), &value);
    matches.map(|matches| matches && hash.is_some() && bytes.is_some()).map_err(|error| throw(&error))
}

/// Work that asks a ledger's log, and may be given up.
fn ask<T>(
    ledger: String,
    cancel: &CancelFlag,
    question: impl FnOnce(&Log) -> sealwright_core::error::Result<T> + Send + 'static,
) -> AsyncTask<Work>
where
    T: ToNapiValue + Send + 'static,
{
    let cancel = Arc::clone(&cancel.flag);
    Work::start(move || {
        let answer = || question(&Log::of(Path::new(&ledger))?.until(cancel));
        answer().map_err(|error| throw(&error))
    })
}

fn in_hex<'hash>(hashes: impl IntoIterator<Item = &'hash Hash>) -> Vec<String> {
    hashes.into_iter().map(Hash::to_string).collect()
}

fn policy(text: &str) -> Result<Policy> {
    Policy::parse(text).map_err(|error| throw(&error))
}

pub(crate) fn public_of(text: &str) -> Result<PublicKey> {
    PublicKey::from_hex(text).ok_or_else(|| misuse("a public key has 64 lower-case hex digits"))
}
