//! What a witness has cosigned, in a folder:
//!
//! ```text
//! lock                   locked as long as a witness has it open
//! HEX                    the latest checkpoint of a log, signed by it and cosigned; HEX: SHA-256 of its origin
//! HEX.fork-0 ... -15     evidence that it lied, see `fork`
//! ```
//!
//! A file is replaced whole and synced before the cosignature is given away: a witness that was killed or lost power has
//! kept all that it cosigned, and perhaps a checkpoint whose cosignature nobody got. A folder that was put back to an earlier
//! state is not noticed: the witness would cosign another history from there on. Leave it out of backups.
//!
//! A file that cannot be read, or that this key has not cosigned, is an error: taken for none, it would have the witness
//! believe whatever it is shown next.

use super::super::checkpoint::Checkpoint;
use super::super::fork::MAX_EVIDENCE;
use super::super::note::{Key, Kind, MAX_NOTE, Note};
use super::rule::{BodyType, Latest, Refusal, Submission};
use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::key::KeyPair;
use crate::limits::as_u64;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Most files of evidence of one log: who proved it to lie once need not do it for ever.
const MAX_FORKS: u32 = 16;

/// A witness, and what it has cosigned.
#[derive(Debug)]
pub struct Witness {
    pair: Arc<KeyPair>,
    key: Key,
    folder: PathBuf,
    /// By their origins.
    logs: BTreeMap<String, Log>,
    /// Held until the witness is dropped.
    _lock: File,
}

#[derive(Debug)]
struct Log {
    keys: Vec<Key>,
    /// Held from reading what was cosigned until its successor is kept.
    turn: Mutex<()>,
}

/// What a witness answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// What the body is.
    pub body_type: BodyType,
    /// The cosignature, a line; or why there is none.
    pub body: String,
    /// What the log said, if it is known and has signed it.
    pub checkpoint: Option<Checkpoint>,
    /// Where evidence is kept that the log has lied.
    pub evidence: Option<PathBuf>,
}

impl Witness {
    /// Opens the folder of a witness, which need not exist, and locks it against others. `logs` are the keys whose
    /// checkpoints it cosigns; the name of each is the log's origin.
    ///
    /// Errors: [`ErrorCode::NoteKey`], [`ErrorCode::WitnessState`], [`ErrorCode::InvalidArgument`] for no logs, a log twice
    /// and keys that are not of logs.
    pub fn open(folder: &Path, pair: Arc<KeyPair>, name: &str, logs: &[Key]) -> Result<Self> {
        let key = Key::new(name, Kind::Witness, pair.public())?;
        let logs = by_origin(logs)?;
        let folder = durable::resolve_links(folder).map_err(|error| failed("cannot resolve", folder, &error))?;
        let lock = lock(&folder.join("lock"))?;
        let witness = Self { pair, key, folder, logs, _lock: lock };
        witness.logs.keys().try_for_each(|origin| witness.latest(origin).map(|_| ()))?;
        Ok(witness)
    }

    /// The key that it cosigns with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Answers a request; `now` is Unix time in seconds. Whatever it cosigns is kept before this returns.
    ///
    /// Fails with [`ErrorCode::WitnessState`] alone: nothing was cosigned then.
    pub fn add_checkpoint(&self, request: &str, now: u64) -> Result<Answer> {
        let keys = |origin: &str| self.logs.get(origin).map(|log| log.keys.as_slice());
        let submission = match Submission::check(request, keys) {
            Ok(submission) => submission,
            Err(refusal) => return Ok(Answer::refusing(refusal, None, None)),
        };
        let origin = submission.checkpoint.origin();
        let turn = self.logs.get(origin).map(|log| log.turn.lock().unwrap_or_else(PoisonError::into_inner));
        let latest = self.latest(origin)?;
        if let Err(refusal) = submission.follows(latest.as_ref()) {
            let evidence = refusal.evidence.as_ref().map(|text| self.keep_evidence(origin, text)).transpose()?;
            return Ok(Answer::refusing(refusal, Some(submission.checkpoint), evidence));
        }
        // Of two cosignatures the later one must not claim the earlier time, whatever became of the clock.
        let time = latest.map_or(now, |latest| latest.time.max(now));
        let cosignature = self.key.cosign(submission.note.text(), &self.pair, time)?;
        let mut note = submission.note;
        note.add(cosignature.clone());
        let path = self.path_of(origin);
        durable::replace(&path, note.to_string().as_bytes()).map_err(|error| failed("cannot write", &path, &error))?;
        drop(turn);
        Ok(Answer {
            status: 200,
            body_type: BodyType::Text,
            body: format!("{cosignature}\n"),
            checkpoint: Some(submission.checkpoint),
            evidence: None,
        })
    }

    /// The latest checkpoint of a log that was cosigned.
    pub fn latest(&self, origin: &str) -> Result<Option<Latest>> {
        let path = self.path_of(origin);
        let damaged = |why: &str| {
            let message = format!("{} is not what this witness has cosigned: {why}", path.display());
            Error::new(ErrorCode::WitnessState, message)
        };
        let bytes = match durable::read_small(&path, as_u64(MAX_NOTE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| failed("cannot read", &path, &error))?,
        };
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let note = Note::parse(&text).map_err(|error| damaged(&error.message))?;
        let known = [self.key.clone()];
        let signed = note.check(&known).map_err(|error| damaged(&error.message))?;
        let time = signed.first().and_then(|signed| signed.time).unwrap_or_default();
        let checkpoint = Checkpoint::parse(note.text()).map_err(|error| damaged(&error.message))?;
        if checkpoint.origin() != origin {
            return Err(damaged("it is of another log"));
        }
        Ok(Some(Latest { note, checkpoint, time }))
    }

    fn path_of(&self, origin: &str) -> PathBuf {
        self.folder.join(Hash::of(origin.as_bytes()).to_string())
    }

    /// Keeps evidence, unless it is there or there is enough of it; tells where it, or the last of all, is.
    fn keep_evidence(&self, origin: &str, text: &str) -> Result<PathBuf> {
        let mut path = PathBuf::new();
        for number in 0..MAX_FORKS {
            path = self.path_of(origin).with_extension(format!("fork-{number}"));
            let is_new = match durable::read_small(&path, as_u64(MAX_EVIDENCE)) {
                Ok(kept) if kept == text.as_bytes() => break,
                Ok(_) => false,
                Err(error) if error.kind() == io::ErrorKind::NotFound => true,
                Err(error) => return Err(failed("cannot read", &path, &error)),
            };
            if is_new {
                durable::install(&path, text.as_bytes()).map_err(|error| failed("cannot write", &path, &error))?;
                break;
            }
        }
        Ok(path)
    }
}

impl Answer {
    fn refusing(refusal: Refusal, checkpoint: Option<Checkpoint>, evidence: Option<PathBuf>) -> Self {
        let Refusal { status, body_type, body, .. } = refusal;
        Self { status, body_type, body, checkpoint, evidence }
    }
}

fn by_origin(keys: &[Key]) -> Result<BTreeMap<String, Log>> {
    let refuse = |message: String| Err(Error::new(ErrorCode::InvalidArgument, message));
    if keys.is_empty() {
        return refuse("a witness needs the key of a log at least".to_owned());
    }
    let mut logs: BTreeMap<String, Log> = BTreeMap::new();
    for key in keys {
        if key.kind() != Kind::Log {
            return refuse(format!("{key} is the key of a witness, not of a log"));
        }
        let log = logs.entry(key.name().to_owned()).or_insert_with(|| Log { keys: Vec::new(), turn: Mutex::new(()) });
        if log.keys.contains(key) {
            return refuse(format!("{key} is there twice"));
        }
        log.keys.push(key.clone());
    }
    Ok(logs)
}

fn lock(path: &Path) -> Result<File> {
    durable::lock_beside(path, |_| false).map_err(|error| failed("cannot lock", path, &error))?.ok_or_else(|| {
        let message = format!("another witness has locked {}", path.display());
        Error::new(ErrorCode::WitnessState, message)
    })
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(ErrorCode::WitnessState, format!("{doing} {}", path.display()), error)
}
