//! Opening a locked ledger: judges its end, compares it with a head store, repairs what a crash left.

use super::append::Appender;
use super::hand::Hand;
use super::inbox::Inbox;
use super::keeper::Keeper;
use super::options::{DEFAULT_QUEUE_BYTES, RecoveredTail, Recovery, SessionOptions, TornTailPolicy, VerifyOnOpen};
use super::past::Past;
use super::recover::{Inspection, StorageReader, find_hash};
use super::registry;
use super::restore::{Restoration, not_rolled_back};
use super::writer::Opened;
use crate::chain::{Head, SeqRange};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::heads::{HeadStore, ledger_id, path_id};
use crate::limits::as_u64;
use crate::signer::Signatory;
use crate::storage::Storage;
use crate::verify;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

/// Judges a locked file and repairs its end: afterwards events can be appended.
pub(super) fn prepare(
    storage: Box<dyn Storage>,
    path: &Path,
    options: &SessionOptions,
    signatory: &Signatory,
) -> Result<Opened> {
    let file: &dyn Storage = &*storage;
    let mut past = Past::of(file)?;
    let inspection = past.inspect_behind(file)?;
    let evolving = match signatory {
        Signatory::Evolving(key) => {
            check_evolving(options)?;
            key.settle(inspection.in_force)?;
            Some(Arc::clone(key))
        }
        _ => None,
    };
    let public_key = signatory.public_key();
    if let Some(signer) = inspection.in_force.filter(|signer| *signer != public_key) {
        let message = format!("the ledger is signed with the key {signer}, this session would sign as {public_key}");
        return Err(Error::new(ErrorCode::SignerMismatch, message));
    }
    if options.events == EventSet::Core && inspection.events == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    let first = match (&options.head_store, inspection.hashes.first()) {
        (_, Some((0, hash))) => Some(*hash),
        (Some(head), _) if past.is_pruned() => {
            let known = head.store.read(&path_id(path))?.map(|known| known.hash);
            known.or_else(|| past.first_hash(file))
        }
        (head, _) if head.is_some() || signatory.remembers() => past.first_hash(file),
        _ => None,
    };
    let standing = match &options.head_store {
        Some(head) => look_up(&*head.store, file, &past, path, &inspection, first)?,
        None => Standing::Unknown,
    };
    let (known, restoration) = match (standing, Restoration::asked(options)?) {
        (Standing::EndsBefore(known), Some(asked)) => (None, Some((asked, known))),
        (standing, None) => (standing.known(&inspection)?, None),
        _ => return Err(not_rolled_back()),
    };
    if options.verify_on_open == VerifyOnOpen::All {
        verify_all(file, &past, inspection.good_end, options.events)?;
    }
    let torn_tail = options.torn_tail.unwrap_or_default();
    let tail = cut_tail(file, &inspection, torn_tail)?;
    let last = inspection.state.head();
    let waited_for = known.filter(|_| options.head_store.as_ref().is_some_and(|head| head.wait)).map(Some);
    let acknowledged = registry::remembered(&file.id(), &inspection).or(waited_for).unwrap_or(last);
    let (hand, roster) = Hand::new(signatory, path, Inbox::FIRST)?;
    let mut appender = Appender::new(storage, hand, &inspection, first);
    let acknowledged = match restoration {
        Some((asked, known)) => {
            asked.complete(&mut appender, known, &inspection)?;
            appender.head()
        }
        None => {
            append_unwritten(&mut appender, options.events)?;
            acknowledged
        }
    };
    let recovery = Recovery { tail, unacknowledged: unacknowledged(acknowledged, appender.head()) };
    let keeper = options.head_store.as_ref().map(|head| Keeper::new(head, path));
    Ok(Opened {
        path: path.to_owned(),
        events: inspection.events.max(appender.events()),
        appender,
        keeper,
        roster,
        evolving,
        recovery,
        acknowledged,
        torn_tail,
        rotation: options.rotation,
        queue_bytes: options.max_queue_bytes.unwrap_or(DEFAULT_QUEUE_BYTES),
    })
}

/// A key that changes with every segment is handed over with an extended event, when there are segments.
fn check_evolving(options: &SessionOptions) -> Result<()> {
    if options.events == EventSet::Core {
        let message = "a key that evolves is handed over with an extended event: open with events 'extended'";
        return Err(Error::new(ErrorCode::EventSet, message));
    }
    if options.rotation.is_none() {
        let message = "a key evolves with every segment, and nothing says when there is a new one: give rotate too";
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    Ok(())
}

/// What a signer has signed and the file lacks comes first.
fn append_unwritten(appender: &mut Appender, events: EventSet) -> Result<()> {
    let signed = appender.unwritten()?;
    if events == EventSet::Core && signed.iter().any(|(text, _)| text.event.set() == EventSet::Extended) {
        return Err(holds_extended_kinds());
    }
    appender.append_signed(signed).map_err(|failed| {
        // There is no session yet that could be poisoned.
        let code =
            if failed.error.code == ErrorCode::SessionPoisoned { ErrorCode::LedgerIo } else { failed.error.code };
        Error { code, outcome: None, ..failed.error }
    })
}

/// What a head store knows of a ledger.
enum Standing {
    Unknown,
    /// It is in the ledger.
    Holds(Head),
    /// It is not: the ledger ends before, or with the event that says so.
    EndsBefore(Head),
}

impl Standing {
    /// What is known, of a ledger that was not put back.
    fn known(self, inspection: &Inspection) -> Result<Option<Head>> {
        match self {
            Self::Unknown => Ok(None),
            Self::Holds(known) => Ok(Some(known)),
            Self::EndsBefore(known) => {
                let last = inspection.state.head();
                let end = match last {
                    None => "is empty".to_owned(),
                    Some(_) if inspection.restored == Some(known) => {
                        "was put back, and that is not completed".to_owned()
                    }
                    Some(last) => format!("ends at {}", last.seq),
                };
                let message = format!("the head store knows event {}, the ledger {end}", known.seq);
                Err(Error::new(ErrorCode::RollbackDetected, message))
            }
        }
    }
}

/// Compares the ledger with what a head store knows of it; gives the head that it knows.
pub(super) fn check_head(
    store: &dyn HeadStore,
    file: &dyn Storage,
    past: &Past,
    path: &Path,
    inspection: &Inspection,
    first: Option<Hash>,
) -> Result<Option<Head>> {
    look_up(store, file, past, path, inspection, first)?.known(inspection)
}

fn look_up(
    store: &dyn HeadStore,
    file: &dyn Storage,
    past: &Past,
    path: &Path,
    inspection: &Inspection,
    first: Option<Hash>,
) -> Result<Standing> {
    let rollback = |what: String| Err(Error::new(ErrorCode::RollbackDetected, what));
    let last = inspection.state.head();
    if first.is_none() && last.is_some() {
        return Err(Error::new(ErrorCode::LedgerTampered, "the first event cannot be read: nothing is appended"));
    }
    if let Some(known) = store.read(&path_id(path))?
        && first != Some(known.hash)
    {
        let path = path.display();
        return rollback(format!(
            "the head store knows a ledger at {path} that begins with {}: it is not this one",
            known.hash
        ));
    }
    let Some(first) = first else { return Ok(Standing::Unknown) };
    let Some(known) = store.read(&ledger_id(&first))? else {
        return Ok(Standing::Unknown);
    };
    if last.is_none_or(|last| last.seq < known.seq) || inspection.restored == Some(known) {
        return Ok(Standing::EndsBefore(known));
    }
    let in_window = inspection.hashes.iter().find(|(seq, _)| *seq == known.seq).map(|(_, hash)| *hash);
    let before = || {
        let sealed = past.from(file, known.seq);
        find_hash(sealed.chain(StorageReader { storage: file, at: 0 }), inspection, known.seq)
    };
    let found = in_window.or_else(before);
    if found != Some(known.hash) {
        return rollback(format!("event {} is not the one that the head store knows", known.seq));
    }
    Ok(Standing::Holds(known))
}

/// Keeps an unsynced tail beside the ledger, durably, and only then cuts it off, durably.
pub(super) fn cut_tail(
    file: &dyn Storage,
    inspection: &Inspection,
    policy: TornTailPolicy,
) -> Result<Option<RecoveredTail>> {
    let Some(tail) = &inspection.tail else { return Ok(None) };
    if policy == TornTailPolicy::Error {
        let message = format!(
            "the ledger ends in {} bytes that no writer finished, from byte {} on",
            tail.bytes.len(),
            tail.offset
        );
        return Err(Error::new(ErrorCode::TornTail, message));
    }
    let path = file
        .quarantine(tail.offset, &tail.bytes)
        .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot keep the unsynced tail beside the ledger", &error))?;
    file.set_len(tail.offset)
        .and_then(|()| file.sync())
        .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot cut the unsynced tail off", &error))?;
    let bytes = as_u64(tail.bytes.len());
    Ok(Some(RecoveredTail { offset: tail.offset, bytes, lines: tail.lines(), reason: tail.reason, path }))
}

/// Events behind the last one that was acknowledged. A head store knows that one only if records waited for it.
fn unacknowledged(acknowledged: Option<Head>, last: Option<Head>) -> Option<SeqRange> {
    let from = acknowledged.map_or(0, |head| head.seq.saturating_add(1));
    let to = last?.seq;
    (from <= to).then_some(SeqRange { from, to })
}

/// Verifies what is acknowledged, so many bytes of the active file, from the first event that is there on.
pub(super) fn verify_all(file: &dyn Storage, past: &Past, length: u64, events: EventSet) -> Result<()> {
    let all = past.length(file)?.saturating_add(length);
    let mut source = past.from(file, 0).chain(StorageReader { storage: file, at: 0 });
    let options = verify::Options { start_after: past.last_pruned(file)?, ..verify::Options::default() };
    let report =
        verify::verify_part(&mut source, all, &options, &mut verify::Watch::default()).map_err(|error| match error
            .place
        {
            Some(_) => Error { code: ErrorCode::LedgerTampered, ..error },
            None => error,
        })?;
    if !report.ok {
        let reason = report.reason.clone().unwrap_or_default();
        let line = report.line.unwrap_or_default();
        let message = format!("the ledger is broken at line {line} ({reason}): nothing is appended to it");
        return Err(Error { report: Some(Box::new(report)), ..Error::new(ErrorCode::LedgerTampered, message) });
    }
    if events == EventSet::Core && report.events == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    Ok(())
}

pub(super) fn holds_extended_kinds() -> Error {
    let message = "the ledger holds extended kinds: open it with events 'extended'";
    Error::new(ErrorCode::EventSet, message)
}
