use super::super::inbox::Inbox;
use super::super::recover::inspect;
use super::*;
use crate::key::{KeyPair, PublicKey};
use crate::signer::{Memory, Place, Remembered, Request, Signer};
use crate::storage::{FileId, Source};
use crate::verify::{Options, Verifier};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// A file in memory that does what a test says with its next calls, and writes down what it was asked.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    calls: Vec<&'static str>,
    /// Replies to the next calls of a name, first come first served; none is success.
    replies: Vec<(&'static str, Reply)>,
    unlinked: bool,
}

enum Reply {
    Fail(io::ErrorKind),
    /// Writes so many bytes only.
    Short(usize),
    /// Writes so many bytes and then fails.
    ShortThenFail(usize),
}

impl Fake {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn reply(&self, call: &'static str, reply: Reply) {
        self.state().replies.push((call, reply));
    }

    /// What was asked since the last time.
    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.state().calls)
    }

    fn take(&self, call: &'static str) -> Option<Reply> {
        let mut state = self.state();
        state.calls.push(call);
        let place = state.replies.iter().position(|(name, _)| *name == call)?;
        Some(state.replies.remove(place).1)
    }

    fn done(&self, call: &'static str) -> io::Result<()> {
        match self.take(call) {
            Some(Reply::Fail(kind)) => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

impl Source for Fake {
    fn length(&self) -> io::Result<u64> {
        Ok(as_u64(self.state().bytes.len()))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let rest = &state.bytes[usize::try_from(offset).unwrap().min(state.bytes.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Storage for Fake {
    fn id(&self) -> FileId {
        FileId::unlisted(0)
    }

    fn is_linked(&self) -> io::Result<bool> {
        Ok(!self.state().unlinked)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let reply = self.take("write");
        let count = match reply {
            Some(Reply::Fail(kind)) => return Err(kind.into()),
            Some(Reply::Short(count) | Reply::ShortThenFail(count)) => count.min(bytes.len()),
            None => bytes.len(),
        };
        let start = usize::try_from(offset).unwrap();
        let mut state = self.state();
        let end = (start + count).max(state.bytes.len());
        state.bytes.resize(end, 0);
        state.bytes[start..start + count].copy_from_slice(&bytes[..count]);
        if let Some(Reply::ShortThenFail(_)) = reply {
            state.replies.insert(0, ("write", Reply::Fail(io::ErrorKind::StorageFull)));
        }
        Ok(count)
    }
    fn set_len(&self, length: u64) -> io::Result<()> {
        self.done("set_len")?;
        self.state().bytes.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }
    fn sync(&self) -> io::Result<()> {
        self.done("sync")
    }
    fn sync_folder(&self) -> io::Result<()> {
        self.done("sync_folder")
    }
    fn quarantine(&self, _offset: u64, _bytes: &[u8]) -> io::Result<PathBuf> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn event(reason: &str) -> Event {
    Event::parse(&format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{reason}","summary_sha256":""}}}}"#))
        .unwrap()
}

fn open(fake: &Fake) -> Appender {
    let inspection = inspect(fake, Some(ChainState::START)).unwrap();
    let key = Arc::new(KeyPair::from_seed(&[1; 32]));
    let (hand, _) = Hand::new(&key.into(), Path::new("ledger.ndjson"), Inbox::FIRST).unwrap();
    Appender::new(Box::new(fake.clone()), hand, &inspection, None)
}

fn count(fake: &Fake) -> u64 {
    let mut verifier = Verifier::new(&Options::default());
    verifier.push(&fake.state().bytes);
    let report = verifier.finish().unwrap();
    assert!(report.ok && report.tail.is_none(), "{report:?}");
    report.event_count
}

fn failure(result: Result<Appended, Failed>) -> (ErrorCode, Option<Outcome>, bool) {
    match result {
        Ok(_) => panic!("no failure"),
        Err(Failed { error, poisoned }) => (error.code, error.outcome, poisoned),
    }
}

#[test]
fn a_group_is_one_write_and_one_sync_and_the_window_comes_first() {
    let fake = Fake::default();
    let mut appender = open(&fake);
    assert!(fake.calls().is_empty(), "opening writes nothing");
    appender.append(&[event("a"), event("b")]).ok().unwrap();
    assert_eq!(fake.calls(), ["sync", "sync_folder", "write", "sync"]);
    appender.append(&[event("c")]).ok().unwrap();
    assert_eq!(fake.calls(), ["write", "sync"]);
    open(&fake).append(&[event("d")]).ok().unwrap();
    assert_eq!(fake.calls(), ["write", "sync", "sync_folder", "write", "sync"]);
    assert_eq!(count(&fake), 4);
}

#[test]
fn a_missing_line_feed_is_synced_before_the_next_event_is_written() {
    let fake = Fake::default();
    open(&fake).append(&[event("a")]).ok().unwrap();
    fake.state().bytes.pop();
    let mut appender = open(&fake);
    fake.calls();
    // The first write ends the last line; the group's own write fails, and is cut back behind the LF.
    fake.reply("write", Reply::Short(usize::MAX));
    fake.reply("write", Reply::Fail(io::ErrorKind::StorageFull));
    let expected = (ErrorCode::LedgerIo, Some(Outcome::NotWritten), false);
    assert_eq!(failure(appender.append(&[event("lost")])), expected);
    assert_eq!(fake.calls(), ["write", "sync", "sync_folder", "write", "set_len", "sync"]);
    assert!(fake.state().bytes.ends_with(b"}\n"));
    appender.append(&[event("b")]).ok().unwrap();
    assert_eq!(count(&fake), 2);
}

#[test]
fn short_and_interrupted_writes_go_on() {
    let fake = Fake::default();
    let mut appender = open(&fake);
    fake.reply("write", Reply::Short(10));
    fake.reply("write", Reply::Fail(io::ErrorKind::Interrupted));
    appender.append(&[event("a")]).ok().unwrap();
    assert_eq!(count(&fake), 1);
}

#[test]
fn a_failed_write_is_cut_back_and_the_next_one_succeeds() {
    let fake = Fake::default();
    let mut appender = open(&fake);
    appender.append(&[event("a")]).ok().unwrap();
    fake.calls();
    fake.reply("write", Reply::ShortThenFail(100));
    let expected = (ErrorCode::LedgerIo, Some(Outcome::NotWritten), false);
    assert_eq!(failure(appender.append(&[event("lost")])), expected);
    assert_eq!(fake.calls(), ["write", "write", "set_len", "sync"]);
    let lines = appender.append(&[event("b")]).ok().unwrap().lines;
    assert!(lines[0].starts_with(r#"{"seq":1,"#));
    assert_eq!(count(&fake), 2);
}

#[test]
fn what_leaves_the_end_unknown_poisons() {
    for (calls, outcome) in [
        (vec![("write", Reply::ShortThenFail(9)), ("set_len", Reply::Fail(io::ErrorKind::Other))], Outcome::Unknown),
        (vec![("write", Reply::ShortThenFail(9)), ("sync", Reply::Fail(io::ErrorKind::Other))], Outcome::Unknown),
        (vec![("sync", Reply::Fail(io::ErrorKind::Other))], Outcome::Unknown),
    ] {
        let fake = Fake::default();
        let mut appender = open(&fake);
        appender.append(&[event("a")]).ok().unwrap();
        for (call, reply) in calls {
            fake.reply(call, reply);
        }
        let expected = (ErrorCode::SessionPoisoned, Some(outcome), true);
        assert_eq!(failure(appender.append(&[event("b")])), expected);
    }
}

#[test]
fn a_window_that_cannot_be_synced_poisons_before_anything_is_written() {
    let fake = Fake::default();
    open(&fake).append(&[event("a")]).ok().unwrap();
    let before = fake.state().bytes.clone();
    let mut appender = open(&fake);
    fake.reply("sync", Reply::Fail(io::ErrorKind::Other));
    let expected = (ErrorCode::SessionPoisoned, Some(Outcome::NotWritten), true);
    assert_eq!(failure(appender.append(&[event("b")])), expected);
    assert_eq!(fake.state().bytes, before);
}

/// A signer that keeps the group which it signed last.
struct Keeping(KeyPair, Mutex<Vec<Remembered>>);

impl Signer for Keeping {
    fn public_key(&self) -> PublicKey {
        self.0.public()
    }
    fn sign(&self, _place: &Place<'_>, requests: &[Request]) -> Result<Vec<Signature>> {
        let sign = |request: &Request| Remembered {
            canonical: request.canonical.clone(),
            signature: self.0.sign(&request.hash),
        };
        let signed: Vec<Remembered> = requests.iter().map(sign).collect();
        *self.1.lock().unwrap() = signed.clone();
        Ok(signed.into_iter().map(|event| event.signature).collect())
    }
    fn endorse(&self, place: &Place<'_>, handover: &Request) -> Result<Signature> {
        self.0.endorse(place, handover)
    }
    fn memory(&self) -> Option<&dyn Memory> {
        Some(self)
    }
}

impl Memory for Keeping {
    fn unwritten(&self, _place: &Place<'_>) -> Result<Vec<Remembered>> {
        Ok(self.1.lock().unwrap().clone())
    }
}

#[test]
fn what_was_signed_and_could_not_be_written_is_written_before_anything_else() {
    let fake = Fake::default();
    let signer: Arc<dyn Signer> = Arc::new(Keeping(KeyPair::from_seed(&[1; 32]), Mutex::default()));
    let (hand, _) = Hand::new(&signer.into(), Path::new("ledger.ndjson"), Inbox::FIRST).unwrap();
    let mut appender =
        Appender::new(Box::new(fake.clone()), hand, &inspect(&fake, Some(ChainState::START)).unwrap(), None);
    fake.reply("write", Reply::ShortThenFail(100));
    let unknown = (ErrorCode::LedgerIo, Some(Outcome::Unknown), false);
    assert_eq!(failure(appender.append(&[event("a")])), unknown);
    // It still cannot be written. The next event was not even signed.
    fake.reply("write", Reply::Fail(io::ErrorKind::StorageFull));
    let clean = (ErrorCode::LedgerIo, Some(Outcome::NotWritten), false);
    assert_eq!(failure(appender.append(&[event("b")])), clean);
    assert_eq!(count(&fake), 0);
    fake.calls();
    let lines = appender.append(&[event("c")]).ok().unwrap().lines;
    assert_eq!(fake.calls(), ["write", "sync", "write", "sync"]);
    assert!(lines.len() == 1 && lines[0].starts_with(r#"{"seq":1,"#));
    appender.append(&[event("d")]).ok().unwrap();
    assert_eq!(fake.calls(), ["write", "sync"], "nothing is owed any more");
    assert_eq!(count(&fake), 3);
}

#[test]
fn what_was_signed_is_not_written_to_a_file_that_others_changed() {
    let fake = Fake::default();
    let signer: Arc<dyn Signer> = Arc::new(Keeping(KeyPair::from_seed(&[1; 32]), Mutex::default()));
    let (hand, _) = Hand::new(&signer.into(), Path::new("ledger.ndjson"), Inbox::FIRST).unwrap();
    let inspection = inspect(&fake, Some(ChainState::START)).unwrap();
    let mut appender = Appender::new(Box::new(fake.clone()), hand, &inspection, None);
    fake.reply("write", Reply::Fail(io::ErrorKind::StorageFull));
    appender.append(&[event("a")]).err().unwrap();
    fake.state().bytes.extend_from_slice(b"x");
    let error = appender.append_owed().err().unwrap().error;
    assert_eq!((error.code, error.outcome), (ErrorCode::LedgerChanged, Some(Outcome::NotWritten)));
    assert_eq!(fake.state().bytes, b"x");
}

#[test]
fn a_file_that_others_changed_is_not_written_to() {
    let expected = (ErrorCode::LedgerChanged, Some(Outcome::NotWritten), false);
    let changes: [fn(&mut State); 3] =
        [|state| state.bytes.extend_from_slice(b"x"), |state| state.bytes.clear(), |state| state.unlinked = true];
    for change in changes {
        let fake = Fake::default();
        let mut appender = open(&fake);
        appender.append(&[event("a")]).ok().unwrap();
        change(&mut fake.state());
        let before = fake.state().bytes.clone();
        assert_eq!(failure(appender.append(&[event("b")])), expected);
        assert_eq!(fake.state().bytes, before);
    }
}
