//! The bytes of an index. `docs/format.md` has them in a table.
//!
//! ```text
//! "sealwright index 1\n"   u64 covered   u64 last offset   [32] last hash
//! u8 kinds, each: u8 length, name
//! u32 blocks, each: u64 first, u64 count, u64 offset, u64 least, u64 greatest, u64 kinds, [256] sessions
//! [32] SHA-256 of all that is before
//! ```
//!
//! Numbers are big-endian. The version grows when a kind that has no session id gets one.

use super::{Block, Index, MAX_BLOCKS, MAX_KINDS, Sessions};
use crate::event::is_kind_name;
use crate::hash::Hash;

const BEGINNING: &[u8] = b"sealwright index 1\n";

/// The bytes that [`parse`] reads.
pub(super) fn encode(index: &Index) -> Vec<u8> {
    let mut out = BEGINNING.to_vec();
    out.extend_from_slice(&index.covered.to_be_bytes());
    out.extend_from_slice(&index.last_offset.to_be_bytes());
    out.extend_from_slice(index.last_hash.as_bytes());
    // There are at most 63 names, of at most 64 bytes.
    let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
    out.push(short(index.kinds.len()));
    for name in &index.kinds {
        out.push(short(name.len()));
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(&u32::try_from(index.blocks.len()).unwrap_or(u32::MAX).to_be_bytes());
    for block in &index.blocks {
        let Block { first, count, offset, least, greatest, kinds, sessions } = block;
        for number in [first, count, offset, least, greatest, kinds] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&sessions.0);
    }
    let sum = Hash::of(&out);
    out.extend_from_slice(sum.as_bytes());
    out
}

/// Reads what [`encode`] wrote; none if it is anything else. Blocks ascend without gaps, and end before `covered`.
pub(super) fn parse(bytes: &[u8]) -> Option<Index> {
    let (content, sum) = bytes.split_last_chunk::<32>()?;
    if Hash::of(content).as_bytes() != sum {
        return None;
    }
    let mut input = Input(content.strip_prefix(BEGINNING)?);
    let (covered, last_offset) = (input.number()?, input.number()?);
    let last_hash = Hash::from_bytes(input.array()?);
    let kinds = (0..input.byte()?).map(|_| input.name()).collect::<Option<Vec<_>>>()?;
    let count = usize::try_from(u32::from_be_bytes(input.array()?)).ok()?;
    let blocks = (0..count.min(MAX_BLOCKS)).map(|_| input.block()).collect::<Option<Vec<_>>>()?;
    let ascend = blocks
        .iter()
        .zip(blocks.iter().skip(1))
        .all(|(block, next)| block.next_seq() == next.first && block.count > 0 && block.offset < next.offset);
    let end = blocks.last().is_some_and(|last| last.count > 0 && last.offset <= last_offset);
    let begin = blocks.first().is_some_and(|first| first.offset == 0);
    let is_sound = begin && ascend && end && last_offset < covered;
    let is_whole = input.0.is_empty() && count == blocks.len() && kinds.len() <= MAX_KINDS;
    (is_sound && is_whole).then_some(Index { last_offset, covered, last_hash, kinds, blocks })
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn name(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        let name = str::from_utf8(self.bytes(length)?).ok()?;
        is_kind_name(name).then(|| name.to_owned())
    }

    fn block(&mut self) -> Option<Block> {
        let (first, count, offset) = (self.number()?, self.number()?, self.number()?);
        let (least, greatest, kinds) = (self.number()?, self.number()?, self.number()?);
        let sessions = Sessions(self.array()?);
        Some(Block { first, count, offset, least, greatest, kinds, sessions })
    }
}
