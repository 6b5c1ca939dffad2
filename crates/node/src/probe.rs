//! What the doctor cannot see from JavaScript.

use crate::failure::{self_tested, throw};
use crate::task::Work;
use napi::Result;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use sealwright_core::ledger::{self, LockState};
use std::path::{Path, PathBuf};

/// Fails if this build diverges from the format.
#[napi(catch_unwind)]
pub fn self_test() -> Result<()> {
    self_tested()
}

/// Who writes a ledger now.
#[napi(catch_unwind, ts_return_type = "'free' | 'here' | 'elsewhere'")]
pub fn lock_state(path: String) -> Result<String> {
    let state = ledger::lock_state(Path::new(&path)).map_err(|error| throw(&error))?;
    Ok(match state {
        LockState::Free => "free",
        LockState::Here => "here",
        LockState::Elsewhere => "elsewhere",
    }
    .to_owned())
}

/// Milliseconds that a folder's storage takes to make 4 KiB durable, measured on a pool thread.
#[napi(catch_unwind, ts_return_type = "Promise<number>")]
pub fn time_sync(folder: String) -> AsyncTask<Work> {
    let folder = PathBuf::from(folder);
    Work::start(move || {
        let time = ledger::time_sync(&folder).map_err(|error| throw(&error))?;
        Ok(time.as_secs_f64() * 1e3)
    })
}
