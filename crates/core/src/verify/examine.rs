//! The part of checking that needs only one line: done for many lines at once, on all cores.

use super::signatures::Signatures;
use crate::chain::SignatureState;
use crate::line::{self, Line, LineError};
use memchr::memchr;
use std::iter;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Bytes that a thread takes at once.
const PIECE: usize = 64 << 10;

/// A line with an event is longer: three hashes, a signature and the names of its fields.
const SHORTEST_EVENT: usize = 440;

/// What stands in a piece of whole lines, in order, up to the first line that is unfit.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) items: Vec<Examined>,
    pub(super) lines: u64,
    pub(super) bytes: usize,
}

/// A line that was looked at, or several blank ones in a row.
#[derive(Debug)]
pub(super) struct Examined {
    /// Offset of the line in its piece.
    pub(super) offset: usize,
    /// Lines of the piece before it.
    pub(super) line: u64,
    pub(super) found: Found,
}

/// An event is not boxed, though it is by far the largest: nearly all lines are events.
#[derive(Debug)]
pub(super) enum Found {
    Blank { count: u64 },
    Event(Line, SignatureState),
    Unfit(LineError),
}

/// Looks at pieces on all cores; this thread does something else first. Without `signatures` none is checked.
pub(super) fn examine(
    pieces: &[&[u8]],
    max_length: usize,
    signatures: Option<&Signatures>,
    meanwhile: &mut dyn FnMut(),
) -> Vec<Piece> {
    static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, NonZero::get));
    let next = AtomicUsize::new(0);
    let work = || {
        let claim = || next.fetch_add(1, Ordering::Relaxed);
        let claimed = iter::from_fn(|| Some(claim()).and_then(|index| Some((index, *pieces.get(index)?))));
        claimed.map(|(index, piece)| (index, examine_piece(piece, max_length, signatures))).collect::<Vec<_>>()
    };
    let helpers = pieces.len().min(*CORES).saturating_sub(1);
    let mut done = thread::scope(|scope| {
        // Where no thread can be made, the work is done here.
        let helpers: Vec<_> =
            (0..helpers).filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        meanwhile();
        let mut done = work();
        for helper in helpers {
            // A piece must never be left out: a defect that ends its thread ends the verification.
            done.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, piece)| piece).collect()
}

/// Cuts a block of whole lines into pieces of whole lines.
pub(super) fn split(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    iter::from_fn(move || {
        let end = rest.get(PIECE..).and_then(|behind| memchr(b'\n', behind));
        let length = end.map_or(rest.len(), |end| end.saturating_add(PIECE).saturating_add(1));
        let (piece, behind) = rest.split_at_checked(length)?;
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

fn examine_piece(piece: &[u8], max_length: usize, signatures: Option<&Signatures>) -> Piece {
    let mut items: Vec<Examined> = Vec::with_capacity(piece.len() / SHORTEST_EVENT);
    let mut work = line::Workspace::default();
    let (mut offset, mut number) = (0_usize, 0_u64);
    for text in lines(piece) {
        let line = text.strip_suffix(b"\n").unwrap_or(text);
        let found = examine_line(line, max_length, &mut work);
        let unfit = matches!(found, Found::Unfit(_));
        match (items.last_mut().map(|item| &mut item.found), &found) {
            // Nothing but line ends must not become a list of a million entries.
            (Some(Found::Blank { count }), Found::Blank { .. }) => *count = count.saturating_add(1),
            _ => items.push(Examined { offset, line: number, found }),
        }
        if unfit {
            break;
        }
        offset = offset.saturating_add(text.len());
        number = number.saturating_add(1);
    }
    if let Some(signatures) = signatures {
        check_signatures(&mut items, signatures);
    }
    Piece { items, lines: number, bytes: piece.len() }
}

/// All at once, which costs less than one by one.
fn check_signatures(items: &mut [Examined], signatures: &Signatures) {
    let events = items.iter().filter_map(|item| match &item.found {
        Found::Event(line, _) => Some(line),
        _ => None,
    });
    let checked = signatures.check_all(events);
    let states = items.iter_mut().filter_map(|item| match &mut item.found {
        Found::Event(_, state) => Some(state),
        _ => None,
    });
    states.zip(checked).for_each(|(state, checked)| *state = checked);
}

/// Lines, each with its LF; the last one may lack it.
fn lines(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = piece;
    iter::from_fn(move || {
        let length = memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let (line, behind) = rest.split_at_checked(length)?;
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// Looks at one line, its signature aside.
pub(super) fn examine_line(line: &[u8], max_length: usize, work: &mut line::Workspace) -> Found {
    if line.len() <= max_length && line::is_blank(line) {
        return Found::Blank { count: 1 };
    }
    match line::read(line, max_length, work) {
        Err(error) => Found::Unfit(error),
        Ok(line) => Found::Event(line, SignatureState::NotChecked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::as_u64;

    #[test]
    fn a_block_is_split_at_line_ends_and_nothing_is_lost() {
        let line = format!("{}\n", "x".repeat(999));
        for count in [0, 1, 63, 64, 65, 66, 500] {
            let block = line.repeat(count);
            let pieces: Vec<&[u8]> = split(block.as_bytes()).collect();
            assert_eq!(pieces.concat(), block.as_bytes());
            assert!(pieces.iter().all(|piece| piece.ends_with(b"\n")));
            assert_eq!(pieces.len(), count.div_ceil(66));
        }
    }

    #[test]
    fn pieces_come_back_in_their_order_and_blank_lines_take_one_entry() {
        let blocks: Vec<Vec<u8>> = (1..50).map(|count| vec![b'\n'; count * 100]).collect();
        let pieces: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
        let mut times = 0;
        let found = examine(&pieces, 100, Some(&Signatures::default()), &mut || times += 1);
        assert_eq!((times, found.len()), (1, blocks.len()));
        for (piece, block) in found.iter().zip(&blocks) {
            assert_eq!((piece.items.len(), piece.bytes, piece.lines), (1, block.len(), as_u64(block.len())));
        }
    }
}
