//! A ledger's tree beside it: it grows with the ledger, is made anew where it is missing or wrong, and signs nothing that
//! contradicts what it signed.

use sealwright_core::ErrorCode;
use sealwright_core::chain::Head;
use sealwright_core::event::Event as LedgerEvent;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::checkpoint::Checkpoint;
use sealwright_core::proof::consistency::verify_consistency;
use sealwright_core::proof::inclusion::{Event, verify_inclusion};
use sealwright_core::proof::log::Log;
use sealwright_core::proof::merkle::verify_consistency as verify_consistency_of;
use sealwright_core::proof::note::{Key, Kind, Note};
use sealwright_core::proof::policy::Policy;
use sealwright_core::seal;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ORIGIN: &str = "example.com/ledger";

pub(super) struct Shelf {
    pub(super) folder: tempfile::TempDir,
    signer: KeyPair,
    pub(super) heads: Vec<Head>,
    pub(super) lines: Vec<String>,
}

impl Shelf {
    pub(super) fn of(count: u64) -> Self {
        Self::telling(count, "r")
    }

    pub(super) fn telling(count: u64, what: &str) -> Self {
        let mut shelf =
            Self { folder: tempfile::tempdir().unwrap(), signer: pair(), heads: Vec::new(), lines: Vec::new() };
        shelf.grow(count, what);
        shelf
    }

    pub(super) fn grow(&mut self, count: u64, what: &str) {
        for _ in 0..count {
            let seq = u64::try_from(self.heads.len()).unwrap();
            let text = format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{what}{seq}","summary_sha256":""}}}}"#);
            let event = LedgerEvent::parse(&text).unwrap();
            let parent = self.heads.last().map_or(Hash::GENESIS, |head| head.hash);
            self.lines.push(seal::seal(&event, parent, seq, 1, &self.signer).unwrap());
            self.heads.push(Head { seq, hash: seal::self_hash(&event, &parent, seq, 1).unwrap() });
        }
        fs::write(self.ledger(), self.lines.join("\n") + "\n").unwrap();
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.ndjson")
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.folder.path().join("ledger.ndjson.tlog")
    }

    pub(super) fn log(&self) -> Log {
        Log::of(&self.ledger()).unwrap()
    }

    pub(super) fn sign(&self) -> Result<String, ErrorCode> {
        self.sign_at(self.heads.len())
    }

    pub(super) fn sign_at(&self, size: usize) -> Result<String, ErrorCode> {
        let head = size.checked_sub(1).map(|last| self.heads[last]);
        self.log().sign(head, ORIGIN, &pair()).map(|note| note.to_string()).map_err(|error| error.code)
    }

    fn check(&self, seq: usize, note: &str) {
        let proof = self.log().prove_inclusion(seq as u64, note).unwrap().to_string();
        let report = verify_inclusion(&proof, &policy(), Event::Line(&self.lines[seq]), &[self.signer.public()]);
        assert_eq!(report.problems, [], "event {seq}");
    }

    fn proves(&self, from: &str, to: &str) -> bool {
        let proof = self.log().prove_consistency(from, to).unwrap();
        verify_consistency(from, to, &proof, &policy()).ok
    }
}

fn pair() -> KeyPair {
    KeyPair::from_seed(&[3; 32])
}

fn policy() -> Policy {
    Policy::of_logs([Key::new(ORIGIN, Kind::Log, pair().public()).unwrap()])
}

#[test]
fn checkpoints_follow_each_other_and_every_event_is_proved() {
    let mut shelf = Shelf::of(0);
    fs::write(shelf.ledger(), "").unwrap();
    let mut notes = vec![shelf.sign().unwrap()];
    for count in [1, 1, 253, 1, 300, 0, 500] {
        shelf.grow(count, "r");
        notes.push(shelf.sign().unwrap());
        let last = shelf.heads.len() - 1;
        for seq in [0, last / 2, last] {
            shelf.check(seq, notes.last().unwrap());
        }
    }
    for (at, from) in notes.iter().enumerate() {
        assert!(notes[at..].iter().all(|to| shelf.proves(from, to)));
    }
    for size in [0, 1, 2, 255, 256, 555, 1056] {
        let (root, proof) = shelf.log().prove_growth(size, &notes[7]).unwrap();
        let to = Checkpoint::parse(Note::parse(&notes[7]).unwrap().text()).unwrap();
        assert_eq!(verify_consistency_of((size, &root), (to.size(), to.root()), &proof), Ok(()));
        if let Some(at) = [0, 1, 2, 255, 256, 556].iter().position(|at| *at == size) {
            assert_eq!(root, *Checkpoint::parse(Note::parse(&notes[at]).unwrap().text()).unwrap().root());
        }
    }
    assert_eq!(shelf.log().prove_growth(1057, &notes[7]).unwrap_err().code, ErrorCode::OutOfRange);
    // Old checkpoints prove old events.
    shelf.check(200, &notes[5]);
    let error = shelf.log().prove_inclusion(1, &notes[1]).unwrap_err();
    assert_eq!(error.code, ErrorCode::OutOfRange);
    assert_eq!(shelf.log().checkpoint().unwrap().unwrap().to_string(), notes[7]);
}

#[test]
fn what_is_missing_or_wrong_in_the_tree_is_made_anew() {
    let mut shelf = Shelf::of(600);
    let first = shelf.sign().unwrap();
    shelf.grow(100, "r");
    let second = shelf.sign().unwrap();
    let tiles = ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"];
    let damages: [fn(&PathBuf); 3] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, vec![7; fs::read(path).unwrap().len()]).unwrap(),
        |path| fs::write(path, &fs::read(path).unwrap()[1..]).unwrap(),
    ];
    for name in tiles {
        let path = shelf.tree().join(name);
        let good = fs::read(&path).unwrap();
        for damage in damages {
            damage(&path);
            for seq in [0, 255, 256, 511, 512, 699] {
                shelf.check(seq, &second);
            }
            assert!(shelf.proves(&first, &second));
            damage(&path);
            assert!(shelf.proves(&first, &second));
            shelf.check(300, &first);
            // Where only other tiles were asked for, it is still damaged.
            fs::write(&path, &good).unwrap();
        }
    }
    for name in tiles {
        damages[1](&shelf.tree().join(name));
    }
    shelf.grow(1, "r");
    let third = shelf.sign().unwrap();
    assert!(shelf.proves(&second, &third));
    fs::remove_dir_all(shelf.tree()).unwrap();
    shelf.check(600, &third);
}

#[test]
fn nothing_is_signed_that_contradicts_what_was() {
    let shelf = Shelf::of(10);
    shelf.sign_at(8).unwrap();
    assert_eq!(shelf.sign_at(7).unwrap_err(), ErrorCode::CheckpointConflict);
    assert_eq!(shelf.sign_at(8), shelf.sign_at(8));
    // The same number of other events, and more of others, beside the tree of these or none.
    for (count, tile) in [(8, false), (300, false), (8, true), (9, true), (300, true)] {
        let other = Shelf::telling(count, "s");
        fs::create_dir_all(other.tree().join("tile/0/000.p")).unwrap();
        fs::copy(shelf.tree().join("checkpoint"), other.tree().join("checkpoint")).unwrap();
        if tile {
            let path = "tile/0/000.p/8";
            fs::copy(shelf.tree().join(path), other.tree().join(path)).unwrap();
        }
        assert_eq!(other.sign().unwrap_err(), ErrorCode::CheckpointConflict);
        let kept = fs::read(other.tree().join("checkpoint")).unwrap();
        assert_eq!(kept, fs::read(shelf.tree().join("checkpoint")).unwrap());
    }
    let sign = |origin: &str| shelf.log().sign(Some(shelf.heads[9]), origin, &pair()).unwrap_err().code;
    assert_eq!(sign("example.com/other"), ErrorCode::CheckpointOrigin);
    assert_eq!(sign("https://example.com"), ErrorCode::CheckpointOrigin);
    // Another event than was recorded, and one that the file does not have.
    let head = |seq, hash| shelf.log().sign(Some(Head { seq, hash }), ORIGIN, &pair()).unwrap_err().code;
    assert_eq!(head(9, Hash::of(b"other")), ErrorCode::ProofDiverged);
    assert_eq!(head(10, Hash::of(b"other")), ErrorCode::ProofDiverged);
    fs::write(shelf.tree().join("checkpoint"), "garbage").unwrap();
    assert_eq!(shelf.sign().unwrap_err(), ErrorCode::NoteMalformed);
}

#[test]
fn a_ledger_that_is_not_that_of_the_checkpoint_proves_nothing() {
    let (one, other) = (Shelf::of(300), Shelf::telling(300, "s"));
    let note = one.sign().unwrap();
    other.sign().unwrap();
    for shelf in [&other, &Shelf::of(299), &Shelf::of(10)] {
        let code = |seq| shelf.log().prove_inclusion(seq, &note).unwrap_err().code;
        assert_eq!(code(5), ErrorCode::ProofDiverged);
    }
    let later = Shelf::of(400).sign().unwrap();
    assert_eq!(one.log().prove_consistency(&note, &later).unwrap_err().code, ErrorCode::ProofDiverged);
    let foreign = other.sign().unwrap();
    let own = Shelf::of(400);
    let to = own.sign().unwrap();
    assert_eq!(own.log().prove_consistency(&foreign, &to).unwrap_err().code, ErrorCode::ProofDiverged);
    assert_eq!(own.log().prove_consistency(&to, &note).unwrap_err().code, ErrorCode::OutOfRange);
    // One line of it is another event.
    let changed = Shelf::of(300);
    fs::write(changed.ledger(), fs::read_to_string(changed.ledger()).unwrap().replace("r7\"", "x7\"")).unwrap();
    assert_eq!(changed.log().prove_inclusion(7, &note).unwrap_err().code, ErrorCode::ChainBroken);
}

#[test]
fn signatures_of_others_are_kept_with_the_checkpoint_that_they_are_of() {
    let mut shelf = Shelf::of(3);
    let mut note = Note::parse(&shelf.sign().unwrap()).unwrap();
    let witness = KeyPair::from_seed(&[4; 32]);
    let key = Key::new("w.example", Kind::Witness, witness.public()).unwrap();
    note.add(key.cosign(note.text(), &witness, 9).unwrap());
    shelf.log().add_signatures(&note).unwrap();
    shelf.log().add_signatures(&note).unwrap();
    assert_eq!(shelf.log().checkpoint().unwrap().unwrap(), note);
    // Signing it again loses none.
    assert_eq!(shelf.sign().unwrap(), note.to_string());
    shelf.grow(1, "r");
    let next = shelf.sign().unwrap();
    shelf.log().add_signatures(&note).unwrap();
    assert_eq!(shelf.log().checkpoint().unwrap().unwrap().to_string(), next);
    assert_eq!(Checkpoint::parse(Note::parse(&next).unwrap().text()).unwrap().size(), 4);
}

#[test]
fn who_waits_for_the_tree_can_be_stopped_and_gets_it_once_it_is_free() {
    let shelf = Shelf::of(3);
    let first = shelf.sign_at(2).unwrap();
    let held = fs::File::open(shelf.tree().join("lock")).unwrap();
    held.lock().unwrap();
    let cancel = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let log = shelf.log().until(Arc::clone(&cancel));
            log.sign(Some(shelf.heads[2]), ORIGIN, &pair()).map_err(|error| error.code)
        });
        cancel.store(true, Ordering::Relaxed);
        assert_eq!(waiting.join().unwrap().unwrap_err(), ErrorCode::Aborted);
        assert_eq!(shelf.log().checkpoint().unwrap().unwrap().to_string(), first);
        let waiting = scope.spawn(|| shelf.sign());
        held.unlock().unwrap();
        assert!(shelf.proves(&first, &waiting.join().unwrap().unwrap()));
    });
}

#[test]
fn a_path_that_no_ledger_is_at_is_told_from_a_ledger_without_a_checkpoint() {
    let mut shelf = Shelf::of(3);
    assert_eq!(shelf.log().checkpoint().unwrap(), None);
    let note = shelf.sign().unwrap();
    fs::remove_file(shelf.ledger()).unwrap();
    // What was signed is said even so.
    assert_eq!(shelf.log().checkpoint().unwrap().unwrap().to_string(), note);
    fs::remove_dir_all(shelf.tree()).unwrap();
    assert_eq!(shelf.log().checkpoint().unwrap_err().code, ErrorCode::LedgerNotFound);
    let parsed = Note::parse(&note).unwrap();
    assert_eq!(shelf.log().add_signatures(&parsed).unwrap_err().code, ErrorCode::LedgerNotFound);
    assert_eq!(shelf.log().prove_growth(2, &note).unwrap_err().code, ErrorCode::LedgerNotFound);
    assert!(!shelf.tree().exists());
    shelf.grow(1, "r");
    assert!(shelf.sign().is_ok());
}

#[test]
fn what_is_kept_as_the_last_checkpoint_and_is_none_is_named() {
    let shelf = Shelf::of(3);
    let kept = shelf.tree().join("checkpoint");
    let refused = |code: ErrorCode, why: &str| {
        let error = shelf.log().sign(Some(shelf.heads[2]), ORIGIN, &pair()).unwrap_err();
        assert_eq!(error.code, code);
        assert!(error.message.contains("ledger.ndjson.tlog") && error.message.contains(why), "{}", error.message);
    };
    shelf.sign().unwrap();
    fs::write(&kept, "").unwrap();
    refused(ErrorCode::NoteMalformed, "not a signed note");
    let mut note = Note::new("text\n".to_owned()).unwrap();
    note.add(Key::new(ORIGIN, Kind::Log, pair().public()).unwrap().sign("text\n", &pair()).unwrap());
    fs::write(&kept, note.to_string()).unwrap();
    refused(ErrorCode::CheckpointMalformed, "not a checkpoint");
    fs::remove_file(&kept).unwrap();
    fs::create_dir(&kept).unwrap();
    refused(ErrorCode::TreeIo, "not a regular file of at most 1048576 bytes");
}
