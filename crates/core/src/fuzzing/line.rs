//! A line has one meaning, whatever its spelling, and a line that is read can be written.

use super::choices::Choices;
use super::forge::{KEYS, first_line};
use super::respell::respell;
use crate::error::{Error, ErrorCode, FaultCode};
use crate::event::{Event, KINDS};
use crate::hash::Hash;
use crate::verify::report::WarningCode;
use crate::verify::{Options, Report, Spelling, verify_lines};
use crate::{json, line as lines, seal};
use serde_json::Value;

/// Judges a line, or an event and its line.
///
/// # Panics
///
/// When a promise is broken.
pub fn line(data: &[u8]) {
    let mut choices = Choices::new(data);
    let is_event = choices.flag();
    let Ok(text) = std::str::from_utf8(choices.rest()) else { return };
    if is_event {
        check_event(text);
        // Another event than one that may be recorded, hashed and signed all the same.
        if let Some(line) = first_line(text) {
            check_line(&line, &mut Choices::new(data));
        }
    } else {
        check_line(text, &mut Choices::new(data));
    }
}

fn check_line(text: &str, choices: &mut Choices<'_>) {
    // JSON takes an LF as white space; the file format does not have such lines.
    if text.contains('\n') {
        let _ = lines::parse(text);
        return;
    }
    match lines::parse(text) {
        Ok(written) => check_written(text, &written, choices),
        Err(error) => check_refused(text, &error),
    }
}

fn check_written(text: &str, written: &str, choices: &mut Choices<'_>) {
    assert_eq!(lines::parse(written).expect("what was written is read"), written, "writing is not idempotent");
    let canonical = |text: &str| json::canonicalize(text).expect("a line that was read is JSON");
    assert_eq!(canonical(text), canonical(written), "writing changed a value");
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("a line is JSON").to_string();
    assert_eq!(value(text), value(written), "writing changed a value");
    check_order(written);
    check_spellings(text, written);
    let other = respell(&serde_json::from_str(text).expect("JSON"), choices);
    assert_eq!(canonical(&other), canonical(text));
    let again = lines::parse(&other).expect("another spelling of a line is a line");
    check_order(&again);
    check_spellings(&other, &again);
    assert_eq!(essence(&other), essence(text), "another spelling, another answer");
}

/// Keys stand where the format's tables have them.
fn check_order(written: &str) {
    const LINE: [&str; 7] =
        ["seq", "timestamp_nanos", "event", "parent_hash", "self_hash", "signature", "signer_pubkey"];
    let value = |object, name| json::members(object).find(|(key, _)| *key == name).expect("a field").1;
    let keys = |object| json::members(object).map(|(key, _)| key).collect::<Vec<_>>();
    let event = value(written, "event");
    assert_eq!(keys(written), LINE);
    assert_eq!(keys(event), ["type", "payload"]);
    let name = value(event, "type").trim_matches('"');
    if let Some(kind) = KINDS.iter().find(|kind| kind.name == name) {
        assert!(keys(value(event, "payload")).into_iter().eq(kind.fields.iter().map(|field| field.name)));
    }
}

/// The line and its writer's spelling get the same answer, and only the latter passes for exact.
fn check_spellings(text: &str, written: &str) {
    let (given, clean) = (essence(text), essence(written));
    assert_eq!(given, clean, "another spelling, another answer");
    let spelled =
        |report: &Report| report.warnings.iter().any(|warning| warning.code == WarningCode::NonCanonicalSpelling);
    let report = verify(written, Spelling::Any).expect("a line that can be read");
    assert!(!spelled(&report), "the writer's spelling is called another");
    let exact = verify(text, Spelling::Exact).expect("a line that can be read");
    if report.ok {
        assert_eq!(exact.code, (text != written).then_some(FaultCode::Spelling), "exact spelling");
        assert_eq!(spelled(&verify(text, Spelling::Any).expect("read before")), text != written, "the warning");
    } else {
        assert_eq!(exact.code, report.code, "exact spelling hides a fault");
    }
}

/// The answer for a ledger of this line, without what its length decides.
fn essence(text: &str) -> String {
    let report = verify(text, Spelling::Any).expect("a line that can be read");
    format!("{:?}", Report { bytes: 0, sha256: None, warnings: Vec::new(), ..report })
}

fn check_refused(text: &str, error: &Error) {
    if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
        return;
    }
    match verify(text, Spelling::Any) {
        Ok(report) => {
            assert!(!report.ok && error.code == ErrorCode::ChainBroken, "accepted although refused: {error:?}");
            let code = report.code.expect("a fault").to_string();
            assert!(error.message.contains(&format!(": {code}: ")), "{code} is not what was said: {error:?}");
        }
        Err(same) => assert_eq!((same.code, same.message), (error.code, error.message.clone())),
    }
}

fn verify(text: &str, spelling: Spelling) -> Result<Report, Error> {
    verify_lines([text], &Options { spelling, ..Options::default() })
}

fn check_event(text: &str) {
    let Ok(event) = Event::parse(text) else { return };
    assert_eq!(Event::parse(event.text()).expect("what was written is read"), event, "writing is not idempotent");
    assert_eq!(json::canonicalize(text).ok(), json::canonicalize(event.text()).ok(), "writing changed a value");
    let hash = seal::self_hash(&event, &Hash::GENESIS, 0, 1).expect("an event has a hash");
    let sealed = seal::seal(&event, Hash::GENESIS, 0, 1, &KEYS[0]).expect("an event can be sealed");
    assert_eq!(lines::parse(&sealed).expect("a sealed line"), sealed, "a sealed line is in another spelling");
    let report = verify(&sealed, Spelling::Exact).expect("a sealed line");
    assert!(report.ok && report.warnings.is_empty(), "{report:?}");
    assert_eq!((report.root_hash, report.events), (hash, event.set()));
}
