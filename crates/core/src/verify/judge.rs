//! The part of checking that goes from line to line: takes what [`examine`](super::examine) found, in order, up to the
//! first fault.

use super::checkpoint::Checkpoint;
use super::examine::{Found, Piece};
use super::report::{Report, Tail};
use super::signatures::Signatures;
use super::tally::{Broken, Tally};
use super::{Options, SignatureMode, Spelling};
use crate::chain::{Head, SignatureState};
use crate::error::{Error, ErrorCode, Fault, FaultCode, Place, Result};
use crate::hash::Hash;
use crate::limits::as_u64;
use crate::line::{Line, LineError, Pruning};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub(super) struct Judge {
    /// Its options are the ones to go by.
    tally: Tally,
    signatures: Arc<Signatures>,
    /// Where the next line begins.
    place: Place,
    /// Under [`SignatureMode::Last`], the event that may turn out to be the last of its signer's run.
    waiting: Option<(Line, Place)>,
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

impl Judge {
    pub(super) fn new(options: Options) -> Self {
        Self::at(Place { line: 1, byte_offset: 0 }, Tally::new(options))
    }

    pub(super) fn resume(options: Options, Checkpoint { place, totals }: Checkpoint) -> Self {
        Self::at(place, Tally::resume(options, totals, place.byte_offset))
    }

    fn at(place: Place, tally: Tally) -> Self {
        Self { tally, signatures: Arc::default(), place, waiting: None, blank_behind: None, end: None }
    }

    /// An event that waits is looked at again: whether its signature counts depends on the next one.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        let place = self.waiting.as_ref().map_or(self.place, |(_, place)| *place);
        Checkpoint { place, totals: self.tally.totals() }
    }

    pub(super) fn options(&self) -> &Options {
        &self.tally.options
    }

    /// For those who check signatures before.
    pub(super) fn signatures(&self) -> Arc<Signatures> {
        Arc::clone(&self.signatures)
    }

    pub(super) fn event_count(&self) -> u64 {
        self.tally.event_count()
    }

    pub(super) fn is_decided(&self) -> bool {
        self.end.is_some()
    }

    /// The last event that goes on; what waits has passed all but the check of its signature.
    pub(super) fn head(&self) -> Option<Head> {
        let waiting = self.waiting.as_ref().map(|(line, _)| Head { seq: line.seq, hash: line.claimed });
        waiting.or(self.tally.state().head())
    }

    /// What the ledger says was removed of it: the event that reaches farthest.
    pub(super) fn pruning(&self) -> Option<Pruning> {
        let waiting = self.waiting.as_ref().and_then(|(line, _)| line.pruning().copied());
        self.tally.pruned.into_iter().chain(waiting).max_by_key(|pruning| pruning.last.seq)
    }

    /// Ends the ledger with a fault that no line has, unless the event that waits has one.
    pub(super) fn break_here(&mut self, fault: Fault) {
        let settled = self.settle_waiting(true);
        let at = self.place.byte_offset;
        self.end = Some(settled.err().unwrap_or(End::Broken((None, at, fault))));
    }

    /// Where the next line begins; of a fault, where it stands.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Takes pieces of the ledger that follow one another.
    pub(super) fn take(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            if self.end.is_none() {
                self.take_piece(piece);
            }
        }
    }

    fn take_piece(&mut self, piece: Piece) {
        let start = self.place;
        for item in piece.items {
            let place = Place {
                line: start.line.saturating_add(item.line),
                byte_offset: start.byte_offset.saturating_add(as_u64(item.offset)),
            };
            if let Err(end) = self.take_item(item.found, place) {
                self.place = place;
                self.end = Some(end);
                return;
            }
        }
        self.place = Place {
            line: start.line.saturating_add(piece.lines),
            byte_offset: start.byte_offset.saturating_add(as_u64(piece.bytes)),
        };
    }

    /// A line that is too long to be read stands here.
    pub(super) fn refuse_length(&mut self, length: u64) {
        let message = format!("a line of {length} bytes, the limit is {}", self.options().max_line_bytes);
        let unfit = Found::Unfit(LineError::Unreadable(ErrorCode::LineTooLong, message));
        self.end = self.take_item(unfit, self.place).err();
    }

    fn take_item(&mut self, found: Found, place: Place) -> std::result::Result<(), End> {
        match found {
            Found::Blank { count } => self.take_blank(place, count),
            Found::Event(line, signature) if self.tally.options.signatures == SignatureMode::All => {
                self.tally.event(&line, signature, place).map_err(|fault| broken(fault, place))
            }
            Found::Event(line, _) => {
                let before = self.waiting.as_ref().map(|(before, _)| before);
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
        let signature = if is_last { self.signatures.check(&line) } else { SignatureState::NotChecked };
        self.tally.event(&line, signature, place).map_err(|fault| broken(fault, place))?;
        if let Some((place, count)) = self.blank_behind.take() {
            self.tally.count_blank_lines(place, count);
        }
        Ok(())
    }

    /// Takes what stands behind the last LF, if it is part of the ledger: white space, or a whole event that follows and
    /// whose signature holds. False for a tail.
    pub(super) fn take_rest(&mut self, found: Found) -> bool {
        let taken = match found {
            Found::Blank { .. } => self.take_item(found, self.place),
            Found::Event(line, _) if self.signatures.check(&line) == SignatureState::Holds && self.follows(&line) => {
                self.take_last(line)
            }
            _ => return false,
        };
        self.end = taken.err();
        true
    }

    /// The unterminated last event, whose own signature holds.
    fn take_last(&mut self, line: Line) -> std::result::Result<(), End> {
        let same_run = self.waiting.as_ref().is_some_and(|(before, _)| before.signer == line.signer);
        let ends_run = !(same_run && self.tally.would_accept(self.waiting.as_ref().map(|(before, _)| before), &line));
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

    /// The report of the whole ledger. `pending` bytes stand behind its last LF; `sha256` is that of all its bytes.
    pub(super) fn finish(mut self, tail: Option<Tail>, pending: u64, sha256: Hash) -> Result<Report> {
        if self.end.is_none() {
            self.end = self.settle_waiting(true).err();
        }
        // Behind a fault nothing was looked at; only what is compared at the end knows of a tail.
        let tail = tail.filter(|_| self.end.is_none());
        let length = self.place.byte_offset.saturating_add(pending);
        if self.end.is_none() {
            self.end = self.tally.check_ends(length).err().map(End::Broken);
        }
        match self.end {
            None => Ok(self.tally.intact(tail, length, Some(sha256))),
            Some(End::Broken(broken)) => Ok(self.tally.broken(broken, tail)),
            Some(End::Unreadable(code, message)) => {
                let place = self.place;
                let message = format!("line {}, byte {}: {message}", place.line, place.byte_offset);
                let report = Box::new(self.tally.intact(None, place.byte_offset, None));
                Err(Error { place: Some(place), report: Some(report), ..Error::new(code, message) })
            }
        }
    }
}

fn broken(fault: Fault, place: Place) -> End {
    End::Broken((Some(place.line), place.byte_offset, fault))
}
