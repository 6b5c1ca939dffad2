//! Events at a place, with the line that each is sealed as.

use crate::files::{Set, json_lines};
use crate::forge::Signer;
use crate::ledger::{
    CUSTOM, MODEL_INVOKED, SESSION_ENDED, SESSION_STARTED, TOOL_CALLED, TOOL_RETURNED, UTTERANCE_CAPTURED,
    UTTERANCE_SPOKEN, digest, time,
};
use crate::values::{DOUBLES, FREE_VALUES, INTEGERS, ODD_KEYS, array, arrays, called, ended_by_the_user, words};
use sealwright_core::event::Event;
use sealwright_core::hash::{Hash, encode_hex};
use sealwright_core::limits::MAX_SEQ;
use sealwright_core::seal;
use serde::Serialize;

/// Digests of other digits than one.
const MODEL_INVOKED_ELSEWHERE: &str = r#"{"type":"ModelInvoked","payload":{"model_id":"gpt-4o","prompt_sha256":"aaaa1111bbbb2222cccc3333dddd4444eeee5555ffff6666aaaa1111bbbb2222","response_sha256":"1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef","prompt_tokens":482,"response_tokens":71}}"#;

#[derive(Serialize)]
struct Row {
    seed: String,
    seq: u64,
    timestamp_nanos: String,
    parent_hash: Hash,
    event: String,
    line: String,
}

pub(crate) fn set() -> Set {
    let mut rows = every_kind_under_both_keys();
    rows.extend(ends_of_ranges());
    rows.extend(other_spellings());
    rows.extend(free_values());
    let mut set = Set::new("seals");
    set.content = format!("{} lines", rows.len());
    set.add("seals.jsonl", json_lines(&rows));
    set
}

fn sealed(signer: Signer, seq: u64, nanos: u64, parent: &str, event: &str) -> Row {
    let parent_hash = Hash::from_hex(parent).unwrap();
    let line = seal::seal(&Event::parse(event).unwrap(), parent_hash, seq, nanos, &signer.key()).unwrap();
    let (seed, timestamp_nanos) = (encode_hex(&signer.seed()), nanos.to_string());
    Row { seed, seq, timestamp_nanos, parent_hash, event: event.to_owned(), line }
}

fn every_kind_under_both_keys() -> Vec<Row> {
    let events = [
        SESSION_STARTED,
        UTTERANCE_CAPTURED,
        TOOL_CALLED,
        TOOL_RETURNED,
        MODEL_INVOKED,
        UTTERANCE_SPOKEN,
        SESSION_ENDED,
        CUSTOM,
    ];
    let mut rows = Vec::new();
    for signer in [Signer::K1, Signer::K2] {
        for (seq, event) in (0..).zip(events) {
            let parent = digest(if seq == 0 { '0' } else { 'a' });
            rows.push(sealed(signer, seq, time(seq), &parent, event));
        }
    }
    rows
}

fn ends_of_ranges() -> Vec<Row> {
    let captured = UTTERANCE_CAPTURED.replace("2400", "18446744073709551615");
    let returned = TOOL_RETURNED.replace("true", "false").replace("187", "0");
    let invoked = MODEL_INVOKED.replace("482", "4294967295").replace("71", "0");
    let second = |event: &str| sealed(Signer::K1, 1, time(0), &digest('b'), event);
    let half_second = time(0) + 500_000_000;
    vec![
        sealed(Signer::K1, 1, half_second, &"abcdef0123456789".repeat(4), MODEL_INVOKED_ELSEWHERE),
        sealed(Signer::K1, MAX_SEQ, u64::MAX, &digest('f'), SESSION_STARTED),
        sealed(Signer::K1, 1, 0, &"0123456789abcdef".repeat(4), SESSION_STARTED),
        second(&captured),
        second(&returned),
        second(&invoked),
        second(&ended_by_the_user()),
    ]
}

fn other_spellings() -> Vec<Row> {
    let spaced = " {\t\"payload\" : { \"session_id\":\"s\" , \"agent_id\":\"a\", \"model_id\":\"m\" } , \"type\" : \"SessionStarted\" } ";
    let backwards = format!(
        r#"{{"payload":{{"response_tokens":4,"prompt_tokens":3,"response_sha256":"{}","prompt_sha256":"{}","model_id":"m"}},"type":"ModelInvoked"}}"#,
        digest('c'),
        digest('b')
    );
    let escaped = r#"{"type":"Session\u0045nded","payload":{"reason":"\u0061\/\u001F\u00e9\ud83d\ude00\u007f","summary_sha256":""}}"#;
    let fourth = |event: &str| sealed(Signer::K1, 3, time(0), &digest('d'), event);
    vec![sealed(Signer::K1, 0, time(0), &digest('0'), spaced), fourth(&backwards), fourth(escaped)]
}

fn free_values() -> Vec<Row> {
    let numbers = [array(&words(DOUBLES)), array(&words(INTEGERS)), arrays(124)];
    let spelled = ["[-0,1E0,10e-1,18446744073709551616]", r#"{"\u0062":"\u0000","a":"\ud83d\ude00"}"#];
    let custom = r#"{"payload":{"data":{"z":1,"a":2},"name":"com.example.note"},"type":"Custom"}"#;
    let mut values = [&ODD_KEYS[..], &FREE_VALUES].concat();
    values.extend(numbers.iter().map(String::as_str));
    values.extend(spelled);
    let row = |value: &str| sealed(Signer::K1, 5, time(5), &digest('c'), &called(value));
    let mut rows: Vec<_> = values.into_iter().map(row).collect();
    rows.push(sealed(Signer::K1, 6, time(0), &digest('c'), custom));
    rows
}
