//! Witnesses: the table of answers, and what is kept.

use crate::trees::{ORIGIN, Tree, log, pair, signed};
use proptest::prelude::{Just, prop_oneof, proptest};
use sealwright_core::ErrorCode;
use sealwright_core::hash::Hash;
use sealwright_core::proof::checkpoint::Checkpoint;
use sealwright_core::proof::fork::verify_fork;
use sealwright_core::proof::note::{Key, Kind, Note};
use sealwright_core::proof::policy::Policy;
use sealwright_core::proof::witness::Witness;
use sealwright_core::proof::witness::rule::{BodyType, Request};
use sealwright_core::proof::witness::store::Answer;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::{fs, thread};

const NOW: u64 = 1_700_000_000;

fn open(folder: &Path) -> Witness {
    Witness::open(folder, Arc::new(pair(7)), "w.example", &[log(1, ORIGIN), log(2, "example.com/second")]).unwrap()
}

fn request(old_size: u64, proof: Vec<Hash>, note: Note) -> String {
    Request { old_size, proof, note }.to_string()
}

/// From one size of a history to another.
fn step(tree: &mut Tree, old_size: u64, new_size: u64) -> String {
    request(old_size, tree.prove(old_size, new_size), tree.note(new_size))
}

fn file(folder: &Path, origin: &str) -> std::path::PathBuf {
    folder.join(Hash::of(origin.as_bytes()).to_string())
}

fn tree() -> Tree {
    Tree { name: "one", shared: 3 }
}

#[track_caller]
fn cosigned(answer: &Answer, note: &Note) -> u64 {
    assert_eq!((answer.status, answer.body_type), (200, BodyType::Text), "{}", answer.body);
    let key = Key::new("w.example", Kind::Witness, pair(7).public()).unwrap();
    let note = Note::parse(&format!("{}\n{}", note.text(), answer.body)).unwrap();
    let time = note.check(&[key]).unwrap()[0].time;
    time.unwrap()
}

#[test]
fn a_log_that_only_grows_is_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let mut tree = tree();
    for (old_size, new_size) in [(0, 0), (0, 1), (1, 4), (4, 4), (4, 7), (7, 30)] {
        let answer = witness.add_checkpoint(&step(&mut tree, old_size, new_size), NOW).unwrap();
        assert_eq!(cosigned(&answer, &tree.note(new_size)), NOW);
        assert_eq!(answer.checkpoint.unwrap().size(), new_size);
        let latest = witness.latest(ORIGIN).unwrap().unwrap();
        assert_eq!((latest.checkpoint.size(), latest.time), (new_size, NOW));
        assert_eq!(fs::read_to_string(file(folder.path(), ORIGIN)).unwrap(), latest.note.to_string());
    }
    assert_eq!(witness.latest("example.com/second").unwrap(), None);
    drop(witness);
    let reopened = open(folder.path());
    assert_eq!(reopened.latest(ORIGIN).unwrap().unwrap().checkpoint.size(), 30);
}

#[test]
fn the_table_of_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let (mut tree, mut other) = (tree(), Tree { name: "other", shared: 3 });
    let note = tree.note(9);
    let answer = |text: String| {
        let answer = witness.add_checkpoint(&text, NOW).unwrap();
        assert!(answer.body.ends_with('\n'));
        answer
    };
    let status = |text: String| answer(text).status;

    // Nothing was cosigned yet.
    assert_eq!(status(request(0, vec![Hash::of(b"x")], note.clone())), 422);
    let first = answer(request(4, tree.prove(4, 9), note.clone()));
    assert_eq!((first.status, first.body_type, first.body.as_str()), (409, BodyType::Size, "0\n"));
    assert_eq!(status(step(&mut tree, 0, 5)), 200);

    assert_eq!(status("old 5\n".to_owned()), 400);
    let text = Note::new("no checkpoint\n").unwrap();
    let mut no_checkpoint = text.clone();
    no_checkpoint.add(log(1, ORIGIN).sign(text.text(), &pair(1)).unwrap());
    assert_eq!(status(request(5, Vec::new(), no_checkpoint)), 400);
    assert_eq!(status(request(10, Vec::new(), note.clone())), 400);
    assert_eq!(status(request(5, tree.prove(5, 9), signed("example.com/third", 9, tree.root(9), 1))), 404);
    // By the key of another log, of nobody, and by a witness of the log's name.
    assert_eq!(status(request(5, tree.prove(5, 9), signed(ORIGIN, 9, tree.root(9), 2))), 403);
    let mut forged = signed(ORIGIN, 9, tree.root(9), 2);
    let line = note.signatures()[0].clone();
    forged.add(line.clone());
    assert_eq!(status(request(5, tree.prove(5, 9), forged)), 200);
    assert_eq!(status(request(9, Vec::new(), Note::parse(&note.to_string().replace("\n9\n", "\n8\n")).unwrap())), 403);

    // What the witness knows comes from there on.
    let behind = answer(step(&mut tree, 5, 12));
    assert_eq!((behind.status, behind.body_type, behind.body.as_str()), (409, BodyType::Size, "9\n"));
    assert_eq!(behind.body_type.name(), "text/x.tlog.size");
    assert_eq!(answer(step(&mut tree, 5, 7)).body, "9\n");
    let lie = answer(step(&mut other, 9, 9));
    assert_eq!((lie.status, lie.body_type), (409, BodyType::Evidence));
    let lie = answer(step(&mut other, 9, 14));
    assert_eq!((lie.status, lie.body_type), (422, BodyType::Evidence));
    assert!(verify_fork(&lie.body, &Policy::of_logs([log(1, ORIGIN)])).ok);
    let wrong = answer(request(9, vec![Hash::of(b"x")], tree.note(12)));
    assert_eq!((wrong.status, wrong.body_type, wrong.evidence), (422, BodyType::Checkpoint, None));
    assert_eq!(Note::parse(&wrong.body).unwrap(), witness.latest(ORIGIN).unwrap().unwrap().note);
    assert_eq!(status(request(9, vec![Hash::of(b"x")], note)), 422);

    // None of that was cosigned.
    assert_eq!(witness.latest(ORIGIN).unwrap().unwrap().checkpoint.size(), 9);
    assert_eq!(status(step(&mut tree, 9, 12)), 200);
}

#[test]
fn evidence_is_kept_once_and_not_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let mut tree = tree();
    witness.add_checkpoint(&step(&mut tree, 0, 5), NOW).unwrap();
    let lie = |number: u32| signed(ORIGIN, 5, Hash::of(&number.to_be_bytes()), 1);
    let kept = |text: String| witness.add_checkpoint(&text, NOW).unwrap().evidence.unwrap();
    // Also where the request says another size: whoever lies may not ask again.
    let first = kept(request(0, Vec::new(), lie(0)));
    assert_eq!(kept(request(5, Vec::new(), lie(0))), first);
    for number in 0..20 {
        kept(request(5, Vec::new(), lie(number)));
    }
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains(".fork-")).count(), 16);
    let text = fs::read_to_string(first).unwrap();
    assert!(verify_fork(&text, &Policy::of_logs([log(1, ORIGIN)])).ok);
}

#[test]
fn signatures_that_nobody_knows_are_not_cosigned_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let mut tree = tree();
    let mut note = tree.note(5);
    for number in 10..109 {
        note.add(log(number, ORIGIN).sign(note.text(), &pair(number)).unwrap());
    }
    assert_eq!(note.signatures().len(), 100);
    cosigned(&witness.add_checkpoint(&request(0, Vec::new(), note.clone()), NOW).unwrap(), &note);
    assert_eq!(witness.latest(ORIGIN).unwrap().unwrap().note.signatures().len(), 2);
    note.add(log(110, ORIGIN).sign(note.text(), &pair(110)).unwrap());
    assert_eq!(witness.add_checkpoint(&request(5, Vec::new(), note), NOW).unwrap().status, 400);
}

#[test]
fn a_later_cosignature_never_has_an_earlier_time() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let mut tree = tree();
    let mut at = |old_size, new_size, now| {
        let answer = witness.add_checkpoint(&step(&mut tree, old_size, new_size), now).unwrap();
        cosigned(&answer, &tree.note(new_size))
    };
    assert_eq!(at(0, 5, NOW), NOW);
    assert_eq!(at(5, 6, NOW - 1000), NOW);
    assert_eq!(at(6, 6, NOW + 5), NOW + 5);
}

#[test]
fn what_cannot_be_read_is_never_taken_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree();
    let first = step(&mut tree, 0, 5);
    open(folder.path()).add_checkpoint(&first, NOW).unwrap();
    let path = file(folder.path(), ORIGIN);
    let kept = fs::read_to_string(&path).unwrap();
    let by_another = Witness::open(folder.path(), Arc::new(pair(8)), "w.example", &[log(1, ORIGIN)]).unwrap_err();
    assert_eq!(by_another.code, ErrorCode::WitnessState);
    for damaged in [
        String::new(),
        kept.trim_end().to_owned(),
        kept.replace("\n5\n", "\n4\n"),
        tree.note(5).to_string(),
        kept.replace(ORIGIN, "example.com/second"),
        "\u{0}".repeat(kept.len()),
    ] {
        let witness = open(folder.path());
        fs::write(&path, &damaged).unwrap();
        // While it runs, and when it starts.
        assert_eq!(witness.add_checkpoint(&first, NOW).unwrap_err().code, ErrorCode::WitnessState, "{damaged}");
        drop(witness);
        let reopened = Witness::open(folder.path(), Arc::new(pair(7)), "w.example", &[log(1, ORIGIN)]);
        assert_eq!(reopened.unwrap_err().code, ErrorCode::WitnessState, "{damaged}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        fs::write(&path, &kept).unwrap();
    }
    // A note that it cosigned, in the place of another log's.
    fs::copy(&path, file(folder.path(), "example.com/second")).unwrap();
    let logs = [log(2, "example.com/second")];
    let code = Witness::open(folder.path(), Arc::new(pair(7)), "w.example", &logs).unwrap_err().code;
    assert_eq!(code, ErrorCode::WitnessState);
    assert_eq!(open_code(folder.path().join("no-folder").as_path(), &[]), ErrorCode::InvalidArgument);
}

fn open_code(folder: &Path, logs: &[Key]) -> ErrorCode {
    Witness::open(folder, Arc::new(pair(7)), "w.example", logs).unwrap_err().code
}

#[test]
fn a_folder_has_one_witness() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    assert_eq!(open_code(folder.path(), &[log(1, ORIGIN)]), ErrorCode::WitnessState);
    drop(witness);
    open(folder.path());
    let twice = [log(1, ORIGIN), log(1, ORIGIN)];
    assert_eq!(open_code(folder.path(), &twice), ErrorCode::InvalidArgument);
    let of_witness = Key::new("w2.example", Kind::Witness, pair(1).public()).unwrap();
    assert_eq!(open_code(folder.path(), &[of_witness]), ErrorCode::InvalidArgument);
}

#[test]
fn of_requests_at_once_each_sees_what_the_one_before_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let witness = open(folder.path());
    let mut tree = tree();
    witness.add_checkpoint(&step(&mut tree, 0, 5), NOW).unwrap();
    let requests: Vec<_> = (6..14).map(|size| step(&mut tree, 5, size)).collect();
    let barrier = Barrier::new(requests.len());
    let answers: Vec<_> = thread::scope(|scope| {
        let start = |text: &String| {
            let text = text.clone();
            let (barrier, witness) = (&barrier, &witness);
            scope.spawn(move || {
                barrier.wait();
                witness.add_checkpoint(&text, NOW).unwrap()
            })
        };
        let threads: Vec<_> = requests.iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // All prove from one size: the first is cosigned, and the others come too late.
    let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    let size = winners[0].checkpoint.as_ref().map(Checkpoint::size).unwrap();
    assert_eq!(witness.latest(ORIGIN).unwrap().unwrap().checkpoint.size(), size);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.body == format!("{size}\n")));
}

proptest! {
    #[test]
    fn what_was_cosigned_is_of_one_history(
        steps in proptest::collection::vec((0_u64..12, 0_u64..12, prop_oneof![Just("one"), Just("other")]), 1..25),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let witness = open(folder.path());
        let mut latest: Option<(u64, Hash)> = None;
        for (old_size, new_size, name) in steps {
            let mut tree = Tree { name, shared: 3 };
            let (old_size, new_size) = (old_size.min(new_size), new_size);
            let answer = witness.add_checkpoint(&step(&mut tree, old_size, new_size), NOW).unwrap();
            // Whoever may be believed: the proof is honest, so all depends on what this history has in the place.
            let (size, root) = latest.unwrap_or((0, tree.root(0)));
            let may = old_size == size && tree.root(size) == root;
            assert_eq!(answer.status == 200, may, "{old_size} {new_size} {name} after {latest:?}: {}", answer.body);
            if may {
                latest = Some((new_size, tree.root(new_size)));
            }
        }
    }
}
