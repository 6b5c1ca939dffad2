//! The socket: who may ask, and what is said on a connection.
//!
//! Each connection has a thread. Whoever connects is looked at before a byte of his is read: the system says which user he
//! is (`SO_PEERCRED`: the user of the process that called `connect`). A connection may be idle for as long as it likes;
//! a frame that was begun has to end within [`PATIENCE`].

use crate::agent::{Agent, Refused};
use rustix::fs::Mode;
use rustix::net::sockopt::socket_peercred;
use rustix::process::umask;
use sealwright_core::signer::wire::{self, Ask, Refusal, Reply, VERSION};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a frame may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once, of all users.
const MAX_CONNECTIONS: usize = 64;

/// Answers these users, for ever.
pub(crate) fn serve(agent: Agent, listener: &UnixListener, allowed: &[u32]) -> ! {
    let agent = Arc::new(Mutex::new(agent));
    let allowed: Arc<[u32]> = allowed.into();
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Too many files, for one: it goes away with time.
                eprintln!("sealwright-signer: cannot take a connection: {error}");
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        let place = Place::take(&open);
        let (agent, allowed) = (Arc::clone(&agent), Arc::clone(&allowed));
        let answer = move || {
            // Hanging up is how a session ends; anything else is told.
            if let Err(error) = answer(&stream, &agent, &allowed, place.is_some()) {
                eprintln!("sealwright-signer: a connection ended: {error}");
            }
            drop(place);
        };
        if let Err(error) = thread::Builder::new().name("connection".to_owned()).spawn(answer) {
            eprintln!("sealwright-signer: cannot start a thread: {error}");
        }
    }
}

/// Makes the socket, never wider than it is to be. One that nobody listens on any more was left by a crash.
pub(crate) fn listen(path: &Path, mode: u32) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there"));
        }
        fs::remove_file(path)?;
    }
    let before = umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let listener = UnixListener::bind(path);
    umask(before);
    let listener = listener?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

/// One of the connections that there may be; free again when dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| {
            (open < MAX_CONNECTIONS).then(|| open.saturating_add(1))
        });
        taken.is_ok().then(|| Self(Arc::clone(open)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(stream: &UnixStream, agent: &Mutex<Agent>, allowed: &[u32], has_place: bool) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let send = |reply: &Reply| wire::write(&mut &*stream, &reply.encode());
    let refuse = |refusal, text: &str| send(&Reply::Refused(refusal, text.to_owned()));
    let user = socket_peercred(stream)?.uid.as_raw();
    if !allowed.contains(&user) {
        eprintln!("sealwright-signer: user {user} is not on the list");
        return refuse(Refusal::Stranger, &format!("user {user} is not on the list"));
    }
    if !has_place {
        return refuse(Refusal::Busy, "too many connections");
    }
    let mut greeted = false;
    while let Some(frame) = next_frame(stream)? {
        let reply = match Ask::decode(&frame) {
            Some(Ask::Hello(VERSION)) if !greeted => {
                greeted = true;
                Ok(Reply::Welcome(VERSION, lock(agent).public_key()))
            }
            Some(Ask::Hello(_)) if !greeted => return refuse(Refusal::Version, &format!("this is version {VERSION}")),
            Some(Ask::Unwritten(ledger)) if greeted => lock(agent).unwritten(&ledger).map(Reply::Signed),
            Some(Ask::Sign(ledger, texts)) if greeted => lock(agent).sign(&ledger, texts).map(Reply::Signatures),
            Some(Ask::Endorse(ledger, statement)) if greeted => {
                lock(agent).endorse(&ledger, &statement).map(|proof| Reply::Signatures(vec![proof]))
            }
            _ => return refuse(Refusal::Malformed, "not a frame of this protocol, or not here"),
        };
        send(&reply.unwrap_or_else(|refused| tell(user, refused)))?;
    }
    Ok(())
}

/// A refusal is worth a line: it may be an attempt.
fn tell(user: u32, (refusal, text): Refused) -> Reply {
    eprintln!("sealwright-signer: refused user {user}: {refusal:?}: {text}");
    Reply::Refused(refusal, text)
}

fn lock(agent: &Mutex<Agent>) -> std::sync::MutexGuard<'_, Agent> {
    // A record is put in place before it is stored, and is doubtful until it is.
    agent.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next frame: its first byte may take as long as it likes.
fn next_frame(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    wire::read(&mut Patient { stream, deadline: None })
}

/// A stream whose first byte is waited for, and whose others have to come in time.
struct Patient<'a> {
    stream: &'a UnixStream,
    deadline: Option<Instant>,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(left)?;
        let read = self.stream.read(buffer);
        self.deadline = self.deadline.or_else(|| Instant::now().checked_add(PATIENCE));
        read
    }
}
