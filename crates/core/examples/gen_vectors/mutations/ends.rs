//! What stands behind the last LF, and which signatures count when only the last of a run is checked.

use super::{Row, row};
use crate::curve::{B, IDENTITY};
use crate::forge::{Signer, Signing};
use crate::ledger::{base, base_head, bytes, extended, no_hash, two_signers};
use crate::values::objects;
use crate::verdict::{EMPTY, INTACT, VERIFIED, broken, core, exact, last, none, pinned};
use sealwright_core::chain::Head;
use sealwright_core::hash::Hash;

const LINK: &str = ",\"parent_hash\"";
const LINK_AND_MORE: &str = ",\"extra\":0,\"parent_hash\"";

/// Signed by K1 in the name of K2.
const MISNAMED: Signing = Signing::Named { by: Signer::K1, named: Signer::K2 };

pub(super) fn bytes_after_the_last_lf() -> Vec<Row> {
    let mut rows = bytes_that_are_no_line();
    rows.extend(last_lines_that_are_no_event());
    rows.extend(whole_events_and_blanks());
    rows
}

fn bytes_that_are_no_line() -> Vec<Row> {
    let tail = |bytes| INTACT.with_tail(bytes);
    let without_last_byte = base().made(4, |line| line[..line.len() - 1].to_vec());
    vec![
        row("tail_half_line", base().cut(4, 100).no_last_lf(), none(), tail(100)),
        row("tail_one_byte_short", without_last_byte.no_last_lf(), none(), tail(512)),
        row("tail_one_byte", base().then("{"), none(), tail(1)),
        row("tail_only", bytes(&base().text(1)[..100]), none(), EMPTY.with_tail(100)),
        row("tail_garbage", base().then("garbage"), none(), tail(7)),
        row("tail_nul", base().then([0; 512]), none(), tail(512)),
        // Line 4 belongs to the tail here.
        row("tail_event_then_nul", base().no_last_lf().then([0; 512]), none(), tail(1025)),
        row("tail_event_then_byte", base().no_last_lf().then("{"), none(), tail(514)),
        row("tail_not_utf8", base().then(b"\xff\xfe"), none(), tail(2)),
        row("tail_unicode_space", base().then("\u{a0}"), none(), tail(2)),
        row("tail_too_long", base().then("x".repeat(1000)), none().limit(900), tail(1000)),
    ]
}

fn last_lines_that_are_no_event() -> Vec<Row> {
    let tail = |bytes| INTACT.with_tail(bytes);
    let small_order = Signing::Fixed { a: IDENTITY, r: B, s: 1 };
    let last_lines = [
        ("tail_too_deep", base().edited(4, r#""done""#, objects(125, "0")), tail(1258)),
        ("tail_array", base().made_array(4), tail(427)),
        ("tail_duplicate_key", base().edited(4, r#""reason":"done""#, r#""reason":"done","reason":"done""#), tail(529)),
        ("tail_unsigned_field", base().edited(4, LINK, LINK_AND_MORE), tail(523)),
        ("tail_upper_hex", base().upper_case_key(4), tail(513)),
        ("tail_wrong_seq", base().sealed(4, r#""seq":3"#, r#""seq":4"#), tail(513)),
        ("tail_repeated_line", base().lines_only([1, 2, 3, 4, 4]), tail(513)),
        ("tail_wrong_parent", base().sealed_on(4, Hash::GENESIS), tail(513)),
        ("tail_wrong_hash", base().edited(4, "done", "gone"), tail(513)),
        ("tail_bad_signature", base().signed(4, Signing::BAD), tail(513)),
        ("tail_small_order_key", base().signed(4, small_order), tail(513)),
    ];
    last_lines.map(|(name, ledger, stated)| row(name, ledger.no_last_lf(), none(), stated)).into()
}

fn whole_events_and_blanks() -> Vec<Row> {
    let pinned_to = |seq| pinned().head(base_head(seq));
    let by_k2 = base().signed(4, Signing::By(Signer::K2));
    let spaced = base().edited(4, r#""seq":3"#, r#""seq": 3"#);
    let bad_custom = extended().signed(2, Signing::BAD).lines_only([1, 2]);
    vec![
        row("tail_keeps_from_verified", base().cut(4, 100).no_last_lf(), pinned_to(2), INTACT.with_tail(100)),
        row("tail_whole_event", base().no_last_lf(), pinned_to(3), VERIFIED),
        row("tail_whole_untrusted_signer", by_k2.no_last_lf(), pinned(), broken("untrusted_signer", 4)),
        row(
            "tail_whole_first_mismatch",
            base().lines_only([1]).no_last_lf(),
            none().first(no_hash()),
            broken("first_mismatch", 1),
        ),
        row(
            "tail_whole_unexpected_kind",
            extended().lines_only([1, 2]).no_last_lf(),
            core(),
            broken("unexpected_kind", 2),
        ),
        row("tail_whole_spelling", spaced.no_last_lf(), exact(), broken("spelling", 4)),
        row(
            "tail_untrusted_and_bad_signature",
            base().signed(4, MISNAMED).no_last_lf(),
            pinned(),
            INTACT.with_tail(513),
        ),
        row("tail_kind_and_bad_signature", bad_custom.no_last_lf(), core(), INTACT.with_tail(532)),
        row("tail_blank", base().then(" \t"), none(), INTACT),
        row("tail_blank_exact", base().then(" \t"), exact(), broken("spelling", 5)),
    ]
}

pub(super) fn signatures_last() -> Vec<Row> {
    let bad = |line| base().signed(line, Signing::BAD);
    let bad_of_two = || two_signers().signed(2, Signing::BAD);
    let (seq, seq_spaced) = (r#""seq":2"#, r#""seq": 2"#);
    let (tokens, other_tokens) = (r#""prompt_tokens":482"#, r#""prompt_tokens":483"#);
    let nowhere = Head { seq: 7, hash: no_hash() };
    vec![
        // Not checked, and the report counts one checked signature.
        row("last_bad_inside_run", bad(2), last(), INTACT),
        row("last_bad_at_end", bad(4), last(), broken("bad_signature", 4)),
        row("last_bad_at_end_of_run", bad_of_two(), last(), broken("bad_signature", 2)),
        row("last_bad_run_then_fault", bad_of_two().edited(4, LINK, LINK_AND_MORE), last(), broken("bad_signature", 2)),
        row("last_bad_run_then_error", bad(2).line(3, "garbage"), last(), broken("bad_signature", 2)),
        row(
            "last_bad_run_then_same_signer_fault",
            bad(2).edited(3, tokens, other_tokens),
            last(),
            broken("bad_signature", 2),
        ),
        row(
            "last_bad_run_then_spelling",
            bad(2).edited(3, seq, seq_spaced),
            last().exact(),
            broken("bad_signature", 2),
        ),
        // Its signature is not looked at: the run's last accepted event is line 2.
        row("last_bad_and_spelling", bad(3).edited(3, seq, seq_spaced), last().exact(), broken("spelling", 3)),
        row("last_bad_run_then_tail", bad(3).cut(4, 100).no_last_lf(), last(), broken("bad_signature", 3)),
        row(
            "last_bad_run_then_blank_lines",
            bad(3).lines_only([1, 2, 3]).then("\n\n"),
            last(),
            broken("bad_signature", 3),
        ),
        row("last_bad_run_then_head", bad(4), last().head(nowhere), broken("bad_signature", 4)),
        // The unterminated event ends the run.
        row("last_run_ends_in_tail_event", bad(3).no_last_lf(), last(), INTACT),
        row(
            "last_run_ends_before_tail_event",
            bad_of_two().lines_only([1, 2, 3]).no_last_lf(),
            last(),
            broken("bad_signature", 2),
        ),
        // The tail's signature is always checked.
        row("last_tail_event_bad", bad(4).no_last_lf(), last(), INTACT.with_tail(513)),
        row(
            "last_hash_inside_run",
            base().edited(2, r#""limit":10"#, r#""limit":11"#),
            last(),
            broken("hash_mismatch", 2),
        ),
        row("last_untrusted_signer", two_signers(), pinned().last(), broken("untrusted_signer", 3)),
    ]
}
