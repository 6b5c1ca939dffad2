//! What the system may answer to a writer, one by one; and the power fails behind each call all the same.

use crate::disk::Step;
use crate::medium::{Fault, Medium};
use crate::recording::{event, key, pair};
use crate::{PAGE, SECTOR, assert_survives, ledger, limit, record, verified};
use sealwright_core::error::Outcome;
use sealwright_core::hash::Hash;
use sealwright_core::ledger::Session;
use sealwright_core::{ErrorCode, seal};
use std::io::ErrorKind;

/// EIO; what Rust calls an error without a kind of its own.
const EIO: ErrorKind = ErrorKind::Other;

/// A failed record: its code, and what is said of the event.
fn failure(medium: &Medium, session: &Session, reason: &str) -> (ErrorCode, Option<Outcome>) {
    let error = medium.record(session, &format!("{reason}{}", "x".repeat(5_000))).unwrap_err();
    (error.code, error.outcome)
}

/// Records events, one of them with faults, then others on the same or on a new session: crashes at each call.
fn survives(name: &str, faults: &[(&'static str, Fault)], expected: (ErrorCode, Outcome)) {
    let start = ledger(3, 300);
    let steps = record(&start, |medium| {
        let mut session = medium.open().unwrap();
        medium.record(&session, "before").unwrap();
        faults.iter().for_each(|(call, fault)| medium.fail(call, *fault));
        assert_eq!(failure(medium, &session, "failed"), (expected.0, Some(expected.1)), "{name}");
        if expected.0 == ErrorCode::SessionPoisoned {
            let notice = (ErrorCode::SessionPoisoned, Some(Outcome::NotWritten));
            assert_eq!(failure(medium, &session, "refused"), notice, "{name}: a poisoned session stays so");
            session.close();
            session = medium.open().unwrap();
        }
        medium.record(&session, "after").unwrap();
        medium.record(&session, &"x".repeat(5_000)).unwrap();
        session.close();
        verified(&medium.live()).unwrap();
    });
    assert_survives(name, &[PAGE, SECTOR], &start, &steps, limit() / 3);
}

const NOT_WRITTEN: (ErrorCode, Outcome) = (ErrorCode::LedgerIo, Outcome::NotWritten);
const POISONED: (ErrorCode, Outcome) = (ErrorCode::SessionPoisoned, Outcome::Unknown);

#[test]
fn a_full_disk_survives() {
    survives("ENOSPC", &[("write", Fault::Fail(ErrorKind::StorageFull))], NOT_WRITTEN);
    survives("ENOSPC in the middle", &[("write", Fault::ShortThenFail(4_500, ErrorKind::StorageFull))], NOT_WRITTEN);
}

#[test]
fn a_write_that_fails_survives() {
    survives("EIO on write", &[("write", Fault::ShortThenFail(100, EIO))], NOT_WRITTEN);
    survives("EIO on write, all of it written", &[("write", Fault::DoneButFail(EIO))], NOT_WRITTEN);
    let uncut = [("write", Fault::ShortThenFail(4_500, EIO)), ("set_len", Fault::Fail(EIO))];
    survives("EIO on write and on the cut", &uncut, POISONED);
    let unsynced = [("write", Fault::DoneButFail(EIO)), ("sync", Fault::Fail(EIO))];
    survives("EIO on write and on the sync of the cut", &unsynced, POISONED);
}

/// Linux keeps readable what a failed sync did not write, and forgets that it has to be written. Unless the next
/// opening writes the window again, what follows is acknowledged behind a hole.
#[test]
fn a_sync_that_fails_survives() {
    survives("EIO on sync", &[("sync", Fault::Fail(EIO))], POISONED);
    survives("EIO on sync, all of it durable", &[("sync", Fault::DoneButFail(EIO))], POISONED);
    // The standard library calls the system again after EINTR, so whoever still says it is not trusted.
    survives("EINTR on sync", &[("sync", Fault::Fail(ErrorKind::Interrupted))], POISONED);
}

/// The sync of the window fails again and again: nothing is appended until it has succeeded.
#[test]
fn a_window_that_cannot_be_synced_survives() {
    let steps = record(b"", |medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "before").unwrap();
        medium.fail("sync", Fault::Fail(EIO));
        assert_eq!(failure(medium, &session, "failed"), (ErrorCode::SessionPoisoned, Some(Outcome::Unknown)));
        for call in ["sync", "sync_folder", "sync"] {
            let session = medium.open().unwrap();
            medium.fail(call, Fault::Fail(EIO));
            let unwritten = (ErrorCode::SessionPoisoned, Some(Outcome::NotWritten));
            assert_eq!(failure(medium, &session, "refused"), unwritten, "{call}");
        }
        let session = medium.open().unwrap();
        assert_eq!(session.recovery().unacknowledged.map(|seqs| (seqs.from, seqs.to)), Some((1, 1)));
        medium.record(&session, "after").unwrap();
        session.close();
    });
    assert_survives("EIO on the window", &[PAGE, SECTOR], b"", &steps, limit() / 3);
}

#[test]
fn a_repair_that_fails_survives() {
    let whole = ledger(4, 300);
    let torn = [&whole[..], b"{\"seq\":4,"].concat();
    for call in ["quarantine", "set_len", "sync"] {
        let medium = Medium::new(&torn);
        medium.fail(call, Fault::Fail(EIO));
        assert_eq!(medium.open().err().map(|error| error.code), Some(ErrorCode::LedgerIo), "{call}");
        let session = medium.open().unwrap();
        medium.record(&session, "after").unwrap();
        session.close();
        let lines = std::str::from_utf8(&whole).unwrap().lines().map(|line| Step::Acknowledged(line.to_owned()));
        let steps: Vec<Step> = lines.chain(medium.steps()).collect();
        assert_survives(&format!("EIO on {call} of the repair"), &[PAGE, SECTOR], &torn, &steps, limit() / 3);
    }
}

#[test]
fn short_and_interrupted_writes_survive() {
    let start = ledger(3, 300);
    let steps = record(&start, |medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "before").unwrap();
        medium.fail("write", Fault::Short(1_000));
        medium.fail("write", Fault::Fail(ErrorKind::Interrupted));
        medium.fail("write", Fault::Short(1));
        medium.record(&session, &"x".repeat(5_000)).unwrap();
        session.close();
    });
    assert_survives("short writes", &[PAGE, SECTOR], &start, &steps, limit() / 3);
}

/// Neither the write nor its cut succeed once the file system is read-only; whoever mounts it again opens again.
#[test]
fn a_file_system_that_becomes_read_only_survives() {
    let denied = Fault::Fail(ErrorKind::ReadOnlyFilesystem);
    survives("EROFS", &[("write", denied), ("set_len", denied)], POISONED);
}

/// Times are no part of the chain: the next event is recorded, and the verifier warns.
#[test]
fn a_clock_that_goes_back_survives() {
    let far = seal::now() + 3_600_000_000_000;
    let first = seal::seal(&event("an hour ahead"), Hash::GENESIS, 0, far, &key()).unwrap() + "\n";
    let steps = record(first.as_bytes(), |medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "after").unwrap();
        session.close();
        let report = verified(&medium.live()).unwrap();
        let warnings: Vec<_> =
            report.warnings.iter().map(|warning| (format!("{:?}", warning.code), warning.count)).collect();
        assert_eq!((report.event_count, warnings), (2, vec![("TimeWentBack".to_owned(), 1)]));
    });
    assert_survives("a clock that went back", &[PAGE, SECTOR], first.as_bytes(), &steps, limit() / 3);
}

/// Who signs behind a rotation that failed is said by the ledger, and by nothing else.
#[test]
fn a_handover_that_fails_survives() {
    for (name, faults, poisons) in [
        ("ENOSPC", vec![("write", Fault::ShortThenFail(200, ErrorKind::StorageFull))], false),
        ("EIO on sync", vec![("sync", Fault::Fail(EIO))], true),
    ] {
        let start = ledger(3, 300);
        let steps = record(&start, |medium| {
            let mut session = medium.open().unwrap();
            medium.record(&session, "before").unwrap();
            faults.iter().for_each(|(call, fault)| medium.fail(call, *fault));
            session.rotate_key(pair(2)).unwrap_err();
            assert_eq!(session.public_key(), key().public(), "{name}");
            if poisons {
                session.close();
                session = medium.open().unwrap();
            }
            medium.record(&session, "after").unwrap();
            session.close();
            verified(&medium.live()).unwrap();
        });
        assert_survives(name, &[PAGE, SECTOR], &start, &steps, limit() / 3);
    }
}
