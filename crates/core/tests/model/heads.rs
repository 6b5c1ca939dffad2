//! A head store in memory. Every call is a point at which another thread may go on.

use crate::injected;
use sealwright_core::Result;
use sealwright_core::chain::Head;
use sealwright_core::heads::HeadStore;
use shuttle::sync::{Condvar, Mutex};
use std::collections::BTreeMap;

/// What is special about a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    /// Closing does not wait for it.
    NeedsItsThread,
    /// Its first `advance` panics.
    Panics,
}

pub(crate) struct Heads {
    manner: Manner,
    stored: Mutex<(usize, BTreeMap<String, Head>)>,
    changed: Condvar,
}

impl Heads {
    pub(crate) fn new(manner: Manner) -> Self {
        Self { manner, stored: Mutex::default(), changed: Condvar::new() }
    }

    /// The last event of the one ledger that is stored here.
    pub(crate) fn last(&self) -> Option<u64> {
        last(&self.stored.lock().unwrap().1)
    }

    /// Waits until it has this event or a later one. Without an end if the store is never told.
    pub(crate) fn wait_for(&self, seq: Option<u64>) {
        let mut stored = self.stored.lock().unwrap();
        while last(&stored.1) < seq {
            stored = self.changed.wait(stored).unwrap();
        }
    }
}

impl HeadStore for Heads {
    fn read(&self, id: &str) -> Result<Option<Head>> {
        Ok(self.stored.lock().unwrap().1.get(id).copied())
    }

    fn advance(&self, heads: &[(String, Head)]) -> Result<()> {
        let calls = {
            let mut stored = self.stored.lock().unwrap();
            stored.0 += 1;
            stored.0
        };
        if self.manner == Manner::Panics && calls == 1 {
            injected();
        }
        let mut stored = self.stored.lock().unwrap();
        for (id, head) in heads {
            // The thread of a writer that was closed may come behind the one that followed it.
            if stored.1.get(id).is_none_or(|before| before.seq < head.seq) {
                stored.1.insert(id.clone(), *head);
            }
        }
        self.changed.notify_all();
        Ok(())
    }

    fn identity(&self) -> String {
        format!("model:{self:p}")
    }

    fn needs_its_thread(&self) -> bool {
        self.manner == Manner::NeedsItsThread
    }
}

fn last(stored: &BTreeMap<String, Head>) -> Option<u64> {
    stored.iter().find(|(id, _)| id.starts_with("ledger:")).map(|(_, head)| head.seq)
}
