//! Ledgers of random events: what is written is read and written again as it was, and no value of it can be changed.

use crate::{canonical, key, respell, value};
use proptest::prelude::*;
use proptest::sample::Index;
use sealwright_core::chain::Head;
use sealwright_core::event::Event;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::query::{ReadOptions, Reader};
use sealwright_core::verify::report::{Verdict, WarningCode};
use sealwright_core::verify::{Options, Report, Verifier};
use sealwright_core::{Result, line, seal};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;

/// A few cases, or as many as PROPTEST_CASES says: each tries every place of a ledger.
fn cases(few: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if asked { config.cases } else { few }, ..config }
}

/// Events of every kind.
fn event() -> impl Strategy<Value = Event> {
    let text = || prop_oneof![any::<String>(), "[ -~]{0,12}"];
    let digest = || "[0-9a-f]{64}";
    let digest_or_empty = || prop_oneof![Just(String::new()), digest().prop_map(String::from)];
    let of = |kind: &'static str, payload: Value| json!({"type": kind, "payload": payload});
    prop_oneof![
        (text(), text(), text()).prop_map(move |(agent, model, session)| of(
            "SessionStarted",
            json!({"agent_id": agent, "model_id": model, "session_id": session})
        )),
        (digest(), text(), text(), any::<u64>()).prop_map(move |(audio, transcript, lang, duration)| of(
            "UtteranceCaptured",
            json!({"audio_sha256": audio, "transcript": transcript, "lang": lang, "duration_ms": duration})
        )),
        (text(), digest(), value()).prop_map(move |(tool, digest, arguments)| of(
            "ToolCalled",
            json!({"tool_name": tool, "args_sha256": digest, "args_redacted": arguments})
        )),
        (text(), digest(), any::<u64>(), any::<bool>()).prop_map(move |(tool, digest, latency, success)| of(
            "ToolReturned",
            json!({"tool_name": tool, "result_sha256": digest, "latency_ms": latency, "success": success})
        )),
        (text(), digest(), digest(), any::<u32>(), any::<u32>()).prop_map(move |(model, prompt, response, p, r)| of(
            "ModelInvoked",
            json!({"model_id": model, "prompt_sha256": prompt, "response_sha256": response, "prompt_tokens": p, "response_tokens": r})
        )),
        (digest(), text(), digest_or_empty()).prop_map(move |(digest, text, audio)| of(
            "UtteranceSpoken",
            json!({"text_sha256": digest, "text": text, "audio_sha256": audio})
        )),
        (text(), digest_or_empty()).prop_map(move |(reason, summary)| of(
            "SessionEnded",
            json!({"reason": reason, "summary_sha256": summary})
        )),
        ("[a-z0-9]{1,8}(\\.[a-zA-Z0-9][a-z_-]{0,4}){1,3}", value())
            .prop_map(move |(name, data)| of("Custom", json!({"name": name, "data": data}))),
    ]
    .prop_map(|event| Event::parse(&event.to_string()).unwrap())
}

/// Lines of a ledger without their LFs, each at a random time.
fn ledger(most: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec((event(), any::<u64>()), 1..=most).prop_map(|events| sealed(&events, &key()))
}

fn sealed(events: &[(Event, u64)], key: &KeyPair) -> Vec<String> {
    let mut parent = Hash::GENESIS;
    let seal = |(seq, (event, time)): (usize, &(Event, u64))| {
        let line = seal::seal(event, parent, seq as u64, *time, key).unwrap();
        parent = seal::self_hash(event, &parent, seq as u64, *time).unwrap();
        line
    };
    events.iter().enumerate().map(seal).collect()
}

fn bytes(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.bytes().chain([b'\n'])).collect()
}

fn verify(bytes: &[u8], options: &Options) -> Result<Report> {
    let mut verifier = Verifier::new(options);
    verifier.push(bytes);
    verifier.finish()
}

/// A ledger whose owner knows who signs and where it ends.
struct Known {
    lines: Vec<String>,
    options: Options,
    report: Report,
}

impl Known {
    fn new(lines: Vec<String>) -> Self {
        let report = verify(&bytes(&lines), &Options::default()).unwrap();
        let options = Options { signers: vec![key().public()], expected_head: report.head, ..Options::default() };
        let report = verify(&bytes(&lines), &options).unwrap();
        assert!(
            report.verdict == Verdict::Verified && report.warnings.iter().all(|w| w.code == WarningCode::TimeWentBack)
        );
        Self { lines, options, report }
    }

    /// A changed file is reported, or it is the same chain in another spelling and the report says that.
    fn assert_found(&self, changed: &[u8], what: &str) {
        let Ok(report) = verify(changed, &self.options) else { return };
        if !report.ok {
            return;
        }
        let shown = String::from_utf8_lossy(changed);
        let same = (report.root_hash, report.event_count) == (self.report.root_hash, self.report.event_count);
        assert!(same, "{what} is not found: {shown}");
        assert_ne!(report.sha256, self.report.sha256, "{what}: other bytes with the same digest");
        assert_eq!(values(changed), values(&bytes(&self.lines)), "{what} is taken for another spelling: {shown}");
        let without_last_lf = [changed, b"\n"].concat() == bytes(&self.lines);
        let warned = report.warnings.iter().any(|warning| warning.code == WarningCode::NonCanonicalSpelling);
        assert!(warned || without_last_lf, "{what}: another spelling without a warning");
    }

    /// A changed value is reported, whatever is known of the ledger.
    fn assert_broken(&self, changed: &[String], what: &str) {
        for options in [&self.options, &Options::default()] {
            let report = verify(&bytes(changed), options);
            assert!(report.is_err() || !report.is_ok_and(|report| report.ok), "{what} is not found: {changed:#?}");
        }
    }

    fn with_line(&self, number: usize, line: String) -> Vec<String> {
        let mut lines = self.lines.clone();
        lines[number] = line;
        lines
    }
}

/// What the lines of a file stand for.
fn values(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

/// Every value that differs from this one in one place, named by that place.
fn changes(value: &Value, place: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut add = |what: &str, value: Value| all.push((format!("{place}: {what}"), value));
    match value {
        Value::Null => add("false for null", false.into()),
        Value::Bool(bool) => add("the other truth", (!bool).into()),
        Value::Number(number) => {
            let text = number.to_string();
            let last = text.rfind(|c: char| c.is_ascii_digit()).unwrap();
            let digit = if &text[last..=last] == "1" { "2" } else { "1" };
            let other = format!("{}{digit}{}", &text[..last], &text[last + 1..]);
            // The largest double has no neighbour of as many digits.
            add("another digit", serde_json::from_str(&other).unwrap_or(Value::Null));
            add("a string for a number", text.into());
            if let Some(integer) = number.as_u64().filter(|integer| *integer < 1 << 53) {
                add("a double for an integer", (integer as f64).into());
            }
        }
        Value::String(string) => {
            add("a character more", format!("{string}0").into());
            for (at, c) in string.char_indices().take(3).chain(string.char_indices().rev().take(1)) {
                let rest = &string[at + c.len_utf8()..];
                let other = if c == 'a' { 'b' } else { 'a' };
                add("another character", format!("{}{other}{rest}", &string[..at]).into());
                add("a character less", format!("{}{rest}", &string[..at]).into());
            }
        }
        Value::Array(items) => {
            add("an item more", items.iter().cloned().chain([Value::Null]).collect());
            if let Some((_, less)) = items.split_last() {
                add("an item less", less.to_vec().into());
            }
            if items.len() > 1 && items.first() != items.last() {
                add("items turned round", items.iter().rev().cloned().collect());
            }
        }
        Value::Object(members) => {
            let with = |change: &dyn Fn(&mut Map<String, Value>)| {
                let mut members = members.clone();
                change(&mut members);
                Value::Object(members)
            };
            add("a field more", with(&|members| drop(members.insert("a field more".to_owned(), Value::Null))));
            for key in members.keys() {
                add("a field less", with(&|members| drop(members.remove(key))));
                let rename = |members: &mut Map<String, Value>| {
                    let value = members.remove(key).unwrap();
                    members.insert(format!("{key}_"), value);
                };
                add("another name", with(&rename));
            }
        }
    }
    match value {
        Value::Array(items) => all.extend(items.iter().enumerate().flat_map(|(index, item)| {
            changes(item, &format!("{place}[{index}]")).into_iter().map(move |(what, changed)| {
                let mut items = items.clone();
                items[index] = changed;
                (what, items.into())
            })
        })),
        Value::Object(members) => all.extend(members.iter().flat_map(|(key, value)| {
            changes(value, &format!("{place}.{key}")).into_iter().map(move |(what, changed)| {
                let mut members = members.clone();
                members.insert(key.clone(), changed);
                (what, members.into())
            })
        })),
        _ => {}
    }
    all.retain(|(_, changed)| changed != value);
    all
}

/// Line without its LF to event, as a recorder would give it, and to the line again.
fn write_again(line: &str) -> String {
    let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(line).unwrap();
    let event = Event::parse(fields["event"].get()).unwrap();
    let parent = Hash::from_hex(fields["parent_hash"].get().trim_matches('"')).unwrap();
    let [seq, time] = ["seq", "timestamp_nanos"].map(|key| fields[key].get().parse().unwrap());
    seal::seal(&event, parent, seq, time, &key()).unwrap()
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn a_ledger_is_written_read_and_written_again_as_it_was(lines in ledger(6), noise: Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.ndjson");
        fs::write(&path, bytes(&lines)).unwrap();
        let mut reader = Reader::open(&path, ReadOptions::default()).unwrap();
        for written in &lines {
            let read = reader.next_event().unwrap().unwrap();
            prop_assert_eq!((&read.line, &read.respelled), (written, &None));
            prop_assert_eq!(&line::parse(written).unwrap(), written);
            prop_assert_eq!(&write_again(written), written);
            let other = respell(&serde_json::from_str(written).unwrap(), &noise).replace('\n', " ");
            let again = line::parse(&other).unwrap();
            prop_assert_eq!(&line::parse(&again).unwrap(), &again);
            prop_assert_eq!(canonical(&again), canonical(written));
            prop_assert_eq!(write_again(&again), again);
        }
        prop_assert_eq!(reader.next_event().unwrap(), None);
    }

    #[test]
    fn another_spelling_is_the_same_ledger_with_a_warning(lines in ledger(4), noise: Vec<u8>) {
        let known = Known::new(lines);
        let other: Vec<String> = known.lines.iter()
            .map(|line| respell(&serde_json::from_str(line).unwrap(), &noise).replace('\n', " "))
            .collect();
        let report = verify(&bytes(&other), &known.options).unwrap();
        prop_assert_eq!((report.verdict, report.root_hash), (Verdict::Verified, known.report.root_hash));
        known.assert_found(&bytes(&other), "another spelling");
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn every_change_of_a_value_is_found(lines in ledger(3)) {
        let known = Known::new(lines);
        for (number, line) in known.lines.iter().enumerate() {
            let value: Value = serde_json::from_str(line).unwrap();
            for (what, changed) in changes(&value, &format!("line {number}")) {
                known.assert_broken(&known.with_line(number, changed.to_string()), &what);
            }
        }
    }

    #[test]
    fn every_change_of_hex_is_found(lines in ledger(2), digit in any::<Index>()) {
        let known = Known::new(lines);
        for (number, line) in known.lines.iter().enumerate() {
            for key in ["parent_hash", "self_hash", "signature", "signer_pubkey"] {
                let start = line.rfind(&format!("\"{key}\":\"")).unwrap() + key.len() + 4;
                let length = line[start..].find('"').unwrap();
                for at in start..start + length {
                    let other: Vec<char> = "0123456789abcdef".chars().filter(|c| !line[at..].starts_with(*c)).collect();
                    let changed = format!("{}{}{}", &line[..at], digit.get(&other), &line[at + 1..]);
                    known.assert_broken(&known.with_line(number, changed), key);
                }
            }
        }
    }

    #[test]
    fn every_line_removed_added_or_moved_is_found(lines in ledger(5), other in ledger(5)) {
        let known = Known::new(lines);
        let count = known.lines.len();
        for at in 0..count {
            let mut removed = known.lines.clone();
            removed.remove(at);
            known.assert_found(&bytes(&removed), "a line less");
            known.assert_found(&bytes(&known.lines[..at]), "a shorter ledger");
            known.assert_found(&bytes(&known.lines[at + 1..]), "a ledger without its beginning");
            let whole = bytes(&known.lines);
            let cut = whole.len() - bytes(&known.lines[at..]).len() + known.lines[at].len() / 2;
            known.assert_found(&whole[..cut], "a line cut in two");
            for place in 0..=count {
                let mut twice = known.lines.clone();
                twice.insert(place, known.lines[at].clone());
                known.assert_broken(&twice, "a line twice");
            }
            for place in 0..at {
                let mut swapped = known.lines.clone();
                swapped.swap(place, at);
                known.assert_broken(&swapped, "two lines swapped");
            }
            if let Some(foreign) = other.get(at).filter(|foreign| **foreign != known.lines[at]) {
                known.assert_found(&bytes(&known.with_line(at, foreign.clone())), "a line of another ledger");
            }
        }
    }

    #[test]
    fn a_ledger_of_another_key_is_found(events in prop::collection::vec((event(), any::<u64>()), 1..4)) {
        let known = Known::new(sealed(&events, &key()));
        let forged = sealed(&events, &KeyPair::from_seed(&[9; 32]));
        let report = verify(&bytes(&forged), &known.options).unwrap();
        prop_assert!(!report.ok);
        let head = Head { hash: Hash::of(b"another"), ..known.report.head.unwrap() };
        let report = verify(&bytes(&known.lines), &Options { expected_head: Some(head), ..Options::default() }).unwrap();
        prop_assert!(!report.ok);
    }

    #[test]
    fn every_flipped_byte_is_found_or_is_a_spelling(lines in ledger(2), flips in prop::collection::vec(1_u8.., 16)) {
        let known = Known::new(lines);
        let mut changed = bytes(&known.lines);
        for at in 0..changed.len() {
            let byte = changed[at];
            changed[at] ^= flips[at % flips.len()];
            known.assert_found(&changed, &format!("byte {at}"));
            changed[at] = byte;
        }
    }
}
