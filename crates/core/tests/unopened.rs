//! What is done with a ledger without a session: the head that a file knows of it is found.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod recording;

use recording::{event, key, new_folder};
use sealwright_core::ErrorCode;
use sealwright_core::chain::Head;
use sealwright_core::event::EventSet;
use sealwright_core::heads::{FileHeads, HeadStore as _};
use sealwright_core::ledger::{HeadOption, PruneLimits, RotationLimits, Session, SessionOptions, known_head, peek};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A ledger of so many events, and its head.
fn ledger(options: &SessionOptions, count: usize) -> Head {
    let session = Session::open(options, key()).unwrap();
    (0..count).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
    session.close();
    session.head().unwrap()
}

#[test]
fn a_file_knows_the_head_of_a_ledger() {
    let (folder, path) = new_folder();
    let heads = folder.path().join("heads.json");
    let known = |ledger: Option<&Path>| known_head(&heads, ledger).map_err(|error| error.code);
    assert_eq!(known(Some(&path)), Err(ErrorCode::HeadStore));
    assert!(!heads.exists());
    let store = || Some(HeadOption { store: Arc::new(FileHeads::new(&heads)), wait: true });
    let open = |path: &PathBuf| SessionOptions { head_store: store(), ..SessionOptions::new(path) };
    let head = ledger(&open(&path), 3);
    assert_eq!((known(Some(&path)), known(None)), (Ok(Some(head)), Ok(Some(head))));
    let second = folder.path().join("second.ndjson");
    let other = ledger(&open(&second), 2);
    assert_eq!((known(Some(&path)), known(Some(&second))), (Ok(Some(head)), Ok(Some(other))));
    assert_eq!(known(None), Err(ErrorCode::HeadStore), "which of them?");
    // Moved, it is known by its first event; another one in its place by its path.
    let moved = folder.path().join("moved.ndjson");
    fs::rename(&path, &moved).unwrap();
    assert_eq!((known(Some(&moved)), known(Some(&path))), (Ok(Some(head)), Ok(Some(head))));
    ledger(&SessionOptions::new(&path), 1);
    assert_eq!(known(Some(&path)), Ok(Some(head)));
    let third = folder.path().join("third.ndjson");
    ledger(&SessionOptions::new(&third), 1);
    assert_eq!(known(Some(&third)), Ok(None));
    fs::write(&heads, format!(r#"{{"seq":{},"hash":"{}"}}"#, head.seq, head.hash)).unwrap();
    assert_eq!((known(Some(&third)), known(None)), (Ok(Some(head)), Ok(Some(head))));
    for bad in ["", "[]", "{\"seq\":1}", "{\"seq\":1,\"hash\":\"00\"}", "{\"a\":[1]}"] {
        fs::write(&heads, bad).unwrap();
        assert_eq!(known(None), Err(ErrorCode::HeadStore), "{bad}");
    }
    fs::write(&heads, "{}").unwrap();
    assert_eq!((known(Some(&third)), known(None)), (Ok(None), Ok(None)));
}

#[test]
fn a_pruned_ledger_is_known_by_the_first_event_that_it_had() {
    let (folder, path) = new_folder();
    let store = Arc::new(FileHeads::new(folder.path().join("heads.json")));
    let rotation = Some(RotationLimits { max_events: Some(2), ..RotationLimits::default() });
    let options = SessionOptions { rotation, events: EventSet::Extended, ..SessionOptions::new(&path) };
    ledger(&options, 5);
    let first = peek(&path).unwrap().1.unwrap();
    let session = Session::open(&options, key()).unwrap();
    session.prune(&PruneLimits::default()).unwrap().unwrap();
    session.close();
    assert!(!path.with_file_name("ledger.0-1.ndjson").exists());
    assert_eq!(peek(&path).unwrap().1, Some(first));
    let head = session.head().unwrap();
    store.advance(&[(format!("ledger:{first}"), head)]).unwrap();
    let heads = folder.path().join("heads.json");
    let sealed = path.with_file_name("ledger.2-3.ndjson");
    for file in [&path, &sealed] {
        assert_eq!(known_head(&heads, Some(file)).unwrap(), Some(head));
    }
}
