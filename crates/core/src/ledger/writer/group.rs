//! One group: what is taken from the queue is sealed, written and synced, in a new file if the active one is full.

use super::super::append::{Appended, Appender, Failed};
use super::super::ceremony::session_sealed;
use super::super::hand::Heir;
use super::super::job::{Ceremony, GroupMeasures, Job, Load, Settled, give_room};
use super::super::recover::GROUP_LIMIT;
use super::super::registry;
use super::Writer;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::evolving::EvolvingKey;
use crate::signer::Signatory;
use crate::sync::lock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Writer {
    /// Takes a group from the queue and appends it. False when there was none, or nothing can be written any more.
    pub(super) fn write_group(&self, slot: &mut Option<Appender>) -> bool {
        let Some(appender) = slot.as_mut() else { return false };
        let fitting = self.fitting(appender);
        let bytes = fitting.bytes.min(usize::try_from(GROUP_LIMIT).unwrap_or(usize::MAX));
        let (mut group, room) = lock(&self.inbox).take_group(Load { bytes, ..fitting });
        give_room(&room);
        if group.is_empty() {
            return false;
        }
        let queued = group.first().map(|job| job.queued.elapsed()).unwrap_or_default();
        let appended = catch_unwind(AssertUnwindSafe(|| {
            let appended = self.append_group(appender, &mut group);
            self.advance(appender, &group, appended.as_ref().ok());
            appended
        }));
        match appended {
            Ok(Ok(Appended { lines, bytes, seal, write, sync, .. })) => {
                let measures = GroupMeasures { events: lines.len(), bytes, queued, seal, write, sync };
                self.settle(deal(group, lines), Some(measures));
                true
            }
            Ok(Err(Failed { error, poisoned: false })) => {
                self.settle(group.into_iter().map(|job| (job, Err(error.clone()))).collect(), None);
                true
            }
            Ok(Err(Failed { error, poisoned: true })) => {
                self.poison(slot, group, &error);
                false
            }
            Err(_) => {
                let error = Error::new(ErrorCode::Internal, "a defect in the writer, contained");
                self.poison(slot, group, &error.with_outcome(Outcome::Unknown));
                false
            }
        }
    }

    fn append_group(&self, appender: &mut Appender, group: &mut [Job]) -> Result<Appended, Failed> {
        // A ceremony goes by the end of the ledger.
        appender.append_owed()?;
        self.begin_ceremony(appender, group).map_err(Failed::clean)?;
        self.rotate_if_full(appender, group)?;
        appender.append(group.iter().flat_map(|job| &job.events))
    }

    /// What the active file has room for. One that had to grow is not filled with small groups.
    fn fitting(&self, appender: &Appender) -> Load {
        match self.rotation {
            Some(limits) if self.rotate_error().is_none() => limits.left(appender.segment(), appender.length()),
            _ => Load::ANY,
        }
    }

    /// Makes the event of a group that is a ceremony.
    fn begin_ceremony(&self, appender: &mut Appender, group: &mut [Job]) -> Result<()> {
        let [Job { ceremony, events, seat, coming, .. }] = group else { return Ok(()) };
        let event = match ceremony.take() {
            None => return Ok(()),
            Some(Ceremony::Handover(_)) if self.evolving.is_some() => {
                let message = "the key of this session evolves by itself: it is not handed over to another one";
                return Err(Error::new(ErrorCode::SessionOptions, message));
            }
            Some(Ceremony::Handover(successor)) => {
                let signatory = successor.find()?;
                if matches!(signatory, Signatory::Evolving(_)) {
                    let message = "a ledger is not handed over to a key that evolves";
                    return Err(Error::new(ErrorCode::InvalidArgument, message));
                }
                appender.handover(Heir::new(&signatory, &self.path, *seat, coming.clone())?)?
            }
            Some(Ceremony::End(session_id)) => session_sealed(&session_id, lock(&self.inbox).recorded(*seat))?,
        };
        *events = vec![event];
        Ok(())
    }

    /// Goes on in a new file if the group does not fit into the active one. Where that cannot be, the active one grows.
    fn rotate_if_full(&self, appender: &mut Appender, group: &[Job]) -> Result<(), Failed> {
        let Some(limits) = &self.rotation else { return Ok(()) };
        let (segment, load) = (appender.segment(), group.iter().fold(Load::default(), Load::and));
        let fits = load.fits(limits.left(segment, appender.length())) && !limits.is_old(segment);
        if fits || segment.events == 0 {
            return Ok(());
        }
        // Once a segment, however often the rotation behind it fails.
        let evolving = self.evolving.as_ref().filter(|_| lock(&self.status).evolved != Some(segment.first));
        let evolved = evolving.map_or(Ok(None), |key| self.evolve(appender, key));
        let rotated = evolved.and_then(|uncommitted| self.rotate(appender).map(|()| uncommitted));
        let error = match rotated {
            Ok(uncommitted) => uncommitted,
            Err(Failed { error, poisoned: false }) => Some(error),
            Err(failed) => return Err(failed),
        };
        lock(&self.status).rotate_error = error.map(|error| error.to_string());
        Ok(())
    }

    fn rotate(&self, appender: &mut Appender) -> Result<(), Failed> {
        let before = lock(&self.status).id.clone();
        let rotated = appender.rotate(&|next| registry::add(&before, next), &|id| registry::forget(id));
        let mut status = lock(&self.status);
        status.id = appender.storage().id();
        status.length = appender.length();
        rotated.map(drop)
    }

    /// Hands over to a fresh key, and forgets the one in force. Gives why its file does not hold it, if it does not: it
    /// signs all the same, and the next opening finds it.
    fn evolve(&self, appender: &mut Appender, evolving: &EvolvingKey) -> Result<Option<Error>, Failed> {
        let key = evolving.prepare().map_err(Failed::clean)?;
        let event = appender.handover(Heir::here(Arc::clone(&key))).map_err(Failed::clean)?;
        let appended = appender.append([&event]).inspect_err(|failed| {
            if !failed.poisoned {
                evolving.withdraw();
            }
        })?;
        self.advance(appender, &[], Some(&appended));
        lock(&self.status).evolved = Some(appender.segment().first);
        Ok(evolving.commit(key).err())
    }
}

/// Gives each job the lines of its events.
fn deal(group: Vec<Job>, lines: Vec<String>) -> Vec<(Job, Settled)> {
    let mut lines = lines.into_iter();
    group
        .into_iter()
        .map(|job| {
            let own: Vec<String> = lines.by_ref().take(job.events.len()).collect();
            let result = if own.len() == job.events.len() {
                Ok(own)
            } else {
                Err(Error::new(ErrorCode::Internal, "an event without a line").with_outcome(Outcome::Unknown))
            };
            (job, result)
        })
        .collect()
}
