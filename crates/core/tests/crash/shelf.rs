//! A folder in memory for the real writer, and what it may be after a crash.
//!
//! A change of a name survives wholly or not at all, each by itself, until the folder is synced. What the files hold is
//! said by `disk`.

use crate::disk::{Chance, Disk, Step};
use crate::recording::{event, key};
use sealwright_core::chain::SeqRange;
use sealwright_core::event::EventSet;
use sealwright_core::ledger::{Batch, GroupMeasures, PruneLimits, RotationLimits, Session, SessionOptions, Sink};
use sealwright_core::storage::{FileId, Lockable, SealedName, Shelf, Source, Storage};
use sealwright_core::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a file of the folder is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Sealed(SeqRange),
    Next,
    Active,
}

/// A change of the names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Naming {
    Create(Name, usize),
    Link(Name, usize),
    Rename(Name, Name),
    Remove(Name),
}

/// One call of a writer, or what someone was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    File(usize, Step),
    Naming(Naming),
    SyncFolder,
    Acknowledged(String),
}

type Names = BTreeMap<Name, usize>;

fn apply(names: &mut Names, naming: &Naming) {
    match naming {
        Naming::Create(name, file) | Naming::Link(name, file) => drop(names.insert(*name, *file)),
        Naming::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(*to, file);
            }
        }
        Naming::Remove(name) => drop(names.remove(name)),
    }
}

/// Clones are the same folder.
#[derive(Clone)]
pub(crate) struct Folder {
    /// Tells its files from those of other folders.
    number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: Vec<Vec<u8>>,
    names: Names,
    calls: Vec<Call>,
    /// Calls that fail, once each.
    failing: Vec<&'static str>,
}

impl Folder {
    /// With an empty ledger.
    pub(crate) fn new() -> Self {
        Self::with(&BTreeMap::from([(Name::Active, Vec::new())]), &[])
    }

    /// With files, of which some have two names.
    fn with(found: &BTreeMap<Name, Vec<u8>>, same: &[(Name, Name)]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1 << 40);
        let mut state = State::default();
        for (name, bytes) in found {
            let twin = same.iter().find(|(_, second)| second == name).and_then(|(first, _)| state.names.get(first));
            let file = twin.copied().unwrap_or_else(|| {
                state.files.push(bytes.clone());
                state.files.len() - 1
            });
            state.names.insert(*name, file);
        }
        Self { number: NEXT.fetch_add(1 << 20, Ordering::Relaxed), state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn open(&self) -> Result<Session> {
        let rotation = Some(RotationLimits { max_events: Some(3), ..RotationLimits::default() });
        let options = SessionOptions { rotation, events: EventSet::Extended, ..SessionOptions::new("ledger.ndjson") };
        let open = || -> Box<dyn Lockable> {
            let file = self.state().names[&Name::Active];
            Box::new(Handle { folder: self.clone(), file })
        };
        Session::open_on_storage(open, &options, &key(), Arc::new(self.clone()))
    }

    /// Records an event, and writes down that it was acknowledged.
    pub(crate) fn record(&self, session: &Session, reason: &str) -> Result<String, Error> {
        let line = session.record(event(reason))?;
        self.state().calls.push(Call::Acknowledged(line.clone()));
        Ok(line)
    }

    /// Prunes all segments but two, and writes down that the event which says so was acknowledged. False if there was
    /// nothing to prune.
    pub(crate) fn prune(&self, session: &Session) -> Result<bool> {
        let pruned = session.prune(&PruneLimits { keep: 2, ..PruneLimits::default() })?;
        let acknowledged = pruned.map(|(line, _)| self.state().calls.push(Call::Acknowledged(line)));
        Ok(acknowledged.is_some())
    }

    /// Lets the next call of a name fail without doing anything.
    pub(crate) fn fail(&self, call: &'static str) {
        self.state().failing.push(call);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    pub(crate) fn names(&self) -> Vec<Name> {
        self.state().names.keys().copied().collect()
    }

    /// The ledger: its files one after another.
    pub(crate) fn ledger(&self) -> Vec<u8> {
        let state = self.state();
        let files = state.names.iter().filter(|(name, _)| **name != Name::Next).map(|(_, file)| *file);
        let mut seen = BTreeSet::new();
        files.filter(|file| seen.insert(*file)).flat_map(|file| state.files[file].clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn call(&self, name: &'static str, call: Call) -> io::Result<()> {
        let mut state = self.state();
        if let Some(place) = state.failing.iter().position(|failing| *failing == name) {
            state.failing.remove(place);
            if let Call::File(file, Step::Sync) = call {
                state.calls.push(Call::File(file, Step::SyncFailed));
            }
            return Err(io::ErrorKind::Other.into());
        }
        match &call {
            Call::Naming(naming) => apply(&mut state.names, naming),
            Call::File(file, Step::SetLen(length)) => state.files[*file].resize(*length, 0),
            Call::File(file, Step::Write { offset, bytes }) => {
                let (live, end) = (&mut state.files[*file], offset + bytes.len());
                live.resize(live.len().max(end), 0);
                live[*offset..end].copy_from_slice(bytes);
            }
            _ => {}
        }
        state.calls.push(call);
        Ok(())
    }
}

impl Sink for Folder {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        let lines = results.into_iter().filter_map(|(_, settled)| settled.ok()).flatten();
        self.state().calls.extend(lines.map(Call::Acknowledged));
    }

    fn room(&self) {}
}

/// A file of the folder.
struct Handle {
    folder: Folder,
    file: usize,
}

impl Handle {
    fn file_call(&self, name: &'static str, step: Step) -> io::Result<()> {
        self.folder.call(name, Call::File(self.file, step))
    }

    fn naming(&self, name: &'static str, naming: Naming) -> io::Result<()> {
        self.folder.call(name, Call::Naming(naming))
    }
}

impl Lockable for Handle {
    fn try_lock(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Source for Handle {
    fn length(&self) -> io::Result<u64> {
        Ok(self.folder.state().files[self.file].len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.folder.state();
        let rest = state.files[self.file].get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Storage for Handle {
    fn id(&self) -> FileId {
        FileId::unlisted(self.folder.number + self.file as u64)
    }

    fn is_linked(&self) -> io::Result<bool> {
        Ok(self.folder.state().names.get(&Name::Active) == Some(&self.file))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).unwrap();
        self.file_call("write", Step::Write { offset, bytes: bytes.to_vec() }).map(|()| bytes.len())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file_call("set_len", Step::SetLen(usize::try_from(length).unwrap()))
    }

    fn sync(&self) -> io::Result<()> {
        self.file_call("sync", Step::Sync)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.folder.call("sync_folder", Call::SyncFolder)
    }

    fn quarantine(&self, offset: u64, _bytes: &[u8]) -> io::Result<PathBuf> {
        Ok(PathBuf::from(format!("ledger.ndjson.torn-{offset}-0")))
    }

    fn shelf(&self) -> Option<&dyn Shelf> {
        Some(self)
    }
}

impl Shelf for Handle {
    fn sealed(&self) -> Result<Vec<SealedName>> {
        let state = self.folder.state();
        let sealed = |(name, file): (&Name, &usize)| match name {
            Name::Sealed(range) => Some(SealedName { range: *range, is_active: *file == self.file }),
            Name::Next | Name::Active => None,
        };
        Ok(state.names.iter().filter_map(sealed).collect())
    }

    fn open_sealed(&self, range: SeqRange) -> Result<Box<dyn Source>> {
        let file = self.folder.state().names[&Name::Sealed(range)];
        Ok(Box::new(Self { folder: self.folder.clone(), file }))
    }

    fn open_active(&self) -> Result<Box<dyn Source>> {
        Ok(Box::new(Self { folder: self.folder.clone(), file: self.file }))
    }

    fn prepare(&self) -> io::Result<Box<dyn Storage>> {
        if self.folder.names().contains(&Name::Next) {
            self.naming("unlink", Naming::Remove(Name::Next))?;
        }
        let file = self.folder.state().files.len();
        self.naming("create", Naming::Create(Name::Next, file))?;
        self.folder.state().files.push(Vec::new());
        Ok(Box::new(Self { folder: self.folder.clone(), file }))
    }

    fn discard(&self) -> io::Result<()> {
        self.naming("unlink", Naming::Remove(Name::Next))
    }

    fn link(&self, range: SeqRange) -> io::Result<()> {
        if self.folder.names().contains(&Name::Sealed(range)) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.naming("link", Naming::Link(Name::Sealed(range), self.file))
    }

    fn unlink(&self, range: SeqRange) -> io::Result<()> {
        self.naming("unlink", Naming::Remove(Name::Sealed(range)))
    }

    fn replace(&self) -> io::Result<()> {
        self.naming("rename", Naming::Rename(Name::Next, Name::Active))
    }

    fn protect(&self, _range: SeqRange) -> io::Result<()> {
        Ok(())
    }
}

/// A folder as it may be found after a crash.
#[derive(Clone)]
pub(crate) struct World {
    page: usize,
    disks: Vec<Disk>,
    /// What is certain of the names, and what was changed since.
    durable: Names,
    pending: Vec<Naming>,
}

impl World {
    pub(crate) fn of(folder: &Folder, page: usize) -> Self {
        let state = folder.state();
        let disks = state.files.iter().map(|bytes| Disk::new(page, bytes, true)).collect();
        Self { page, disks, durable: state.names.clone(), pending: Vec::new() }
    }

    pub(crate) fn page(&self) -> usize {
        self.page
    }

    pub(crate) fn apply(&mut self, call: &Call) {
        match call {
            Call::File(file, step) => self.disks[*file].apply(step),
            Call::Naming(naming) => {
                if let Naming::Create(_, file) = naming {
                    assert_eq!(*file, self.disks.len(), "files are numbered in the order they are made");
                    self.disks.push(Disk::new(self.page, b"", true));
                }
                self.pending.push(naming.clone());
            }
            Call::SyncFolder => {
                let durable = &mut self.durable;
                self.pending.drain(..).for_each(|naming| apply(durable, &naming));
            }
            Call::Acknowledged(_) => {}
        }
    }

    /// Folders that a crash may leave now: every choice of the names, with files as `limit` says.
    pub(crate) fn images(&self, limit: usize, chance: &mut Chance) -> Vec<Folder> {
        let mut found = Vec::new();
        for choice in 0..1_u32 << self.pending.len() {
            let mut names = self.durable.clone();
            let kept = self.pending.iter().enumerate().filter(|(place, _)| choice & (1 << place) != 0);
            kept.for_each(|(_, naming)| apply(&mut names, naming));
            let files: BTreeSet<usize> = names.values().copied().collect();
            let images: BTreeMap<usize, Vec<Vec<u8>>> =
                files.iter().map(|file| (*file, self.disks[*file].images(limit, chance))).collect();
            for number in 0..images.values().map(Vec::len).max().unwrap_or(0) {
                let image = |file: &usize| images[file][number % images[file].len()].clone();
                let bytes = names.iter().map(|(name, file)| (*name, image(file))).collect();
                let twins = |(name, file): (&Name, &usize)| {
                    names.iter().find(|(first, same)| *first < name && *same == file).map(|(first, _)| (*first, *name))
                };
                let same: Vec<(Name, Name)> = names.iter().filter_map(twins).collect();
                found.push(Folder::with(&bytes, &same));
            }
        }
        found
    }
}
