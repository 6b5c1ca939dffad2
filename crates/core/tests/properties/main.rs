//! Properties that hold for any input.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod ledgers;
mod spelling;

use proptest::prelude::*;
use sealwright_core::event::Event;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::verify::{Options, verify_lines};
use sealwright_core::{json, line, seal};
use serde_json::{Map, Number, Value};
use spelling::respell;

/// Any JSON value, with every kind of number.
fn value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        (-1e6..1e6).prop_filter_map("finite", Number::from_f64),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(Value::Number),
        any::<String>().prop_map(Value::from),
        "[a-c\u{0}-\u{20}\"\\\\/é\u{e000}-\u{e002}\u{10000}-\u{10002}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof![any::<String>(), "[a-b\n\"\u{e000}\u{10000}]{0,2}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The canonical form by serde_json's own printer, whose doubles are laid out as the peer's: an independent second
/// opinion on keys, strings and numbers. Its map is ordered by UTF-8 bytes.
fn oracle(value: &Value) -> String {
    value.to_string()
}

fn canonical(text: &str) -> String {
    String::from_utf8(json::canonicalize(text).unwrap()).unwrap()
}

fn tool_called(arguments: &Value) -> String {
    let digest = "a".repeat(64);
    format!(
        r#"{{"type":"ToolCalled","payload":{{"tool_name":"t","args_sha256":"{digest}","args_redacted":{arguments}}}}}"#
    )
}

fn key() -> KeyPair {
    KeyPair::from_seed(&std::array::from_fn(|i| u8::try_from(i).unwrap()))
}

proptest! {
    #[test]
    fn canonical_form_is_what_another_printer_prints(value in value()) {
        prop_assert_eq!(canonical(&value.to_string()), oracle(&value));
    }

    #[test]
    fn canonical_form_is_idempotent(value in value()) {
        let once = canonical(&value.to_string());
        prop_assert_eq!(&canonical(&once), &once);
    }

    #[test]
    fn canonical_form_is_independent_of_key_order_white_space_escapes_and_digits(value in value(), noise: Vec<u8>) {
        let other = respell(&value, &noise);
        prop_assert_eq!(canonical(&other), canonical(&value.to_string()), "{}", other);
    }

    #[test]
    fn doubles_halfway_between_two_texts_are_printed_as_by_another_printer(whole in (1_u64 << 49)..(1 << 52), quarter in 0_u8..4) {
        // Below 2^51 every such double exists, and two texts with one decimal are equally close to x.25 and x.75.
        let double = whole as f64 + f64::from(quarter) / 4.0;
        prop_assert_eq!(canonical(&format!("{double:e}")), Value::from(double).to_string());
    }

    #[test]
    fn doubles_survive_exactly(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        // `{:e}` prints 1 as `1e0`, which is a double; `1` alone would be an integer.
        let text = canonical(&format!("{double:e}"));
        let back: f64 = text.parse().unwrap();
        prop_assert_eq!(back.to_bits(), double.to_bits(), "{}", text);
    }

    #[test]
    fn any_text_is_either_canonicalised_or_refused(text in any::<String>()) {
        // serde_json agrees on what is JSON; texts this short have no depth to differ in.
        let ours = json::canonicalize(&text).is_ok();
        let theirs = serde_json::from_str::<Value>(&text).is_ok();
        prop_assert_eq!(ours, theirs, "{:?}", text);
    }

    #[test]
    fn json_like_texts_are_judged_as_serde_json_judges_them(text in r#"[\[\]{}",:.eE+\-0-9a-c \\u]{0,24}"#) {
        let ours = json::canonicalize(&text);
        match (serde_json::from_str::<Value>(&text), ours) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            // serde_json lets the last of two equal keys win.
            (Ok(_), Err(error)) => prop_assert_eq!(error.code.code(), "ERR_JSON_DUPLICATE_KEY", "{}", text),
            (Err(error), Ok(_)) => prop_assert!(false, "{}: {}", text, error),
        }
    }

    #[test]
    fn what_is_sealed_verifies_and_reads_back(arguments in value(), time in any::<u64>()) {
        let event = Event::parse(&tool_called(&arguments)).unwrap();
        let sealed = seal::seal(&event, Hash::GENESIS, 0, time, &key()).unwrap();
        prop_assert_eq!(&line::parse(&sealed).unwrap(), &sealed);
        let report = verify_lines([sealed.as_str()], &Options::default()).unwrap();
        prop_assert!(report.ok && report.warnings.is_empty(), "{:?}", report);
    }

    #[test]
    fn a_changed_value_is_found(before in value(), after in value()) {
        prop_assume!(canonical(&before.to_string()) != canonical(&after.to_string()));
        let event = Event::parse(&tool_called(&before)).unwrap();
        let sealed = seal::seal(&event, Hash::GENESIS, 0, 1, &key()).unwrap();
        let other = Event::parse(&tool_called(&after)).unwrap();
        let forged = sealed.replace(event.text(), other.text());
        prop_assume!(forged != sealed);
        let report = verify_lines([forged.as_str()], &Options::default()).unwrap();
        prop_assert!(!report.ok);
    }

    #[test]
    fn one_changed_byte_is_never_taken_for_the_original(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let event = Event::parse(&tool_called(&serde_json::json!({"a": [1, 1.5, "x"], "b": null}))).unwrap();
        let sealed = seal::seal(&event, Hash::GENESIS, 0, 1, &key()).unwrap();
        let mut bytes = sealed.clone().into_bytes();
        let place = at.index(bytes.len());
        prop_assume!(bytes[place] != byte && byte != b'\n');
        bytes[place] = byte;
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        // What still verifies stands for the same values.
        if let Ok(report) = verify_lines([text.as_str()], &Options::default()) {
            prop_assert!(!report.ok || canonical(&text) == canonical(&sealed), "{}", text);
        }
    }
}
