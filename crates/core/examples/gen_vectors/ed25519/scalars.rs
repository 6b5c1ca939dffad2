//! S at and beyond L. Under K1 with its honest signature, unless a name says otherwise.

use super::plain::{altered, key};
use super::{Row, Why, message, row};
use crate::curve::{B, IDENTITY, ORDER, add_order};
use crate::forge::{Signer, Signing};
use sealwright_core::hash::Hash;
use sealwright_core::key::Signature;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = multiples();
    rows.extend(bits());
    rows.extend(ends());
    rows
}

/// S + nL, up to the most that 32 bytes hold.
fn multiples() -> Vec<Row> {
    let k1 = key(Signer::K1);
    let plus = |times: u8| altered(|bytes| (0..times).for_each(|_| add_order(&mut bytes[32..])));
    let mut rows: Vec<_> =
        (1..=15).map(|times| row(format!("s_plus_{times}_l"), &k1, plus(times), Why::SNotBelowL)).collect();
    let (mixed, signature) = Signing::MixedOrder { holds: true }.sign(&Hash::from_bytes(message()));
    let mut bytes = *signature.as_bytes();
    add_order(&mut bytes[32..]);
    rows.push(row("s_plus_l_a_mixed", mixed.as_bytes(), Signature::from_bytes(bytes), Why::SNotBelowL));
    rows
}

/// The bits that S < L leaves unset: a verifier may mask them.
fn bits() -> Vec<Row> {
    let with = |bit: u8| altered(|bytes| bytes[63] |= 1 << (bit % 8));
    let bits = [252, 253, 254, 255];
    bits.map(|bit| row(format!("s_bit_{bit}"), &key(Signer::K1), with(bit), Why::SNotBelowL)).into()
}

/// Values around those that a verifier may compare with, R = B; and L in the place of 0 where 0 satisfies the equation.
fn ends() -> Vec<Row> {
    let filled = |fill: u8, last: u8| {
        let mut s = [fill; 32];
        s[31] = last;
        s
    };
    let l_plus = |n: i8| {
        let mut s = ORDER;
        s[0] = s[0].wrapping_add_signed(n);
        s
    };
    let mut rows = Vec::from(
        [
            ("s_2_to_252", filled(0, 0x10), Why::Equation),
            ("s_l_minus_1", l_plus(-1), Why::Equation),
            ("s_l", l_plus(0), Why::SNotBelowL),
            ("s_l_plus_1", l_plus(1), Why::SNotBelowL),
            ("s_2_to_253_minus_1", filled(0xff, 0x1f), Why::SNotBelowL),
            ("s_2_to_253", filled(0, 0x20), Why::SNotBelowL),
            ("s_2_to_255_minus_1", filled(0xff, 0x7f), Why::SNotBelowL),
            ("s_2_to_255", filled(0, 0x80), Why::SNotBelowL),
            ("s_2_to_256_minus_1", filled(0xff, 0xff), Why::SNotBelowL),
        ]
        .map(|(name, s, why)| row(name, &key(Signer::K1), joined(&B, &s), why)),
    );
    rows.push(row("s_l_a_and_r_identity", &IDENTITY, joined(&IDENTITY, &ORDER), Why::ASmallOrder));
    rows
}

/// For an S that no `Scalar` is.
fn joined(r: &[u8; 32], s: &[u8; 32]) -> Signature {
    Signature::from_bytes(std::array::from_fn(|index| if index < 32 { r[index] } else { s[index - 32] }))
}
