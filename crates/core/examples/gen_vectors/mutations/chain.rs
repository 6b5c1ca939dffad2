//! Events that are not the next of their chain.

use super::{Row, row};
use crate::ledger::{Ledger, SESSION_STARTED, TOOL_CALLED, TOOL_RETURNED, base, base_head, extended, no_hash};
use crate::verdict::{broken, none};
use sealwright_core::hash::Hash;

pub(super) fn sequence_links_hashes() -> Vec<Row> {
    let mut rows = sequence();
    rows.extend(links());
    rows.extend(hashes());
    rows
}

fn sequence() -> Vec<Row> {
    let seq = |line| broken("seq_mismatch", line);
    let second_writer = Ledger::of(&[SESSION_STARTED, TOOL_CALLED, TOOL_RETURNED]).text(3);
    let whole = [1, 2, 3, 4];
    vec![
        row("seq_first_missing", base().lines_only([2, 3, 4]), none(), seq(1)),
        row("seq_gap", base().lines_only([1, 3, 4]), none(), seq(2)),
        row("seq_repeated", base().lines_only([1, 2, 2, 3, 4]), none(), seq(3)),
        row("seq_swapped", base().lines_only([1, 3, 2, 4]), none(), seq(2)),
        row("seq_ledger_twice", base().lines_only([whole, whole].concat()), none(), seq(5)),
        row("seq_two_writers", base().line_after(3, second_writer), none(), seq(4)),
        row("seq_skipped", base().sealed(3, r#""seq":2"#, r#""seq":3"#), none(), seq(3)),
        row("seq_again", base().sealed(3, r#""seq":2"#, r#""seq":1"#), none(), seq(3)),
        row("seq_starts_at_one", base().sealed(1, r#""seq":0"#, r#""seq":1"#), none(), seq(1)),
        row("seq_largest", base().sealed(3, r#""seq":2"#, r#""seq":9007199254740991"#), none(), seq(3)),
    ]
}

fn links() -> Vec<Row> {
    let parent = |line| broken("parent_mismatch", line);
    let other_event = Ledger::of(&[SESSION_STARTED, TOOL_RETURNED]).text(2);
    vec![
        row("parent_fork", base().sealed_on(3, base_head(0).hash), none(), parent(3)),
        row("parent_zero", base().sealed_on(3, Hash::GENESIS), none(), parent(3)),
        row("parent_of_first", base().sealed_on(1, no_hash()), none(), parent(1)),
        row("parent_replaced", base().line(2, other_event), none(), parent(3)),
    ]
}

fn hashes() -> Vec<Row> {
    let (limit, score, array) = (r#""limit":10"#, r#""score":1.0"#, r#"["a","b"]"#);
    let (digest_a, digest_b) = ("a".repeat(64), "a".repeat(63) + "b");
    let (tokens, swapped) =
        (r#""prompt_tokens":482,"response_tokens":71"#, r#""prompt_tokens":71,"response_tokens":482"#);
    let edits = [
        ("hash_edited", 2, limit, r#""limit":11"#),
        ("hash_int_to_double", 2, limit, r#""limit":10.0"#),
        ("hash_double_to_int", 2, score, r#""score":1"#),
        ("hash_next_double", 2, score, r#""score":1.0000000000000002"#),
        ("hash_minus_zero", 2, r#""zero":0.0"#, r#""zero":-0.0"#),
        ("hash_array_order", 2, array, r#"["b","a"]"#),
        ("hash_key_renamed", 2, r#""limit""#, r#""Limit""#),
        ("hash_value_removed", 2, r#""limit":10,"#, ""),
        ("hash_string_to_null", 2, r#""café""#, "null"),
        ("hash_digest_of_core_edited", 2, &digest_a, &digest_b),
        ("hash_unicode_decomposed", 2, "caf\u{e9}", "cafe\u{301}"),
        ("hash_time_edited", 3, "1700000000002000006", "1700000000002000007"),
        ("hash_values_swapped", 3, tokens, swapped),
    ];
    let mut rows =
        Vec::from(edits.map(|(name, line, old, new)| {
            row(name, base().edited(line, old, new), none(), broken("hash_mismatch", line))
        }));
    rows.extend([
        row(
            "hash_kind_renamed",
            extended().edited(3, "OvenPreheated", "OvenCooled"),
            none(),
            broken("hash_mismatch", 3),
        ),
        row("hash_of_other_line", base().field_of_line(4, "self_hash", 3), none(), broken("hash_mismatch", 4)),
        row("hash_zero", base().digits(4, "self_hash", |_| "0".repeat(64)), none(), broken("hash_mismatch", 4)),
    ]);
    rows
}
