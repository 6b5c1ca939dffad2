//! Sessions: records go in by number, results come back through one callback for each group.

use crate::channel::{Channel, NativeRecorded};
use crate::failure::{contained, misuse, throw};
use crate::heads::{NativeHead, abandon_questions, answer_questions};
use crate::key::NativeKey;
use crate::list::List;
use crate::open::{Hand, NativeSigner, outside};
use crate::signer::{abandon_requests, answer_requests};
use crate::task::Work;
use crate::text::{event, integer};
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi::{Env, Result};
use napi_derive::napi;
use sealwright_core::event::Event;
use sealwright_core::ledger::Session;
use sealwright_core::signer::{Signatory, Successor};
use sealwright_core::{Error as CoreError, ErrorCode};
use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long a thread that ends waits for what it has queued.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// A handle on a ledger's writer.
#[napi]
pub struct NativeSession {
    session: Arc<Session>,
    channel: Arc<Channel>,
}

impl NativeSession {
    pub(crate) fn new(session: Arc<Session>, channel: Arc<Channel>) -> Self {
        Self { session, channel }
    }

    pub(crate) fn shared(&self) -> Arc<Session> {
        Arc::clone(&self.session)
    }

    fn successor(&self, key: Option<ClassInstance<'_, NativeKey>>, signer: Option<NativeSigner>) -> Result<Successor> {
        let hand = match (key, signer) {
            (Some(key), None) => Hand::Ready(Signatory::from(&key.pair)),
            (None, Some(signer)) => outside(&signer, &self.channel)?,
            _ => return Err(misuse("a ledger is handed over to a key or a signer")),
        };
        Ok(match hand {
            Hand::Ready(signatory) => Successor::Known(signatory),
            hand => Successor::ToFind(Box::new(move || hand.find())),
        })
    }
}

#[napi]
impl NativeSession {
    /// Queues one event, to be written at [`Self::wake`] or a few milliseconds later; `id` settles later.
    #[napi(catch_unwind)]
    pub fn submit(&self, id: f64, event_text: String) -> Result<()> {
        self.session.submit_quietly(integer(id)?, event(&event_text)?).map_err(|error| throw(&error))
    }

    /// Has the writer take what was queued.
    #[napi(catch_unwind)]
    pub fn wake(&self) {
        self.session.wake();
    }

    /// Queues events that are recorded together or not at all.
    #[napi(catch_unwind)]
    pub fn submit_many(&self, id: f64, #[napi(ts_arg_type = "Array<string>")] event_texts: List<String>) -> Result<()> {
        let parse = |(index, text): (usize, &String)| {
            let recordable = |event: Event| event.check_recordable().map(|()| event);
            Event::parse(text).and_then(recordable).map_err(|error| {
                let path = format!("[{index}].{}", error.path.clone().unwrap_or_default());
                throw(&error.at_path(path.trim_end_matches('.')))
            })
        };
        let events: Vec<Event> = event_texts.iter().enumerate().map(parse).collect::<Result<_>>()?;
        self.session.submit_many(integer(id)?, events).map_err(|error| throw(&error))
    }

    /// True: it was still queued, and will be neither written nor settled.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: f64) -> Result<bool> {
        Ok(self.session.withdraw(integer(id)?))
    }

    /// Records on the calling thread; gives the line.
    #[napi(catch_unwind)]
    pub fn record_sync(&self, event_text: String) -> Result<String> {
        self.session.record(event(&event_text)?).map_err(|error| throw(&error))
    }

    /// The same, with the measures of the group.
    #[napi(catch_unwind)]
    pub fn record_sync_measured(&self, event_text: String) -> Result<NativeRecorded> {
        Ok(NativeRecorded::of(self.session.record_measured(event(&event_text)?)))
    }

    /// Queues a rotation of keys, to a key or a signer.
    #[napi(catch_unwind)]
    pub fn rotate_key(
        &self,
        id: f64,
        key: Option<ClassInstance<'_, NativeKey>>,
        signer: Option<NativeSigner>,
    ) -> Result<()> {
        let to = self.successor(key, signer)?;
        self.session.submit_handover(integer(id)?, to).map_err(|error| throw(&error))
    }

    /// Rotates keys on the calling thread.
    #[napi(catch_unwind)]
    pub fn rotate_key_sync(
        &self,
        key: Option<ClassInstance<'_, NativeKey>>,
        signer: Option<NativeSigner>,
    ) -> Result<NativeRecorded> {
        Ok(NativeRecorded::of(self.session.hand_over(self.successor(key, signer)?)))
    }

    /// Queues the record that the session ended; the caller closes it.
    #[napi(catch_unwind)]
    pub fn end(&self, id: f64, session_id: String) -> Result<()> {
        self.session.submit_end(integer(id)?, &session_id).map_err(|error| throw(&error))
    }

    /// Records that the session ended, on the calling thread, and closes it. Throws when it stays open.
    #[napi(catch_unwind)]
    pub fn end_sync(&self, session_id: String) -> Result<NativeRecorded> {
        self.session.end_measured(&session_id).map(NativeRecorded::of).map_err(|error| throw(&error))
    }

    /// Queues the record that nothing was recorded for so many milliseconds.
    #[napi(catch_unwind)]
    pub fn beat(&self, id: f64, session_id: String, interval_ms: f64) -> Result<()> {
        let interval = Duration::from_millis(integer(interval_ms)?);
        self.session.submit_heartbeat(integer(id)?, &session_id, interval).map_err(|error| throw(&error))
    }

    /// For how many milliseconds nothing was recorded in the ledger.
    #[napi(getter, catch_unwind)]
    pub fn quiet_ms(&self) -> f64 {
        self.session.quiet().as_secs_f64() * 1e3
    }

    /// Who signs the next event, 64 hex digits.
    #[napi(getter, catch_unwind)]
    pub fn public_key_hex(&self) -> String {
        self.session.public_key().to_string()
    }

    /// The ledger's last event that is on stable storage.
    #[napi(getter, catch_unwind)]
    pub fn head(&self) -> Option<NativeHead> {
        self.session.head().map(NativeHead::of)
    }

    /// JSON: what opening the ledger found.
    #[napi(getter, catch_unwind)]
    pub fn recovery(&self) -> String {
        serde_json::to_string(self.session.recovery()).unwrap_or_default()
    }

    /// Why the head store does not have the last head.
    #[napi(getter, catch_unwind)]
    pub fn head_store_error(&self) -> Option<String> {
        self.session.head_store_error()
    }

    /// Why the ledger does not go on in a new file although its own is full.
    #[napi(getter, catch_unwind)]
    pub fn rotate_error(&self) -> Option<String> {
        self.session.rotate_error()
    }

    /// False: the queue is full, and a `room` message will come.
    #[napi(catch_unwind)]
    pub fn want_room(&self) -> bool {
        self.session.has_room()
    }

    /// Keeps the event loop alive.
    #[napi(js_name = "ref", catch_unwind)]
    pub fn hold(&self, env: Env) {
        self.channel.hold(env, true);
    }

    /// Does not keep the event loop alive.
    #[napi(js_name = "unref", catch_unwind)]
    pub fn release(&self, env: Env) {
        self.channel.hold(env, false);
    }

    /// Waits for what was submitted and lets go of the ledger.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn close(&self) -> AsyncTask<Work> {
        let session = Arc::clone(&self.session);
        Work::start(move || {
            session.close();
            Ok(())
        })
    }

    /// After closing: false while a head store written in JavaScript has not been told the last head.
    #[napi(getter, catch_unwind)]
    pub fn head_store_is_told(&self) -> bool {
        self.session.head_store_is_told()
    }

    /// The same on the calling thread.
    #[napi(catch_unwind)]
    pub fn close_sync(&self) -> Result<()> {
        if self.session.must_not_wait() {
            let message =
                "records of this session wait for a signer or head store that may need this thread: use close()";
            return Err(throw(&CoreError::new(ErrorCode::SessionOptions, message)));
        }
        self.session.close();
        Ok(())
    }
}

thread_local! {
    /// Sessions of this JavaScript thread, to be drained when it ends.
    static OPEN: RefCell<Vec<Weak<Session>>> = const { RefCell::new(Vec::new()) };
    static HOOKED: Cell<bool> = const { Cell::new(false) };
}

/// Puts a session on the list of its thread; the first one installs the hook that drains them all.
pub(crate) fn drain_at_exit(env: Env, session: &Arc<Session>) -> Result<()> {
    OPEN.with_borrow_mut(|open| {
        open.retain(|session| session.strong_count() > 0);
        open.push(Arc::downgrade(session));
    });
    if !HOOKED.replace(true) {
        env.add_env_cleanup_hook((), |()| drain())?;
    }
    Ok(())
}

/// The thread ends: what its sessions have queued is written, as far as time allows, and they are closed. What is cut
/// off was never acknowledged.
fn drain() {
    abandon_questions();
    abandon_requests();
    for_each_open(&OPEN.take(), Session::drain);
}

/// Waits until what the sessions of this thread have queued is written, at most 2 s in all: for `process.exit()`, which
/// tells only JavaScript. They stay open. Signer and head store of this thread, which waits here, are not asked meanwhile.
#[napi(catch_unwind)]
pub fn drain_sessions() {
    abandon_questions();
    abandon_requests();
    for_each_open(&OPEN.with_borrow(Clone::clone), Session::wait_idle);
    answer_requests();
    answer_questions();
}

fn for_each_open(sessions: &[Weak<Session>], wait: impl Fn(&Session, Duration)) {
    let started = Instant::now();
    for session in sessions.iter().filter_map(Weak::upgrade) {
        let _ = contained(|| {
            wait(&session, DRAIN_LIMIT.saturating_sub(started.elapsed()));
            Ok(())
        });
    }
}
