//! A tree as files to be served: which there are, what is in them, and that nothing is left where one cannot be made.

use super::log::Shelf;
use sealwright_core::ErrorCode;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::log::Exported;
use sealwright_core::proof::merkle::{Frontier, event_leaf};
use sealwright_core::proof::note::{Key, Kind, Note};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All files below a folder, by their names there.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.push((name, fs::read(entry.path()).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn root(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    hashes.iter().for_each(|hash| frontier.push(event_leaf(hash)));
    frontier.root()
}

/// The files of a tree by the definitions of the specification.
fn expected(note: &str, hashes: &[Hash]) -> Vec<(String, Vec<u8>)> {
    let partial = |width| if width < 256 { format!(".p/{width}") } else { String::new() };
    let mut files = vec![("checkpoint".to_owned(), note.as_bytes().to_vec())];
    for (number, entries) in hashes.chunks(256).enumerate() {
        let bundle = entries.iter().flat_map(|hash| [&[0, 32], hash.as_bytes().as_slice()].concat()).collect();
        files.push((format!("tile/entries/{number:03}{}", partial(entries.len())), bundle));
    }
    for (level, span) in [(0, 1), (1, 256), (2, 65_536)] {
        let nodes = hashes.chunks_exact(span).map(root).collect::<Vec<_>>();
        for (number, nodes) in nodes.chunks(256).enumerate() {
            let tile = nodes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            files.push((format!("tile/{level}/{number:03}{}", partial(nodes.len())), tile));
        }
    }
    files.sort();
    files
}

fn target(shelf: &Shelf) -> PathBuf {
    shelf.folder.path().join("served")
}

#[test]
fn an_export_has_the_files_of_the_specification_and_no_others() {
    let mut shelf = Shelf::of(0);
    fs::write(shelf.ledger(), "").unwrap();
    let mut notes = vec![(0, shelf.sign().unwrap())];
    for size in [1, 255, 256, 257, 600] {
        shelf.grow(size - shelf.heads.len() as u64, "r");
        notes.push((shelf.heads.len(), shelf.sign().unwrap()));
    }
    // The tree beside the ledger is not needed; and an earlier tree has its own files, not those of the last one.
    fs::remove_dir_all(shelf.tree()).unwrap();
    for (size, note) in notes {
        let written = shelf.log().export(&note, &target(&shelf)).unwrap();
        let hashes = shelf.heads[..size].iter().map(|head| head.hash).collect::<Vec<_>>();
        let found = files(&target(&shelf));
        assert_eq!(found, expected(&note, &hashes), "{size} events");
        let bytes = found.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        assert_eq!(written, Exported { events: size as u64, files: found.len() as u64, bytes });
        fs::remove_dir_all(target(&shelf)).unwrap();
    }
    assert!(!shelf.tree().exists());
}

#[test]
fn a_checkpoint_is_exported_as_it_was_given() {
    let shelf = Shelf::of(3);
    let mut note = Note::parse(&shelf.sign().unwrap()).unwrap();
    let witness = KeyPair::from_seed(&[4; 32]);
    let key = Key::new("w.example", Kind::Witness, witness.public()).unwrap();
    note.add(key.cosign(note.text(), &witness, 9).unwrap());
    fs::create_dir(target(&shelf)).unwrap();
    shelf.log().export(&note.to_string(), &target(&shelf)).unwrap();
    assert_eq!(fs::read_to_string(target(&shelf).join("checkpoint")).unwrap(), note.to_string());
}

#[test]
fn nothing_is_left_of_an_export_that_fails() {
    let (one, other) = (Shelf::of(300), Shelf::telling(300, "s"));
    let note = one.sign().unwrap();
    let code = |shelf: &Shelf| shelf.log().export(&note, &target(shelf)).unwrap_err().code;
    let changed = Shelf::of(300);
    fs::write(changed.ledger(), fs::read_to_string(changed.ledger()).unwrap().replace("r270\"", "x270\"")).unwrap();
    let cases = [
        (&other, ErrorCode::ProofDiverged),
        (&Shelf::of(299), ErrorCode::ProofDiverged),
        (&changed, ErrorCode::ChainBroken),
    ];
    for (shelf, expected) in cases {
        assert_eq!(code(shelf), expected);
        assert!(!target(shelf).exists());
        fs::create_dir(target(shelf)).unwrap();
        assert_eq!(code(shelf), expected);
        assert_eq!(fs::read_dir(target(shelf)).unwrap().count(), 0);
    }
    let cancelled = one.log().until(Arc::new(AtomicBool::new(true)));
    assert_eq!(cancelled.export(&note, &target(&one)).unwrap_err().code, ErrorCode::Aborted);
    let code = |note: &str| one.log().export(note, &target(&one)).unwrap_err().code;
    assert_eq!(code("garbage"), ErrorCode::NoteMalformed);
    assert_eq!(code(&note.replace("\n300\n", "\n-300\n")), ErrorCode::CheckpointMalformed);
    assert!(!target(&one).exists());
}

#[test]
fn a_folder_with_anything_in_it_stays_as_it_is() {
    let shelf = Shelf::of(3);
    let note = shelf.sign().unwrap();
    let code = |folder: &Path| shelf.log().export(&note, folder).unwrap_err().code;
    fs::create_dir(target(&shelf)).unwrap();
    fs::write(target(&shelf).join(".hidden"), "x").unwrap();
    let before = files(shelf.folder.path());
    let inside = |name: &str| shelf.folder.path().join(name);
    assert_eq!(code(&target(&shelf)), ErrorCode::OutputRefused);
    assert_eq!(code(&shelf.ledger()), ErrorCode::OutputRefused);
    assert_eq!(code(&shelf.ledger().join("below")), ErrorCode::OutputRefused);
    assert_eq!(code(&inside("missing/below")), ErrorCode::OutputRefused);
    for own in ["ledger.ndjson.tlog/below", "ledger.ndjson.lock", "ledger.0-9.ndjson", "ledger.00-9.ndjson"] {
        assert_eq!(code(&inside(own)), ErrorCode::OutputRefused, "{own}");
    }
    fs::rename(shelf.tree(), inside("away")).unwrap();
    assert_eq!(code(&shelf.tree()), ErrorCode::OutputRefused);
    fs::rename(inside("away"), shelf.tree()).unwrap();
    assert_eq!(files(shelf.folder.path()), before);
    shelf.log().export(&note, &inside("further")).unwrap();
    assert_eq!(code(&inside("further")), ErrorCode::OutputRefused);
}

#[test]
fn events_that_are_missing_cannot_be_exported() {
    let shelf = Shelf::of(20);
    let note = shelf.sign().unwrap();
    let sealed = shelf.folder.path().join("ledger.10-19.ndjson");
    fs::write(&sealed, shelf.lines[10..].join("\n") + "\n").unwrap();
    fs::write(shelf.ledger(), "").unwrap();
    assert_eq!(shelf.log().export(&note, &target(&shelf)).unwrap_err().code, ErrorCode::SegmentMissing);
    assert!(!target(&shelf).exists());
}

#[cfg(unix)]
#[test]
fn files_and_folders_may_be_read_as_far_as_the_umask_lets() {
    use std::os::unix::fs::PermissionsExt as _;
    let shelf = Shelf::of(1);
    let note = shelf.sign().unwrap();
    shelf.log().export(&note, &target(&shelf)).unwrap();
    let (plain, folder) = (shelf.folder.path().join("plain"), shelf.folder.path().join("folder"));
    fs::write(&plain, "").unwrap();
    fs::create_dir(&folder).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    for name in ["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"] {
        assert_eq!(mode(&target(&shelf).join(name)), mode(&plain), "{name}");
    }
    for name in ["", "tile", "tile/entries", "tile/entries/000.p"] {
        assert_eq!(mode(&target(&shelf).join(name)), mode(&folder), "{name}");
    }
}
