//! Where a ledger's bytes come from: something to read, or lines in memory.

use super::report::Report;
use super::{BLOCK, Options, Verifier};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::as_u64;
use std::io::Read;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read.
    pub bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
    /// Events accepted.
    pub events: u64,
}

/// A caller's view of a long verification.
#[derive(Default)]
pub struct Watch<'a> {
    /// Called after each block.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
    /// Set by the caller to stop: [`ErrorCode::Aborted`].
    pub cancel: Option<&'a AtomicBool>,
}

impl Watch<'_> {
    fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }
}

/// Verifies the first `length` bytes of a source.
pub(crate) fn verify_part(
    mut source: &mut dyn Read,
    length: u64,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Report> {
    let mut verifier = Verifier::new(options);
    feed(&mut verifier, &mut source, length, &mut Meter { bytes: 0, total_bytes: length }, watch)?;
    verifier.finish()
}

/// How many bytes of a verification were read, and how many there are.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) bytes: u64,
    pub(super) total_bytes: u64,
}

/// Hands the next `length` bytes of a source to a verifier.
pub(super) fn feed(
    verifier: &mut Verifier,
    mut source: &mut dyn Read,
    length: u64,
    meter: &mut Meter,
    watch: &mut Watch<'_>,
) -> Result<()> {
    let (mut block, mut following) = (Vec::new(), Vec::new());
    let mut read = 0;
    let mut fill = |block: &mut Vec<u8>| -> Result<()> {
        let wanted = length.saturating_sub(read).min(as_u64(BLOCK));
        block.clear();
        block.reserve_exact(usize::try_from(wanted).unwrap_or(BLOCK));
        let count = (&mut source)
            .take(wanted)
            .read_to_end(block)
            .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot read the ledger", &error))?;
        if as_u64(count) < wanted {
            return Err(Error::new(ErrorCode::LedgerIo, "the ledger was cut while it was read"));
        }
        read = read.saturating_add(wanted);
        Ok(())
    };
    fill(&mut block)?;
    while !block.is_empty() && !verifier.is_decided() {
        if watch.is_cancelled() {
            return Err(Error::new(ErrorCode::Aborted, "the verification was stopped"));
        }
        let mut filled = Ok(());
        verifier.push_while(&block, &mut || filled = fill(&mut following));
        // What follows cannot be read, or there is nothing: what was read is judged at once, for a fault in it comes first.
        if filled.is_err() || following.is_empty() {
            verifier.settle();
        }
        if !verifier.is_decided() {
            filled?;
        }
        meter.bytes = meter.bytes.saturating_add(as_u64(block.len()));
        mem::swap(&mut block, &mut following);
        if let Some(progress) = &mut watch.progress {
            let Meter { bytes, total_bytes } = *meter;
            progress(Progress { bytes, total_bytes, events: verifier.event_count() });
        }
    }
    Ok(())
}

/// Verifies lines, each without its LF. A line must not hold an LF.
pub fn verify_lines<'a>(lines: impl IntoIterator<Item = &'a str>, options: &Options) -> Result<Report> {
    let mut verifier = Verifier::new(options);
    let mut block = Vec::with_capacity(BLOCK);
    for (index, line) in lines.into_iter().enumerate() {
        if line.contains('\n') {
            let message = format!("line {} holds a line feed", index.saturating_add(1));
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        block.extend_from_slice(line.as_bytes());
        block.push(b'\n');
        if block.len() >= BLOCK {
            verifier.push(&block);
            block.clear();
        }
    }
    verifier.push(&block);
    verifier.finish()
}
