//! Starting: the folder, the key, and then to work.

use crate::agent::Agent;
use crate::options::{Command, Serve, USAGE};
use crate::server;
use rustix::process::{DumpableBehavior, geteuid, set_dumpable_behavior};
use sealwright_core::hash::Hash;
use sealwright_core::heads::path_id;
use sealwright_core::key::KeyPair;
use sealwright_core::verify::{Options, Watch, verify_file};
use sealwright_core::{create_folders_above, keyfile, open_lock_file, self_test};
use std::convert::Infallible;
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::ExitCode;

const KEY: &str = "signing.key";

pub(crate) fn main() -> ExitCode {
    let outcome = match Command::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            say(USAGE.trim_end());
            Ok(())
        }
        Ok(Command::Serve(options)) => serve(&options).map(|never| match never {}),
        Ok(Command::Adopt { folder, ledger }) => adopt(&folder, &ledger),
        Err(complaint) => Err(format!("{complaint}\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sealwright-signer: {}", message.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Serve) -> Result<Infallible, String> {
    let (agent, _lock) = open(&options.folder, options.create_key, options.ledgers)?;
    let listener = server::listen(&options.socket, options.socket_mode)
        .map_err(|error| format!("cannot listen at {}: {error}", options.socket.display()))?;
    // Behind this line it can be asked.
    say(&format!("public key {}", agent.public_key()));
    server::serve(agent, &listener, &options.allowed)
}

/// Verifies a ledger, whoever signed it, and signs from now on what follows it.
fn adopt(folder: &Path, ledger: &Path) -> Result<(), String> {
    let (mut agent, _lock) = open(folder, false, usize::MAX)?;
    let path = ledger.canonicalize().map_err(|error| format!("cannot find {}: {error}", ledger.display()))?;
    let report = verify_file(&path, &Options::default(), &mut Watch::default())
        .map_err(|error| format!("cannot verify {}: {error}", path.display()))?;
    let (Some(first), Some(head), true, None) = (report.first_hash, report.head, report.ok, &report.tail) else {
        return Err(format!("{} does not verify, or not to its end, or has no events", path.display()));
    };
    let name = Hash::of(path_id(&path).as_bytes());
    agent.adopt(name, first, head).map_err(|(_, message)| message)?;
    say(&format!("adopted {first} at event {}", head.seq));
    Ok(())
}

/// Whoever started this program may wait for the line; a pipe that nobody reads is no failure.
fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The key and the records of a folder that nobody else may enter, and the lock that keeps a second agent out.
fn open(folder: &Path, create_key: bool, ledgers: usize) -> Result<(Agent, File), String> {
    // No core dump, and no tracing by another process of this user: the key is in memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| format!("cannot forbid dumps: {error}"))?;
    self_test::passed().map_err(|error| error.to_string())?;
    let failed = |error: std::io::Error| format!("cannot use {}: {error}", folder.display());
    create_folders_above(&folder.join(KEY)).map_err(failed)?;
    let metadata = fs::metadata(folder).map_err(failed)?;
    if metadata.mode() & 0o077 != 0 || metadata.uid() != geteuid().as_raw() {
        return Err(format!("{} must belong to this user, and be closed to others: chmod 700", folder.display()));
    }
    let lock = open_lock_file(&folder.join("lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(format!("another signer uses {}", folder.display())),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let key = load_key(&folder.join(KEY), create_key)?;
    Ok((Agent::open(key, folder, ledgers)?, lock))
}

fn load_key(path: &Path, create: bool) -> Result<KeyPair, String> {
    keyfile::load_or_create(path, create, false).map(|(key, _)| key).map_err(|error| error.to_string())
}
