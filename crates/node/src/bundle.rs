//! Events printed for people, on pool threads.

use crate::failure::throw;
use crate::task::Work;
use crate::text::integer;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi_derive::napi;
use sealwright_core::bundle;
use sealwright_core::error::Place;

/// The events of whole lines as elements of a JSON array. `follows`: others stand before them. `line` and `byte_offset`
/// are of the first byte.
#[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
pub fn print_events(lines: Uint8Array, follows: bool, line: f64, byte_offset: f64) -> Result<AsyncTask<Work>> {
    let start = Place { line: integer(line)?, byte_offset: integer(byte_offset)? };
    // The memory of the caller's may go while the thread reads.
    let lines = lines.to_vec();
    Ok(Work::start(move || bundle::events(&lines, follows, start).map(Buffer::from).map_err(|error| throw(&error))))
}
