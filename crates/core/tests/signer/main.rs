//! Signers outside of the process: nothing is written without signatures that hold, a failure leaves the chain where it
//! was, and what a signer with a memory has signed is never signed, or lost, a second time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod handover;
#[path = "../recording/mod.rs"]
mod recording;
mod script;

use recording::{NoSink, event, key, new_folder, pair};
use script::{Answer, Script};
use sealwright_core::chain::Head;
use sealwright_core::chain::SeqRange;
use sealwright_core::error::Outcome;
use sealwright_core::event::{Event, EventSet};
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey, Signature};
use sealwright_core::ledger::{Recovery, Session, SessionOptions};
use sealwright_core::signer::{Place, Remembered, Request, Signatory, Signer};
use sealwright_core::verify::{Options, Verdict, Watch, verify_file};
use sealwright_core::{Error, ErrorCode, Result};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn try_open(path: &Path, signer: &Arc<Script>) -> Result<Session> {
    let signer: Arc<dyn Signer> = Arc::<Script>::clone(signer);
    Session::open_signed_by(&SessionOptions::new(path), &Signatory::from(signer), Arc::new(NoSink))
}

fn open(path: &Path, signer: &Arc<Script>) -> Session {
    try_open(path, signer).unwrap()
}

/// The reasons of a ledger that verifies to its end.
fn reasons(path: &Path) -> Vec<String> {
    let signers = vec![key().public()];
    let report = verify_file(path, &Options { signers, ..Options::default() }, &mut Watch::default()).unwrap();
    assert!(matches!(report.verdict, Verdict::Intact | Verdict::Empty) && report.tail.is_none(), "{report:?}");
    let text = fs::read_to_string(path).unwrap();
    let reason = |line: &str| line.split("\"reason\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    text.lines().map(reason).collect()
}

fn failure<T>(result: Result<T>) -> (ErrorCode, Option<Outcome>) {
    let error = result.err().unwrap();
    (error.code, error.outcome)
}

const CLEAN: Option<Outcome> = Some(Outcome::NotWritten);

#[test]
fn a_group_is_signed_by_one_call_and_the_ledger_is_that_of_the_key() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::new());
    let session = open(&path, &signer);
    assert_eq!(session.public_key(), key().public());
    session.record(event("a")).unwrap();
    session.record_many(vec![event("b"), event("c")]).unwrap();
    session.record_many(Vec::new()).unwrap();
    session.close();
    assert_eq!(signer.asked(), [0, 1, 2]);
    Session::open(&SessionOptions::new(&path), key()).unwrap().record(event("d")).unwrap();
    open(&path, &signer).record(event("e")).unwrap();
    assert_eq!(signer.asked(), [4]);
    assert_eq!(reasons(&path), ["a", "b", "c", "d", "e"]);
}

#[test]
fn nothing_is_written_without_signatures_that_hold_and_the_next_record_has_the_same_place() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::new());
    let session = open(&path, &signer);
    session.record(event("a")).unwrap();
    let answers: [(ErrorCode, Answer); 7] = [
        (ErrorCode::SignatureInvalid, Box::new(|signatures| Ok(signatures[..1].to_vec()))),
        (ErrorCode::SignatureInvalid, Box::new(|signatures| Ok([signatures.clone(), signatures].concat()))),
        (
            ErrorCode::SignatureInvalid,
            Box::new(|mut signatures| {
                signatures.reverse();
                Ok(signatures)
            }),
        ),
        (
            ErrorCode::SignatureInvalid,
            Box::new(|mut signatures| {
                signatures[1] = pair(2).sign(&Hash::of(b"other"));
                Ok(signatures)
            }),
        ),
        // R + 0, S + L: holds for a verifier that does not reduce.
        (
            ErrorCode::SignatureInvalid,
            Box::new(|mut signatures| {
                signatures[0] = plus_order(&signatures[0]);
                Ok(signatures)
            }),
        ),
        (ErrorCode::SignerFailed, Box::new(|_| Err(Error::new(ErrorCode::SignerFailed, "no")))),
        (ErrorCode::SignerFailed, Box::new(|_| panic!("a signer that panics"))),
    ];
    let before = fs::read(&path).unwrap();
    assert_eq!(signer.asked(), [0]);
    for (code, answer) in answers {
        signer.next(answer);
        let result = session.record_many(vec![event("lost"), event("lost, too")]);
        assert_eq!(failure(result), (code, CLEAN));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(signer.asked(), [1, 2]);
    }
    assert_eq!(session.head().map(|head| head.seq), Some(0));
    session.record(event("b")).unwrap();
    session.close();
    assert_eq!(reasons(&path), ["a", "b"]);
}

/// S + L, little-endian.
fn plus_order(signature: &Signature) -> Signature {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut bytes = *signature.as_bytes();
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    Signature::from_bytes(bytes)
}

#[test]
fn a_key_that_no_signature_can_hold_under_opens_nothing() {
    struct Weak;
    impl Signer for Weak {
        fn public_key(&self) -> PublicKey {
            PublicKey::from_bytes([0; 32])
        }
        fn sign(&self, _place: &Place<'_>, _requests: &[Request]) -> Result<Vec<Signature>> {
            panic!("asked")
        }
        fn endorse(&self, _place: &Place<'_>, _handover: &Request) -> Result<Signature> {
            panic!("asked")
        }
    }
    let (_folder, path) = new_folder();
    let signer: Arc<dyn Signer> = Arc::new(Weak);
    let opened = Session::open_signed_by(&SessionOptions::new(&path), &signer.into(), Arc::new(NoSink));
    assert_eq!(failure(opened).0, ErrorCode::PublicKey);
}

#[test]
fn the_session_that_is_open_longest_signs_for_all() {
    let (_folder, path) = new_folder();
    let signers = [Arc::new(Script::new()), Arc::new(Script::new()), Arc::new(Script::new())];
    let sessions = signers.each_ref().map(|signer| open(&path, signer));
    let own = Session::open(&SessionOptions::new(&path), key()).unwrap();
    let other = Arc::new(Script { key: KeyPair::from_seed(&[2; 32]), ..Script::new() });
    assert_eq!(failure(try_open(&path, &other)).0, ErrorCode::SignerMismatch);
    let signed_by = |session: &Session| {
        session.record(event("x")).unwrap();
        signers.each_ref().map(|signer| signer.asked().len())
    };
    assert_eq!(signed_by(&sessions[2]), [1, 0, 0]);
    sessions[0].close();
    assert_eq!(signed_by(&sessions[2]), [0, 1, 0]);
    *signers[1].gone.lock().unwrap() = true;
    assert_eq!(signed_by(&sessions[1]), [0, 0, 1]);
    sessions[2].close();
    assert_eq!(signed_by(&own), [0, 0, 0], "a key of this process takes its turn");
    own.close();
    assert_eq!(signed_by(&sessions[1]), [0, 1, 0], "nobody else is left");
    sessions[1].close();
    assert_eq!(reasons(&path).len(), 5);
}

#[test]
fn the_last_session_to_close_has_what_is_queued_signed() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::new());
    let session = open(&path, &signer);
    for number in 0..100 {
        session.submit(number, event("x")).unwrap();
    }
    session.close();
    assert_eq!(reasons(&path).len(), 100);
}

#[test]
fn a_caller_that_would_wait_for_a_signer_of_its_own_thread_is_refused() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script { needs_its_thread: true, ..Script::new() });
    let session = open(&path, &signer);
    assert_eq!(failure(session.record(event("x"))), (ErrorCode::SessionOptions, CLEAN));
    assert!(!session.must_not_wait());
    session.submit(1, event("x")).unwrap();
    session.close();
    assert_eq!(reasons(&path), ["x"]);
}

#[test]
fn what_was_signed_and_not_written_comes_first_after_opening() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::remembering());
    let session = open(&path, &signer);
    session.record(event("a")).unwrap();
    session.record_many(vec![event("b"), event("c"), event("d")]).unwrap();
    session.close();
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    // The power failed: of the last group any prefix may be there, and a part of a line.
    for (kept, tail) in [(1, 0), (1, 30), (2, 0), (3, 200), (4, 0)] {
        let mut text: String = lines[..kept].iter().map(|line| format!("{line}\n")).collect();
        text.push_str(lines.get(kept).map_or("", |line| &line[..tail]));
        fs::write(&path, text).unwrap();
        let session = open(&path, &signer);
        let restored = (kept < 4).then_some(SeqRange { from: kept as u64, to: 3 });
        assert_eq!(session.recovery().unacknowledged, restored, "{kept}");
        assert_eq!(session.recovery().tail.is_some(), tail > 0);
        assert_eq!(session.head().map(|head| head.seq), Some(3));
        session.close();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    }
    let session = open(&path, &signer);
    assert_eq!(*session.recovery(), Recovery::default());
    session.record(event("e")).unwrap();
    session.close();
    assert_eq!(reasons(&path), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_group_whose_signing_has_an_unknown_end_comes_before_the_next() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::remembering());
    let session = open(&path, &signer);
    session.record(event("a")).unwrap();
    let lost = |_| Err(Error { outcome: Some(Outcome::Unknown), ..Error::new(ErrorCode::SignerTimeout, "too late") });
    signer.next(lost);
    assert_eq!(failure(session.record(event("b"))), (ErrorCode::SignerTimeout, Some(Outcome::Unknown)));
    assert_eq!(session.head().map(|head| head.seq), Some(0));
    signer.next(|_| Err(Error::new(ErrorCode::SignerRefused, "no")));
    assert_eq!(failure(session.record(event("c"))), (ErrorCode::SignerRefused, CLEAN));
    assert_eq!(session.head().map(|head| head.seq), Some(1), "who asks for the head is told of what came first");
    // The refused group is what this simple signer remembers; a real one keeps nothing of it.
    signer.memory.as_ref().unwrap().lock().unwrap().clear();
    session.record(event("d")).unwrap();
    session.close();
    assert_eq!(reasons(&path), ["a", "b", "d"]);
}

#[test]
fn what_a_signer_gives_back_is_checked_like_what_it_signs() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::remembering());
    let session = open(&path, &signer);
    session.record_many(vec![event("a"), event("b")]).unwrap();
    session.close();
    let whole = fs::read_to_string(&path).unwrap();
    let good = signer.memory.as_ref().unwrap().lock().unwrap().clone();
    let forged = Remembered { signature: good[0].signature, ..good[1].clone() };
    let changed = Remembered { canonical: [&good[1].canonical[..], b" "].concat(), ..good[1].clone() };
    let first_line = whole.split_inclusive('\n').next().unwrap();
    for (given, code) in [
        (vec![forged], ErrorCode::SignatureInvalid),
        (vec![changed], ErrorCode::SignerFailed),
        (vec![good[1].clone(), good[1].clone()], ErrorCode::SignerFailed),
    ] {
        fs::write(&path, first_line).unwrap();
        *signer.memory.as_ref().unwrap().lock().unwrap() = given;
        assert_eq!(failure(try_open(&path, &signer)).0, code);
        assert_eq!(fs::read_to_string(&path).unwrap(), first_line);
    }
}

#[test]
fn extended_kinds_that_a_signer_gives_back_need_an_extended_session() {
    let (_folder, path) = new_folder();
    let signer = Arc::new(Script::remembering());
    let extended = SessionOptions { events: EventSet::Extended, ..SessionOptions::new(&path) };
    let signatory = Signatory::from(Arc::<Script>::clone(&signer) as Arc<dyn Signer>);
    let custom = Event::parse(r#"{"type":"Custom","payload":{"name":"a.b","data":{"z":1,"a":2}}}"#).unwrap();
    let session = Session::open_signed_by(&extended, &signatory, Arc::new(NoSink)).unwrap();
    session.record(custom).unwrap();
    session.close();
    fs::write(&path, "").unwrap();
    assert_eq!(failure(try_open(&path, &signer)).0, ErrorCode::EventSet);
    let session = Session::open_signed_by(&extended, &signatory, Arc::new(NoSink)).unwrap();
    assert_eq!(session.head().map(|Head { seq, .. }| seq), Some(0));
    assert_eq!(failure(try_open(&path, &signer)).0, ErrorCode::EventSet, "the writer knows what it holds");
    session.close();
    // The keys of `data` are in canonical order now; the hash, and so the signature, is the same.
    assert!(fs::read_to_string(&path).unwrap().contains(r#"{"a":2,"z":1}"#));
    assert!(verify_file(&path, &Options::default(), &mut Watch::default()).unwrap().ok);
}
