//! Lines that cannot be read.

use super::{Row, row};
use crate::ledger::{ARGS, base, extended};
use crate::values::{arrays, objects};
use crate::verdict::{INTACT, broken, malformed, none, too_deep, too_long};

const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) fn lines_that_are_not_objects() -> Vec<Row> {
    vec![
        row("line_garbage", base().line(3, "garbage"), none(), malformed(3)),
        row("line_cut_short", base().cut(3, 200), none(), malformed(3)),
        row("line_is_array", base().made_array(3), none(), malformed(3)),
        row("line_is_string", base().line(3, r#""text""#), none(), malformed(3)),
        row("line_is_number", base().line(3, "0"), none(), malformed(3)),
        row("line_is_null", base().line(3, "null"), none(), malformed(3)),
        // The first byte already decides.
        row("line_is_deep_array", base().line(3, arrays(128)), none(), malformed(3)),
        row("byte_order_mark", base().prefixed(1, BYTE_ORDER_MARK), none(), malformed(1)),
        row("byte_order_mark_inside", base().prefixed(3, BYTE_ORDER_MARK), none(), malformed(3)),
        row("two_objects_on_a_line", base().glued(2), none(), malformed(2)),
        row("half_line_glued", base().made(3, |line| [&line[..200], line].concat()), none(), malformed(3)),
        row("line_split_in_two", base().edited(3, "\"event\":", "\"event\":\n"), none(), malformed(3)),
        row("nul_line", base().line_after(2, [0; 16]), none(), malformed(3)),
        row("nul_hole", base().made(3, |line| vec![0; line.len() + 1]).glued(3), none(), malformed(3)),
        row(
            "nul_hole_across_lines",
            base()
                .made(3, |line| [&line[..100], &vec![0; line.len() - 100 + 1 + 100]].concat())
                .made(4, |line| line[100..].to_vec())
                .glued(3),
            none(),
            malformed(3),
        ),
        row("nul_in_string", base().edited(3, "llama", "lla\0a"), none(), malformed(3)),
        row("form_feed_line", base().line_after(2, "\x0c"), none(), malformed(3)),
        row("unicode_space_line", base().line_after(2, "\u{a0}\u{3000}"), none(), malformed(3)),
        row("nul_after_object", base().suffixed(3, "\0"), none(), malformed(3)),
        row("comma_after_object", base().suffixed(3, ","), none(), malformed(3)),
    ]
}

pub(super) fn text_that_is_not_utf8() -> Vec<Row> {
    let bytes: [(_, &[u8]); 6] = [
        ("utf8_invalid_byte", b"\xff"),
        ("utf8_continuation_alone", b"\x80"),
        ("utf8_overlong", b"\xc0\xaf"),
        ("utf8_surrogate", b"\xed\xa0\x80"),
        ("utf8_cut_short", b"\xe2\x82"),
        ("utf8_beyond_unicode", b"\xf4\x90\x80\x80"),
    ];
    bytes.map(|(name, bytes)| row(name, base().edited(2, "é", bytes), none(), malformed(2))).into()
}

pub(super) fn syntax_inside_a_line() -> Vec<Row> {
    let (member, limit, array) = (r#""q":"café""#, r#""limit":10"#, r#"["a","b"]"#);
    let one_and_309_zeros = format!(r#""limit":1{}"#, "0".repeat(309));
    let edits = [
        ("lone_high_surrogate", member, r#""q":"\ud800""#),
        ("lone_low_surrogate", member, r#""q":"\udc00""#),
        ("surrogates_swapped", member, r#""q":"\udc00\ud800""#),
        ("high_surrogate_then_letter", member, r#""q":"\ud83d\u0041""#),
        ("lone_surrogate_in_key", member, r#""\ud800":"café""#),
        ("escape_unknown", member, r#""q":"\x41""#),
        ("escape_short", member, r#""q":"\u00e""#),
        ("string_single_quotes", member, r#""q":'café'"#),
        ("key_without_quotes", member, r#"q:"café""#),
        ("colon_missing", member, r#""q" "café""#),
        ("control_in_string", "café", "ca\tfé"),
        ("number_leading_zero", limit, r#""limit":010"#),
        ("number_plus_sign", limit, r#""limit":+10"#),
        ("number_minus_alone", limit, r#""limit":-"#),
        ("number_point_first", limit, r#""limit":.5"#),
        ("number_point_last", limit, r#""limit":1."#),
        ("number_exponent_empty", limit, r#""limit":1e"#),
        ("number_hexadecimal", limit, r#""limit":0x10"#),
        ("number_nan", limit, r#""limit":NaN"#),
        ("number_infinity", limit, r#""limit":Infinity"#),
        ("number_overflow", limit, r#""limit":1e400"#),
        ("number_overflow_negative", limit, r#""limit":-1e309"#),
        ("number_overflow_digits", limit, &one_and_309_zeros),
        ("number_other_digits", limit, "\"limit\":\u{661}\u{660}"),
        ("word_capital", limit, r#""limit":True"#),
        ("value_missing", limit, r#""limit":"#),
        ("comment", limit, r#""limit":10/*c*/"#),
        ("trailing_comma_in_array", array, r#"["a","b",]"#),
        ("trailing_comma_in_object", r#"["a","b"]}"#, r#"["a","b"],}"#),
        ("bracket_mismatch", array, r#"["a","b"}"#),
    ];
    edits.map(|(name, old, new)| row(name, base().edited(2, old, new), none(), malformed(2))).into()
}

pub(super) fn depth_and_length() -> Vec<Row> {
    let (limit, limit_010, array) = (r#""limit":10"#, r#""limit":010"#, r#"["a","b"]"#);
    let limit_twice = r#""limit":10,"limit":10"#;
    let deep = || base().edited(2, r#""café""#, arrays(124));
    vec![
        row("depth_127", base().sealed(2, ARGS, &arrays(124)), none(), INTACT),
        row("depth_128_arrays", base().edited(2, ARGS, arrays(125)), none(), too_deep(2)),
        row("depth_128_objects", base().edited(2, ARGS, objects(125, "0")), none(), too_deep(2)),
        row("depth_128_unknown_kind", extended().edited(3, "220", arrays(125)), none(), too_deep(3)),
        row("depth_128_custom", extended().edited(2, "12.5", arrays(124)), none(), too_deep(2)),
        row("depth_before_syntax", deep().edited(2, limit, limit_010), none(), too_deep(2)),
        row(
            "syntax_before_depth",
            base().edited(2, limit, limit_010).edited(2, array, arrays(124)),
            none(),
            malformed(2),
        ),
        row(
            "lone_surrogate_before_depth",
            base().edited(2, "café", r"\ud800").edited(2, array, arrays(124)),
            none(),
            malformed(2),
        ),
        row("depth_before_lone_surrogate", deep().edited(2, r#""a""#, r#""\ud800""#), none(), too_deep(2)),
        // UTF-8 is checked over the whole line first.
        row("depth_before_invalid_utf8", deep().edited(2, r#""a""#, b"\"\xff\""), none(), malformed(2)),
        row(
            "duplicate_key_before_syntax",
            base().edited(2, limit, limit_twice).edited(2, array, r#"["a","b",]"#),
            none(),
            malformed(2),
        ),
        row(
            "duplicate_key_before_depth",
            base().edited(2, limit, limit_twice).edited(2, array, arrays(124)),
            none(),
            too_deep(2),
        ),
        // Line 3, the longest, has 711 bytes.
        row("line_at_limit", base(), none().limit(711), INTACT),
        row("line_one_over_limit", base(), none().limit(710), too_long(3)),
        row("line_too_long_and_not_utf8", base().edited(3, "llama", b"\xfflama"), none().limit(710), too_long(3)),
        row("blank_line_too_long", base().line_after(3, " ".repeat(712)), none().limit(711), too_long(4)),
    ]
}

pub(super) fn which_line_comes_first() -> Vec<Row> {
    let (link, link_and_more) = (",\"parent_hash\"", ",\"extra\":0,\"parent_hash\"");
    vec![
        row(
            "fault_before_error",
            base().edited(3, link, link_and_more).line(4, "garbage"),
            none(),
            broken("unsigned_field", 3),
        ),
        row("error_before_fault", base().line(2, "garbage").edited(3, link, link_and_more), none(), malformed(2)),
        // Line 4 of the file, seq 2.
        row(
            "fault_after_blank_line",
            base().line_after(1, "").edited(4, link, link_and_more),
            none(),
            broken("unsigned_field", 4),
        ),
    ]
}
