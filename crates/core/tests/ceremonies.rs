//! Events that the library itself writes: a key hands over to the next, a session ends, a night is quiet.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod recording;

use recording::{event, new_folder, pair};
use sealwright_core::chain::Head;
use sealwright_core::error::{FaultCode, Outcome};
use sealwright_core::event::{Event, EventSet};
use sealwright_core::heads::{FileHeads, HeadStore, MemoryHeads, ledger_id};
use sealwright_core::key::PublicKey;
use sealwright_core::ledger::{Batch, GroupMeasures, HeadOption, RotationLimits, Session, SessionOptions, Sink};
use sealwright_core::signer::Successor;
use sealwright_core::verify::{Options, Report, SignatureMode, Verdict, Verifier};
use sealwright_core::{Error, ErrorCode};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn extended(path: &Path) -> SessionOptions {
    SessionOptions { events: EventSet::Extended, ..SessionOptions::new(path) }
}

fn open(path: &Path, number: u8) -> Result<Session, Error> {
    Session::open(&extended(path), pair(number))
}

fn code<T>(result: Result<T, Error>) -> ErrorCode {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error.code,
    }
}

fn verify(bytes: &[u8], signers: &[PublicKey], signatures: SignatureMode) -> Report {
    let mut verifier = Verifier::new(&Options { signers: signers.to_vec(), signatures, ..Options::default() });
    verifier.push(bytes);
    verifier.finish().unwrap()
}

/// The report on a ledger, under each way of checking signatures.
fn fault(path: &Path, signers: &[u8]) -> Option<(FaultCode, u64)> {
    let bytes = fs::read(path).unwrap();
    let signers: Vec<PublicKey> = signers.iter().map(|number| pair(*number).public()).collect();
    let [all, last] = [SignatureMode::All, SignatureMode::Last].map(|mode| verify(&bytes, &signers, mode));
    assert_eq!((all.code, all.line), (last.code, last.line));
    all.code.zip(all.line)
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn signers(path: &Path) -> Vec<String> {
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| json(line)["signer_pubkey"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_rotation_hands_over_to_the_next_event_and_to_every_session() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    let other = open(&path, 1).unwrap();
    session.record(event("before")).unwrap();
    let line = json(&session.rotate_key(pair(2)).unwrap());
    assert_eq!(line["event"]["type"], "KeyRotated");
    assert_eq!((session.public_key(), other.public_key()), (pair(2).public(), pair(2).public()));
    other.record(event("after")).unwrap();
    assert_eq!(code(open(&path, 1)), ErrorCode::SignerMismatch);
    open(&path, 2).unwrap().close();
    session.close();
    other.close();
    let [one, two] = [pair(1), pair(2)].map(|pair| pair.public().to_string());
    assert_eq!(signers(&path), [one.clone(), one, two]);
    assert_eq!(fault(&path, &[]), None);
    let report = verify(&fs::read(&path).unwrap(), &[], SignatureMode::All);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    // Opened again it goes on with the new key, which may hand over in turn.
    assert_eq!(code(open(&path, 1)), ErrorCode::SignerMismatch);
    let session = open(&path, 2).unwrap();
    session.rotate_key(pair(3)).unwrap();
    session.close();
    assert_eq!(code(open(&path, 2)), ErrorCode::SignerMismatch);
    open(&path, 3).unwrap().record(event("last")).unwrap();
    assert_eq!(fault(&path, &[1]), None);
}

#[test]
fn whom_the_auditor_has_to_name() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    session.record(event("one")).unwrap();
    session.rotate_key(pair(2)).unwrap();
    session.record(event("two")).unwrap();
    session.close();
    assert_eq!(fault(&path, &[1]), None);
    assert_eq!(fault(&path, &[1, 2]), None);
    assert_eq!(fault(&path, &[2]), Some((FaultCode::UntrustedSigner, 1)));
    assert_eq!(fault(&path, &[3]), Some((FaultCode::UntrustedSigner, 1)));
    let head = session.head();
    let options = Options { signers: vec![pair(1).public()], expected_head: head, ..Options::default() };
    let mut verifier = Verifier::new(&options);
    verifier.push(&fs::read(&path).unwrap());
    let report = verifier.finish().unwrap();
    assert_eq!(report.verdict, Verdict::Verified);
    assert_eq!(report.signers.iter().map(|signer| signer.pinned).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_rotation_may_be_the_first_event() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    let line = json(&session.rotate_key(pair(2)).unwrap());
    assert_eq!(line["event"]["payload"]["first_hash"], "0".repeat(64));
    let line = json(&session.rotate_key(pair(3)).unwrap());
    assert_eq!(line["event"]["payload"]["first_hash"], line["parent_hash"]);
    session.close();
    assert_eq!(fault(&path, &[1]), None);
    assert_eq!(fault(&path, &[2]), Some((FaultCode::UntrustedSigner, 1)));
}

#[test]
fn the_order_of_the_calls_decides_who_signs() {
    let (_folder, path) = new_folder();
    let told = Arc::new(Told::default());
    let session = Session::open_with_sink(&extended(&path), &pair(1), Arc::<Told>::clone(&told)).unwrap();
    for number in 0..60 {
        match number % 6 {
            5 => {
                let next = pair(u8::try_from(number / 6 + 2).unwrap());
                session.submit_handover(number, Successor::Known(next.into())).unwrap();
            }
            _ => session.submit_quietly(number, event(&number.to_string())).unwrap(),
        }
    }
    session.close();
    let lines = told.0.lock().unwrap().iter().map(|(_, line)| line.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(lines.concat().as_bytes(), fs::read_to_string(&path).unwrap().replace('\n', "").as_bytes());
    for (number, signer) in signers(&path).iter().enumerate() {
        assert_eq!(*signer, pair(u8::try_from(number / 6 + 1).unwrap()).public().to_string(), "{number}");
    }
    assert_eq!(fault(&path, &[1]), None);
}

/// What a session was told, in order.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, Result<String, Error>)>>);

impl Sink for Told {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        let results = results.into_iter().map(|(number, lines)| (number, lines.map(|lines| lines.concat())));
        self.0.lock().unwrap().extend(results);
    }
    fn room(&self) {}
}

#[test]
fn a_rotation_that_cannot_be_leaves_the_key_in_force() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    session.record(event("before")).unwrap();
    let error = session.rotate_key(pair(1)).unwrap_err();
    assert_eq!((error.code, error.outcome), (ErrorCode::InvalidArgument, Some(Outcome::NotWritten)));
    // Others wrote to the file: nothing is appended, and nobody signs in vain.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [whole.as_slice(), b"x"].concat()).unwrap();
    assert_eq!(code(session.rotate_key(pair(2))), ErrorCode::LedgerChanged);
    fs::write(&path, &whole).unwrap();
    assert_eq!(session.public_key(), pair(1).public());
    session.record(event("after")).unwrap();
    session.close();
    assert_eq!(code(session.rotate_key(pair(2))), ErrorCode::SessionClosed);
    assert_eq!(signers(&path), [pair(1).public().to_string(), pair(1).public().to_string()]);
}

#[test]
fn a_core_session_has_no_ceremonies() {
    let (_folder, path) = new_folder();
    let session = Session::open(&SessionOptions::new(&path), pair(1)).unwrap();
    assert_eq!(code(session.rotate_key(pair(2))), ErrorCode::EventSet);
    assert_eq!(code(session.submit_heartbeat(1, "s", Duration::from_secs(1))), ErrorCode::EventSet);
    assert_eq!(code(session.end("s")), ErrorCode::EventSet);
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn what_the_library_writes_is_recorded_by_nobody_else() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    let beat = Event::parse(r#"{"type":"Heartbeat","payload":{"session_id":"s","interval_ms":1}}"#).unwrap();
    assert_eq!(code(session.record(beat.clone())), ErrorCode::EventReserved);
    assert_eq!(code(session.record_many(vec![event("a"), beat.clone()])), ErrorCode::EventReserved);
    assert_eq!(code(session.submit(1, beat.clone())), ErrorCode::EventReserved);
    assert_eq!(code(session.submit_quietly(2, beat)), ErrorCode::EventReserved);
    assert_eq!(session.head(), None);
}

/// The first event is in a segment that is sealed long ago.
#[test]
fn a_ledger_of_many_segments_is_handed_over() {
    let (folder, path) = new_folder();
    let rotation = Some(RotationLimits { max_events: Some(2), ..RotationLimits::default() });
    for key in 1..=3 {
        let session = Session::open(&SessionOptions { rotation, ..extended(&path) }, pair(key)).unwrap();
        (0..3).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
        session.rotate_key(pair(key + 1)).unwrap();
        session.close();
    }
    let mut segments: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    segments.sort_by_key(|path| {
        let first = json(fs::read_to_string(path).unwrap().lines().next().unwrap());
        first["seq"].as_u64().unwrap()
    });
    assert!(segments.len() > 3);
    let whole: Vec<u8> = segments.iter().flat_map(|path| fs::read(path).unwrap()).collect();
    let report = verify(&whole, &[pair(1).public()], SignatureMode::All);
    assert_eq!((report.code, report.event_count), (None, 12));
}

#[test]
fn the_end_of_a_session_says_what_it_recorded() {
    let (_folder, path) = new_folder();
    let session = open(&path, 1).unwrap();
    let other = open(&path, 1).unwrap();
    let idle = open(&path, 1).unwrap();
    session.record_many(vec![event("a"), event("b")]).unwrap();
    session.rotate_key(pair(2)).unwrap();
    other.record(event("c")).unwrap();
    let sealed = json(&session.end("call \"1\"\n").unwrap());
    assert_eq!(sealed["event"]["type"], "SessionSealed");
    let payload = &sealed["event"]["payload"];
    let lines: Vec<Value> = fs::read_to_string(&path).unwrap().lines().map(json).collect();
    assert_eq!(payload["session_id"], "call \"1\"\n");
    assert_eq!((payload["count"].as_u64(), payload["head_seq"].as_u64()), (Some(3), Some(2)));
    assert_eq!(payload["head_hash"], lines[2]["self_hash"]);
    assert_eq!(code(session.record(event("late"))), ErrorCode::SessionClosed);
    assert_eq!(code(session.end("again")), ErrorCode::SessionClosed);

    let sealed = json(&idle.end("idle").unwrap());
    let payload = &sealed["event"]["payload"];
    assert_eq!((payload["count"].as_u64(), payload["head_seq"].as_u64()), (Some(0), Some(0)));
    assert_eq!(payload["head_hash"], "");
    let sealed = json(&other.end("other").unwrap());
    assert_eq!(sealed["event"]["payload"]["count"], 1);
    // The last one to end has released the file.
    open(&path, 2).unwrap().close();
    assert_eq!(fault(&path, &[1]), None);
}

#[test]
fn what_is_in_flight_counts_when_a_session_ends() {
    let (_folder, path) = new_folder();
    let told = Arc::new(Told::default());
    let session = Session::open_with_sink(&extended(&path), &pair(1), Arc::<Told>::clone(&told)).unwrap();
    (0..20).for_each(|number| session.submit_quietly(number, event("x")).unwrap());
    session.submit_heartbeat(20, "s", Duration::from_millis(1500)).unwrap();
    session.submit_end(21, "s").unwrap();
    session.close();
    let lines: Vec<Value> = fs::read_to_string(&path).unwrap().lines().map(json).collect();
    assert_eq!(lines.len(), 22);
    assert_eq!(lines[20]["event"]["payload"], serde_json::json!({ "session_id": "s", "interval_ms": 1500 }));
    let payload = &lines[21]["event"]["payload"];
    assert_eq!((payload["count"].as_u64(), payload["head_seq"].as_u64()), (Some(21), Some(20)));
    assert_eq!(payload["head_hash"], lines[20]["self_hash"]);
}

/// Options with a head store, and whether the ledger was put back.
fn watched(path: &Path, store: &Arc<dyn HeadStore>, restore: Option<&str>) -> SessionOptions {
    let head_store = Some(HeadOption { store: Arc::clone(store), wait: true });
    SessionOptions { head_store, restore: restore.map(str::to_owned), ..extended(path) }
}

/// Five events that the store knows, and what the file was after the first three.
fn rolled_back(path: &Path, store: &Arc<dyn HeadStore>) -> Head {
    let session = Session::open(&watched(path, store, None), pair(1)).unwrap();
    (0..3).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
    let backup = fs::read(path).unwrap();
    (3..5).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
    session.close();
    fs::write(path, backup).unwrap();
    session.head().unwrap()
}

fn first_id(path: &Path) -> String {
    let first = json(fs::read_to_string(path).unwrap().lines().next().unwrap());
    ledger_id(&sealwright_core::hash::Hash::from_hex(first["self_hash"].as_str().unwrap()).unwrap())
}

#[test]
fn a_ledger_that_was_put_back_goes_on_behind_an_event_that_says_so() {
    let (folder, path) = new_folder();
    let stores: [Arc<dyn HeadStore>; 2] =
        [Arc::new(MemoryHeads::default()), Arc::new(FileHeads::new(folder.path().join("heads.json")))];
    for store in &stores {
        fs::remove_file(&path).ok();
        let open = |restore| Session::open(&watched(&path, store, restore), pair(1));
        let lost = rolled_back(&path, store);
        assert_eq!(code(open(None)), ErrorCode::RollbackDetected);
        let session = open(Some("disk \"7\" lost")).unwrap();
        let head = session.head().unwrap();
        assert_eq!(head.seq, 3);
        let restored = json(fs::read_to_string(&path).unwrap().lines().last().unwrap());
        let payload = serde_json::json!({ "known_seq": 4, "known_hash": lost.hash, "reason": "disk \"7\" lost" });
        assert_eq!((&restored["event"]["type"], &restored["event"]["payload"]), (&"LedgerRestored".into(), &payload));
        assert_eq!(store.read(&first_id(&path)).unwrap(), Some(head));
        session.record(event("after")).unwrap();
        // It is done: neither in this process nor later is there anything to restore.
        assert_eq!(code(open(Some("again"))), ErrorCode::NotRolledBack);
        session.close();
        assert_eq!(code(open(Some("again"))), ErrorCode::NotRolledBack);
        open(None).unwrap().close();
        assert_eq!(fault(&path, &[1]), None);
        assert_eq!(verify(&fs::read(&path).unwrap(), &[], SignatureMode::All).event_count, 5);
    }
}

#[test]
fn only_what_was_rolled_back_is_restored() {
    let (_folder, path) = new_folder();
    let store: Arc<dyn HeadStore> = Arc::new(MemoryHeads::default());
    let open = |restore| Session::open(&watched(&path, &store, restore), pair(1));
    // A new ledger, and one that is as it was left.
    assert_eq!(code(open(Some("r"))), ErrorCode::NotRolledBack);
    rolled_back(&path, &store);
    let backup = fs::read(&path).unwrap();
    let refused = |options: SessionOptions, number| code(Session::open(&options, pair(number)));
    assert_eq!(
        refused(SessionOptions { head_store: None, ..watched(&path, &store, Some("r")) }, 1),
        ErrorCode::InvalidArgument
    );
    assert_eq!(
        refused(SessionOptions { events: EventSet::Core, ..watched(&path, &store, Some("r")) }, 1),
        ErrorCode::EventSet
    );
    assert_eq!(refused(watched(&path, &store, Some("r")), 2), ErrorCode::SignerMismatch);
    // Another history, another ledger, none.
    let fork = Session::open(&extended(&path), pair(1)).unwrap();
    (0..4).for_each(|_| drop(fork.record(event("fork")).unwrap()));
    fork.close();
    assert_eq!(code(open(Some("r"))), ErrorCode::RollbackDetected);
    let mut other = backup.clone();
    other.truncate(0);
    fs::write(&path, other).unwrap();
    assert_eq!(code(open(Some("r"))), ErrorCode::RollbackDetected);
    fs::remove_file(&path).unwrap();
    assert_eq!(code(open(Some("r"))), ErrorCode::RollbackDetected);
    fs::write(&path, backup).unwrap();
    open(Some("r")).unwrap().close();
}

/// A head store that cannot be put back at first.
#[derive(Default)]
struct Stubborn(MemoryHeads, AtomicBool);

impl HeadStore for Stubborn {
    fn read(&self, id: &str) -> Result<Option<Head>, Error> {
        self.0.read(id)
    }
    fn advance(&self, heads: &[(String, Head)]) -> Result<(), Error> {
        self.0.advance(heads)
    }
    fn reset(&self, heads: &[(String, Head)]) -> Result<(), Error> {
        if self.1.swap(true, Ordering::SeqCst) {
            return self.0.reset(heads);
        }
        Err(Error::new(ErrorCode::HeadStore, "not now"))
    }
    fn identity(&self) -> String {
        self.0.identity()
    }
}

/// As a crash between the two steps of a restoration does it.
#[test]
fn a_restoration_that_was_not_completed_is_completed_and_not_repeated() {
    for cut in [3, 4] {
        let (_folder, path) = new_folder();
        let store: Arc<dyn HeadStore> = Arc::new(Stubborn::default());
        let open = |restore| Session::open(&watched(&path, &store, restore), pair(1));
        rolled_back(&path, &store);
        if cut == 4 {
            // The event takes the seq of the head that was lost.
            let session = Session::open(&extended(&path), pair(1)).unwrap();
            session.record(event("unknown to the store")).unwrap();
            session.close();
        }
        assert_eq!(code(open(Some("first"))), ErrorCode::HeadStore);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), cut + 1);
        assert_eq!(code(open(None)), ErrorCode::RollbackDetected);
        open(Some("second")).unwrap().close();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        open(None).unwrap().close();
    }
}
