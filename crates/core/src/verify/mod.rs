//! Verifying: one pass, bounded memory, every core.
//!
//! ```text
//! bytes -> blocks of whole lines -> examine (parallel: fields, hash, signature) -> Judge, Tally (in order: links, counts) -> Report
//! ```
//!
//! While all cores look at a block, one of them first judges the block before it, reads the block behind it and hashes
//! its bytes.
//!
//! A ledger that is not what it claims gives a [`Report`] with a fault; only what could not be checked is an
//! [`Error`]. Memory is bounded by the block size and the longest line, whatever the ledger holds.

mod checkpoint;
mod examine;
mod file;
mod gather;
mod judge;
pub mod report;
mod segments;
mod sessions;
pub(crate) mod signatures;
mod source;
mod state;
mod tally;
mod trust;

pub use file::{verify_file, verify_file_from, verify_given};
pub use gather::{Gathering, order};
pub use report::{Report, Verdict};
pub use segments::{SegmentReport, SegmentsReport, verify_segments};
pub(crate) use source::verify_part;
pub use source::{Progress, Watch, verify_lines};
pub use state::SavedState;

use crate::chain::Head;
use crate::error::{Fault, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::limits::{self, as_u64};
use crate::line;
use checkpoint::Checkpoint;
use examine::{Piece, examine_line};
use judge::Judge;
use memchr::{memchr, memrchr};
use report::Tail;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::mem;

/// Bytes that are looked at together.
const BLOCK: usize = 2 << 20;

/// Which signatures are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureMode {
    /// Every one.
    #[default]
    All,
    /// The last of each run of one signer. It commits to all that is hashed before it; the others are not looked at.
    Last,
}

/// Which spellings of a line are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// An event that the caller trusts, and that the first one here must follow; none for a ledger from its beginning. The
    /// first event of a ledger cannot be expected behind it.
    pub start_after: Option<Head>,
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
            start_after: None,
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
    judge: Judge,
    digest: Sha256,
    /// Lines that were looked at, but not judged.
    examined: Vec<Piece>,
    /// Bytes behind the last LF so far.
    unfinished: Vec<u8>,
    /// Bytes of a line that is already too long to be kept; its beginning is `unfinished`.
    skipped: u64,
}

impl Verifier {
    /// Starts before the first byte.
    pub fn new(options: &Options) -> Self {
        Self::of(Judge::new(options.clone()))
    }

    /// Starts where another verification of the same bytes under the same options was.
    fn resume(options: &Options, checkpoint: Checkpoint) -> Self {
        Self::of(Judge::resume(options.clone(), checkpoint))
    }

    fn of(judge: Judge) -> Self {
        Self { judge, digest: Sha256::new(), examined: Vec::new(), unfinished: Vec::new(), skipped: 0 }
    }

    /// Events accepted so far.
    pub fn event_count(&self) -> u64 {
        self.judge.event_count()
    }

    /// True when a fault was found, or a line that cannot be read: further bytes do not matter.
    pub fn is_decided(&self) -> bool {
        self.judge.is_decided()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        bytes.chunks(BLOCK).for_each(|block| self.push_while(block, &mut || ()));
        self.settle();
    }

    /// Takes the next bytes, and does something else on this thread while others look at them. They are judged with the
    /// next ones, or by [`Verifier::settle`].
    fn push_while(&mut self, bytes: &[u8], meanwhile: &mut dyn FnMut()) {
        if self.is_decided() {
            return meanwhile();
        }
        let behind = |line_feed: Option<usize>| line_feed.map_or(0, |place| place.saturating_add(1).min(bytes.len()));
        let (lines, rest) = bytes.split_at(behind(memrchr(b'\n', bytes)));
        let began_before = if self.unfinished.is_empty() { 0 } else { behind(memchr(b'\n', lines)) };
        let (first, lines) = lines.split_at(began_before);
        if self.skipped > 0 && !first.is_empty() {
            // A fault in front of this line comes first.
            self.settle();
            if !self.is_decided() {
                self.judge.refuse_length(self.pending().saturating_add(as_u64(first.len())).saturating_sub(1));
            }
            return meanwhile();
        }
        self.unfinished.extend_from_slice(first);
        self.look_at(lines, !first.is_empty(), |digest| {
            meanwhile();
            digest.update(bytes);
        });
        if !(first.is_empty() && lines.is_empty()) {
            self.unfinished.clear();
        }
        self.keep(rest);
    }

    /// Looks at whole lines, the unfinished one in front of them if that is whole now. Meanwhile the lines before them are
    /// judged.
    fn look_at(&mut self, lines: &[u8], unfinished: bool, mut meanwhile: impl FnMut(&mut Sha256)) {
        let Self { judge, digest, examined, unfinished: first, .. } = self;
        let max_length = judge.options().max_line_bytes;
        let signatures = (judge.options().signatures == SignatureMode::All).then(|| judge.signatures());
        let first = unfinished.then_some(first.as_slice());
        let pieces: Vec<&[u8]> = first.into_iter().chain(examine::split(lines)).collect();
        let mut before = mem::take(examined);
        *examined = examine::examine(&pieces, max_length, signatures.as_deref(), &mut || {
            judge.take(mem::take(&mut before));
            meanwhile(digest);
        });
    }

    /// Judges what was looked at.
    fn settle(&mut self) {
        self.judge.take(mem::take(&mut self.examined));
    }

    /// Keeps the beginning of a line, or counts it when it is too long already.
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.judge.options().max_line_bytes.saturating_add(1).saturating_sub(self.unfinished.len());
        let (kept, skipped) = bytes.split_at(room.min(bytes.len()));
        self.unfinished.extend_from_slice(kept);
        self.skipped = self.skipped.saturating_add(as_u64(skipped.len()));
    }

    /// Bytes behind the last LF.
    fn pending(&self) -> u64 {
        as_u64(self.unfinished.len()).saturating_add(self.skipped)
    }

    /// The last event so far; in front of the first one, the event that was trusted.
    fn head(&self) -> Option<Head> {
        self.judge.head()
    }

    /// The sequence number that the next event must have.
    fn next_seq(&self) -> u64 {
        self.head().map_or(0, |head| head.seq.saturating_add(1))
    }

    /// Ends the ledger with a fault between two lines, unless there was one before.
    fn break_here(&mut self, fault: Fault) {
        self.settle();
        if !self.is_decided() {
            self.judge.break_here(fault);
        }
    }

    /// What another verification needs to go on behind the last whole line.
    fn checkpoint(&mut self) -> Checkpoint {
        self.settle();
        self.judge.checkpoint()
    }

    /// Ends the ledger here and judges what stands behind its last LF.
    pub fn finish(mut self) -> Result<Report> {
        self.settle();
        let tail = self.take_rest();
        let pending = self.pending();
        self.judge.finish(tail, pending, Hash::from_bytes(self.digest.finalize().into()))
    }

    /// A whole event that follows belongs to the ledger even without its LF; other bytes are a tail.
    fn take_rest(&mut self) -> Option<Tail> {
        let tail = Tail { offset: self.judge.place().byte_offset, bytes: self.pending() };
        if tail.bytes == 0 || self.is_decided() {
            return None;
        }
        if self.skipped > 0 {
            return Some(tail);
        }
        let max_length = self.judge.options().max_line_bytes;
        let found = examine_line(&self.unfinished, max_length, &mut line::Workspace::default());
        if self.judge.take_rest(found) { None } else { Some(tail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FaultCode;
    use crate::event::Event;
    use crate::key::KeyPair;
    use crate::seal;

    /// Checked as the last of its run, which ends at the long line.
    #[test]
    fn a_long_line_in_pieces_hides_no_bad_signature() {
        let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"","summary_sha256":""}}"#).unwrap();
        let line = seal::seal(&event, Hash::GENESIS, 0, 1, &KeyPair::from_seed(&[1; 32])).unwrap();
        let other = seal::seal(&event, Hash::GENESIS, 0, 2, &KeyPair::from_seed(&[1; 32])).unwrap();
        let (_, signature) = other.split_once("\"signature\"").unwrap();
        let (good, _) = line.split_once("\"signature\"").unwrap();
        let ledger = format!("{good}\"signature\"{signature}\n{}\n", "x".repeat(700));
        let options = Options { signatures: SignatureMode::Last, max_line_bytes: 600, ..Options::default() };
        for size in [usize::MAX, 1000, 100, 1] {
            let mut verifier = Verifier::new(&options);
            ledger.as_bytes().chunks(size.min(ledger.len())).for_each(|piece| verifier.push(piece));
            let report = verifier.finish().unwrap();
            assert_eq!((report.code, report.line), (Some(FaultCode::BadSignature), Some(1)), "{size} bytes");
        }
    }
}
