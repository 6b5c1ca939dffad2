//! The way from a writer to the JavaScript thread that brought the session: one callback for each group.

use crate::failure::text as failure_text;
use crate::text::number;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status, sys};
use napi_derive::napi;
use sealwright_core::Error as CoreError;
use sealwright_core::ledger::{Batch, GroupMeasures, Settled, Sink};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of the callback: what happened, numbers, texts, measures of a group.
pub(crate) type Arguments = FnArgs<(String, Vec<f64>, Vec<String>, Vec<f64>)>;
/// Calls JavaScript from any thread without keeping its event loop alive.
type Callback = ThreadsafeFunction<Message, (), Arguments, Status, false, true>;

/// Something to tell JavaScript.
pub struct Message {
    kind: &'static str,
    numbers: Vec<f64>,
    texts: Vec<String>,
    measures: Vec<f64>,
}

/// A record, and how its group was written.
#[napi(object)]
pub struct NativeRecorded {
    /// The line, or the text of a failure.
    pub result: String,
    /// As the callback is told; empty if it failed.
    pub measures: Vec<f64>,
}

impl NativeRecorded {
    pub(crate) fn of((line, measures): (std::result::Result<String, CoreError>, Option<GroupMeasures>)) -> Self {
        let result = line.unwrap_or_else(|error| failure_text(&error));
        Self { result, measures: measures_list(measures) }
    }
}

/// The way from the writer to the JavaScript thread.
pub(crate) struct Channel(Callback);

impl Channel {
    pub(crate) fn of(callback: &Function<'_, Arguments, ()>) -> Result<Arc<Self>> {
        let callback = callback.build_threadsafe_function::<Message>().weak::<true>().build_callback(|context| {
            let Message { kind, numbers, texts, measures } = context.value;
            Ok(FnArgs::from((kind.to_owned(), numbers, texts, measures)))
        })?;
        Ok(Arc::new(Self(callback)))
    }

    /// False when the thread has ended.
    pub(crate) fn tell(&self, kind: &'static str, numbers: Vec<f64>, texts: Vec<String>) -> bool {
        self.send(Message { kind, numbers, texts, measures: Vec::new() })
    }

    pub(crate) fn send(&self, message: Message) -> bool {
        self.0.call(message, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }

    /// Keeps the event loop alive, or no longer.
    pub(crate) fn hold(&self, env: Env, hold: bool) {
        self.0.handle.with_read_aborted(|aborted| {
            if aborted {
                return;
            }
            let raw = self.0.handle.get_raw();
            // SAFETY: called on the JavaScript thread with its own `env`; the function is not aborted, and its lock is
            // held, so `raw` is alive. `ThreadsafeFunction::refer` takes `&mut self`, which an `Arc` cannot give.
            #[expect(unsafe_code, reason = "napi-rs offers this only through an exclusive reference")]
            let _ = unsafe {
                if hold {
                    sys::napi_ref_threadsafe_function(env.raw(), raw)
                } else {
                    sys::napi_unref_threadsafe_function(env.raw(), raw)
                }
            };
        });
    }
}

impl Sink for Channel {
    fn settle(&self, results: Batch, measures: Option<GroupMeasures>) {
        let (numbers, texts) = results.into_iter().map(|(id, result)| (number(id), result_text(result))).unzip();
        // A thread that has ended waits for nothing any more.
        self.send(Message { kind: "settled", numbers, texts, measures: measures_list(measures) });
    }

    fn room(&self) {
        self.tell("room", Vec::new(), Vec::new());
    }
}

pub(crate) fn result_text(result: Settled) -> String {
    match result {
        Ok(lines) => lines.join("\n"),
        Err(error) => failure_text(&error),
    }
}

/// Events, bytes; milliseconds queued, sealing, writing, syncing. Empty without a group.
pub(crate) fn measures_list(measures: Option<GroupMeasures>) -> Vec<f64> {
    let Some(GroupMeasures { events, bytes, queued, seal, write, sync }) = measures else {
        return Vec::new();
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let sizes = [events, bytes].map(|size| number(u64::try_from(size).unwrap_or(u64::MAX)));
    sizes.into_iter().chain([queued, seal, write, sync].map(milliseconds)).collect()
}
