//! One ledger, one report: however its bytes come in, and never a better one than the chain deserves.

use super::choices::Choices;
use super::forge::{self, KEYS};
use super::judge::{Chain, Signatures, judge};
use crate::chain::Head;
use crate::error::{Error, ErrorCode, FaultCode, Place};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::verify::report::{Compared, WarningCode};
use crate::verify::{Options, Report, SignatureMode, Spelling, Verdict, Verifier, verify_lines};

/// Judges a ledger under options: a byte of options, a byte of form (odd for a recipe) and two that cut it into pieces.
///
/// # Panics
///
/// When a promise is broken.
pub fn verifier(data: &[u8]) {
    let mut choices = Choices::new(data);
    let asked = choices.byte();
    let is_recipe = choices.flag();
    let sizes = [choices.byte(), choices.byte()].map(|size| usize::from(size) * 5 + 1);
    let bytes = if is_recipe { forge::ledger(&mut choices) } else { choices.rest().to_vec() };
    let plain = answer(&bytes, &[usize::MAX], &Options::default());
    check(&bytes, sizes, &Options::default(), &plain);
    check_middle(&bytes, sizes[0], &plain);
    let options = options(asked, &plain.report);
    if asked != 0 {
        let other = answer(&bytes, &[usize::MAX], &options);
        check(&bytes, sizes, &options, &other);
        check_stricter(asked, &plain, &other);
    }
}

/// A report, or an error with the report on the lines before.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    report: Report,
    error: Option<(ErrorCode, String, Place)>,
}

impl Answer {
    fn of(result: Result<Report, Error>) -> Self {
        match result {
            Ok(report) => Self { report, error: None },
            Err(Error { code, message, place, report, .. }) => {
                let place = place.expect("an unreadable line has a place");
                Self { report: *report.expect("the lines before have a report"), error: Some((code, message, place)) }
            }
        }
    }

    fn is_ok(&self) -> bool {
        self.error.is_none() && self.report.ok
    }
}

/// The report of bytes that come in pieces of these sizes in turn.
fn answer(bytes: &[u8], sizes: &[usize], options: &Options) -> Answer {
    let mut verifier = Verifier::new(options);
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        let (piece, behind) = rest.split_at(rest.len().min(*size));
        verifier.push(piece);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    Answer::of(verifier.finish())
}

/// What is asked of a ledger, in part by what is in it.
fn options(asked: u8, report: &Report) -> Options {
    let asks = |bit: u8| asked & (1 << bit) != 0;
    let wrong = Hash::of(b"another event");
    let hash = |right: Hash| if asks(7) { wrong } else { right };
    Options {
        events: if asks(0) { EventSet::Core } else { EventSet::Extended },
        spelling: if asks(1) { Spelling::Exact } else { Spelling::Any },
        signers: if asks(2) { vec![KEYS[0].public()] } else { Vec::new() },
        expected_head: report.head.filter(|_| asks(3)).map(|head| Head { hash: hash(head.hash), ..head }),
        expected_first: report.first_hash.filter(|_| asks(4)).map(hash),
        signatures: if asks(5) { SignatureMode::Last } else { SignatureMode::All },
        max_line_bytes: if asks(6) { 600 } else { Options::default().max_line_bytes },
        ..Options::default()
    }
}

fn check(bytes: &[u8], sizes: [usize; 2], options: &Options, whole: &Answer) {
    assert_eq!(answer(bytes, &sizes, options), *whole, "pieces of {sizes:?} bytes change the answer");
    if let Some(lines) = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n')) {
        assert_eq!(Answer::of(verify_lines(lines.split('\n'), options)), *whole, "lines in memory change the answer");
    }
    check_places(bytes, whole);
    check_chain(bytes, options, whole);
    if options.signatures == SignatureMode::All {
        let options = Options { signatures: SignatureMode::Last, ..options.clone() };
        let last = answer(bytes, &[usize::MAX], &options);
        check_chain(bytes, &options, &last);
        check_last(whole, &last);
    }
}

/// Every place is one in the bytes.
fn check_places(bytes: &[u8], answer: &Answer) {
    let report = &answer.report;
    let length = bytes.len() as u64;
    let fault = report.line.zip(report.byte_offset).map(|(line, byte_offset)| Place { line, byte_offset });
    for place in fault.into_iter().chain(answer.error.as_ref().map(|(_, _, place)| *place)) {
        let before = bytes.get(..usize::try_from(place.byte_offset).unwrap()).expect("an offset in the ledger");
        assert!(before.is_empty() || before.ends_with(b"\n"), "a place is the beginning of a line");
        let lines = before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        assert_eq!(place.line, lines + 1, "the line is not at its offset");
        assert_eq!(report.bytes, place.byte_offset, "bytes before the fault");
    }
    assert_eq!(report.sha256.is_some(), answer.is_ok(), "a digest of what was not read");
    if answer.is_ok() {
        assert_eq!((report.bytes, report.sha256), (length, Some(Hash::of(bytes))), "what was read");
    }
    assert!(report.bytes <= length && report.byte_offset.is_none_or(|offset| offset <= length));
    if let Some(tail) = report.tail {
        assert_eq!(tail.offset + tail.bytes, length, "a tail reaches to the end");
        assert!(tail.bytes > 0);
    }
}

/// Whoever trusts the event in front of a line needs nothing of the lines before.
fn check_middle(bytes: &[u8], near: usize, whole: &Answer) {
    let line_end = bytes.iter().skip(near).position(|&byte| byte == b'\n').map(|behind| near + behind + 1);
    let Some((before, behind)) = line_end.and_then(|end| bytes.split_at_checked(end)) else { return };
    let before = answer(before, &[usize::MAX], &Options::default()).report;
    let Some(head) = before.head.filter(|_| before.ok && whole.error.is_none()) else { return };
    let rest = answer(behind, &[usize::MAX], &Options { start_after: Some(head), ..Options::default() }).report;
    assert_eq!(rest.started_after, Some(head));
    assert_eq!(
        (rest.code, rest.broken_at),
        (whole.report.code, whole.report.broken_at),
        "another fault behind a start"
    );
    assert_eq!(before.event_count + rest.event_count, whole.report.event_count, "events behind a start");
    assert_eq!(rest.head.or(Some(head)), whole.report.head);
    assert!(rest.verdict != Verdict::Verified && rest.first_hash.is_none());
}

/// What was accepted is a chain, whoever looks.
fn check_chain(bytes: &[u8], options: &Options, answer: &Answer) {
    let report = &answer.report;
    assert_eq!(report.ok, report.verdict != Verdict::Broken);
    assert_eq!(report.ok, report.code.is_none());
    assert_eq!(report.head.map(|head| head.seq + 1).unwrap_or_default(), report.event_count);
    assert_eq!(report.head.map_or(Hash::GENESIS, |head| head.hash), report.root_hash);
    // The head that is missing is found to be at the end, or where another event has its number.
    if report.code == Some(FaultCode::HeadMismatch) {
        return;
    }
    let accepted = match report.tail {
        Some(tail) => &bytes[..usize::try_from(tail.offset).unwrap()],
        None => &bytes[..usize::try_from(report.bytes).unwrap()],
    };
    let signatures = match options.signatures {
        SignatureMode::All => Signatures::All,
        SignatureMode::Last if answer.is_ok() => Signatures::RunEnds,
        SignatureMode::Last => Signatures::Handovers,
    };
    let Chain { count, root, .. } = judge(accepted, signatures).expect("what was accepted is a chain");
    assert_eq!((count, root), (report.event_count, report.root_hash.to_string()), "another chain than was reported");
    let checked = report.checks.signatures.checked;
    assert!(checked == count || (signatures != Signatures::All && checked < count), "signatures that were checked");
    if report.verdict == Verdict::Verified {
        assert!(!options.signers.is_empty() && report.tail.is_none() && report.unknown_kinds.is_empty());
        assert!(checked == count && report.checks.head == Compared::Matched);
    }
}

/// Looking at fewer signatures overlooks bad signatures, and nothing else.
fn check_last(all: &Answer, last: &Answer) {
    let bare = |answer: &Answer| {
        let mut report = answer.report.clone();
        report.checks.signatures = all.report.checks.signatures.clone();
        report.checks.hashes = 0;
        let verdict = if report.verdict == Verdict::Verified { Verdict::Intact } else { report.verdict };
        (Report { verdict, ..report }, answer.error.clone())
    };
    if all.report.code != Some(FaultCode::BadSignature) {
        assert_eq!(bare(last), bare(all), "checking fewer signatures changes the answer");
    } else if last.report.code == Some(FaultCode::BadSignature) {
        assert!(last.report.event_count >= all.report.event_count, "a bad signature is found before the first one");
    }
}

/// More demands give no better answer, and a demand that is not met is said.
fn check_stricter(asked: u8, plain: &Answer, strict: &Answer) {
    let last = asked & (1 << 5) != 0;
    assert!(!strict.is_ok() || plain.is_ok() || last, "demands repair a ledger");
    if !plain.is_ok() || !strict.is_ok() {
        return;
    }
    let asks = |bit: u8| asked & (1 << bit) != 0;
    // A last event without its LF is a tail when it is too long.
    let same = (strict.report.root_hash, strict.report.tail) == (plain.report.root_hash, plain.report.tail);
    assert!(same || (asks(6) && strict.report.tail.is_some()), "demands change what is in the ledger");
    assert!(!asks(7) || plain.report.event_count == 0 || !(asks(3) || asks(4)), "a wrong expectation is met");
    assert!(!asks(0) || strict.report.events == EventSet::Core);
    assert!(!asks(1) || strict.report.warnings.iter().all(|warning| warning.code != WarningCode::NonCanonicalSpelling));
    assert!(!asks(2) || strict.report.signers.iter().all(|signer| signer.pinned));
}
