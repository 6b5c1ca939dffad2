//! What only someone can find who knows the signers or an end, or who insists on the writer's spelling.

use super::{Row, row};
use crate::forge::{Signer, Signing};
use crate::ledger::{ARGS, base, base_head, bytes, extended, no_hash, two_signers};
use crate::verdict::{EMPTY, INTACT, broken, broken_at_end, exact, none, pinned};
use sealwright_core::chain::Head;
use sealwright_core::limits::MAX_SEQ;

pub(super) fn signers_and_ends() -> Vec<Row> {
    let mut rows = signers();
    rows.extend(first_events());
    rows.extend(heads());
    rows.extend(starts());
    rows
}

fn signers() -> Vec<Row> {
    let resigned = || base().sealed(1, "agent-1", "agent-2").signed_each(1..=4, Signing::By(Signer::K2));
    let one_line = || two_signers().signed(4, Signing::By(Signer::K1));
    vec![
        row("resigned_by_other_key", resigned(), pinned(), broken("untrusted_signer", 1)),
        // Nothing but a pinned signer can tell.
        row("resigned_and_not_pinned", resigned(), none(), INTACT),
        row("signer_changes", two_signers(), pinned(), broken("untrusted_signer", 3)),
        row("signer_for_one_line", one_line(), pinned(), broken("untrusted_signer", 3)),
    ]
}

fn first_events() -> Vec<Row> {
    let first = base_head(0).hash;
    let other = base().sealed(1, "session-demo", "session-else");
    let half_line = bytes(&base().text(1)[..100]);
    let at_end = broken_at_end("first_mismatch");
    vec![
        row("other_ledger", other, pinned().first(first), broken("first_mismatch", 1)),
        row("other_ledger_is_empty", bytes(""), none().first(first), at_end),
        row("other_ledger_is_tail", half_line, none().first(first), at_end.with_tail(100)),
        row("other_ledger_is_blank", bytes("\n \r\n"), none().first(first).head(base_head(3)), at_end),
    ]
}

/// Behind an event that the reader trusts.
fn starts() -> Vec<Row> {
    let after = |seq| none().after(base_head(seq));
    let rest = || base().lines_only([3, 4]);
    let cut = pinned().head(base_head(3)).after(base_head(1));
    let gone = base().sealed(4, "done", "gone").lines_only([3, 4]);
    let tail = bytes(base().text(4));
    let length = u64::try_from(base().text(4).len()).unwrap();
    vec![
        row("start_without_trust", rest(), pinned(), broken("seq_mismatch", 1)),
        row(
            "start_after_other_event",
            rest(),
            none().after(Head { seq: 1, hash: no_hash() }),
            broken("parent_mismatch", 1),
        ),
        row("start_after_other_seq", rest(), none().after(Head { seq: 0, ..base_head(1) }), broken("seq_mismatch", 1)),
        row("start_after_whole_ledger", base(), after(1), broken("seq_mismatch", 1)),
        row("start_after_gap", base().lines_only([4]), after(1), broken("seq_mismatch", 1)),
        row("start_after_edited", rest().edited(2, "done", "gone"), after(1), broken("hash_mismatch", 2)),
        row(
            "start_after_untrusted",
            two_signers().lines_only([2, 3, 4]),
            pinned().after(base_head(0)),
            broken("untrusted_signer", 2),
        ),
        row("start_after_head_cut", base().lines_only([3]), cut.clone(), broken_at_end("head_mismatch")),
        row("start_after_head_rewritten", gone, cut, broken("head_mismatch", 2)),
        row("start_after_tail_elsewhere", tail, after(1), EMPTY.with_tail(length)),
    ]
}

fn heads() -> Vec<Row> {
    let pinned_to = |seq| pinned().head(base_head(seq));
    let nowhere = |seq| none().head(Head { seq, hash: no_hash() });
    let at_end = broken_at_end("head_mismatch");
    let limit_11 = base().sealed(2, r#""limit":10"#, r#""limit":11"#);
    vec![
        row("head_cut", base().lines_only([1, 2]), pinned_to(3), at_end),
        row("head_all_cut", bytes(""), none().head(base_head(3)), at_end),
        row("head_rewritten", base().sealed(4, "done", "gone"), pinned_to(3), broken("head_mismatch", 4)),
        // Lines after it are accepted all the same.
        row("head_rewritten_inside", limit_11, pinned_to(1), broken("head_mismatch", 2)),
        row("head_after_blank_line", base().line_after(1, ""), nowhere(1), broken("head_mismatch", 3)),
        row("head_in_torn_tail", base().cut(4, 100).no_last_lf(), pinned_to(3), at_end.with_tail(100)),
        row("head_beyond_any_ledger", base(), nowhere(MAX_SEQ), at_end),
    ]
}

pub(super) fn exact_spelling() -> Vec<Row> {
    let (place, place_swapped) =
        (r#""seq":2,"timestamp_nanos":1700000000002000006"#, r#""timestamp_nanos":1700000000002000006,"seq":2"#);
    let (fields, fields_swapped) = (r#""reason":"done","summary_sha256":"""#, r#""summary_sha256":"","reason":"done""#);
    let edits = [
        ("spelling_space_after_colon", 3, r#""seq":"#, r#""seq": "#),
        ("spelling_key_order", 3, place, place_swapped),
        ("spelling_payload_order", 4, fields, fields_swapped),
        ("spelling_escape_not_needed", 2, "search", r"\u0073earch"),
        ("spelling_double_exponent", 2, "1.0", "1e0"),
        ("spelling_double_more_digits", 2, "1.0", "1.00"),
        ("spelling_double_zero_exponent", 2, "0.0", "0e0"),
        ("spelling_non_ascii_escaped", 2, "é", r"\u00e9"),
        ("spelling_key_escaped", 3, r#""seq""#, r#""\u0073eq""#),
    ];
    let mut rows = Vec::from(
        edits.map(|(name, line, old, new)| row(name, base().edited(line, old, new), exact(), broken("spelling", line))),
    );
    // The tool is called so before line 2 is sealed, and then spelled otherwise.
    let respelled = [
        ("spelling_slash_escaped", r"a/b\u001f", r"a\/b\u001f"),
        ("spelling_escape_upper_case", r"a\u001f", r"a\u001F"),
        ("spelling_escape_long", r"a\n", r"a\u000a"),
    ];
    rows.extend(respelled.map(|(name, written, spelled)| {
        let ledger = base().sealed(2, "search", written).edited(2, written, spelled);
        row(name, ledger, exact(), broken("spelling", 2))
    }));
    rows.extend([
        row("spelling_carriage_return", base().suffixed(3, "\r"), exact(), broken("spelling", 3)),
        row("spelling_space_before", base().prefixed(3, " "), exact(), broken("spelling", 3)),
        row("spelling_blank_line", base().line_after(2, ""), exact(), broken("spelling", 3)),
        row(
            "spelling_in_custom",
            extended().edited(2, r#"{"order":7,"amount":12.5}"#, r#"{"order":7,"amount":1.25e1}"#),
            exact(),
            broken("spelling", 2),
        ),
        // The caller's key order in args_redacted is the writer's spelling.
        row("spelling_args_order_is_free", base().sealed(2, ARGS, r#"{"z":1,"a":{"10":1,"9":2}}"#), exact(), INTACT),
        row(
            "spelling_unknown_payload_order_is_free",
            extended().sealed(3, r#"{"celsius":220,"rack":null}"#, r#"{"z":1,"a":2}"#),
            exact(),
            INTACT,
        ),
        row("spelling_last_lf_is_free", base().no_last_lf(), exact(), INTACT),
    ]);
    rows
}
