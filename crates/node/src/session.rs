//! Sessions: records go in by number, results come back through one callback for each group.

use crate::failure::{contained, misuse, self_tested, text as failure_text, throw};
use crate::heads::{
    NativeFileHeads, NativeHead, NativeMemoryHeads, ScriptHeads, Wish, abandon_questions, answer_questions,
};
use crate::key::NativeKey;
use crate::signer::{ScriptSigner, Tell, abandon_requests, answer_requests};
use crate::task::Work;
use crate::text::{event, integer, number};
use napi::bindgen_prelude::{AsyncTask, ClassInstance, FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status, Task, sys};
use napi_derive::napi;
use sealwright_core::event::{Event, EventSet};
use sealwright_core::evolving::EvolvingKey;
use sealwright_core::fault::{FaultPoint, pass};
use sealwright_core::heads::{HeadStore, ledger_id, path_id};
use sealwright_core::key::PublicKey;
use sealwright_core::ledger::{
    self, Batch, GroupMeasures, HeadOption, RotationLimits, Session, SessionOptions, Settled, Sink, TornTailPolicy,
    VerifyOnOpen,
};
use sealwright_core::signer::{Signatory, Signer, Successor};
use sealwright_core::{Error as CoreError, ErrorCode, Result as CoreResult};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long a thread that ends waits for what it has queued.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// How a session is opened.
#[napi(object)]
pub struct NativeOpenOptions {
    /// The ledger file.
    pub ledger_path: String,
    /// `core` or `extended`.
    pub events: String,
    /// `tail` or `all`.
    pub verify_on_open: String,
    /// `quarantine` or `error`.
    pub torn_tail: Option<String>,
    /// Milliseconds.
    pub lock_timeout_ms: f64,
    /// Bytes.
    pub max_queue_bytes: Option<f64>,
    /// When the ledger goes on in a new file.
    pub rotate: Option<NativeRotation>,
    /// File of a key that changes with every segment; instead of a key or a signer.
    pub evolving_key: Option<String>,
    /// Whether records wait for the head store.
    pub head_wait: bool,
    /// What a head store written in JavaScript knows.
    pub custom_heads: Option<NativeCustomHeads>,
    /// Who signs if no key does.
    pub signer: Option<NativeSigner>,
    /// Why the ledger was put back to an earlier state.
    pub restore: Option<String>,
}

/// A signer outside of the process: one written in JavaScript, by its key, or an agent, by its socket.
#[napi(object)]
pub struct NativeSigner {
    /// 64 hex digits.
    pub public_key: Option<String>,
    /// Which of its session's signers it is, where it is asked.
    pub number: f64,
    /// Where the agent listens.
    pub socket_path: Option<String>,
    /// Milliseconds that it may take.
    pub timeout_ms: f64,
}

/// When the active file is full.
#[napi(object)]
pub struct NativeRotation {
    /// Bytes.
    pub max_bytes: Option<f64>,
    /// Events.
    pub max_events: Option<f64>,
    /// Milliseconds since its first event.
    pub max_age_ms: Option<f64>,
}

impl NativeRotation {
    fn limits(&self) -> Result<RotationLimits> {
        Ok(RotationLimits {
            max_bytes: self.max_bytes.map(integer).transpose()?,
            max_events: self.max_events.map(integer).transpose()?,
            max_age: self.max_age_ms.map(integer).transpose()?.map(Duration::from_millis),
        })
    }
}

/// Who signs, as far as is known without asking anyone.
enum Hand {
    Ready(Signatory),
    /// An agent's socket, and how long it may take.
    Agent(PathBuf, Duration),
    /// File of a key that changes.
    Evolving(PathBuf),
}

impl Hand {
    fn find(&self) -> CoreResult<Signatory> {
        match self {
            Self::Ready(signatory) => Ok(signatory.clone()),
            Self::Agent(path, timeout) => agent(path, *timeout).map(Signatory::Outside),
            Self::Evolving(path) => EvolvingKey::open(path, false).map(Arc::new).map(Signatory::Evolving),
        }
    }
}

/// What a head store written in JavaScript said about the ids of [`peek_ledger`].
#[napi(object)]
pub struct NativeCustomHeads {
    /// The store, by a number that no other store of this process has.
    pub identity: f64,
    /// Hash of the first event when the store was asked; empty for a missing or empty ledger.
    pub first_hash: String,
    /// What it knows.
    pub heads: Vec<NativeKnownHead>,
}

/// One entry of a head store.
#[napi(object)]
pub struct NativeKnownHead {
    /// Id.
    pub id: String,
    /// Sequence number.
    pub seq: f64,
    /// 64 hex digits.
    pub hash: String,
}

/// What a head store is asked about before a ledger is opened.
#[napi(object)]
pub struct NativePeek {
    /// The id of what lies at the path.
    pub path_id: String,
    /// Hash of its first event, or empty.
    pub first_hash: String,
}

/// The ids under which a head store knows a ledger.
#[napi(catch_unwind)]
pub fn peek_ledger(path: String) -> Result<NativePeek> {
    let (real_path, first) = ledger::peek(Path::new(&path)).map_err(|error| throw(&error))?;
    let first_hash = first.map(|hash| hash.to_string()).unwrap_or_default();
    Ok(NativePeek { path_id: path_id(&real_path), first_hash })
}

/// Arguments of the callback: what happened, numbers, texts, measures of a group.
type Arguments = FnArgs<(String, Vec<f64>, Vec<String>, Vec<f64>)>;
/// Calls JavaScript from any thread without keeping its event loop alive.
type Callback = ThreadsafeFunction<Message, (), Arguments, Status, false, true>;

/// Something to tell JavaScript.
pub struct Message {
    kind: &'static str,
    numbers: Vec<f64>,
    texts: Vec<String>,
    measures: Vec<f64>,
}

/// A record, and how its group was written.
#[napi(object)]
pub struct NativeRecorded {
    /// The line, or the text of a failure.
    pub result: String,
    /// As the callback is told; empty if it failed.
    pub measures: Vec<f64>,
}

impl NativeRecorded {
    fn of((line, measures): (std::result::Result<String, CoreError>, Option<GroupMeasures>)) -> Self {
        let result = line.unwrap_or_else(|error| failure_text(&error));
        Self { result, measures: measures_list(measures) }
    }
}

/// The way from the writer to the JavaScript thread.
struct Channel(Callback);

impl Channel {
    fn of(callback: &Function<'_, Arguments, ()>) -> Result<Arc<Self>> {
        let callback = callback.build_threadsafe_function::<Message>().weak::<true>().build_callback(|context| {
            let Message { kind, numbers, texts, measures } = context.value;
            Ok(FnArgs::from((kind.to_owned(), numbers, texts, measures)))
        })?;
        Ok(Arc::new(Self(callback)))
    }

    /// False when the thread has ended.
    fn tell(&self, kind: &'static str, numbers: Vec<f64>, texts: Vec<String>) -> bool {
        self.send(Message { kind, numbers, texts, measures: Vec::new() })
    }

    fn send(&self, message: Message) -> bool {
        self.0.call(message, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }

    /// Keeps the event loop alive, or no longer.
    fn hold(&self, env: Env, hold: bool) {
        self.0.handle.with_read_aborted(|aborted| {
            if aborted {
                return;
            }
            let raw = self.0.handle.get_raw();
            // SAFETY: called on the JavaScript thread with its own `env`; the function is not aborted, and its lock is
            // held, so `raw` is alive. `ThreadsafeFunction::refer` takes `&mut self`, which an `Arc` cannot give.
            #[expect(unsafe_code, reason = "napi-rs offers this only through an exclusive reference")]
            let _ = unsafe {
                if hold {
                    sys::napi_ref_threadsafe_function(env.raw(), raw)
                } else {
                    sys::napi_unref_threadsafe_function(env.raw(), raw)
                }
            };
        });
    }
}

impl Sink for Channel {
    fn settle(&self, results: Batch, measures: Option<GroupMeasures>) {
        let (numbers, texts) = results.into_iter().map(|(id, result)| (number(id), result_text(result))).unzip();
        // A thread that has ended waits for nothing any more.
        self.send(Message { kind: "settled", numbers, texts, measures: measures_list(measures) });
    }

    fn room(&self) {
        self.tell("room", Vec::new(), Vec::new());
    }
}

fn result_text(result: Settled) -> String {
    match result {
        Ok(lines) => lines.join("\n"),
        Err(error) => failure_text(&error),
    }
}

/// Events, bytes; milliseconds queued, sealing, writing, syncing. Empty without a group.
fn measures_list(measures: Option<GroupMeasures>) -> Vec<f64> {
    let Some(GroupMeasures { events, bytes, queued, seal, write, sync }) = measures else {
        return Vec::new();
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let sizes = [events, bytes].map(|size| number(u64::try_from(size).unwrap_or(u64::MAX)));
    sizes.into_iter().chain([queued, seal, write, sync].map(milliseconds)).collect()
}

/// What [`open_session`] does on a pool thread.
pub struct OpenTask {
    options: SessionOptions,
    hand: Hand,
    channel: Arc<Channel>,
}

impl OpenTask {
    fn new(
        key: Option<ClassInstance<'_, NativeKey>>,
        options: NativeOpenOptions,
        callback: &Function<'_, Arguments, ()>,
        file_heads: Option<ClassInstance<'_, NativeFileHeads>>,
        memory_heads: Option<ClassInstance<'_, NativeMemoryHeads>>,
    ) -> Result<Self> {
        let channel = Channel::of(callback)?;
        let store: Option<Arc<dyn HeadStore>> = match (&options.custom_heads, file_heads, memory_heads) {
            (Some(custom), ..) => Some(Arc::new(script_heads(custom, &options.ledger_path, &channel)?)),
            (None, Some(file), _) => Some(Arc::new(file.store.clone())),
            (None, None, Some(memory)) => Some(Arc::new(memory.store.clone())),
            (None, None, None) => None,
        };
        let hand = match (key, &options.signer, &options.evolving_key) {
            (Some(key), None, None) => Hand::Ready(Signatory::from(&key.pair)),
            (None, Some(signer), None) => outside(signer, &channel)?,
            (None, None, Some(path)) => {
                self_tested()?;
                Hand::Evolving(PathBuf::from(path))
            }
            _ => return Err(misuse("a session has a key, or a signer, or a key that evolves")),
        };
        let head_store = store.map(|store| HeadOption { store, wait: options.head_wait });
        let options = SessionOptions {
            path: PathBuf::from(&options.ledger_path),
            events: event_set(&options.events)?,
            verify_on_open: if options.verify_on_open == "all" { VerifyOnOpen::All } else { VerifyOnOpen::Tail },
            torn_tail: options
                .torn_tail
                .map(|policy| if policy == "error" { TornTailPolicy::Error } else { TornTailPolicy::Quarantine }),
            lock_timeout: Duration::from_millis(integer(options.lock_timeout_ms)?),
            max_queue_bytes: options.max_queue_bytes.map(bytes).transpose()?,
            rotation: options.rotate.map(|rotate| rotate.limits()).transpose()?,
            head_store,
            restore: options.restore,
        };
        Ok(Self { options, hand, channel })
    }

    fn open(&self) -> Result<Session> {
        pass(FaultPoint::Task);
        let sink: Arc<dyn Sink> = Arc::<Channel>::clone(&self.channel);
        let open = |signatory| Session::open_signed_by(&self.options, &signatory, sink);
        self.hand.find().and_then(open).map_err(|error| throw(&error))
    }

    fn finish(&self, env: Env, session: Session) -> Result<NativeSession> {
        let session = Arc::new(session);
        drain_at_exit(env, &session)?;
        Ok(NativeSession { session, channel: Arc::clone(&self.channel) })
    }
}

impl Task for OpenTask {
    type Output = Session;
    type JsValue = NativeSession;

    fn compute(&mut self) -> Result<Session> {
        contained(|| self.open())
    }

    fn resolve(&mut self, env: Env, session: Session) -> Result<NativeSession> {
        contained(|| self.finish(env, session))
    }
}

/// Opens a ledger, or creates it, on a pool thread.
#[napi(catch_unwind, ts_return_type = "Promise<NativeSession>")]
pub fn open_session(
    key: Option<ClassInstance<'_, NativeKey>>,
    options: NativeOpenOptions,
    #[napi(
        ts_arg_type = "(kind: 'settled' | 'room' | 'head' | 'reset' | 'sign' | 'endorse' | 'stop', numbers: Array<number>, texts: Array<string>, measures: Array<number>) => void"
    )]
    callback: Function<'_, Arguments, ()>,
    file_heads: Option<ClassInstance<'_, NativeFileHeads>>,
    memory_heads: Option<ClassInstance<'_, NativeMemoryHeads>>,
) -> Result<AsyncTask<OpenTask>> {
    OpenTask::new(key, options, &callback, file_heads, memory_heads).map(AsyncTask::new)
}

/// The same on the calling thread.
#[napi(catch_unwind)]
pub fn open_session_sync(
    env: Env,
    key: Option<ClassInstance<'_, NativeKey>>,
    options: NativeOpenOptions,
    #[napi(
        ts_arg_type = "(kind: 'settled' | 'room' | 'head' | 'reset' | 'sign' | 'endorse' | 'stop', numbers: Array<number>, texts: Array<string>, measures: Array<number>) => void"
    )]
    callback: Function<'_, Arguments, ()>,
    file_heads: Option<ClassInstance<'_, NativeFileHeads>>,
    memory_heads: Option<ClassInstance<'_, NativeMemoryHeads>>,
) -> Result<NativeSession> {
    let task = OpenTask::new(key, options, &callback, file_heads, memory_heads)?;
    let session = task.open()?;
    task.finish(env, session)
}

/// A handle on a ledger's writer.
#[napi]
pub struct NativeSession {
    session: Arc<Session>,
    channel: Arc<Channel>,
}

impl NativeSession {
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
    pub fn submit_many(&self, id: f64, event_texts: Vec<String>) -> Result<()> {
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
    pub fn close(&self) -> AsyncTask<CloseTask> {
        let session = Arc::clone(&self.session);
        AsyncTask::new(Work::new(Box::new(move || {
            session.close();
            Ok(())
        })))
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

/// Work without a result.
pub type CloseTask = Work<Box<dyn FnOnce() -> Result<()> + Send>, ()>;

fn script_heads(custom: &NativeCustomHeads, ledger_path: &str, channel: &Arc<Channel>) -> Result<ScriptHeads> {
    let (real_path, _) = ledger::peek(Path::new(ledger_path)).map_err(|error| throw(&error))?;
    let mut asked = vec![path_id(&real_path)];
    if !custom.first_hash.is_empty() {
        asked.push(ledger_id(&crate::text::hash(&custom.first_hash)?));
    }
    let mut known = Vec::new();
    for entry in &custom.heads {
        known.push((entry.id.clone(), NativeHead { seq: entry.seq, hash: entry.hash.clone() }.to_core()?));
    }
    let identity = format!("script:{}", custom.identity);
    let channel = Arc::clone(channel);
    let ask = Box::new(move |wish: Wish, ticket: u32, id: &str, head: sealwright_core::chain::Head| {
        let kind = match wish {
            Wish::Advance => "head",
            Wish::Reset => "reset",
        };
        channel.tell(kind, vec![f64::from(ticket), number(head.seq)], vec![id.to_owned(), head.hash.to_string()])
    });
    Ok(ScriptHeads::new(identity, asked.into_iter().collect(), known.into_iter().collect(), ask))
}

/// Nobody signs outside before the build has passed its self-test, as no key is made before that.
fn outside(signer: &NativeSigner, channel: &Arc<Channel>) -> Result<Hand> {
    self_tested()?;
    let timeout_ms = integer(signer.timeout_ms)?;
    match (&signer.public_key, &signer.socket_path) {
        (Some(key), None) => {
            Ok(Hand::Ready(Signatory::Outside(script_signer(key, timeout_ms, signer.number, channel)?)))
        }
        (None, Some(path)) => Ok(Hand::Agent(PathBuf::from(path), Duration::from_millis(timeout_ms))),
        _ => Err(misuse("a signer has a public key or a socket")),
    }
}

#[cfg(unix)]
fn agent(path: &Path, timeout: Duration) -> CoreResult<Arc<dyn Signer>> {
    Ok(sealwright_core::signer::SocketSigner::shared(path, timeout)?)
}

#[cfg(not(unix))]
fn agent(_path: &Path, _timeout: Duration) -> CoreResult<Arc<dyn Signer>> {
    Err(CoreError::new(ErrorCode::SignerFailed, "a signer agent is reached by a Unix socket, which this system lacks"))
}

fn script_signer(public_key: &str, timeout_ms: u64, which: f64, channel: &Arc<Channel>) -> Result<Arc<dyn Signer>> {
    let public_key = PublicKey::parse(public_key).map_err(|error| throw(&error))?;
    let channel = Arc::clone(channel);
    let call = Box::new(move |tell: Tell<'_>| match tell {
        Tell::Ask(kind, ticket, request) => {
            // Canonical JSON is UTF-8, and so is a statement.
            let text = String::from_utf8_lossy(&request.canonical).into_owned();
            let texts = vec![text, request.hash.to_string(), request.parent.to_string()];
            channel.tell(kind, vec![f64::from(ticket), number(request.seq), which], texts)
        }
        Tell::Stop(tickets) => channel.tell("stop", tickets.into_iter().map(f64::from).collect(), Vec::new()),
    });
    Ok(Arc::new(ScriptSigner::new(public_key, timeout_ms, call)))
}

fn event_set(name: &str) -> Result<EventSet> {
    match name {
        "core" => Ok(EventSet::Core),
        "extended" => Ok(EventSet::Extended),
        _ => Err(misuse("events is 'core' or 'extended'")),
    }
}

fn bytes(value: f64) -> Result<usize> {
    usize::try_from(integer(value)?).map_err(|_| misuse("more bytes than this machine can hold"))
}

thread_local! {
    /// Sessions of this JavaScript thread, to be drained when it ends.
    static OPEN: RefCell<Vec<Weak<Session>>> = const { RefCell::new(Vec::new()) };
    static HOOKED: Cell<bool> = const { Cell::new(false) };
}

/// Puts a session on the list of its thread; the first one installs the hook that drains them all.
fn drain_at_exit(env: Env, session: &Arc<Session>) -> Result<()> {
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
