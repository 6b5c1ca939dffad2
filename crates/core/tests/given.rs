//! Files that a caller gives are verified as files of the system are: the same reports, and an error where they cannot be
//! read.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod recording;

use recording::{event, key, new_folder};
use sealwright_core::ErrorCode;
use sealwright_core::event::EventSet;
use sealwright_core::ledger::{PruneLimits, RotationLimits, Session, SessionOptions};
use sealwright_core::limits::MAX_LINE;
use sealwright_core::storage::{GivenFile, Source};
use sealwright_core::verify::{
    Gathering, Options, SegmentsReport, Verdict, Watch, order, verify_file, verify_given, verify_segments,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

/// Bytes that can all be read, or up to a place: what reaches behind it is at the end, or fails.
struct Memory {
    bytes: Vec<u8>,
    fails_at: Option<(u64, Option<io::ErrorKind>)>,
}

impl Source for Memory {
    fn length(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.bytes.len()).unwrap())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[usize::try_from(offset).unwrap()..];
        // Seldom as much as was asked for.
        let count = rest.len().min(buffer.len()).min(1000);
        buffer[..count].copy_from_slice(&rest[..count]);
        match self.fails_at.filter(|(place, _)| offset + u64::try_from(count).unwrap() > *place) {
            Some((_, Some(kind))) => Err(kind.into()),
            Some((_, None)) => Ok(0),
            None => Ok(count),
        }
    }
}

fn given(name: &str, bytes: &[u8]) -> GivenFile {
    GivenFile::new(name, Arc::new(Memory { bytes: bytes.to_vec(), fails_at: None }))
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Segments of three events each and an active file of one, in no order.
fn segments(path: &Path, events: usize) -> Vec<PathBuf> {
    let rotation = Some(RotationLimits { max_events: Some(3), ..RotationLimits::default() });
    let session = Session::open(&SessionOptions { rotation, ..SessionOptions::new(path) }, key()).unwrap();
    (0..events).for_each(|number| drop(session.record(event(&number.to_string())).unwrap()));
    session.close();
    files(path)
}

fn files(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "ndjson")).collect();
    files.sort();
    files.reverse();
    files
}

fn of_paths(paths: &[PathBuf]) -> SegmentsReport {
    let gathering = Gathering::Of(paths.to_vec());
    let mut report = verify_segments(&gathering, &Options::default(), None, &mut Watch::default()).unwrap();
    report.files.iter_mut().for_each(|file| file.path = name_of(Path::new(&file.path)).to_owned());
    report.orphans.iter_mut().for_each(|path| *path = name_of(path).into());
    report
}

fn of_given(files: Vec<GivenFile>) -> Result<SegmentsReport, ErrorCode> {
    let given = Gathering::Given(files);
    verify_segments(&given, &Options::default(), None, &mut Watch::default()).map_err(|error| error.code)
}

fn all_given(paths: &[PathBuf]) -> Vec<GivenFile> {
    paths.iter().map(|path| given(name_of(path), &fs::read(path).unwrap())).collect()
}

#[test]
fn segments_have_the_report_of_their_files() {
    let (_folder, path) = new_folder();
    let paths = segments(&path, 10);
    assert_eq!(paths.len(), 4);
    assert_eq!(order(&all_given(&paths), MAX_LINE).unwrap(), [3, 2, 1, 0]);
    for left_out in [None, Some(0), Some(1), Some(2), Some(3)] {
        let paths = (0..).zip(&paths).filter(|(place, _)| Some(*place) != left_out).map(|(_, path)| path);
        let paths: Vec<PathBuf> = paths.cloned().collect();
        let report = of_paths(&paths);
        assert_eq!(of_given(all_given(&paths)).unwrap(), report);
        // Only the last one can be missing without notice.
        assert_eq!(report.report.ok, left_out.is_none_or(|place| place == 0), "{left_out:?}");
    }
    let options = SessionOptions { events: EventSet::Extended, ..SessionOptions::new(&path) };
    let session = Session::open(&options, key()).unwrap();
    session.prune(&PruneLimits { before_seq: Some(5), ..PruneLimits::default() }).unwrap();
    session.close();
    let pruned = files(&path);
    let report = of_given(all_given(&pruned)).unwrap();
    assert!(report.report.started_after.is_some() && report.report.ok);
    assert_eq!(report, of_paths(&pruned));
}

#[test]
fn one_file_has_the_report_of_a_file_without_others() {
    let (_folder, path) = new_folder();
    for path in segments(&path, 10) {
        let (_elsewhere, alone) = new_folder();
        let alone = alone.with_file_name(name_of(&path));
        fs::copy(&path, &alone).unwrap();
        let expected = verify_file(&alone, &Options::default(), &mut Watch::default()).unwrap();
        let file = given(name_of(&path), &fs::read(&path).unwrap());
        let report = verify_given(&file, &Options::default(), &mut Watch::default()).unwrap();
        assert_eq!(report, expected);
        // A part of a ledger by its name.
        let is_sealed = name_of(&path) != "ledger.ndjson";
        assert_eq!((report.verdict == Verdict::Intact, report.segments.is_some()), (is_sealed, is_sealed));
    }
}

#[test]
fn names_count_as_those_of_files_do() {
    let (_folder, path) = new_folder();
    let paths = segments(&path, 6);
    let bytes: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(of_given(vec![]).unwrap_err(), ErrorCode::InvalidArgument);
    let nearly = vec![given("ledger.00-2.ndjson", &bytes[1]), given("ledger.ndjson", &bytes[0])];
    assert_eq!(order(&nearly, MAX_LINE).unwrap_err().code, ErrorCode::SegmentRefused);
    assert_eq!(of_given(nearly).unwrap_err(), ErrorCode::SegmentRefused);
    // Two files of one name are two files.
    let twice = of_given(vec![given("ledger.ndjson", &bytes[1]), given("ledger.ndjson", &bytes[1])]).unwrap();
    assert_eq!((twice.report.ok, twice.orphans.len()), (false, 1));
    // No file of the system stands beside them, whatever a name says.
    let named = given(paths[0].to_str().unwrap(), &bytes[0]);
    assert!(verify_given(&named, &Options::default(), &mut Watch::default()).unwrap().segments.is_none());
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let (_folder, path) = new_folder();
    let paths = segments(&path, 9);
    let bytes = fs::read(&paths[1]).unwrap();
    for fails_at in [0, 1000, u64::try_from(bytes.len()).unwrap() - 1].into_iter().flat_map(|place| {
        [None, Some(io::ErrorKind::Other), Some(io::ErrorKind::TimedOut)].map(|kind| Some((place, kind)))
    }) {
        let name = name_of(&paths[1]);
        let file = GivenFile::new(name, Arc::new(Memory { bytes: bytes.clone(), fails_at }));
        let alone = verify_given(&file, &Options::default(), &mut Watch::default()).unwrap_err();
        assert_eq!(alone.code, ErrorCode::LedgerIo, "{fails_at:?}");
        let mut files = all_given(&paths);
        files[1] = file;
        assert_eq!(of_given(files).unwrap_err(), ErrorCode::LedgerIo, "{fails_at:?}");
    }
}
