//! A ledger as a log: its tree and the checkpoint that was signed last, in a folder beside it.
//!
//! ```text
//! ledger.ndjson
//! ledger.ndjson.tlog/checkpoint      replaced at once, and synced before anyone sees the new one
//! ledger.ndjson.tlog/tile/...        see `tiles`
//! ledger.ndjson.tlog/lock            held by whoever writes there
//! ```
//!
//! A log never signs two checkpoints that contradict each other. So one is signed only if
//!
//! * all events up to it are on stable storage: the caller names the last that is;
//! * the tree on disk and the tree that the ledger's own hashes make have one root;
//! * that tree begins with the one of the checkpoint before, as a verifier of consistency proofs finds it.
//!
//! Whoever takes the folder away takes away the last of the three: only what others keep, such as witnesses, stops that.

mod export;

use super::checkpoint::{Checkpoint, check_origin};
use super::inclusion::InclusionProof;
use super::merkle::{self, Frontier, Nodes as _};
use super::note::{Key, Kind, MAX_NOTE, Note};
use super::tiles::{Edge, Tiles, tree_error};
use crate::chain::Head;
use crate::durable::{self, ReadFile};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::key::KeyPair;
use crate::limits;
use crate::query::{ReadOptions, Reader};
pub use export::Exported;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long one waits for another who is at the tree, who may be making it anew; a stopped process must not stop all others.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);

/// The tree of a ledger.
pub struct Log {
    ledger: PathBuf,
    folder: PathBuf,
    cancel: Option<Arc<AtomicBool>>,
}

impl Log {
    /// That of the ledger whose active file is at a path. Nothing is made yet.
    pub fn of(ledger: &Path) -> Result<Self> {
        let ledger = durable::resolve(ledger)?;
        let mut folder = ledger.clone().into_os_string();
        folder.push(".tlog");
        Ok(Self { ledger, folder: folder.into(), cancel: None })
    }

    /// The same, whose reading of the ledger can be stopped: [`ErrorCode::Aborted`].
    #[must_use]
    pub fn until(self, cancel: Arc<AtomicBool>) -> Self {
        Self { cancel: Some(cancel), ..self }
    }

    /// The checkpoint that was signed last, with all signatures that were kept; none before the first. It is there, too,
    /// where the ledger is gone.
    ///
    /// Errors: [`ErrorCode::NoteMalformed`], [`ErrorCode::TreeIo`]; where there is neither, that of a missing ledger.
    pub fn checkpoint(&self) -> Result<Option<Note>> {
        let path = self.kept();
        match durable::read_small(&path, limits::as_u64(MAX_NOTE)) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).unwrap_or_default();
                Note::parse(&text).map(Some).map_err(|error| self.in_kept(error))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => self.find_ledger().map(|()| None),
            Err(error) => Err(tree_error("cannot read", &path, &error)),
        }
    }

    /// Signs the checkpoint behind an event that is on stable storage, or of no events, and keeps it. If that is the one
    /// that was signed last, it is given with the signatures that were added to it.
    ///
    /// Errors: [`ErrorCode::CheckpointOrigin`] for an origin that no log has, or that the kept checkpoint does not have;
    /// [`ErrorCode::CheckpointConflict`] unless the ledger goes on from the kept one; [`ErrorCode::ProofDiverged`] if it
    /// does not hold that event; those of [`Log::checkpoint`], and [`ErrorCode::CheckpointMalformed`]; those of reading the
    /// ledger; [`ErrorCode::TreeMissing`].
    pub fn sign(&self, head: Option<Head>, origin: &str, pair: &KeyPair) -> Result<Note> {
        check_origin(origin)?;
        let key = Key::new(origin, Kind::Log, pair.public())?;
        let _lock = self.lock()?;
        let kept = self.checkpoint()?;
        let old = kept.as_ref().map(|note| Checkpoint::parse(note.text())).transpose();
        let old = old.map_err(|error| self.in_kept(error))?;
        if let Some(old) = old.as_ref().filter(|old| old.origin() != origin) {
            let message = format!("the ledger is {:?} by its last checkpoint, not {origin:?}", old.origin());
            return Err(Error::new(ErrorCode::CheckpointOrigin, message));
        }
        let (old_size, old_root) = old.map_or_else(|| (0, merkle::empty_root()), |old| (old.size(), *old.root()));
        let size = size_to(head);
        if size < old_size {
            let message = format!("a checkpoint of {old_size} events was signed, and the ledger has {size}");
            return Err(Error::new(ErrorCode::CheckpointConflict, message));
        }
        let root = match self.grow((old_size, &old_root), head) {
            Err(error) if matches!(error.code, ErrorCode::TreeMissing | ErrorCode::ProofDiverged) => {
                self.make_anew(head, old_size)?
            }
            grown => grown?,
        };
        let mut tiles = Tiles::in_folder(&self.folder, &[size, old_size]);
        let proof = merkle::prove_consistency(&mut tiles, old_size, size)?;
        merkle::verify_consistency((old_size, &old_root), (size, &root), &proof).map_err(|_| {
            let message = format!("the ledger does not begin with the {old_size} events of the checkpoint before");
            Error::new(ErrorCode::CheckpointConflict, message)
        })?;
        let text = Checkpoint::new(origin, size, root)?.to_string();
        let mut note = kept.filter(|kept| kept.text() == text).map_or_else(|| Note::new(text), Ok)?;
        note.add(key.sign(note.text(), pair)?);
        self.keep(&note)?;
        Ok(note)
    }

    /// The proof that an event is in the tree of a checkpoint, with its line.
    ///
    /// Errors: [`ErrorCode::NoteMalformed`], [`ErrorCode::CheckpointMalformed`]; [`ErrorCode::OutOfRange`] for an event
    /// behind it; [`ErrorCode::ProofDiverged`] if it is not one of this ledger; those of reading the ledger.
    pub fn prove_inclusion(&self, seq: u64, note: &str) -> Result<InclusionProof> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if seq >= checkpoint.size() {
            let message = format!("event {seq} is not among the {} of the checkpoint", checkpoint.size());
            return Err(Error::new(ErrorCode::OutOfRange, message));
        }
        let mut reader = self.reader(seq, seq)?;
        let Some(event) = reader.next_event()? else { return Err(diverged(&checkpoint)) };
        let leaf = merkle::event_leaf(&event.head.hash);
        let path = self.with_tree(&checkpoint, |tiles| {
            let path = merkle::prove_inclusion(tiles, seq, checkpoint.size())?;
            let holds = merkle::verify_inclusion(&leaf, seq, checkpoint.size(), &path, checkpoint.root());
            Ok(holds.is_ok().then_some(path))
        })?;
        Ok(InclusionProof { extra: Some(event.line.into_bytes()), index: seq, path, note })
    }

    /// The proof that the tree of a checkpoint begins with that of an earlier one.
    ///
    /// Errors as of [`Log::prove_inclusion`].
    pub fn prove_consistency(&self, from: &str, to: &str) -> Result<Vec<Hash>> {
        let checkpoint = |note: &str| Checkpoint::parse(Note::parse(note)?.text());
        let (from, to) = (checkpoint(from)?, checkpoint(to)?);
        self.with_tree(&to, |tiles| {
            let proof = merkle::prove_consistency(tiles, from.size(), to.size())?;
            let holds = merkle::verify_consistency((from.size(), from.root()), (to.size(), to.root()), &proof);
            Ok(holds.is_ok().then_some(proof))
        })
    }

    /// The same from the first `old_size` events on, and their root: for who knows a size, and no checkpoint.
    pub fn prove_growth(&self, old_size: u64, to: &str) -> Result<(Hash, Vec<Hash>)> {
        let to = Checkpoint::parse(Note::parse(to)?.text())?;
        self.with_tree(&to, |tiles| {
            let proof = merkle::prove_consistency(tiles, old_size, to.size())?;
            let root = merkle::root(tiles, old_size)?;
            let holds = merkle::verify_consistency((old_size, &root), (to.size(), to.root()), &proof);
            Ok(holds.is_ok().then_some((root, proof)))
        })
    }

    /// Keeps further signatures of the checkpoint that was signed last. Those of another one are of no use here.
    pub fn add_signatures(&self, note: &Note) -> Result<()> {
        let _lock = self.lock()?;
        let Some(mut kept) = self.checkpoint()?.filter(|kept| kept.text() == note.text()) else { return Ok(()) };
        note.signatures().iter().for_each(|signature| kept.add(signature.clone()));
        self.keep(&kept)
    }

    /// Asks the tree of a checkpoint. If what it answers is no proof, or tiles are missing, the tree is made anew, on disk
    /// where that can be written; if that does not help, ledger and checkpoint are not of each other.
    fn with_tree<T>(&self, checkpoint: &Checkpoint, ask: impl Fn(&mut Tiles) -> Result<Option<T>>) -> Result<T> {
        let size = checkpoint.size();
        let kept = self.checkpoint().ok().flatten().and_then(|note| Checkpoint::parse(note.text()).ok());
        let sizes = [Some(size), kept.map(|kept| kept.size())].into_iter().flatten().collect::<Vec<_>>();
        let mut tiles = Tiles::in_folder(&self.folder, &sizes);
        match ask(&mut tiles) {
            Ok(Some(answer)) => return Ok(answer),
            Err(error) if !matches!(error.code, ErrorCode::TreeMissing | ErrorCode::TreeIo) => return Err(error),
            _ => {}
        }
        let on_disk = self.lock().and_then(|_lock| {
            let mut tiles = Tiles::in_folder(&self.folder, &[]);
            self.fill(Edge::new(), &mut tiles, size).map(|_| tiles)
        });
        let mut tiles = match on_disk {
            Err(error) if error.code == ErrorCode::TreeIo => {
                let mut tiles = Tiles::in_memory();
                self.fill(Edge::new(), &mut tiles, size)?;
                tiles
            }
            filled => filled?,
        };
        match ask(&mut tiles)? {
            Some(answer) => Ok(answer),
            None => Err(diverged(checkpoint)),
        }
    }

    /// Adds the leaves up to an event to the tiles of the tree before, and gives the root.
    fn grow(&self, (old_size, old_root): (u64, &Hash), head: Option<Head>) -> Result<Hash> {
        let mut tiles = Tiles::in_folder(&self.folder, &[old_size]);
        let edge = Edge::of(&mut tiles, old_size)?;
        if edge.frontier().root() != *old_root {
            return Err(Error::new(ErrorCode::ProofDiverged, "the tiles are not of the checkpoint before"));
        }
        self.grow_from(edge, &mut tiles, head)
    }

    /// Makes all tiles from the ledger alone.
    fn make_anew(&self, head: Option<Head>, old_size: u64) -> Result<Hash> {
        let mut tiles = Tiles::in_folder(&self.folder, &[]);
        let edge = self.fill(Edge::new(), &mut tiles, old_size)?;
        self.grow_from(edge, &mut tiles, head)
    }

    fn grow_from(&self, edge: Edge, tiles: &mut Tiles, head: Option<Head>) -> Result<Hash> {
        let size = size_to(head);
        let mut frontier = edge.frontier();
        let last = self.fill_watched(edge, tiles, size, &mut frontier)?.1;
        if last.is_some() && last != head {
            let message = "the last event of the ledger is another one than was recorded";
            return Err(Error::new(ErrorCode::ProofDiverged, message));
        }
        // By another way: read back from the tiles, node by node.
        let mut read = Tiles::in_folder(&self.folder, &[size]);
        let root = merkle::root(&mut read, size)?;
        if root != frontier.root() {
            return Err(Error::new(ErrorCode::ProofDiverged, "the tiles are not of the ledger"));
        }
        Ok(root)
    }

    /// Adds the leaves of the ledger up to a size.
    fn fill(&self, edge: Edge, tiles: &mut Tiles, size: u64) -> Result<Edge> {
        let mut frontier = edge.frontier();
        self.fill_watched(edge, tiles, size, &mut frontier).map(|(edge, _)| edge)
    }

    fn fill_watched(
        &self,
        mut edge: Edge,
        tiles: &mut Tiles,
        size: u64,
        frontier: &mut Frontier,
    ) -> Result<(Edge, Option<Head>)> {
        let mut last = None;
        if size > 0 {
            // The last event of the tree is read too: by its hash it answers for all events before it.
            let before = edge.size().checked_sub(1);
            let mut joint = before.map(|seq| tiles.node(0, seq)).transpose()?;
            let mut reader = self.reader(before.unwrap_or(0), size.saturating_sub(1))?;
            while let Some(event) = reader.next_event()? {
                let leaf = merkle::event_leaf(&event.head.hash);
                let own = if Some(event.head.seq) == before { leaf } else { merkle::event_leaf(&event.parent) };
                if joint.take().is_some_and(|joint| joint != own) {
                    return Err(Error::new(ErrorCode::ProofDiverged, "the tree is of other events than the ledger"));
                }
                if Some(event.head.seq) == before {
                    continue;
                }
                if event.head.seq != edge.size() {
                    let message = format!(
                        "events {} to {} were pruned, and the tree does not have them",
                        edge.size(),
                        event.head.seq.saturating_sub(1)
                    );
                    return Err(Error::new(ErrorCode::TreeMissing, message));
                }
                frontier.push(leaf);
                edge.push(leaf, tiles)?;
                last = Some(event.head);
            }
            if edge.size() != size {
                let message = format!("the ledger has {} events, not {size}", edge.size());
                return Err(Error::new(ErrorCode::ProofDiverged, message));
            }
        }
        edge.finish(tiles)?;
        Ok((edge, last))
    }

    fn reader(&self, from: u64, to: u64) -> Result<Reader> {
        Reader::open(&self.ledger, ReadOptions { from, to, cancel: self.cancel.clone(), ..ReadOptions::default() })
    }

    fn kept(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    /// What is wrong with the file of the last checkpoint.
    fn in_kept(&self, error: Error) -> Error {
        Error { message: format!("{}: {}", self.kept().display(), error.message), ..error }
    }

    /// On stable storage before anyone sees it.
    fn keep(&self, note: &Note) -> Result<()> {
        let path = self.kept();
        durable::replace(&path, note.to_string().as_bytes()).map_err(|error| tree_error("cannot write", &path, &error))
    }

    /// Nobody should take a mistaken path for a ledger that has no checkpoint, nor find a folder made for it.
    fn find_ledger(&self) -> Result<()> {
        ReadFile::open(&self.ledger).map(drop)
    }

    fn lock(&self) -> Result<File> {
        self.find_ledger()?;
        let path = self.folder.join("lock");
        let cancelled = || self.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed));
        let locked = durable::lock_beside(&path, |waited| waited < LOCK_PATIENCE && !cancelled());
        locked.map_err(|error| tree_error("cannot lock", &path, &error))?.ok_or_else(|| {
            if cancelled() {
                return Error::new(ErrorCode::Aborted, "stopped while another was at the ledger's tree");
            }
            let message = format!("another process holds {} for too long", path.display());
            Error::new(ErrorCode::TreeIo, message)
        })
    }
}

/// How many events there are up to one.
fn size_to(head: Option<Head>) -> u64 {
    head.map_or(0, |head| head.seq.saturating_add(1))
}

fn diverged(checkpoint: &Checkpoint) -> Error {
    let message = format!("the ledger is not the one of this checkpoint of {} events", checkpoint.size());
    Error::new(ErrorCode::ProofDiverged, message)
}
