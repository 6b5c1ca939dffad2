//! Lines that can be read and do not have the fields they should.

use super::{Row, row};
use crate::ledger::{
    CUSTOM, KEY_ROTATED, Ledger, OVEN_PREHEATED, SESSION_ENDED, SESSION_STARTED, TOOL_RETURNED, UTTERANCE_CAPTURED,
    base, digest, extended,
};
use crate::verdict::{broken, core, none};

/// A text replaced in a finished line.
fn edited<const N: usize>(code: &'static str, rows: [(&str, usize, &str, &str); N]) -> Vec<Row> {
    rows.map(|(name, line, old, new)| row(name, base().edited(line, old, new), none(), broken(code, line))).into()
}

/// A text replaced before the line is sealed.
fn sealed<const N: usize>(code: &'static str, rows: [(&str, usize, &str, &str); N]) -> Vec<Row> {
    rows.map(|(name, line, old, new)| row(name, base().sealed(line, old, new), none(), broken(code, line))).into()
}

/// Line 4 sealed with another event of the table, a text replaced in it.
fn sealed_event<const N: usize>(code: &'static str, rows: [(&str, &str, &str, &str); N]) -> Vec<Row> {
    rows.map(|(name, event, old, new)| {
        row(name, base().sealed_event(4, event).sealed(4, old, new), none(), broken(code, 4))
    })
    .into()
}

pub(super) fn duplicate_keys() -> Vec<Row> {
    let (member, limit, tokens) = (r#""q":"café""#, r#""limit":10"#, r#""prompt_tokens":482"#);
    let mut rows = edited(
        "duplicate_key",
        [
            ("duplicate_top_level", 3, r#""seq":2"#, r#""seq":2,"seq":2"#),
            ("duplicate_in_event", 3, r#""event":{"#, r#""event":{"type":"ModelInvoked","#),
            ("duplicate_in_payload", 3, tokens, r#""prompt_tokens":482,"prompt_tokens":482"#),
            // A last-wins reader sees the signed value.
            ("duplicate_in_args", 2, limit, r#""limit":999,"limit":10"#),
            // A first-wins reader sees the signed value.
            ("duplicate_in_args_last_differs", 2, limit, r#""limit":10,"limit":999"#),
            ("duplicate_deep_in_args", 2, r#"["a","b"]"#, r#"["a",{"b":1,"b":1}]"#),
            ("duplicate_by_escape", 2, member, r#""q":"café","\u0071":"café""#),
            ("duplicate_proto", 2, member, r#""q":"café","__proto__":1,"__proto__":1"#),
            ("duplicate_empty_key", 2, member, r#""q":"café","":1,"":1"#),
            ("duplicate_unknown_key", 3, ",\"parent_hash\"", r#","note":1,"note":1,"parent_hash""#),
        ],
    );
    rows.extend([
        row(
            "duplicate_in_custom",
            extended().edited(2, r#""order":7"#, r#""order":7,"order":7"#),
            none(),
            broken("duplicate_key", 2),
        ),
        row(
            "duplicate_in_unknown_kind",
            extended().edited(3, r#""rack":null"#, r#""rack":null,"rack":null"#),
            none(),
            broken("duplicate_key", 3),
        ),
    ]);
    rows
}

pub(super) fn unsigned_fields() -> Vec<Row> {
    let (link, event, tokens) = (",\"parent_hash\"", r#""event":{"#, r#""prompt_tokens":482"#);
    let mut rows = edited(
        "unsigned_field",
        [
            ("unsigned_top_level", 3, link, r#","approved_by":"alice","parent_hash""#),
            ("unsigned_in_event", 3, event, r#""event":{"role":"admin","#),
            ("unsigned_in_payload", 3, tokens, r#""prompt_tokens":482,"cost":0"#),
            ("unsigned_null", 3, tokens, r#""prompt_tokens":482,"cost":null"#),
            ("unsigned_proto", 3, link, r#","__proto__":{},"parent_hash""#),
            ("unsigned_empty_key", 3, link, r#","":0,"parent_hash""#),
            ("unsigned_other_case", 3, link, r#","Seq":2,"parent_hash""#),
        ],
    );
    rows.extend([
        // Inside the hash: the field is still not of the kind.
        row(
            "unsigned_but_hashed",
            base().sealed(3, tokens, r#""prompt_tokens":482,"cost":0"#),
            none(),
            broken("unsigned_field", 3),
        ),
        row(
            "unsigned_in_custom",
            extended().edited(2, r#""data":"#, r#""extra":0,"data":"#),
            none(),
            broken("unsigned_field", 2),
        ),
    ]);
    rows
}

pub(super) fn missing_fields() -> Vec<Row> {
    let missing = |line| broken("missing_field", line);
    let tokens = ",\"response_tokens\":71";
    let without = |field: &str| row(format!("missing_{field}"), base().without(3, field), none(), missing(3));
    vec![
        row("missing_everything", base().line(3, "{}"), none(), missing(3)),
        without("seq"),
        without("timestamp_nanos"),
        without("event"),
        without("parent_hash"),
        without("self_hash"),
        without("signature"),
        without("signer_pubkey"),
        row("missing_type", base().sealed(3, r#""type":"ModelInvoked","#, ""), none(), missing(3)),
        row("missing_payload", base().sealed_event(3, r#"{"type":"ModelInvoked"}"#), none(), missing(3)),
        row("missing_in_empty_event", base().sealed_event(3, "{}"), none(), missing(3)),
        row("missing_payload_field", base().sealed(3, tokens, ""), none(), missing(3)),
        row(
            "missing_in_empty_payload",
            base().sealed(4, r#""reason":"done","summary_sha256":"""#, ""),
            none(),
            missing(4),
        ),
        row(
            "missing_custom_data",
            extended().sealed(2, r#","data":{"order":7,"amount":12.5}"#, ""),
            none(),
            missing(2),
        ),
    ]
}

pub(super) fn wrong_types() -> Vec<Row> {
    let mut rows = wrong_types_of_the_line();
    rows.extend(wrong_types_of_events());
    rows.extend(wrong_types_of_payload_fields());
    for field in ["parent_hash", "self_hash", "signature", "signer_pubkey"] {
        for (name, value) in [("null", "null"), ("number", "0")] {
            let name = format!("type_{field}_{name}");
            rows.push(row(name, base().field(3, field, value), none(), broken("wrong_type", 3)));
        }
    }
    rows
}

fn wrong_types_of_the_line() -> Vec<Row> {
    let (seq, time) = (r#""seq":2"#, "1700000000002000006");
    sealed(
        "wrong_type",
        [
            ("type_seq_string", 3, seq, r#""seq":"2""#),
            ("type_seq_double", 3, seq, r#""seq":2.0"#),
            ("type_seq_exponent", 3, seq, r#""seq":2e0"#),
            ("type_seq_beyond_u64", 3, seq, r#""seq":18446744073709551616"#),
            ("type_seq_below_i64", 3, seq, r#""seq":-9223372036854775809"#),
            ("type_seq_null", 3, seq, r#""seq":null"#),
            ("type_seq_bool", 3, seq, r#""seq":true"#),
            ("type_seq_array", 3, seq, r#""seq":[2]"#),
            // -0 is a double.
            ("type_seq_minus_zero", 1, r#""seq":0"#, r#""seq":-0"#),
            ("type_time_string", 3, time, r#""1700000000002000006""#),
            ("type_time_double", 3, time, "1700000000002000006.0"),
            ("type_time_null", 3, time, "null"),
            ("type_time_beyond_u64", 3, time, "18446744073709551616"),
        ],
    )
}

fn wrong_types_of_events() -> Vec<Row> {
    let in_place_of_event = [
        ("type_event_string", r#""ModelInvoked""#),
        ("type_event_null", "null"),
        ("type_event_number", "0"),
        ("type_event_array", r#"["ModelInvoked",{}]"#),
    ];
    let mut rows = Vec::from(
        in_place_of_event
            .map(|(name, event)| row(name, base().sealed_event(3, event), none(), broken("wrong_type", 3))),
    );
    let kind = r#""type":"ModelInvoked""#;
    let letters_65 = format!(r#""type":"{}""#, "K".repeat(65));
    let payload = r#""payload":{"reason":"done","summary_sha256":""}"#;
    rows.extend(sealed(
        "wrong_type",
        [
            ("type_kind_number", 3, kind, r#""type":7"#),
            ("type_kind_null", 3, kind, r#""type":null"#),
            ("type_kind_object", 3, kind, r#""type":{}"#),
            ("type_kind_array", 3, kind, r#""type":["ModelInvoked"]"#),
            ("type_kind_empty", 3, kind, r#""type":"""#),
            ("type_kind_lower_case", 3, kind, r#""type":"modelInvoked""#),
            ("type_kind_underscore", 3, kind, r#""type":"Model_Invoked""#),
            ("type_kind_digit_first", 3, kind, r#""type":"1Model""#),
            ("type_kind_non_ascii", 3, kind, r#""type":"Modèle""#),
            ("type_kind_line_feed", 3, kind, r#""type":"ModelInvoked\n""#),
            ("type_kind_65_letters", 3, kind, &letters_65),
            ("type_payload_array", 4, payload, r#""payload":["done",""]"#),
            ("type_payload_null", 4, payload, r#""payload":null"#),
            ("type_payload_string", 4, payload, r#""payload":"done""#),
        ],
    ));
    let payload = r#""payload":{"celsius":220,"rack":null}"#;
    for (name, new) in [("array", r#""payload":[220]"#), ("null", r#""payload":null"#)] {
        let name = format!("type_unknown_kind_payload_{name}");
        rows.push(row(name, extended().sealed(3, payload, new), none(), broken("wrong_type", 3)));
    }
    rows
}

fn wrong_types_of_payload_fields() -> Vec<Row> {
    let (tool, tokens) = (r#""tool_name":"search""#, r#""prompt_tokens":482"#);
    let digest = format!(r#""prompt_sha256":"{}""#, "b".repeat(64));
    let mut rows = sealed(
        "wrong_type",
        [
            ("type_string_number", 2, tool, r#""tool_name":7"#),
            ("type_string_null", 2, tool, r#""tool_name":null"#),
            ("type_digest_number", 3, &digest, r#""prompt_sha256":0"#),
            ("type_digest_null", 3, &digest, r#""prompt_sha256":null"#),
            ("type_u32_double", 3, tokens, r#""prompt_tokens":482.0"#),
            ("type_u32_exponent", 3, tokens, r#""prompt_tokens":482e0"#),
            ("type_u32_string", 3, tokens, r#""prompt_tokens":"482""#),
            ("type_u32_null", 3, tokens, r#""prompt_tokens":null"#),
            ("type_u32_bool", 3, tokens, r#""prompt_tokens":true"#),
            ("type_u32_minus_zero", 3, tokens, r#""prompt_tokens":-0"#),
        ],
    );
    let (duration, success, name) = (r#""duration_ms":2400"#, r#""success":true"#, r#""name":"com.example.refund""#);
    rows.extend(sealed_event(
        "wrong_type",
        [
            ("type_u64_double", UTTERANCE_CAPTURED, duration, r#""duration_ms":2400.0"#),
            ("type_u64_beyond", UTTERANCE_CAPTURED, duration, r#""duration_ms":18446744073709551616"#),
            ("type_bool_number", TOOL_RETURNED, success, r#""success":1"#),
            ("type_bool_string", TOOL_RETURNED, success, r#""success":"true""#),
            ("type_bool_null", TOOL_RETURNED, success, r#""success":null"#),
            ("type_custom_name_number", CUSTOM, name, r#""name":7"#),
        ],
    ));
    rows
}

pub(super) fn out_of_range() -> Vec<Row> {
    let tokens = r#""prompt_tokens":482"#;
    let mut rows = sealed(
        "out_of_range",
        [
            ("range_seq_negative", 3, r#""seq":2"#, r#""seq":-1"#),
            ("range_seq_2_53", 3, r#""seq":2"#, r#""seq":9007199254740992"#),
            ("range_seq_u64_max", 1, r#""seq":0"#, r#""seq":18446744073709551615"#),
            ("range_time_negative", 3, "1700000000002000006", "-1"),
            ("range_u32_negative", 3, tokens, r#""prompt_tokens":-482"#),
            ("range_u32_2_32", 3, tokens, r#""prompt_tokens":4294967296"#),
            ("range_u32_u64_max", 3, r#""response_tokens":71"#, r#""response_tokens":18446744073709551615"#),
        ],
    );
    rows.extend(sealed_event(
        "out_of_range",
        [
            ("range_u64_negative", UTTERANCE_CAPTURED, r#""duration_ms":2400"#, r#""duration_ms":-1"#),
            ("range_u64_i64_min", TOOL_RETURNED, r#""latency_ms":187"#, r#""latency_ms":-9223372036854775808"#),
        ],
    ));
    rows
}

pub(super) fn hex() -> Vec<Row> {
    type Change = fn(&str) -> String;
    let changed = |name: String, field: &str, change: Change| {
        row(name, base().digits(3, field, change), none(), broken("non_canonical_hex", 3))
    };
    let every_field: [(&str, Change); 5] = [
        ("upper", str::to_uppercase),
        ("short", |digits| digits[..digits.len() - 1].to_owned()),
        ("long", |digits| format!("{digits}0")),
        ("digit", |digits| format!("g{}", &digits[1..])),
        ("empty", |_| String::new()),
    ];
    let signer: [(&str, Change); 5] = [
        ("hex_prefix", |digits| format!("0x{}", &digits[2..])),
        ("hex_space", |digits| format!(" {}", &digits[1..])),
        ("hex_line_feed", |digits| format!(r"{}\n", &digits[..63])),
        ("hex_full_width_digit", |digits| format!("{}\u{ff10}", &digits[..63])),
        ("hex_line_feed_appended", |digits| format!(r"{digits}\n")),
    ];
    let mut rows = Vec::new();
    for field in ["parent_hash", "self_hash", "signature", "signer_pubkey"] {
        rows.extend(every_field.map(|(name, change)| changed(format!("hex_{name}_{field}"), field, change)));
    }
    rows.extend(signer.map(|(name, change)| changed(name.to_owned(), "signer_pubkey", change)));
    let (b, c, d) = (digest('b'), digest('c'), digest('d'));
    let rotated = |name, old: &str, new: &str, stated| {
        row(name, base().sealed_event(3, &KEY_ROTATED.replace(old, new)), none(), stated)
    };
    rows.extend([
        rotated("hex_upper_new_key", &b, &digest('B'), broken("non_canonical_hex", 3)),
        rotated("hex_short_old_key", &digest('a'), &digest('a')[1..], broken("non_canonical_hex", 3)),
        rotated("hex_short_proof", &d.repeat(2), &d, broken("non_canonical_hex", 3)),
        rotated("hex_key_number", &format!("\"{b}\""), "7", broken("wrong_type", 3)),
        // A digest of another form is only worth a warning, so what comes next decides.
        rotated(
            "hex_digest_then_proof",
            &format!(r#"{c}","proof":"{d}"#),
            r#"none","proof":""#,
            broken("non_canonical_hex", 3),
        ),
    ]);
    rows
}

pub(super) fn kinds_that_were_not_asked_for() -> Vec<Row> {
    let without_custom = Ledger::of(&[SESSION_STARTED, OVEN_PREHEATED, SESSION_ENDED]);
    vec![
        row("kind_custom_in_core", extended(), core(), broken("unexpected_kind", 2)),
        row("kind_unknown_in_core", without_custom, core(), broken("unexpected_kind", 2)),
        // A reserved name is an unknown kind, its payload is free.
        row(
            "kind_reserved_in_core",
            base().sealed(3, "ModelInvoked", "PolicyDecision"),
            core(),
            broken("unexpected_kind", 3),
        ),
    ]
}
