//! The real writer under a scheduler that decides, at each lock, wait and call of the storage, which thread goes on.
//!
//! A scenario is run many times, each time on another schedule. Required is of each that
//!
//! * every record settles once, or is withdrawn, never both; and nobody waits for ever,
//! * what is acknowledged is durable at that moment, stays in the file, and has its head in a store that is waited for,
//! * what is said not to be written, or was withdrawn, is not in the file, now or later,
//! * the events of a thread are in the file in the order it submitted them, each once, in a chain that verifies,
//! * `close` returns when everyone was told, and the last one when the file is released,
//! * nothing is written by a writer without the lock, or behind a failure that left the end of the file unknown,
//! * who opens the ledger next finds it unlocked, and who waits for room is told once.
//!
//! `SEALWRIGHT_MODEL_SCHEDULES` is how many schedules to try for a scenario, 30 by default, and twelve times as many for
//! a short one that fails only when three things meet. A failure says how to run its schedule again.
//! `cargo test -p sealwright-core --features model --test model -- --nocapture` shows how many there were.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod book;
mod disk;
mod heads;
mod scenarios;
mod world;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};
use std::cell::Cell;
use std::env;
use std::panic::{self, AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Once;
use world::Scenario;

/// Places in a schedule of the second kind where a thread loses its turn: most defects need one or two.
const PREEMPTIONS: usize = 3;

/// Schedules of the second kind that share a seed: the first of them tells the scheduler how long one is.
const ROUND: usize = 10;

/// More steps than any schedule takes that ends.
const MAX_STEPS: usize = 100_000;

/// Half of the schedules are random, half have few preemptions at random places.
fn explore(scenario: Scenario) {
    explore_times(scenario, 1);
}

/// For short scenarios.
fn explore_often(scenario: Scenario) {
    explore_times(scenario, 12);
}

fn explore_times(scenario: Scenario, times: u64) {
    watch_panics();
    if let Ok(replay) = env::var("SEALWRIGHT_MODEL_REPLAY") {
        let (kind, seed) = replay.split_once(':').expect("a kind and a seed");
        run(scenario, kind, seed.parse().expect("a number"));
        return;
    }
    let schedules: u64 = env::var("SEALWRIGHT_MODEL_SCHEDULES").map_or(30, |number| number.parse().expect("a number"));
    let half = schedules * times / 2;
    let random: usize = (0..half).map(|seed| run(scenario, "random", seed)).sum();
    let pct: usize = (0..half.div_ceil(ROUND as u64)).map(|seed| run(scenario, "pct", seed)).sum();
    println!("{}: {} schedules", scenario.name, random + pct);
}

fn run(scenario: Scenario, kind: &str, seed: u64) -> usize {
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
    config.silence_warnings = true;
    let schedule = move || {
        scenario.run();
        assert!(!FAILED.get(), "a panic was contained that no scenario injected");
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| match kind {
        "random" => Runner::new(RandomScheduler::new_from_seed(seed, 1), config).run(schedule),
        "pct" => Runner::new(PctScheduler::new_from_seed(seed, PREEMPTIONS + 1, ROUND), config).run(schedule),
        _ => panic!("no such kind of schedule: {kind}"),
    }));
    outcome.unwrap_or_else(|panic| {
        println!("{} failed; again with SEALWRIGHT_MODEL_REPLAY={kind}:{seed}", scenario.name);
        resume_unwind(panic)
    })
}

/// What a storage, a sink or a store does that panics.
fn injected() -> ! {
    panic::panic_any(Injected)
}

struct Injected;

thread_local! {
    /// Something did not hold. The writer contains a panic of a sink, which must not hide it.
    static FAILED: Cell<bool> = const { Cell::new(false) };
}

/// Panics that a scenario injects are part of it; each other one is a failure, contained or not.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The scheduler installs a hook of its own with its first schedule.
        shuttle::check_random(|| {}, 1);
        panic::set_hook(Box::new(|info| {
            if !info.payload().is::<Injected>() {
                FAILED.set(true);
                println!("{info}");
            }
        }));
    });
}
