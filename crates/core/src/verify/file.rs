//! Verifying one file: a ledger, or a segment of one.

use super::gather::first_link;
use super::report::{Report, Segments, Verdict};
use super::source::{Meter, Watch, feed};
use super::state::{SavedState, Seen, State};
use super::{Options, Verifier};
use crate::chain::{Head, Link, SeqRange};
use crate::durable::{self, FoundFile, ReadFile};
use crate::error::{Error, Fault, FaultCode, Result};
use crate::segments::Names;
use crate::storage::GivenFile;
use std::path::Path;

/// Verifies a ledger file: one regular file, opened once, as long as it is at that moment. A ledger that is being
/// written to can be verified at any time.
///
/// Of a file that is a segment by its name, or an active file that continues segments beside it, [`Report::segments`]
/// says which part of the ledger it is. It starts where its first line says, unless the options say where.
pub fn verify_file(path: &Path, options: &Options, watch: &mut Watch<'_>) -> Result<Report> {
    verify(ReadFile::open(path)?, options, None, watch)
}

/// Verifies a file that the caller gives, as [`verify_file`] does one of the system that has none beside it.
pub fn verify_given(file: &GivenFile, options: &Options, watch: &mut Watch<'_>) -> Result<Report> {
    verify(ReadFile::given(file, 0)?, options, None, watch)
}

/// Verifies what a ledger file has behind the part that was verified when `saved` was written, and saves how far it is
/// now. Without a state all is verified. A ledger with a fault changes no state.
///
/// Refused with [`ErrorCode::StateInvalid`] is a state that is none or is signed by another key, with
/// [`ErrorCode::StateMismatch`] a file whose verified part is another one now, with [`ErrorCode::StateOptions`] what was
/// verified under other options.
///
/// [`ErrorCode::StateInvalid`]: crate::ErrorCode::StateInvalid
/// [`ErrorCode::StateMismatch`]: crate::ErrorCode::StateMismatch
/// [`ErrorCode::StateOptions`]: crate::ErrorCode::StateOptions
pub fn verify_file_from(
    path: &Path,
    options: &Options,
    saved: &SavedState<'_>,
    watch: &mut Watch<'_>,
) -> Result<Report> {
    verify(ReadFile::open(path)?, options, Some(saved), watch)
}

fn verify(file: ReadFile, options: &Options, saved: Option<&SavedState<'_>>, watch: &mut Watch<'_>) -> Result<Report> {
    let mut file = FoundFile::held(file);
    saved.map_or(Ok(()), |saved| saved.keep_off(&file.path))?;
    let known = saved.map_or(Ok(None), SavedState::load)?;
    let segment = file.read(|file| Segment::of(file, options))?;
    let claimed = segment.as_ref().and_then(|segment| claimed_start(&segment.first));
    let claimed = claimed.filter(|_| options.start_after.is_none());
    let asked = Options { start_after: options.start_after.or(claimed), ..options.clone() };
    let from = known.as_ref().map_or(Ok(None), |known| known.state.continue_in(vec![&mut file], options))?;
    let mut verifier = match from {
        Some(checkpoint) => Verifier::resume(&asked, checkpoint),
        None => Verifier::new(&asked),
    };
    let offset = verifier.judge.place().byte_offset;
    let mut meter = Meter { bytes: offset, total_bytes: file.length };
    let length = file.length.saturating_sub(offset);
    file.read(|file| feed(&mut verifier, file.at(offset)?, length, &mut meter, watch))?;
    if let Some(Segment { named: Some(named), .. }) = segment {
        check_end(&mut verifier, named);
    }
    let checkpoint = verifier.checkpoint();
    let mut report = verifier.finish()?;
    if let Some((segment, head)) = segment.zip(report.head) {
        report.segments = Some(segment.part(head));
        report.started_after = report.started_after.filter(|_| claimed.is_none());
        report.verdict = if report.verdict == Verdict::Verified { Verdict::Intact } else { report.verdict };
    }
    if let Some(saved) = saved.filter(|_| report.ok) {
        let end = report.bytes.saturating_sub(report.tail.map_or(0, |tail| tail.bytes));
        let kept = file
            .read(|file| Seen::of(file, end))
            .and_then(|seen| saved.save(&State::new(options, vec![seen], checkpoint), known.as_ref()));
        kept.map_err(|error| Error { report: Some(Box::new(report.clone())), ..error })?;
    }
    Ok(report)
}

/// The event that a first line says it follows.
pub(super) fn claimed_start(first: &Link) -> Option<Head> {
    first.seq.checked_sub(1).map(|seq| Head { seq, hash: first.parent })
}

/// A sealed segment ends with the event that its name says, and with an LF.
pub(super) fn check_end(verifier: &mut Verifier, named: SeqRange) {
    verifier.settle();
    let reason = if verifier.next_seq() != named.to.saturating_add(1) {
        "the segment does not end with the event that its name says"
    } else if verifier.pending() > 0 {
        "the segment does not end with a line feed"
    } else {
        return;
    };
    let found = verifier.head().map_or_else(|| "no event".to_owned(), |head| head.seq.to_string());
    verifier.break_here(Fault::mismatch(FaultCode::SegmentMismatch, reason, named.to, found));
}

/// A file that is a part of a ledger.
#[derive(Debug)]
struct Segment {
    first: Link,
    /// What the name of a sealed segment says.
    named: Option<SeqRange>,
}

impl Segment {
    fn of(file: &mut ReadFile, options: &Options) -> Result<Option<Self>> {
        let Some(first) = first_link(file, options.max_line_bytes)? else { return Ok(None) };
        // A path that cannot be resolved, as one into another mount namespace, is taken as it is: the file is open.
        let resolved = if file.is_given() { None } else { durable::resolve(&file.path).ok() };
        let path = resolved.unwrap_or_else(|| file.path.clone());
        if let Some((_, named)) = Names::of_sealed(&path) {
            return Ok((named.from == first.seq).then_some(Self { first, named: Some(named) }));
        }
        let Some(before) = first.seq.checked_sub(1).filter(|_| !file.is_given()) else { return Ok(None) };
        let Some(names) = Names::of(&path) else { return Ok(None) };
        let continues = durable::list(&names)?.sealed.iter().any(|sealed| sealed.range.to == before);
        Ok(continues.then_some(Self { first, named: None }))
    }

    fn part(&self, head: Head) -> Segments {
        let missing = self.first.seq.checked_sub(1).map(|to| SeqRange { from: 0, to });
        let seen = SeqRange { from: self.first.seq, to: head.seq };
        Segments { seen, missing, later: self.named.is_some() }
    }
}
