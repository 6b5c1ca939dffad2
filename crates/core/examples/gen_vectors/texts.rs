//! JSON texts with their canonical form, and texts to refuse.

mod tables;

use crate::files::{Set, json_lines};
use crate::values::{array, arrays, objects, words};
use sealwright_core::error::ErrorCode;
use sealwright_core::hash::{Hash, encode_hex};
use sealwright_core::json;
use serde::Serialize;
use tables::{
    DUPLICATE_KEYS, INTEGERS, KEYS, LITERALS, LONE_SURROGATES, NOT_UTF8, NOTATIONS, OVERFLOWS, ROUNDINGS, SPACED,
    STRINGS, SYNTAX,
};

pub(crate) fn canonical() -> Set {
    let (good, refuse) = (good(), refuse());
    let mut set = Set::new("canonical");
    set.content = format!("{} texts, {} to refuse", good.len(), refuse.len());
    set.add("good.jsonl", json_lines(&good));
    set.add("refuse.jsonl", json_lines(&refuse));
    set
}

pub(crate) fn canonical_of(text: &str) -> String {
    String::from_utf8(json::canonicalize(text).unwrap()).unwrap()
}

#[derive(Serialize)]
struct Good {
    input: String,
    canonical: String,
    sha256: Hash,
}

fn good() -> Vec<Good> {
    let controls: String = (0..32).map(|control| format!(r"\u{control:04X}")).collect();
    let inputs = [
        words(LITERALS),
        owned(&[SPACED]),
        words(INTEGERS),
        vec![one_and_zeros(22), one_and_zeros(308), one_and_zeros(19) + ".0"],
        words(NOTATIONS),
        words(ROUNDINGS),
        vec![
            format!("0.{}1", "0".repeat(400)),
            format!("0.1{}", "0".repeat(400)),
            less_one(&least_overflow()),
            one_and_zeros(400) + "e-400",
            // Exponents that only a long mantissa makes up for: readers that stop at 16 bits get another value.
            format!("0.{}25e70004", "0".repeat(70_000)),
            one_and_zeros(70_000) + "e-70000",
            format!("-1{}.5e-65536", "0".repeat(65_536)),
            "1e-99999999999999999999".to_owned(),
            "0e99999999999999999999".to_owned(),
            // Exactly between two shortest texts: the even one is right.
            "1000000000000000.25".to_owned(),
            "1000000000000000.75".to_owned(),
            "-1824824978805726.25".to_owned(),
            "2251799813685248.25".to_owned(),
        ],
        random_doubles(),
        vec![format!("\"{controls}\"")],
        owned(STRINGS),
        owned(KEYS),
        vec![
            arrays(127),
            objects(127, "0"),
            format!("{}{{}}{}", "[".repeat(126), "]".repeat(126)),
            array(&["0"; 300]),
            array(&["[]"; 200]),
        ],
    ];
    let row = |input: String| {
        let canonical = canonical_of(&input);
        let sha256 = Hash::of(canonical.as_bytes());
        Good { input, canonical, sha256 }
    };
    inputs.into_iter().flatten().map(row).collect()
}

#[derive(Serialize)]
struct Refuse {
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_hex: Option<String>,
    class: &'static str,
}

fn refuse() -> Vec<Refuse> {
    let overflows = vec![
        least_overflow(),
        format!("-{}", doubled("1", 1024)),
        one_and_zeros(309),
        one_and_zeros(309) + ".0",
        "[1e99999]".to_owned(),
    ];
    let too_deep = vec![
        arrays(128),
        objects(128, "0"),
        format!("{}{{}}{}", "[".repeat(127), "]".repeat(127)),
        "[".repeat(200_000),
        "[".repeat(128) + "!",
    ];
    let open_127 = "[".repeat(127);
    let one = |input: &str| vec![input.to_owned()];
    let texts = [
        ("syntax", owned(SYNTAX)),
        ("lone_surrogate", owned(LONE_SURROGATES)),
        ("number_overflow", words(OVERFLOWS)),
        ("number_overflow", overflows),
        ("duplicate_key", owned(DUPLICATE_KEYS)),
        ("depth", too_deep),
        // Two faults each.
        ("syntax", vec![format!("[01,{open_127}")]),
        ("syntax", one(r#"{"a":1,"a":1"#)),
        ("depth", vec![format!(r#"{{"a":1,"a":{open_127}"#)]),
        ("lone_surrogate", vec![format!(r#"["\ud800",{open_127}"#)]),
        ("lone_surrogate", one(r#"["\ud800",01]"#)),
        ("number_overflow", one("[1e400,01]")),
        ("syntax", one(r#"[01,"\ud800",1e400]"#)),
    ];
    let of_text = |class: &'static str, input: String| {
        assert_eq!(class_of(&input), class, "{input}");
        Refuse { input: Some(input), input_hex: None, class }
    };
    let of_bytes = |bytes: &&[u8]| {
        assert!(std::str::from_utf8(bytes).is_err());
        Refuse { input: None, input_hex: Some(encode_hex(bytes)), class: "utf8" }
    };
    let of_texts = texts.into_iter().flat_map(|(class, texts)| texts.into_iter().map(move |text| of_text(class, text)));
    of_texts.chain(NOT_UTF8.iter().map(of_bytes)).collect()
}

fn class_of(input: &str) -> &'static str {
    match json::canonicalize(input).map_err(|error| error.code) {
        Err(ErrorCode::JsonSyntax) => "syntax",
        Err(ErrorCode::JsonString) => "lone_surrogate",
        Err(ErrorCode::JsonNumber) => "number_overflow",
        Err(ErrorCode::JsonDuplicateKey) => "duplicate_key",
        Err(ErrorCode::DepthExceeded) => "depth",
        other => panic!("{other:?} for {input}"),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn one_and_zeros(zeros: usize) -> String {
    format!("1{}", "0".repeat(zeros))
}

/// 2^1024 - 2^970: the least integer that rounds to infinity.
fn least_overflow() -> String {
    doubled("18014398509481983", 970)
}

/// A number in decimal, doubled so many times.
fn doubled(number: &str, times: usize) -> String {
    let mut digits: Vec<u8> = number.bytes().rev().map(|digit| digit - b'0').collect();
    for _ in 0..times {
        let mut carry = 0;
        for digit in &mut digits {
            let sum = *digit * 2 + carry;
            *digit = sum % 10;
            carry = sum / 10;
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// The number before one that does not end in 0.
fn less_one(number: &str) -> String {
    let (rest, last) = number.split_at(number.len() - 1);
    format!("{rest}{}", last.parse::<u8>().unwrap() - 1)
}

/// 128 doubles of random bits, then 128 uniform in [0, 1), each with 17 significant digits.
fn random_doubles() -> Vec<String> {
    let mut state = 0;
    let bits = std::iter::repeat_with(|| f64::from_bits(splitmix64(&mut state)));
    let mut doubles: Vec<f64> = bits.filter(|double| double.is_finite()).take(128).collect();
    // The upper 53 bits, exact in a double.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let uniform = std::iter::repeat_with(|| (splitmix64(&mut state) >> 11) as f64 / (1_u64 << 53) as f64);
    doubles.extend(uniform.take(128));
    doubles.iter().map(|double| format!("{double:.16e}")).collect()
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
fn splitmix64(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
