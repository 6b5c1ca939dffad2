//! What is signed and what is not: one event at each place of each ledger, each behind the one before.
//!
//! The text of an event names the event before by its hash, so an event that is signed behind another belongs to the
//! ledger of that one and to no other. The agent signs
//!
//! * an event 0, as long as it signs for fewer ledgers than it may;
//! * events that continue the last one that it signed in a ledger, or that the ledger had when it was adopted, unless that
//!   one hands the ledger over to another key;
//! * the statement of a handover to its key, and then events from the place behind that on;
//! * the last group of a ledger once more, byte for byte: then it gives the signatures that are stored.
//!
//! What is signed is stored before its signatures leave this module.

use crate::record::{Record, sign};
use sealwright_core::chain::Head;
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey, Signature};
use sealwright_core::signer::wire::{Ledger, Refusal};
use sealwright_core::signer::{HashedText, Remembered, Statement};
use sealwright_core::{create_folders_above, replace_file};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why something is not done.
pub(crate) type Refused = (Refusal, String);

/// See the module.
pub(crate) struct Agent {
    key: KeyPair,
    folder: PathBuf,
    /// Ledgers that may be signed for in all.
    limit: usize,
    records: BTreeMap<[u8; 32], Kept>,
}

struct Kept {
    record: Record,
    /// The file may hold something else, or not be on the disk: nothing is signed before it was written again.
    doubtful: bool,
}

impl Agent {
    /// With what is stored in a folder.
    pub(crate) fn open(key: KeyPair, folder: &Path, limit: usize) -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot read {}: {error}", folder.display());
        let mut records = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_none_or(|extension| extension != "ledger") {
                continue;
            }
            let bytes = fs::read(&path).map_err(failed)?;
            let record = Record::decode(&bytes, &key.public())
                .filter(|record| path.file_name().is_some_and(|name| *name == *record.file_name()))
                .ok_or_else(|| format!("{} is no record of this key: nothing is signed without it", path.display()))?;
            records.insert(*record.first.as_bytes(), Kept { record, doubtful: false });
        }
        Ok(Self { key, folder: folder.to_owned(), limit, records })
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    /// What was signed behind the end of a ledger.
    pub(crate) fn unwritten(&mut self, ledger: &Ledger) -> Result<Vec<Remembered>, Refused> {
        let first = match ledger.first {
            Some(first) => first,
            None if ledger.head.is_some() => return Err(unknown("a ledger whose first event cannot be read")),
            None => match self.named(&ledger.name) {
                Some(record) => record.first,
                None => return Ok(Vec::new()),
            },
        };
        self.settle(&first)?;
        let record = &self.find(&first)?.record;
        if let Some(events) = record.behind(ledger.head) {
            return Ok(events);
        }
        let known = record.end();
        Err(match ledger.head {
            Some(end) if end.seq >= record.before_group() => {
                (Refusal::Fork, format!("event {} of the ledger was not signed here", end.seq))
            }
            Some(end) => (
                Refusal::Rollback,
                format!("the ledger ends at {}, before {known}, and more is missing than one group", end.seq),
            ),
            None => (Refusal::Rollback, format!("the ledger is empty, and lacks {known}")),
        })
    }

    /// Signs texts that continue a ledger, and stores them.
    pub(crate) fn sign(&mut self, ledger: &Ledger, canonical: Vec<Vec<u8>>) -> Result<Vec<Signature>, Refused> {
        let texts = read(&canonical)?;
        let Some(begin) = texts.first() else { return Err((Refusal::NoEvent, "no event".to_owned())) };
        let first = if begin.seq == 0 { begin.hash } else { ledger.first.unwrap_or(Hash::GENESIS) };
        let name = match self.records.get(first.as_bytes()) {
            Some(kept) if is_same(&kept.record.group, &canonical) => {
                self.settle(&first)?;
                return self.signatures(&first);
            }
            Some(kept) if begin.seq == 0 => return Err(fork(begin.seq, &kept.record)),
            Some(kept) if !kept.record.is_continued_by(begin) => return Err(fork(begin.seq, &kept.record)),
            Some(kept) => kept.record.name,
            None if begin.seq == 0 && begin.parent != Hash::GENESIS => {
                return Err((Refusal::NoEvent, "a first event with a parent".to_owned()));
            }
            None if begin.seq == 0 => {
                self.may_begin(ledger)?;
                ledger.name
            }
            None => {
                return Err(unknown(&format!("event {} of a ledger that was begun without this signer", begin.seq)));
            }
        };
        let group = sign(&self.key, &texts, canonical);
        if let Some(record) = Record::signed(name, first, &texts, group) {
            self.store(record)?;
        }
        self.signatures(&first)
    }

    /// Signs the statement of a handover, and from now on what follows that place. The event itself is another key's to seal:
    /// until something is signed behind it there may be another handover in its stead.
    pub(crate) fn endorse(&mut self, ledger: &Ledger, statement: &[u8]) -> Result<Signature, Refused> {
        let refused = |why: &str| Err((Refusal::NoEvent, why.to_owned()));
        let Some(statement) = Statement::parse(statement) else { return refused("not the statement of a handover") };
        let Statement { old_key, new_key, first, seq } = statement;
        if new_key != self.key.public() || old_key == new_key {
            return refused("a handover that is not one to this key");
        }
        if seq == 0 || first == Hash::GENESIS {
            return refused("a handover of a ledger without events: begin it with this signer");
        }
        let record = match self.records.get(first.as_bytes()) {
            Some(kept) if !kept.record.may_come_back(seq) => return Err(fork(seq, &kept.record)),
            Some(kept) => Record { handover: Some(seq), ..kept.record.clone() },
            None => {
                self.may_begin(ledger)?;
                Record { name: ledger.name, first, head: None, handover: Some(seq), group: Vec::new() }
            }
        };
        self.store(record)?;
        Ok(statement.sign(&self.key))
    }

    /// Signs from now on what follows the last event of a ledger that was begun elsewhere, and verified.
    pub(crate) fn adopt(&mut self, name: Hash, first: Hash, head: Head) -> Result<(), Refused> {
        if let Some(kept) = self.records.get(first.as_bytes()) {
            return Err((Refusal::Fork, format!("the ledger is known, up to {}", kept.record.end())));
        }
        self.store(Record { name, first, head: Some(head), handover: None, group: Vec::new() })
    }

    /// Whether it may sign for a ledger more.
    fn may_begin(&self, ledger: &Ledger) -> Result<(), Refused> {
        if let Some(record) = self.named(&ledger.name) {
            let message = format!("another ledger was begun at this path, and has events up to {}", record.end());
            return Err((Refusal::Fork, message));
        }
        if self.records.len() >= self.limit {
            let message = format!("this signer signs for {} ledgers, and has begun them", self.limit);
            return Err((Refusal::Full, message));
        }
        Ok(())
    }

    fn find(&self, first: &Hash) -> Result<&Kept, Refused> {
        self.records.get(first.as_bytes()).ok_or_else(|| unknown("a ledger that was begun without this signer"))
    }

    fn named(&self, name: &Hash) -> Option<&Record> {
        self.records.values().map(|kept| &kept.record).find(|record| record.name == *name)
    }

    fn signatures(&self, first: &Hash) -> Result<Vec<Signature>, Refused> {
        Ok(self.find(first)?.record.group.iter().map(|event| event.signature).collect())
    }

    /// Takes a record and stores it. A failure leaves it open which of two is in the file: the new one counts, as the old
    /// one would let the place be signed again, and it is written once more before anything is given out.
    fn store(&mut self, record: Record) -> Result<(), Refused> {
        let first = record.first;
        self.records.insert(*first.as_bytes(), Kept { record, doubtful: true });
        self.settle(&first)
    }

    /// Makes sure that a record is on the disk.
    fn settle(&mut self, first: &Hash) -> Result<(), Refused> {
        let Some(kept) = self.records.get_mut(first.as_bytes()).filter(|kept| kept.doubtful) else { return Ok(()) };
        let path = self.folder.join(kept.record.file_name());
        create_folders_above(&path)
            .and_then(|()| replace_file(&path, &kept.record.encode()))
            .map_err(|error| (Refusal::Store, format!("what was signed cannot be stored: {error}")))?;
        kept.doubtful = false;
        Ok(())
    }
}

/// Texts that follow each other.
fn read(canonical: &[Vec<u8>]) -> Result<Vec<HashedText>, Refused> {
    let mut texts: Vec<HashedText> = Vec::new();
    for bytes in canonical {
        let text = HashedText::parse(bytes).map_err(|error| (Refusal::NoEvent, error.to_string()))?;
        if let Some(before) = texts.last()
            && (text.parent != before.hash || Some(text.seq) != before.seq.checked_add(1))
        {
            return Err((Refusal::NoEvent, format!("event {} does not follow the one before", text.seq)));
        }
        if texts.last().is_some_and(|before| before.event.successor().is_some()) {
            return Err((Refusal::NoEvent, format!("event {} follows one that hands the ledger over", text.seq)));
        }
        texts.push(text);
    }
    Ok(texts)
}

fn is_same(group: &[Remembered], canonical: &[Vec<u8>]) -> bool {
    !group.is_empty() && group.iter().map(|event| &event.canonical).eq(canonical)
}

fn fork(seq: u64, record: &Record) -> Refused {
    (Refusal::Fork, format!("event {seq} does not follow {}", record.end()))
}

fn unknown(what: &str) -> Refused {
    (Refusal::Unknown, format!("{what}: adopt it first"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealwright_core::event::Event;
    use sealwright_core::seal;
    use std::os::unix::fs::DirEntryExt as _;

    fn key() -> KeyPair {
        KeyPair::from_seed(&[1; 32])
    }

    fn open(folder: &Path, limit: usize) -> Agent {
        Agent::open(key(), folder, limit).unwrap()
    }

    fn name(path: &str) -> Hash {
        Hash::of(path.as_bytes())
    }

    /// The hashed text of an event behind another.
    fn text(end: Option<Head>, reason: &str) -> Vec<u8> {
        let event = format!(r#"{{"payload":{{"reason":"{reason}","summary_sha256":""}},"type":"SessionEnded"}}"#);
        let (seq, parent) = end.map_or((0, Hash::GENESIS), |end| (end.seq + 1, end.hash));
        format!(r#"{{"event":{event},"parent_hash":"{parent}","seq":{seq},"timestamp_nanos":7}}"#).into_bytes()
    }

    fn head_of(text: &[u8]) -> Head {
        let text = HashedText::parse(text).unwrap();
        Head { seq: text.seq, hash: text.hash }
    }

    /// Texts that follow each other.
    fn group(mut end: Option<Head>, reasons: &[&str]) -> Vec<Vec<u8>> {
        let next = |reason: &&str| {
            let text = text(end, reason);
            end = Some(head_of(&text));
            text
        };
        reasons.iter().map(next).collect()
    }

    fn at(path: &str, first: Option<Hash>, head: Option<Head>) -> Ledger {
        Ledger { name: name(path), first, head }
    }

    fn refusal<T>(result: Result<T, Refused>) -> Refusal {
        result.err().unwrap().0
    }

    /// A ledger with two groups: of one event, and of two.
    fn begun(agent: &mut Agent) -> (Hash, Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let first = group(None, &["a"]);
        let end = head_of(&first[0]);
        agent.sign(&at("l", None, None), first.clone()).unwrap();
        let second = group(Some(end), &["b", "c"]);
        agent.sign(&at("l", Some(end.hash), Some(end)), second.clone()).unwrap();
        (end.hash, first, second)
    }

    #[test]
    fn each_place_is_signed_once_also_by_an_agent_that_was_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = open(folder.path(), 1);
        let (first, begin, last) = begun(&mut agent);
        let known = last.iter().map(|text| key().sign(&head_of(text).hash)).collect::<Vec<_>>();
        for mut agent in [agent, open(folder.path(), 1)] {
            let end = head_of(&last[1]);
            let here = at("l", Some(first), Some(head_of(&begin[0])));
            assert_eq!(agent.sign(&here, last.clone()).unwrap(), known, "the last group, once more");
            let before = head_of(&begin[0]);
            for texts in [
                group(Some(before), &["x", "c"]),
                group(Some(before), &["b"]),
                group(Some(before), &["b", "c", "d"]),
                group(Some(head_of(&last[0])), &["x"]),
                group(Some(Head { seq: end.seq + 1, ..end }), &["x"]),
                group(Some(Head { hash: before.hash, ..end }), &["x"]),
                group(None, &["a"]),
                group(None, &["x"]),
            ] {
                for claimed in [Some(first), None, Some(Hash::of(b"another")), Some(end.hash)] {
                    for path in ["l", "elsewhere"] {
                        let claim = at(path, claimed, Some(end));
                        let refusal = refusal(agent.sign(&claim, texts.clone()));
                        assert!(matches!(refusal, Refusal::Fork | Refusal::Unknown | Refusal::Full), "{refusal:?}");
                    }
                }
            }
        }
        let mut agent = open(folder.path(), 1);
        let next = group(Some(head_of(&last[1])), &["d"]);
        agent.sign(&at("moved", Some(first), None), next).unwrap();
    }

    #[test]
    fn only_whole_hashed_texts_of_events_in_a_row_are_signed() {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = open(folder.path(), 9);
        let good = text(None, "a");
        let spaced = [&good[..], b" "].concat();
        let parented = String::from_utf8(good.clone()).unwrap().replace(&"0".repeat(64), &"1".repeat(64)).into_bytes();
        let wild = text(Some(Head { seq: 3, hash: Hash::of(b"x") }), "b");
        for texts in [
            Vec::new(),
            vec![Hash::of(b"any").as_bytes().to_vec()],
            vec![b"any".to_vec()],
            vec![spaced],
            vec![good.clone(), good.clone()],
            vec![good.clone(), wild],
            vec![parented],
        ] {
            let refusal = refusal(agent.sign(&at("l", None, None), texts));
            assert!(matches!(refusal, Refusal::NoEvent), "{refusal:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was stored");
    }

    #[test]
    fn what_the_file_lacks_is_given_back_and_nothing_older() {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = open(folder.path(), 1);
        assert_eq!(agent.unwritten(&at("l", None, None)).unwrap(), []);
        let a = text(None, "a");
        agent.sign(&at("l", None, None), vec![a.clone()]).unwrap();
        let events = |agent: &mut Agent, ledger: Ledger| -> Vec<Vec<u8>> {
            agent.unwritten(&ledger).unwrap().into_iter().map(|event| event.canonical).collect()
        };
        assert_eq!(events(&mut agent, at("l", None, None)), std::slice::from_ref(&a));
        assert_eq!(events(&mut agent, at("another", None, None)), [] as [Vec<u8>; 0]);
        let end = head_of(&a);
        let first = Some(end.hash);
        let last = group(Some(end), &["b", "c"]);
        agent.sign(&at("l", first, Some(end)), last.clone()).unwrap();
        for mut agent in [agent, open(folder.path(), 1)] {
            let [b, c] = [head_of(&last[0]), head_of(&last[1])];
            assert_eq!(events(&mut agent, at("l", first, Some(end))), last);
            assert_eq!(events(&mut agent, at("moved", first, Some(b))), last[1..]);
            assert_eq!(events(&mut agent, at("l", first, Some(c))), [] as [Vec<u8>; 0]);
            assert_eq!(refusal(agent.unwritten(&at("l", None, None))), Refusal::Rollback);
            let other = Head { hash: Hash::of(b"other"), ..c };
            assert_eq!(refusal(agent.unwritten(&at("l", first, Some(other)))), Refusal::Fork);
            assert_eq!(refusal(agent.unwritten(&at("l", first, Some(Head { seq: 9, ..c })))), Refusal::Fork);
            assert_eq!(refusal(agent.unwritten(&at("l", first, Some(Head { seq: 1, ..other })))), Refusal::Fork);
            assert_eq!(refusal(agent.unwritten(&at("l", first, Some(Head { seq: 0, ..other })))), Refusal::Fork);
            assert_eq!(refusal(agent.unwritten(&at("l", Some(c.hash), Some(c)))), Refusal::Unknown);
            assert_eq!(refusal(agent.unwritten(&at("l", None, Some(c)))), Refusal::Unknown);
        }
    }

    #[test]
    fn as_many_ledgers_are_begun_as_it_may_and_one_at_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let mut agent = open(folder.path(), 2);
        agent.sign(&at("a", None, None), group(None, &["a"])).unwrap();
        assert_eq!(refusal(agent.sign(&at("a", None, None), group(None, &["x"]))), Refusal::Fork);
        agent.sign(&at("b", None, None), group(None, &["b"])).unwrap();
        assert_eq!(refusal(agent.sign(&at("c", None, None), group(None, &["c"]))), Refusal::Full);
        let mut agent = open(folder.path(), 3);
        agent.sign(&at("c", None, None), group(None, &["c"])).unwrap();
    }

    #[test]
    fn a_ledger_that_was_adopted_goes_on_behind_its_last_event() {
        let folder = tempfile::tempdir().unwrap();
        let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":""}}"#).unwrap();
        let end = Head { seq: 0, hash: seal::self_hash(&event, &Hash::GENESIS, 0, 1).unwrap() };
        let mut agent = open(folder.path(), 1);
        agent.adopt(name("l"), end.hash, end).unwrap();
        assert_eq!(refusal(agent.adopt(name("l"), end.hash, Head { seq: 9, ..end })), Refusal::Fork);
        let mut agent = open(folder.path(), 1);
        let here = at("l", Some(end.hash), Some(end));
        assert_eq!(agent.unwritten(&here).unwrap(), []);
        assert_eq!(refusal(agent.unwritten(&at("l", None, None))), Refusal::Rollback);
        agent.sign(&here, group(Some(end), &["b"])).unwrap();
        assert_eq!(refusal(agent.sign(&here, group(Some(end), &["x"]))), Refusal::Fork);
    }

    /// The hashed text of an event that hands a ledger over.
    fn handing_over(end: Head, old_key: PublicKey, new_key: PublicKey) -> Vec<u8> {
        let (first, proof) = (Hash::of(b"first"), "0".repeat(128));
        let payload =
            format!(r#"{{"first_hash":"{first}","new_key":"{new_key}","old_key":"{old_key}","proof":"{proof}"}}"#);
        let event = format!(r#"{{"payload":{payload},"type":"KeyRotated"}}"#);
        let (seq, parent) = (end.seq + 1, end.hash);
        format!(r#"{{"event":{event},"parent_hash":"{parent}","seq":{seq},"timestamp_nanos":7}}"#).into_bytes()
    }

    fn statement(first: Hash, seq: u64) -> Statement {
        Statement { old_key: KeyPair::from_seed(&[2; 32]).public(), new_key: key().public(), first, seq }
    }

    #[test]
    fn a_ledger_that_is_handed_over_goes_on_behind_that_place_and_each_place_is_signed_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = Hash::of(b"first");
        let end = |seq: u64| Head { seq, hash: Hash::of(&seq.to_be_bytes()) };
        let here = |seq| at("l", Some(first), Some(end(seq)));
        let mut agent = open(folder.path(), 1);
        let endorse = |agent: &mut Agent, seq| agent.endorse(&here(seq - 1), &statement(first, seq).to_bytes());
        assert_eq!(endorse(&mut agent, 5).unwrap(), statement(first, 5).sign(&key()));
        // It did not come to it: the ledger went on, or was put back, and is handed over at another place.
        let mut agent = open(folder.path(), 1);
        for seq in [5, 9, 7] {
            endorse(&mut agent, seq).unwrap();
        }
        let mut agent = open(folder.path(), 1);
        assert_eq!(agent.unwritten(&here(7)).unwrap(), []);
        assert_eq!(refusal(agent.unwritten(&here(6))), Refusal::Rollback);
        assert_eq!(refusal(agent.unwritten(&at("l", Some(first), None))), Refusal::Rollback);
        assert_eq!(refusal(agent.unwritten(&here(8))), Refusal::Fork);
        for seq in [5, 6, 8, 9] {
            assert_eq!(refusal(agent.sign(&here(seq), group(Some(end(seq)), &["x"]))), Refusal::Fork, "{seq}");
        }
        let next = group(Some(end(7)), &["a"]);
        agent.sign(&here(7), next.clone()).unwrap();
        // From here on it is in force.
        let last = head_of(&next[0]);
        for mut agent in [agent, open(folder.path(), 1)] {
            assert_eq!(refusal(agent.sign(&here(7), group(Some(end(7)), &["x"]))), Refusal::Fork);
            for seq in [7, 8, 9, 10] {
                assert_eq!(refusal(endorse(&mut agent, seq)), Refusal::Fork, "{seq}");
            }
            assert_eq!(agent.unwritten(&here(7)).unwrap().len(), 1);
        }
        // Until it hands over itself: behind that it signs nothing, but what it signed comes back.
        let mut agent = open(folder.path(), 1);
        let away = handing_over(last, key().public(), statement(first, 0).old_key);
        let gone = head_of(&away);
        let more = text(Some(gone), "x");
        assert_eq!(refusal(agent.sign(&here(8), vec![away.clone(), more.clone()])), Refusal::NoEvent);
        agent.sign(&here(8), vec![away]).unwrap();
        for mut agent in [agent, open(folder.path(), 1)] {
            assert_eq!(refusal(agent.sign(&here(9), vec![more.clone()])), Refusal::Fork);
            assert_eq!(agent.unwritten(&at("l", Some(first), Some(last))).unwrap().len(), 1);
            for seq in [7, 8, 9] {
                assert_eq!(refusal(endorse(&mut agent, seq)), Refusal::Fork, "{seq}");
            }
        }
        let mut agent = open(folder.path(), 1);
        endorse(&mut agent, 12).unwrap();
        assert_eq!(refusal(agent.sign(&here(9), vec![more])), Refusal::Fork);
        agent.sign(&here(12), group(Some(end(12)), &["b"])).unwrap();
    }

    #[test]
    fn only_what_hands_a_ledger_over_to_this_key_is_endorsed() {
        let folder = tempfile::tempdir().unwrap();
        let first = Hash::of(b"first");
        let good = statement(first, 5);
        let mut agent = open(folder.path(), 1);
        let here = at("l", Some(first), None);
        for bad in [
            b"any".to_vec(),
            text(None, "a"),
            [&good.to_bytes()[..], b"\n"].concat(),
            Statement { new_key: good.old_key, ..good }.to_bytes(),
            Statement { old_key: good.new_key, ..good }.to_bytes(),
            Statement { seq: 0, ..good }.to_bytes(),
            Statement { first: Hash::GENESIS, ..good }.to_bytes(),
        ] {
            assert_eq!(refusal(agent.endorse(&here, &bad)), Refusal::NoEvent);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was stored");
        agent.endorse(&here, &good.to_bytes()).unwrap();
        let other = Statement { first: Hash::of(b"other"), ..good }.to_bytes();
        assert_eq!(refusal(agent.endorse(&at("m", None, None), &other)), Refusal::Full);
        assert_eq!(refusal(agent.endorse(&here, &other)), Refusal::Fork);
        let adopted = tempfile::tempdir().unwrap();
        let mut agent = open(adopted.path(), 1);
        agent.adopt(name("l"), first, Head { seq: 3, hash: first }).unwrap();
        assert_eq!(refusal(agent.endorse(&here, &good.to_bytes())), Refusal::Fork, "it is in force");
    }

    #[test]
    fn what_cannot_be_stored_is_not_given_out_and_is_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::create_dir(&path).unwrap();
        let mut agent = open(&path, 1);
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "in the way").unwrap();
        let a = group(None, &["a"]);
        let empty = at("l", None, None);
        assert_eq!(refusal(agent.sign(&empty, a.clone())), Refusal::Store);
        assert_eq!(refusal(agent.unwritten(&empty)), Refusal::Store);
        assert_eq!(refusal(agent.sign(&empty, a.clone())), Refusal::Store);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(refusal(agent.sign(&empty, group(None, &["x"]))), Refusal::Fork);
        assert_eq!(agent.unwritten(&empty).unwrap().len(), 1);
        assert_eq!(open(&path, 1).unwritten(&empty).unwrap()[0].canonical, a[0]);
        let number = || fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().ino()).collect::<Vec<_>>();
        let before = number();
        agent.unwritten(&empty).unwrap();
        assert_eq!(number(), before, "stored once is enough");
    }

    #[test]
    fn a_record_that_was_changed_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let (first, ..) = begun(&mut open(folder.path(), 1));
        let path = folder.path().join(format!("{first}.ledger"));
        let good = fs::read(&path).unwrap();
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(Agent::open(key(), folder.path(), 1).is_err(), "{place}");
            fs::write(&path, &good[..place]).unwrap();
            assert!(Agent::open(key(), folder.path(), 1).is_err(), "{place}");
        }
        fs::write(&path, &good).unwrap();
        assert!(Agent::open(KeyPair::from_seed(&[2; 32]), folder.path(), 1).is_err(), "of another key");
        let other = folder.path().join(format!("{}.ledger", Hash::of(b"other")));
        fs::rename(&path, other).unwrap();
        assert!(Agent::open(key(), folder.path(), 1).is_err(), "under another name");
    }
}
