//! The part of checking that needs only one line: done for many lines at once, on all cores.

use super::signatures::KeyCache;
use crate::chain::SignatureState;
use crate::line::{self, Line, LineError};
use memchr::memchr;
use std::iter;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Blocks smaller than this are not worth a thread.
const MIN_SHARE: usize = 64 << 10;

/// A line that was looked at, or several blank ones in a row.
#[derive(Debug)]
pub(super) struct Examined {
    /// Offset of the line in its block.
    pub(super) offset: usize,
    /// Lines of the block before it.
    pub(super) line: u64,
    pub(super) found: Found,
}

#[derive(Debug)]
pub(super) enum Found {
    Blank { count: u64 },
    Event(Box<Line>, SignatureState),
    Unfit(LineError),
}

/// What stands in a block of whole lines, in order, up to the first line that is unfit; and the lines of the block.
pub(super) fn examine(block: &[u8], max_length: usize, check_signatures: bool) -> (Vec<Examined>, u64) {
    let shares = split(block);
    let look = |share: &[u8]| examine_share(share, max_length, check_signatures);
    let results: Vec<_> = match shares.as_slice() {
        [only] => vec![look(only)],
        shares => thread::scope(|scope| {
            // Where no thread can be made, the work is done here.
            let start =
                |share| thread::Builder::new().spawn_scoped(scope, move || look(share)).map_err(move |_| look(share));
            let threads: Vec<_> = shares.iter().copied().map(start).collect();
            // A share must never be left out: a defect that ends its thread ends the verification.
            threads
                .into_iter()
                .map(|thread| {
                    thread.map_or_else(|done| done, |thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                })
                .collect()
        }),
    };
    merge(&shares, results)
}

/// Puts the shares' results behind one another, with offsets and lines counted from the block's start.
fn merge(shares: &[&[u8]], results: Vec<(Vec<Examined>, u64)>) -> (Vec<Examined>, u64) {
    let mut all = Vec::new();
    let (mut offset, mut lines) = (0_usize, 0_u64);
    for (share, (items, count)) in shares.iter().zip(results) {
        let unfit = items.last().is_some_and(|item| matches!(item.found, Found::Unfit(_)));
        all.extend(items.into_iter().map(|item| Examined {
            offset: item.offset.saturating_add(offset),
            line: item.line.saturating_add(lines),
            ..item
        }));
        if unfit {
            break;
        }
        offset = offset.saturating_add(share.len());
        lines = lines.saturating_add(count);
    }
    (all, lines)
}

/// Cuts a block at line ends into as many shares as there are cores, or fewer.
fn split(block: &[u8]) -> Vec<&[u8]> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let wanted = block.len().div_ceil(MIN_SHARE).clamp(1, cores);
    let size = block.len().div_ceil(wanted).max(1);
    let mut shares = Vec::with_capacity(wanted);
    let mut rest = block;
    while rest.len() > size {
        let Some(end) = memchr(b'\n', rest.get(size..).unwrap_or_default()) else {
            break;
        };
        let (share, behind) = rest.split_at(end.saturating_add(size).saturating_add(1).min(rest.len()));
        shares.push(share);
        rest = behind;
    }
    if !rest.is_empty() || shares.is_empty() {
        shares.push(rest);
    }
    shares
}

fn examine_share(share: &[u8], max_length: usize, check_signatures: bool) -> (Vec<Examined>, u64) {
    let mut items: Vec<Examined> = Vec::new();
    let mut keys = KeyCache::default();
    let mut work = line::Workspace::default();
    let (mut offset, mut number) = (0_usize, 0_u64);
    for text in lines(share) {
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let found = examine_line(line, max_length, check_signatures.then_some(&mut keys), &mut work);
        let unfit = matches!(found, Found::Unfit(_));
        match (items.last_mut().map(|item| &mut item.found), &found) {
            // A block of nothing but line ends must not become a list of a million entries.
            (Some(Found::Blank { count }), Found::Blank { .. }) => *count = count.saturating_add(1),
            _ => items.push(Examined { offset, line: number, found }),
        }
        if unfit {
            break;
        }
        offset = offset.saturating_add(text.len());
        number = number.saturating_add(1);
    }
    (items, number)
}

/// The lines of a block, each with its LF; the last one may lack it.
fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    iter::from_fn(move || {
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let (line, behind) = rest.split_at_checked(length)?;
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// Looks at one line; given keys, checks its signature.
pub(super) fn examine_line(
    line: &[u8],
    max_length: usize,
    keys: Option<&mut KeyCache>,
    work: &mut line::Workspace,
) -> Found {
    if line.len() <= max_length && line::is_blank(line) {
        return Found::Blank { count: 1 };
    }
    match line::read(line, max_length, work) {
        Err(error) => Found::Unfit(error),
        Ok(line) => {
            let signature = keys.map_or(SignatureState::NotChecked, |keys| keys.check(&line));
            Found::Event(Box::new(line), signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_split_at_line_ends_and_nothing_is_lost() {
        let line = format!("{}\n", "x".repeat(999));
        for count in [0, 1, 63, 64, 65, 500] {
            let block = line.repeat(count);
            let shares = split(block.as_bytes());
            assert_eq!(shares.concat(), block.as_bytes());
            assert!(shares.iter().all(|share| share.is_empty() || share.ends_with(b"\n")));
        }
    }

    #[test]
    fn blank_lines_take_one_entry() {
        let (items, lines) = examine(&[b'\n'; 300_000], 100, true);
        assert_eq!(lines, 300_000);
        assert!(items.len() <= thread::available_parallelism().unwrap().get());
    }
}
