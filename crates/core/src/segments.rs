//! The names of a ledger's files.
//!
//! ```text
//! ledger.0-999.ndjson  ledger.1000-1999.ndjson  ...  ledger.ndjson
//! sealed: never written again                        active: grows
//! ```
//!
//! A sealed segment is named by the first and last seq of its events: decimal, without leading zeros. A name only says
//! where to look; what a file holds is decided by its bytes. A name that a careless reader could take for that of a
//! segment is not passed over: it is refused, by whoever lists the folder.

use crate::chain::SeqRange;
use crate::limits::MAX_SEQ;
use std::path::{Path, PathBuf};

/// Ends the name of an index, behind that of the file.
const INDEX: &str = ".index";

/// The names that belong to one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The active file.
    active: PathBuf,
    /// Its name up to the last dot, and from there on.
    stem: String,
    extension: String,
}

/// What a file beside a ledger is, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    Active,
    Sealed(SeqRange),
    /// Made by this package for this ledger, and no part of it.
    Companion,
    /// Nearly the name of a segment; why it is none.
    Misnamed(&'static str),
    Foreign,
}

impl Names {
    /// Those of the ledger whose active file this is. None if its name is no text: it can have no segments then.
    pub(crate) fn of(active: &Path) -> Option<Self> {
        let name = active.file_name()?.to_str()?;
        // The dot of a hidden file begins no extension.
        let dot = name.rfind('.').filter(|place| *place > 0).unwrap_or(name.len());
        let (stem, extension) = name.split_at(dot);
        Some(Self { active: active.to_owned(), stem: stem.to_owned(), extension: extension.to_owned() })
    }

    /// The ledger that a file is a sealed segment of, by its name, and the events that it says it holds.
    pub(crate) fn of_sealed(segment: &Path) -> Option<(Self, SeqRange)> {
        let name = segment.file_name()?.to_str()?;
        // With an extension, or without one.
        let ends = [name.rfind('.'), Some(name.len())];
        ends.into_iter().flatten().find_map(|end| {
            let (front, extension) = name.split_at_checked(end)?;
            let (stem, range) = front.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?;
            let range = parse_range(range).ok()?;
            let names = Self::of(&segment.with_file_name(format!("{stem}{extension}")))?;
            (names.sealed(range) == segment).then_some((names, range))
        })
    }

    /// Refuses a name that is nearly that of a segment of some ledger, for a file that comes without the others.
    pub(crate) fn check_sealed(path: &Path) -> Result<(), &'static str> {
        let parts: Vec<&str> = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().split('.').collect();
        let is_range =
            |part: &&&str| part.contains('-') && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        // In front of the extension, or at the end; never the stem.
        match parts.iter().skip(1).rev().take(2).find(is_range) {
            Some(range) if Self::of_sealed(path).is_none() => parse_range(range).map(drop),
            _ => Ok(()),
        }
    }

    /// Another ledger of the same folder, whose files could be taken for those of this one.
    pub(crate) fn is_nearly(&self, other: &Self) -> bool {
        self.stem.eq_ignore_ascii_case(&other.stem) && self.extension.eq_ignore_ascii_case(&other.extension)
    }

    /// The file that grows.
    pub(crate) fn active(&self) -> &Path {
        &self.active
    }

    /// A sealed segment.
    pub(crate) fn sealed(&self, SeqRange { from, to }: SeqRange) -> PathBuf {
        self.active.with_file_name(format!("{}.{from}-{to}{}", self.stem, self.extension))
    }

    /// The empty file that is about to become the active one.
    pub(crate) fn next(&self) -> PathBuf {
        self.active.with_file_name(format!("{}{}.next", self.stem, self.extension))
    }

    /// What a file in the same folder is.
    pub(crate) fn role(&self, name: &str) -> Role {
        let active = format!("{}{}", self.stem, self.extension);
        if name == active {
            return Role::Active;
        }
        let behind_active = name.strip_prefix(&active).unwrap_or_default();
        if [".next", ".lock", INDEX].contains(&behind_active) || behind_active.starts_with(".torn-") {
            return Role::Companion;
        }
        if name.strip_suffix(INDEX).is_some_and(|indexed| matches!(self.role(indexed), Role::Sealed(_))) {
            return Role::Companion;
        }
        let Some(range) = self.range_in(name) else { return Role::Foreign };
        match parse_range(range) {
            Ok(range) if self.sealed(range).file_name().is_some_and(|sealed| sealed == name) => Role::Sealed(range),
            Ok(_) => Role::Misnamed("its name has another case"),
            Err(why) => Role::Misnamed(why),
        }
    }

    /// The part of a name where a segment's has its range, if only digits and hyphens stand there. Case does not count:
    /// on some systems the two would be one file.
    fn range_in<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (stem, rest) = name.split_at_checked(self.stem.len())?;
        let (range, extension) = rest.split_at_checked(rest.len().checked_sub(self.extension.len())?)?;
        let range = range.strip_prefix('.')?;
        let fits = stem.eq_ignore_ascii_case(&self.stem) && extension.eq_ignore_ascii_case(&self.extension);
        let is_range = range.contains('-') && range.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        (fits && is_range).then_some(range)
    }
}

/// The index of one of a ledger's files, sealed or active.
pub(crate) fn index_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(INDEX);
    PathBuf::from(name)
}

/// `first-last`, or why it is not that.
fn parse_range(text: &str) -> Result<SeqRange, &'static str> {
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let shortest = digits == "0" || !digits.starts_with('0');
        let value = digits.parse::<u64>().ok().filter(|value| *value <= MAX_SEQ);
        value.filter(|_| plain && shortest).ok_or("its name holds no two sequence numbers")
    };
    let (from, to) = text.split_once('-').ok_or("its name holds no range")?;
    let range = SeqRange { from: number(from)?, to: number(to)? };
    if range.from > range.to { Err("its range ends before it begins") } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::of(Path::new("/var/ledger.ndjson")).unwrap()
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        let range = SeqRange { from: 100, to: 199 };
        for (active, sealed) in [
            ("/var/ledger.ndjson", "/var/ledger.100-199.ndjson"),
            ("ledger", "ledger.100-199"),
            (".hidden", ".hidden.100-199"),
            ("a.b.c", "a.b.100-199.c"),
            ("a.0-9.c", "a.0-9.100-199.c"),
        ] {
            let names = Names::of(Path::new(active)).unwrap();
            assert_eq!(names.sealed(range), Path::new(sealed));
            assert_eq!(names.role(Path::new(sealed).file_name().unwrap().to_str().unwrap()), Role::Sealed(range));
            assert_eq!(names.role(Path::new(active).file_name().unwrap().to_str().unwrap()), Role::Active);
            assert_eq!(Names::of_sealed(Path::new(sealed)), Some((names, range)), "{sealed}");
        }
        for other in ["ledger.ndjson", "0-9.ndjson", ".0-9", "ledger.00-9.ndjson", "ledger.9-0.ndjson", "ledger.a-b.x"]
        {
            assert_eq!(Names::of_sealed(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn what_could_be_taken_for_a_segment_is_told_from_what_could_not() {
        for name in [
            "ledger.00-99.ndjson",
            "ledger.0-099.ndjson",
            "ledger.9-0.ndjson",
            "ledger.0-9.NDJSON",
            "Ledger.0-9.ndjson",
            "ledger.0--9.ndjson",
            "ledger.-9.ndjson",
            "ledger.0-9007199254740992.ndjson",
        ] {
            assert!(matches!(names().role(name), Role::Misnamed(_)), "{name}");
        }
        let index = index_of(&names().sealed(SeqRange { from: 0, to: 9 }));
        let index = index.file_name().unwrap().to_str().unwrap();
        for name in ["ledger.ndjson.next", "ledger.ndjson.lock", "ledger.ndjson.index", "ledger.ndjson.torn-7-0", index]
        {
            assert_eq!(names().role(name), Role::Companion, "{name}");
        }
        for name in [
            "other.0-9.ndjson",
            "ledger.0-9.ndjson.bak",
            "ledger.00-9.ndjson.index",
            "ledger.2024.ndjson",
            "ledger.0 -9.ndjson",
            "ledger",
        ] {
            assert_eq!(names().role(name), Role::Foreign, "{name}");
        }
    }
}
