//! The hashes of a tree in files of 256 each (c2sp.org/tlog-tiles).
//!
//! ```text
//! tile/LEVEL/NUMBER          256 hashes of level 8 LEVEL, 32 bytes each
//! tile/LEVEL/NUMBER.p/WIDTH  the first WIDTH of them, while there are no more
//! ```
//!
//! Level 0 has the leaves, each further level the roots of the full tiles of the one below. A number is written in three
//! digits, and those before in folders: 1234067 is `x001/x234/067`. What is served has entries too: see `log::export`.
//!
//! Tiles are a store of what the ledger says, nothing more: they are not synced, they are made anew when they are missing,
//! and what is proved by means of them is checked against a checkpoint.

use super::merkle::{self, Frontier, Nodes};
use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Levels of the tree that a tile spans.
pub(super) const HEIGHT: u32 = 8;

/// Hashes of a full tile.
pub(super) const WIDTH: usize = 1 << HEIGHT;

/// The part of a number that is the place in a tile.
const MASK: u64 = WIDTH as u64 - 1;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) level: u32,
    pub(super) number: u64,
}

impl Place {
    /// Its hashes in a tree of so many leaves.
    pub(super) fn width(self, size: u64) -> usize {
        let hashes = size.unbounded_shr(self.level.saturating_mul(HEIGHT));
        let before = self.number.saturating_mul(WIDTH as u64);
        usize::try_from(hashes.saturating_sub(before)).unwrap_or(WIDTH).min(WIDTH)
    }

    pub(super) fn path(self, folder: &Path, width: usize) -> PathBuf {
        path_of(folder, &self.level, self.number, width)
    }
}

/// Where what has this number is kept: a tile of a level, or of another kind.
pub(super) fn path_of(folder: &Path, kind: &dyn Display, mut number: u64, width: usize) -> PathBuf {
    let mut name = format!("{:03}", number % 1000);
    while number >= 1000 {
        number /= 1000;
        name = format!("x{:03}/{name}", number % 1000);
    }
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    folder.join(format!("tile/{kind}/{name}{partial}"))
}

/// A tile as it is kept.
pub(super) fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The tiles of one tree.
pub(super) struct Tiles {
    /// None: all of them are in memory.
    folder: Option<PathBuf>,
    /// Sizes that partial tiles were written for.
    sizes: Vec<u64>,
    kept: HashMap<Place, Vec<Hash>>,
}

impl Tiles {
    /// Those in a folder. Of partial tiles it has those that trees of these sizes end with.
    pub(super) fn in_folder(folder: &Path, sizes: &[u64]) -> Self {
        Self { folder: Some(folder.to_owned()), sizes: sizes.to_vec(), kept: HashMap::new() }
    }

    /// None yet, and none on any disk.
    pub(super) fn in_memory() -> Self {
        Self { folder: None, sizes: Vec::new(), kept: HashMap::new() }
    }

    /// Those that are in memory, which has them no more.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (Place, Vec<Hash>)> {
        self.kept.drain()
    }

    /// Puts a tile where it belongs. A full one takes the place of the partial ones before it.
    fn put(&mut self, place: Place, hashes: &[Hash]) -> Result<()> {
        let Some(folder) = &self.folder else {
            self.kept.insert(place, hashes.to_vec());
            return Ok(());
        };
        let path = place.path(folder, hashes.len());
        let written =
            durable::create_folders_above(&path).and_then(|()| durable::put_unsynced(&path, &bytes_of(hashes)));
        written.map_err(|error| tree_error("cannot write", &path, &error))?;
        if hashes.len() == WIDTH {
            let mut partial = path.into_os_string();
            partial.push(".p");
            // What is left of them is never looked at again.
            let _ = fs::remove_dir_all(partial);
        }
        Ok(())
    }

    /// The hashes of a tile: as many as are needed, or more.
    fn get(&mut self, place: Place, needed: usize) -> Result<&[Hash]> {
        if self.kept.get(&place).is_none_or(|hashes| hashes.len() < needed) {
            let hashes = self.read(place, needed)?;
            self.kept.insert(place, hashes);
        }
        Ok(self.kept.get(&place).map(Vec::as_slice).unwrap_or_default())
    }

    fn read(&self, place: Place, needed: usize) -> Result<Vec<Hash>> {
        let missing = || Error::new(ErrorCode::TreeMissing, "a tile of the ledger's tree is missing");
        let folder = self.folder.as_ref().ok_or_else(missing)?;
        let widths = self.sizes.iter().map(|size| place.width(*size)).filter(|width| (needed..WIDTH).contains(width));
        for width in std::iter::once(WIDTH).chain(widths) {
            let path = place.path(folder, width);
            let limit = (WIDTH as u64).saturating_mul(32);
            match durable::read_small(&path, limit) {
                Ok(bytes) => {
                    let (hashes, rest) = bytes.as_chunks();
                    if hashes.len() == width && rest.is_empty() {
                        return Ok(hashes.iter().copied().map(Hash::from_bytes).collect());
                    }
                }
                // Longer than a tile is as good as none.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => {}
                Err(error) => return Err(tree_error("cannot read", &path, &error)),
            }
        }
        Err(missing())
    }
}

impl Nodes for Tiles {
    fn node(&mut self, level: u32, index: u64) -> Result<Hash> {
        let (tile, inside) = (level / HEIGHT, level % HEIGHT);
        // The node is above so many hashes of the tile.
        let count = 1_usize.unbounded_shl(inside);
        let first = index.unbounded_shl(inside);
        let place = Place { level: tile, number: first.unbounded_shr(HEIGHT) };
        let from = usize::try_from(first & MASK).unwrap_or_default();
        let to = from.saturating_add(count);
        let hashes = self.get(place, to)?.get(from..to);
        hashes.map(complete_root).ok_or_else(|| Error::new(ErrorCode::Internal, "a node that no tile spans"))
    }
}

/// The root of a complete subtree.
fn complete_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.as_chunks().0.iter().map(|[left, right]| merkle::node(left, right)).collect();
    }
    level.first().copied().unwrap_or_else(merkle::empty_root)
}

/// The right edge of a tree of tiles: what grows.
pub(super) struct Edge {
    size: u64,
    /// By level, the hashes behind the last full tile: fewer than 256.
    open: Vec<Vec<Hash>>,
}

impl Edge {
    /// Of a tree without leaves.
    pub(super) fn new() -> Self {
        Self { size: 0, open: Vec::new() }
    }

    /// Of the tree of the first `size` leaves.
    pub(super) fn of(tiles: &mut Tiles, size: u64) -> Result<Self> {
        let mut open = Vec::new();
        let mut hashes = size;
        while hashes > 0 {
            let level = u32::try_from(open.len()).unwrap_or(u32::MAX);
            let width = usize::try_from(hashes & MASK).unwrap_or_default();
            hashes = hashes.unbounded_shr(HEIGHT);
            let place = Place { level, number: hashes };
            open.push(if width == 0 {
                Vec::new()
            } else {
                tiles.get(place, width)?.iter().take(width).copied().collect()
            });
        }
        Ok(Self { size, open })
    }

    /// Leaves so far.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The complete subtrees that it makes.
    pub(super) fn frontier(&self) -> Frontier {
        let peaks_of = |hashes: &Vec<Hash>| {
            let mut rest = hashes.as_slice();
            let mut peaks = Vec::new();
            while let Some(level) = rest.len().checked_ilog2() {
                let (peak, behind) = rest.split_at(1_usize.unbounded_shl(level));
                peaks.push(complete_root(peak));
                rest = behind;
            }
            peaks
        };
        Frontier::from_peaks(self.size, self.open.iter().rev().flat_map(peaks_of).collect())
    }

    /// Adds a leaf; a tile that gets full by it goes to its place.
    pub(super) fn push(&mut self, leaf: Hash, tiles: &mut Tiles) -> Result<()> {
        let mut hash = leaf;
        let mut hashes = self.size;
        for level in 0.. {
            let Some(open) = self.open.get_mut(level) else {
                self.open.push(vec![hash]);
                break;
            };
            open.push(hash);
            hashes = hashes.unbounded_shr(HEIGHT);
            if open.len() < WIDTH {
                break;
            }
            hash = complete_root(open);
            let place = Place { level: u32::try_from(level).unwrap_or(u32::MAX), number: hashes };
            tiles.put(place, open)?;
            open.clear();
        }
        self.size = self.size.saturating_add(1);
        Ok(())
    }

    /// Puts the tiles that are not full in their places.
    pub(super) fn finish(&self, tiles: &mut Tiles) -> Result<()> {
        let mut hashes = self.size;
        for (level, open) in (0..).zip(&self.open) {
            hashes = hashes.unbounded_shr(HEIGHT);
            if !open.is_empty() {
                tiles.put(Place { level, number: hashes }, open)?;
            }
        }
        tiles.sizes.push(self.size);
        Ok(())
    }
}

/// A failure of the folder of a tree.
pub(super) fn tree_error(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(ErrorCode::TreeIo, format_args!("{doing} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(index: u64) -> Hash {
        merkle::leaf(&index.to_be_bytes())
    }

    #[test]
    fn tiles_have_the_names_of_the_specification() {
        let name = |level, number, width| {
            let path = Place { level, number }.path(Path::new(""), width);
            path.to_str().unwrap().replace('\\', "/")
        };
        assert_eq!(name(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(name(3, 5, 256), "tile/3/005");
        assert_eq!(name(1, 999, 17), "tile/1/999.p/17");
        assert_eq!(name(0, 1000, 1), "tile/0/x001/000.p/1");
    }

    #[test]
    fn a_tree_of_70000_has_the_tiles_of_the_specification() {
        let width = |level, number| Place { level, number }.width(70_000);
        assert_eq!([width(0, 272), width(0, 273), width(0, 274)], [256, 112, 0]);
        assert_eq!([width(1, 0), width(1, 1), width(1, 2)], [256, 17, 0]);
        assert_eq!([width(2, 0), width(2, 1), width(3, 0)], [1, 0, 0]);
    }

    #[test]
    fn a_tree_that_grows_in_steps_has_the_roots_of_one_that_grew_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut frontier = Frontier::default();
        let mut size = 0;
        for step in [1, 254, 1, 1, 255, 256, 513, 65_536 - 1281, 1, 300] {
            let mut tiles = Tiles::in_folder(folder.path(), &[size]);
            let mut edge = Edge::of(&mut tiles, size).unwrap();
            assert_eq!(edge.frontier(), frontier);
            for index in size..size + step {
                edge.push(leaf(index), &mut tiles).unwrap();
                frontier.push(leaf(index));
            }
            edge.finish(&mut tiles).unwrap();
            size += step;
            assert_eq!((edge.size(), edge.frontier()), (size, frontier.clone()));
            let mut read = Tiles::in_folder(folder.path(), &[size]);
            assert_eq!(merkle::root(&mut read, size).unwrap(), frontier.root());
            // Earlier sizes too, whose partial tiles are full by now or stayed.
            for (index, smaller) in [(0, size), (size / 2, size), (size - 1, size)] {
                let path = merkle::prove_inclusion(&mut read, index, smaller).unwrap();
                merkle::verify_inclusion(&leaf(index), index, smaller, &path, &frontier.root()).unwrap();
            }
        }
        assert!(folder.path().join("tile/0/000").exists() && !folder.path().join("tile/0/000.p").exists());
        assert!(folder.path().join("tile/2/000.p/1").exists());
    }

    #[test]
    fn a_tile_that_is_missing_or_short_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut tiles = Tiles::in_folder(folder.path(), &[]);
        let mut edge = Edge::new();
        (0..300).for_each(|index| edge.push(leaf(index), &mut tiles).unwrap());
        edge.finish(&mut tiles).unwrap();
        let path = folder.path().join("tile/0/000");
        let bytes = fs::read(&path).unwrap();
        for damaged in [&bytes[..8191], &[&bytes[..], &[0; 32]].concat(), &[]] {
            fs::write(&path, damaged).unwrap();
            let error = Tiles::in_folder(folder.path(), &[300]).node(0, 0).unwrap_err();
            assert_eq!(error.code, ErrorCode::TreeMissing);
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(Tiles::in_folder(folder.path(), &[300]).node(0, 0).unwrap_err().code, ErrorCode::TreeMissing);
        assert!(Tiles::in_folder(folder.path(), &[300]).node(0, 299).is_ok());
        assert_eq!(Tiles::in_folder(folder.path(), &[299]).node(0, 299).unwrap_err().code, ErrorCode::TreeMissing);
    }
}
