//! Crashes of the power at every call of the real writer, and at every call of the repair after them.
//!
//! A scenario is recorded once, on a medium that writes down each call. Then the power fails behind each call in turn:
//! `disk` computes the files that may be left, and each of them is opened by the real recovery. Required is that
//!
//! * everything acknowledged by then is there, and nothing of which was said that it was not written,
//! * what is there is a beginning of what the writer had written, byte for byte,
//! * what is cut off was kept beside the ledger before,
//! * the next event is recorded and the verifier accepts all of it,
//! * and all of this again when the power fails behind each call of that repair.
//!
//! `SEALWRIGHT_CRASH_IMAGES` is how many files to try at most for a crash and a page size, and a third as many for a
//! second crash; 3 by default. Pruning has second crashes from 7 on. `cargo test --test crash -- --nocapture` shows how
//! many there were.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod disk;
mod faults;
mod medium;
#[path = "../recording/mod.rs"]
mod recording;
#[cfg(target_os = "linux")]
mod replay;
mod rotation;
mod shelf;
mod writers;

use disk::{Chance, Disk, Step};
use medium::Medium;
use recording::event;
use sealwright_core::chain::Head;
use sealwright_core::ledger::Session;
use sealwright_core::verify::{Options, Report, Verifier};
use std::collections::HashSet;

/// Bytes of a page, of a sector, and of less than any disk writes at once.
const PAGE: usize = 4096;
const SECTOR: usize = 512;
const SHRED: usize = 64;

/// How many files were tried.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    crashes: usize,
    images: usize,
    second: usize,
}

/// Lets the power fail behind each call of a trace that began with this disk: `each` files for each, and `second` files
/// for each call of their repair. Says what was lost.
fn crash_everywhere(start: &Disk, steps: &[Step], each: usize, second: usize) -> Result<Tally, String> {
    let mut disk = start.clone();
    let mut told = Told::default();
    let mut tried = HashSet::new();
    let mut tally = Tally::default();
    let mut chance = Chance(1);
    for done in 0..=steps.len() {
        if let Some(step) = done.checked_sub(1).map(|last| &steps[last]) {
            disk.apply(step);
            told.hear(step);
        }
        if matches!(steps.get(done), Some(Step::Acknowledged(_) | Step::Denied(_))) {
            continue;
        }
        if !disk.is_named() && !told.acknowledged.is_empty() {
            return Err(format!("behind call {done} the file of what was acknowledged has no name"));
        }
        tally.crashes += 1;
        for image in disk.images(each, &mut chance) {
            let place = |what| format!("behind call {done}, {} bytes left: {what}", image.len());
            if !tried.insert((image.clone(), told.steps.len())) {
                continue;
            }
            tally.images += 1;
            let opened = open(&disk, &image, &told).map_err(place)?;
            if second > 0 {
                let mut steps = told.steps.clone();
                steps.extend(opened.go_on(&image).map_err(place)?);
                tally.second += crash_everywhere(&disk.restarted(&image), &steps, second, 0).map_err(place)?.images;
            }
        }
    }
    Ok(tally)
}

/// What callers were told before a crash.
#[derive(Default)]
struct Told {
    steps: Vec<Step>,
    acknowledged: HashSet<String>,
    denied: Vec<String>,
}

impl Told {
    fn hear(&mut self, step: &Step) {
        match step {
            Step::Acknowledged(line) => drop(self.acknowledged.insert(line.clone())),
            Step::Denied(reason) => self.denied.push(format!(r#""reason":"{reason}""#)),
            _ => return,
        }
        self.steps.push(step.clone());
    }
}

/// A ledger that was opened after a crash.
struct Opened {
    medium: Medium,
    session: Session,
    /// What is left of it.
    kept: Vec<u8>,
    events: usize,
}

/// Opens what a crash left. Says what is wrong.
fn open(disk: &Disk, image: &[u8], told: &Told) -> Result<Opened, String> {
    let medium = Medium::new(image);
    let session = medium.open().map_err(|error| format!("opening failed: {error}"))?;
    let kept = medium.live();
    if !disk.began_with(&kept) {
        return Err("what is there was never written".to_owned());
    }
    let text = std::str::from_utf8(&kept).map_err(|error| error.to_string())?;
    if let Some(reason) = told.denied.iter().find(|reason| text.contains(reason.as_str())) {
        return Err(format!("there although it was not written: {reason:.20}"));
    }
    let lines: HashSet<&str> = text.lines().collect();
    if let Some(line) = told.acknowledged.iter().find(|line| !lines.contains(line.as_str())) {
        return Err(format!("lost although it was acknowledged: {line}"));
    }
    let events = lines.len();
    Ok(Opened { medium, session, kept, events })
}

impl Opened {
    /// Records an event, and gives the calls that were made since the file was found like this. Says what is wrong.
    fn go_on(self, image: &[u8]) -> Result<Vec<Step>, String> {
        let Self { medium, session, kept, events } = self;
        medium.record(&session, "again").map_err(|error| format!("recording failed: {error}"))?;
        session.close();
        let report = verified(&medium.live())?;
        if report.event_count != events as u64 + 1 {
            return Err(format!("{} events of {}", report.event_count, events + 1));
        }
        let steps = medium.steps();
        let tail = &image[kept.len()..];
        let is_copy =
            |step: &Step| matches!(step, Step::Quarantined { offset, bytes } if *offset == kept.len() && bytes == tail);
        let cut = steps.iter().position(|step| matches!(step, Step::SetLen(_))).unwrap_or(0);
        if !tail.is_empty() && !steps[..cut].iter().any(is_copy) {
            return Err("the tail was cut off before it was kept".to_owned());
        }
        Ok(steps)
    }
}

/// The verifier's report of a clean ledger, or what it does not like.
fn verified(bytes: &[u8]) -> Result<Report, String> {
    verified_behind(None, bytes)
}

/// The same of a ledger whose beginning is missing.
fn verified_behind(start_after: Option<Head>, bytes: &[u8]) -> Result<Report, String> {
    let mut verifier = Verifier::new(&Options { start_after, ..Options::default() });
    verifier.push(bytes);
    match verifier.finish() {
        Ok(report) if report.ok && report.tail.is_none() => Ok(report),
        Ok(report) => Err(format!("{:?}, tail {:?}", report.reason, report.tail)),
        Err(error) => Err(error.to_string()),
    }
}

fn limit() -> usize {
    std::env::var("SEALWRIGHT_CRASH_IMAGES").map_or(3, |count| count.parse().unwrap())
}

/// A trace of the real writer that began with a durable file: the lines in it are acknowledged.
fn record(start: &[u8], scenario: impl FnOnce(&Medium)) -> Vec<Step> {
    let medium = Medium::new(start);
    scenario(&medium);
    let lines = std::str::from_utf8(start).unwrap().lines().map(|line| Step::Acknowledged(line.to_owned()));
    lines.chain(medium.steps()).collect()
}

fn assert_survives(name: &str, pages: &[usize], start: &[u8], steps: &[Step], second: usize) {
    for page in pages {
        let disk = Disk::new(*page, start, !start.is_empty());
        let tally = crash_everywhere(&disk, steps, limit(), second)
            .unwrap_or_else(|what| panic!("{name}, pages of {page} bytes: {what}"));
        let Tally { crashes, images, second } = tally;
        println!("{name}, pages of {page}: {crashes} crashes, {images} files, {second} files of second crashes");
        assert!(images > 3, "{name}: a crash leaves more than one file");
    }
}

/// A ledger of some events, closed in order.
fn ledger(count: usize, length: usize) -> Vec<u8> {
    let medium = Medium::new(b"");
    let session = medium.open().unwrap();
    for number in 0..count {
        medium.record(&session, &format!("{number}{}", "x".repeat(length))).unwrap();
    }
    session.close();
    medium.live()
}

#[test]
fn records_of_many_threads_survive() {
    let steps = record(b"", |medium| {
        let session = medium.open().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (session, medium) = (&session, &medium);
                scope.spawn(move || {
                    for number in 0..6_u64 {
                        let reason = format!("{thread}/{number}{}", "x".repeat(thread * 300));
                        if thread == 0 {
                            medium.record(session, &reason).unwrap();
                        } else {
                            session.submit(number, event(&reason)).unwrap();
                        }
                    }
                });
            }
        });
        session.close();
    });
    let acknowledged: Vec<&String> =
        steps.iter().filter_map(|step| if let Step::Acknowledged(line) = step { Some(line) } else { None }).collect();
    assert_eq!(acknowledged.len(), 24);
    // Each thread's records are in its order, so a beginning of the ledger is a beginning of what each submitted.
    let mut disk = Disk::new(PAGE, b"", false);
    steps.iter().for_each(|step| disk.apply(step));
    let text = String::from_utf8(disk.images(1, &mut Chance(1)).remove(0)).unwrap();
    for thread in 0..4 {
        let places = (0..6).map(|number| text.find(&format!(r#""reason":"{thread}/{number}"#)).unwrap());
        assert!(places.is_sorted(), "thread {thread}");
    }
    assert_survives("threads", &[PAGE, SECTOR], b"", &steps, limit() / 3);
}

#[test]
fn batches_survive() {
    let batch = |count: usize, length: usize| -> Vec<String> {
        (0..count).map(|number| format!("{number}{}", "x".repeat(length))).collect()
    };
    let steps = record(b"", |medium| {
        let session = medium.open().unwrap();
        medium.record_many(&session, &batch(1, 10));
        medium.record_many(&session, &batch(30, 100));
        // Lines longer than a page.
        medium.record_many(&session, &batch(4, 9_000));
        medium.record_many(&session, &batch(3, 1));
        session.close();
    });
    assert_survives("batches", &[PAGE, SECTOR], b"", &steps, limit() / 3);
}

#[test]
fn closing_and_reopening_survives() {
    let steps = record(b"", |medium| {
        for number in 0..4 {
            let session = medium.open().unwrap();
            medium.record(&session, &format!("{number} first")).unwrap();
            medium.record(&session, &"x".repeat(number * 2_000)).unwrap();
            session.close();
            medium.open().unwrap().close();
        }
    });
    assert_survives("reopening", &[PAGE, SECTOR], b"", &steps, limit() / 3);
}

/// Whatever is left says which key is in force, and the ledger goes on with that one.
#[test]
fn handing_over_survives() {
    let steps = record(b"", |medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "before").unwrap();
        medium.hand_over(&session);
        medium.record(&session, "after").unwrap();
        session.close();
        let session = medium.open().unwrap();
        medium.record(&session, &"x".repeat(5_000)).unwrap();
        session.close();
    });
    assert_survives("a rotation of keys", &[PAGE, SECTOR, SHRED], b"", &steps, limit() / 3);
}

#[test]
fn repairing_a_tail_survives() {
    let whole = ledger(12, 700);
    let good = whole[..whole.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    let mut hole = whole.clone();
    hole[PAGE..2 * PAGE].fill(0);
    let before_hole = whole[..PAGE].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    for (name, torn, good) in [("an unterminated tail", &whole[..good + 500], good), ("a hole", &hole[..], before_hole)]
    {
        let medium = Medium::new(torn);
        let session = medium.open().unwrap();
        medium.record(&session, "after").unwrap();
        session.close();
        let lines = std::str::from_utf8(&torn[..good]).unwrap().lines();
        let steps: Vec<Step> = lines.map(|line| Step::Acknowledged(line.to_owned())).chain(medium.steps()).collect();
        assert!(steps.iter().any(|step| matches!(step, Step::Quarantined { .. })), "{name}");
        assert_survives(name, &[PAGE, SECTOR, SHRED], torn, &steps, limit() / 3);
    }
}

#[test]
fn a_group_as_large_as_the_window_survives() {
    let start = ledger(6, 200_000);
    let steps = record(&start, |medium| {
        let session = medium.open().unwrap();
        medium.record_many(
            &session,
            &(0..5).map(|number| format!("{number}{}", "x".repeat(200_000))).collect::<Vec<_>>(),
        );
        medium.record(&session, "last").unwrap();
        session.close();
    });
    assert_survives("a large group", &[PAGE], &start, &steps, 0);
}

/// Another program may have ended its ledger without an LF.
#[test]
fn ending_the_last_line_survives() {
    let mut start = ledger(2, 100);
    start.pop();
    let steps = record(&start, |medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "after").unwrap();
        session.close();
    });
    assert_survives("a missing LF", &[PAGE, SECTOR, SHRED], &start, &steps, limit() / 3);
}

/// What the rule of the recovery is for: to cut off an unterminated last line, and nothing else, is not enough.
#[test]
fn a_weaker_rule_fails() {
    let medium = Medium::new(b"");
    let session = medium.open().unwrap();
    medium.record(&session, "first").unwrap();
    medium.record_many(&session, &(0..30).map(|number| format!("{number}")).collect::<Vec<_>>());
    session.close();
    let mut disk = Disk::new(PAGE, b"", true);
    let steps = medium.steps();
    let last_sync = steps.iter().rposition(|step| *step == Step::Sync).unwrap();
    steps[..last_sync].iter().for_each(|step| disk.apply(step));
    let images = disk.images(usize::MAX, &mut Chance(1));
    let accepted = |image: &Vec<u8>| {
        let end = image.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        verified(&image[..end]).is_ok()
    };
    let fails = images.iter().filter(|image| !accepted(image)).count();
    println!("the weaker rule leaves {fails} of {} files broken", images.len());
    assert!(fails > 0 && fails < images.len());
    for image in &images {
        open(&disk, image, &Told::default()).and_then(|opened| opened.go_on(image)).unwrap();
    }
}
