//! Small private files and their locks.

use crate::failure::throw;
use crate::task::Work;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;
use sealwright_core::files;
use std::fs::File;
use std::path::Path;

/// A lock, until it is released.
#[napi]
pub struct NativeLock {
    file: Option<File>,
}

#[napi]
impl NativeLock {
    /// Lets others have it.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.file = None;
    }
}

/// Takes the lock that a file is there for; null while another has it.
#[napi(catch_unwind, ts_return_type = "Promise<NativeLock | null>")]
pub fn try_lock(path: String) -> AsyncTask<Work> {
    Work::start(move || {
        let file = files::try_lock(Path::new(&path)).map_err(|error| throw(&error))?;
        Ok(file.map(|file| NativeLock { file: Some(file) }))
    })
}

/// Puts a file in place, whole and durable. One that is there is replaced, or else it stays: false.
#[napi(catch_unwind, ts_return_type = "Promise<boolean>")]
pub fn put_file(path: String, bytes: Uint8Array, replace: bool) -> AsyncTask<Work> {
    let bytes = bytes.to_vec();
    Work::start(move || files::put(Path::new(&path), &bytes, replace).map_err(|error| throw(&error)))
}
