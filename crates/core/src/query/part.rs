//! Reading one file: which of its lines, with what before them, and what is learnt of it for its index.

use super::files::{Opened, Which};
use super::index::{Builder, Index};
use super::payload::session_of;
use super::search::{Before, Start, search};
use super::{Granularity, ReadEvent, ReadOptions};
use crate::chain::{ChainState, Head, SignatureState};
use crate::error::{Error, ErrorCode, Place, Result};
use crate::line::{self, Line, LineError};
use crate::verify::signatures::Signatures;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// See the module.
pub(super) struct Part {
    file: Opened,
    /// What is left to read, the run that is read now in front.
    runs: VecDeque<Run>,
    /// What is known before the next line; none before a run has begun.
    before: Option<Before>,
    /// No line of this run was accepted yet.
    is_fresh: bool,
    /// The file was read to its end.
    at_end: bool,
    /// Events below this seq were given or passed over.
    least: u64,
    /// Behind the last event that was read.
    next_seq: u64,
    whole_file: Start,
    granularity: Option<Granularity>,
    builder: Option<Builder>,
    /// Bytes that the index covered which was found.
    covered: u64,
}

/// Lines one after another.
#[derive(Debug)]
struct Run {
    start: Start,
    /// The last seq.
    last: u64,
    /// An index says that it begins there.
    is_indexed: bool,
    /// It goes to the end of the file, so that an index grows with it.
    is_rest: bool,
}

/// What became of a line.
enum Step {
    Wanted(ReadEvent),
    Passed,
    /// The ledger ends here.
    End,
}

enum Trouble {
    /// With the line that begins there.
    Line(LineError, u64),
    Other(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Part {
    /// `before` is known before the first line. `in_place`: the file begins with the event that should come there.
    pub(super) fn begin(
        mut file: Opened,
        before: Before,
        in_place: bool,
        options: &ReadOptions,
        work: &mut line::Workspace,
    ) -> Result<Self> {
        let whole_file = Start { offset: 0, before };
        let length = file.lines.length();
        let is_worth = |granularity: &Granularity| length >= granularity.least_bytes;
        let granularity = options.index.filter(is_worth).filter(|_| in_place && options.looks_inside());
        let mut load = |path: &PathBuf| Index::load(path, before.next_seq(), &mut file.lines, work);
        let index = granularity.and_then(|_| file.indexes.iter().find_map(&mut load));
        let mut runs = index.as_ref().map(|index| runs_of(index, whole_file, options)).unwrap_or_default();
        let index = index.unwrap_or(Index::EMPTY);
        let covered = index.covered();
        let is_indexed = covered > 0;
        let mut start =
            if is_indexed { Start { offset: covered, before: Before::State(index.end()) } } else { whole_file };
        let grows = |granularity: &Granularity| length.saturating_sub(covered) >= granularity.least_bytes;
        let mut builder = granularity.filter(grows).map(|granularity| Builder::new(index, granularity));
        if in_place && options.from > start.before.next_seq() {
            builder = None;
            start = search(&mut file.lines, start, options.from, work)?;
        }
        runs.push_back(Run { start, last: u64::MAX, is_indexed, is_rest: true });
        Ok(Self {
            file,
            runs,
            before: None,
            is_fresh: true,
            at_end: false,
            least: 0,
            next_seq: 0,
            whole_file,
            granularity,
            builder,
            covered,
        })
    }

    /// The next wanted event; none behind the last of this file.
    pub(super) fn next_event(
        &mut self,
        options: &ReadOptions,
        work: &mut line::Workspace,
    ) -> Result<Option<ReadEvent>> {
        while let Some(run) = self.runs.front() {
            let before = self.before.unwrap_or(run.start.before);
            if before.next_seq() > options.to {
                break;
            }
            if before.next_seq() > run.last {
                self.runs.pop_front();
                self.turn_to_next_run(before);
                continue;
            }
            if self.before.is_none() {
                self.file.lines.seek(run.start.offset);
                self.is_fresh = true;
            }
            let (is_indexed, is_rest) = (run.is_indexed, run.is_rest);
            match self.step(before, is_rest, options, work) {
                Ok(Step::Wanted(event)) => return Ok(Some(event)),
                Ok(Step::Passed) => {}
                Ok(Step::End) if is_rest => {
                    self.before = Some(before);
                    self.at_end = true;
                    break;
                }
                Ok(Step::End) => self.restart(),
                Err(Trouble::Line(..)) if is_indexed && self.is_fresh => self.restart(),
                Err(Trouble::Line(error, offset)) => return Err(self.refuse(error, offset)),
                Err(Trouble::Other(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Behind the last event of this file, as far as that is known.
    pub(super) fn next_seq(&self) -> u64 {
        match self.file.which {
            Which::Sealed(range) => range.to.saturating_add(1),
            _ => self.next_seq,
        }
    }

    /// Keeps what was learnt. Gives what the next file has to follow, if this one was read to its end.
    pub(super) fn finish(mut self) -> Result<Option<ChainState>> {
        let sealed = match self.file.which {
            Which::Sealed(range) | Which::Segment(range) => Some(range),
            Which::Active { .. } => None,
        };
        self.save_index(self.at_end && sealed.is_some());
        let Some(before) = self.before.filter(|_| self.at_end) else { return Ok(None) };
        if let Which::Sealed(range) = self.file.which
            && before.next_seq() != range.to.saturating_add(1)
        {
            let message = format!("it ends before event {}, its name says {}", before.next_seq(), range.to);
            return Err(self.refuse(LineError::Unreadable(ErrorCode::ChainBroken, message), self.file.lines.length()));
        }
        match before {
            Before::State(state) => Ok(Some(state)),
            Before::Seq(_) => Ok(None),
        }
    }

    fn step(
        &mut self,
        before: Before,
        is_rest: bool,
        options: &ReadOptions,
        work: &mut line::Workspace,
    ) -> Result<Step, Trouble> {
        if options.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(Error::new(ErrorCode::Aborted, "the reading was stopped").into());
        }
        let Opened { lines, which, .. } = &mut self.file;
        let Some(raw) = lines.next_line()? else { return Ok(Step::End) };
        self.before = Some(before);
        // Bytes behind the last LF that are no event are not part of the ledger. A sealed segment has none.
        let can_be_tail = !raw.is_whole && !matches!(which, Which::Sealed(_));
        let bytes = lines.bytes(&raw);
        let read = if raw.is_too_long {
            let message = format!("a line of more than {} bytes", lines.limit());
            Err(LineError::Unreadable(ErrorCode::LineTooLong, message))
        } else if line::is_blank(bytes) {
            return Ok(Step::Passed);
        } else if !raw.is_whole && !can_be_tail {
            let message = "a sealed segment that does not end with a line feed".to_owned();
            Err(LineError::Unreadable(ErrorCode::ChainBroken, message))
        } else {
            line::read(bytes, lines.limit(), work).and_then(|line| follow(line, before, raw.is_whole))
        };
        let (line, state) = match read {
            Ok(read) => read,
            Err(_) if can_be_tail => return Ok(Step::End),
            Err(error) => return Err(Trouble::Line(error, raw.offset)),
        };
        self.before = Some(Before::State(state));
        (self.is_fresh, self.next_seq) = (false, state.next_seq());
        let builder = self.builder.as_mut().filter(|_| is_rest && raw.is_whole);
        let looks_for_session = builder.is_some() || options.session.is_some();
        let session_id = if looks_for_session { session_of(line.kind.name(), bytes) } else { None };
        if let Some(builder) = builder {
            builder.add(&line, session_id.as_deref(), raw.offset, lines.offset());
        }
        if line.seq < self.least || !options.wants(&line, session_id.as_deref()) {
            return Ok(Step::Passed);
        }
        let text = str::from_utf8(bytes)
            .map_err(|_| Error::new(ErrorCode::Internal, "a line that was read is no UTF-8"))?
            .to_owned();
        let respelled = if line.as_written { None } else { line::respell(&text) };
        let head = Head { seq: line.seq, hash: line.recomputed };
        Ok(Step::Wanted(ReadEvent { line: text, respelled, head, parent: line.parent }))
    }

    /// A run that begins where the one before ended goes on with what is known.
    fn turn_to_next_run(&mut self, before: Before) {
        let goes_on = self.runs.front().is_some_and(|run| {
            self.file.lines.offset() == run.start.offset && before.next_seq() == run.start.before.next_seq()
        });
        self.before = Some(before).filter(|_| goes_on && self.before.is_some());
    }

    /// The index is not that of this file: all of it is read, and indexed anew.
    fn restart(&mut self) {
        self.least = self.next_seq;
        self.runs = [Run { start: self.whole_file, last: u64::MAX, is_indexed: false, is_rest: true }].into();
        self.before = None;
        self.covered = 0;
        self.builder = self.granularity.map(|granularity| Builder::new(Index::EMPTY, granularity));
    }

    /// Where it cannot be written, the next query reads as much as this one.
    fn save_index(&mut self, whole: bool) {
        if let (Some(builder), Some(granularity)) = (self.builder.take(), self.granularity)
            && let Some(path) = self.file.indexes.first()
        {
            let index = builder.finish(whole);
            if index.covered().saturating_sub(self.covered) >= granularity.least_bytes.max(1) {
                let _ = index.save(path);
            }
        }
    }

    fn refuse(&mut self, error: LineError, offset: u64) -> Error {
        let number = match self.file.lines.number_at(offset) {
            Ok(number) => number,
            Err(error) => return error,
        };
        let error = error.at(Place { line: number, byte_offset: offset });
        match &self.file.name {
            Some(name) => Error { message: format!("{name}, {}", error.message), ..error },
            None => error,
        }
    }
}

/// The blocks that can hold a wanted event; neighbours are one run.
fn runs_of(index: &Index, whole_file: Start, options: &ReadOptions) -> VecDeque<Run> {
    let mut runs: VecDeque<Run> = VecDeque::new();
    for block in index.blocks_for(options) {
        let last = block.next_seq().saturating_sub(1);
        match runs.back_mut() {
            Some(run) if run.last.saturating_add(1) == block.first => run.last = last,
            _ => {
                let start = Start { offset: block.offset, before: Before::Seq(block.first) };
                let start = if block.offset == 0 { whole_file } else { start };
                runs.push_back(Run { start, last, is_indexed: true, is_rest: false });
            }
        }
    }
    runs
}

fn follow(line: Line, before: Before, whole: bool) -> Result<(Line, ChainState), LineError> {
    let link = line.link();
    let mut state = before.state(&link);
    let signature = if whole { SignatureState::NotChecked } else { Signatures::default().check(&line) };
    state.step(&link, signature).map_err(|(_, fault)| fault)?;
    Ok((line, state))
}
