//! A verification goes on where an earlier one ended: it finds what one of everything finds, and goes on behind nothing
//! that has changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test fails by panicking")]
#![allow(clippy::indexing_slicing, clippy::string_slice, reason = "a test fails by panicking")]

use sealwright_core::chain::Head;
use sealwright_core::event::{Event, EventSet};
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::ledger::{Session, SessionOptions};
use sealwright_core::verify::{
    Options, Report, SavedState, SignatureMode, Spelling, Verdict, Watch, verify_file, verify_file_from,
};
use sealwright_core::{ErrorCode, FaultCode, Result, seal};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn key(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32])
}

/// A ledger with much that a report counts: signers that change, blank lines, other spellings, a clock that goes back, a
/// last line without its LF.
fn pieces() -> Vec<String> {
    let mut parent = Hash::GENESIS;
    let mut pieces = Vec::new();
    for seq in 0..24_u64 {
        let text = match seq {
            5 => r#"{"type":"Custom","payload":{"name":"com.example","data":[1.0]}}"#.to_owned(),
            _ => format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{seq}","summary_sha256":""}}}}"#),
        };
        let event = Event::parse(&text).unwrap();
        let time = if seq % 6 == 4 { 1 } else { 1_700_000_000_000_000_000 + seq };
        let signer = key(u8::try_from(seq / 5 % 2).unwrap());
        let line = seal::seal(&event, parent, seq, time, &signer).unwrap();
        parent = seal::self_hash(&event, &parent, seq, time).unwrap();
        pieces.push(if seq % 4 == 1 { line.replacen(':', ": ", 1) } else { line });
        pieces.push("\n".to_owned());
        if seq % 9 == 2 {
            pieces.push(" \n\n".to_owned());
        }
    }
    pieces.truncate(pieces.len() - 1);
    pieces
}

struct Place {
    _folder: tempfile::TempDir,
    ledger: PathBuf,
    state: PathBuf,
}

fn place(ledger: &[u8]) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let (path, state) = (folder.path().join("ledger.ndjson"), folder.path().join("new/state.json"));
    fs::write(&path, ledger).unwrap();
    Place { _folder: folder, ledger: path, state }
}

impl Place {
    fn verify_as(&self, options: &Options, key: &KeyPair, full: bool) -> Result<Report> {
        let saved = SavedState { path: &self.state, key, full };
        verify_file_from(&self.ledger, options, &saved, &mut Watch::default())
    }

    fn verify(&self, options: &Options) -> Result<Report> {
        self.verify_as(options, &key(9), false)
    }

    fn refusal(&self, options: &Options) -> ErrorCode {
        let before = fs::read(&self.state).unwrap();
        let code = self.verify(options).unwrap_err().code;
        assert_eq!(fs::read(&self.state).unwrap(), before, "a refusal changes no state");
        code
    }
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// What a resumed report has in common with one of everything.
fn common(report: Report) -> Report {
    let verdict = if report.verdict == Verdict::Verified { Verdict::Intact } else { report.verdict };
    Report { verdict, resumed: None, sha256: None, ..report }
}

#[test]
fn keys_that_were_handed_over_are_known_to_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.ndjson");
    let options = SessionOptions { events: EventSet::Extended, ..SessionOptions::new(&path) };
    let session = Session::open(&options, Arc::new(key(0))).unwrap();
    let event = || Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"","summary_sha256":""}}"#).unwrap();
    for number in 1..4 {
        session.record(event()).unwrap();
        session.rotate_key(Arc::new(key(number))).unwrap();
    }
    session.record(event()).unwrap();
    session.close();
    let text = fs::read_to_string(&path).unwrap();
    let options = Options { signers: vec![key(0).public()], ..Options::default() };
    let whole = verify_file(&path, &options, &mut Watch::default()).unwrap();
    assert!(whole.ok && whole.event_count == 7, "{whole:?}");
    for cut in text.match_indices('\n').map(|(end, _)| end + 1) {
        let place = place(&text.as_bytes()[..cut]);
        assert!(place.verify(&options).unwrap().ok);
        append(&place.ledger, &text.as_bytes()[cut..]);
        let resumed = place.verify(&options).unwrap();
        assert!(resumed.resumed.is_some());
        assert_eq!(common(resumed), common(whole.clone()), "behind {cut} bytes");
    }
    // A key that has handed over signs nothing more.
    let place = place(text.as_bytes());
    assert!(place.verify(&options).unwrap().ok);
    let head = whole.head.unwrap();
    let late = seal::seal(&event(), head.hash, head.seq + 1, 1, &key(0)).unwrap();
    append(&place.ledger, format!("{late}\n").as_bytes());
    assert_eq!(place.verify(&options).unwrap().code, Some(FaultCode::UntrustedSigner));
}

#[test]
fn sessions_without_an_end_are_known_to_the_next_run() {
    let text = fs::read_to_string("../../vectors/chains/open_sessions.ndjson").unwrap();
    let options = Options::default();
    let whole = verify_file(&place(text.as_bytes()).ledger, &options, &mut Watch::default()).unwrap();
    assert_eq!(whole.open_sessions.as_ref().map(|open| (open.count, open.unfollowed)), Some((4, 1)));
    for cut in text.match_indices('\n').map(|(end, _)| end + 1) {
        let place = place(&text.as_bytes()[..cut]);
        assert!(place.verify(&options).unwrap().ok);
        append(&place.ledger, &text.as_bytes()[cut..]);
        assert_eq!(common(place.verify(&options).unwrap()), common(whole.clone()), "behind {cut} bytes");
    }
}

#[test]
fn what_is_found_is_what_a_verification_of_everything_finds() {
    let text: String = pieces().concat();
    let bytes = text.as_bytes();
    let line_ends = text.match_indices('\n').map(|(end, _)| end + 1);
    let cuts: Vec<usize> = line_ends.flat_map(|end| [end - 1, end, (end + 100).min(bytes.len())]).collect();
    let head = {
        let place = place(bytes);
        verify_file(&place.ledger, &Options::default(), &mut Watch::default()).unwrap().head.unwrap()
    };
    assert_eq!(head.seq, 23);
    for signatures in [SignatureMode::All, SignatureMode::Last] {
        let signers = vec![key(1).public(), key(0).public()];
        let options = Options { signatures, signers, ..Options::default() };
        for cut in &cuts {
            let place = place(&bytes[..*cut]);
            let first = place.verify(&options).unwrap();
            assert_eq!(first, verify_file(&place.ledger, &options, &mut Watch::default()).unwrap());
            append(&place.ledger, &bytes[*cut..]);
            let options = Options { expected_head: Some(head), expected_first: first.first_hash, ..options.clone() };
            let whole = verify_file(&place.ledger, &options, &mut Watch::default()).unwrap();
            let resumed = place.verify(&options).unwrap();
            let from = resumed.resumed.map(|resumed| (resumed.offset, resumed.head.seq + 1));
            if let Some((offset, count)) = from {
                assert!(usize::try_from(offset).unwrap() <= *cut && count <= first.event_count);
                assert!(resumed.verdict == Verdict::Intact && resumed.sha256.is_none());
                if signatures == SignatureMode::All && text[..*cut].ends_with('\n') {
                    assert_eq!((usize::try_from(offset).unwrap(), count), (*cut, first.event_count));
                }
            } else {
                // Of two, the second without its LF, the first is the last of a run that may go on.
                assert!(first.event_count <= 2, "nothing was used of {} events", first.event_count);
            }
            assert_eq!(common(resumed), common(whole.clone()), "{signatures:?}, cut at {cut}");
            // Nothing new: nothing is written.
            let saved = fs::metadata(&place.state).unwrap().modified().unwrap();
            assert_eq!(common(place.verify(&options).unwrap()), common(whole));
            assert_eq!(fs::metadata(&place.state).unwrap().modified().unwrap(), saved);
        }
    }
}

#[test]
fn a_fault_behind_what_was_verified_is_found_at_its_place_and_changes_no_state() {
    let text: String = pieces().concat();
    let cut = text.match_indices('\n').nth(12).unwrap().0 + 1;
    for signatures in [SignatureMode::All, SignatureMode::Last] {
        let options = Options { signatures, ..Options::default() };
        let place = place(&text.as_bytes()[..cut]);
        place.verify(&options).unwrap();
        let saved = fs::read(&place.state).unwrap();
        let (before, rest) = text.split_at(cut);
        append(&place.ledger, rest.replacen(r#""reason":"15""#, r#""reason":"xx""#, 1).as_bytes());
        let whole = verify_file(&place.ledger, &options, &mut Watch::default()).unwrap();
        let resumed = place.verify(&options).unwrap();
        assert_eq!((resumed.verdict, resumed.broken_at), (Verdict::Broken, Some(15)));
        assert!(resumed.resumed.is_some());
        assert_eq!(common(resumed), common(whole));
        fs::write(&place.ledger, before).unwrap();
        append(&place.ledger, b"garbage\n");
        assert_eq!(place.verify(&options).unwrap_err().code, ErrorCode::LedgerMalformed);
        assert_eq!(fs::read(&place.state).unwrap(), saved);
    }
}

#[test]
fn what_changed_in_the_verified_part_is_refused() {
    let text: String = pieces().concat() + "\n";
    let bytes = text.as_bytes();
    let options = Options::default();
    let edited = |at: usize| {
        let mut edited = bytes.to_vec();
        edited[at] ^= 1;
        edited
    };
    let last_line = text[..text.len() - 1].rfind('\n').unwrap() + 1;
    let cut = bytes[..last_line].to_vec();
    let other_end = [&cut, text[..last_line].rsplit_once('\n').unwrap().0.as_bytes(), b"\n"].concat();
    for changed in [edited(0), edited(bytes.len() - 1), edited(last_line + 9), cut, Vec::new(), other_end] {
        let place = place(bytes);
        place.verify(&options).unwrap();
        fs::write(&place.ledger, &changed).unwrap();
        assert_eq!(place.refusal(&options), ErrorCode::StateMismatch);
        // Everything is verified when it is asked for, and only what is without a fault is kept.
        let before = fs::read(&place.state).unwrap();
        let full = place.verify_as(&options, &key(9), true);
        let whole = verify_file(&place.ledger, &options, &mut Watch::default());
        assert_eq!(full.clone().map_err(|error| error.code), whole.map_err(|error| error.code));
        let is_kept = full.is_ok_and(|report| report.ok);
        assert_eq!(fs::read(&place.state).unwrap() != before, is_kept);
        if is_kept {
            place.verify(&options).unwrap();
        }
    }
    // The same bytes in another file.
    let place = place(bytes);
    place.verify(&options).unwrap();
    fs::rename(&place.ledger, place.ledger.with_extension("old")).unwrap();
    fs::write(&place.ledger, bytes).unwrap();
    if cfg!(unix) {
        assert_eq!(place.refusal(&options), ErrorCode::StateMismatch);
    }
}

/// As `docs/format.md` says: what stands between the ends of the verified part is not read again.
#[test]
fn an_edit_in_place_far_from_both_ends_is_found_by_a_full_verification_only() {
    let event =
        format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{}","summary_sha256":""}}}}"#, "x".repeat(70_000));
    let event = Event::parse(&event).unwrap();
    let (mut parent, mut text) = (Hash::GENESIS, String::new());
    for seq in 0..3 {
        text += &format!("{}\n", seal::seal(&event, parent, seq, 1, &key(1)).unwrap());
        parent = seal::self_hash(&event, &parent, seq, 1).unwrap();
    }
    let place = place(text.as_bytes());
    let options = Options::default();
    place.verify(&options).unwrap();
    let mut edited = text.into_bytes();
    let middle = edited.len() / 2;
    edited[middle] = b'y';
    fs::write(&place.ledger, edited).unwrap();
    let resumed = place.verify(&options).unwrap();
    assert!(resumed.ok && resumed.resumed.is_some_and(|resumed| resumed.head.seq == 2));
    let full = place.verify_as(&options, &key(9), true).unwrap();
    assert_eq!((full.verdict, full.broken_at, full.resumed), (Verdict::Broken, Some(1), None));
}

#[test]
fn other_options_are_refused() {
    let text: String = pieces().concat() + "\n";
    let place = place(text.as_bytes());
    let plain = Options::default();
    let report = place.verify(&Options { expected_head: None, ..plain.clone() }).unwrap();
    let head = report.head.unwrap();
    let other = Hash::of(b"other");
    for options in [
        Options { signers: vec![key(0).public(), key(1).public()], ..plain.clone() },
        Options { signatures: SignatureMode::Last, ..plain.clone() },
        Options { events: EventSet::Core, ..plain.clone() },
        Options { spelling: Spelling::Exact, ..plain.clone() },
        Options { max_line_bytes: 5000, ..plain.clone() },
        Options { start_after: Some(head), ..plain.clone() },
        Options { expected_first: Some(other), ..plain.clone() },
        Options { expected_head: Some(Head { seq: 3, hash: other }), ..plain.clone() },
        Options { expected_head: Some(Head { hash: other, ..head }), ..plain.clone() },
    ] {
        assert_eq!(place.refusal(&options), ErrorCode::StateOptions, "{options:?}");
    }
    let known = Options { expected_head: Some(head), expected_first: report.first_hash, ..plain };
    assert!(place.verify(&known).unwrap().ok);
    let later = Options { expected_head: Some(Head { seq: head.seq + 1, hash: other }), ..known };
    assert_eq!(place.verify(&later).unwrap().verdict, Verdict::Broken);
}

#[test]
fn only_a_state_of_the_key_is_gone_on_from_and_only_a_state_is_replaced() {
    let text: String = pieces().concat() + "\n";
    let place = place(text.as_bytes());
    let options = Options::default();
    place.verify(&options).unwrap();
    let saved = fs::read_to_string(&place.state).unwrap();
    assert_eq!(place.verify_as(&options, &key(8), false).unwrap_err().code, ErrorCode::StateInvalid);
    let forged = [
        saved.replace(&key(9).public().to_string(), &key(8).public().to_string()),
        saved.replacen(r#""line":"#, r#""line":1"#, 1),
        saved.replacen("\"schemaVersion\":1", "\"schemaVersion\":2", 1),
        saved.replacen("\"line\":", "\"more\":1,\"line\":", 1),
        saved[..saved.len() / 2].to_owned(),
        String::new(),
        text,
    ];
    for (index, forged) in forged.iter().enumerate() {
        fs::write(&place.state, forged).unwrap();
        assert_eq!(place.refusal(&options), ErrorCode::StateInvalid, "{index}");
        // One that is only signed by another key, or has another number in it, is still a state.
        let full = place.verify_as(&options, &key(9), true).map(|report| report.ok);
        assert_eq!(full.map_err(|error| error.code), if index < 2 { Ok(true) } else { Err(ErrorCode::StateInvalid) });
    }
    let itself = SavedState { path: &place.ledger, key: &key(9), full: true };
    let refused = verify_file_from(&place.ledger, &options, &itself, &mut Watch::default()).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidArgument);
    fs::write(&place.state, &saved).unwrap();
    assert!(place.verify(&options).unwrap().resumed.is_some());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&place.state).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_state_that_cannot_be_kept_does_not_hide_the_report() {
    let text: String = pieces().concat() + "\n";
    let mut place = place(text.as_bytes());
    place.state = place.ledger.join("below/a/file");
    let error = place.verify(&Options::default()).unwrap_err();
    assert_eq!(error.code, ErrorCode::StateIo);
    #[cfg(unix)]
    {
        // Nothing is there to be read, and nothing is made through a link to nothing.
        place.state = place.ledger.with_extension("state");
        std::os::unix::fs::symlink("nowhere", &place.state).unwrap();
        let error = place.verify(&Options::default()).unwrap_err();
        assert_eq!((error.code, error.report.unwrap().event_count), (ErrorCode::StateIo, 24));
    }
}

#[test]
fn an_empty_ledger_and_one_that_starts_in_the_middle_go_on() {
    let pieces = pieces();
    let place_of_empty = place(b"");
    let options = Options::default();
    assert_eq!(place_of_empty.verify(&options).unwrap().verdict, Verdict::Empty);
    append(&place_of_empty.ledger, pieces.concat().as_bytes());
    let report = place_of_empty.verify(&options).unwrap();
    assert_eq!((report.event_count, report.resumed), (24, None));
    let text: String = pieces.concat() + "\n";
    let head = verify_file(&place_of_empty.ledger, &options, &mut Watch::default()).unwrap();
    let cut = text.match_indices('\n').nth(3).unwrap().0 + 1;
    let before = place(&text.as_bytes()[..cut]);
    let start = verify_file(&before.ledger, &options, &mut Watch::default()).unwrap().head;
    let options = Options { start_after: start, ..options };
    let rest = text[cut..].split_inclusive('\n').collect::<Vec<_>>();
    let middle = place(rest[..6].concat().as_bytes());
    middle.verify(&options).unwrap();
    append(&middle.ledger, rest[6..].concat().as_bytes());
    let report = middle.verify(&options).unwrap();
    assert_eq!((report.head, report.started_after), (head.head, start));
    assert_eq!(common(report), common(verify_file(&middle.ledger, &options, &mut Watch::default()).unwrap()));
}
