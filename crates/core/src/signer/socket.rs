//! A signer agent on a Unix socket, as the session sees it.
//!
//! One connection, made when the first thing is asked and again when it broke; all sessions of a process that name the same
//! socket share it. What was asked to be signed and got no answer may have been signed and stored: such a group has an
//! unknown end, and the agent is asked for it first.

use super::wire::{Ask, Ledger, Refusal, Reply, VERSION, read, write};
use super::{Memory, Place, Remembered, Request, Signer};
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::hash::Hash;
use crate::heads::path_id;
use crate::key::{PublicKey, Signature};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// See the module.
pub struct SocketSigner {
    path: PathBuf,
    /// How long the agent may take for each answer.
    timeout: Duration,
    public_key: PublicKey,
    connection: Mutex<Option<UnixStream>>,
}

/// Those that sessions of this process have.
static SHARED: Mutex<Vec<Weak<SocketSigner>>> = Mutex::new(Vec::new());

impl SocketSigner {
    /// The signer of a socket that another session of this process has already, or a new one.
    pub fn shared(path: &Path, timeout: Duration) -> Result<Arc<Self>> {
        let is_it = |signer: &Arc<Self>| signer.path == path && signer.timeout == timeout;
        if let Some(signer) = lock(&SHARED).iter().filter_map(Weak::upgrade).find(is_it) {
            return Ok(signer);
        }
        // Not under the lock: an agent that does not answer holds up nobody who asks another.
        let signer = Arc::new(Self::connect(path, timeout)?);
        let mut shared = lock(&SHARED);
        shared.retain(|signer| signer.strong_count() > 0);
        shared.push(Arc::downgrade(&signer));
        Ok(signer)
    }

    /// Connects to the agent whose socket is at a path, and learns its key.
    pub fn connect(path: &Path, timeout: Duration) -> Result<Self> {
        let mut signer = Self {
            path: path.to_owned(),
            timeout,
            public_key: PublicKey::from_bytes([0; 32]),
            connection: Mutex::new(None),
        };
        let (stream, public_key) = signer.greet()?;
        signer.public_key = public_key;
        signer.connection = Mutex::new(Some(stream));
        Ok(signer)
    }

    fn greet(&self) -> Result<(UnixStream, PublicKey)> {
        let stream = UnixStream::connect(&self.path).map_err(|error| self.failed(&error))?;
        match self.say(&stream, &Ask::Hello(VERSION)).map_err(|error| self.failed(&error))? {
            Reply::Welcome(VERSION, public_key) => Ok((stream, public_key)),
            Reply::Refused(refusal, text) => Err(refused(refusal, &text)),
            _ => Err(Error::new(ErrorCode::SignerFailed, "the signer agent speaks another version")),
        }
    }

    /// Asks, on the connection that is there or a new one. An agent that was started again has closed the old one, which
    /// shows before anything is lost: what was said on it is then said once more.
    fn ask(&self, ask: &Ask) -> Result<Reply> {
        let mut connection = lock(&self.connection);
        if let Some(stream) = connection.take()
            && !is_closed(&stream)
        {
            return self.finish(&mut connection, stream, ask);
        }
        let (stream, public_key) = self.greet()?;
        if public_key != self.public_key {
            let message = format!("the signer agent at {} has another key now, {public_key}", self.path.display());
            return Err(Error::new(ErrorCode::SignerFailed, message));
        }
        self.finish(&mut connection, stream, ask)
    }

    fn finish(&self, connection: &mut Option<UnixStream>, stream: UnixStream, ask: &Ask) -> Result<Reply> {
        // From the first byte on nobody knows what the agent has done.
        let reply = self.say(&stream, ask).map_err(|error| self.failed(&error).with_outcome(Outcome::Unknown))?;
        *connection = Some(stream);
        Ok(reply)
    }

    fn say(&self, stream: &UnixStream, ask: &Ask) -> io::Result<Reply> {
        let mut timed = Timed { stream, deadline: Instant::now().checked_add(self.timeout) };
        let written = write(&mut timed, &ask.encode());
        let reply = read(&mut timed).and_then(|frame| {
            let frame = frame.ok_or(io::ErrorKind::UnexpectedEof)?;
            Reply::decode(&frame).ok_or_else(|| io::ErrorKind::InvalidData.into())
        });
        match (written, reply) {
            // An agent that does not want to hear more has said so before it hung up.
            (Err(_), Ok(reply @ Reply::Refused(..))) => Ok(reply),
            (written, reply) => written.and(reply),
        }
    }

    fn failed(&self, error: &io::Error) -> Error {
        let at = self.path.display();
        if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
            let message = format!("the signer agent at {at} did not answer within {} ms", self.timeout.as_millis());
            return Error::new(ErrorCode::SignerTimeout, message);
        }
        Error::io(ErrorCode::SignerFailed, format!("cannot talk to the signer agent at {at}"), error)
    }

    fn unexpected() -> Error {
        Error::new(ErrorCode::SignerFailed, "the signer agent gave another answer than it was asked for")
            .with_outcome(Outcome::Unknown)
    }
}

impl Signer for SocketSigner {
    fn public_key(&self) -> PublicKey {
        self.public_key
    }

    fn sign(&self, place: &Place<'_>, requests: &[Request]) -> Result<Vec<Signature>> {
        let texts = requests.iter().map(|request| request.canonical.clone()).collect();
        match self.ask(&Ask::Sign(ledger(place), texts))? {
            Reply::Signatures(signatures) => Ok(signatures),
            Reply::Refused(refusal, text) => Err(refused(refusal, &text)),
            _ => Err(Self::unexpected()),
        }
    }

    fn endorse(&self, place: &Place<'_>, handover: &Request) -> Result<Signature> {
        match self.ask(&Ask::Endorse(ledger(place), handover.canonical.clone()))? {
            Reply::Signatures(signatures) => signatures.first().copied().ok_or_else(Self::unexpected),
            Reply::Refused(refusal, text) => Err(refused(refusal, &text)),
            _ => Err(Self::unexpected()),
        }
    }

    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Memory for SocketSigner {
    fn unwritten(&self, place: &Place<'_>) -> Result<Vec<Remembered>> {
        let reply = self.ask(&Ask::Unwritten(ledger(place)));
        match reply.map_err(|error| Error { outcome: None, ..error })? {
            Reply::Signed(events) => Ok(events),
            Reply::Refused(refusal, text) => Err(Error { outcome: None, ..refused(refusal, &text) }),
            _ => Err(Error { outcome: None, ..Self::unexpected() }),
        }
    }
}

/// What is behind these locks is never left half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ledger(place: &Place<'_>) -> Ledger {
    Ledger { name: Hash::of(path_id(place.path).as_bytes()), first: place.first, head: place.head }
}

fn refused(refusal: Refusal, text: &str) -> Error {
    let code = match refusal {
        Refusal::Rollback => ErrorCode::RollbackDetected,
        Refusal::Store | Refusal::Busy => ErrorCode::SignerFailed,
        _ => ErrorCode::SignerRefused,
    };
    let error = Error::new(code, format!("the signer agent refuses: {text}"));
    if refusal == Refusal::Store { error.with_outcome(Outcome::Unknown) } else { error }
}

/// Whether the other side has hung up: nothing was asked, so that anything to read is the end.
fn is_closed(stream: &UnixStream) -> bool {
    let mut byte = [0];
    let looked = stream.set_nonblocking(true).and_then(|()| {
        let mut stream = stream;
        stream.read(&mut byte)
    });
    let waits = matches!(looked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    !(waits && stream.set_nonblocking(false).is_ok())
}

/// A stream whose calls end in time, taken together.
struct Timed<'a> {
    stream: &'a UnixStream,
    /// None: so far off that no clock shows it.
    deadline: Option<Instant>,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
