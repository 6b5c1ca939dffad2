//! The tree of one checkpoint as a folder that any web server can serve (c2sp.org/tlog-tiles).
//!
//! ```text
//! checkpoint                      the note, byte for byte
//! tile/LEVEL/NUMBER[.p/WIDTH]     hashes, see `tiles`
//! tile/entries/NUMBER[.p/WIDTH]   what the leaves are of: 256 entries, or WIDTH of them
//!
//! entry                           00 20 || self_hash of the event: its length, then 32 bytes
//! ```
//!
//! What is not full is as wide as it is in the tree of this checkpoint, and there is no other width of it.
//!
//! Everything is written, read again, and has to lead from the entries to the root of the checkpoint; then it is synced, and
//! `checkpoint` comes last. So a folder that has one is whole. After a failure there is what was there before; a process
//! that is killed leaves a folder without a checkpoint.

use super::{Log, diverged};
use crate::durable::{self, ServedFolder};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::limits::as_u64;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::merkle::{self, Nodes as _};
use crate::proof::note::Note;
use crate::proof::tiles::{Edge, HEIGHT, Place, Tiles, WIDTH, bytes_of, path_of, tree_error};
use crate::segments::{Names, Role};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// In front of each entry: how many bytes it has, big-endian.
const ENTRY_LENGTH: [u8; 2] = [0, 32];

/// Bytes of an entry and its length.
const ENTRY_BYTES: usize = 34;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Events in the tree.
    pub events: u64,
    /// Files, the checkpoint included.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Log {
    /// Writes the tree of a checkpoint, with its entries, into a folder that is not there or is empty. Nothing beside the
    /// ledger is needed or made.
    ///
    /// Errors: [`ErrorCode::NoteMalformed`], [`ErrorCode::CheckpointMalformed`]; [`ErrorCode::OutputRefused`] for another
    /// folder, one whose own is missing, and a name that is the ledger's; [`ErrorCode::ProofDiverged`] if the checkpoint is not
    /// one of this ledger; [`ErrorCode::TreeMissing`] where events were pruned; those of reading the ledger;
    /// [`ErrorCode::TreeIo`].
    pub fn export(&self, note: &str, folder: &Path) -> Result<Exported> {
        let checkpoint = Checkpoint::parse(Note::parse(note)?.text())?;
        let place = self.place_of(folder)?;
        let served = ServedFolder::create(&place, "tile").map_err(|error| cannot_take(folder, &error))?;
        let mut writer = Writer::new(&served, &place);
        self.write(&checkpoint, &mut writer)?;
        let written = writer.written;
        self.read_again(&checkpoint, &place)?;
        served
            .publish("checkpoint", note.as_bytes())
            .map_err(|error| tree_error("cannot write into", &place, &error))?;
        let (files, bytes) = (written.files.saturating_add(1), written.bytes.saturating_add(as_u64(note.len())));
        Ok(Exported { events: checkpoint.size(), files, bytes })
    }

    /// Where a folder is, links resolved, unless that is where the ledger has files of its own.
    fn place_of(&self, folder: &Path) -> Result<PathBuf> {
        let place = durable::resolve_links(folder).map_err(|error| cannot_take(folder, &error))?;
        let name = place.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_beside = place.parent() == self.ledger.parent();
        let role = Names::of(&self.ledger).filter(|_| is_beside).map_or(Role::Foreign, |names| names.role(name));
        if place.starts_with(&self.folder) || !matches!(role, Role::Foreign | Role::Active) {
            return Err(refused(folder, "is a name that the ledger gives to files of its own"));
        }
        Ok(place)
    }

    /// Writes tiles and entries.
    fn write(&self, checkpoint: &Checkpoint, writer: &mut Writer<'_>) -> Result<()> {
        if let Some(last) = checkpoint.size().checked_sub(1) {
            let mut reader = self.reader(0, last)?;
            while let Some(event) = reader.next_event()? {
                if event.head.seq != writer.edge.size() {
                    let (from, to) = (writer.edge.size(), event.head.seq.saturating_sub(1));
                    let message = format!("events {from} to {to} were pruned, and their entries cannot be made");
                    return Err(Error::new(ErrorCode::TreeMissing, message));
                }
                writer.push(&event.head.hash)?;
            }
        }
        if writer.edge.size() != checkpoint.size() || writer.edge.frontier().root() != *checkpoint.root() {
            return Err(diverged(checkpoint));
        }
        writer.finish()
    }

    /// Finds in the files themselves that the entries make the leaves, each full tile the hash above it, and the last ones
    /// the root.
    fn read_again(&self, checkpoint: &Checkpoint, folder: &Path) -> Result<()> {
        let size = checkpoint.size();
        // Each time anew: what was read is kept, and that would be the whole tree in the end.
        let tiles = || Tiles::in_folder(folder, &[size]);
        let full = |level: u32| size.unbounded_shr(level.saturating_mul(HEIGHT));
        for number in 0..size.div_ceil(as_u64(WIDTH)) {
            self.check_cancelled()?;
            let mut tiles = tiles();
            let entries = read_entries(folder, number, Place { level: 0, number }.width(size))?;
            for (index, entry) in (number.saturating_mul(as_u64(WIDTH))..).zip(&entries) {
                hold(folder, merkle::leaf(entry) == tiles.node(0, index)?)?;
            }
        }
        for above in (1..).take_while(|above| full(*above) > 0) {
            for number in 0..full(above) {
                self.check_cancelled()?;
                let mut tiles = tiles();
                let (level, left) = (above.saturating_mul(HEIGHT), number.saturating_mul(2));
                let half = level.saturating_sub(1);
                let made = merkle::node(&tiles.node(half, left)?, &tiles.node(half, left.saturating_add(1))?);
                hold(folder, made == tiles.node(level, number)?)?;
            }
        }
        hold(folder, merkle::root(&mut tiles(), size)? == *checkpoint.root())
    }

    fn check_cancelled(&self) -> Result<()> {
        if self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Err(Error::new(ErrorCode::Aborted, "the export was cancelled"));
        }
        Ok(())
    }
}

/// Writes what is full, as soon as it is.
struct Writer<'a> {
    served: &'a ServedFolder,
    folder: &'a Path,
    edge: Edge,
    /// Those that the edge has filled since it was last looked at.
    tiles: Tiles,
    /// Of the last bundle.
    entries: Vec<u8>,
    written: Exported,
}

impl<'a> Writer<'a> {
    fn new(served: &'a ServedFolder, folder: &'a Path) -> Self {
        let (edge, tiles) = (Edge::new(), Tiles::in_memory());
        Self { served, folder, edge, tiles, entries: Vec::new(), written: Exported::default() }
    }

    fn push(&mut self, self_hash: &Hash) -> Result<()> {
        self.entries.extend(ENTRY_LENGTH);
        self.entries.extend(self_hash.as_bytes());
        self.edge.push(merkle::event_leaf(self_hash), &mut self.tiles)?;
        if self.entries.len() == WIDTH.saturating_mul(ENTRY_BYTES) { self.flush() } else { Ok(()) }
    }

    /// Writes what is not full, too.
    fn finish(&mut self) -> Result<()> {
        self.edge.finish(&mut self.tiles)?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        let width = self.entries.len() / ENTRY_BYTES;
        if width > 0 {
            let number = self.edge.size().saturating_sub(1).unbounded_shr(HEIGHT);
            let entries = std::mem::take(&mut self.entries);
            self.put(&path_of(self.folder, &"entries", number, width), &entries)?;
        }
        let tiles = self.tiles.take().collect::<Vec<_>>();
        tiles.iter().try_for_each(|(place, hashes)| self.put(&place.path(self.folder, hashes.len()), &bytes_of(hashes)))
    }

    fn put(&mut self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.served.put(path, bytes).map_err(|error| tree_error("cannot write", path, &error))?;
        self.written.files = self.written.files.saturating_add(1);
        self.written.bytes = self.written.bytes.saturating_add(as_u64(bytes.len()));
        Ok(())
    }
}

/// The entries of a bundle of this width.
fn read_entries(folder: &Path, number: u64, width: usize) -> Result<Vec<[u8; 32]>> {
    let path = path_of(folder, &"entries", number, width);
    let limit = as_u64(WIDTH.saturating_mul(ENTRY_BYTES));
    let bytes = durable::read_small(&path, limit).map_err(|error| tree_error("cannot read", &path, &error))?;
    let (chunks, rest) = bytes.as_chunks::<ENTRY_BYTES>();
    let entry = |chunk: &[u8; ENTRY_BYTES]| chunk.strip_prefix(&ENTRY_LENGTH).and_then(|entry| entry.try_into().ok());
    let entries = chunks.iter().filter_map(entry).collect::<Vec<_>>();
    hold(folder, rest.is_empty() && entries.len() == width)?;
    Ok(entries)
}

/// What was written has to be what is read.
fn hold(folder: &Path, holds: bool) -> Result<()> {
    let message = || format!("the files of {} are not those that were written", folder.display());
    if holds { Ok(()) } else { Err(Error::new(ErrorCode::TreeIo, message())) }
}

fn cannot_take(folder: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::DirectoryNotEmpty => refused(folder, "is there and is not empty"),
        ErrorKind::NotADirectory => refused(folder, "is no folder, or is in none"),
        ErrorKind::NotFound => refused(folder, "is in a folder that is not there, or is a link to nothing"),
        _ => tree_error("cannot make", folder, error),
    }
}

fn refused(folder: &Path, why: &str) -> Error {
    Error::new(ErrorCode::OutputRefused, format!("{} {why}; nothing was written", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    fn hash(index: u64) -> Hash {
        Hash::of(&index.to_be_bytes())
    }

    #[test]
    fn what_was_written_is_read_again_down_to_the_last_byte() {
        let (folder, size) = (tempfile::tempdir().unwrap(), 600);
        let log = Log::of(&folder.path().join("ledger.ndjson")).unwrap();
        let place = folder.path().join("served");
        let served = ServedFolder::create(&place, "tile").unwrap();
        let mut writer = Writer::new(&served, &place);
        (0..size).for_each(|index| writer.push(&hash(index)).unwrap());
        writer.finish().unwrap();
        let root = writer.edge.frontier().root();
        let read = |root| {
            let checkpoint = Checkpoint::new("example.com/ledger", size, root).unwrap();
            log.read_again(&checkpoint, &place).map_err(|error| error.code)
        };
        assert_eq!(read(root), Ok(()));
        assert_eq!(read(hash(0)), Err(ErrorCode::TreeIo));
        let names = ["0/000", "0/001", "0/002.p/88", "1/000.p/2", "entries/000", "entries/002.p/88"];
        for path in names.map(|name| place.join("tile").join(name)) {
            let bytes = fs::read(&path).unwrap();
            let last = bytes.len() - 1;
            for at in [0, 1, 2, last / 2, last] {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                fs::write(&path, damaged).unwrap();
                assert_eq!(read(root), Err(ErrorCode::TreeIo), "{} at {at}", path.display());
            }
            for damaged in [&bytes[..last], &[&bytes[..], &[0]].concat(), &[]] {
                fs::write(&path, damaged).unwrap();
                assert!(read(root).is_err(), "{}", path.display());
            }
            fs::remove_file(&path).unwrap();
            assert!(read(root).is_err(), "{}", path.display());
            fs::write(&path, bytes).unwrap();
        }
        assert_eq!(read(root), Ok(()));
        // Two bundles in each other's place, and their leaves with them: the hash above them is another one.
        let swap = |kind: &str| {
            let path = |name: &str| place.join("tile").join(kind).join(name);
            fs::rename(path("000"), path("away")).unwrap();
            fs::rename(path("001"), path("000")).unwrap();
            fs::rename(path("away"), path("001")).unwrap();
        };
        ["0", "entries"].into_iter().for_each(swap);
        assert_eq!(read(root), Err(ErrorCode::TreeIo));
        ["0", "entries"].into_iter().for_each(swap);
        assert_eq!(read(root), Ok(()));
        let checkpoint = Checkpoint::new("example.com/ledger", size, root).unwrap();
        let cancelled = log.until(Arc::new(AtomicBool::new(true)));
        assert_eq!(cancelled.read_again(&checkpoint, &place).unwrap_err().code, ErrorCode::Aborted);
    }

    #[test]
    fn of_two_exports_at_once_one_gets_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("served");
        let first = ServedFolder::create(&place, "tile").unwrap();
        let second = ServedFolder::create(&place, "tile").unwrap_err();
        assert_eq!(second.kind(), ErrorKind::DirectoryNotEmpty);
        first.publish("checkpoint", b"x").unwrap();
        assert_eq!(fs::read(place.join("checkpoint")).unwrap(), b"x");
        // Published, it stays.
        assert!(place.join("tile").is_dir());
    }
}
