//! A = [a]B + `[i]T8` and R = [r]B + `[j]T8` for all i and j below 8, not both 0: of mixed order, which the rule allows.
//! S = r + k·a leaves (j + k·i)·T8 as the difference, which decides.

use super::{Row, Why, message, row};
use crate::curve::{challenge, encode, least_nonce, lenient, t8};
use crate::forge::Signer;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;

/// For each i and j the least r ≥ 1 that leaves nothing, where k can make it so, and the least that leaves something.
pub(super) fn rows() -> Vec<Row> {
    let pairs = (0..8).flat_map(|i| (0..8).map(move |j| (i, j))).filter(|pair| *pair != (0, 0));
    pairs
        .flat_map(|(i, j)| {
            let holds = can_hold(i, j).then(|| signed(i, j, Why::Holds));
            holds.into_iter().chain([signed(i, j, Why::CofactoredOnly)])
        })
        .collect()
}

/// Whether some k has j + k·i ≡ 0 mod 8.
fn can_hold(i: u8, j: u8) -> bool {
    (0..8).any(|k| left(i, j, k) == 0)
}

fn left(i: u8, j: u8, k: u8) -> u8 {
    (j + (k % 8) * i) % 8
}

fn signed(i: u8, j: u8, why: Why) -> Row {
    let secret = Signer::K1.secret();
    let a = encode(EdwardsPoint::mul_base(&secret) + t8() * Scalar::from(i));
    let torsion = t8() * Scalar::from(j);
    let (nonce, r) = least_nonce(&a, &message(), &torsion, |k| (left(i, j, k) == 0) == (why == Why::Holds));
    let signature = lenient(&a, &r, nonce + challenge(&r, &a, &message()) * secret, &message());
    let ending = if why == Why::Holds { "holds" } else { "cofactored_only" };
    row(format!("torsion_a_{i}_r_{j}_{ending}"), &a, signature, why)
}
