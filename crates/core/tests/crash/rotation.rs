//! Crashes in the middle of rotations, and of the openings that complete them.

use crate::disk::Chance;
use crate::shelf::{Call, Folder, Name, Naming, World};
use crate::{PAGE, SECTOR, limit, verified};
use sealwright_core::ErrorCode;
use sealwright_core::error::Outcome;
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

/// Opens what a crash left, and records behind it until the ledger is rotated again. Gives the calls that were made.
fn go_on(folder: &Folder, told: &[String]) -> Result<Vec<Call>, String> {
    let session = folder.open().map_err(|error| format!("opening failed: {error}"))?;
    let ledger = String::from_utf8(folder.ledger()).map_err(|error| error.to_string())?;
    let lines: HashSet<&str> = ledger.lines().collect();
    if let Some(line) = told.iter().find(|line| !lines.contains(line.as_str())) {
        return Err(format!("lost although it was acknowledged: {line:.60}"));
    }
    for number in 0..4 {
        folder.record(&session, &format!("again {number}")).map_err(|error| format!("recording failed: {error}"))?;
    }
    session.close();
    let report = verified(&folder.ledger())?;
    if report.event_count != lines.len() as u64 + 4 {
        return Err(format!("{} events of {}", report.event_count, lines.len() + 4));
    }
    Ok(folder.calls())
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
