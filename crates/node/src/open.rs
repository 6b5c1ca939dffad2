//! Opening sessions: options, who signs, where heads are kept.

use crate::channel::{Arguments, Channel};
use crate::failure::{misuse, self_tested, throw};
use crate::heads::{NativeFileHeads, NativeHead, NativeMemoryHeads, ScriptHeads, Wish};
use crate::key::NativeKey;
use crate::list::List;
use crate::session::{NativeSession, drain_at_exit};
use crate::signer::{ScriptSigner, Tell};
use crate::task::Work;
use crate::text::{integer, number};
use napi::bindgen_prelude::{AsyncTask, ClassInstance, Function};
use napi::{Env, Result};
use napi_derive::napi;
use sealwright_core::Result as CoreResult;
use sealwright_core::event::EventSet;
use sealwright_core::evolving::EvolvingKey;
use sealwright_core::heads::{HeadStore, ledger_id, path_id};
use sealwright_core::key::PublicKey;
use sealwright_core::ledger::{
    self, HeadOption, RotationLimits, Session, SessionOptions, Sink, TornTailPolicy, VerifyOnOpen,
};
use sealwright_core::signer::{Signatory, Signer};
#[cfg(not(unix))]
use sealwright_core::{Error as CoreError, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How a session is opened.
#[napi(object, object_to_js = false)]
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
pub(crate) enum Hand {
    Ready(Signatory),
    /// An agent's socket, and how long it may take.
    Agent(PathBuf, Duration),
    /// File of a key that changes.
    Evolving(PathBuf),
}

impl Hand {
    pub(crate) fn find(&self) -> CoreResult<Signatory> {
        match self {
            Self::Ready(signatory) => Ok(signatory.clone()),
            Self::Agent(path, timeout) => agent(path, *timeout).map(Signatory::Outside),
            Self::Evolving(path) => EvolvingKey::open(path, false).map(Arc::new).map(Signatory::Evolving),
        }
    }
}

/// What a head store written in JavaScript said about the ids of [`peek_ledger`].
#[napi(object, object_to_js = false)]
pub struct NativeCustomHeads {
    /// The store, by a number that no other store of this process has.
    pub identity: f64,
    /// Hash of the first event when the store was asked; empty for a missing or empty ledger.
    pub first_hash: String,
    /// What it knows.
    #[napi(ts_type = "Array<NativeKnownHead>")]
    pub heads: List<NativeKnownHead>,
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

/// What a session is opened with.
struct Opening {
    options: SessionOptions,
    hand: Hand,
    channel: Arc<Channel>,
}

impl Opening {
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
        let sink: Arc<dyn Sink> = Arc::<Channel>::clone(&self.channel);
        let open = |signatory| Session::open_signed_by(&self.options, &signatory, sink);
        self.hand.find().and_then(open).map_err(|error| throw(&error))
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
) -> Result<AsyncTask<Work>> {
    let opening = Opening::new(key, options, &callback, file_heads, memory_heads)?;
    let channel = Arc::clone(&opening.channel);
    Ok(Work::start_with(move || opening.open(), move |env, session| finish(env, session, channel)))
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
    let opening = Opening::new(key, options, &callback, file_heads, memory_heads)?;
    finish(env, opening.open()?, opening.channel)
}

fn finish(env: Env, session: Session, channel: Arc<Channel>) -> Result<NativeSession> {
    let session = Arc::new(session);
    drain_at_exit(env, &session)?;
    Ok(NativeSession::new(session, channel))
}

fn script_heads(custom: &NativeCustomHeads, ledger_path: &str, channel: &Arc<Channel>) -> Result<ScriptHeads> {
    let (real_path, _) = ledger::peek(Path::new(ledger_path)).map_err(|error| throw(&error))?;
    let mut asked = vec![path_id(&real_path)];
    if !custom.first_hash.is_empty() {
        asked.push(ledger_id(&crate::text::hash(&custom.first_hash)?));
    }
    let mut known = Vec::new();
    for entry in custom.heads.iter() {
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
pub(crate) fn outside(signer: &NativeSigner, channel: &Arc<Channel>) -> Result<Hand> {
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
