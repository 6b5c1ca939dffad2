//! Each way to encode what A and R must not be.

use super::plain::key;
use super::{Row, Why, message, row};
use crate::curve::{
    B, Encoded, IDENTITY, IDENTITY_NON_CANONICAL, IDENTITY_SIGN_BIT, ORDER_2, ORDER_4, ORDER_4_NON_CANONICAL,
    challenge, decode, encode, is_on_curve, join, least_nonce, lenient, p_plus, small_y, t8, t8_times, with_sign_bit,
};
use crate::forge::Signer;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity as _, IsIdentity as _};

/// A of small order with an honest-looking R and with the identity as R; then A for which no signature is known or
/// possible, with R = B and S = 1.
pub(super) fn of_a() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, a, order) in small_orders() {
        let why = if is_canonical(&a) { Why::ASmallOrder } else { Why::ANotCanonical };
        let (nonce, r) = least_nonce(&a, &message(), &EdwardsPoint::identity(), |k| k % order == 0);
        rows.push(row(format!("a_{name}"), &a, lenient(&a, &r, nonce, &message()), why));
        let zero = lenient(&a, &IDENTITY, Scalar::ZERO, &message());
        rows.push(row(format!("a_{name}_r_identity"), &a, zero, why));
    }
    let one = join(&B, &Scalar::ONE);
    rows.extend(beyond_p().map(|(name, a)| row(format!("a_{name}"), &a, one, Why::ANotCanonical)));
    rows.extend(off_curve().map(|(name, a)| row(format!("a_{name}"), &a, one, Why::ANotOnCurve)));
    rows.extend(on_curve().map(|(name, a)| row(format!("a_{name}"), &a, one, Why::Equation)));
    rows
}

/// R of small order under K1, where S = k·a leaves R itself as the difference, and under `[a + j]B + T8` with the least j
/// for which nothing is left; then R that no signature is known for, with S = 1.
pub(super) fn of_r() -> Vec<Row> {
    let k1 = key(Signer::K1);
    let mut rows = Vec::new();
    for (name, r, _) in small_orders() {
        let why = if is_canonical(&r) { Why::RSmallOrder } else { Why::RNotCanonical };
        let s = challenge(&r, &k1, &message()) * Signer::K1.secret();
        rows.push(row(format!("r_{name}"), &k1, lenient(&k1, &r, s, &message()), why));
        let (secret, a) = key_that_cancels(&r);
        let s = challenge(&r, &a, &message()) * secret;
        rows.push(row(format!("r_{name}_exact"), &a, lenient(&a, &r, s, &message()), why));
    }
    let under_k1 = |r| join(&r, &Scalar::ONE);
    rows.extend(beyond_p().map(|(name, r)| row(format!("r_{name}"), &k1, under_k1(r), Why::RNotCanonical)));
    rows.extend(off_curve().map(|(name, r)| row(format!("r_{name}"), &k1, under_k1(r), Why::RNotOnCurve)));
    rows.extend(on_curve().map(|(name, r)| row(format!("r_{name}"), &k1, under_k1(r), Why::Equation)));
    rows
}

/// The 14 encodings of the eight points of small order, with the order.
fn small_orders() -> Vec<(&'static str, Encoded, u8)> {
    vec![
        ("identity", IDENTITY, 1),
        ("identity_sign_bit", IDENTITY_SIGN_BIT, 1),
        ("identity_beyond_p", IDENTITY_NON_CANONICAL, 1),
        ("identity_beyond_p_sign_bit", with_sign_bit(IDENTITY_NON_CANONICAL), 1),
        ("order_2", ORDER_2, 2),
        ("order_2_sign_bit", with_sign_bit(ORDER_2), 2),
        ("order_4", ORDER_4, 4),
        ("order_4_negative", with_sign_bit(ORDER_4), 4),
        ("order_4_beyond_p", ORDER_4_NON_CANONICAL, 4),
        ("order_4_beyond_p_negative", with_sign_bit(ORDER_4_NON_CANONICAL), 4),
        ("order_8", t8_times(1), 8),
        ("order_8_3", t8_times(3), 8),
        ("order_8_5", t8_times(5), 8),
        ("order_8_7", t8_times(7), 8),
    ]
}

/// The other y from p on, each with and without the sign bit: those on the curve and those not.
fn beyond_p() -> impl Iterator<Item = (String, Encoded)> {
    (2..19)
        .flat_map(|n| [(format!("p_plus_{n}"), p_plus(n)), (format!("p_plus_{n}_sign_bit"), with_sign_bit(p_plus(n)))])
}

/// y of no point: the four least, p minus each, and the least with the sign bit.
fn off_curve() -> impl Iterator<Item = (String, Encoded)> {
    let least: Vec<_> = (2..).filter(|n| !is_on_curve(&small_y(*n))).take(4).collect();
    let sign_bit = (format!("off_curve_{}_sign_bit", least[0]), with_sign_bit(small_y(least[0])));
    near_the_ends("off_curve", least).chain([sign_bit])
}

/// Nothing is wrong with these: the four least y of a point that is not of small order, and p minus each.
fn on_curve() -> impl Iterator<Item = (String, Encoded)> {
    near_the_ends("on_curve", (2..).filter(|n| is_on_curve(&small_y(*n))).take(4).collect())
}

/// n and p - n. The curve has -y where it has y.
fn near_the_ends(name: &'static str, least: Vec<u8>) -> impl Iterator<Item = (String, Encoded)> {
    least.into_iter().flat_map(move |n| {
        let below_p = p_plus(-i8::try_from(n).unwrap());
        [(format!("{name}_{n}"), small_y(n)), (format!("{name}_minus_{n}"), below_p)]
    })
}

fn is_canonical(point: &Encoded) -> bool {
    encode(decode(point)) == *point
}

/// The secret a + j and its key `[a + j]B` + T8 with the least j ≥ 0 for which R + `[k]T8` is the identity.
fn key_that_cancels(r: &Encoded) -> (Scalar, Encoded) {
    (0_u64..)
        .map(|j| Signer::K1.secret() + Scalar::from(j))
        .map(|secret| (secret, encode(EdwardsPoint::mul_base(&secret) + t8())))
        .find(|(_, a)| (decode(r) + t8() * challenge(r, a, &message())).is_identity())
        .unwrap()
}
