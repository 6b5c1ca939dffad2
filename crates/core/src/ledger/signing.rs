//! Signing a group: on the writer's thread, and from [`HELPED`] events on with one more.
//!
//! ```text
//! writer   hashes --task--> helper
//!    \                        |
//!     claim a block, sign it  claim a block, sign it --block of signatures--> writer
//!          (until no block is left)
//! ```
//!
//! The chain needs only hashes, so signatures may be made in any order. Whoever is free claims the next [`BLOCK`] hashes:
//! a helper that the system does not let run holds nobody up, since the writer waits only for blocks that were claimed.
//! Starting a thread takes as long as three signatures; so there is one, started with the first large group, asleep
//! between groups, and gone with its [`Signing`]. What it fails to sign is signed on the writer's thread.

use crate::handover::Statement;
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey, Signature};
use crate::sync::{Condvar, Mutex, lock, thread, wait};
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Events from which on a second thread helps: it wakes up in the time of a few signatures.
const HELPED: usize = 8;
/// Hashes that are claimed at once, see [`KeyPair::sign_all`].
const BLOCK: usize = KeyPair::BLOCK;

/// Signs for one writer.
pub(super) struct Signing {
    key: Arc<KeyPair>,
    helper: Helper,
    /// [`KeyPair::sign_all`], but in tests.
    sign: Sign,
}

type Sign = fn(&KeyPair, &[Hash]) -> Vec<Signature>;

enum Helper {
    /// No group was large enough yet.
    NotStarted,
    Running(Running),
    /// It could not be started, or has panicked.
    Gone,
}

struct Running {
    desk: Arc<Desk>,
    thread: thread::JoinHandle<()>,
}

/// Where writer and helper hand things to each other.
#[derive(Default)]
struct Desk {
    papers: Mutex<Papers>,
    changed: Condvar,
}

#[derive(Default)]
struct Papers {
    /// For the helper.
    task: Option<Arc<Task>>,
    /// For the writer: signatures of a block, and where the block begins.
    blocks: Vec<(usize, Vec<Signature>)>,
    /// One of the two is gone.
    deserted: bool,
}

/// The hashes of a group.
struct Task {
    hashes: Vec<Hash>,
    /// Those from here on are claimed by nobody.
    next: AtomicUsize,
}

impl Signing {
    pub(super) fn new(key: Arc<KeyPair>) -> Self {
        Self::with(key, KeyPair::sign_all)
    }

    fn with(key: Arc<KeyPair>, sign: Sign) -> Self {
        Self { key, helper: Helper::NotStarted, sign }
    }

    /// Whose signatures these are.
    pub(super) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// The signature of a handover's statement.
    pub(super) fn endorse(&self, statement: &Statement) -> Signature {
        statement.sign(&self.key)
    }

    /// A signature of each hash.
    pub(super) fn sign(&mut self, hashes: Vec<Hash>) -> Vec<Signature> {
        if hashes.len() < HELPED {
            return (self.sign)(&self.key, &hashes);
        }
        if matches!(self.helper, Helper::NotStarted) {
            self.helper = start(Arc::clone(&self.key), self.sign).map_or(Helper::Gone, Helper::Running);
        }
        let Helper::Running(running) = &self.helper else {
            return (self.sign)(&self.key, &hashes);
        };
        let task = Arc::new(Task { hashes, next: AtomicUsize::new(0) });
        let mut signed = Signed::new(task.hashes.len());
        running.desk.change(|papers| papers.task = Some(Arc::clone(&task)));
        while let Some(block) = task.claim() {
            signed.put(block.start, (self.sign)(&self.key, task.block(&block)));
        }
        while signed.missing > 0 {
            let Some(blocks) = running.desk.take_blocks() else { break };
            blocks.into_iter().for_each(|(start, signatures)| signed.put(start, signatures));
        }
        if signed.missing > 0 {
            self.helper = Helper::Gone;
            return (self.sign)(&self.key, &task.hashes);
        }
        signed.blocks.into_iter().flatten().collect()
    }
}

/// The helper ends with its writer: nothing of this package runs behind the end of a thread or process that waits for it.
impl Drop for Signing {
    fn drop(&mut self) {
        if let Helper::Running(Running { desk, thread }) = mem::replace(&mut self.helper, Helper::Gone) {
            desk.change(|papers| papers.deserted = true);
            // A panic in it is told by the signatures that do not come.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn change(&self, change: impl FnOnce(&mut Papers)) {
        change(&mut lock(&self.papers));
        self.changed.notify_all();
    }

    /// For the helper. None when the writer is gone.
    fn take_task(&self) -> Option<Arc<Task>> {
        let mut papers = lock(&self.papers);
        loop {
            if papers.deserted {
                return None;
            }
            if let Some(task) = papers.task.take() {
                return Some(task);
            }
            papers = wait(&self.changed, papers);
        }
    }

    /// For the writer, who waits for one at least. None when the helper is gone.
    fn take_blocks(&self) -> Option<Vec<(usize, Vec<Signature>)>> {
        let mut papers = lock(&self.papers);
        while papers.blocks.is_empty() {
            if papers.deserted {
                return None;
            }
            papers = wait(&self.changed, papers);
        }
        Some(mem::take(&mut papers.blocks))
    }
}

/// Tells the writer that the helper ends, also by a panic.
struct Desertion(Arc<Desk>);

impl Drop for Desertion {
    fn drop(&mut self) {
        self.0.change(|papers| papers.deserted = true);
    }
}

/// The signatures of a group, block by block.
struct Signed {
    blocks: Vec<Vec<Signature>>,
    missing: usize,
}

impl Signed {
    fn new(hashes: usize) -> Self {
        let missing = hashes.div_ceil(BLOCK);
        Self { blocks: vec![Vec::new(); missing], missing }
    }

    fn put(&mut self, start: usize, signatures: Vec<Signature>) {
        if let Some(block) = self.blocks.get_mut(start.checked_div(BLOCK).unwrap_or_default()) {
            *block = signatures;
            self.missing = self.missing.saturating_sub(1);
        }
    }
}

impl Task {
    /// The next block that nobody has claimed.
    fn claim(&self) -> Option<Range<usize>> {
        let start = self.next.fetch_add(BLOCK, Ordering::Relaxed);
        let end = start.saturating_add(BLOCK).min(self.hashes.len());
        (start < end).then_some(start..end)
    }

    fn block(&self, block: &Range<usize>) -> &[Hash] {
        self.hashes.get(block.clone()).unwrap_or_default()
    }
}

/// None: the system has no thread left.
fn start(key: Arc<KeyPair>, sign: Sign) -> Option<Running> {
    let desk = Arc::<Desk>::default();
    let helpers = Desertion(Arc::clone(&desk));
    let help = move || {
        let Desertion(desk) = &helpers;
        while let Some(task) = desk.take_task() {
            while let Some(block) = task.claim() {
                let signatures = sign(&key, task.block(&block));
                desk.change(|papers| papers.blocks.push((block.start, signatures)));
            }
        }
    };
    let thread = thread::Builder::new().name("sealwright-sign".to_owned()).spawn(help).ok()?;
    Some(Running { desk, thread })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Arc<KeyPair> {
        Arc::new(KeyPair::from_seed(&[1; 32]))
    }

    fn hashes(count: u64) -> Vec<Hash> {
        (0..count).map(|number| Hash::of(&number.to_le_bytes())).collect()
    }

    fn one_by_one(hashes: &[Hash]) -> Vec<Signature> {
        hashes.iter().map(|hash| key().sign(hash)).collect()
    }

    fn is_helper() -> bool {
        std::thread::current().name() == Some("sealwright-sign")
    }

    #[test]
    fn groups_of_any_size_are_signed_as_single_events_are() {
        let mut signing = Signing::new(key());
        for count in 0..=100 {
            assert_eq!(signing.sign(hashes(count)), one_by_one(&hashes(count)), "{count} events");
            let expected = count >= 8;
            assert_eq!(matches!(signing.helper, Helper::Running(_)), expected, "{count} events");
        }
    }

    #[test]
    fn what_the_helper_claims_is_waited_for() {
        // The writer stands still in its first block until the helper has signed another.
        static HELPED_WITH: AtomicUsize = AtomicUsize::new(0);
        let sign: Sign = |key, hashes| {
            if is_helper() {
                HELPED_WITH.fetch_add(1, Ordering::SeqCst);
            }
            while HELPED_WITH.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            key.sign_all(hashes)
        };
        let mut signing = Signing::with(key(), sign);
        assert_eq!(signing.sign(hashes(64)), one_by_one(&hashes(64)));
        assert!(HELPED_WITH.load(Ordering::SeqCst) > 0);
    }

    #[test]
    fn a_helper_that_panics_or_is_not_there_loses_nothing() {
        static PANICS: AtomicUsize = AtomicUsize::new(0);
        let sign: Sign = |key, hashes| {
            if is_helper() {
                PANICS.fetch_add(1, Ordering::SeqCst);
                panic!("a helper that fails");
            }
            while PANICS.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            key.sign_all(hashes)
        };
        let mut signing = Signing::with(key(), sign);
        for _ in 0..3 {
            assert_eq!(signing.sign(hashes(40)), one_by_one(&hashes(40)));
            assert!(matches!(signing.helper, Helper::Gone));
        }
        assert_eq!(PANICS.load(Ordering::SeqCst), 1, "it is not started again");
    }

    #[test]
    fn the_helper_ends_with_the_writer() {
        let shared = key();
        let mut signing = Signing::new(Arc::clone(&shared));
        signing.sign(hashes(20));
        assert_eq!(Arc::strong_count(&shared), 3);
        drop(signing);
        assert_eq!(Arc::strong_count(&shared), 1);
    }
}
