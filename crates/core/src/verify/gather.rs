//! Which files are a ledger's, and in which order.

use crate::chain::{Link, SeqRange};
use crate::durable::{self, FoundFile, Listing, ReadFile};
use crate::error::{Error, ErrorCode, Result};
use crate::limits::as_u64;
use crate::line;
use crate::segments::Names;
use crate::storage::{FileId, GivenFile};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// A folder that changes is looked at so often.
const TRIES: usize = 10;

/// Where the files of a ledger are.
#[derive(Debug, Clone)]
pub enum Gathering {
    /// A folder with one ledger, a file of one, or a folder with a pattern of names (`*` and `?`) behind it.
    At(PathBuf),
    /// These files, in any order.
    Of(Vec<PathBuf>),
    /// Files that are none of the system's, in any order. Their names say the same as those of paths would.
    Given(Vec<GivenFile>),
}

/// What was found.
#[derive(Debug)]
pub(super) struct Gathered {
    /// By the sequence numbers of their first lines.
    pub(super) parts: Vec<Part>,
    /// Files beside them that are no part of the ledger.
    pub(super) foreign: Vec<PathBuf>,
}

/// A file that may be a part of the ledger.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) file: FoundFile,
    /// What its name says that it holds.
    pub(super) named: Option<SeqRange>,
    /// Its first line; none if it has no event, or none that can be read.
    pub(super) first: Option<Link>,
}

impl Part {
    /// The first event by its first line, or else by its name.
    pub(super) fn begins(&self) -> Option<u64> {
        self.first.map(|link| link.seq).or(self.named.map(|named| named.from))
    }
}

impl Gathering {
    /// Finds the files. Links, files that are not regular and names that are nearly those of segments are refused:
    /// [`ErrorCode::SegmentRefused`].
    pub(super) fn find(&self, max_line_bytes: usize) -> Result<Gathered> {
        match self {
            Self::Of(paths) => of_paths(paths, max_line_bytes),
            Self::Given(files) => of_given(files, max_line_bytes),
            Self::At(path) if path.is_dir() => of_ledger(&ledger_in(path)?, max_line_bytes),
            Self::At(path) if has_pattern(path) => of_paths(&matching(path)?, max_line_bytes),
            Self::At(path) => {
                let path = durable::resolve(path)?;
                let names = Names::of_sealed(&path).map(|(names, _)| names).or_else(|| Names::of(&path));
                of_ledger(&names.ok_or_else(|| not_found(&path))?, max_line_bytes)
            }
        }
    }
}

/// All files of a ledger at one moment: a rotation or a pruning meanwhile must not look like a gap.
///
/// The active file is opened, and stays open, between two looks at the folder. If the ledger begins with the same segment
/// in both, an event that says what was pruned before it is in a file that is read. A rotation in between has given the
/// active file the name of a sealed segment: that, and what follows it, is left out. If it is in neither place, the second
/// look came too early to see that name, and another one does. Sealed segments keep their names.
fn of_ledger(names: &Names, max_line_bytes: usize) -> Result<Gathered> {
    for _ in 0..TRIES {
        let beginning = durable::list(names)?.beginning();
        let active = match ReadFile::open_segment(names.active()) {
            Err(error) if error.code == ErrorCode::LedgerNotFound => None,
            opened => Some(opened?),
        };
        let Some(listing) = listed_before(active.as_ref(), beginning, names)? else { continue };
        let sealed = listing.sealed.iter().map(|file| (FoundFile::listed(file), Some(file.range)));
        let active = active.map(|file| (FoundFile::held(file), None));
        return match in_order(sealed.chain(active).collect(), max_line_bytes) {
            Ok(parts) if parts.is_empty() => Err(not_found(names.active())),
            // Pruned meanwhile: what is left says so.
            Err(error) if is_gone(&error) => continue,
            parts => Ok(Gathered { parts: parts?, foreign: listing.foreign }),
        };
    }
    let message = format!("the files of {} change too fast to be verified", names.active().display());
    Err(Error::new(ErrorCode::LedgerChanged, message))
}

/// The files in front of an active file that is open; none if all has to be looked at again.
fn listed_before(active: Option<&ReadFile>, beginning: Option<SeqRange>, names: &Names) -> Result<Option<Listing>> {
    for _ in 0..2 {
        let mut listing = durable::list(names)?;
        if listing.beginning() != beginning {
            return Ok(None);
        }
        let Some(active) = active else {
            return Ok(Some(listing).filter(|listing| !listing.active));
        };
        let place = listing.sealed.iter().position(|sealed| active.is_sealed_as(sealed));
        match (place, active.is_in_place()) {
            (Some(place), false) => listing.sealed.truncate(place),
            // Half of a rotation. In front of others such a name is wrong, which is for the verifier to find.
            (Some(place), true) if place.saturating_add(1) == listing.sealed.len() => listing.sealed.truncate(place),
            (_, true) => {}
            (None, false) => continue,
        }
        return Ok(Some(listing));
    }
    Ok(None)
}

fn is_gone(error: &Error) -> bool {
    matches!(error.code, ErrorCode::LedgerNotFound | ErrorCode::LedgerChanged)
}

type Named = (FoundFile, Option<SeqRange>);

fn of_paths(paths: &[PathBuf], max_line_bytes: usize) -> Result<Gathered> {
    refuse_none(paths)?;
    let look = |path: &PathBuf| {
        let range = range_of(path)?;
        Ok((FoundFile::at(path)?, range))
    };
    let files = paths.iter().map(look).collect::<Result<_>>()?;
    let mut parts = in_order(files, max_line_bytes)?;
    // It may be the active one, whose name goes to another file when it is full.
    if let Some(last) = parts.last_mut() {
        last.file.hold()?;
    }
    Ok(Gathered { parts, foreign: Vec::new() })
}

fn of_given(files: &[GivenFile], max_line_bytes: usize) -> Result<Gathered> {
    refuse_none(files)?;
    let look = |(number, file): (u64, &GivenFile)| {
        let range = range_of(&file.name)?;
        Ok((FoundFile::held(ReadFile::given(file, number)?), range))
    };
    let files = (0..).zip(files).map(look).collect::<Result<_>>()?;
    Ok(Gathered { parts: in_order(files, max_line_bytes)?, foreign: Vec::new() })
}

/// The places of files in the order in which [`Gathering::Given`] has them verified.
pub fn order(files: &[GivenFile], max_line_bytes: usize) -> Result<Vec<usize>> {
    let places: HashMap<FileId, usize> = (0..).map(FileId::unlisted).zip(0..files.len()).collect();
    let parts = of_given(files, max_line_bytes)?.parts;
    Ok(parts.iter().filter_map(|part| places.get(&part.file.id).copied()).collect())
}

fn refuse_none<T>(files: &[T]) -> Result<()> {
    if files.is_empty() { Err(Error::new(ErrorCode::InvalidArgument, "no file to verify")) } else { Ok(()) }
}

/// The events that a file should have by its name.
fn range_of(path: &Path) -> Result<Option<SeqRange>> {
    Names::check_sealed(path).map_err(|why| durable::refused(path, why))?;
    Ok(Names::of_sealed(path).map(|(_, range)| range))
}

/// The first lines decide; a file without one stands where its name says, or last. A file under two names counts once,
/// by the name that says more.
fn in_order(mut files: Vec<Named>, max_line_bytes: usize) -> Result<Vec<Part>> {
    files.sort_by(|(file, named), (other, other_named)| {
        (named.is_none(), &file.path).cmp(&(other_named.is_none(), &other.path))
    });
    let mut seen: HashSet<FileId> = HashSet::new();
    files.retain(|(file, _)| seen.insert(file.id.clone()));
    let look = |(mut file, named): Named| {
        let first = file.read(|file| first_link(file, max_line_bytes))?;
        Ok(Part { file, named, first })
    };
    let mut parts: Vec<Part> = files.into_iter().map(look).collect::<Result<_>>()?;
    parts.sort_by_key(|part| part.begins().unwrap_or(u64::MAX));
    Ok(parts)
}

/// The first line of a file that is not blank, if it is an event whose fields are in order.
pub(super) fn first_link(file: &mut ReadFile, max_line_bytes: usize) -> Result<Option<Link>> {
    let (path, length) = (file.path.clone(), file.length);
    let unreadable = |error| Error::io(ErrorCode::LedgerIo, format!("cannot read {}", path.display()), &error);
    let mut source = BufReader::new(file.at(0)?.take(length));
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let limit = as_u64(max_line_bytes).saturating_add(1);
        if (&mut source).take(limit).read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            return Ok(None);
        }
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if !line::is_blank(text) {
            return Ok(line::read(text, max_line_bytes, &mut line::Workspace::default()).ok().map(|line| line.link()));
        }
    }
}

/// The one ledger of a folder: that of its segments, or `ledger.ndjson`.
fn ledger_in(folder: &Path) -> Result<Names> {
    let mut ledgers: Vec<Names> = Vec::new();
    for name in durable::names_in(folder)? {
        let names = Names::of_sealed(&folder.join(name)).map(|(names, _)| names);
        ledgers.extend(names.filter(|names| !ledgers.contains(names)));
    }
    let last = ledgers.pop();
    match (ledgers.first(), last) {
        // Names that differ in case only are refused when they are listed.
        (Some(one), Some(other)) if !one.is_nearly(&other) => {
            let (one, other) = (one.active().display(), other.active().display());
            let message = format!("segments of several ledgers, {one} and {other}: name the active file of one");
            Err(Error::new(ErrorCode::InvalidArgument, message))
        }
        (_, Some(names)) => Ok(names),
        (_, None) => Names::of(&folder.join("ledger.ndjson")).ok_or_else(|| not_found(folder)),
    }
}

/// Whether the last part of a path is a pattern, and no file has that very name.
fn has_pattern(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.contains(['*', '?']) && !path.exists()
}

fn matching(path: &Path) -> Result<Vec<PathBuf>> {
    let pattern: Vec<char> = path.file_name().map(|name| name.to_string_lossy().chars().collect()).unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = durable::names_in(folder)?.into_iter();
    let fits = |name: &String| matches(&pattern, &name.chars().collect::<Vec<_>>());
    let found: Vec<PathBuf> = names.filter(fits).map(|name| folder.join(name)).collect();
    if found.is_empty() { Err(not_found(path)) } else { Ok(found) }
}

/// `*` stands for any characters, `?` for one. The time is bounded by the product of both lengths.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut in_name) = (0_usize, 0_usize);
    // Behind the last star, and the place in the name that it reaches to.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = name.get(in_name) {
        match pattern.get(at) {
            Some('*') => {
                at = at.saturating_add(1);
                star = Some((at, in_name));
            }
            Some(expected) if *expected == '?' || expected == character => {
                at = at.saturating_add(1);
                in_name = in_name.saturating_add(1);
            }
            _ => {
                let Some((behind, reach)) = star else { return false };
                in_name = reach.saturating_add(1);
                at = behind;
                star = Some((behind, in_name));
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

fn not_found(path: &Path) -> Error {
    Error::new(ErrorCode::LedgerNotFound, format!("there is no ledger at {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "", false),
            ("a", "ab", false),
            ("**a", "ba", true),
            ("*ab*ab", "aabb", false),
            ("*ab*ab", "ababab", true),
            ("l.*-?.x", "l.0-9.x", true),
            ("l.*-?.x", "l.0-19.x", false),
        ] {
            let [pattern, name]: [Vec<char>; 2] = [pattern, name].map(|text| text.chars().collect());
            assert_eq!(matches(&pattern, &name), expected, "{pattern:?} {name:?}");
        }
    }
}
