//! Verifying a ledger in several files as one chain.
//!
//! ```text
//! ledger.0-99.ndjson -> ledger.100-199.ndjson -> ledger.ndjson     one Verifier, as for `cat` of them
//! ```
//!
//! Between two files only their places are looked at: the first line of the next one must have the next sequence number,
//! and a sealed one must have held what its name says. Whether the line is the one that follows, its hash says.
//!
//! A ledger that does not begin with event 0 is whole if an event that it holds says that the beginning was removed.

use super::file::{check_end, claimed_start};
use super::gather::{Gathered, Gathering, Part};
use super::report::{Compared, Report};
use super::source::{Meter, Watch, feed};
use super::state::{SavedState, Seen, State};
use super::{Options, Verifier};
use crate::chain::{Head, SeqRange};
use crate::error::{Error, ErrorCode, Fault, FaultCode, Result};
use crate::hash::Hash;
use crate::line::Pruning;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};
use std::path::PathBuf;

/// What a verification of several files found. Lines and offsets are those of all files one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentsReport {
    /// That of the chain.
    #[serde(flatten)]
    pub report: Report,
    /// Files of the chain in their order, up to the one with a fault.
    pub files: Vec<SegmentReport>,
    /// Events that are in no file; behind a fault, as far as first lines and names tell.
    pub gaps: Vec<SeqRange>,
    /// Segments that are no part of the chain: in front of its start, behind a gap or a fault, or inside of another one.
    #[serde(serialize_with = "as_text")]
    pub orphans: Vec<PathBuf>,
    /// Files beside them with the ledger's extension that are none of its.
    #[serde(serialize_with = "as_text")]
    pub foreign: Vec<PathBuf>,
}

/// A file of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentReport {
    /// Where it is.
    pub path: String,
    /// Its first event.
    pub first: Option<u64>,
    /// Its last one.
    pub last: Option<u64>,
    /// How many it has.
    pub events: u64,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it; none if it was not read to its end, or not from its beginning.
    pub sha256: Option<Hash>,
}

impl SegmentsReport {
    /// The report as JSON text.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
    }
}

/// Verifies the files of a ledger as one chain, the options applying to all of it. With `saved` it goes on where an
/// earlier verification ended, as [`verify_file_from`](super::verify_file_from) does.
pub fn verify_segments(
    given: &Gathering,
    options: &Options,
    saved: Option<&SavedState<'_>>,
    watch: &mut Watch<'_>,
) -> Result<SegmentsReport> {
    let Gathered { parts, foreign } = given.find(options.max_line_bytes)?;
    let is_before =
        |part: &Part| options.start_after.zip(part.named).is_some_and(|(start, named)| named.to <= start.seq);
    let (before, mut parts): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(is_before);
    if let Some(saved) = saved {
        parts.iter().try_for_each(|part| saved.keep_off(&part.file.path))?;
    }
    let start = parts.first().and_then(|part| claimed_start(part.first.as_ref()?));
    let pruned = start.filter(|_| options.start_after.is_none());
    // What is known of the first event can be compared with what the pruning says of it.
    let expected_first = options.expected_first.filter(|_| pruned.is_none());
    let asked = Options { start_after: options.start_after.or(pruned), expected_first, ..options.clone() };

    let known = saved.map_or(Ok(None), SavedState::load)?;
    let files = parts.iter_mut().map(|part| &mut part.file).collect();
    let from = known.as_ref().map_or(Ok(None), |known| known.state.continue_in(files, options))?;
    let is_resumed = from.is_some();
    let verifier = match from {
        Some(checkpoint) => Verifier::resume(&asked, checkpoint),
        None => Verifier::new(&asked),
    };
    let mut chain = Chain::new(verifier, &parts);
    for part in &mut parts {
        if !chain.take(part, watch)? {
            break;
        }
    }
    let Chain { mut verifier, mut files, ends, .. } = chain;
    verifier.settle();
    let pruning = verifier.judge.pruning();
    let mut is_first_known = false;
    if let Some(start) = pruned {
        // A state is kept only of a chain whose beginning was accounted for.
        if !is_resumed && !pruning.is_some_and(|pruning| accounts_for(&pruning, start, &ends)) {
            verifier = Verifier::new(&Options { start_after: None, ..asked.clone() });
            verifier.break_here(missing(0, start.seq));
            files.clear();
        } else if let Some((expected, pruning)) = options.expected_first.zip(pruning) {
            is_first_known = pruning.first == expected;
            if !is_first_known {
                let reason = "the first event, which was removed, is not the expected one";
                verifier.break_here(Fault::mismatch(FaultCode::FirstMismatch, reason, expected, pruning.first));
            }
        }
    }
    let checkpoint = verifier.checkpoint();
    let mut report = verifier.finish().map_err(|error| in_file(error, &parts, files.len()))?;
    if is_first_known {
        report.checks.first = Compared::Matched;
    }
    if let Some(saved) = saved.filter(|_| report.ok) {
        let kept = seen(&mut parts, &report)
            .and_then(|seen| saved.save(&State::new(options, seen, checkpoint), known.as_ref()));
        kept.map_err(|error| Error { report: Some(Box::new(report.clone())), ..error })?;
    }
    let first_seq = options.start_after.map_or(0, |start| start.seq.saturating_add(1));
    let gaps = if report.ok { Vec::new() } else { gaps(first_seq, &parts, &files) };
    let behind = parts.iter().skip(files.len());
    let orphans = before.iter().chain(behind).map(|part| part.file.path.clone()).collect();
    Ok(SegmentsReport { report, files, gaps, orphans, foreign })
}

/// Files that are read one after another.
struct Chain {
    verifier: Verifier,
    meter: Meter,
    /// Bytes that an earlier verification read.
    behind: u64,
    files: Vec<SegmentReport>,
    /// The last event of each file.
    ends: Vec<Head>,
}

impl Chain {
    fn new(verifier: Verifier, parts: &[Part]) -> Self {
        let behind = verifier.judge.place().byte_offset;
        let total_bytes = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(part.file.length));
        Self { verifier, meter: Meter { bytes: behind, total_bytes }, behind, files: Vec::new(), ends: Vec::new() }
    }

    /// Reads the next file. False when nothing behind it matters.
    fn take(&mut self, part: &mut Part, watch: &mut Watch<'_>) -> Result<bool> {
        let length = part.file.length;
        let known = self.behind.min(length);
        self.behind = self.behind.saturating_sub(known);
        if known == 0
            && let Some(fault) = part.misplaced(self.verifier.next_seq())
        {
            self.verifier.break_here(fault);
            return Ok(false);
        }
        let mut sha256 = None;
        if known < length || length == 0 {
            let digest = part.file.read(|file| {
                let mut source = Hashing { source: file.at(known)?, digest: Sha256::new() };
                feed(&mut self.verifier, &mut source, length.saturating_sub(known), &mut self.meter, watch)?;
                Ok(source.digest.finalize())
            })?;
            sha256 = Some(Hash::from_bytes(digest.into())).filter(|_| known == 0);
            self.verifier.settle();
            if let Some(named) = part.named.filter(|_| !self.verifier.is_decided()) {
                check_end(&mut self.verifier, named);
            }
        }
        let first = part.first.map(|link| link.seq);
        let end = if known == length && length > 0 { part.named.map(|named| named.to) } else { self.end() };
        let last = end.filter(|last| first.is_some_and(|first| first <= *last));
        let events = last.zip(first).map_or(0, |(last, first)| last.saturating_sub(first).saturating_add(1));
        let is_decided = self.verifier.is_decided();
        let sha256 = sha256.filter(|_| !is_decided);
        let path = part.file.path.display().to_string();
        self.files.push(SegmentReport {
            path,
            first: first.filter(|_| events > 0),
            last,
            events,
            bytes: length,
            sha256,
        });
        self.ends.extend(self.verifier.head());
        Ok(!is_decided)
    }

    fn end(&self) -> Option<u64> {
        self.verifier.head().map(|head| head.seq)
    }
}

impl Part {
    /// Why the file cannot stand where this event is the next one.
    fn misplaced(&self, next: u64) -> Option<Fault> {
        let begins = self.begins()?;
        if begins > next {
            return Some(missing(next, begins.saturating_sub(1)));
        }
        let (reason, expected) = if begins < next {
            ("a segment begins inside of another one", next)
        } else {
            let named = self.named.filter(|named| named.from != begins)?;
            ("the segment does not begin with the event that its name says", named.from)
        };
        Some(Fault::mismatch(FaultCode::SegmentMismatch, reason, expected, begins))
    }
}

fn missing(from: u64, to: u64) -> Fault {
    let reason = format!("events {from} to {to} are in no segment");
    Fault::mismatch(FaultCode::SegmentMissing, reason, from, to.saturating_add(1))
}

/// Whether an event says that what stands before the start was removed. It names the last event that may be missing: the
/// one before the start, or one that is still there, at the end of a file.
fn accounts_for(pruning: &Pruning, start: Head, ends: &[Head]) -> bool {
    pruning.last == start || (pruning.last.seq > start.seq && ends.contains(&pruning.last))
}

/// Between the files as far as they were read, and behind that by their names.
fn gaps(first_seq: u64, parts: &[Part], files: &[SegmentReport]) -> Vec<SeqRange> {
    let mut gaps = Vec::new();
    let mut next = first_seq;
    for (index, part) in parts.iter().enumerate() {
        let Some(begins) = part.begins() else { break };
        if begins > next {
            gaps.push(SeqRange { from: next, to: begins.saturating_sub(1) });
        }
        let last = files.get(index).and_then(|file| file.last).max(part.named.map(|named| named.to));
        let Some(last) = last else { break };
        next = next.max(last.saturating_add(1));
    }
    gaps
}

/// All files as far as they were verified.
fn seen(parts: &mut [Part], report: &Report) -> Result<Vec<Seen>> {
    let mut end = report.bytes.saturating_sub(report.tail.map_or(0, |tail| tail.bytes));
    let mut seen = Vec::new();
    for part in parts {
        let bytes = part.file.length.min(end);
        end = end.saturating_sub(bytes);
        seen.push(part.file.read(|file| Seen::of(file, bytes))?);
    }
    Ok(seen)
}

/// A line that cannot be read stands in the file that was read last.
fn in_file(error: Error, parts: &[Part], read: usize) -> Error {
    let part = parts.get(read.saturating_sub(1)).filter(|_| error.place.is_some());
    let message = part.map(|part| format!("{}, in all files together {}", part.file.path.display(), error.message));
    Error { message: message.unwrap_or_else(|| error.message.clone()), ..error }
}

/// Hashes what is read.
struct Hashing<R> {
    source: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

fn as_text<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.display().to_string()))
}
