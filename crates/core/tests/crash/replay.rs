//! The same crashes behind the system calls of the real file, as strace saw them: the medium of the other tests could
//! flatter the writer, and knows nothing of how a file is created.
//!
//! The child is this test itself, told by a variable where to record. It writes each acknowledged line to a second file
//! at once, so that the trace says when that was. No two of its calls overlap: the writer holds a lock for each group.

use crate::disk::{Disk, Step};
use crate::recording::{event, key};
use crate::{PAGE, SECTOR, assert_survives, ledger, limit};
use sealwright_core::ledger::{Batch, GroupMeasures, Session, SessionOptions, Sink};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const CHILD: &str = "SEALWRIGHT_CRASH_CHILD";
const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync";

#[test]
#[ignore = "needs strace"]
fn the_calls_of_the_real_file_survive() {
    if let Some(path) = std::env::var_os(CHILD) {
        return record_for_real(&PathBuf::from(path));
    }
    let torn = [ledger(4, 1_500), b"{\"seq\":4,".repeat(500)].concat();
    for (name, start) in [("a new ledger, traced", &b""[..]), ("a torn ledger, traced", &torn)] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let path = folder.join("ledger.ndjson");
        if !start.is_empty() {
            fs::write(&path, start).unwrap();
        }
        let test = "replay::the_calls_of_the_real_file_survive";
        let trace = trace(test, CALLS, (CHILD, &path), &folder.join("trace"));
        let good = start.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let lines =
            std::str::from_utf8(&start[..good]).unwrap().lines().map(|line| Step::Acknowledged(line.to_owned()));
        let steps: Vec<Step> = lines.chain(steps_of(&trace, &path)).collect();
        let count = |is_it: fn(&Step) -> bool| steps.iter().filter(|step| is_it(step)).count();
        assert_eq!(count(|step| matches!(step, Step::Acknowledged(_))), if start.is_empty() { 17 } else { 21 });
        assert_eq!(count(|step| matches!(step, Step::Quarantined { .. })), usize::from(!start.is_empty()));
        let mut disk = Disk::new(PAGE, start, true);
        steps.iter().for_each(|step| disk.apply(step));
        assert!(disk.began_with(&fs::read(&path).unwrap()), "the trace makes the file that is there");
        assert_survives(name, &[PAGE, SECTOR], start, &steps, limit() / 3);
    }
}

/// Appends each acknowledged line to a file, in one call.
pub(crate) struct Markers(pub(crate) File);

impl Markers {
    pub(crate) fn add(&self, lines: &[String]) {
        for line in lines {
            (&self.0).write_all(line.as_bytes()).unwrap();
        }
    }
}

impl Sink for Markers {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        results.into_iter().for_each(|(_, lines)| self.add(&lines.unwrap()));
    }

    fn room(&self) {}
}

fn record_for_real(path: &Path) {
    let markers = Arc::new(Markers(File::create(markers_of(path)).unwrap()));
    for number in 0..2 {
        let sink: Arc<dyn Sink> = markers.clone();
        let session = Session::open_with_sink(&SessionOptions::new(path), &key(), sink).unwrap();
        markers.add(&[session.record(event(&format!("{number}"))).unwrap()]);
        if number == 0 {
            markers.add(&session.record_many((0..10).map(|_| event(&"x".repeat(900))).collect()).unwrap());
            (0..5).for_each(|number| session.submit(number, event("submitted")).unwrap());
        }
        session.close();
    }
}

pub(crate) fn markers_of(path: &Path) -> PathBuf {
    path.with_extension("markers")
}

/// Records in a test that runs under strace, told by a variable where, and gives what it saw.
pub(crate) fn trace(test: &str, calls: &str, (variable, path): (&str, &Path), trace: &Path) -> String {
    let child = Command::new("strace")
        .args(["-f", "-y", "-qq", "-xx", "-s", "10000000", "-e", calls, "-o"])
        .arg(trace)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--include-ignored"])
        .env(variable, path)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    fs::read_to_string(trace).unwrap()
}

/// The steps in a trace: `4711 pwrite64(5<PATH>, "BYTES", COUNT, OFFSET) = COUNT`, text as `\x2f`, one call a line.
fn steps_of(trace: &str, path: &Path) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut copy: Option<Step> = None;
    for line in trace.lines() {
        let Some((call, arguments)) = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').split_once('(')
        else {
            continue;
        };
        let target = text_between(arguments, '<', '>').map(|text| PathBuf::from(String::from_utf8(text).unwrap()));
        let Some(target) = target.filter(|target| target.starts_with(path.parent().unwrap()) && call != "openat")
        else {
            continue;
        };
        let (arguments, result) = arguments.rsplit_once(") = ").unwrap_or_else(|| panic!("no call of its own: {line}"));
        let bytes = text_between(arguments, '"', '"').unwrap_or_default();
        let last = arguments.rsplit_once(", ").map_or(0, |(_, last)| last.parse::<usize>().unwrap());
        let done: usize = result.parse().unwrap();
        match call {
            "pwrite64" if target == path => steps.push(Step::Write { offset: last, bytes: bytes[..done].to_vec() }),
            "ftruncate" if target == path => steps.push(Step::SetLen(last)),
            "fsync" | "fdatasync" if target == path => steps.push(Step::Sync),
            "fsync" if Some(&*target) == path.parent() => {
                steps.push(Step::SyncFolder);
                steps.extend(copy.take());
            }
            "write" if target == markers_of(path) => steps.push(Step::Acknowledged(String::from_utf8(bytes).unwrap())),
            "write" => {
                let name = target.to_str().unwrap();
                let offset = name.rsplit('-').nth(1).and_then(|offset| offset.parse().ok());
                copy = Some(Step::Quarantined { offset: offset.unwrap_or_else(|| panic!("{line}")), bytes });
            }
            "fsync" => assert!(copy.is_some(), "the copy is synced behind its bytes: {line}"),
            _ => panic!("not expected: {line}"),
        }
    }
    steps
}

/// What stands between two marks, decoded.
pub(crate) fn text_between(text: &str, open: char, close: char) -> Option<Vec<u8>> {
    let (text, _) = text.split_once(open)?.1.split_once(close)?;
    Some(text.split("\\x").skip(1).map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect())
}
