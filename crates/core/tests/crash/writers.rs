//! Writers that break a rule, made from a trace of the real one: each is caught. The test of the tests.

use crate::disk::{Disk, Step};
use crate::medium::{Fault, Medium};
use crate::{PAGE, crash_everywhere, record};
use std::io::ErrorKind;

/// A group, one whose sync failed, and two on a new session; on a new ledger.
fn trace() -> Vec<Step> {
    record(b"", |medium: &Medium| {
        let session = medium.open().unwrap();
        medium.record(&session, "before").unwrap();
        medium.fail("sync", Fault::Fail(ErrorKind::Other));
        medium.record(&session, &"x".repeat(5_000)).unwrap_err();
        let session = medium.open().unwrap();
        medium.record(&session, "after").unwrap();
        medium.record_many(&session, &(0..20).map(|number| number.to_string()).collect::<Vec<_>>());
        session.close();
    })
}

fn swap_each(steps: &mut [Step], is_pair: impl Fn(&Step, &Step) -> bool) {
    for at in 1..steps.len() {
        if is_pair(&steps[at - 1], &steps[at]) {
            steps.swap(at - 1, at);
        }
    }
}

fn write_after_failed_sync(steps: &[Step]) -> usize {
    let failed = steps.iter().position(|step| *step == Step::SyncFailed).unwrap();
    assert!(matches!(steps[failed + 1], Step::Write { .. }), "the window");
    failed + 1
}

#[test]
fn a_writer_that_breaks_a_rule_is_caught() {
    type Break = fn(&mut Vec<Step>);
    let broken: [(&str, Break); 6] = [
        ("it never syncs", |steps| steps.retain(|step| *step != Step::Sync)),
        ("it never syncs the folder", |steps| steps.retain(|step| *step != Step::SyncFolder)),
        ("it acknowledges before the sync", |steps| {
            swap_each(steps, |first, second| *first == Step::Sync && matches!(second, Step::Acknowledged(_)));
        }),
        ("it syncs before the write", |steps| {
            swap_each(steps, |first, second| matches!(first, Step::Write { .. }) && *second == Step::Sync);
        }),
        ("it does not write the window again", |steps| {
            steps.remove(write_after_failed_sync(steps));
        }),
        ("it goes on after a failed sync", |steps| {
            let window = write_after_failed_sync(steps);
            steps.drain(window..window + 3);
        }),
    ];
    let disk = Disk::new(PAGE, b"", false);
    crash_everywhere(&disk, &trace(), 100, 0).unwrap();
    for (what, break_it) in broken {
        let mut steps = trace();
        let whole = steps.clone();
        break_it(&mut steps);
        assert_ne!(steps, whole, "{what}");
        let lost = crash_everywhere(&disk, &steps, 100, 0).expect_err(what);
        println!("{what}: {}", lost.chars().take(100).collect::<String>());
    }
}
