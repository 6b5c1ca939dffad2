//! Going to an event by its seq, without an index: seqs ascend, so that halving the bytes of a file finds it.
//!
//! A probe takes the first line behind a place whose own hash holds, and believes its seq; other lines are passed over.
//! Reading begins at the event, and each line has to follow the one before. A file whose seqs do not ascend can hide an
//! event from a search, and cannot make a false one.

use super::lines::{Lines, RawLine};
use crate::chain::{ChainState, Link};
use crate::error::Result;
use crate::line::{self, Line};

/// Bytes that are read rather than halved.
const CLOSE: u64 = 1 << 16;

/// A place in a file where reading can begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) offset: u64,
    pub(super) before: Before,
}

/// What is known of the chain before a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    /// All of it.
    State(ChainState),
    /// That the line has this seq. It may name any parent, unless it is the first of the ledger.
    Seq(u64),
}

impl Before {
    /// What the line has to follow.
    pub(super) fn state(self, link: &Link) -> ChainState {
        match self {
            Self::State(state) => state,
            Self::Seq(0) => ChainState::START,
            Self::Seq(seq) => ChainState::before(&Link { seq, ..*link }),
        }
    }

    pub(super) fn next_seq(self) -> u64 {
        match self {
            Self::State(state) => state.next_seq(),
            Self::Seq(seq) => seq,
        }
    }
}

/// The place of the event with this seq, if it is behind `start` and its hash holds; else that behind the last good line
/// before it.
pub(super) fn search(lines: &mut Lines, start: Start, seq: u64, work: &mut line::Workspace) -> Result<Start> {
    let mut best = start;
    let mut high = lines.length();
    while high.saturating_sub(best.offset) > CLOSE {
        let middle = best.offset.midpoint(high);
        match first_good_line(lines, middle, high, work)? {
            Some(line) if line.seq < seq => {
                best = behind(&line, lines);
            }
            _ => high = middle,
        }
    }
    lines.seek(best.offset);
    while let Some(raw) = lines.next_line()? {
        match good(lines, &raw, work) {
            Some(line) if line.seq == seq => return Ok(Start { offset: raw.offset, before: Before::Seq(seq) }),
            Some(line) if line.seq > seq => break,
            Some(line) => best = behind(&line, lines),
            None => {}
        }
    }
    Ok(best)
}

/// The first event of a file, if a line with a hash that holds comes first.
pub(super) fn first_event(lines: &mut Lines, work: &mut line::Workspace) -> Result<Option<Line>> {
    lines.seek(0);
    while let Some(raw) = lines.next_line()? {
        let bytes = lines.bytes(&raw);
        if raw.is_too_long || !line::is_blank(bytes) {
            return Ok(line::read(bytes, lines.limit(), work).ok().filter(is_good));
        }
    }
    Ok(None)
}

/// The line's own hash holds.
pub(super) fn is_good(line: &Line) -> bool {
    line.claimed == line.recomputed
}

/// The first good line that begins behind one place and before another.
fn first_good_line(lines: &mut Lines, from: u64, before: u64, work: &mut line::Workspace) -> Result<Option<Line>> {
    lines.seek(from);
    // The rest of a line, most likely.
    lines.next_line()?;
    while lines.offset() < before
        && let Some(raw) = lines.next_line()?
    {
        let line = good(lines, &raw, work);
        if line.is_some() {
            return Ok(line);
        }
    }
    Ok(None)
}

fn good(lines: &Lines, raw: &RawLine, work: &mut line::Workspace) -> Option<Line> {
    let read = line::read(lines.bytes(raw), lines.limit(), work);
    read.ok().filter(|line| raw.is_whole && is_good(line))
}

/// Behind a line that was just read.
fn behind(line: &Line, lines: &Lines) -> Start {
    let state = ChainState::after(line.seq, line.claimed);
    Start { offset: lines.offset(), before: Before::State(state) }
}
