//! Events that the library itself writes, and the calls that lead to them: the key is rotated, a session ends, a night is
//! quiet.

use super::inbox::Recorded;
use super::job::{Ceremony, GroupMeasures, Job};
use super::writer::Taker;
use super::{Session, must_not_wait, one_line};
use crate::chain::Head;
use crate::error::Result;
use crate::event::Event;
use crate::key::KeyPair;
use crate::signer::Successor;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

impl Session {
    /// Hands the ledger over to another key: records `KeyRotated`, sealed by the key in force, and has the other one sign
    /// every event behind it, those of other sessions too. If it fails, the key in force stays. Waits until the event is
    /// on stable storage; gives its line, without LF.
    ///
    /// Keep the new key in a file before: from then on only it can open the ledger.
    pub fn rotate_key(&self, key: Arc<KeyPair>) -> Result<String> {
        self.hand_over(Successor::Known(key.into())).0
    }

    /// The same, whoever is to sign; with the measures of the group. If it fails with [`Outcome::Unknown`] the signer in force
    /// may have kept the event: then the next record appends it first, and the successor signs.
    ///
    /// [`Outcome::Unknown`]: crate::error::Outcome::Unknown
    pub fn hand_over(&self, to: Successor) -> (Result<String>, Option<GroupMeasures>) {
        let checked = self.check_ceremony().and_then(|()| match to.needs_its_thread() {
            true => Err(must_not_wait()),
            false => Ok(()),
        });
        match checked {
            Ok(()) => one_line(self.wait_for(|reply| Job::of(Ceremony::Handover(to), self.seat, reply))),
            Err(error) => (Err(error), None),
        }
    }

    /// Queues a handover; the sink is told under `number` what became of it.
    pub fn submit_handover(&self, number: u64, to: Successor) -> Result<()> {
        self.check_ceremony()?;
        let coming = to.needs_its_thread().then(|| self.writer.coming());
        let job = |reply| Job { coming, ..Job::of(Ceremony::Handover(to), self.seat, reply) };
        self.queue(number, job, Taker::Writer)
    }

    /// Records that the session of this id ended in order, with what it recorded, and closes it. Waits until the event is
    /// on stable storage; gives its line, without LF.
    pub fn end(&self, session_id: &str) -> Result<String> {
        self.end_measured(session_id)?.0
    }

    /// The same, with the measures of the group. When this itself is an error the session is still open; when the event
    /// could not be recorded, it is closed without it.
    pub fn end_measured(&self, session_id: &str) -> Result<(Result<String>, Option<GroupMeasures>)> {
        self.check_ceremony()?;
        let slot = self.begin(|reply| Job::of(Ceremony::End(session_id.to_owned()), self.seat, reply))?;
        let ended = one_line(self.finish(&slot));
        self.close();
        Ok(ended)
    }

    /// Queues the record that the session ended, which the caller then closes; the sink is told under `number` what
    /// became of it.
    pub fn submit_end(&self, number: u64, session_id: &str) -> Result<()> {
        self.check_ceremony()?;
        self.queue(number, |reply| Job::of(Ceremony::End(session_id.to_owned()), self.seat, reply), Taker::Writer)
    }

    /// Queues the record that the session of this id is open and nothing was recorded for so long; the sink is told under
    /// `number` what became of it.
    pub fn submit_heartbeat(&self, number: u64, session_id: &str, interval: Duration) -> Result<()> {
        self.check_ceremony()?;
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let beat = event("Heartbeat", &json!({ "session_id": session_id, "interval_ms": interval }))?;
        self.queue(number, |reply| Job::new(vec![beat], self.seat, reply), Taker::Writer)
    }

    /// Whether the session is open, and may record what only the library writes.
    pub(super) fn check_ceremony(&self) -> Result<()> {
        self.check_open()?;
        self.check_extended()
    }
}

/// A session ended in order, and this is what it recorded before.
pub(super) fn session_sealed(session_id: &str, Recorded { count, last }: Recorded) -> Result<Event> {
    let (seq, hash) = last.map_or((0, String::new()), |head| (head.seq, head.hash.to_string()));
    event("SessionSealed", &json!({ "session_id": session_id, "count": count, "head_seq": seq, "head_hash": hash }))
}

/// The ledger was put back on purpose, and this event of it is gone.
pub(super) fn ledger_restored(known: Head, reason: &str) -> Result<Event> {
    event("LedgerRestored", &json!({ "known_seq": known.seq, "known_hash": known.hash, "reason": reason }))
}

fn event(kind: &str, payload: &Value) -> Result<Event> {
    Event::parse(&json!({ "type": kind, "payload": payload }).to_string())
}
