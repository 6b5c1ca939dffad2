//! Crashes in the middle of rotations, of the openings that complete them, and of pruning.

use crate::disk::{Chance, Step};
use crate::shelf::{Call, Folder, Name, Naming, World};
use crate::{PAGE, SECTOR, limit, verified, verified_behind};
use sealwright_core::ErrorCode;
use sealwright_core::chain::Head;
use sealwright_core::error::Outcome;
use sealwright_core::hash::Hash;
use std::collections::HashSet;

#[cfg(target_os = "linux")]
mod traced;

#[derive(Debug, Default)]
struct Tally {
    crashes: usize,
    folders: usize,
    second: usize,
}

/// Lets the power fail behind each call of a trace: at most `each` states of a file for each choice of the names; and, with
/// `second` of them, behind each call of what follows. Says what was lost.
fn crash_everywhere(
    start: &World,
    told: &[String],
    calls: &[Call],
    each: usize,
    second: usize,
) -> Result<Tally, String> {
    let (mut world, mut told, mut tally, mut chance) = (start.clone(), told.to_vec(), Tally::default(), Chance(1));
    for done in 0..=calls.len() {
        if let Some(call) = done.checked_sub(1).map(|last| &calls[last]) {
            world.apply(call);
            if let Call::Acknowledged(line) = call {
                told.push(line.clone());
            }
        }
        if matches!(calls.get(done), Some(Call::Acknowledged(_))) {
            continue;
        }
        tally.crashes += 1;
        for folder in world.images(each, &mut chance) {
            tally.folders += 1;
            let place = |what| format!("behind call {done}, {:?} left: {what}", folder.names());
            let before = World::of(&folder, start.page());
            let calls = go_on(&folder, &told).map_err(place)?;
            if second > 0 {
                tally.second += crash_everywhere(&before, &told, &calls, second, 0).map_err(place)?.folders;
            }
        }
    }
    Ok(tally)
}

/// Opens what a crash left, records behind it until the ledger is rotated again, and prunes. Gives the calls that were made.
fn go_on(folder: &Folder, told: &[String]) -> Result<Vec<Call>, String> {
    let session = folder.open().map_err(|error| format!("opening failed: {error}"))?;
    let next = check(folder, told)?;
    let mut told = told.to_vec();
    for number in 0..4 {
        let line = folder.record(&session, &format!("again {number}"));
        told.push(line.map_err(|error| format!("recording failed: {error}"))?);
    }
    let pruned = folder.prune(&session).map_err(|error| format!("pruning failed: {error}"))?;
    session.close();
    let end = check(folder, &told)?;
    if end != next + 4 + u64::from(pruned) {
        return Err(format!("{} events behind {next}", end - next));
    }
    Ok(folder.calls())
}

/// Says what is wrong with a folder after all this was acknowledged, or the seq of its next event.
fn check(folder: &Folder, told: &[String]) -> Result<u64, String> {
    let ledger = String::from_utf8(folder.ledger()).map_err(|error| error.to_string())?;
    let lines: Vec<&str> = ledger.lines().collect();
    let pruned = lines.iter().filter_map(|line| number_in(line, "last_seq")).max();
    let there: HashSet<&str> = lines.iter().copied().collect();
    let is_gone = |line: &&String| !there.contains(line.as_str()) && pruned < number_in(line, "seq");
    if let Some(line) = told.iter().find(is_gone) {
        return Err(format!("lost although it was acknowledged: {line:.60}"));
    }
    let first = lines.first().and_then(|line| number_in(line, "seq")).unwrap_or(0);
    let start_after = first.checked_sub(1).map(|seq| {
        let (_, parent) = lines[0].split_once(r#""parent_hash":""#).unwrap();
        Head { seq, hash: Hash::from_hex(parent.split('"').next().unwrap()).unwrap() }
    });
    if start_after.is_some_and(|missing| Some(missing.seq) > pruned) {
        return Err(format!("no event says that those before {first} are gone"));
    }
    let report = verified_behind(start_after, ledger.as_bytes())?;
    Ok(first + report.event_count)
}

/// A number of a line, by its name.
fn number_in(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(&format!(r#""{name}":"#))?;
    rest.split([',', '}']).next()?.parse().ok()
}

/// Records so many events, one group each; three fit into a segment.
fn record(folder: &Folder, count: usize) {
    let session = folder.open().unwrap();
    (0..count).for_each(|number| drop(folder.record(&session, &"x".repeat(number * 400)).unwrap()));
    assert_eq!(session.rotate_error(), None);
    session.close();
}

fn rotations(calls: &[Call]) -> usize {
    calls.iter().filter(|call| matches!(call, Call::Naming(Naming::Rename(..)))).count()
}

#[test]
fn rotations_survive() {
    for page in [PAGE, SECTOR] {
        let folder = Folder::new();
        let start = World::of(&folder, page);
        record(&folder, 7);
        record(&folder, 3);
        assert_eq!(rotations(&folder.calls()), 3);
        let Tally { crashes, folders, second } =
            crash_everywhere(&start, &[], &folder.calls(), limit(), limit() / 3).unwrap();
        println!(
            "rotations, pages of {page}: {crashes} crashes, {folders} folders, {second} folders of second crashes"
        );
    }
}

#[test]
fn a_rotation_that_fails_is_undone_or_poisons() {
    for (call, goes_on) in [("create", true), ("link", true), ("rename", true), ("sync_folder", false)] {
        let folder = Folder::new();
        let start = World::of(&folder, PAGE);
        let session = folder.open().unwrap();
        (0..3).for_each(|number| drop(folder.record(&session, &number.to_string()).unwrap()));
        folder.fail(call);
        let recorded = folder.record(&session, "full");
        if goes_on {
            recorded.unwrap();
            assert!(session.rotate_error().is_some(), "{call}");
            assert_eq!(folder.names(), [Name::Active], "{call}");
            folder.record(&session, "then").unwrap();
            assert_eq!((session.rotate_error(), folder.names().len()), (None, 2), "{call}");
        } else {
            let error = recorded.unwrap_err();
            assert_eq!((error.code, error.outcome), (ErrorCode::SessionPoisoned, Some(Outcome::NotWritten)), "{call}");
        }
        session.close();
        record(&folder, 4);
        verified(&folder.ledger()).unwrap();
        crash_everywhere(&start, &[], &folder.calls(), limit(), 0).unwrap_or_else(|what| panic!("{call}: {what}"));
    }
}

#[test]
fn pruning_survives() {
    let folder = Folder::new();
    let start = World::of(&folder, PAGE);
    record(&folder, 13);
    let session = folder.open().unwrap();
    assert!(folder.prune(&session).unwrap());
    session.close();
    let calls = folder.calls();
    let is_removal = |call: &&Call| matches!(call, Call::Naming(Naming::Remove(Name::Sealed(_))));
    assert_eq!(calls.iter().filter(is_removal).count(), 2);
    let Tally { crashes, folders, second } = crash_everywhere(&start, &[], &calls, limit(), limit() / 7).unwrap();
    println!("pruning: {crashes} crashes, {folders} folders, {second} folders of second crashes");
    // The test of the test: removal before the event that says so.
    let removal = calls.iter().position(|call| is_removal(&call)).unwrap();
    let event = calls[..removal].iter().rposition(|call| matches!(call, Call::File(_, Step::Write { .. }))).unwrap();
    let mut early = calls.clone();
    early[event..=removal].rotate_right(1);
    crash_everywhere(&start, &[], &early, limit(), 0).expect_err("removed first");
}

/// The test of the test: rotations that leave out a step lose something.
#[test]
fn a_rotation_that_breaks_a_rule_is_caught() {
    let folder = Folder::new();
    let start = World::of(&folder, PAGE);
    record(&folder, 7);
    let calls = folder.calls();
    crash_everywhere(&start, &[], &calls, limit(), 0).unwrap();
    let is_rename = |call: &Call| matches!(call, Call::Naming(Naming::Rename(..)));
    let rename = calls.iter().position(is_rename).unwrap();
    let mut unsynced = calls.clone();
    assert_eq!(unsynced.remove(rename - 1), Call::SyncFolder);
    let mut never = calls.clone();
    never.retain(|call| *call != Call::SyncFolder);
    for (what, calls) in [("renames before the link is durable", unsynced), ("never syncs the folder", never)] {
        let lost = crash_everywhere(&start, &[], &calls, limit(), 0).expect_err(what);
        println!("{what}: {}", lost.chars().take(100).collect::<String>());
    }
}
