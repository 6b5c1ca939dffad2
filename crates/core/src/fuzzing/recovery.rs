//! Opening what a crash left keeps everything that was synced and the longest good beginning of the rest. Opening
//! anything else repairs it as the verifier would, or touches nothing.

use super::choices::Choices;
use super::forge::{KEYS, ledger, recorded_event};
use super::medium::Medium;
use crate::error::{Error, ErrorCode};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::ledger::{Session, SessionOptions, TornTailPolicy, VerifyOnOpen};
use crate::seal;
use crate::verify::report::Signer;
use crate::verify::{Options, Report, SignatureMode, Verifier};

/// Judges the opening of a file. The first byte chooses, by its remainder by 4, one that a crash left while a group (0) or
/// a missing LF (2) was written, a ledger by recipe (1) or any bytes (3); its higher bits, how the latter are opened.
///
/// # Panics
///
/// When a promise is broken.
pub fn recovery(data: &[u8]) {
    let mut choices = Choices::new(data);
    let form = choices.byte();
    match form % 4 {
        0 => check_crash_in_group(&mut choices),
        2 => check_crash_at_line_feed(&mut choices),
        1 => check_any(&ledger(&mut choices), form >> 2),
        _ => check_any(choices.rest(), form >> 2),
    }
}

/// Most bytes of a group, unless it is one line.
const GROUP_LIMIT: usize = 1 << 20;

/// A ledger of groups, the last of them not synced when the power failed.
fn check_crash_in_group(choices: &mut Choices<'_>) {
    let (synced, group) = (choices.below(5), 1 + choices.below(4));
    let mut lines = recorded(synced + group, choices);
    // What does not fit goes into the next group, which was not begun.
    while lines.len() > synced + 1 && length(&lines[synced..]) > GROUP_LIMIT {
        lines.pop();
    }
    let image = crash(&lines, length(&lines[..synced]), choices);
    check_crash(&lines, &image, synced);
}

/// A ledger whose last line was without its LF: it may have come, or its page was lost when the file had grown.
fn check_crash_at_line_feed(choices: &mut Choices<'_>) {
    let count = 1 + choices.below(4);
    let lines = recorded(count, choices);
    let mut image = lines.join("\n").into_bytes();
    image.extend_from_slice([&b""[..], b"\n", b"\0"][choices.below(3)]);
    check_crash(&lines, &image, count);
}

/// Opening keeps the longest good beginning, and so what was acknowledged.
fn check_crash(lines: &[String], image: &[u8], acknowledged: usize) {
    let (kept, events) = good_beginning(lines, image);
    assert!(events >= acknowledged, "the image is none of this crash");
    let medium = Medium::new(image);
    let session = medium.open(&options()).unwrap_or_else(|error| panic!("a crash is refused: {error:?}"));
    assert!(medium.bytes() == image[..kept], "not the longest good beginning");
    assert_eq!(session.head().map_or(0, |head| head.seq + 1), events as u64, "not the events that are whole");
    check_opened(image, &medium, session, SignatureMode::All);
}

/// Lines of so many events.
fn recorded(count: usize, choices: &mut Choices<'_>) -> Vec<String> {
    let mut parent = Hash::GENESIS;
    let line = |seq| {
        let event = recorded_event(choices);
        let line = seal::seal(&event, parent, seq, 1, &KEYS[0]).unwrap();
        parent = seal::self_hash(&event, &parent, seq, 1).unwrap();
        line
    };
    (0..count as u64).map(line).collect()
}

/// Bytes of lines with their LFs.
fn length(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

/// What may be left of lines when those behind `durable` were being written.
fn crash(lines: &[String], durable: usize, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut image: Vec<u8> = lines.iter().flat_map(|line| line.bytes().chain([b'\n'])).collect();
    // No disk writes less than a sector at once; only behind an event is a smaller hole told from another file.
    let page = if durable == 0 { [512, 4096][choices.below(2)] } else { [64, 512, 4096][choices.below(3)] };
    image.truncate(durable + choices.below(image.len() - durable + 1));
    let mut start = durable;
    while start < image.len() {
        let end = (start / page + 1) * page;
        let end = end.min(image.len());
        if choices.flag() {
            image[start..end].fill(0);
        }
        start = end;
    }
    image
}

/// Length and number of the whole lines that an image begins with, and of an event behind them that lacks its LF only.
fn good_beginning(lines: &[String], image: &[u8]) -> (usize, usize) {
    let (mut good, mut count) = (0, 0);
    for line in lines {
        if !image[good..].starts_with(line.as_bytes()) {
            break;
        }
        good += line.len();
        count += 1;
        if image.get(good) != Some(&b'\n') {
            break;
        }
        good += 1;
    }
    (good, count)
}

/// Opens a file that need not be a ledger: as most do, with every event verified, or with and without a repair.
fn check_any(image: &[u8], how: u8) {
    let medium = Medium::new(image);
    let verify_on_open = if how % 4 == 1 { VerifyOnOpen::All } else { VerifyOnOpen::Tail };
    let opened = medium.open(&SessionOptions { verify_on_open, ..options() });
    if how % 4 == 2 {
        check_unrepaired(image, opened.as_ref());
    }
    if let Some(count) = events_of_ours(image) {
        let session = opened.as_ref().unwrap_or_else(|error| panic!("a good ledger is refused: {error:?}"));
        assert!(session.head().is_some_and(|head| head.seq + 1 >= count), "events of a good ledger are lost");
    }
    match opened {
        Ok(session) => {
            let all = verify_on_open == VerifyOnOpen::All;
            check_opened(image, &medium, session, if all { SignatureMode::All } else { SignatureMode::Last });
        }
        Err(error) => {
            let codes = [ErrorCode::LedgerTampered, ErrorCode::SignerMismatch];
            assert!(medium.state().changes == 0 && codes.contains(&error.code), "a refused file is changed: {error:?}");
        }
    }
}

/// The number of events if the verifier likes all of them and the first test key has signed the last one.
fn events_of_ours(image: &[u8]) -> Option<u64> {
    let mut verifier = Verifier::new(&Options::default());
    verifier.push(image);
    let report = verifier.finish().ok().filter(|report| report.ok)?;
    let head = report.head?;
    let is_ours = |signer: &Signer| signer.public_key == KEYS[0].public() && signer.last == head.seq;
    report.signers.iter().any(is_ours).then_some(report.event_count)
}

/// Without a repair the same files are opened but for those with a tail, and none is changed.
fn check_unrepaired(image: &[u8], repaired: Result<&Session, &Error>) {
    let medium = Medium::new(image);
    let careful = SessionOptions { torn_tail: Some(TornTailPolicy::Error), ..options() };
    let code = medium.open(&careful).map(|session| session.close()).err().map(|error| error.code);
    assert_eq!(medium.state().changes, 0, "opening without a repair changes the file");
    let expected = match repaired {
        Ok(session) => session.recovery().tail.is_some().then_some(ErrorCode::TornTail),
        Err(error) => Some(error.code),
    };
    assert_eq!(code, expected);
}

/// A ledger that was opened: what is cut off was kept, what is left is a ledger, and it goes on.
fn check_opened(image: &[u8], medium: &Medium, session: Session, signatures: SignatureMode) {
    let kept = medium.bytes();
    let (beginning, tail) = image.split_at(kept.len());
    assert!(kept == beginning, "what is left is no beginning of the file");
    let recovered = session.recovery().tail.clone();
    let described = recovered.map(|tail| (tail.offset, tail.bytes)).into_iter().collect::<Vec<_>>();
    let quarantined = medium.state().quarantined.clone();
    let expected: Vec<_> = (!tail.is_empty()).then(|| (kept.len() as u64, tail.to_vec())).into_iter().collect();
    assert!(quarantined == expected, "not what was cut off is kept beside the ledger");
    assert_eq!(described, expected.iter().map(|(offset, bytes)| (*offset, bytes.len() as u64)).collect::<Vec<_>>());
    let before = verified(&kept, signatures);
    assert_eq!(before.head, session.head(), "another head than the verifier's");
    session.close();
    let again = medium.open(&options()).expect("what was repaired is opened");
    assert!(again.recovery().tail.is_none() && again.head() == before.head, "the second opening differs");
    assert!(medium.bytes() == kept, "the second opening changes the file");
    again.record(recorded_event(&mut Choices::new(&[]))).expect("the next event");
    again.close();
    let after = verified(&medium.bytes(), signatures);
    assert_eq!(after.event_count, before.event_count + 1);
    assert!(medium.bytes().starts_with(&kept), "the next event changes what is there");
}

/// The report of a ledger that must be clean.
fn verified(bytes: &[u8], signatures: SignatureMode) -> Report {
    let mut verifier = Verifier::new(&Options { signatures, ..Options::default() });
    verifier.push(bytes);
    let report = verifier.finish().expect("a ledger that was opened can be read");
    assert!(report.ok && report.tail.is_none(), "a ledger that was opened is broken: {report:?}");
    report
}

fn options() -> SessionOptions {
    SessionOptions { events: EventSet::Extended, ..SessionOptions::new("ledger.ndjson") }
}
