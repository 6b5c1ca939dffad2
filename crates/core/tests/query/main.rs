//! Reading ledgers of several files, and going to what is wanted.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod properties;
mod shelf;

use sealwright_core::ErrorCode;
use sealwright_core::event::Event;
use sealwright_core::key::KeyPair;
use sealwright_core::ledger::{RotationLimits, Session, SessionOptions};
use sealwright_core::query::{Gap, Granularity, ReadOptions, Reader, find_gap, ledger_files};
use shelf::{FINE, Given, Shelf, lines_of, seq_of};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn events(count: u64) -> Vec<String> {
    lines_of(&(0..count).map(Given::ended).collect::<Vec<_>>())
}

/// Ten events: 0 to 3, 4 to 6, and the rest in the active file.
fn ten() -> (Vec<String>, Shelf) {
    let lines = events(10);
    let shelf = Shelf::of(&lines, &[4, 7]);
    (lines, shelf)
}

fn from(from: u64) -> ReadOptions {
    ReadOptions { from, ..ReadOptions::default() }
}

fn since(since: u64) -> ReadOptions {
    ReadOptions { since: Some(since), index: Some(FINE), ..ReadOptions::default() }
}

#[test]
fn all_files_are_read_as_one_ledger() {
    let (lines, shelf) = ten();
    assert_eq!(shelf.read(&from(0)), lines);
    assert_eq!(shelf.read(&from(3)), lines[3..]);
    assert_eq!(shelf.read(&ReadOptions { to: 6, ..from(5) }), lines[5..=6]);
    assert_eq!(shelf.read(&from(10)), [""; 0]);
    symlink(shelf.active(), shelf.path("link")).unwrap();
    assert_eq!(shelf.read_from("link", &from(2)).0, lines[2..]);
    // An empty active file: the ledger ends with the last segment.
    fs::write(shelf.active(), "").unwrap();
    assert_eq!(shelf.read(&from(0)), lines[..7]);
    fs::write(shelf.active(), &lines[7].as_bytes()[..100]).unwrap();
    assert_eq!(shelf.read(&from(0)), lines[..7]);
}

#[test]
fn the_files_of_a_ledger_and_places_in_them() {
    let (lines, shelf) = ten();
    symlink(shelf.active(), shelf.path("link")).unwrap();
    let files = ledger_files(&shelf.path("link")).unwrap();
    let ranges: Vec<_> = files.iter().map(|file| file.range.map(|range| (range.from, range.to))).collect();
    assert_eq!(ranges, [Some((0, 3)), Some((4, 6)), None]);
    let gap = |file: usize, seq| {
        let Gap { offset, next_seq } = find_gap(&files[file].path, seq).unwrap();
        (usize::try_from(offset).unwrap(), next_seq)
    };
    let length = |from: usize, to: usize| lines[from..to].iter().map(|line| line.len()).sum::<usize>();
    assert_eq!(gap(1, 5), (length(4, 5), 5));
    assert_eq!(gap(1, 100), (length(4, 7), 7));
    assert_eq!(gap(2, 2), (0, 7));
    assert_eq!(ledger_files(&shelf.path("ledger.4-6.ndjson")).unwrap(), files[1..2]);
    fs::remove_file(shelf.active()).unwrap();
    assert_eq!(ledger_files(&shelf.active()).unwrap_err().code, ErrorCode::SegmentMissing);
}

#[test]
fn a_sealed_segment_is_read_alone() {
    let (lines, shelf) = ten();
    for name in ["ledger.0-3.ndjson", "ledger.4-6.ndjson"] {
        let (read, result) = shelf.read_from(name, &from(2));
        result.unwrap();
        assert_eq!(read, if name.contains("0-3") { &lines[2..4] } else { &lines[4..7] });
    }
    // By its name and by its bytes.
    fs::rename(shelf.path("ledger.4-6.ndjson"), shelf.path("ledger.5-6.ndjson")).unwrap();
    let error = shelf.read_from("ledger.5-6.ndjson", &from(0)).1.unwrap_err();
    assert_eq!((error.code, error.message.contains("seq_mismatch")), (ErrorCode::ChainBroken, true));
}

#[test]
fn a_missing_file_is_told_where_its_events_are_wanted() {
    let (_, shelf) = ten();
    let missing = Some(ErrorCode::SegmentMissing);
    fs::rename(shelf.path("ledger.4-6.ndjson"), shelf.path("away")).unwrap();
    assert_eq!(shelf.seqs_until(&from(2)), (vec![2, 3], missing));
    assert_eq!(shelf.seqs_until(&from(6)), (vec![], missing));
    assert_eq!(shelf.seqs_until(&from(7)), (vec![7, 8, 9], None));
    assert_eq!(shelf.seqs_until(&ReadOptions { to: 3, ..from(1) }), (vec![1, 2, 3], None));
    assert_eq!(shelf.seqs_until(&since(8)), (vec![], missing));
    fs::rename(shelf.path("away"), shelf.path("ledger.4-6.ndjson")).unwrap();
    fs::rename(shelf.path("ledger.0-3.ndjson"), shelf.path("away")).unwrap();
    assert_eq!(shelf.seqs_until(&from(3)), (vec![], missing));
    assert_eq!(shelf.seqs_until(&from(4)), (vec![4, 5, 6, 7, 8, 9], None));
    fs::remove_file(shelf.active()).unwrap();
    assert_eq!(shelf.seqs_until(&from(4)), (vec![], missing));
}

#[test]
fn what_the_ledger_says_it_lost_is_not_missed() {
    let pruned = |last| Given { kind: "LedgerPruned", ..Given::ended(last) };
    for (last, pruned_to) in [(3, true), (4, true), (2, false)] {
        let mut given: Vec<Given> = (0..10).map(Given::ended).collect();
        given[8] = pruned(last);
        let lines = lines_of(&given);
        let shelf = Shelf::of(&lines, &[4, 7]);
        fs::remove_file(shelf.path("ledger.0-3.ndjson")).unwrap();
        for options in [from(0), ReadOptions { kinds: Some(vec!["SessionEnded".to_owned()]), ..since(0) }] {
            let is_all = options.kinds.is_none();
            let seqs: Vec<u64> = (4..10).filter(|seq| is_all || *seq != 8).collect();
            let expected = if pruned_to { (seqs, None) } else { (vec![], Some(ErrorCode::SegmentMissing)) };
            assert_eq!(shelf.seqs_until(&options), expected, "{last}");
        }
    }
    // Nothing but the active file is left.
    let mut given: Vec<Given> = (0..10).map(Given::ended).collect();
    given[8] = pruned(6);
    for (given, expected) in [
        (given.clone(), ((7..10).collect(), None)),
        ((0..10).map(Given::ended).collect(), (vec![], Some(ErrorCode::ChainBroken))),
    ] {
        let lines = lines_of(&given);
        let shelf = Shelf::of(&lines[7..], &[]);
        assert_eq!(shelf.seqs_until(&from(0)), expected);
        assert_eq!(shelf.seqs_until(&from(8)), (vec![8, 9], None));
    }
}

#[test]
fn files_that_do_not_continue_each_other_break_the_chain() {
    let broken = Some(ErrorCode::ChainBroken);
    // Cut short, and the active file empty: nothing else would show it.
    let (lines, shelf) = ten();
    fs::write(shelf.path("ledger.4-6.ndjson"), lines[4..6].concat()).unwrap();
    fs::write(shelf.active(), "").unwrap();
    assert_eq!(shelf.seqs_until(&from(0)), ((0..6).collect(), broken));
    // Without its last LF the files one after another are no ledger.
    let (lines, shelf) = ten();
    fs::write(shelf.path("ledger.4-6.ndjson"), lines[4..7].concat().trim_end()).unwrap();
    assert_eq!(shelf.seqs_until(&from(0)), ((0..6).collect(), broken));
    let error = shelf.read_from("ledger.ndjson", &from(0)).1.unwrap_err();
    assert!(error.message.ends_with("does not end with a line feed"), "{}", error.message);
    // Other events under the right numbers.
    let (_, shelf) = ten();
    let others = lines_of(&(0..10).map(|seq| Given::ended(seq + 1)).collect::<Vec<_>>());
    fs::write(shelf.path("ledger.4-6.ndjson"), others[4..7].concat()).unwrap();
    assert_eq!(shelf.seqs_until(&from(0)), ((0..4).collect(), broken));
    assert_eq!(shelf.seqs_until(&since(8)), (vec![], broken));
    // Names that overlap.
    let (lines, shelf) = ten();
    fs::write(shelf.path("ledger.2-5.ndjson"), lines[2..6].concat()).unwrap();
    assert_eq!(shelf.seqs_until(&from(0)), ((0..4).collect(), broken));
    // Another ledger's active file, from its beginning.
    let (_, shelf) = ten();
    fs::write(shelf.active(), others.concat()).unwrap();
    let (read, error) = shelf.read_from("ledger.ndjson", &from(0));
    let error = error.unwrap_err();
    assert_eq!((read.len(), error.code), (7, ErrorCode::ChainBroken));
    assert_eq!(error.place.map(|place| (place.line, place.byte_offset)), Some((1, 0)));
    assert!(error.message.starts_with("ledger.ndjson, line 1, byte 0: seq_mismatch"), "{}", error.message);
    assert_eq!(shelf.seqs_until(&from(8)), (vec![], broken));
    symlink("ledger.ndjson", shelf.path("ledger.10-12.ndjson")).unwrap();
    assert_eq!(shelf.seqs_until(&from(0)), (vec![], Some(ErrorCode::SegmentRefused)));
}

#[test]
fn an_event_is_gone_to_by_halving() {
    let lines = events(2000);
    let shelf = Shelf::of(&[], &[]);
    for cuts in [vec![], vec![1500]] {
        // A blank line that is longer than all others is in the way.
        let mut file = lines.clone();
        file[700] = format!("{}\n{}", " ".repeat(300_000), file[700]);
        shelf.put(&file, &cuts);
        for seq in (0..2000).step_by(37).chain([699, 700, 701, 1499, 1500, 1999]) {
            let read = shelf.read(&ReadOptions { to: seq, ..from(seq) });
            assert_eq!(read, lines[seq as usize..=seq as usize]);
        }
    }
}

#[test]
fn what_is_before_the_first_wanted_event_is_not_read_and_what_is_behind_is() {
    let lines = events(2000);
    let mut damaged = lines.clone();
    for seq in [10, 11, 1000] {
        damaged[seq] = damaged[seq].replace("\"reason\":\"\"", "\"reason\":\"x\"");
    }
    let shelf = Shelf::of(&damaged, &[]);
    let broken = Some(ErrorCode::ChainBroken);
    assert_eq!(shelf.seqs_until(&from(1001)), ((1001..2000).collect(), None));
    assert_eq!(shelf.seqs_until(&from(500)), ((500..1000).collect(), broken));
    assert_eq!(shelf.seqs_until(&from(0)), ((0..10).collect(), broken));
    let place = shelf.read_from("ledger.ndjson", &from(500)).1.unwrap_err().place.unwrap();
    assert_eq!((place.line, place.byte_offset), (1001, damaged[..1000].concat().len() as u64));
    // A line that lies about its place is not believed: its hash says otherwise.
    let mut lying = lines.clone();
    for line in &mut lying[900..1100] {
        *line = line.replacen("\"seq\":", "\"seq\":8", 1);
    }
    shelf.put(&lying, &[]);
    assert_eq!(shelf.seqs_until(&from(1500)), ((1500..2000).collect(), None));
    assert_eq!(shelf.seqs_until(&from(890)), ((890..900).collect(), broken));
}

#[test]
fn blocks_without_a_wanted_event_are_not_read() {
    let (lines, shelf) = ten();
    assert_eq!(shelf.read(&since(0)), lines);
    // Of the active file only full blocks are covered: it grows.
    let names = ["ledger.0-3.ndjson.index", "ledger.4-6.ndjson.index", "ledger.ndjson.index"];
    assert_eq!(shelf.indexes(), names.map(|name| shelf.path(name)));
    for path in shelf.indexes() {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Seen by who reads all, and not by who was told that nothing of it can be wanted.
    let damaged = lines[1].replace("\"reason\":\"\"", "\"reason\":\"x\"");
    fs::write(shelf.path("ledger.0-3.ndjson"), [&lines[..1], &[damaged], &lines[2..4]].concat().concat()).unwrap();
    let indexed = |since_time| shelf.seqs_until(&since(since_time));
    let read = |since_time| shelf.seqs_until(&ReadOptions { index: None, ..since(since_time) });
    // The damaged line is one byte longer, so the index is not that of this file any more.
    assert_eq!((indexed(8), read(8)), ((vec![], Some(ErrorCode::ChainBroken)), (vec![], Some(ErrorCode::ChainBroken))));
    let damaged = lines[1].replace("\"reason\"", "\"Reason\"");
    fs::write(shelf.path("ledger.0-3.ndjson"), [&lines[..1], &[damaged], &lines[2..4]].concat().concat()).unwrap();
    assert_eq!((indexed(8), read(8)), ((vec![8, 9], None), (vec![], Some(ErrorCode::ChainBroken))));
    assert_eq!(indexed(2), (vec![], Some(ErrorCode::ChainBroken)));
}

#[test]
fn an_index_grows_with_its_file_and_is_not_made_for_little() {
    let lines = events(100);
    let shelf = Shelf::of(&lines[..10], &[]);
    let size = |count: usize| lines[..count].concat().len() as u64;
    let granularity = Granularity { block_events: 10, least_bytes: size(50) };
    let query = ReadOptions { index: Some(granularity), ..since(0) };
    let covered = || shelf.indexes().first().map(|path| fs::read(path).unwrap()[19..27].to_vec());
    for (count, expected) in [(49, None), (55, Some(50)), (99, Some(50)), (100, Some(100))] {
        shelf.put(&lines[..count], &[]);
        assert_eq!(shelf.read(&query), lines[..count]);
        assert_eq!(covered(), expected.map(|count| size(count).to_be_bytes().to_vec()), "{count}");
    }
    assert!(shelf.read(&ReadOptions { since: None, ..query }).len() == 100);
}

#[test]
fn without_an_index_to_write_or_to_believe_the_answer_is_the_same() {
    let (lines, shelf) = ten();
    for make in [
        |path: &std::path::Path| fs::create_dir(path).unwrap(),
        |path: &std::path::Path| fs::write(path, "").unwrap(),
        |path: &std::path::Path| fs::write(path, "sealwright index 1\n").unwrap(),
        |path: &std::path::Path| symlink("/dev/zero", path).unwrap(),
        |path: &std::path::Path| fs::File::create(path).unwrap().set_len((64 << 20) + 1).unwrap(),
    ] {
        for name in ["ledger.0-3.ndjson.index", "ledger.ndjson.index"] {
            let path = shelf.path(name);
            if path.is_dir() {
                fs::remove_dir(&path).unwrap()
            } else {
                drop(fs::remove_file(&path))
            }
            make(&path);
        }
        assert_eq!(shelf.read(&since(3)), lines[3..]);
        assert_eq!(shelf.read(&since(3)), lines[3..]);
    }
    let leftovers = fs::read_dir(shelf.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".tmp"));
    assert_eq!(leftovers.count(), 0);
}

#[test]
fn an_index_that_is_wrong_further_on_gives_nothing_twice() {
    let kind = |seq: u64| if (seq / 3).is_multiple_of(2) { "SessionEnded" } else { "ToolCalled" };
    let given: Vec<Given> = (0..12).map(|seq| Given { kind: kind(seq), ..Given::ended(seq) }).collect();
    let lines = lines_of(&given);
    let shelf = Shelf::of(&lines, &[]);
    let query = ReadOptions { since: None, kinds: Some(vec!["SessionEnded".to_owned()]), ..since(0) };
    let expected = (vec![0, 1, 2, 6, 7, 8], None);
    assert_eq!(shelf.seqs_until(&query), expected);
    let whole = fs::read(&shelf.indexes()[0]).unwrap();
    // The block between is not read.
    let mut damaged = lines.clone();
    damaged[4] = damaged[4].replace("tool_name", "Tool_name");
    shelf.put(&damaged, &[]);
    assert_eq!(shelf.seqs_until(&query), expected);
    shelf.put(&lines, &[]);
    // The third block begins a byte further on.
    let blocks = 67 + 1 + 1 + "SessionEnded".len() + 1 + "ToolCalled".len() + 4;
    shelf.change_indexes(true, |bytes| bytes[blocks + 2 * 304 + 23] += 1);
    assert_ne!(fs::read(&shelf.indexes()[0]).unwrap(), whole);
    assert_eq!(shelf.seqs_until(&query), expected);
    assert_eq!(fs::read(&shelf.indexes()[0]).unwrap(), whole, "made anew");
}

#[test]
fn the_index_of_the_active_file_goes_on_with_its_segment() {
    let lines = events(20);
    let shelf = Shelf::of(&lines, &[]);
    shelf.read(&since(0));
    // What the index covers is damaged: who reads it anew would see that.
    let damaged = lines[1].replace("\"reason\"", "\"Reason\"");
    let damaged = [&lines[..1], &[damaged], &lines[2..]].concat();
    shelf.put(&damaged, &[19]);
    assert_eq!(shelf.read(&since(15)), lines[15..]);
    assert!(shelf.path("ledger.0-18.ndjson.index").exists());
    assert_eq!(shelf.read(&since(15)), lines[15..]);
}

#[test]
fn a_rotation_meanwhile_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.ndjson");
    let rotation = Some(RotationLimits { max_events: Some(5), ..RotationLimits::default() });
    let session = Session::open(
        &SessionOptions { rotation, ..SessionOptions::new(path.clone()) },
        Arc::new(KeyPair::from_seed(&[1; 32])),
    )
    .unwrap();
    let text = r#"{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":""}}"#;
    let record = |count: u64| (0..count).for_each(|_| drop(session.record(Event::parse(text).unwrap()).unwrap()));
    record(12);
    for options in [from(0), since(0)] {
        let head = session.head().unwrap().seq;
        let mut reader = Reader::open(&path, options).unwrap();
        for seq in 0..=head {
            record(if seq % 3 == 0 { 2 } else { 0 });
            assert_eq!(reader.next_event().unwrap().map(|event| seq_of(&event.line)), Some(seq));
        }
        assert_eq!(reader.next_event().unwrap(), None);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            record(2000);
            done.store(true, Ordering::Relaxed);
        });
        let mut before = 0;
        while !done.load(Ordering::Relaxed) {
            let mut reader = Reader::open(&path, from(before)).unwrap();
            let mut next = before;
            while let Some(event) = reader.next_event().unwrap() {
                assert_eq!(seq_of(&event.line), next);
                next += 1;
            }
            assert!(next >= before);
            before = next.saturating_sub(20);
        }
    });
    session.close();
}

#[test]
fn a_rotation_that_a_crash_left_halfway_shows_each_event_once() {
    let (lines, shelf) = ten();
    fs::hard_link(shelf.active(), shelf.path("ledger.7-9.ndjson")).unwrap();
    assert_eq!(shelf.read(&from(0)), lines);
    // The first rotation of a ledger, too, before which it has no segment.
    let alone = Shelf::of(&lines, &[]);
    fs::hard_link(alone.active(), alone.path("ledger.0-9.ndjson")).unwrap();
    assert_eq!(alone.read(&from(0)), lines);
}

#[test]
fn a_stopped_query_ends() {
    let (_, shelf) = ten();
    let cancel = Arc::new(AtomicBool::new(false));
    let mut reader =
        Reader::open(&shelf.active(), ReadOptions { cancel: Some(Arc::clone(&cancel)), ..from(0) }).unwrap();
    assert!(reader.next_event().unwrap().is_some());
    cancel.store(true, Ordering::Relaxed);
    assert_eq!(reader.next_event().unwrap_err().code, ErrorCode::Aborted);
    assert_eq!(reader.next_event().unwrap(), None);
}
