//! What the events so far add up to, to go on from in another run.

use super::Tally;
use crate::chain::{ChainState, Head};
use crate::error::Place;
use crate::event::{EventSet, find_kind};
use crate::hash::Hash;
use crate::line::Pruning;
use crate::verify::Options;
use crate::verify::report::{Compared, Resumed, Signer, TimeRange, Warning, decimal};
use crate::verify::sessions::Sessions;
use crate::verify::trust::Trust;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that a [`Tally`] without a fault has counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::verify) struct Totals {
    first_seq: u64,
    /// The last event; none before the first.
    pub(in crate::verify) head: Option<Head>,
    signatures_checked: u64,
    signers: Vec<Signer>,
    unlisted_signer_events: u64,
    trust: Trust,
    #[serde(with = "decimal")]
    last_time: u64,
    time_range: Option<TimeRange>,
    events: EventSet,
    kinds: BTreeMap<String, u64>,
    unknown_kinds: BTreeMap<String, u64>,
    sessions: Sessions,
    warnings: Vec<Warning>,
    /// What was removed of the ledger, as it says.
    pruned: Option<Pruning>,
}

impl Totals {
    /// Hash of the ledger's first event, if that is among these.
    pub(in crate::verify) fn first_hash(&self) -> Option<Hash> {
        self.trust.first()
    }
}

impl Tally {
    pub(in crate::verify) fn totals(&self) -> Totals {
        // Each field by its name: one that is new has to be kept too, or to follow from what is.
        let Self {
            options: _,
            trust,
            state,
            first_seq,
            resumed: _,
            checks,
            signers,
            unlisted_signer_events,
            last_time,
            times,
            events,
            kinds,
            unknown_kinds,
            sessions,
            warnings,
            head_seen: _,
            pruned,
        } = self;
        Totals {
            first_seq: *first_seq,
            head: state.head().filter(|_| self.event_count() > 0),
            signatures_checked: checks.signatures.checked,
            signers: signers.clone(),
            unlisted_signer_events: *unlisted_signer_events,
            trust: trust.clone(),
            last_time: *last_time,
            time_range: *times,
            events: *events,
            kinds: kinds.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            unknown_kinds: unknown_kinds.clone(),
            sessions: sessions.clone(),
            warnings: warnings
                .iter()
                .map(|(code, (count, first_line))| Warning { code: *code, count: *count, first_line: *first_line })
                .collect(),
            pruned: *pruned,
        }
    }

    /// Goes on behind `offset` bytes. What the options expect of these was compared with them.
    pub(in crate::verify) fn resume(options: Options, totals: Totals, offset: u64) -> Self {
        let mut tally = Self::new(options);
        tally.first_seq = totals.first_seq;
        if let Some(head) = totals.head {
            tally.state = ChainState::after(head.seq, head.hash);
            tally.resumed = Some(Resumed { offset, head });
            let expected = tally.options.expected_head.filter(|expected| expected.seq <= head.seq);
            tally.head_seen = expected.map(|head| (Place { line: 1, byte_offset: 0 }, head.hash));
        }
        let count = tally.event_count();
        let checks = &mut tally.checks;
        (checks.parse, checks.fields, checks.links, checks.hashes) = (count, count, count, count);
        checks.signatures.checked = totals.signatures_checked;
        if totals.first_hash().is_some() && tally.options.expected_first.is_some() {
            checks.first = Compared::Matched;
        }
        tally.signers = totals.signers;
        tally.unlisted_signer_events = totals.unlisted_signer_events;
        tally.trust = totals.trust;
        tally.last_time = totals.last_time;
        tally.times = totals.time_range;
        tally.pruned = totals.pruned;
        tally.events = totals.events;
        // One that this version does not know was not written by it: the state's signature says who wrote it.
        let known = |(name, count): (String, u64)| Some((find_kind(&name)?.name, count));
        tally.kinds = totals.kinds.into_iter().filter_map(known).collect();
        tally.unknown_kinds = totals.unknown_kinds;
        tally.sessions = totals.sessions;
        tally.warnings = totals
            .warnings
            .into_iter()
            .map(|Warning { code, count, first_line }| (code, (count, first_line)))
            .collect();
        tally
    }
}
