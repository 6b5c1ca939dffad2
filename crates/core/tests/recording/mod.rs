//! What tests record, and with which keys.

#![allow(dead_code, reason = "each test takes a part")]

use sealwright_core::event::Event;
use sealwright_core::key::KeyPair;
use sealwright_core::ledger::{Batch, GroupMeasures, Sink};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// The key of a number.
pub(crate) fn pair(number: u8) -> Arc<KeyPair> {
    Arc::new(KeyPair::from_seed(&[number; 32]))
}

/// The key where one is enough.
pub(crate) fn key() -> Arc<KeyPair> {
    pair(1)
}

/// An event of a core kind, with a text of the caller's.
pub(crate) fn event(reason: &str) -> Event {
    Event::parse(&format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{reason}","summary_sha256":""}}}}"#))
        .unwrap()
}

/// A folder that goes with its handle, and the path of a ledger in it.
pub(crate) fn new_folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.ndjson");
    (folder, path)
}

/// For callers who only wait.
pub(crate) struct NoSink;

impl Sink for NoSink {
    fn settle(&self, _results: Batch, _measures: Option<GroupMeasures>) {}
    fn room(&self) {}
}
