//! Two faults in one line: the check that comes first names its own.

use super::{Row, row};
use crate::forge::{Signer, Signing};
use crate::ledger::{base, base_head, extended, no_hash};
use crate::verdict::{broken, core, exact, none, pinned};
use sealwright_core::hash::Hash;

pub(super) fn which_check_comes_first() -> Vec<Row> {
    let mut rows = inside_the_line();
    rows.extend(in_the_chain());
    rows
}

fn inside_the_line() -> Vec<Row> {
    let (prompt, response) = (r#""prompt_tokens":482"#, ",\"response_tokens\":71");
    let (seq, seq_text) = (r#""seq":2"#, r#""seq":"2""#);
    vec![
        row(
            "order_duplicate_then_unsigned",
            base().edited(3, ",\"parent_hash\"", r#","extra":0,"extra":0,"parent_hash""#),
            none(),
            broken("duplicate_key", 3),
        ),
        row(
            "order_duplicate_then_missing",
            base().edited(3, prompt, r#""prompt_tokens":482,"prompt_tokens":482"#).edited(3, response, ""),
            none(),
            broken("duplicate_key", 3),
        ),
        row(
            "order_unsigned_then_missing",
            base().sealed(3, response, ",\"cost\":0"),
            none(),
            broken("unsigned_field", 3),
        ),
        row(
            "order_unsigned_then_type",
            base().sealed(3, prompt, r#""cost":0"#).edited(3, seq, seq_text),
            none(),
            broken("unsigned_field", 3),
        ),
        row(
            "order_missing_then_type",
            base().sealed(3, response, "").edited(3, seq, seq_text),
            none(),
            broken("missing_field", 3),
        ),
        // An array has no keys, so nothing is missing inside; the line lacks one.
        row(
            "order_missing_beside_event_array",
            base().sealed_event(3, "[]").without(3, "signature"),
            none(),
            broken("missing_field", 3),
        ),
        row(
            "order_payload_unjudged_without_kind",
            base().sealed(3, r#""type":"ModelInvoked","#, "").edited(3, r#""prompt_tokens""#, r#""cost""#),
            none(),
            broken("missing_field", 3),
        ),
        row(
            "order_payload_unjudged_with_bad_kind",
            base().sealed(3, r#""type":"ModelInvoked""#, r#""type":"model""#).edited(
                3,
                r#""prompt_tokens""#,
                r#""cost""#,
            ),
            none(),
            broken("wrong_type", 3),
        ),
        row(
            "order_type_then_range",
            base().sealed(3, prompt, r#""prompt_tokens":-1"#).sealed(3, response, ",\"response_tokens\":71.0"),
            none(),
            broken("wrong_type", 3),
        ),
        row(
            "order_range_then_hex",
            base().edited(3, prompt, r#""prompt_tokens":4294967296"#).upper_case_key(3),
            none(),
            broken("out_of_range", 3),
        ),
        // From here on line 2, where the kind is in question.
        row("order_hex_then_kind", extended().upper_case_key(2), core(), broken("non_canonical_hex", 2)),
        row(
            "order_kind_then_seq",
            extended().sealed(2, r#""seq":1"#, r#""seq":2"#),
            core(),
            broken("unexpected_kind", 2),
        ),
    ]
}

fn in_the_chain() -> Vec<Row> {
    let (seq, seq_spaced) = (r#""seq":2"#, r#""seq": 2"#);
    let (tokens, other_tokens) = (r#""prompt_tokens":482"#, r#""prompt_tokens":483"#);
    let misnamed = Signing::Named { by: Signer::K1, named: Signer::K2 };
    vec![
        row(
            "order_seq_then_parent",
            base().sealed(3, seq, r#""seq":3"#).sealed_on(3, Hash::GENESIS),
            none(),
            broken("seq_mismatch", 3),
        ),
        row(
            "order_parent_then_hash",
            base().sealed_on(3, Hash::GENESIS).edited(3, tokens, other_tokens),
            none(),
            broken("parent_mismatch", 3),
        ),
        row(
            "order_hash_then_signature",
            base().signed(3, Signing::BAD).edited(3, tokens, other_tokens),
            none(),
            broken("hash_mismatch", 3),
        ),
        row("order_signature_then_signer", base().signed(3, misnamed), pinned(), broken("bad_signature", 3)),
        row(
            "order_signer_then_first",
            base().signed(1, Signing::By(Signer::K2)),
            pinned().first(no_hash()),
            broken("untrusted_signer", 1),
        ),
        row(
            "order_first_then_spelling",
            base().edited(1, r#""seq":0"#, r#""seq": 0"#),
            exact().first(no_hash()),
            broken("first_mismatch", 1),
        ),
        row(
            "order_spelling_then_head",
            base().edited(3, seq, seq_spaced).lines_only([1, 2, 3]),
            exact().head(base_head(3)),
            broken("spelling", 3),
        ),
        row(
            "order_hash_then_spelling",
            base().edited(3, tokens, other_tokens).edited(3, seq, seq_spaced),
            exact(),
            broken("hash_mismatch", 3),
        ),
    ]
}
