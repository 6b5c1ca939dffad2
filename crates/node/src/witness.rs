//! Witnesses, their clients, and evidence of forks: text in, text or JSON out.

use crate::failure::{misuse, self_tested, throw};
use crate::key::NativeKey;
use crate::list::List;
use crate::task::Work;
use crate::text::{hash, integer};
use napi::Result;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use sealwright_core::Error as CoreError;
use sealwright_core::hash::Hash;
use sealwright_core::proof::fork::{Fork, verify_fork};
use sealwright_core::proof::inclusion::ShownCheckpoint;
use sealwright_core::proof::note::{Key, Note};
use sealwright_core::proof::policy::Policy;
use sealwright_core::proof::witness::Witness;
use sealwright_core::proof::witness::client::take_cosignature;
use sealwright_core::proof::witness::rule::Request;
use sealwright_core::proof::witness::store::Answer;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A witness, its folder locked until it is closed.
#[napi]
pub struct NativeWitness {
    witness: Mutex<Option<Arc<Witness>>>,
}

#[napi]
impl NativeWitness {
    /// Opens its folder. `logs` are keys, `NAME+ID+KEY`.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        folder: String,
        key: &NativeKey,
        name: String,
        #[napi(ts_arg_type = "Array<string>")] logs: List<String>,
    ) -> Result<Self> {
        self_tested()?;
        let logs = logs.iter().map(|log| key_of(log)).collect::<Result<Vec<_>>>()?;
        let witness = Witness::open(Path::new(&folder), Arc::clone(&key.pair), &name, &logs).map_err(|e| throw(&e))?;
        Ok(Self { witness: Mutex::new(Some(Arc::new(witness))) })
    }

    /// The key that it cosigns with, `NAME+ID+KEY`.
    #[napi(getter, catch_unwind)]
    pub fn key(&self) -> Result<String> {
        Ok(self.open()?.key().to_string())
    }

    /// Answers a request; `now` is Unix time in seconds. The answer as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn add_checkpoint(&self, request: String, now: f64) -> Result<AsyncTask<Work>> {
        let (witness, now) = (self.open()?, integer(now)?);
        Ok(Work::start(move || {
            let answer = witness.add_checkpoint(&request, now).map_err(|error| throw(&error))?;
            Ok(answer_json(&answer))
        }))
    }

    /// The latest checkpoint of a log that it cosigned, with the cosignature.
    #[napi(catch_unwind)]
    pub fn latest(&self, origin: String) -> Result<Option<String>> {
        let latest = self.open()?.latest(&origin).map_err(|error| throw(&error))?;
        Ok(latest.map(|latest| latest.note.to_string()))
    }

    /// Unlocks the folder, once what was begun is done.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn open(&self) -> Result<Arc<Witness>> {
        let witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        witness.clone().ok_or_else(|| misuse("the witness is closed"))
    }
}

fn answer_json(answer: &Answer) -> String {
    let Answer { status, body_type, body, checkpoint, evidence } = answer;
    let checkpoint = checkpoint.as_ref();
    json!({
        "status": status,
        "contentType": body_type.name(),
        "body": body,
        "origin": checkpoint.map(|checkpoint| checkpoint.origin()),
        "size": checkpoint.map(|checkpoint| checkpoint.size()),
        "evidence": evidence.as_ref().map(|path| path.to_string_lossy()),
    })
    .to_string()
}

/// Checks evidence of a fork; the report as JSON.
#[napi(catch_unwind)]
pub fn verify_fork_evidence(text: String, policy_text: String) -> Result<String> {
    self_tested()?;
    verify_fork(&text, &policy(&policy_text)?).to_json().map_err(|error| throw(&error))
}

/// The evidence that two notes are; null if they are none. Hashes in hex.
#[napi(catch_unwind)]
pub fn make_fork_evidence(
    one: String,
    other: String,
    policy_text: String,
    root: Option<String>,
    #[napi(ts_arg_type = "Array<string>")] proof: List<String>,
) -> Result<Option<String>> {
    self_tested()?;
    let policy = policy(&policy_text)?;
    let logs: Vec<Key> = policy.logs().iter().map(|log| log.key.clone()).collect();
    let root = root.map(|root| hash(&root)).transpose()?;
    let fork = Fork::between(&note(&one)?, &note(&other)?, &logs, root, &hashes(&proof)?);
    Ok(fork.map(|fork| fork.to_string()))
}

/// The body of a request to a witness. Hashes in hex.
#[napi(catch_unwind)]
pub fn witness_request(
    note_text: String,
    old_size: f64,
    #[napi(ts_arg_type = "Array<string>")] proof: List<String>,
) -> Result<String> {
    let request = Request { old_size: integer(old_size)?, proof: hashes(&proof)?, note: note(&note_text)? };
    Ok(request.to_string())
}

/// What a log has signed, by the logs of a policy alone, as JSON.
#[napi(catch_unwind)]
pub fn open_uncosigned(note_text: String, policy_text: String) -> Result<String> {
    self_tested()?;
    let policy = policy(&policy_text)?;
    let logs = Policy::of_logs(policy.logs().iter().map(|log| log.key.clone()));
    let shown = note(&note_text).and_then(|note| ShownCheckpoint::open(&note, &logs).map_err(|e| throw(&e)))?;
    shown.to_json().map_err(|error| throw(&error))
}

/// The witnesses of a policy as JSON: name, key and URL each.
#[napi(catch_unwind)]
pub fn policy_witnesses(policy_text: String) -> Result<String> {
    let policy = policy(&policy_text)?;
    let shown = policy
        .witnesses()
        .iter()
        .map(|witness| json!({ "name": witness.key.name(), "key": witness.key.to_string(), "url": witness.url }));
    Ok(Value::Array(shown.collect()).to_string())
}

/// Takes the cosignature of a witness from its answer; its Unix time in seconds and the note with it as JSON.
#[napi(catch_unwind)]
pub fn add_cosignature(note_text: String, answer: String, key: String) -> Result<String> {
    self_tested()?;
    let (note, time) = take_cosignature(&note(&note_text)?, &answer, &key_of(&key)?).map_err(|error| throw(&error))?;
    Ok(json!({ "note": note.to_string(), "time": time }).to_string())
}

fn note(text: &str) -> Result<Note> {
    Note::parse(text).map_err(|error| throw(&error))
}

fn key_of(text: &str) -> Result<Key> {
    Key::parse(text).map_err(|error: CoreError| throw(&error))
}

fn policy(text: &str) -> Result<Policy> {
    Policy::parse(text).map_err(|error| throw(&error))
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>> {
    texts.iter().map(|text| hash(text)).collect()
}
