//! What is done with a ledger without a session: its end looked at and mended, the head that a file knows of it found.

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
use sealwright_core::ledger::{
    HeadOption, PruneLimits, RotationLimits, Session, SessionOptions, TailReason, discard_kept, known_head,
    look_at_end, mend_end, peek,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A ledger of so many events, and its head.
fn ledger(options: &SessionOptions, count: usize) -> Head {
    let session = Session::open(options, key()).unwrap();
    (0..count).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
    session.close();
    session.head().unwrap()
}

fn append(path: &Path, bytes: &[u8]) {
    fs::write(path, [&fs::read(path).unwrap(), bytes].concat()).unwrap();
}

#[test]
fn a_tail_is_shown_then_kept_then_discarded() {
    let (_folder, path) = new_folder();
    let head = ledger(&SessionOptions::new(&path), 3);
    let whole = fs::read(&path).unwrap();
    assert_eq!((mend_end(&path).unwrap(), look_at_end(&path).unwrap().tail), (None, None));
    append(&path, b"{\"seq\":3,\n\"x");
    // A whole line that is bad is no tail.
    assert_eq!(look_at_end(&path).unwrap_err().code, ErrorCode::LedgerTampered);
    assert_eq!(mend_end(&path).unwrap_err().code, ErrorCode::LedgerTampered);
    let torn = [&whole[..], b"{\"seq\":3,\"\x1b[31m"].concat();
    fs::write(&path, &torn).unwrap();
    let end = look_at_end(&path).unwrap();
    let tail = end.tail.unwrap();
    assert_eq!((tail.offset, tail.bytes, tail.lines), (whole.len() as u64, 15, 1));
    assert_eq!((tail.reason, tail.excerpt.as_str()), (TailReason::Unterminated, "7b22736571223a332c221b5b33316d"));
    assert_eq!((end.head, end.kept), (Some(head), vec![]));
    assert_eq!(fs::read(&path).unwrap(), torn);
    let kept = mend_end(&path).unwrap().unwrap();
    assert_eq!(
        (fs::read(&path).unwrap(), fs::read(&kept.path).unwrap()),
        (whole.clone(), torn[whole.len()..].to_vec())
    );
    // What only looks like it stays.
    let others = ["ledger.ndjson.torn-5-", "ledger.ndjson.torn-05-0", "ledger.ndjson.torn-5-0.txt", "other.torn-5-0"];
    others.iter().for_each(|name| fs::write(path.with_file_name(name), "").unwrap());
    symlink(&path, path.with_file_name("ledger.ndjson.torn-5-1")).unwrap();
    let end = look_at_end(&path).unwrap();
    assert_eq!(
        end.kept.iter().map(|tail| (&tail.path, tail.offset, tail.bytes)).collect::<Vec<_>>(),
        [(&kept.path, whole.len() as u64, 15)]
    );
    assert_eq!(discard_kept(&path).unwrap(), end.kept);
    assert!(!kept.path.exists() && others.iter().all(|name| path.with_file_name(name).exists()));
    assert_eq!((discard_kept(&path).unwrap(), fs::read(&path).unwrap()), (vec![], whole));
}

#[test]
fn a_ledger_that_someone_has_open_is_left_alone() {
    let (folder, path) = new_folder();
    let missing = folder.path().join("missing.ndjson");
    assert_eq!(look_at_end(&missing).unwrap_err().code, ErrorCode::LedgerNotFound);
    assert!(!missing.exists());
    assert_eq!(look_at_end(folder.path()).unwrap_err().code, ErrorCode::LedgerNotAFile);
    let session = Session::open(&SessionOptions::new(&path), key()).unwrap();
    session.record(event("a")).unwrap();
    for refused in [look_at_end(&path).err(), mend_end(&path).err(), discard_kept(&path).err()] {
        assert_eq!(refused.unwrap().code, ErrorCode::LedgerLocked);
    }
    session.close();
    look_at_end(&path).unwrap();
    Session::open(&SessionOptions::new(&path), key()).unwrap().close();
}

#[test]
fn the_end_behind_sealed_segments_is_mended() {
    let (_folder, path) = new_folder();
    let rotation = Some(RotationLimits { max_events: Some(3), ..RotationLimits::default() });
    let head = ledger(&SessionOptions { rotation, ..SessionOptions::new(&path) }, 4);
    append(&path, &[0; 600]);
    let end = look_at_end(&path).unwrap();
    assert_eq!((end.head, end.tail.unwrap().reason), (Some(head), TailReason::Hole));
    assert_eq!(mend_end(&path).unwrap().unwrap().bytes, 600);
    let sealed = path.with_file_name("ledger.0-2.ndjson");
    assert_eq!(look_at_end(&sealed).unwrap_err().code, ErrorCode::LedgerSealed);
    // A rotation that came to its middle is for the next opening.
    fs::hard_link(&path, path.with_file_name("ledger.3-3.ndjson")).unwrap();
    let end = look_at_end(&path).unwrap();
    assert_eq!((end.head, end.tail, mend_end(&path).unwrap()), (None, None, None));
    assert_eq!(Session::open(&SessionOptions::new(&path), key()).unwrap().head(), Some(head));
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
