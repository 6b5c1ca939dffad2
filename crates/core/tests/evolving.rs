//! A key that changes with every segment: who steals today's cannot forge last month, and no crash loses the ledger.

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

use recording::{NoSink, event};
use sealwright_core::ErrorCode;
use sealwright_core::event::EventSet;
use sealwright_core::evolving::EvolvingKey;
use sealwright_core::key::{KeyPair, PublicKey};
use sealwright_core::keyfile;
use sealwright_core::ledger::{RotationLimits, Session, SessionOptions};
use sealwright_core::signer::Signatory;
use sealwright_core::verify::{Options, Report, Verifier};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

struct Ledger {
    folder: TempDir,
    options: SessionOptions,
}

impl Ledger {
    /// With three events in a segment, and the one that hands over.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rotation = Some(RotationLimits { max_events: Some(3), ..RotationLimits::default() });
        let options = SessionOptions {
            rotation,
            events: EventSet::Extended,
            ..SessionOptions::new(folder.path().join("ledger.ndjson"))
        };
        Self { folder, options }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self) -> sealwright_core::Result<Session> {
        let key = EvolvingKey::open(&self.path("key"), false)?;
        Session::open_signed_by(&self.options, &Signatory::Evolving(Arc::new(key)), Arc::new(NoSink))
    }

    fn record(&self, count: usize) {
        let session = self.open().unwrap();
        (0..count).for_each(|_| drop(session.record(event("")).unwrap()));
        assert_eq!(session.rotate_error(), None);
        session.close();
    }

    fn public_key(&self) -> PublicKey {
        keyfile::load(&self.path("key"), false).unwrap().public()
    }

    /// Of all that is there, by someone who knows the first key.
    fn verified(&self, first: PublicKey) -> Report {
        let names =
            fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".ndjson")).collect();
        names.sort_by_key(|name| name.split(['.', '-']).nth(1).unwrap().parse().unwrap_or(u64::MAX));
        let mut verifier = Verifier::new(&Options { signers: vec![first], ..Options::default() });
        names.iter().for_each(|name| verifier.push(&fs::read(self.path(name)).unwrap()));
        verifier.finish().unwrap()
    }
}

#[test]
fn each_segment_has_a_key_of_its_own_and_ends_by_handing_over() {
    let ledger = Ledger::new();
    ledger.record(0);
    let first = ledger.public_key();
    ledger.record(7);
    ledger.record(3);
    let report = ledger.verified(first);
    assert!(report.ok, "{report:?}");
    // Ten events, and three that hand over.
    assert_eq!(report.event_count, 13);
    let runs: Vec<_> = report.signers.iter().map(|signer| (signer.first, signer.last)).collect();
    assert_eq!(runs, [(0, 3), (4, 7), (8, 11), (12, 12)]);
    assert_eq!(report.signers.last().unwrap().public_key, ledger.public_key());
    let key = fs::metadata(ledger.path("key")).unwrap();
    assert_eq!((key.permissions().mode() & 0o777, key.len()), (0o600, 32));
    assert!(!ledger.path("key.next").exists());
    assert!(!ledger.verified(ledger.public_key()).ok, "only the first key opens the chain");
}

#[test]
fn the_key_before_is_overwritten() {
    let ledger = Ledger::new();
    ledger.record(3);
    let seed = fs::read(ledger.path("key")).unwrap();
    // A second name keeps the old file to look at.
    fs::hard_link(ledger.path("key"), ledger.path("old")).unwrap();
    ledger.record(1);
    assert_ne!(fs::read(ledger.path("key")).unwrap(), seed);
    assert_eq!(fs::read(ledger.path("old")).unwrap(), [0; 32]);
}

#[test]
fn what_a_crash_left_is_completed_or_undone() {
    let ledger = Ledger::new();
    ledger.record(3);
    let first = ledger.public_key();
    // Before the ledger was handed over: the next key was never used.
    keyfile::save(&KeyPair::generate().unwrap(), &ledger.path("key.next")).unwrap();
    ledger.open().unwrap().close();
    assert_eq!(ledger.public_key(), first);
    // Behind it: the file of the next key is put in its place.
    let old = fs::read(ledger.path("key")).unwrap();
    ledger.record(1);
    let second = ledger.public_key();
    fs::rename(ledger.path("key"), ledger.path("key.next")).unwrap();
    fs::write(ledger.path("key"), old).unwrap();
    fs::set_permissions(ledger.path("key"), fs::Permissions::from_mode(0o600)).unwrap();
    ledger.record(4);
    assert!(ledger.verified(first).ok);
    assert!(![first, second].contains(&ledger.public_key()));
}

#[test]
fn a_key_that_cannot_get_to_its_place_is_not_lost() {
    let ledger = Ledger::new();
    ledger.record(3);
    let first = ledger.public_key();
    let session = ledger.open().unwrap();
    // The file of the key becomes one that cannot be replaced.
    let hidden = ledger.path("hidden");
    fs::rename(ledger.path("key"), &hidden).unwrap();
    fs::create_dir(ledger.path("key")).unwrap();
    session.record(event("")).unwrap();
    assert!(session.rotate_error().unwrap().contains("next key"), "{:?}", session.rotate_error());
    let kept = fs::read(ledger.path("key.next")).unwrap();
    // Full again: no further key is made as long as this one has no place.
    (0..5).for_each(|_| drop(session.record(event("")).unwrap()));
    assert_eq!(fs::read(ledger.path("key.next")).unwrap(), kept);
    fs::remove_dir(ledger.path("key")).unwrap();
    fs::rename(hidden, ledger.path("key")).unwrap();
    session.record(event("")).unwrap();
    assert_eq!(session.rotate_error(), None);
    session.close();
    ledger.record(1);
    assert!(ledger.verified(first).ok);
}

#[test]
fn what_does_not_go_with_it_is_refused() {
    let refused = |change: fn(&mut Ledger)| {
        let mut ledger = Ledger::new();
        change(&mut ledger);
        ledger.open().err().unwrap().code
    };
    assert_eq!(refused(|ledger| ledger.options.events = EventSet::Core), ErrorCode::EventSet);
    assert_eq!(refused(|ledger| ledger.options.rotation = None), ErrorCode::InvalidArgument);
    let ledger = Ledger::new();
    let session = ledger.open().unwrap();
    let error = session.rotate_key(Arc::new(KeyPair::generate().unwrap())).unwrap_err();
    assert_eq!(error.code, ErrorCode::SessionOptions);
    // Another session takes the key as it is now; one with another file does not.
    (0..4).for_each(|_| drop(session.record(event("")).unwrap()));
    ledger.open().unwrap().record(event("")).unwrap();
    let other = EvolvingKey::open(&ledger.path("other"), false).unwrap();
    let opened = Session::open_signed_by(&ledger.options, &Signatory::Evolving(Arc::new(other)), Arc::new(NoSink));
    assert!(matches!(opened.err().unwrap().code, ErrorCode::SignerMismatch | ErrorCode::SessionOptions));
}
