//! Opening a ledger that was not ended well, or is none: what is kept, what is cut off, what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

#[path = "../recording/mod.rs"]
mod recording;
mod sessions;

use recording::{event, key, new_folder};
use sealwright_core::event::Event;
use sealwright_core::heads::{FileHeads, HeadStore, MemoryHeads, ledger_id};
use sealwright_core::ledger::{HeadOption, Session, SessionOptions, TailReason, TornTailPolicy, VerifyOnOpen};
use sealwright_core::verify::{Options, Report, Watch, verify_file};
use sealwright_core::{Error, ErrorCode};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn custom() -> Event {
    Event::parse(r#"{"type":"Custom","payload":{"name":"com.example.test","data":1}}"#).unwrap()
}

fn open(path: &Path) -> Result<Session, Error> {
    Session::open(&SessionOptions::new(path), key())
}

fn refused(options: &SessionOptions) -> ErrorCode {
    match Session::open(options, key()) {
        Ok(_) => panic!("opened"),
        Err(error) => error.code,
    }
}

/// A ledger of some events, each with a reason this long.
fn ledger(path: &Path, count: usize, length: usize) {
    let session = open(path).unwrap();
    for number in 0..count {
        session.record(event(&format!("{number}{}", "x".repeat(length)))).unwrap();
    }
    session.close();
}

fn verified(path: &Path) -> Report {
    let report = verify_file(path, &Options::default(), &mut Watch::default()).unwrap();
    assert!(report.ok && report.tail.is_none(), "{report:?}");
    report
}

#[test]
fn a_last_line_cut_anywhere_is_quarantined_and_the_chain_goes_on() {
    let (_folder, path) = new_folder();
    ledger(&path, 3, 1);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    for cut in last + 1..whole.len() - 1 {
        fs::write(&path, &whole[..cut]).unwrap();
        let session = open(&path).unwrap();
        let tail = session.recovery().tail.clone().unwrap();
        assert_eq!((tail.offset, tail.bytes, tail.lines), (last as u64, (cut - last) as u64, 1));
        assert_eq!(tail.reason, TailReason::Unterminated);
        assert_eq!(fs::read(&tail.path).unwrap(), &whole[last..cut]);
        fs::remove_file(&tail.path).unwrap();
        session.record(event("again")).unwrap();
        session.close();
        assert_eq!(verified(&path).event_count, 3);
    }
    // Only the LF is missing: the event is whole and stays.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let session = open(&path).unwrap();
    assert!(session.recovery().tail.is_none());
    session.record(event("again")).unwrap();
    session.close();
    assert_eq!(verified(&path).event_count, 4);
}

#[test]
fn a_hole_at_any_page_leaves_the_longest_good_prefix() {
    let (_folder, path) = new_folder();
    ledger(&path, 30, 500);
    let whole = fs::read(&path).unwrap();
    for page in 0..whole.len().div_ceil(4096) {
        let start = page * 4096;
        let end = (start + 4096).min(whole.len());
        let mut holed = whole.clone();
        holed[start..end].fill(0);
        fs::write(&path, &holed).unwrap();
        let good = whole[..start].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let session = open(&path).unwrap_or_else(|error| panic!("page {page}: {error}"));
        let tail = session.recovery().tail.clone().unwrap();
        assert_eq!((tail.offset, tail.reason), (good as u64, TailReason::Hole), "page {page}");
        assert_eq!(fs::read(&tail.path).unwrap(), &holed[good..]);
        fs::remove_file(&tail.path).unwrap();
        session.record(event("again")).unwrap();
        session.close();
        let before = whole[..good].iter().filter(|&&b| b == b'\n').count() as u64;
        assert_eq!(verified(&path).event_count, before + 1, "page {page}");
    }
}

#[test]
fn a_whole_event_in_front_of_a_hole_stays() {
    let (_folder, path) = new_folder();
    ledger(&path, 3, 1);
    let whole = fs::read(&path).unwrap();
    let event_end = whole.len() - 1;
    let next_line = [&whole[..event_end], &[0; 600], b"\n{\"seq\":4,\"x\n"].concat();
    for torn in [[&whole[..event_end], &[0]].concat(), next_line] {
        fs::write(&path, &torn).unwrap();
        let session = open(&path).unwrap();
        let tail = session.recovery().tail.clone().unwrap();
        assert_eq!((tail.offset, tail.reason), (event_end as u64, TailReason::Hole));
        assert_eq!(fs::read(&tail.path).unwrap(), &torn[event_end..]);
        fs::remove_file(&tail.path).unwrap();
        session.record(event("again")).unwrap();
        session.close();
        assert_eq!(verified(&path).event_count, 4);
    }
    // Not its signature's event: nothing of the line is kept.
    let mut forged = [&whole[..event_end], &[0]].concat();
    let digit = whole.windows(13).rposition(|text| text == b"\"signature\":\"").unwrap() + 13;
    forged[digit] = if forged[digit] == b'0' { b'1' } else { b'0' };
    fs::write(&path, &forged).unwrap();
    let session = open(&path).unwrap();
    let last = whole[..event_end].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    assert_eq!(session.recovery().tail.clone().unwrap().offset, last as u64);
}

#[test]
fn quarantined_bytes_of_an_earlier_crash_stay() {
    let (folder, path) = new_folder();
    ledger(&path, 1, 1);
    let whole = fs::read(&path).unwrap();
    for round in 0..3 {
        fs::write(&path, [&whole[..], b"{\"seq\":1,"].concat()).unwrap();
        open(&path).unwrap().close();
        let name = format!("ledger.ndjson.torn-{}-{round}", whole.len());
        assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"{\"seq\":1,");
    }
}

#[test]
fn the_window_begins_one_mebibyte_before_the_end() {
    let (_folder, path) = new_folder();
    // 2.5 MiB; the end is checked, what lies long before it is not.
    ledger(&path, 250, 10_000);
    let whole = fs::read(&path).unwrap();
    let line = whole.len() / 250;
    let mut early = whole.clone();
    early[line * 10 + 700] ^= 1;
    fs::write(&path, &early).unwrap();
    open(&path).unwrap().close();
    let options = SessionOptions { verify_on_open: VerifyOnOpen::All, ..SessionOptions::new(&path) };
    assert_eq!(refused(&options), ErrorCode::LedgerTampered);
    let mut late = whole.clone();
    late[line * 200 + 700] ^= 1;
    fs::write(&path, &late).unwrap();
    assert_eq!(refused(&SessionOptions::new(&path)), ErrorCode::LedgerTampered);
    assert_eq!(fs::read(&path).unwrap(), late);
    // A hole that ends the file is repaired wherever its line began.
    let mut torn = whole;
    let end = torn.len();
    torn[end - 5000..].fill(0);
    fs::write(&path, &torn).unwrap();
    let session = open(&path).unwrap();
    assert_eq!(session.recovery().tail.clone().unwrap().reason, TailReason::Hole);
    session.record(event("again")).unwrap();
    session.close();
    assert_eq!(verified(&path).event_count, 250);
}

#[test]
fn one_line_longer_than_a_group_is_inside_the_window() {
    let (_folder, path) = new_folder();
    ledger(&path, 2, 3 << 20);
    let whole = fs::read(&path).unwrap();
    let cut = whole.len() - 2_000_000;
    fs::write(&path, &whole[..cut]).unwrap();
    let session = open(&path).unwrap();
    let tail = session.recovery().tail.clone().unwrap();
    assert_eq!(tail.offset, (whole.len() / 2) as u64);
    session.close();
    assert_eq!(verified(&path).event_count, 1);
}

#[test]
fn a_file_that_is_no_ledger_is_not_touched() {
    let (folder, path) = new_folder();
    let seed: Vec<u8> = (0..32).collect();
    let sqlite = [b"SQLite format 3\0".to_vec(), vec![0; 4080]].concat();
    let utf16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        &seed[..],
        &utf16,
        b"{\0",
        b"{\"se\0\0\0",
        &sqlite,
        b"hello",
        b"hello\n",
        b"{\"a\":1}\n",
        b"{\"a\":1",
        b"[]",
        b"\xff\xfe\n",
    ] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(refused(&SessionOptions::new(&path)), ErrorCode::LedgerTampered, "{bytes:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written beside it");
}

#[test]
fn a_first_group_that_was_cut_off_is_a_crash() {
    let (_folder, path) = new_folder();
    for bytes in [&b"{"[..], b"{\"seq\":0,\"timest", b"{\"seq\":0,\0\0\0", &[0; 4096]] {
        fs::write(&path, bytes).unwrap();
        let session = open(&path).unwrap();
        assert_eq!(session.recovery().tail.clone().unwrap().offset, 0);
        session.record(event("first")).unwrap();
        session.close();
        assert_eq!(verified(&path).event_count, 1);
    }
}

#[test]
fn a_broken_line_with_an_end_is_no_crash() {
    let (_folder, path) = new_folder();
    ledger(&path, 3, 1);
    let whole = fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let edited = format!("{}\n{}\n{}\n", lines[0], lines[1], lines[2].replace("2x", "3x"));
    let swapped = format!("{}\n{}\n{}\n", lines[0], lines[2], lines[1]);
    let repeated = format!("{text}{}\n", lines[2]);
    let flip = |line: &str| {
        let at = line.find("signature").unwrap() + 12;
        let digit = if &line[at..=at] == "0" { "1" } else { "0" };
        format!("{}{digit}{}", &line[..at], &line[at + 1..])
    };
    let unsigned = format!("{}\n{}\n{}\n", lines[0], lines[1], flip(lines[2]));
    for bad in [edited, swapped, repeated, unsigned, format!("{text}garbage\n")] {
        fs::write(&path, &bad).unwrap();
        assert_eq!(refused(&SessionOptions::new(&path)), ErrorCode::LedgerTampered);
        assert_eq!(fs::read_to_string(&path).unwrap(), bad);
    }
}

#[test]
fn repairs_can_be_refused() {
    let (folder, path) = new_folder();
    ledger(&path, 1, 1);
    let torn = [&fs::read(&path).unwrap()[..], b"{\"seq\""].concat();
    fs::write(&path, &torn).unwrap();
    let options = SessionOptions { torn_tail: Some(TornTailPolicy::Error), ..SessionOptions::new(&path) };
    assert_eq!(refused(&options), ErrorCode::TornTail);
    assert_eq!(fs::read(&path).unwrap(), torn);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_head_inside_the_tail_is_a_rollback_whatever_the_option() {
    for torn_tail in [TornTailPolicy::Quarantine, TornTailPolicy::Error] {
        let (folder, path) = new_folder();
        let store = MemoryHeads::default();
        let head_store = Some(HeadOption { store: Arc::new(store.clone()), wait: true });
        let options = SessionOptions { head_store, torn_tail: Some(torn_tail), ..SessionOptions::new(&path) };
        let session = Session::open(&options, key()).unwrap();
        for _ in 0..3 {
            session.record(event("kept")).unwrap();
        }
        session.close();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 10]).unwrap();
        assert_eq!(refused(&options), ErrorCode::RollbackDetected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&path, &whole).unwrap();
        Session::open(&options, key()).unwrap().close();
    }
}

#[test]
fn a_head_store_notices_cut_emptied_missing_and_swapped_ledgers() {
    let (folder, path) = new_folder();
    let store = MemoryHeads::default();
    let head_store = Some(HeadOption { store: Arc::new(store.clone()), wait: true });
    let options = SessionOptions { head_store, ..SessionOptions::new(&path) };
    let session = Session::open(&options, key()).unwrap();
    for _ in 0..3 {
        session.record(event("kept")).unwrap();
    }
    session.close();
    let first = verified(&path).first_hash.unwrap();
    assert_eq!(store.read(&ledger_id(&first)).unwrap().unwrap().seq, 2);
    let whole = fs::read_to_string(&path).unwrap();
    let two: String = whole.split_inclusive('\n').take(2).collect();
    for contents in [two.as_str(), ""] {
        fs::write(&path, contents).unwrap();
        assert_eq!(refused(&options), ErrorCode::RollbackDetected);
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(refused(&options), ErrorCode::RollbackDetected);
    assert!(!path.exists());
    let other = folder.path().join("other.ndjson");
    ledger(&other, 5, 1);
    fs::copy(&other, &path).unwrap();
    assert_eq!(refused(&options), ErrorCode::RollbackDetected);
    // A moved ledger keeps its head.
    let moved = folder.path().join("moved.ndjson");
    fs::write(&moved, &two).unwrap();
    assert_eq!(refused(&SessionOptions { path: moved, ..options.clone() }), ErrorCode::RollbackDetected);
}

#[test]
fn a_head_far_behind_is_searched_for() {
    let (_folder, path) = new_folder();
    ledger(&path, 250, 10_000);
    let report = verified(&path);
    let line = fs::read_to_string(&path).unwrap().lines().nth(3).unwrap().to_owned();
    let at = line.find("self_hash").unwrap() + 12;
    let hash = sealwright_core::hash::Hash::from_hex(&line[at..at + 64]).unwrap();
    let open_with = |hash| {
        let store = MemoryHeads::default();
        let head = sealwright_core::chain::Head { seq: 3, hash };
        store.advance(&[(ledger_id(&report.first_hash.unwrap()), head)]).unwrap();
        let head_store = Some(HeadOption { store: Arc::new(store), wait: true });
        SessionOptions { head_store, ..SessionOptions::new(&path) }
    };
    let session = Session::open(&open_with(hash), key()).unwrap();
    let beyond = session.recovery().unacknowledged.unwrap();
    assert_eq!((beyond.from, beyond.to), (4, 249));
    session.close();
    assert_eq!(refused(&open_with(report.root_hash)), ErrorCode::RollbackDetected);
}

#[test]
fn blank_lines_before_the_window_hide_no_head() {
    let (_folder, path) = new_folder();
    ledger(&path, 250, 10_000);
    let report = verified(&path);
    let text = fs::read_to_string(&path).unwrap();
    let blank: String = text.split_inclusive('\n').flat_map(|line| [line, "\n", " \n"]).collect();
    fs::write(&path, blank).unwrap();
    let line = text.lines().nth(4).unwrap();
    let at = line.find("self_hash").unwrap() + 12;
    let hash = sealwright_core::hash::Hash::from_hex(&line[at..at + 64]).unwrap();
    let store = MemoryHeads::default();
    let head = sealwright_core::chain::Head { seq: 4, hash };
    store.advance(&[(ledger_id(&report.first_hash.unwrap()), head)]).unwrap();
    let head_store = Some(HeadOption { store: Arc::new(store), wait: true });
    Session::open(&SessionOptions { head_store, ..SessionOptions::new(&path) }, key()).unwrap().close();
}

#[test]
fn a_line_that_only_says_its_seq_is_no_head() {
    // Someone with the key forks the ledger behind the known head, and leaves the known line in the file.
    let (_folder, path) = new_folder();
    ledger(&path, 250, 10_000);
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let first = verified(&path).first_hash.unwrap();
    let at = lines[9].find("self_hash").unwrap() + 12;
    let known = sealwright_core::hash::Hash::from_hex(&lines[9][at..at + 64]).unwrap();
    // Events 0..=4, a fork of more than a window from 5 on, and the real 5..=9 in between.
    let fork = path.with_file_name("fork.ndjson");
    fs::write(&fork, lines[..5].concat()).unwrap();
    let session = open(&fork).unwrap();
    for number in 0..250 {
        session.record(event(&format!("forged{number}{}", "y".repeat(10_000)))).unwrap();
    }
    session.close();
    let forged = fs::read_to_string(&fork).unwrap();
    let forged: Vec<&str> = forged.split_inclusive('\n').collect();
    fs::write(&path, [lines[..10].concat(), forged[5..].concat()].concat()).unwrap();
    let store = MemoryHeads::default();
    let head = sealwright_core::chain::Head { seq: 9, hash: known };
    store.advance(&[(ledger_id(&first), head)]).unwrap();
    let head_store = Some(HeadOption { store: Arc::new(store), wait: true });
    assert_eq!(refused(&SessionOptions { head_store, ..SessionOptions::new(&path) }), ErrorCode::RollbackDetected);
}

#[test]
fn an_unterminated_event_whose_signature_fails_is_a_tail() {
    let (_folder, path) = new_folder();
    ledger(&path, 2, 1);
    let text = fs::read_to_string(&path).unwrap();
    let at = text.rfind("\"signature\":\"").unwrap() + 13;
    let digit = if &text[at..=at] == "0" { "1" } else { "0" };
    let flipped = format!("{}{digit}{}", &text[..at], text[at + 1..].trim_end());
    fs::write(&path, &flipped).unwrap();
    assert!(verify_file(&path, &Options::default(), &mut Watch::default()).unwrap().tail.is_some());
    let session = open(&path).unwrap();
    assert_eq!(session.recovery().tail.clone().unwrap().reason, TailReason::Unterminated);
    session.close();
    assert_eq!(verified(&path).event_count, 1);
}

#[test]
#[cfg(unix)]
fn a_head_store_that_is_a_link_stays_where_it_leads() {
    let (folder, path) = new_folder();
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let target = elsewhere.join("heads.json");
    fs::write(&target, "{}").unwrap();
    let link = folder.path().join("heads.json");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let store = FileHeads::new(&link);
    assert_eq!(store.identity(), FileHeads::new(&target).identity());
    let head_store = Some(HeadOption { store: Arc::new(store), wait: false });
    let session = Session::open(&SessionOptions { head_store, ..SessionOptions::new(&path) }, key()).unwrap();
    session.record(event("kept")).unwrap();
    session.close();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&target).unwrap().contains("\"ledger:"));
}
