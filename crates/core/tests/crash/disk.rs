//! What a disk may hold after a crash, computed from the calls that a writer made.
//!
//! ```text
//! write     each page that it touches keeps its old version or gets the new one; the length may be any between
//! set_len   the same for the zeros that it makes; the length is the old or the new one
//! sync      every page that was written since, and the length, are what can be read
//! a failed sync forgets which pages were written: what they hold stays open, until they are written and synced again
//! ```
//!
//! Pages of 4096 bytes are those of Linux. Pages of 512 bytes are sectors: a page may be torn between them.

use std::collections::{BTreeMap, HashSet};

/// One call of a writer that changes what a crash leaves, or what it must not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Write {
        offset: usize,
        bytes: Vec<u8>,
    },
    SetLen(usize),
    Sync,
    SyncFailed,
    SyncFolder,
    /// Bytes from an offset on are durable in a file beside the ledger.
    Quarantined {
        offset: usize,
        bytes: Vec<u8>,
    },
    /// Someone was told that this line is durable.
    Acknowledged(String),
    /// Someone was told that the event with this reason was not written, and never will be.
    Denied(String),
}

/// A file, as it is read and as it may be found after a crash.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    page: usize,
    /// What reads see.
    live: Vec<u8>,
    /// What is certain; behind its end there are zeros.
    durable: Vec<u8>,
    /// Pages that may hold something else, by number.
    open: BTreeMap<usize, Page>,
    /// Lengths that the file may have.
    lengths: Vec<usize>,
    /// The folder was synced since the file was made.
    named: bool,
    /// What could be read at some time since the last sync.
    past: Vec<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Page {
    versions: Vec<Vec<u8>>,
    /// The next sync writes it.
    dirty: bool,
}

impl Disk {
    /// A file that is durable as it is, `named` if its name is too.
    pub(crate) fn new(page: usize, bytes: &[u8], named: bool) -> Self {
        let live = bytes.to_vec();
        let (durable, past) = (live.clone(), vec![live.clone()]);
        Self { page, live, durable, open: BTreeMap::new(), lengths: vec![bytes.len()], named, past }
    }

    /// The same after a crash that left this file.
    pub(crate) fn restarted(&self, bytes: &[u8]) -> Self {
        Self::new(self.page, bytes, true)
    }

    /// False while a crash may take the whole file.
    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    /// True if a file that begins like this could be read at some time since the last sync.
    pub(crate) fn began_with(&self, bytes: &[u8]) -> bool {
        self.past.iter().any(|past| past.starts_with(bytes))
    }

    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Write { offset, bytes } => {
                let (before, end) = (self.live.len(), offset + bytes.len());
                self.change(*offset..end, |live| {
                    live.resize(before.max(end), 0);
                    live[*offset..end].copy_from_slice(bytes);
                });
                let boundaries = (before / self.page + 1..=end / self.page).map(|page| page * self.page);
                self.lengths.extend(boundaries.filter(|length| (before..end).contains(length)));
                self.lengths.push(self.live.len());
            }
            Step::SetLen(length) => {
                let before = self.live.len();
                self.change(*length.min(&before)..*length.max(&before), |live| live.resize(*length, 0));
                self.lengths.push(*length);
            }
            Step::Sync => self.sync(),
            Step::SyncFailed => self.open.values_mut().for_each(|page| page.dirty = false),
            Step::SyncFolder => self.named = true,
            Step::Quarantined { .. } | Step::Acknowledged(_) | Step::Denied(_) => {}
        }
    }

    fn change(&mut self, range: std::ops::Range<usize>, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.live);
        for number in range.start / self.page..range.end.div_ceil(self.page) {
            let page = self
                .open
                .entry(number)
                .or_insert_with(|| Page { versions: vec![page_of(&self.durable, number, self.page)], dirty: false });
            page.dirty = true;
            let now = page_of(&self.live, number, self.page);
            if page.versions.last() != Some(&now) {
                page.versions.push(now);
            }
        }
        self.past.push(self.live.clone());
    }

    fn sync(&mut self) {
        self.durable.resize(self.live.len().div_ceil(self.page) * self.page, 0);
        for number in self.open.iter().filter(|(_, page)| page.dirty).map(|(number, _)| *number) {
            // A page that was cut off has no place.
            if let Some(place) = self.durable.get_mut(number * self.page..(number + 1) * self.page) {
                place.copy_from_slice(&page_of(&self.live, number, self.page));
            }
        }
        self.open.retain(|_, page| !page.dirty);
        // What was cut off has no blocks any more.
        let end = self.live.len().div_ceil(self.page);
        self.open.retain(|number, _| *number < end);
        self.lengths = vec![self.live.len()];
        self.past = vec![self.live.clone()];
    }

    /// Files that a crash may leave now, each once: all of them if they are at most so many. Otherwise the pages as
    /// they were at one time, each page lost or kept alone, each beginning and each end of the pages, with the longest
    /// and the shortest length; every length; and the rest by chance.
    pub(crate) fn images(&self, limit: usize, chance: &mut Chance) -> Vec<Vec<u8>> {
        let pages: Vec<(usize, &Page)> = self.open.iter().map(|(number, page)| (*number, page)).collect();
        let mut lengths = self.lengths.clone();
        lengths.sort_unstable();
        lengths.dedup();
        let mut found = Images { disk: self, seen: HashSet::new(), images: Vec::new(), limit };
        let all = pages
            .iter()
            .try_fold(lengths.len(), |all, (_, page)| all.checked_mul(page.versions.len()).filter(|all| *all <= limit));
        if all.is_some() {
            let mut choice = vec![0; pages.len()];
            loop {
                lengths.iter().for_each(|length| found.add(&pages, &choice, *length));
                let Some(place) = (0..choice.len()).find(|&at| choice[at] + 1 < pages[at].1.versions.len()) else {
                    return found.images;
                };
                choice[place] += 1;
                choice[..place].fill(0);
            }
        }
        let (old, new) =
            (vec![0; pages.len()], pages.iter().map(|(_, page)| page.versions.len() - 1).collect::<Vec<_>>());
        let (shortest, longest) = (lengths[0], lengths[lengths.len() - 1]);
        // As everything was at one time.
        for version in (0..=new.iter().max().copied().unwrap_or(0)).rev() {
            let then: Vec<usize> = new.iter().map(|last| version.min(*last)).collect();
            found.add(&pages, &then, longest);
        }
        for base in [&new, &old] {
            lengths.iter().for_each(|length| found.add(&pages, base, *length));
        }
        for at in chance.shuffled(pages.len()) {
            let (mut lost, mut kept) = (new.clone(), old.clone());
            (lost[at], kept[at]) = (old[at], new[at]);
            let begin = [&new[..at], &old[at..]].concat();
            let end = [&old[..at], &new[at..]].concat();
            for choice in [lost, kept, begin, end] {
                found.add(&pages, &choice, longest);
                found.add(&pages, &choice, shortest);
            }
        }
        for _ in 0..limit.saturating_mul(2) {
            let choice: Vec<usize> = pages.iter().map(|(_, page)| chance.below(page.versions.len())).collect();
            let length = lengths[chance.below(lengths.len())];
            found.add(&pages, &choice, length);
            // A length between two pages.
            found.add(&pages, &choice, shortest + chance.below(longest - shortest + 1));
        }
        found.images
    }
}

struct Images<'a> {
    disk: &'a Disk,
    seen: HashSet<Vec<u8>>,
    images: Vec<Vec<u8>>,
    limit: usize,
}

impl Images<'_> {
    fn add(&mut self, pages: &[(usize, &Page)], choice: &[usize], length: usize) {
        if self.images.len() >= self.limit {
            return;
        }
        let size = self.disk.page;
        let mut image = self.disk.durable.clone();
        let end = pages.last().map_or(0, |(number, _)| (number + 1) * size);
        image.resize(image.len().max(end).max(length), 0);
        for ((number, page), version) in pages.iter().zip(choice) {
            image[number * size..(number + 1) * size].copy_from_slice(&page.versions[*version]);
        }
        image.truncate(length);
        if self.seen.insert(image.clone()) {
            self.images.push(image);
        }
    }
}

/// A page of a file, zeros behind its end.
fn page_of(bytes: &[u8], number: usize, size: usize) -> Vec<u8> {
    let start = (number * size).min(bytes.len());
    let mut page = bytes[start..(start + size).min(bytes.len())].to_vec();
    page.resize(size, 0);
    page
}

/// SplitMix64: the same numbers from the same seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap_or(0)
    }

    fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            numbers.swap(at, self.below(at + 1));
        }
        numbers
    }
}
