//! What the blocks of a file hold, so that those without a wanted event need not be read.
//!
//! An index covers a file from its beginning up to the end of some event, in blocks of about a thousand events. Of each
//! it has the range of times, the kinds, and a Bloom filter of the session ids. So a block is passed over only if no event
//! in it can be wanted. A block that is read is read as if there were no index.
//!
//! Nothing in an index is believed that can be looked at: it has to end with an event that stands in the file where the
//! index says, with the same hash, and each block has to begin with the event that it says. Otherwise the index is made
//! anew. What a forged one can do is to hide events.

mod encoding;

use super::lines::Lines;
use super::search::is_good;
use super::{Granularity, ReadOptions};
use crate::chain::ChainState;
use crate::durable;
use crate::hash::Hash;
use crate::line::{self, Line, LineKind};
use std::path::Path;

/// Most bytes of an index that are read, and written.
const MAX_BYTES: u64 = 64 << 20;

/// With these an index stays below [`MAX_BYTES`].
const MAX_BLOCKS: usize = 200_000;

/// Names of kinds that an index has. Bit [`OTHER`] stands for all further ones.
const MAX_KINDS: usize = 63;
const OTHER: u64 = 1 << MAX_KINDS;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Index {
    /// Where the last covered event begins, and where its line ends, its LF included.
    last_offset: u64,
    covered: u64,
    last_hash: Hash,
    /// Names of kinds; a block has a bit for each.
    kinds: Vec<String>,
    /// Ascending and without gaps.
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Seq of its first event, and how many there are.
    pub(super) first: u64,
    count: u64,
    /// Where the block before it ends.
    pub(super) offset: u64,
    /// Least and greatest `timestamp_nanos`.
    least: u64,
    greatest: u64,
    kinds: u64,
    sessions: Sessions,
}

/// Bytes of a filter. With 50 ids in a block, one other id in 12,000 seems to be there too.
const FILTER: usize = 256;

/// A Bloom filter of session ids: four bits for each.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sessions([u8; FILTER]);

impl Sessions {
    const NONE: Self = Self([0; FILTER]);
    const ANY: Self = Self([u8::MAX; FILTER]);

    fn of(session_id: &str) -> Self {
        let mut filter = Self::NONE;
        let hash = Hash::of(session_id.as_bytes());
        for place in hash.as_bytes().as_chunks::<2>().0.iter().take(4) {
            let bit = usize::from(u16::from_be_bytes(*place)) % (FILTER * 8);
            if let Some(byte) = filter.0.get_mut(bit / 8) {
                *byte |= 0x80 >> (bit % 8);
            }
        }
        filter
    }

    fn insert(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(byte, other)| *byte |= other);
    }

    fn may_hold(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(byte, other)| byte & other == other)
    }
}

impl Block {
    /// Seq of the event behind it.
    pub(super) fn next_seq(&self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

impl Index {
    /// Covers nothing.
    pub(super) const EMPTY: Self =
        Self { last_offset: 0, covered: 0, last_hash: Hash::GENESIS, kinds: Vec::new(), blocks: Vec::new() };

    /// Reads the index at a path, if it is whole and belongs to a file whose first event has this seq.
    pub(super) fn load(path: &Path, first: u64, file: &mut Lines, work: &mut line::Workspace) -> Option<Self> {
        let index = encoding::parse(&durable::read_small(path, MAX_BYTES).ok()?)?;
        let begins = index.blocks.first()?.first == first;
        (begins && index.ends_in(file, work)).then_some(index)
    }

    fn ends_in(&self, file: &mut Lines, work: &mut line::Workspace) -> bool {
        file.seek(self.last_offset);
        let Ok(Some(raw)) = file.next_line() else { return false };
        let read = line::read(file.bytes(&raw), file.limit(), work);
        raw.is_whole
            && file.offset() == self.covered
            && read.is_ok_and(|line| is_good(&line) && self.end() == ChainState::after(line.seq, line.claimed))
    }

    /// Puts it in the place of the one at a path.
    pub(super) fn save(&self, path: &Path) -> std::io::Result<()> {
        durable::replace(path, &encoding::encode(self))
    }

    /// Bytes of the file that it speaks of.
    pub(super) fn covered(&self) -> u64 {
        self.covered
    }

    /// Behind the last covered event.
    pub(super) fn end(&self) -> ChainState {
        let next_seq = self.blocks.last().map_or(0, Block::next_seq);
        next_seq.checked_sub(1).map_or(ChainState::START, |seq| ChainState::after(seq, self.last_hash))
    }

    /// The blocks that can hold a wanted event.
    pub(super) fn blocks_for(&self, wanted: &ReadOptions) -> impl Iterator<Item = &Block> {
        let kinds = wanted.kinds.as_deref().map(|names| {
            let bit =
                |name: &String| self.kinds.iter().position(|known| known == name).map_or(OTHER, |place| 1 << place);
            names.iter().map(bit).fold(0, |all: u64, bit| all | bit)
        });
        let session = wanted.session.as_deref().map(Sessions::of);
        let (from, to) = (wanted.from, wanted.to);
        let (since, until) = (wanted.since, wanted.until);
        self.blocks.iter().filter(move |block| {
            block.first <= to
                && block.next_seq() > from
                && since.is_none_or(|since| block.greatest >= since)
                && until.is_none_or(|until| block.least < until)
                && kinds.is_none_or(|kinds| block.kinds & kinds != 0)
                && session.as_ref().is_none_or(|session| block.sessions.may_hold(session))
        })
    }
}

/// Makes an index of events as they are read, or goes on with one.
#[derive(Debug)]
pub(super) struct Builder {
    index: Index,
    /// The block that is not full yet, and the names of kinds in front of it.
    open: Option<Block>,
    closed_kinds: usize,
    /// Behind the last event.
    behind: u64,
    last_offset: u64,
    last_hash: Hash,
    block_events: u64,
}

impl Builder {
    pub(super) fn new(index: Index, granularity: Granularity) -> Self {
        let (behind, last_offset, last_hash) = (index.covered, index.last_offset, index.last_hash);
        let closed_kinds = index.kinds.len();
        Self {
            index,
            open: None,
            closed_kinds,
            behind,
            last_offset,
            last_hash,
            block_events: granularity.block_events.max(1),
        }
    }

    /// Takes the event behind the last one: where its line begins and where it ends, its LF included.
    pub(super) fn add(&mut self, line: &Line, session_id: Option<&str>, offset: u64, behind: u64) {
        if self.index.blocks.len() >= MAX_BLOCKS {
            return;
        }
        let bit = self.bit_of(line.kind.name());
        let block = self.open.get_or_insert(Block {
            first: line.seq,
            count: 0,
            offset: self.behind,
            least: u64::MAX,
            greatest: 0,
            kinds: 0,
            sessions: Sessions::NONE,
        });
        block.count = block.count.saturating_add(1);
        block.least = block.least.min(line.timestamp_nanos);
        block.greatest = block.greatest.max(line.timestamp_nanos);
        block.kinds |= bit;
        // A later version may know fields of it.
        if matches!(line.kind, LineKind::Unknown(_)) {
            block.sessions = Sessions::ANY;
        }
        if let Some(session_id) = session_id {
            block.sessions.insert(&Sessions::of(session_id));
        }
        let is_full = block.count >= self.block_events;
        (self.behind, self.last_offset, self.last_hash) = (behind, offset, line.claimed);
        if is_full {
            self.close_block();
        }
    }

    /// The index so far. `whole`: no event will come behind the last one.
    pub(super) fn finish(mut self, whole: bool) -> Index {
        if whole {
            self.close_block();
        }
        self.index.kinds.truncate(self.closed_kinds);
        self.index
    }

    fn close_block(&mut self) {
        if let Some(block) = self.open.take() {
            self.index.blocks.push(block);
            self.index.covered = self.behind;
            self.index.last_offset = self.last_offset;
            self.index.last_hash = self.last_hash;
            self.closed_kinds = self.index.kinds.len();
        }
    }

    fn bit_of(&mut self, kind: &str) -> u64 {
        let kinds = &mut self.index.kinds;
        let place = kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
            if kinds.len() < MAX_KINDS {
                kinds.push(kind.to_owned());
                kinds.len().saturating_sub(1)
            } else {
                MAX_KINDS
            }
        });
        1_u64.checked_shl(u32::try_from(place).unwrap_or(u32::MAX)).unwrap_or(OTHER)
    }
}
