//! Verifying, on pool threads where it may take long.

use crate::failure::{misuse, self_tested, throw};
use crate::key::NativeKey;
use crate::list::List;
use crate::task::Work;
use crate::text::{integer, number};
use napi::bindgen_prelude::{AsyncTask, ClassInstance, Either, FnArgs, Function, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;
use sealwright_core::chain::Head;
use sealwright_core::event::EventSet;
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey};
use sealwright_core::verify::{
    self, Gathering, Options, Progress, SavedState, SignatureMode, Spelling, Verifier, Watch,
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Stops a verification from outside.
#[napi]
pub struct CancelFlag {
    pub(crate) flag: Arc<AtomicBool>,
}

#[napi]
impl CancelFlag {
    /// Not set.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self { flag: Arc::default() }
    }

    /// Sets it.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }
}

type ProgressArguments = FnArgs<(f64, f64, f64)>;
type ProgressFunction<'a> = Function<'a, ProgressArguments, ()>;
type ProgressCallback = ThreadsafeFunction<Progress, (), ProgressArguments, Status, false, true>;

/// Verifies the files of a ledger on a pool thread; gives the report as JSON. The path of a folder, a file or a pattern, or
/// the paths of all files; with `alone` the path of one file, whatever stands beside it.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
#[allow(clippy::too_many_arguments, reason = "an object of them would take more code than all of this")]
pub fn verify_files(
    #[napi(ts_arg_type = "string | Array<string>")] files: Either<String, List<String>>,
    alone: bool,
    options: String,
    state: Option<String>,
    state_key: Option<ClassInstance<'_, NativeKey>>,
    full: bool,
    #[napi(ts_arg_type = "((bytes: number, totalBytes: number, events: number) => void) | undefined | null")]
    on_progress: Option<ProgressFunction<'_>>,
    cancel: Option<ClassInstance<'_, CancelFlag>>,
) -> Result<AsyncTask<Work>> {
    FilesWork::new(files, alone, &options, state, state_key.as_deref(), full)?.watched(on_progress, cancel)
}

/// The same on the calling thread.
#[napi(catch_unwind)]
pub fn verify_files_sync(
    #[napi(ts_arg_type = "string | Array<string>")] files: Either<String, List<String>>,
    alone: bool,
    options: String,
    state: Option<String>,
    state_key: Option<ClassInstance<'_, NativeKey>>,
    full: bool,
) -> Result<String> {
    FilesWork::new(files, alone, &options, state, state_key.as_deref(), full)?.report(&mut Watch::default())
}

/// What is verified.
enum Files {
    One(PathBuf),
    Many(Gathering),
}

/// Files to be verified.
struct FilesWork {
    files: Files,
    options: Options,
    /// Where the state is kept, who signs it, and whether all is verified.
    state: Option<(String, Arc<KeyPair>, bool)>,
}

impl FilesWork {
    fn new(
        files: Either<String, List<String>>,
        alone: bool,
        options: &str,
        state: Option<String>,
        key: Option<&NativeKey>,
        full: bool,
    ) -> Result<Self> {
        let files = match files {
            Either::A(path) if alone => Files::One(path.into()),
            Either::A(path) => Files::Many(Gathering::At(path.into())),
            Either::B(paths) => Files::Many(Gathering::Of(paths.into_iter().map(PathBuf::from).collect())),
        };
        let state = state.zip(key).map(|(state, key)| (state, Arc::clone(&key.pair), full));
        Ok(Self { files, options: parse_options(options)?, state })
    }

    fn watched(
        self,
        on_progress: Option<ProgressFunction<'_>>,
        cancel: Option<ClassInstance<'_, CancelFlag>>,
    ) -> Result<AsyncTask<Work>> {
        let progress = on_progress.map(|function| progress_callback(&function)).transpose()?;
        let cancel = cancel.map(|cancel| Arc::clone(&cancel.flag)).unwrap_or_default();
        let work = move || {
            let mut report_progress = |progress_now: Progress| {
                if let Some(callback) = &progress {
                    // A thread that has ended is not told.
                    let _ = callback.call(progress_now, ThreadsafeFunctionCallMode::NonBlocking);
                }
            };
            self.report(&mut Watch { progress: Some(&mut report_progress), cancel: Some(&cancel) })
        };
        Ok(Work::start(work))
    }

    fn report(&self, watch: &mut Watch<'_>) -> Result<String> {
        let saved = self.state.as_ref().map(|(path, key, full)| SavedState { path: Path::new(path), key, full: *full });
        let report = match (&self.files, &saved) {
            (Files::One(path), None) => {
                verify::verify_file(path, &self.options, watch).and_then(|report| report.to_json())
            }
            (Files::One(path), Some(saved)) => {
                verify::verify_file_from(path, &self.options, saved, watch).and_then(|report| report.to_json())
            }
            (Files::Many(given), saved) => {
                verify::verify_segments(given, &self.options, saved.as_ref(), watch).and_then(|report| report.to_json())
            }
        };
        report.map_err(|error| throw(&error))
    }
}

/// Verifies lines without their LFs; gives the report as JSON.
#[napi(catch_unwind)]
pub fn verify_lines(#[napi(ts_arg_type = "Array<string>")] lines: List<String>, options: String) -> Result<String> {
    let options = parse_options(&options)?;
    let report = verify::verify_lines(lines.iter().map(String::as_str), &options).map_err(|error| throw(&error))?;
    report.to_json().map_err(|error| throw(&error))
}

/// Verifies bytes that come in pieces.
#[napi]
pub struct NativeVerifier {
    state: Arc<Mutex<Option<Verifier>>>,
}

#[napi]
impl NativeVerifier {
    /// Before the first byte.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String) -> Result<Self> {
        let verifier = Verifier::new(&parse_options(&options)?);
        Ok(Self { state: Arc::new(Mutex::new(Some(verifier))) })
    }

    /// Takes the next bytes, on a pool thread. True when further bytes do not matter.
    #[napi(catch_unwind, ts_return_type = "Promise<boolean>")]
    pub fn push(&self, chunk: Uint8Array) -> AsyncTask<Work> {
        let state = Arc::clone(&self.state);
        let bytes = chunk.to_vec();
        Work::start(move || {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let verifier = state.as_mut().ok_or_else(|| misuse("a verifier that is finished"))?;
            verifier.push(&bytes);
            Ok(verifier.is_decided())
        })
    }

    /// Ends the ledger; gives the report as JSON.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn finish(&self) -> AsyncTask<Work> {
        let state = Arc::clone(&self.state);
        Work::start(move || {
            let verifier = state.lock().unwrap_or_else(PoisonError::into_inner).take();
            let verifier = verifier.ok_or_else(|| misuse("a verifier that is finished"))?;
            verifier.finish().and_then(|report| report.to_json()).map_err(|error| throw(&error))
        })
    }
}

fn progress_callback(function: &ProgressFunction<'_>) -> Result<ProgressCallback> {
    function.build_threadsafe_function::<Progress>().weak::<true>().build_callback(|context| {
        let Progress { bytes, total_bytes, events } = context.value;
        Ok(FnArgs::from((number(bytes), number(total_bytes), number(events))))
    })
}

/// The options as TypeScript writes them. Every verification begins here.
pub(crate) fn parse_options(text: &str) -> Result<Options> {
    self_tested()?;
    let fields = parse_object(text)?;
    let mut options = Options::default();
    if let Some(signers) = fields.get("signers").and_then(Value::as_array) {
        let key = |value: &Value| value.as_str().and_then(PublicKey::from_hex).ok_or_else(|| misuse("signers are hex"));
        options.signers = signers.iter().map(key).collect::<Result<_>>()?;
    }
    options.expected_head = fields.get("expectedHead").map(head_of).transpose()?;
    options.start_after = fields.get("startAfter").map(head_of).transpose()?;
    if let Some(first) = text_field(&fields, "expectedFirst") {
        options.expected_first = Some(crate::text::hash(first)?);
    }
    if text_field(&fields, "signatures") == Some("last") {
        options.signatures = SignatureMode::Last;
    }
    if text_field(&fields, "events") == Some("core") {
        options.events = EventSet::Core;
    }
    if text_field(&fields, "spelling") == Some("exact") {
        options.spelling = Spelling::Exact;
    }
    if let Some(limit) = max_line_bytes(&fields)? {
        options.max_line_bytes = limit;
    }
    Ok(options)
}

fn head_of(head: &Value) -> Result<Head> {
    let seq = head.get("seq").and_then(Value::as_f64).ok_or_else(|| misuse("the seq of a head is an integer"))?;
    let hash = head.get("hash").and_then(Value::as_str).and_then(Hash::from_hex);
    let hash = hash.ok_or_else(|| misuse("the hash of a head has 64 lower-case hex digits"))?;
    Ok(Head { seq: integer(seq)?, hash })
}

pub(crate) fn max_line_bytes(fields: &Map<String, Value>) -> Result<Option<usize>> {
    let Some(limit) = fields.get("maxLineBytes").and_then(Value::as_f64) else {
        return Ok(None);
    };
    usize::try_from(integer(limit)?).map(Some).map_err(|_| misuse("more bytes than this machine can hold"))
}

pub(crate) fn parse_object(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|_| misuse("options are a JSON object"))
}

pub(crate) fn text_field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
