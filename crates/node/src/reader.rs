//! Reading events, on pool threads.

use crate::failure::{misuse, self_tested, throw};
use crate::task::Work;
use crate::text::{integer, number};
use crate::verify::{CancelFlag, max_line_bytes, parse_object, text_field};
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi_derive::napi;
use sealwright_core::Error as CoreError;
use sealwright_core::query::{self, ReadEvent, ReadOptions, Reader};
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Events that one call of [`NativeReader::next`] gives at most.
const BATCH: usize = 256;
/// Bytes after which it gives fewer.
const BATCH_BYTES: usize = 1 << 20;

/// Reads events in order.
#[napi]
pub struct NativeReader {
    reader: Arc<Mutex<Option<Reading>>>,
}

/// A reader, and the error that waits behind the events of the last batch.
struct Reading {
    reader: Reader,
    error: Option<CoreError>,
}

#[napi]
impl NativeReader {
    /// Opens a ledger by its active file, or one of its segments.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeReader>")]
    pub fn open(
        path: String,
        options: String,
        cancel: Option<ClassInstance<'_, CancelFlag>>,
    ) -> Result<AsyncTask<Work>> {
        let cancel = cancel.map(|cancel| Arc::clone(&cancel.flag));
        let options = ReadOptions { cancel, ..parse_read_options(&options)? };
        let open = move || Reader::open(Path::new(&path), options).map_err(|error| throw(&error));
        Ok(Work::start_with(open, |_, reader| {
            Ok(Self { reader: Arc::new(Mutex::new(Some(Reading { reader, error: None }))) })
        }))
    }

    /// The next events, on a pool thread; none at the end. A line, or the line, LF, and the writer's spelling of it.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<string>>")]
    pub fn next(&self) -> AsyncTask<Work> {
        let reader = Arc::clone(&self.reader);
        Work::start(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.as_mut().map_or(Ok(Vec::new()), next_batch)
        })
    }

    /// Closes the file.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A file of a ledger.
#[napi(object)]
pub struct NativeLedgerFile {
    /// Where it is.
    pub path: String,
    /// The events that the name of a sealed segment says it holds; neither for the active file.
    pub first: Option<f64>,
    /// The last of them.
    pub last: Option<f64>,
}

/// A place between two lines of a file.
#[napi(object)]
pub struct NativeGap {
    /// Of the line behind it.
    pub offset: f64,
    /// That the event behind it should have.
    pub next_seq: f64,
}

/// The files of the ledger whose active file is at a path, in the order of their events.
#[napi(catch_unwind)]
pub fn ledger_files(path: String) -> Result<Vec<NativeLedgerFile>> {
    let files = query::ledger_files(Path::new(&path)).map_err(|error| throw(&error))?;
    let file = |file: query::LedgerFile| NativeLedgerFile {
        path: file.path.to_string_lossy().into_owned(),
        first: file.range.map(|range| number(range.from)),
        last: file.range.map(|range| number(range.to)),
    };
    Ok(files.into_iter().map(file).collect())
}

/// In front of the event with a seq in one file, or behind its last one.
#[napi(catch_unwind)]
pub fn find_gap(path: String, seq: f64) -> Result<NativeGap> {
    self_tested()?;
    let gap = query::find_gap(Path::new(&path), integer(seq)?).map_err(|error| throw(&error))?;
    Ok(NativeGap { offset: number(gap.offset), next_seq: number(gap.next_seq) })
}

fn next_batch(reading: &mut Reading) -> Result<Vec<String>> {
    if let Some(error) = reading.error.take() {
        return Err(throw(&error));
    }
    let mut batch = Vec::new();
    let mut size = 0_usize;
    while batch.len() < BATCH && size < BATCH_BYTES {
        let ReadEvent { mut line, respelled, .. } = match reading.reader.next_event() {
            Ok(Some(event)) => event,
            Ok(None) => break,
            // The events before it come first.
            Err(error) if !batch.is_empty() => {
                reading.error = Some(error);
                break;
            }
            Err(error) => return Err(throw(&error)),
        };
        if let Some(respelled) = respelled {
            line.push('\n');
            line.push_str(&respelled);
        }
        size = size.saturating_add(line.len());
        batch.push(line);
    }
    Ok(batch)
}

fn parse_read_options(text: &str) -> Result<ReadOptions> {
    self_tested()?;
    let fields = parse_object(text)?;
    let mut options = ReadOptions::default();
    if let Some(from) = fields.get("from").and_then(Value::as_f64) {
        options.from = integer(from)?;
    }
    if let Some(to) = fields.get("to").and_then(Value::as_f64) {
        options.to = integer(to)?;
    }
    options.since = nanos(&fields, "since")?;
    options.until = nanos(&fields, "until")?;
    if let Some(kinds) = fields.get("kinds").and_then(Value::as_array) {
        options.kinds = Some(kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    options.session = text_field(&fields, "session").map(str::to_owned);
    if fields.get("index").and_then(Value::as_bool) == Some(false) {
        options.index = None;
    }
    if let Some(limit) = max_line_bytes(&fields)? {
        options.max_line_bytes = limit;
    }
    Ok(options)
}

/// Nanoseconds, as decimal digits: a double does not hold them.
fn nanos(fields: &Map<String, Value>, name: &str) -> Result<Option<u64>> {
    let digits = text_field(fields, name);
    digits.map(|digits| digits.parse().map_err(|_| misuse("times are nanoseconds"))).transpose()
}
