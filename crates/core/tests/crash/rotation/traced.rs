//! The same behind the system calls of real files, as strace saw them.

use super::{crash_everywhere, rotations};
use crate::PAGE;
use crate::disk::Step;
use crate::limit;
use crate::recording::{event, key};
use crate::replay::{Markers, markers_of, text_between, trace};
use crate::shelf::{Call, Folder, Name, Naming, World};
use sealwright_core::chain::SeqRange;
use sealwright_core::ledger::{RotationLimits, Session, SessionOptions};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

const CHILD: &str = "SEALWRIGHT_ROTATION_CHILD";
const TEST: &str = "rotation::traced::the_calls_of_real_rotations_survive";
const CALLS: &str =
    "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat";

#[test]
#[ignore = "needs strace"]
fn the_calls_of_real_rotations_survive() {
    if let Some(path) = std::env::var_os(CHILD) {
        return record_for_real(&PathBuf::from(path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("ledger.ndjson");
    File::create(&path).unwrap();
    let calls = calls_of(&trace(TEST, CALLS, (CHILD, &path), &folder.path().join("trace")), &path);
    assert_eq!(calls.iter().filter(|call| matches!(call, Call::Acknowledged(_))).count(), 8);
    assert_eq!(rotations(&calls), 2);
    let start = World::of(&Folder::new(), PAGE);
    let tally = crash_everywhere(&start, &[], &calls, limit(), limit() / 3).unwrap();
    println!("rotations, traced: {tally:?}");
}

fn record_for_real(path: &Path) {
    let markers = Markers(File::create(markers_of(path)).unwrap());
    let rotation = Some(RotationLimits { max_events: Some(3), ..RotationLimits::default() });
    let options = SessionOptions { rotation, ..SessionOptions::new(path) };
    for number in 0..2 {
        let session = Session::open(&options, key()).unwrap();
        (0..4).for_each(|_| markers.add(&[session.record(event(&"x".repeat(number * 900))).unwrap()]));
        session.close();
    }
}

/// The calls in a trace, one a line: `4711 pwrite64(5<PATH>, "BYTES", COUNT, OFFSET) = COUNT`, `4711 rename("FROM", "TO") = 0`.
fn calls_of(trace: &str, path: &Path) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut names = BTreeMap::from([(Name::Active, 0)]);
    let mut made = 0;
    for line in trace.lines() {
        let Some((call, arguments)) = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').split_once('(')
        else {
            continue;
        };
        let Some((arguments, result)) = arguments.rsplit_once(") = ") else { panic!("no call of its own: {line}") };
        if result.starts_with('-') {
            continue;
        }
        let opened = text_between(arguments, '<', '>').map(path_of);
        let paths: Vec<PathBuf> = quoted(arguments).map(path_of).collect();
        let named = |place: usize| paths.get(place).and_then(|path_given| name_of(path_given, path));
        let naming = match call {
            "openat" if arguments.contains("O_EXCL") => named(0).map(|name| {
                made += 1;
                Naming::Create(name, made)
            }),
            "link" | "linkat" => named(1).map(|name| Naming::Link(name, names[&named(0).unwrap()])),
            "rename" | "renameat" | "renameat2" => named(0).map(|name| Naming::Rename(name, named(1).unwrap())),
            "unlink" | "unlinkat" => named(0).map(Naming::Remove),
            _ => None,
        };
        if let Some(naming) = naming {
            match &naming {
                Naming::Create(name, file) | Naming::Link(name, file) => drop(names.insert(*name, *file)),
                Naming::Rename(from, to) => {
                    let file = names.remove(from).unwrap();
                    names.insert(*to, file);
                }
                Naming::Remove(name) => drop(names.remove(name)),
            }
            calls.push(Call::Naming(naming));
            continue;
        }
        let Some(target) = opened.filter(|target| target.starts_with(path.parent().unwrap()) && call != "openat")
        else {
            continue;
        };
        let file = name_of(&target, path).map(|name| names[&name]);
        let last = arguments.rsplit_once(", ").and_then(|(_, last)| last.parse::<usize>().ok());
        let bytes = || text_between(arguments, '"', '"').unwrap_or_default();
        calls.push(match (call, file) {
            ("pwrite64", Some(file)) => Call::File(file, Step::Write { offset: last.unwrap(), bytes: bytes() }),
            ("ftruncate", Some(file)) => Call::File(file, Step::SetLen(last.unwrap())),
            ("fsync" | "fdatasync", Some(file)) => Call::File(file, Step::Sync),
            ("fsync", None) if Some(&*target) == path.parent() => Call::SyncFolder,
            ("write", None) if target == markers_of(path) => Call::Acknowledged(String::from_utf8(bytes()).unwrap()),
            _ => panic!("not expected: {line}"),
        });
    }
    calls
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes).unwrap())
}

/// The texts in quotes.
fn quoted(arguments: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    arguments.split('"').skip(1).step_by(2).map(|text| text_between(&format!("\"{text}\""), '"', '"').unwrap())
}

fn name_of(found: &Path, active: &Path) -> Option<Name> {
    let name = found.strip_prefix(active.parent()?).ok()?.to_str()?;
    match name.strip_prefix("ledger.")?.strip_suffix("ndjson") {
        Some("") => Some(Name::Active),
        Some(range) => {
            let (from, to) = range.strip_suffix('.')?.split_once('-')?;
            Some(Name::Sealed(SeqRange { from: from.parse().ok()?, to: to.parse().ok()? }))
        }
        None => (name == "ledger.ndjson.next").then_some(Name::Next),
    }
}
