//! Where the members of a text's outer objects stand, so that nobody has to look for them again.
//!
//! A ledger line has three levels of them: its own object, the event, the payload.

use super::path::Step;
use std::ops::Range;

/// An object that is no outer one, such as an array's element.
pub(super) const INNER: u8 = u8::MAX;

/// Memory for one text after another.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The members of the outer objects, each in front of those of its value.
    pub(crate) outline: Vec<Outlined>,
    /// Members of all open objects, the innermost object's last.
    pub(super) members: Vec<Member>,
    pub(super) path: Vec<Step>,
    /// Where an object's bytes wait while its members are put in order.
    pub(super) scratch: Vec<u8>,
}

/// A member of an outer object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlined {
    /// 1 for members of the text's own object.
    pub(crate) depth: u8,
    pub(super) member: Member,
}

impl Outlined {
    /// Room for a member that is not read yet.
    pub(super) fn new(depth: u8) -> Self {
        Self { depth, member: Member::default() }
    }

    /// Its key without quotes, as written.
    #[inline(always)]
    pub(crate) fn key(self, text: &str) -> &str {
        text.get(self.member.start.saturating_add(1)..self.member.key_end.saturating_sub(1)).unwrap_or_default()
    }

    /// Its value.
    #[inline(always)]
    pub(crate) fn value(self, text: &str) -> &str {
        text.get(self.value_range()).unwrap_or_default()
    }

    /// Where its value stands.
    #[inline(always)]
    pub(crate) fn value_range(self) -> Range<usize> {
        self.member.key_end.saturating_add(1)..self.member.end
    }

    /// Key and value.
    pub(crate) fn both(self, text: &str) -> &str {
        text.get(self.member.start..self.member.end).unwrap_or_default()
    }
}

/// Where a member was written in `out`: key with quotes, then colon and value. A line can have millions of members, so
/// nothing else is kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Member {
    pub(super) start: usize,
    pub(super) key_end: usize,
    pub(super) end: usize,
}

impl Member {
    /// The key in what was written, without its quotes.
    #[inline(always)]
    pub(super) fn key(self, out: &[u8]) -> &[u8] {
        out.get(self.start.saturating_add(1)..self.key_end.saturating_sub(1)).unwrap_or_default()
    }
}
