//! The end of a ledger that no session has open, on a pool thread. Results are JSON.

use crate::failure::{self_tested, throw};
use crate::task::Work;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use sealwright_core::ledger;
use std::path::{Path, PathBuf};

/// What is at the end of a ledger.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn look_at_end(path: String) -> AsyncTask<Work> {
    json_of(path, ledger::look_at_end, serde_json::to_string)
}

/// Keeps a torn tail beside the ledger and cuts it off; `null` without one.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn mend_end(path: String) -> AsyncTask<Work> {
    json_of(path, ledger::mend_end, serde_json::to_string)
}

/// Removes what was kept beside the ledger.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
pub fn discard_kept(path: String) -> AsyncTask<Work> {
    json_of(path, ledger::discard_kept, serde_json::to_string)
}

fn json_of<T: 'static>(
    path: String,
    work: fn(&Path) -> sealwright_core::Result<T>,
    text: fn(&T) -> serde_json::Result<String>,
) -> AsyncTask<Work> {
    let path = PathBuf::from(path);
    Work::start(move || {
        self_tested()?;
        let found = work(&path).map_err(|error| throw(&error))?;
        Ok(text(&found).unwrap_or_default())
    })
}
