//! What callers asked for and what they were told, held against the file.

use crate::disk::Disk;
use crate::heads::Heads;
use sealwright_core::ErrorCode;
use sealwright_core::error::Outcome;
use sealwright_core::ledger::Settled;
use sealwright_core::verify::{Options, Verifier};
use shuttle::sync::{Condvar, Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event by its place: session, thread of the session, step of the thread, event of a batch. It is its `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) usize, pub(crate) usize, pub(crate) usize, pub(crate) usize);

impl Name {
    pub(crate) fn reason(self) -> String {
        format!("{}.{}.{}.{}", self.0, self.1, self.2, self.3)
    }

    fn is_in(self, file: &str) -> usize {
        file.matches(&format!(r#""reason":"{}""#, self.reason())).count()
    }
}

/// What became of an event, as far as its caller knows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Open,
    Written(String),
    NotWritten,
    Unknown,
    Withdrawn,
}

/// Clones are the same book.
#[derive(Clone)]
pub(crate) struct Book {
    disk: Disk,
    /// The head store, if records wait for it.
    waited: Option<Arc<Heads>>,
    fates: Arc<(Mutex<BTreeMap<Name, Fate>>, Condvar)>,
}

impl Book {
    pub(crate) fn new(disk: &Disk, waited: Option<Arc<Heads>>) -> Self {
        Self { disk: disk.clone(), waited, fates: Arc::default() }
    }

    /// Someone is about to submit these events.
    pub(crate) fn submits(&self, names: &[Name]) {
        let mut fates = self.fates();
        for name in names {
            assert_eq!(fates.insert(*name, Fate::Open), None, "a name is used once");
        }
    }

    /// Someone was told what became of these events. Acknowledged means durable, now.
    pub(crate) fn told(&self, names: &[Name], result: &Settled) {
        let told: Vec<Fate> = match result {
            Ok(lines) => lines.iter().cloned().map(Fate::Written).collect(),
            Err(error) if error.outcome == Some(Outcome::NotWritten) => vec![Fate::NotWritten; names.len()],
            Err(error) if error.outcome == Some(Outcome::Unknown) => vec![Fate::Unknown; names.len()],
            Err(error) => panic!("a failed record without an outcome: {error:?}"),
        };
        assert_eq!(told.len(), names.len(), "a line for each event");
        let (live, durable) = (self.disk.live(), self.disk.durable());
        for (name, fate) in names.iter().zip(told) {
            match &fate {
                Fate::Written(line) => {
                    assert_eq!(name.is_in(line), 1, "{name:?} was answered with the line of another event");
                    assert!(durable.contains(&format!("{line}\n")), "{name:?} was acknowledged before it was durable");
                    if let Some(heads) = &self.waited {
                        let head = heads.last();
                        assert!(head >= Some(seq_of(line)), "{name:?} was acknowledged before its head was stored");
                    }
                }
                Fate::NotWritten => assert_eq!(name.is_in(&live), 0, "{name:?} is said not to be written, and is"),
                _ => {}
            }
            self.decide(*name, fate);
        }
    }

    pub(crate) fn withdrawn(&self, names: &[Name]) {
        names.iter().for_each(|name| self.decide(*name, Fate::Withdrawn));
    }

    fn decide(&self, name: Name, fate: Fate) {
        let before = self.fates().insert(name, fate.clone());
        assert_eq!(before, Some(Fate::Open), "{name:?} was settled twice, the second time as {fate:?}");
        self.fates.1.notify_all();
    }

    /// Whoever closed a session knows what became of these events.
    pub(crate) fn assert_decided(&self, names: &[Name], when: &str) {
        let fates = self.fates();
        for name in names {
            assert_ne!(fates[name], Fate::Open, "{name:?} is not settled {when}");
        }
    }

    /// Waits until everyone was told. Without an end if someone never is.
    pub(crate) fn wait_decided(&self) {
        let mut fates = self.fates();
        while fates.values().any(|fate| *fate == Fate::Open) {
            fates = self.fates.1.wait(fates).unwrap();
        }
    }

    /// Holds what everyone was told against the file that is left.
    pub(crate) fn check(&self) {
        let (live, durable) = (self.disk.live(), self.disk.durable());
        assert_eq!(live, durable, "the last record that was acknowledged made everything durable");
        let mut verifier = Verifier::new(&Options::default());
        verifier.push(live.as_bytes());
        let report = verifier.finish().unwrap();
        assert!(report.ok && report.tail.is_none(), "{report:?}");
        let mut last: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (name, fate) in &*self.fates() {
            let count = name.is_in(&live);
            match fate {
                Fate::Written(line) => assert!(live.contains(&format!("{line}\n")), "{name:?} was lost: {line}"),
                Fate::NotWritten | Fate::Withdrawn => assert_eq!(count, 0, "{name:?} is {fate:?}, and in the file"),
                Fate::Unknown => {}
                Fate::Open => panic!("{name:?} was never settled"),
            }
            assert!(count <= 1, "{name:?} is {count} times in the file");
            // Names of one thread are in the order it submitted them.
            if let Some(place) = live.find(&format!(r#""reason":"{}""#, name.reason())) {
                let before = last.insert((name.0, name.1), place);
                assert!(before.is_none_or(|before| before < place), "{name:?} overtook the event before it");
            }
        }
    }

    /// Codes that a record may fail with here.
    pub(crate) fn assert_expected(result: &Settled, faulty: bool, closed_by_others: bool) {
        let Err(error) = result else { return };
        let expected = match error.code {
            ErrorCode::SessionPoisoned | ErrorCode::LedgerIo | ErrorCode::Internal => faulty,
            ErrorCode::SessionClosed => closed_by_others,
            ErrorCode::Backpressure => true,
            _ => false,
        };
        assert!(expected, "a record failed: {error:?}");
    }

    fn fates(&self) -> MutexGuard<'_, BTreeMap<Name, Fate>> {
        self.fates.0.lock().unwrap()
    }
}

/// Place of an event in the ledger.
pub(crate) fn seq_of(line: &str) -> u64 {
    let (seq, _) = line.strip_prefix(r#"{"seq":"#).and_then(|rest| rest.split_once(',')).unwrap();
    seq.parse().unwrap()
}
