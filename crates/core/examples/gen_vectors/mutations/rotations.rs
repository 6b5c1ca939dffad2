//! Rotations of keys that one of the two keys has not agreed to, and those who sign against one.

use super::{Row, row};
use crate::curve::{IDENTITY, non_canonical, not_on_curve};
use crate::forge::{Signer, Signing};
use crate::ledger::{Ledger, base_head, digest, no_hash};
use crate::rotation::{
    Rotation, plus_order, rotated, rotated_by, rotated_twice, second_line, sign, to, to_mixed_order,
};
use crate::verdict::{Asked, INTACT, Stated, broken, exact, last, none, pinned};
use sealwright_core::hash::Hash;
use sealwright_core::key::PublicKey;

pub(super) fn rotations() -> Vec<Row> {
    let mut rows = signers();
    rows.extend(keys());
    rows.extend(proofs());
    rows.extend(places());
    rows
}

fn both() -> Asked {
    none().signers(&[Signer::K1.public(), Signer::K2.public()])
}

fn second() -> Asked {
    none().signers(&[Signer::K2.public()])
}

fn signers() -> Vec<Row> {
    let against = || rotated().signed(4, Signing::By(Signer::K1));
    let ignored = || rotated().signed_each(3..=4, Signing::By(Signer::K1));
    let untrusted = |line| broken("untrusted_signer", line);
    vec![
        row("rotation_new_key_named_only", rotated(), second(), untrusted(1)),
        row("rotation_first_event_new_key_named_only", rotated_twice(), second(), untrusted(1)),
        row("rotation_old_key_goes_on", ignored(), pinned(), untrusted(3)),
        row("rotation_old_key_comes_back", against(), both(), untrusted(4)),
        row("rotation_old_key_comes_back_last", against(), both().last(), untrusted(4)),
        // Nobody was named, so this is only a warning.
        row("rotation_ignored_and_not_pinned", ignored(), none(), INTACT),
        row("rotation_sealed_by_other_key", rotated().signed(2, Signing::By(Signer::K2)), none(), unendorsed(2)),
        row("rotation_sealed_by_other_named_key", rotated().signed(2, Signing::By(Signer::K2)), both(), unendorsed(2)),
        row("rotation_by_unnamed_key", rotated().signed(2, Signing::By(Signer::K2)), pinned(), untrusted(2)),
        row("rotation_bad_signature_last", rotated().signed(2, Signing::BAD), last(), broken("bad_signature", 2)),
    ]
}

fn unendorsed(line: usize) -> Stated {
    broken("rotation_unendorsed", line)
}

fn keys() -> Vec<Row> {
    let old = Rotation { old_key: Signer::K2.public(), new_key: Signer::K1.public(), ..second_line() };
    let point = |bytes| to(PublicKey::from_bytes(bytes));
    let refused = |name, event: String| row(name, rotated_by(&event), none(), unendorsed(2));
    vec![
        refused("rotation_of_other_key", old.proven_by(Signer::K1)),
        refused("rotation_to_itself", to(Signer::K1.public()).proven_by(Signer::K1)),
        refused("rotation_to_small_order", point(IDENTITY).proven_by_identity()),
        refused("rotation_to_non_canonical", point(non_canonical()).not_proven()),
        refused("rotation_to_no_point", point(not_on_curve()).not_proven()),
        // Of mixed order, which is allowed: nothing is left without the cofactor.
        row("rotation_to_mixed_order", rotated_by(&to_mixed_order().proven_by_mixed_order()), none(), INTACT),
    ]
}

fn proofs() -> Vec<Row> {
    let good = sign(Signer::K2, &second_line().statement());
    let statement = second_line().statement();
    let place = statement.iter().position(|byte| *byte == b'\n').unwrap();
    let (prefix, json) = statement.split_at(place + 1);
    let bare = sign(Signer::K2, json);
    let other_version = sign(Signer::K2, &[&prefix[..place - 1], b"2\n", json].concat());
    let digested = sign(Signer::K2, Hash::of(&statement).as_bytes());
    let with = |proof| second_line().with(&proof);
    let refused = |name, event: String| row(name, rotated_by(&event), none(), unendorsed(2));
    vec![
        refused("rotation_proof_by_old_key", second_line().proven_by(Signer::K1)),
        refused("rotation_proof_without_prefix", with(bare)),
        refused("rotation_proof_other_version", with(other_version)),
        refused("rotation_proof_of_digest", with(digested)),
        refused("rotation_proof_s_plus_l", with(plus_order(&good))),
        refused(
            "rotation_proof_of_other_key",
            Rotation { new_key: Signer::K2.public(), ..to_mixed_order() }
                .with(&sign(Signer::K2, &to_mixed_order().statement())),
        ),
        refused(
            "rotation_proof_of_other_seq",
            with(sign(Signer::K2, &Rotation { seq: 2, ..second_line() }.statement())),
        ),
    ]
}

fn places() -> Vec<Row> {
    let first = |hash: String| Rotation { first_hash: hash, ..second_line() };
    let unproven = || rotated_by(&second_line().proven_by(Signer::K1));
    let at_first = Rotation::new(Signer::K1, Signer::K2, no_hash(), 0).proven_by(Signer::K2);
    let refused = |name, event: String| row(name, rotated_by(&event), none(), unendorsed(2));
    vec![
        refused("rotation_of_other_ledger", first(digest('a')).proven_by(Signer::K2)),
        refused("rotation_of_no_ledger", first(digest('0')).proven_by(Signer::K2)),
        refused("rotation_of_malformed_hash", first("none".to_owned()).proven_by(Signer::K2)),
        row("rotation_first_event_names_another", rotated().sealed_event(1, &at_first), none(), unendorsed(1)),
        row(
            "rotation_of_malformed_hash_after",
            rotated_by(&first("none".to_owned()).proven_by(Signer::K2)).lines_only([2, 3, 4]),
            none().after(base_head(0)),
            unendorsed(1),
        ),
        row(
            "rotation_of_other_ledger_after",
            rotated_by(&first(digest('a')).proven_by(Signer::K2)).lines_only([2, 3, 4]),
            none().after(base_head(0)),
            unendorsed(1),
        ),
        row("rotation_of_this_ledger_after", rotated().lines_only([2, 3, 4]), none().after(base_head(0)), INTACT),
        row(
            "rotation_in_front_of_start",
            rotated().lines_only([3, 4]),
            pinned().after(rotated().head(1)),
            broken("untrusted_signer", 1),
        ),
        row("rotation_copied_to_other_line", copied(), none(), unendorsed(3)),
        row("rotation_is_last_without_lf", rotated().lines_only([1, 2]).no_last_lf(), pinned(), INTACT),
        row("rotation_unendorsed_without_lf", unproven().lines_only([1, 2]).no_last_lf(), none(), unendorsed(2)),
        row("rotation_unendorsed_last", unproven(), last(), unendorsed(2)),
        row("rotation_signature_before", unproven().signed(1, Signing::BAD), last(), broken("bad_signature", 1)),
        row("rotation_signer_before", unproven(), second(), broken("untrusted_signer", 1)),
        row("rotation_before_first", rotated().sealed_event(1, &at_first), none().first(no_hash()), unendorsed(1)),
        row("rotation_before_spelling", unproven().edited(2, r#""seq":1"#, r#""seq": 1"#), exact(), unendorsed(2)),
    ]
}

/// A rotation back to K1 whose proof was made for the line before.
fn copied() -> Ledger {
    let back = Rotation { old_key: Signer::K2.public(), new_key: Signer::K1.public(), ..second_line() };
    rotated().sealed_event(3, &back.proven_by(Signer::K1)).signed(4, Signing::By(Signer::K1))
}
