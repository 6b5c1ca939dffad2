//! Head stores: the two that Rust has, and one that JavaScript brings.

use crate::failure::throw;
use crate::questions::{Mailbox, Questions};
use crate::text::{hash, integer, number};
use napi::Result;
use napi_derive::napi;
use sealwright_core::chain::Head;
use sealwright_core::heads::{FileHeads, HeadStore, MemoryHeads};
use sealwright_core::ledger;
use sealwright_core::{Error as CoreError, ErrorCode};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// A store that does not answer is given up after this time, so that no record waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// An event's place and hash.
#[napi(object)]
pub struct NativeHead {
    /// Sequence number.
    pub seq: f64,
    /// 64 hex digits.
    pub hash: String,
}

impl NativeHead {
    pub(crate) fn of(head: Head) -> Self {
        Self { seq: number(head.seq), hash: head.hash.to_string() }
    }

    pub(crate) fn to_core(&self) -> Result<Head> {
        Ok(Head { seq: integer(self.seq)?, hash: hash(&self.hash)? })
    }
}

/// Heads in a JSON file.
#[napi]
pub struct NativeFileHeads {
    pub(crate) store: FileHeads,
}

#[napi]
impl NativeFileHeads {
    /// The store in this file.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String) -> Self {
        Self { store: FileHeads::new(path) }
    }

    /// The head stored under an id.
    #[napi(catch_unwind)]
    pub fn get(&self, id: String) -> Result<Option<NativeHead>> {
        get(&self.store, &id)
    }

    /// Stores a head that is later than the stored one.
    #[napi(catch_unwind)]
    pub fn advance(&self, id: String, head: NativeHead) -> Result<()> {
        advance(&self.store, id, &head)
    }

    /// Stores a head whatever is stored.
    #[napi(catch_unwind)]
    pub fn reset(&self, id: String, head: NativeHead) -> Result<()> {
        reset(&self.store, id, &head)
    }
}

/// The head that a file keeps of a ledger: a store, or one head alone.
#[napi(catch_unwind)]
pub fn known_head(file: String, ledger: Option<String>) -> Result<Option<NativeHead>> {
    let head = ledger::known_head(Path::new(&file), ledger.as_deref().map(Path::new));
    Ok(head.map_err(|error| throw(&error))?.map(NativeHead::of))
}

/// Heads in memory.
#[napi]
pub struct NativeMemoryHeads {
    pub(crate) store: MemoryHeads,
}

#[napi]
impl NativeMemoryHeads {
    /// An empty store.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self { store: MemoryHeads::default() }
    }

    /// The head stored under an id.
    #[napi(catch_unwind)]
    pub fn get(&self, id: String) -> Result<Option<NativeHead>> {
        get(&self.store, &id)
    }

    /// Stores a head that is later than the stored one.
    #[napi(catch_unwind)]
    pub fn advance(&self, id: String, head: NativeHead) -> Result<()> {
        advance(&self.store, id, &head)
    }

    /// Stores a head whatever is stored.
    #[napi(catch_unwind)]
    pub fn reset(&self, id: String, head: NativeHead) -> Result<()> {
        reset(&self.store, id, &head)
    }
}

fn reset(store: &dyn HeadStore, id: String, head: &NativeHead) -> Result<()> {
    store.reset(&[(id, head.to_core()?)]).map_err(|error| throw(&error))
}

fn get(store: &dyn HeadStore, id: &str) -> Result<Option<NativeHead>> {
    Ok(store.read(id).map_err(|error| throw(&error))?.map(NativeHead::of))
}

fn advance(store: &dyn HeadStore, id: String, head: &NativeHead) -> Result<()> {
    store.advance(&[(id, head.to_core()?)]).map_err(|error| throw(&error))
}

/// What a store written in JavaScript shall do with a head.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wish {
    /// Keep it, if it is later.
    Advance,
    /// Keep it in any case.
    Reset,
}

/// Calls the JavaScript thread with a ticket, an id and a head. False when that thread is gone.
pub(crate) type Ask = Box<dyn Fn(Wish, u32, &str, Head) -> bool + Send + Sync>;

/// A store written in JavaScript. What it knows was asked before opening; what it shall store is sent to its thread,
/// which answers by ticket.
pub(crate) struct ScriptHeads {
    identity: String,
    /// Ids that were asked for.
    asked: HashSet<String>,
    known: HashMap<String, Head>,
    ask: Ask,
    thread: ThreadId,
}

/// Heads to store; none for stored, or why not.
static HEADS: Questions<Option<String>> = Questions::new();

/// JavaScript's answer to a `head` message: none for stored, or why not.
#[napi(catch_unwind)]
pub fn head_done(ticket: u32, error: Option<String>) {
    HEADS.answer(ticket, error);
}

/// This JavaScript thread is about to block: nobody answers for it until [`answer_questions`].
pub(crate) fn abandon_questions() {
    HEADS.abandon();
}

/// This JavaScript thread goes on, after all.
pub(crate) fn answer_questions() {
    HEADS.resume();
}

impl ScriptHeads {
    /// A store of the calling thread.
    pub(crate) fn new(identity: String, asked: HashSet<String>, known: HashMap<String, Head>, ask: Ask) -> Self {
        Self { identity, asked, known, ask, thread: thread::current().id() }
    }

    fn store(&self, wish: Wish, id: &str, head: Head) -> sealwright_core::Result<()> {
        let failed = |message: &str| Err(CoreError::new(ErrorCode::HeadStore, message));
        let ended = || failed("the thread that brought the head store has ended");
        let mailbox = Mailbox::new();
        let Some(ticket) = HEADS.open(self.thread, &mailbox) else { return ended() };
        if !(self.ask)(wish, ticket, id, head) {
            HEADS.forget(ticket);
            return ended();
        }
        let now = Instant::now();
        match mailbox.take(now.checked_add(PATIENCE).unwrap_or(now)) {
            Some((_, Some(None))) => Ok(()),
            Some((_, Some(Some(error)))) => failed(&error),
            Some((_, None)) => ended(),
            None => {
                HEADS.forget(ticket);
                failed("the head store did not answer within 30 seconds")
            }
        }
    }
}

impl HeadStore for ScriptHeads {
    fn read(&self, id: &str) -> sealwright_core::Result<Option<Head>> {
        if self.asked.contains(id) {
            return Ok(self.known.get(id).copied());
        }
        Err(CoreError::new(ErrorCode::Retry, "the ledger changed while its head store was asked"))
    }

    fn advance(&self, heads: &[(String, Head)]) -> sealwright_core::Result<()> {
        heads.iter().try_for_each(|(id, head)| self.store(Wish::Advance, id, *head))
    }

    fn reset(&self, heads: &[(String, Head)]) -> sealwright_core::Result<()> {
        heads.iter().try_for_each(|(id, head)| self.store(Wish::Reset, id, *head))
    }

    fn identity(&self) -> String {
        self.identity.clone()
    }

    fn needs_its_thread(&self) -> bool {
        true
    }
}
