//! Any text is JSON or not, as serde_json says, and has one canonical form.

use crate::json::{self, Flaw, JsonError, Keys, MAX_DEPTH, Transcoded};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// Judges a text.
///
/// # Panics
///
/// When a promise is broken.
pub fn parser(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let sorted = written(text, Keys::Sorted, MAX_DEPTH);
    let as_given = written(text, Keys::AsGiven, MAX_DEPTH);
    let value = serde_json::from_str::<Value>(text);
    match (sorted, as_given) {
        (Err(flaw), Err(same)) => {
            assert_eq!(flaw, same, "the order of keys changes what is refused");
            let error = value.expect_err("serde_json takes what was refused").to_string();
            check_refusal(text, &flaw, &error);
        }
        (Ok((sorted, seen)), Ok((as_given, same))) => {
            assert_eq!(seen, same, "the order of keys changes what was seen");
            let value = value.unwrap_or_else(|error| panic!("serde_json refuses what was taken: {error}"));
            assert_eq!(json::canonicalize(text).ok(), seen.duplicate.is_none().then(|| sorted.clone().into_bytes()));
            assert_eq!(seen.duplicate.is_some(), serde_json::from_str::<Repeats>(text).unwrap().0, "repeated keys");
            assert_eq!(seen.compact, as_given == text, "compact is another word for unchanged");
            check_fixed_points(&sorted, &as_given);
            check_depth(text, &value);
            if seen.duplicate.is_none() {
                assert_eq!(sorted, value.to_string(), "serde_json prints another form");
            }
            check_members(&sorted, &value);
        }
        (sorted, as_given) => panic!("one order of keys is taken, the other is not: {sorted:?}, {as_given:?}"),
    }
}

/// What the transcoder appends to a buffer that is not empty.
fn written(text: &str, keys: Keys, depth: usize) -> Result<(String, Transcoded), JsonError> {
    let mut out = b"before".to_vec();
    let seen = json::transcode(text, keys, depth, &mut out)?;
    let out = String::from_utf8(out).expect("UTF-8 becomes UTF-8");
    Ok((out.strip_prefix("before").expect("appended").to_owned(), seen))
}

fn check_refusal(text: &str, flaw: &JsonError, theirs: &str) {
    assert!(flaw.offset <= text.len(), "the offset is outside of the text");
    // What is wrong first: whatever stands behind the offset, the text stays refused.
    let head = text.get(..flaw.offset).expect("an offset is between characters");
    if flaw.flaw != Flaw::Syntax {
        let cut = written(head, Keys::Sorted, MAX_DEPTH).expect_err("a beginning of a refused text is no text");
        assert_eq!((cut.flaw, cut.offset), (Flaw::Syntax, flaw.offset), "the text before the offset is not clean");
    }
    match flaw.flaw {
        Flaw::Depth => assert!(theirs.starts_with("recursion limit exceeded"), "{theirs}"),
        Flaw::NumberOverflow => assert!(theirs.starts_with("number out of range"), "{theirs}"),
        Flaw::Syntax | Flaw::LoneSurrogate => assert!(!theirs.starts_with("recursion limit exceeded"), "{theirs}"),
    }
}

/// What was written is read again as it is.
fn check_fixed_points(sorted: &str, as_given: &str) {
    let again = |text: &str, keys| written(text, keys, MAX_DEPTH).expect("what was written is taken").0;
    assert_eq!(again(sorted, Keys::Sorted), sorted, "canonical form is not idempotent");
    assert_eq!(again(sorted, Keys::AsGiven), sorted, "canonical form is not in the writer's spelling");
    assert_eq!(again(as_given, Keys::AsGiven), as_given, "the writer's spelling is not idempotent");
    assert_eq!(again(as_given, Keys::Sorted), sorted, "spelling first changes the canonical form");
}

/// The limit of depth is exact.
fn check_depth(text: &str, value: &Value) {
    let depth = depth_of(value);
    assert!(depth <= MAX_DEPTH, "deeper than the limit");
    // An array or object behind a repeated key is not in the value.
    if let Some(less) = depth.checked_sub(1) {
        assert_eq!(written(text, Keys::AsGiven, less).expect_err("too deep").flaw, Flaw::Depth);
    }
}

fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(depth_of).max().unwrap_or(0) + 1,
        Value::Object(members) => members.values().map(depth_of).max().unwrap_or(0) + 1,
        _ => 0,
    }
}

/// Walking the members of an object finds all of it.
fn check_members(canonical: &str, value: &Value) {
    if !value.is_object() {
        assert!(json::members(canonical).next().is_none());
        return;
    }
    let members: Vec<String> = json::members(canonical).map(|(key, value)| format!("\"{key}\":{value}")).collect();
    assert_eq!(format!("{{{}}}", members.join(",")), canonical);
}

/// Whether an object in a text has a key twice, by serde_json.
struct Repeats(bool);

impl<'de> Deserialize<'de> for Repeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RepeatsVisitor)
    }
}

struct RepeatsVisitor;

impl<'de> Visitor<'de> for RepeatsVisitor {
    type Value = Repeats;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Repeats, E> {
        Ok(Repeats(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Repeats, A::Error> {
        let mut repeats = false;
        while let Some(Repeats(inside)) = items.next_element()? {
            repeats |= inside;
        }
        Ok(Repeats(repeats))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Repeats, A::Error> {
        let (mut repeats, mut keys) = (false, HashSet::new());
        while let Some((key, Repeats(inside))) = members.next_entry::<String, Repeats>()? {
            repeats |= inside | !keys.insert(key);
        }
        Ok(Repeats(repeats))
    }
}
