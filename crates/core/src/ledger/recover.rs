//! Opening for writing: which events are there, and what a crash left behind them.
//!
//! A group is at most [`GROUP_LIMIT`] bytes, or one longer line, and the next one is written only after the one before
//! is synced. So only the *window* can be unsynced: from the start of the line that holds the byte [`GROUP_LIMIT`]
//! before the end, to the end. A power failure may have kept any subset of its pages, as zeros where they are missing.
//!
//! The longest good prefix of the window stays; it may end with an event whose LF is missing. What follows is an unsynced
//! tail if its first bad line is unterminated or holds a NUL; anything else is no crash, and refused.

use super::options::TailReason;
use super::rotate::Segment;
use crate::chain::{ChainState, Head, SignatureState};
use crate::error::{Error, ErrorCode, Fault, FaultCode, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::limits::{self, as_u64};
use crate::line::{self, Line, LineError};
use crate::storage::{Source, read_exact_at};
use crate::verify::signatures::Signatures;
use memchr::{memchr, memrchr};
use std::io::{self, BufRead as _, BufReader, Read};

/// Most bytes of a group that is written and synced at once; a single longer line is a group of its own.
pub(crate) const GROUP_LIMIT: u64 = 1 << 20;

/// Blank lines that are passed over in a row, in front of the window or of the first event.
const BLANK_LINES: u32 = 1000;

/// The end of a ledger, read and judged. Nothing is changed yet.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// In front of the file's first event.
    pub(crate) start: ChainState,
    /// `timestamp_nanos` of that event; none without one.
    pub(crate) began: Option<u64>,
    /// `timestamp_nanos` of the last good event.
    pub(crate) ended: Option<u64>,
    /// Behind that event.
    pub(crate) state: ChainState,
    /// Where the window begins.
    pub(crate) window_start: u64,
    /// In front of the window.
    pub(crate) before_window: ChainState,
    /// Where the good prefix ends.
    pub(crate) good_end: u64,
    /// The last good event is whole, but its LF is missing.
    pub(crate) unterminated: bool,
    /// What follows the good prefix.
    pub(crate) tail: Option<TornTail>,
    /// Who signed the last good event, or whom that hands over to.
    pub(crate) in_force: Option<PublicKey>,
    /// What the last good event says was lost, if it is the end of a restoration.
    pub(crate) restored: Option<Head>,
    /// The smallest set that holds the window's events.
    pub(crate) events: EventSet,
    /// Seq and hash of the window's events.
    pub(crate) hashes: Vec<(u64, Hash)>,
}

impl Inspection {
    /// What the file holds.
    pub(crate) fn segment(&self) -> Segment {
        let events = self.state.next_seq().saturating_sub(self.start.next_seq());
        Segment { first: self.start.next_seq(), events, began: self.began }
    }
}

/// Bytes that a crash left, not yet quarantined.
#[derive(Debug)]
pub(crate) struct TornTail {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) reason: TailReason,
}

impl TornTail {
    /// Lines, or parts of them.
    pub(crate) fn lines(&self) -> u64 {
        as_u64(self.bytes.split_inclusive(|&b| b == b'\n').count())
    }
}

/// Reads and judges the end of a file whose first event follows `start`; of one that says itself what it follows, if
/// that is not known.
pub(crate) fn inspect(storage: &dyn Source, start: Option<ChainState>) -> Result<Inspection> {
    let length = storage.length().map_err(unreadable)?;
    let window_start = match length.checked_sub(GROUP_LIMIT) {
        None | Some(0) => 0,
        Some(place) => line_start(storage, place)?,
    };
    let first = Lines::new(StorageReader { storage, at: 0 }).next_event();
    let claimed = first.as_ref().map(|line| ChainState::before(&line.link()));
    if let (Some(known), Some(claimed)) = (start.filter(|known| *known != ChainState::START), claimed)
        && let Some(last) = claimed.head().filter(|last| last.seq >= known.next_seq())
    {
        let first = known.next_seq();
        let message = format!("events {first} to {} are in no file of the ledger: nothing is appended to it", last.seq);
        return Err(Error::new(ErrorCode::SegmentMissing, message));
    }
    let start = start.or(claimed).unwrap_or(ChainState::START);
    let mut scan = Scan::new(window_start, start);
    if let Some((offset, bytes)) = last_line_before(storage, window_start)? {
        if claimed != Some(start) {
            let message = "the first event of the file does not continue the ledger: nothing is appended to it";
            return Err(Error::new(ErrorCode::LedgerTampered, message));
        }
        scan.anchor(&bytes, offset)?;
    }
    let window = read_range(storage, window_start, length)?;
    let tail = scan.window(&window)?;
    scan.check_signatures()?;
    let began = first.filter(|_| scan.found.state != start).map(|line| line.timestamp_nanos);
    Ok(Inspection { tail, began, ..scan.found })
}

/// Hash of a ledger's first event, if there is a good one.
pub(crate) fn first_hash(source: impl Read) -> Option<Hash> {
    let mut lines = Lines::new(source);
    let line = lines.next_event()?;
    let mut state = ChainState::START;
    state.step(&line.link(), SignatureState::NotChecked).ok()?;
    Some(line.claimed)
}

/// Hash of the event with this seq in front of the window, for a head store that fell far behind. The whole chain
/// from the first event of the source to the window is stepped through: a line that merely says this seq proves nothing.
pub(crate) fn find_hash(mut source: impl Read, inspection: &Inspection, seq: u64) -> Option<Hash> {
    let mut lines = Lines::new(&mut source);
    let mut line = lines.next_event()?;
    let mut state = if line.seq == 0 { ChainState::START } else { ChainState::before(&line.link()) };
    let mut found = None;
    loop {
        state.step(&line.link(), SignatureState::NotChecked).ok()?;
        if line.seq == seq {
            found = Some(line.claimed);
        }
        if state.next_seq() >= inspection.before_window.next_seq() {
            return found.filter(|_| state == inspection.before_window);
        }
        line = lines.next_event()?;
    }
}

/// Judges lines one after another.
struct Scan {
    found: Inspection,
    /// The last good event, and those that ended a run of one signer.
    last: Option<Line>,
    run_ends: Vec<Line>,
    work: line::Workspace,
}

impl Scan {
    fn new(window_start: u64, start: ChainState) -> Self {
        Self {
            found: Inspection {
                start,
                began: None,
                ended: None,
                state: start,
                window_start,
                before_window: start,
                good_end: window_start,
                unterminated: false,
                tail: None,
                in_force: None,
                restored: None,
                events: EventSet::Core,
                hashes: Vec::new(),
            },
            last: None,
            run_ends: Vec::new(),
            work: line::Workspace::default(),
        }
    }

    /// The event in front of the window, synced long ago: it must be good, and says what follows it.
    fn anchor(&mut self, bytes: &[u8], offset: u64) -> Result<()> {
        let line = line::read(bytes, limits::MAX_LINE, &mut self.work).map_err(|error| tampered(offset, &error))?;
        self.found.state = ChainState::before(&line.link());
        self.accept(line).map_err(|error| tampered(offset, &error))?;
        self.found.before_window = self.found.state;
        Ok(())
    }

    fn window(&mut self, window: &[u8]) -> Result<Option<TornTail>> {
        let mut rest = window;
        while !rest.is_empty() {
            let end = memchr(b'\n', rest);
            let text = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            if !line::is_blank(text) {
                let accepted = if end.is_some() { self.whole_line(text) } else { self.unterminated_line(text) };
                if let Err(error) = accepted {
                    rest = self.before_hole(rest, text);
                    return self.judge_tail(rest, end.is_some(), text, &error).map(Some);
                }
                self.found.unterminated = end.is_none();
            } else if end.is_none() {
                // White space behind the last LF: an LF ends it before the next event.
                self.found.unterminated = true;
            }
            let length = text.len().saturating_add(usize::from(end.is_some()));
            self.found.good_end = self.found.good_end.saturating_add(as_u64(length));
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(None)
    }

    fn whole_line(&mut self, text: &[u8]) -> Result<(), LineError> {
        let line = line::read(text, limits::MAX_LINE, &mut self.work)?;
        self.accept(line)
    }

    fn unterminated_line(&mut self, text: &[u8]) -> Result<(), LineError> {
        let line = line::read(text, limits::MAX_LINE, &mut self.work).and_then(check_signature)?;
        self.accept(line)
    }

    /// Keeps a whole event that NULs follow, and gives what is behind it. When the LF of a line is written behind a
    /// ledger that ended without one, a crash can leave the longer file without the LF: the event is acknowledged.
    fn before_hole<'w>(&mut self, rest: &'w [u8], bad: &[u8]) -> &'w [u8] {
        let Some(length) = bad.iter().position(|&b| b == 0) else { return rest };
        let event = bad.get(..length).unwrap_or_default();
        if self.unterminated_line(event).is_err() {
            return rest;
        }
        self.found.unterminated = true;
        self.found.good_end = self.found.good_end.saturating_add(as_u64(length));
        rest.get(length..).unwrap_or_default()
    }

    fn accept(&mut self, line: Line) -> Result<(), LineError> {
        if let Some(handover) = line.handover() {
            let first = match self.found.hashes.first() {
                _ if line.seq == 0 => Some(Hash::GENESIS),
                Some((0, first)) => Some(*first),
                _ => None,
            };
            handover.check(&line.signer, first, line.seq)?;
        }
        self.found.state.step(&line.link(), SignatureState::NotChecked).map_err(|(_, fault)| fault)?;
        self.found.events = self.found.events.max(line.kind.set());
        self.found.in_force = Some(line.next_signer());
        self.found.restored = line.restored();
        self.found.ended = Some(line.timestamp_nanos);
        self.found.hashes.push((line.seq, line.claimed));
        let signer = line.signer;
        if let Some(before) = self.last.replace(line).filter(|before| before.signer != signer) {
            self.run_ends.push(before);
        }
        Ok(())
    }

    fn judge_tail(&self, rest: &[u8], terminated: bool, bad: &[u8], error: &LineError) -> Result<TornTail> {
        let offset = self.found.good_end;
        let hole = bad.contains(&0);
        let behind_an_event = self.last.is_some();
        if (terminated && !hole) || !(behind_an_event || began_as_a_ledger(rest, self.found.start.next_seq())) {
            return Err(tampered(offset, error));
        }
        let reason = if hole { TailReason::Hole } else { TailReason::Unterminated };
        Ok(TornTail { offset, bytes: rest.to_vec(), reason })
    }

    /// A signature commits to everything before it under that key, so the last of each run is enough.
    fn check_signatures(&self) -> Result<()> {
        let signatures = Signatures::default();
        let bad = self.run_ends.iter().chain(&self.last).find(|line| signatures.check(line) == SignatureState::Fails);
        match bad {
            None => Ok(()),
            Some(line) => {
                let message =
                    format!("the signature of event {} does not hold: nothing is appended to this ledger", line.seq);
                Err(Error::new(ErrorCode::LedgerTampered, message))
            }
        }
    }
}

/// An event without its LF is the ledger's only if its signature holds, as every verifier says.
fn check_signature(line: Line) -> Result<Line, LineError> {
    match Signatures::default().check(&line) {
        SignatureState::Fails => {
            Err(Fault::new(FaultCode::BadSignature, "the signature does not hold under signer_pubkey").into())
        }
        _ => Ok(line),
    }
}

/// A file without one good event is taken for a ledger whose first group was cut off only if it looks like one. A
/// mistyped path must not cost anyone a key or a database.
fn began_as_a_ledger(bytes: &[u8], first_seq: u64) -> bool {
    // What its first line begins with.
    let first_line = format!("{{\"seq\":{first_seq},").into_bytes();
    let text_end = bytes.iter().position(|&b| b == 0);
    match text_end {
        // Cut off in its first line: as much of the beginning as there is.
        None => return bytes.iter().zip(&first_line).all(|(found, expected)| found == expected),
        // A hole behind the beginning. Fewer bytes than the whole beginning are no hole's edge, but another file.
        Some(1..) => return bytes.starts_with(&first_line),
        Some(0) => {}
    }
    // The first page is missing: zeros up to a sector's end, then, if anything, text as ledger lines are.
    let zeros = bytes.iter().take_while(|&&b| b == 0).count();
    let is_text = |byte: &u8| matches!(byte, 0 | b'\n' | b' '..=0x7e | 0x80..);
    zeros == bytes.len() || (zeros.is_multiple_of(512) && bytes.iter().all(is_text))
}

/// Start of the line that holds the byte at `place`.
fn line_start(storage: &dyn Source, place: u64) -> Result<u64> {
    const STEP: u64 = 64 << 10;
    let floor = place.saturating_sub(as_u64(limits::MAX_LINE).saturating_add(2));
    let mut end = place;
    while end > floor {
        let start = end.saturating_sub(STEP).max(floor);
        let bytes = read_range(storage, start, end)?;
        if let Some(at) = memrchr(b'\n', &bytes) {
            return Ok(start.saturating_add(as_u64(at)).saturating_add(1));
        }
        end = start;
    }
    if end == 0 {
        return Ok(0);
    }
    let message = format!("no line ends in the {} bytes before byte {place}: this is no ledger", limits::MAX_LINE);
    Err(Error::new(ErrorCode::LedgerTampered, message))
}

/// The last line that is not blank and ends before a line's start; and its own start.
fn last_line_before(storage: &dyn Source, start: u64) -> Result<Option<(u64, Vec<u8>)>> {
    let mut end = start;
    for _ in 0..BLANK_LINES {
        let Some(line_feed) = end.checked_sub(1) else {
            return Ok(None);
        };
        let begin = line_start(storage, line_feed)?;
        let bytes = read_range(storage, begin, line_feed)?;
        if !line::is_blank(&bytes) {
            return Ok(Some((begin, bytes)));
        }
        end = begin;
    }
    Err(Error::new(
        ErrorCode::LedgerTampered,
        format!("{BLANK_LINES} blank lines before byte {start}: this is no ledger"),
    ))
}

fn read_range(storage: &dyn Source, start: u64, end: u64) -> Result<Vec<u8>> {
    let length = usize::try_from(end.saturating_sub(start))
        .map_err(|_| Error::new(ErrorCode::LedgerIo, "the ledger is too large for this machine"))?;
    let mut bytes = vec![0; length];
    read_exact_at(storage, start, &mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: io::Error) -> Error {
    Error::io(ErrorCode::LedgerIo, "cannot read the ledger", &error)
}

fn tampered(offset: u64, error: &LineError) -> Error {
    let why = match error {
        LineError::Unreadable(_, message) => message.clone(),
        LineError::Broken(fault) => format!("{}: {}", fault.code, fault.reason),
    };
    let message = format!("the ledger is broken at byte {offset} ({why}): nothing is appended to it");
    Error::new(ErrorCode::LedgerTampered, message)
}

/// Reads whole events from the beginning, as far as they are readable.
pub(super) struct Lines<R> {
    source: BufReader<R>,
    work: line::Workspace,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source: BufReader::with_capacity(1 << 16, source), work: line::Workspace::default() }
    }

    pub(super) fn next_event(&mut self) -> Option<Line> {
        let limit = as_u64(limits::MAX_LINE).saturating_add(1);
        for _ in 0..BLANK_LINES {
            let mut bytes = Vec::new();
            if (&mut self.source).take(limit).read_until(b'\n', &mut bytes).ok()? == 0 {
                return None;
            }
            bytes.pop_if(|last| *last == b'\n');
            if !line::is_blank(&bytes) {
                return line::read(&bytes, limits::MAX_LINE, &mut self.work).ok();
            }
        }
        None
    }
}

/// A storage as a stream, read from an offset on; where others read does not matter.
pub(crate) struct StorageReader<'a> {
    pub(crate) storage: &'a dyn Source,
    pub(crate) at: u64,
}

impl Read for StorageReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.storage.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(as_u64(count));
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_began_as_a_ledger_is_taken_for_one() {
        let page = [0; 4096];
        let holes = [&page[..], b"\"x\"}\n{\"seq\":9", &page, b"}\n"].concat();
        for yes in [&b"{"[..], b"{\"seq\":0,\"times", b"{\"seq\":0,\0\0", &page, b"\0", &holes] {
            assert!(began_as_a_ledger(yes, 0), "{yes:?}");
        }
        let seed: Vec<u8> = (0..32).collect();
        let binary = [&page[..], &[1, 2, 3]].concat();
        let utf16 = b"{\0\"\0s\0e\0";
        for no in [
            &seed[..],
            utf16,
            b"{\"se\0\0\0\0",
            b"SQLite format 3\0",
            b"hello",
            b"{\"a\":1}",
            b"{\"seq\":1,",
            &binary,
            b"\0text",
        ] {
            assert!(!began_as_a_ledger(no, 0), "{no:?}");
        }
    }
}
