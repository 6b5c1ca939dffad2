//! Whatever the ledger and the query: with an index, without one, or with one of something else, the answer is the same.

use crate::shelf::{FINE, Given, Shelf, lines_of};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use sealwright_core::query::ReadOptions;
use serde_json::Value;
use std::fs;

const KINDS: [&str; 5] = ["SessionStarted", "SessionSealed", "Heartbeat", "ToolCalled", "SessionEnded"];
/// The last is one that no event has.
const SESSIONS: [&str; 4] = ["a", "b\n\"é", "", "none"];

/// Times are few, so that they go back and meet the limits of a query.
fn given() -> impl Strategy<Value = Given> {
    (0..KINDS.len(), 0..3_usize, 0..12_u64).prop_map(|(kind, session, time)| Given {
        kind: KINDS[kind],
        session: SESSIONS[session].to_owned(),
        time,
    })
}

/// Lines, and the seqs before which the ledger was rotated.
fn ledger() -> impl Strategy<Value = (Vec<String>, Vec<usize>)> {
    prop::collection::vec(given(), 1..40).prop_flat_map(|events| {
        let places: Vec<usize> = (1..events.len()).collect();
        let most = places.len().min(4);
        (Just(lines_of(&events)), subsequence(places, 0..=most))
    })
}

fn query() -> impl Strategy<Value = ReadOptions> {
    let kinds = subsequence(KINDS.as_slice(), 0..4);
    let kinds = prop::option::of(kinds.prop_map(|kinds| kinds.into_iter().map(str::to_owned).collect()));
    let session = prop::option::of((0..SESSIONS.len()).prop_map(|place| SESSIONS[place].to_owned()));
    let range = (prop_oneof![Just(0), 0..45_u64], prop_oneof![Just(u64::MAX >> 11), 0..45_u64]);
    (range, prop::option::of(0..13_u64), prop::option::of(0..13_u64), kinds, session).prop_map(
        |((from, to), since, until, kinds, session)| ReadOptions {
            from,
            to,
            since,
            until,
            kinds,
            session,
            index: Some(FINE),
            ..ReadOptions::default()
        },
    )
}

/// What is asked for, as its documentation says it.
fn wanted(lines: &[String], query: &ReadOptions) -> Vec<String> {
    let wants = |line: &&String| {
        let line: Value = serde_json::from_str(line).unwrap();
        let (seq, time) = (line["seq"].as_u64().unwrap(), line["timestamp_nanos"].as_u64().unwrap());
        let kind = line["event"]["type"].as_str().unwrap();
        let session = line["event"]["payload"]["session_id"].as_str();
        seq >= query.from
            && seq <= query.to
            && query.since.is_none_or(|since| since <= time)
            && query.until.is_none_or(|until| time < until)
            && query.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|name| name == kind))
            && query.session.as_ref().is_none_or(|wanted| session == Some(wanted))
    };
    lines.iter().filter(wants).cloned().collect()
}

/// Makes every index.
fn index_all(shelf: &Shelf) {
    shelf.read(&ReadOptions { since: Some(0), index: Some(FINE), ..ReadOptions::default() });
}

/// A few cases, or as many as PROPTEST_CASES says: each writes a ledger and its indexes to the disk.
fn cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if asked { config.cases } else { 48 }, ..config }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_index_changes_no_answer((lines, cuts) in ledger(), query in query()) {
        let shelf = Shelf::of(&lines, &cuts);
        let expected = wanted(&lines, &query);
        prop_assert_eq!(&shelf.read(&ReadOptions { index: None, ..query.clone() }), &expected);
        prop_assert!(shelf.indexes().is_empty());
        for _ in 0..2 {
            prop_assert_eq!(&shelf.read(&query), &expected);
        }
        index_all(&shelf);
        prop_assert!(shelf.indexes().len() >= cuts.len());
        prop_assert_eq!(&shelf.read(&query), &expected);
    }

    #[test]
    fn nor_does_one_of_an_earlier_day_or_another_ledger(
        (lines, cuts) in ledger(), day: Index, earlier: Vec<Index>, other in ledger(), query in query()
    ) {
        let expected = wanted(&lines, &query);
        let mut before: Vec<usize> = earlier.iter().take(3).map(|cut| cut.index(lines.len())).filter(|cut| *cut > 0).collect();
        before.sort_unstable();
        before.dedup();
        let day = before.last().copied().unwrap_or(0).max(day.index(lines.len()));
        for (old, old_cuts) in [(&lines[..=day], before), (&other.0, other.1)] {
            let shelf = Shelf::of(old, &old_cuts);
            index_all(&shelf);
            shelf.put(&lines, &cuts);
            prop_assert_eq!(&shelf.read(&query), &expected);
            prop_assert_eq!(&shelf.read(&query), &expected);
        }
    }

    #[test]
    fn nor_does_a_damaged_one((lines, cuts) in ledger(), place: Index, bit in 0..8_u32, cut: bool, query in query()) {
        let shelf = Shelf::of(&lines, &cuts);
        index_all(&shelf);
        let whole: Vec<_> = shelf.indexes().iter().map(|path| fs::read(path).unwrap()).collect();
        shelf.change_indexes(false, |bytes| {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            bytes.truncate(if cut { place } else { usize::MAX });
        });
        prop_assert_eq!(&shelf.read(&query), &wanted(&lines, &query));
        index_all(&shelf);
        prop_assert!(shelf.indexes().iter().map(|path| fs::read(path).unwrap()).eq(whole), "it was not made anew");
    }

    #[test]
    fn a_forged_one_hides_events_and_shows_no_other(
        (lines, cuts) in ledger(), forgery in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4), query in query()
    ) {
        let shelf = Shelf::of(&lines, &cuts);
        index_all(&shelf);
        shelf.change_indexes(true, |bytes| {
            for (place, value) in &forgery {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
        });
        let mut left = wanted(&lines, &query).into_iter();
        for line in shelf.read(&query) {
            prop_assert!(left.any(|expected| expected == line), "not wanted here: {}", line);
        }
        prop_assert_eq!(shelf.read(&ReadOptions { index: None, ..query.clone() }), wanted(&lines, &query));
    }
}
