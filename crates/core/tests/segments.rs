//! Ledgers in several files, on a real file system: rotation, and opening what is there.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod recording;

use recording::{event, key, pair};
use sealwright_core::ErrorCode;
use sealwright_core::chain::{Head, SeqRange};
use sealwright_core::event::EventSet;
use sealwright_core::hash::Hash;
use sealwright_core::heads::FileHeads;
use sealwright_core::ledger::{HeadOption, PruneLimits, RotationLimits, Session, SessionOptions, VerifyOnOpen};
use sealwright_core::verify::{Options, Verifier};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

struct Ledger {
    folder: TempDir,
    options: SessionOptions,
}

impl Ledger {
    fn new(rotation: RotationLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options =
            SessionOptions { rotation: Some(rotation), ..SessionOptions::new(folder.path().join("ledger.ndjson")) };
        Self { folder, options }
    }

    fn of_three() -> Self {
        Self::new(RotationLimits { max_events: Some(3), ..RotationLimits::default() })
    }

    fn open(&self) -> Session {
        Session::open(&self.options, key()).unwrap()
    }

    fn record(&self, count: usize) {
        let session = self.open();
        (0..count).for_each(|index| drop(session.record(event(&index.to_string())).unwrap()));
        assert_eq!(session.rotate_error(), None);
        session.close();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names of the ledger's files in the order of their events.
    fn files(&self) -> Vec<String> {
        let names =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("ledger.")).collect();
        let first = |name: &String| name.split(['.', '-']).nth(1).and_then(|first| first.parse::<u64>().ok());
        names.sort_by_key(|name| first(name).unwrap_or(u64::MAX));
        names
    }

    fn concatenated(&self) -> Vec<u8> {
        self.files().iter().flat_map(|name| fs::read(self.path(name)).unwrap()).collect()
    }

    fn count(&self) -> u64 {
        let mut verifier = Verifier::new(&Options::default());
        verifier.push(&self.concatenated());
        let report = verifier.finish().unwrap();
        assert!(report.ok && report.tail.is_none(), "{report:?}");
        report.event_count
    }

    fn refusal(&self) -> ErrorCode {
        Session::open(&self.options, key()).err().unwrap().code
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_full_file_is_sealed_and_the_ledger_goes_on_in_the_next() {
    let ledger = Ledger::of_three();
    ledger.record(7);
    assert_eq!(ledger.files(), ["ledger.0-2.ndjson", "ledger.3-5.ndjson", "ledger.ndjson"]);
    assert_eq!(ledger.count(), 7);
    for (name, expected) in [("ledger.0-2.ndjson", 0o400), ("ledger.3-5.ndjson", 0o400), ("ledger.ndjson", 0o600)] {
        assert_eq!(mode(&ledger.path(name)), expected, "{name}");
        assert_eq!(fs::metadata(ledger.path(name)).unwrap().nlink(), 1, "{name}");
    }
    ledger.record(3);
    assert_eq!(ledger.files(), ["ledger.0-2.ndjson", "ledger.3-5.ndjson", "ledger.6-8.ndjson", "ledger.ndjson"]);
    assert_eq!(ledger.count(), 10);
}

#[test]
fn a_segment_stays_within_its_bytes_unless_one_group_is_larger() {
    let ledger = Ledger::new(RotationLimits { max_bytes: Some(2000), ..RotationLimits::default() });
    ledger.record(20);
    let sizes: Vec<u64> = ledger.files().iter().map(|name| fs::metadata(ledger.path(name)).unwrap().len()).collect();
    assert!(sizes.len() > 4 && sizes.iter().all(|size| *size <= 2000), "{sizes:?}");
    let session = ledger.open();
    session.record_many((0..20).map(|_| event("batch")).collect()).unwrap();
    session.record(event("after")).unwrap();
    session.close();
    assert!(ledger.files().contains(&"ledger.20-39.ndjson".to_owned()), "{:?}", ledger.files());
    assert_eq!(ledger.count(), 41);
}

#[test]
fn a_segment_ends_with_its_age_also_over_a_restart() {
    let ledger = Ledger::new(RotationLimits { max_age: Some(Duration::from_millis(30)), ..RotationLimits::default() });
    ledger.record(1);
    std::thread::sleep(Duration::from_millis(40));
    ledger.record(1);
    assert_eq!(ledger.files(), ["ledger.0-0.ndjson", "ledger.ndjson"]);
}

#[test]
fn an_empty_active_file_continues_the_last_segment() {
    let ledger = Ledger::of_three();
    ledger.record(3);
    let head = ledger.open().head();
    fs::rename(ledger.path("ledger.ndjson"), ledger.path("ledger.0-2.ndjson")).unwrap();
    fs::write(ledger.path("ledger.ndjson"), "").unwrap();
    let session = ledger.open();
    assert_eq!(session.head(), head);
    session.close();
    ledger.record(1);
    assert_eq!(ledger.count(), 4);
    // So does one with the beginning of a line that a crash cut off.
    fs::write(ledger.path("ledger.ndjson"), "{\"seq\":3,\"time").unwrap();
    let session = ledger.open();
    assert_eq!((session.head(), session.recovery().tail.as_ref().unwrap().bytes), (head, 14));
    session.close();
    fs::write(ledger.path("ledger.ndjson"), "{\"seq\":0,\"time").unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::LedgerTampered);
}

#[test]
fn what_does_not_continue_the_last_segment_is_refused() {
    let ledger = Ledger::of_three();
    ledger.record(5);
    let active = fs::read(ledger.path("ledger.ndjson")).unwrap();
    // Event 3 is missing.
    let end = active.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(ledger.path("ledger.ndjson"), &active[end..]).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::SegmentMissing);
    // Another event 3.
    let other = String::from_utf8(active.clone()).unwrap().replacen(r#""parent_hash":"0"#, r#""parent_hash":"1"#, 1);
    let other = other.replacen(r#""reason":"3""#, r#""reason":"7""#, 1);
    fs::write(ledger.path("ledger.ndjson"), other).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::LedgerTampered);
    fs::remove_file(ledger.path("ledger.ndjson")).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::SegmentMissing);
    assert!(!ledger.path("ledger.ndjson").exists(), "nothing was made");
    fs::write(ledger.path("ledger.ndjson"), &active).unwrap();
    assert_eq!(ledger.open().head().unwrap().seq, 4);
    fs::rename(ledger.path("ledger.0-2.ndjson"), ledger.path("ledger.0-1.ndjson")).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::LedgerTampered);
    fs::rename(ledger.path("ledger.0-1.ndjson"), ledger.path("ledger.00-2.ndjson")).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::SegmentRefused);
}

#[test]
fn a_sealed_segment_is_not_opened_for_writing() {
    let ledger = Ledger::of_three();
    ledger.record(4);
    let options = SessionOptions::new(ledger.path("ledger.0-2.ndjson"));
    assert_eq!(Session::open(&options, key()).err().unwrap().code, ErrorCode::LedgerSealed);
}

#[test]
fn two_names_for_the_active_file_are_finished_on_opening() {
    let ledger = Ledger::of_three();
    ledger.record(3);
    fs::hard_link(ledger.path("ledger.ndjson"), ledger.path("ledger.0-2.ndjson")).unwrap();
    fs::write(ledger.path("ledger.ndjson.next"), "").unwrap();
    let session = ledger.open();
    assert_eq!(session.head().unwrap().seq, 2);
    assert_eq!(ledger.files(), ["ledger.0-2.ndjson", "ledger.ndjson"]);
    assert_eq!(fs::metadata(ledger.path("ledger.ndjson")).unwrap().len(), 0);
    assert_eq!(mode(&ledger.path("ledger.0-2.ndjson")), 0o400);
    session.record(event("next")).unwrap();
    session.close();
    assert_eq!(ledger.count(), 4);
    // A second name that says something else is not ours.
    fs::hard_link(ledger.path("ledger.ndjson"), ledger.path("ledger.3-9.ndjson")).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::LedgerTampered);
}

#[test]
fn other_sessions_find_the_writer_before_and_after_a_rotation() {
    let ledger = Ledger::of_three();
    let (first, second) = (ledger.open(), ledger.open());
    for _ in 0..4 {
        first.record(event("a")).unwrap();
        second.record(event("b")).unwrap();
    }
    let third = ledger.open();
    third.record(event("c")).unwrap();
    assert_eq!((first.head(), second.head()), (third.head(), third.head()));
    [first, second, third].iter().for_each(Session::close);
    ledger.open().close();
    assert_eq!(ledger.count(), 9);
    assert_eq!(ledger.files().len(), 3);
}

#[test]
fn threads_that_open_and_close_meanwhile_make_one_chain() {
    let ledger = Ledger::new(RotationLimits { max_events: Some(5), ..RotationLimits::default() });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let session = ledger.open();
                    (0..5).for_each(|_| drop(session.record(event("x")).unwrap()));
                    session.close();
                }
            });
        }
    });
    assert_eq!(ledger.count(), 200);
    assert!(!ledger.path("ledger.ndjson.next").exists());
}

#[test]
fn a_head_store_knows_the_ledger_by_its_first_event_in_all_its_files() {
    let mut ledger = Ledger::of_three();
    let store = Arc::new(FileHeads::new(ledger.path("heads.json")));
    ledger.options.head_store = Some(HeadOption { store, wait: true });
    ledger.record(8);
    ledger.record(1);
    // The store is behind: what it knows is in a sealed segment.
    let heads = fs::read(ledger.path("heads.json")).unwrap();
    ledger.record(3);
    fs::write(ledger.path("heads.json"), &heads).unwrap();
    ledger.record(1);
    let emptied = fs::read(ledger.path("ledger.ndjson")).unwrap();
    fs::write(ledger.path("ledger.ndjson"), "").unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::RollbackDetected);
    fs::write(ledger.path("ledger.ndjson"), emptied).unwrap();
    ledger.record(1);
    assert_eq!(ledger.count(), 14);
}

#[test]
fn pruned_segments_go_after_the_event_that_says_so() {
    let mut ledger = Ledger::of_three();
    ledger.record(14);
    let core = ledger.open();
    assert_eq!(core.prune(&PruneLimits::default()).unwrap_err().code, ErrorCode::EventSet);
    core.close();
    ledger.options.events = EventSet::Extended;
    let session = ledger.open();
    let by_seq = |before| PruneLimits { before_seq: Some(before), ..PruneLimits::default() };
    assert_eq!(session.prune(&by_seq(2)).unwrap(), None, "event 2 is in the first segment");
    assert_eq!(session.prune(&PruneLimits { keep: 4, ..PruneLimits::default() }).unwrap(), None);
    let (line, gone) = session.prune(&by_seq(8)).unwrap().unwrap();
    assert_eq!(gone, SeqRange { from: 0, to: 5 });
    let first = "ledger.6-8.ndjson";
    let parent = fs::read_to_string(ledger.path(first)).unwrap();
    let parent = field(&parent, "parent_hash");
    assert!(line.contains(&format!(r#""count":6,"last_seq":5,"last_hash":"{parent}""#)), "{line}");
    assert_eq!(ledger.files()[0], first);
    // The second event names the same beginning as the first.
    let (second, gone) = session.prune(&PruneLimits { keep: 1, ..PruneLimits::default() }).unwrap().unwrap();
    assert_eq!(gone, SeqRange { from: 6, to: 8 });
    assert_eq!(field(&line, "first_hash"), field(&second, "first_hash"));
    session.close();
    ledger.record(4);
    let start_after = Some(Head { seq: 8, hash: Hash::from_hex(field(&second, "last_hash")).unwrap() });
    let mut verifier = Verifier::new(&Options { start_after, ..Options::default() });
    verifier.push(&ledger.concatenated());
    let report = verifier.finish().unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.head.unwrap().seq, 19);
}

/// A text of a line's, by its name.
fn field<'l>(line: &'l str, name: &str) -> &'l str {
    let (_, rest) = line.split_once(&format!(r#""{name}":""#)).unwrap();
    rest.split('"').next().unwrap()
}

/// A pruning that goes on while its session is closed.
#[test]
fn nothing_is_removed_for_a_closed_session() {
    let mut ledger = Ledger::of_three();
    ledger.options.events = EventSet::Extended;
    ledger.record(7);
    let session = ledger.open();
    let prunable = session.find_prunable(&PruneLimits::default()).unwrap().unwrap();
    session.submit_prune(1, &prunable).unwrap();
    session.close();
    let active = fs::read_to_string(ledger.path("ledger.ndjson")).unwrap();
    let error = session.remove_pruned(&prunable, active.lines().last().unwrap()).unwrap_err();
    assert_eq!((error.code, error.outcome), (ErrorCode::SessionClosed, None));
    let files = ledger.files();
    assert_eq!(files[0], "ledger.0-2.ndjson");
    // The next call goes on.
    ledger.open().prune(&PruneLimits::default()).unwrap().unwrap();
    assert_eq!(ledger.files(), files[1..]);
}

#[test]
fn segments_are_pruned_by_the_time_of_their_last_event() {
    let mut ledger = Ledger::of_three();
    ledger.options.events = EventSet::Extended;
    ledger.record(6);
    let now = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let between = now();
    ledger.record(6);
    let session = ledger.open();
    let before = |nanos| PruneLimits { before_nanos: Some(nanos), ..PruneLimits::default() };
    assert_eq!(session.prune(&before(1)).unwrap(), None);
    let (_, gone) = session.prune(&before(between)).unwrap().unwrap();
    assert_eq!((gone, ledger.files()[0].as_str()), (SeqRange { from: 0, to: 5 }, "ledger.6-8.ndjson"));
}

#[test]
fn what_is_missing_without_an_event_is_not_pruned_further() {
    let mut ledger = Ledger::of_three();
    ledger.options.events = EventSet::Extended;
    ledger.record(14);
    fs::remove_file(ledger.path("ledger.0-2.ndjson")).unwrap();
    let session = ledger.open();
    let all = PruneLimits::default();
    assert_eq!(session.prune(&all).unwrap_err().code, ErrorCode::SegmentMissing);
    fs::remove_file(ledger.path("ledger.6-8.ndjson")).unwrap();
    assert_eq!(session.prune(&all).unwrap_err().code, ErrorCode::SegmentMissing);
    assert_eq!(ledger.files().len(), 3, "{:?}", ledger.files());
}

#[test]
fn a_head_store_and_a_new_key_know_a_pruned_ledger() {
    let mut ledger = Ledger::of_three();
    ledger.options.events = EventSet::Extended;
    let store = Arc::new(FileHeads::new(ledger.path("heads.json")));
    ledger.options.head_store = Some(HeadOption { store, wait: true });
    ledger.record(10);
    ledger.open().prune(&PruneLimits::default()).unwrap().unwrap();
    ledger.options.verify_on_open = VerifyOnOpen::All;
    ledger.record(1);
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ledger.files() {
        fs::rename(ledger.path(&name), elsewhere.path().join(&name)).unwrap();
    }
    fs::write(ledger.path("ledger.ndjson"), "").unwrap();
    ledger.options.path = elsewhere.path().join("ledger.ndjson");
    let session = Session::open(&ledger.options, key()).unwrap();
    session.rotate_key(pair(2)).unwrap();
    session.close();
    let heads = fs::read_to_string(ledger.path("heads.json")).unwrap();
    assert_eq!(heads.matches("\"ledger:").count(), 1, "{heads}");
}

#[test]
fn all_segments_are_verified_on_opening_if_asked() {
    let mut ledger = Ledger::of_three();
    ledger.record(8);
    ledger.options.verify_on_open = VerifyOnOpen::All;
    ledger.record(1);
    let path = ledger.path("ledger.0-2.ndjson");
    let changed = fs::read_to_string(&path).unwrap().replace(r#""reason":"1""#, r#""reason":"7""#);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, changed).unwrap();
    assert_eq!(ledger.refusal(), ErrorCode::LedgerTampered);
}

#[test]
fn where_no_segment_can_be_made_the_active_file_grows_and_says_so() {
    let ledger = Ledger::of_three();
    ledger.record(3);
    // The name is taken by something else; it must not be replaced.
    fs::write(ledger.path("ledger.0-2.ndjson.taken"), "").unwrap();
    let session = ledger.open();
    fs::create_dir(ledger.path("ledger.ndjson.next")).unwrap();
    session.record(event("on")).unwrap();
    assert!(session.rotate_error().unwrap().contains("next file"), "{:?}", session.rotate_error());
    fs::remove_dir(ledger.path("ledger.ndjson.next")).unwrap();
    session.record(event("again")).unwrap();
    assert_eq!(session.rotate_error(), None);
    session.close();
    assert_eq!(ledger.files()[0], "ledger.0-2.ndjson.taken");
    assert!(ledger.path("ledger.0-3.ndjson").exists());
}
