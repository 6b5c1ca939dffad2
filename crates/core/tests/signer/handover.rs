//! A ledger is handed over to a signer, and by one: who signs is decided by what is in the file, and by nothing else.

use super::failure;
use super::recording::{NoSink, event, new_folder, pair};
use super::script::Script;
use sealwright_core::error::Outcome;
use sealwright_core::event::EventSet;
use sealwright_core::hash::Hash;
use sealwright_core::key::Signature;
use sealwright_core::ledger::{Session, SessionOptions};
use sealwright_core::signer::{Remembered, Signatory, Signer, Successor};
use sealwright_core::verify::{Options, Watch, verify_file};
use sealwright_core::{Error, ErrorCode, Result};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

fn signatory(signer: &Arc<Script>) -> Signatory {
    (Arc::<Script>::clone(signer) as Arc<dyn Signer>).into()
}

fn open(path: &Path, signatory: &Signatory) -> Result<Session> {
    let options = SessionOptions { events: EventSet::Extended, ..SessionOptions::new(path) };
    Session::open_signed_by(&options, signatory, Arc::new(NoSink))
}

fn hand_over(session: &Session, to: &Arc<Script>) -> Result<String> {
    session.hand_over(Successor::Known(signatory(to))).0
}

/// The seed of who signed each event, of a ledger that is whole to who named the first of them only.
fn signers(path: &Path) -> Vec<u8> {
    let options = Options { signers: vec![pair(1).public()], ..Options::default() };
    let report = verify_file(path, &options, &mut Watch::default()).unwrap();
    assert!(report.ok && report.tail.is_none() && report.warnings.is_empty(), "{report:?}");
    let seed = |line: &str| (1..9).find(|seed| line.ends_with(&format!("\"{}\"}}", pair(*seed).public()))).unwrap();
    fs::read_to_string(path).unwrap().lines().map(seed).collect()
}

const CLEAN: Option<Outcome> = Some(Outcome::NotWritten);

fn unknown(_: Vec<Signature>) -> Result<Vec<Signature>> {
    Err(Error { outcome: Some(Outcome::Unknown), ..Error::new(ErrorCode::SignerTimeout, "too late") })
}

#[test]
fn keys_and_signers_hand_over_to_each_other() {
    let (_folder, path) = new_folder();
    let [two, three] = [2, 3].map(|seed| Arc::new(Script::of(seed)));
    let session = open(&path, &pair(1).into()).unwrap();
    let other = open(&path, &pair(1).into()).unwrap();
    session.record(event("a")).unwrap();
    hand_over(&session, &two).unwrap();
    other.record(event("b")).unwrap();
    let found = Arc::clone(&three);
    let find = move || Ok(signatory(&found));
    other.hand_over(Successor::ToFind(Box::new(find))).0.unwrap();
    assert_eq!((session.public_key(), other.public_key()), (three.key.public(), three.key.public()));
    session.record_many(vec![event("c"), event("d")]).unwrap();
    session.rotate_key(pair(4)).unwrap();
    other.record(event("e")).unwrap();
    session.close();
    other.close();
    assert_eq!(signers(&path), [1, 1, 2, 2, 3, 3, 3, 4]);
    assert_eq!((two.asked(), three.asked()), (vec![2, 3], vec![4, 5, 6]));
    for (signer, old, seq) in [(&two, 1, 1), (&three, 2, 3)] {
        let endorsed = signer.endorsed.lock().unwrap();
        assert_eq!(endorsed.iter().map(|it| (it.old_key, it.seq)).collect::<Vec<_>>(), [(pair(old).public(), seq)]);
    }
    open(&path, &pair(4).into()).unwrap().close();
}

#[test]
fn a_ledger_may_begin_with_its_handover() {
    let (_folder, path) = new_folder();
    let two = Arc::new(Script::of(2));
    let session = open(&path, &pair(1).into()).unwrap();
    hand_over(&session, &two).unwrap();
    session.record(event("a")).unwrap();
    assert_eq!(two.endorsed.lock().unwrap()[0].first, Hash::GENESIS);
    assert_eq!(signers(&path), [1, 2]);
}

#[test]
fn who_does_not_endorse_it_does_not_get_it() {
    let (_folder, path) = new_folder();
    let two = Arc::new(Script::of(2));
    let session = open(&path, &pair(1).into()).unwrap();
    session.record(event("a")).unwrap();
    let before = fs::read(&path).unwrap();
    two.next(|_| Ok(vec![Signature::from_bytes([0; 64])]));
    two.next(|_| Ok(vec![pair(2).sign(&Hash::of(b"other"))]));
    two.next(|_| Err(Error::new(ErrorCode::SignerRefused, "no")));
    two.next(unknown);
    two.next(|_| panic!("a signer that panics"));
    for code in [
        ErrorCode::SignatureInvalid,
        ErrorCode::SignatureInvalid,
        ErrorCode::SignerRefused,
        ErrorCode::SignerTimeout,
        ErrorCode::SignerFailed,
    ] {
        assert_eq!(failure(hand_over(&session, &two)), (code, CLEAN));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    let lost = || Err(Error::new(ErrorCode::SignerFailed, "nobody there"));
    let not_found = session.hand_over(Successor::ToFind(Box::new(lost))).0;
    assert_eq!(failure(not_found), (ErrorCode::SignerFailed, CLEAN));
    let same = hand_over(&session, &Arc::new(Script::of(1)));
    assert_eq!(failure(same), (ErrorCode::InvalidArgument, CLEAN));
    session.record(event("b")).unwrap();
    assert_eq!(session.public_key(), pair(1).public());
    hand_over(&session, &two).unwrap();
    session.record(event("c")).unwrap();
    assert_eq!(signers(&path), [1, 1, 1, 2]);
}

#[test]
fn who_joins_brings_a_signer_of_the_key_in_force() {
    let (_folder, path) = new_folder();
    let [first, second] = [Script::of(2), Script::of(2)].map(Arc::new);
    let session = open(&path, &pair(1).into()).unwrap();
    let old = open(&path, &pair(1).into()).unwrap();
    hand_over(&session, &first).unwrap();
    assert_eq!(failure(open(&path, &pair(1).into())).0, ErrorCode::SignerMismatch);
    assert_eq!(failure(open(&path, &signatory(&Arc::new(Script::of(3))))).0, ErrorCode::SignerMismatch);
    let joined = open(&path, &signatory(&second)).unwrap();
    old.record(event("a")).unwrap();
    session.close();
    old.record(event("b")).unwrap();
    assert_eq!((first.asked(), second.asked()), (vec![1], vec![2]));
    joined.close();
    old.record(event("c")).unwrap();
    assert_eq!(second.asked(), [3], "nobody else is left");
    old.close();
    assert_eq!(signers(&path), [1, 2, 2, 2]);
}

#[test]
fn what_the_signer_in_force_owes_comes_before_the_handover() {
    let (_folder, path) = new_folder();
    let (one, two) = (Arc::new(Script::remembering()), Arc::new(Script::of(2)));
    let session = open(&path, &signatory(&one)).unwrap();
    session.record(event("a")).unwrap();
    one.next(unknown);
    assert_eq!(failure(session.record(event("b"))), (ErrorCode::SignerTimeout, Some(Outcome::Unknown)));
    hand_over(&session, &two).unwrap();
    assert_eq!(two.endorsed.lock().unwrap()[0].seq, 2);
    session.record(event("c")).unwrap();
    assert_eq!(signers(&path), [1, 1, 1, 2]);
    // Also where nothing but that happens: who asks for the head is told of it.
    session.rotate_key(pair(3)).unwrap();
    assert_eq!(session.head().map(|head| head.seq), Some(4));
}

#[test]
fn a_handover_that_was_signed_and_not_written_is_completed() {
    let (_folder, path) = new_folder();
    let (one, two) = (Arc::new(Script::remembering()), Arc::new(Script::of(2)));
    let session = open(&path, &signatory(&one)).unwrap();
    session.record(event("a")).unwrap();
    one.next(unknown);
    assert_eq!(failure(hand_over(&session, &two)), (ErrorCode::SignerTimeout, Some(Outcome::Unknown)));
    assert_eq!(session.public_key(), pair(1).public());
    // A ceremony that fails behind it does not hide what came first.
    assert_eq!(failure(hand_over(&session, &two)), (ErrorCode::InvalidArgument, CLEAN));
    assert_eq!((session.public_key(), session.head().unwrap().seq), (two.key.public(), 1));
    session.record(event("b")).unwrap();
    session.close();
    assert_eq!(signers(&path), [1, 1, 2]);
}

#[test]
fn a_handover_that_was_not_even_signed_is_forgotten() {
    let (_folder, path) = new_folder();
    let (one, two) = (Arc::new(Script::remembering()), Arc::new(Script { needs_its_thread: true, ..Script::of(2) }));
    let session = open(&path, &signatory(&one)).unwrap();
    session.record(event("a")).unwrap();
    one.next(unknown);
    session.submit_handover(1, Successor::Known(signatory(&two))).unwrap();
    // Until it is known nobody of that signer's thread may wait.
    let memory = one.memory.as_ref().unwrap();
    let is_handover = |event: &Remembered| String::from_utf8_lossy(&event.canonical).contains("KeyRotated");
    while !memory.lock().unwrap().iter().any(is_handover) {
        std::thread::yield_now();
    }
    assert_eq!(failure(session.record(event("x"))), (ErrorCode::SessionOptions, CLEAN));
    memory.lock().unwrap().clear();
    session.submit(2, event("b")).unwrap();
    while session.head().unwrap().seq < 1 {
        std::thread::yield_now();
    }
    session.record(event("c")).unwrap();
    session.close();
    assert_eq!(signers(&path), [1, 1, 1]);
}

#[test]
fn a_handover_that_a_crash_left_to_its_signer_is_written_and_opens_with_the_successor() {
    let (_folder, path) = new_folder();
    let (one, two) = (Arc::new(Script::remembering()), Arc::new(Script::of(2)));
    let session = open(&path, &signatory(&one)).unwrap();
    session.record(event("a")).unwrap();
    let before = fs::read(&path).unwrap();
    hand_over(&session, &two).unwrap();
    session.close();
    fs::write(&path, &before).unwrap();
    assert_eq!(failure(open(&path, &signatory(&two))).0, ErrorCode::SignerMismatch);
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(failure(open(&path, &signatory(&one))).0, ErrorCode::SignerMismatch);
    open(&path, &signatory(&two)).unwrap().record(event("b")).unwrap();
    assert_eq!(signers(&path), [1, 1, 2]);
}

#[test]
fn nobody_waits_for_a_signer_of_its_own_thread_from_the_call_on() {
    let (_folder, path) = new_folder();
    let two = Arc::new(Script { needs_its_thread: true, ..Script::of(2) });
    let session = open(&path, &pair(1).into()).unwrap();
    let refused = (ErrorCode::SessionOptions, CLEAN);
    assert_eq!(failure(hand_over(&session, &two)), refused);
    let (allow, gate) = mpsc::channel();
    let gate = Arc::new(Mutex::new(gate));
    let settled = || {
        while session.must_not_wait() {
            std::thread::yield_now();
        }
    };
    for (number, allowed) in [(1, false), (2, true)] {
        let gate = Arc::clone(&gate);
        let answer = move |proof| match gate.lock().unwrap().recv() {
            Ok(true) => Ok(proof),
            _ => Err(Error::new(ErrorCode::SignerRefused, "no")),
        };
        two.next(answer);
        session.submit_handover(number, Successor::Known(signatory(&two))).unwrap();
        assert_eq!(failure(session.record(event("x"))), refused);
        assert!(session.must_not_wait());
        allow.send(allowed).unwrap();
        settled();
        // A failed one leaves the key in force, which needs no thread.
        let expected = if allowed { Err(refused) } else { Ok(()) };
        assert_eq!(session.record(event("a")).map(drop).map_err(|error| (error.code, error.outcome)), expected);
    }
    session.submit_handover(3, Successor::Known(pair(3).into())).unwrap();
    settled();
    session.record(event("b")).unwrap();
    session.close();
    assert_eq!(signers(&path), [1, 1, 2, 3]);
}
