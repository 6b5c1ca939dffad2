//! Sessions of one ledger: what they share, what each is told.

use super::{custom, event, key, new_folder, open, refused, verified};
use sealwright_core::ErrorCode;
use sealwright_core::event::EventSet;
use sealwright_core::key::KeyPair;
use sealwright_core::ledger::{Batch, GroupMeasures, Session, SessionOptions, Sink};
use sealwright_core::verify::Verdict;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[test]
fn room_is_room_for_what_was_refused() {
    let (_folder, path) = new_folder();
    let told = Arc::new(Told::default());
    let sink: Arc<dyn Sink> = told.clone();
    let options = SessionOptions { max_queue_bytes: Some(4000), ..SessionOptions::new(&path) };
    let session = Session::open_with_sink(&options, &key(), sink).unwrap();
    let large = || event(&"x".repeat(3000));
    for number in 0..50 {
        while let Err(error) = session.submit(number, large()) {
            assert_eq!(error.code, ErrorCode::Backpressure);
            let before = told.rooms.load(Ordering::SeqCst);
            // Room at once, or a message: never room for something smaller only.
            while !session.has_room() && told.rooms.load(Ordering::SeqCst) == before {
                std::thread::yield_now();
            }
        }
    }
    session.close();
    assert_eq!(verified(&path).event_count, 50);
}

/// A sink that remembers what it is told.
#[derive(Default)]
struct Told {
    settled: Mutex<Vec<u64>>,
    groups: AtomicUsize,
    rooms: AtomicUsize,
    panics: AtomicBool,
}

impl Sink for Told {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        self.groups.fetch_add(1, Ordering::SeqCst);
        self.settled.lock().unwrap().extend(results.iter().map(|(number, _)| *number));
        if self.panics.swap(false, Ordering::SeqCst) {
            panic!("a sink that panics");
        }
    }
    fn room(&self) {
        self.rooms.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_sink_that_panics_does_not_end_the_writer() {
    let (_folder, path) = new_folder();
    let told = Arc::new(Told::default());
    told.panics.store(true, Ordering::SeqCst);
    let sink: Arc<dyn Sink> = told.clone();
    let session = Session::open_with_sink(&SessionOptions::new(&path), &key(), sink).unwrap();
    for number in 0..20 {
        session.submit(number, event("kept")).unwrap();
    }
    session.close();
    assert_eq!(*told.settled.lock().unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(verified(&path).event_count, 20);
}

#[test]
fn what_is_submitted_quietly_is_one_group_and_waits_for_no_wake_when_the_session_ends() {
    let end: [fn(Session); 5] = [
        |session| session.close(),
        |session| session.drain(Duration::from_secs(60)),
        |session| {
            session.wait_idle(Duration::from_secs(60));
            assert_eq!(session.head().unwrap().seq, 19);
        },
        |session| {
            session.wake();
            session.close();
        },
        |session| {
            // Comes behind them, on this thread.
            assert!(session.record(event("last")).unwrap().starts_with(r#"{"seq":20,"#));
            session.close();
        },
    ];
    for (way, end) in end.into_iter().enumerate() {
        // One group, unless the machine took its time: then again.
        let groups = || groups_of_quiet(end, if way == 4 { 21 } else { 20 });
        assert!((0..20).any(|_| groups() <= 3), "{way}");
    }
}

/// Submits 20 records quietly, ends the session, and requires so many events in the end; tells in how many groups they came.
fn groups_of_quiet(end: fn(Session), event_count: u64) -> usize {
    let (_folder, path) = new_folder();
    let told = Arc::new(Told::default());
    let sink: Arc<dyn Sink> = told.clone();
    let session = Session::open_with_sink(&SessionOptions::new(&path), &key(), sink).unwrap();
    // The writer's thread has begun and sleeps: it would take what it meets when it begins.
    thread::sleep(Duration::from_millis(50));
    for number in 0..20 {
        session.submit_quietly(number, event("quiet")).unwrap();
    }
    end(session);
    while told.settled.lock().unwrap().is_empty() {
        thread::yield_now();
    }
    assert_eq!(*told.settled.lock().unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(verified(&path).event_count, event_count);
    told.groups.load(Ordering::SeqCst)
}

#[test]
fn withdrawing_makes_room_and_says_so() {
    for _ in 0..50 {
        let (_folder, path) = new_folder();
        let told = Arc::new(Told::default());
        let sink: Arc<dyn Sink> = told.clone();
        let options = SessionOptions { max_queue_bytes: Some(4000), ..SessionOptions::new(&path) };
        let session = Session::open_with_sink(&options, &key(), sink).unwrap();
        let numbers: Vec<u64> = (0..4).filter(|number| session.submit(*number, event("x")).is_ok()).collect();
        let waits = !session.has_room();
        for number in numbers {
            session.withdraw(number);
        }
        session.close();
        assert!(!waits || told.rooms.load(Ordering::SeqCst) == 1);
    }
}

#[test]
fn core_sessions_do_not_open_extended_ledgers() {
    let (_folder, path) = new_folder();
    let extended = SessionOptions { events: EventSet::Extended, ..SessionOptions::new(&path) };
    let session = Session::open(&extended, key()).unwrap();
    session.record(custom()).unwrap();
    assert_eq!(refused(&SessionOptions::new(&path)), ErrorCode::EventSet);
    session.close();
    assert_eq!(refused(&SessionOptions::new(&path)), ErrorCode::EventSet);
    Session::open(&extended, key()).unwrap().close();
    let (_folder, path) = new_folder();
    let session = open(&path).unwrap();
    assert_eq!(session.record(custom()).unwrap_err().code, ErrorCode::EventSet);
    session.record(event("still fine")).unwrap();
}

#[test]
fn one_ledger_has_one_writer() {
    let (folder, path) = new_folder();
    let link = folder.path().join("link.ndjson");
    let first = open(&path).unwrap();
    fs::hard_link(&path, &link).unwrap();
    let second = open(&link).unwrap();
    first.record(event("a")).unwrap();
    second.record(event("b")).unwrap();
    assert_eq!(first.head(), second.head());
    assert_eq!(
        Session::open(&SessionOptions::new(&path), Arc::new(KeyPair::from_seed(&[2; 32]))).err().unwrap().code,
        ErrorCode::SignerMismatch
    );
    first.close();
    first.close();
    assert_eq!(first.record(event("c")).unwrap_err().code, ErrorCode::SessionClosed);
    second.record(event("c")).unwrap();
    second.close();
    assert_eq!(verified(&path).event_count, 3);
    let other = Session::open(&SessionOptions::new(&path), Arc::new(KeyPair::from_seed(&[2; 32])));
    assert_eq!(other.err().unwrap().code, ErrorCode::SignerMismatch);
}

#[test]
fn many_threads_may_create_one_ledger_at_once() {
    for _ in 0..100 {
        let (folder, _) = new_folder();
        let path = folder.path().join("new/ledger.ndjson");
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| open(&path).unwrap().record(event("first of all")).unwrap());
            }
        });
        assert_eq!(verified(&path).event_count, 6);
    }
}

#[test]
fn many_threads_make_one_chain() {
    let (_folder, path) = new_folder();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for round in 0..5 {
                    let session = open(path).unwrap();
                    for _ in 0..10 {
                        session.record(event(&format!("{thread}-{round}"))).unwrap();
                    }
                    session.close();
                }
            });
        }
    });
    let report = verified(&path);
    assert_eq!((report.verdict, report.event_count), (Verdict::Intact, 400));
}
