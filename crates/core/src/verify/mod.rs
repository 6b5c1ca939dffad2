//! Verifying: one pass, bounded memory, every core.
//!
//! ```text
//! bytes -> blocks of whole lines -> examine (parallel: fields, hash, signature) -> Tally (in order: links, counts) -> Report
//! ```
//!
//! A ledger that is not what it claims gives a [`Report`] with a fault; only what could not be checked is an
//! [`Error`]. Memory is bounded by the block size and the longest line, whatever the ledger holds.

mod examine;
mod reader;
pub mod report;
pub(crate) mod signatures;
mod source;
mod tally;

pub use reader::{ReadEvent, ReadOptions, Reader};
pub use report::{Report, Verdict};
pub(crate) use source::verify_part;
pub use source::{Progress, Watch, verify_file, verify_lines};

use crate::chain::{Head, SignatureState};
use crate::error::{Error, ErrorCode, Fault, FaultCode, Place, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::limits::{self, as_u64};
use crate::line::{self, Line, LineError};
use examine::{Found, examine, examine_line};
use memchr::{memchr, memrchr};
use report::Tail;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use signatures::KeyCache;
use tally::{Broken, Tally};

/// Bytes that are looked at together.
const BLOCK: usize = 1 << 20;

/// Which signatures are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureMode {
    /// Every one.
    #[default]
    All,
    /// The last of each run of one signer. It commits to all that is hashed before it; the others are not looked at.
    Last,
}

/// Which spellings of a line are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Spelling {
    /// Any; those that differ from the writer's are counted.
    #[default]
    Any,
    /// Only the writer's own.
    Exact,
}

/// What the caller knows and asks for.
#[derive(Debug, Clone)]
pub struct Options {
    /// Keys that may sign; empty for any.
    pub signers: Vec<PublicKey>,
    /// An event that must be in the ledger; later ones may follow.
    pub expected_head: Option<Head>,
    /// The hash that the first event must have.
    pub expected_first: Option<Hash>,
    /// Which signatures are checked.
    pub signatures: SignatureMode,
    /// Which kinds may stand in it.
    pub events: EventSet,
    /// Which spellings are taken.
    pub spelling: Spelling,
    /// Longest line in bytes, its LF not counted.
    pub max_line_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            signers: Vec::new(),
            expected_head: None,
            expected_first: None,
            signatures: SignatureMode::All,
            events: EventSet::Extended,
            spelling: Spelling::Any,
            max_line_bytes: limits::MAX_LINE,
        }
    }
}

/// Takes a ledger's bytes in pieces of any size and gives its report.
///
/// ```
/// use sealwright_core::verify::{Options, Verdict, Verifier};
/// let options = Options::default();
/// let report = Verifier::new(&options).finish()?;
/// assert_eq!(report.verdict, Verdict::Empty);
/// # Ok::<(), sealwright_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Verifier {
    /// Its options are the ones to go by.
    tally: Tally,
    digest: Sha256,
    /// Bytes behind the last LF so far.
    unfinished: Vec<u8>,
    /// Bytes of a line that is already too long to be kept; its beginning is `unfinished`.
    skipped: u64,
    /// Where `unfinished` begins.
    place: Place,
    /// Under [`SignatureMode::Last`], the event that may turn out to be the last of its signer's run.
    waiting: Option<(Box<Line>, Place)>,
    /// Blank lines behind the event that waits: the first, and how many. They count when it does.
    blank_behind: Option<(Place, u64)>,
    end: Option<End>,
}

/// Why nothing more is read.
#[derive(Debug)]
enum End {
    Broken(Broken),
    Unreadable(ErrorCode, String),
}

impl Verifier {
    /// Starts before the first byte.
    pub fn new(options: &Options) -> Self {
        Self {
            tally: Tally::new(options.clone()),
            digest: Sha256::new(),
            unfinished: Vec::new(),
            skipped: 0,
            place: Place { line: 1, byte_offset: 0 },
            waiting: None,
            blank_behind: None,
            end: None,
        }
    }

    /// Events accepted so far.
    pub fn event_count(&self) -> u64 {
        self.tally.event_count()
    }

    /// True when a fault was found, or a line that cannot be read: further bytes do not matter.
    pub fn is_decided(&self) -> bool {
        self.end.is_some()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        bytes.chunks(BLOCK).for_each(|piece| self.push_piece(piece));
    }

    fn push_piece(&mut self, bytes: &[u8]) {
        if self.end.is_some() {
            return;
        }
        self.digest.update(bytes);
        match memrchr(b'\n', bytes) {
            None => self.keep(bytes),
            Some(last) => {
                let (lines, rest) = bytes.split_at(last.saturating_add(1).min(bytes.len()));
                if self.skipped > 0 {
                    let first = memchr(b'\n', lines).unwrap_or_default();
                    let length = self.pending().saturating_add(as_u64(first));
                    self.end = Some(self.too_long(length));
                    return;
                }
                let mut block = std::mem::take(&mut self.unfinished);
                block.extend_from_slice(lines);
                self.take_block(&block);
                block.clear();
                self.unfinished = block;
                self.keep(rest);
            }
        }
    }

    /// Keeps the beginning of a line, or counts it when it is too long already.
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.tally.options.max_line_bytes.saturating_add(1).saturating_sub(self.unfinished.len());
        let (kept, skipped) = bytes.split_at(room.min(bytes.len()));
        self.unfinished.extend_from_slice(kept);
        self.skipped = self.skipped.saturating_add(as_u64(skipped.len()));
    }

    fn pending(&self) -> u64 {
        as_u64(self.unfinished.len()).saturating_add(self.skipped)
    }

    fn too_long(&self, length: u64) -> End {
        let message = format!("a line of {length} bytes, the limit is {}", self.tally.options.max_line_bytes);
        End::Unreadable(ErrorCode::LineTooLong, message)
    }

    fn take_block(&mut self, block: &[u8]) {
        let start = self.place;
        let check = self.tally.options.signatures == SignatureMode::All;
        let (items, lines) = examine(block, self.tally.options.max_line_bytes, check);
        for item in items {
            let place = Place {
                line: start.line.saturating_add(item.line),
                byte_offset: start.byte_offset.saturating_add(as_u64(item.offset)),
            };
            if let Err(end) = self.take(item.found, place) {
                self.place = place;
                self.end = Some(end);
                return;
            }
        }
        self.place = Place {
            line: start.line.saturating_add(lines),
            byte_offset: start.byte_offset.saturating_add(as_u64(block.len())),
        };
    }

    fn take(&mut self, found: Found, place: Place) -> std::result::Result<(), End> {
        match found {
            Found::Blank { count } => self.take_blank(place, count),
            Found::Event(line, signature) if self.tally.options.signatures == SignatureMode::All => {
                self.tally.event(&line, signature, place).map_err(|fault| broken(fault, place))
            }
            Found::Event(line, _) => {
                let before = self.waiting.as_ref().map(|(before, _)| &**before);
                let goes_on = self.tally.would_accept(before, &line);
                let same_run = before.is_some_and(|before| before.signer == line.signer);
                self.settle_waiting(!(goes_on && same_run))?;
                if goes_on {
                    self.waiting = Some((line, place));
                    return Ok(());
                }
                self.tally.event(&line, SignatureState::NotChecked, place).map_err(|fault| broken(fault, place))
            }
            Found::Unfit(error) => {
                self.settle_waiting(true)?;
                Err(match error {
                    LineError::Unreadable(code, message) => End::Unreadable(code, message),
                    LineError::Broken(fault) => {
                        self.tally.count_parsed();
                        broken(fault, place)
                    }
                })
            }
        }
    }

    fn take_blank(&mut self, place: Place, count: u64) -> std::result::Result<(), End> {
        if self.tally.options.spelling == Spelling::Exact {
            self.settle_waiting(true)?;
            return Err(broken(
                Fault::new(FaultCode::Spelling, "a line of white space, which the writer never writes"),
                place,
            ));
        }
        if self.waiting.is_none() {
            self.tally.count_blank_lines(place, count);
            return Ok(());
        }
        let (_, behind) = self.blank_behind.get_or_insert((place, 0));
        *behind = behind.saturating_add(count);
        Ok(())
    }

    /// Counts the event that waited, its signature checked if it is the last of its run.
    fn settle_waiting(&mut self, is_last: bool) -> std::result::Result<(), End> {
        let Some((line, place)) = self.waiting.take() else {
            return Ok(());
        };
        let signature = if is_last { KeyCache::default().check(&line) } else { SignatureState::NotChecked };
        self.tally.event(&line, signature, place).map_err(|fault| broken(fault, place))?;
        if let Some((place, count)) = self.blank_behind.take() {
            self.tally.count_blank_lines(place, count);
        }
        Ok(())
    }

    /// Ends the ledger here and judges what stands behind its last LF.
    pub fn finish(mut self) -> Result<Report> {
        let tail = if self.end.is_none() { self.take_rest() } else { None };
        if self.end.is_none() {
            self.end = self.settle_waiting(true).err();
        }
        // Behind a fault nothing was looked at; only what is compared at the end knows of a tail.
        let tail = tail.filter(|_| self.end.is_none());
        let length = self.place.byte_offset.saturating_add(self.pending());
        if self.end.is_none() {
            self.end = self.tally.check_ends(length).err().map(End::Broken);
        }
        match self.end {
            None => Ok(self.tally.intact(tail, length, Some(Hash::from_bytes(self.digest.finalize().into())))),
            Some(End::Broken(broken)) => Ok(self.tally.broken(broken, tail)),
            Some(End::Unreadable(code, message)) => {
                let place = self.place;
                let message = format!("line {}, byte {}: {message}", place.line, place.byte_offset);
                let report = Box::new(self.tally.intact(None, place.byte_offset, None));
                Err(Error { place: Some(place), report: Some(report), ..Error::new(code, message) })
            }
        }
    }

    /// A whole event that follows belongs to the ledger even without its LF; other bytes are a tail.
    fn take_rest(&mut self) -> Option<Tail> {
        let tail = Tail { offset: self.place.byte_offset, bytes: self.pending() };
        if tail.bytes == 0 {
            return None;
        }
        if self.skipped > 0 {
            return Some(tail);
        }
        let mut keys = KeyCache::default();
        match examine_line(
            &self.unfinished,
            self.tally.options.max_line_bytes,
            Some(&mut keys),
            &mut line::Workspace::default(),
        ) {
            blank @ Found::Blank { .. } => {
                self.end = self.take(blank, self.place).err();
                None
            }
            Found::Event(line, SignatureState::Holds) if self.follows(&line) => {
                self.end = self.take_last(line).err();
                None
            }
            _ => Some(tail),
        }
    }

    /// The unterminated last event, whose own signature holds.
    fn take_last(&mut self, line: Box<Line>) -> std::result::Result<(), End> {
        let same_run = self.waiting.as_ref().is_some_and(|(before, _)| before.signer == line.signer);
        let ends_run =
            !(same_run && self.tally.would_accept(self.waiting.as_ref().map(|(before, _)| &**before), &line));
        self.settle_waiting(ends_run)?;
        let place = self.place;
        self.tally.event(&line, SignatureState::Holds, place).map_err(|fault| broken(fault, place))
    }

    fn follows(&self, line: &Line) -> bool {
        let mut state = self.tally.state();
        let links = self
            .waiting
            .as_ref()
            .is_none_or(|(before, _)| state.step(&before.link(), SignatureState::NotChecked).is_ok());
        links && state.step(&line.link(), SignatureState::Holds).is_ok()
    }
}

fn broken(fault: Fault, place: Place) -> End {
    End::Broken((Some(place.line), place.byte_offset, fault))
}
