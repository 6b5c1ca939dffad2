//! Signatures that do not hold, or hold only for a reader that is not strict.

use super::{Row, row};
use crate::curve::{
    B, IDENTITY, IDENTITY_NON_CANONICAL, IDENTITY_SIGN_BIT, ORDER_2, ORDER_4, ORDER_4_NON_CANONICAL, non_canonical,
    not_on_curve, t8_times, with_sign_bit,
};
use crate::forge::{Signer, Signing};
use crate::ledger::{base, eighty};
use crate::verdict::{INTACT, broken, none};

/// Line 3 signed so.
fn bad<const N: usize>(rows: [(&str, Signing); N]) -> Vec<Row> {
    rows.map(|(name, signing)| row(name, base().signed(3, signing), none(), broken("bad_signature", 3))).into()
}

pub(super) fn plain() -> Vec<Row> {
    let mut rows = bad([
        ("signature_r_bit", Signing::BitFlipped(0)),
        ("signature_s_bit", Signing::BitFlipped(32)),
        ("signature_zero", Signing::Zero),
        ("signature_halves_swapped", Signing::HalvesSwapped),
        ("signature_s_plus_l", Signing::SPlusL),
        ("signature_of_hex_text", Signing::OfHexText),
        ("signature_by_other_key", Signing::Named { by: Signer::K2, named: Signer::K1 }),
    ]);
    let k2 = Signer::K2.public().to_string();
    rows.extend([
        row("signature_of_other_line", base().field_of_line(3, "signature", 2), none(), broken("bad_signature", 3)),
        row("signature_signer_replaced", base().digits(3, "signer_pubkey", |_| k2), none(), broken("bad_signature", 3)),
        row("signature_first_line", base().signed(1, Signing::BAD), none(), broken("bad_signature", 1)),
        row("signature_last_line", base().signed(4, Signing::BAD), none(), broken("bad_signature", 4)),
    ]);
    rows
}

pub(super) fn keys_and_points() -> Vec<Row> {
    let mut rows = bad([
        ("key_identity", Signing::Fixed { a: IDENTITY, r: B, s: 1 }),
        ("key_identity_and_r_identity", Signing::Fixed { a: IDENTITY, r: IDENTITY, s: 0 }),
        ("key_identity_non_canonical", Signing::Fixed { a: IDENTITY_NON_CANONICAL, r: B, s: 1 }),
        ("key_identity_sign_bit", Signing::Fixed { a: IDENTITY_SIGN_BIT, r: B, s: 1 }),
        ("key_order_2", Signing::SmallOrder { a: ORDER_2, order: 2 }),
        ("key_order_4", Signing::SmallOrder { a: ORDER_4, order: 4 }),
        ("key_order_4_non_canonical", Signing::SmallOrder { a: ORDER_4_NON_CANONICAL, order: 4 }),
        ("key_order_8", Signing::SmallOrder { a: t8_times(1), order: 8 }),
        ("key_order_8_negative", Signing::SmallOrder { a: with_sign_bit(t8_times(1)), order: 8 }),
        ("key_order_8_other", Signing::SmallOrder { a: t8_times(3), order: 8 }),
        ("key_non_canonical", Signing::NoSignature { a: non_canonical() }),
        ("key_not_on_curve", Signing::NoSignature { a: not_on_curve() }),
        ("r_identity", Signing::FixedR(IDENTITY)),
        ("r_identity_non_canonical", Signing::FixedR(IDENTITY_NON_CANONICAL)),
        ("r_identity_sign_bit", Signing::FixedR(IDENTITY_SIGN_BIT)),
        ("cofactored_only", Signing::Cofactored),
        ("key_mixed_order_cofactored", Signing::MixedOrder { holds: false }),
    ]);
    // Not of small order, canonical, and the equation holds without the cofactor.
    rows.push(row("key_mixed_order_holds", base().signed(3, Signing::MixedOrder { holds: true }), none(), INTACT));
    rows
}

/// A reader may treat a key that it has seen often differently.
pub(super) fn after_79_good_lines() -> Vec<Row> {
    let late = [
        ("late_signature_s_bit", Signing::BitFlipped(32)),
        ("late_signature_s_plus_l", Signing::SPlusL),
        ("late_r_identity", Signing::FixedR(IDENTITY)),
        ("late_r_identity_non_canonical", Signing::FixedR(IDENTITY_NON_CANONICAL)),
        ("late_cofactored_only", Signing::Cofactored),
    ];
    let mut rows = Vec::from(
        late.map(|(name, signing)| row(name, eighty().signed(80, signing), none(), broken("bad_signature", 80))),
    );
    let mixed = eighty()
        .signed_each(1..=79, Signing::MixedOrder { holds: true })
        .signed(80, Signing::MixedOrder { holds: false });
    rows.push(row("late_key_mixed_order_cofactored", mixed, none(), broken("bad_signature", 80)));
    rows
}
