//! What is tried. Small, since every step more makes the places where others can come between too many.

use crate::disk::Fault;
use crate::heads::Manner;
use crate::world::Act::{
    Close, Drain, Record, Reopen, Submit, SubmitBatch, SubmitQuietly, SubmitWithRoom, WaitHead, WaitIdle, Wake,
    Withdraw,
};
use crate::world::Scenario;
use crate::{explore, explore_often};

/// Sessions that record at once and end in every way there is.
const MIXED: Scenario = Scenario::new(
    "mixed",
    &[&[&[Submit, Record, Submit, Close]], &[&[Record, SubmitBatch, WaitIdle, Submit]], &[&[Submit, Drain]]],
);

#[test]
fn sessions_share_a_writer_and_end_as_they_like() {
    explore(MIXED);
}

#[test]
fn sessions_come_and_go() {
    explore(Scenario::new(
        "come and go",
        &[&[&[Submit, Reopen, Submit, Reopen, Record, Close]], &[&[Record, Reopen, Submit]], &[&[Submit, Reopen]]],
    ));
}

#[test]
fn threads_share_a_session_that_is_closed_under_them() {
    explore_often(Scenario::new("closed at once", &[&[&[Close], &[Record], &[Submit]]]));
    explore(Scenario::new("closed", &[&[&[Submit, Close], &[Record, Record], &[Submit, SubmitBatch]]]));
    explore(Scenario::new("drained", &[&[&[Submit, Drain], &[Record, Close], &[Submit, Record]], &[&[Record]]]));
}

#[test]
fn what_is_to_be_taken_soon_is_taken() {
    let quiet: &[&[&[_]]] =
        &[&[&[SubmitQuietly, SubmitQuietly, Wake, SubmitQuietly, WaitIdle]], &[&[SubmitQuietly, Close]]];
    explore(Scenario::new("quiet", quiet));
    let others: &[&[&[_]]] =
        &[&[&[SubmitQuietly, Drain], &[Record], &[SubmitQuietly, Wake]], &[&[SubmitQuietly, Submit]]];
    explore(Scenario::new("quiet among others", others));
    let withdrawn: &[&[&[_]]] = &[&[&[SubmitQuietly, Withdraw, SubmitQuietly, Wake, WaitIdle]], &[&[WaitIdle, Record]]];
    explore(Scenario::new("quiet and withdrawn", withdrawn));
    explore(Scenario { faults: &[("sync", 2, Fault::Fail)], ..Scenario::new("quiet behind a failure", quiet) });
}

#[test]
fn records_are_withdrawn() {
    explore(Scenario::new(
        "withdrawn",
        &[&[&[Submit, Withdraw, SubmitBatch, Withdraw, Close]], &[&[Record, Submit, Withdraw, WaitIdle]]],
    ));
    let waited: &[&[&[_]]] = &[&[&[Submit, Withdraw, Submit, Withdraw], &[WaitIdle, WaitIdle], &[WaitIdle, WaitIdle]]];
    explore(Scenario::new("withdrawn while others wait", waited));
}

#[test]
fn a_full_queue_pushes_back() {
    let room: Scenario = Scenario::new(
        "room",
        &[
            &[&[SubmitWithRoom, SubmitWithRoom, SubmitWithRoom]],
            &[&[SubmitWithRoom, SubmitWithRoom, Withdraw, Close]],
            &[&[SubmitWithRoom, Record]],
        ],
    );
    for queue_bytes in [1, 600, 1_500] {
        explore(Scenario { queue_bytes: Some(queue_bytes), ..room });
        explore(Scenario { queue_bytes: Some(queue_bytes), faults: &[("sync", 2, Fault::Fail)], ..room });
    }
}

#[test]
fn a_storage_fails_at_any_time() {
    let scripts: &[&[&[_]]] =
        &[&[&[Submit, Record, Reopen, Submit, Close]], &[&[SubmitBatch, Submit, Reopen, Record]], &[&[Record, Drain]]];
    let faults: [&[(&str, usize, Fault)]; 10] = [
        &[("is_linked", 0, Fault::Fail), ("is_linked", 2, Fault::Fail)],
        &[("write", 0, Fault::HalfThenFail)],
        &[("write", 1, Fault::DoneButFail), ("write", 2, Fault::Fail)],
        &[("write", 1, Fault::HalfThenFail), ("set_len", 0, Fault::Fail)],
        &[("sync", 0, Fault::Fail)],
        &[("sync", 1, Fault::Fail)],
        &[("sync", 2, Fault::DoneButFail), ("sync", 4, Fault::Fail)],
        &[("write", 0, Fault::Panic)],
        &[("write", 2, Fault::Panic)],
        &[("sync", 2, Fault::Panic)],
    ];
    for faults in faults {
        explore(Scenario { faults, ..Scenario::new("a failing storage", scripts) });
    }
}

#[test]
fn a_session_is_closed_while_another_thread_meets_a_failure() {
    for faults in [&[("sync", 1, Fault::Fail)], &[("write", 1, Fault::Panic)]] {
        let scripts: &[&[&[_]]] = &[&[&[Submit, Drain], &[Record, Record]], &[&[Record, Reopen, Submit]]];
        explore(Scenario { faults, ..Scenario::new("a failure while closing", scripts) });
        // Nobody else holds the writer: its thread releases the file while a caller's meets the failure.
        let scripts: &[&[&[_]]] = &[&[&[Drain, Reopen], &[Record, Reopen]]];
        explore_often(Scenario { faults, ..Scenario::new("a failure while releasing", scripts) });
    }
}

#[test]
fn sinks_panic() {
    explore(Scenario { sinks_panic: true, ..MIXED });
    explore(Scenario { sinks_panic: true, faults: &[("sync", 2, Fault::Panic)], ..MIXED });
    explore(Scenario { sinks_panic: true, queue_bytes: Some(1), ..MIXED });
}

#[test]
fn head_stores_are_told() {
    for manner in [Manner::Plain, Manner::NeedsItsThread, Manner::Panics] {
        explore(Scenario { heads: Some((manner, false)), ..MIXED });
    }
    for manner in [Manner::Plain, Manner::Panics] {
        explore(Scenario { heads: Some((manner, true)), ..MIXED });
        explore(Scenario { heads: Some((manner, true)), faults: &[("sync", 2, Fault::Fail)], ..MIXED });
    }
    let waiting = Scenario::new("a head while recording", &[&[&[Record, WaitHead, Submit]], &[&[Record, WaitHead]]]);
    explore(Scenario { heads: Some((Manner::Plain, false)), ..waiting });
    explore(Scenario { heads: Some((Manner::NeedsItsThread, false)), ..waiting });
    let drained = Scenario::new("a head behind a drain", &[&[&[Submit, Drain], &[Record, Submit]]]);
    explore(Scenario { heads: Some((Manner::Plain, false)), ..drained });
    explore(Scenario { heads: Some((Manner::NeedsItsThread, false)), ..drained });
}
