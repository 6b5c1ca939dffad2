//! Honest signatures, and what every verifier refuses.

use super::{Row, Why, message, row, row_of_bytes, row_over};
use crate::curve::{B, Encoded, join, signature_of, with_sign_bit};
use crate::forge::Signer;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use sealwright_core::hash::{Hash, encode_hex};
use sealwright_core::key::Signature;
use sha2::{Digest as _, Sha512};

/// With R and A before it and the padding after it, a message of 47 bytes is the longest in one block of SHA-512, one of
/// 175 bytes the longest in two.
const MESSAGE_LENGTHS: [u8; 12] = [0, 1, 31, 32, 33, 47, 48, 63, 64, 65, 175, 176];

pub(super) fn valid() -> Vec<Row> {
    let (k1, k2) = (key(Signer::K1), key(Signer::K2));
    let (one, two, a) = (Scalar::ONE, Scalar::from(2_u8), Signer::K1.secret());
    let holds = |name: &str, a: &Encoded, signature| row(name, a, signature, Why::Holds);
    let mut rows = vec![
        holds("valid", &k1, sign(Signer::K1, &message())),
        holds("valid_other_key", &k2, sign(Signer::K2, &message())),
        holds("valid_a_is_b", &B, signature_of(&one, &B, &two, &message())),
        holds("valid_a_is_minus_b", &with_sign_bit(B), signature_of(&-one, &with_sign_bit(B), &two, &message())),
        holds("valid_r_is_b", &k1, signature_of(&a, &k1, &one, &message())),
        holds("valid_r_is_a", &k1, signature_of(&a, &k1, &a, &message())),
        holds("valid_r_is_minus_a", &k1, signature_of(&a, &k1, &-a, &message())),
    ];
    for length in MESSAGE_LENGTHS {
        let message: Vec<u8> = (0..length).collect();
        let name = format!("valid_message_of_{length}");
        rows.push(row_over(name, &message, &k1, sign(Signer::K1, &message), Why::Holds));
    }
    rows
}

pub(super) fn bad() -> Vec<Row> {
    let (k1, k2) = (key(Signer::K1), key(Signer::K2));
    let other = Hash::of(b"other");
    let text = encode_hex(&message());
    let negated = with_sign_bit_flipped(k1);
    vec![
        row("bad_other_message", &k1, sign(Signer::K1, other.as_bytes()), Why::Equation),
        row("bad_hex_text_signed", &k1, sign(Signer::K1, text.as_bytes()), Why::Equation),
        row("bad_with_context", &k1, with_domain(0, b"context", &message()), Why::Equation),
        row("bad_prehashed", &k1, with_domain(1, b"", &Sha512::digest(message())), Why::Equation),
        row("bad_other_key", &k2, sign(Signer::K1, &message()), Why::Equation),
        row("bad_a_negated", &negated, sign(Signer::K1, &message()), Why::Equation),
        row("bad_r_negated", &k1, altered(|bytes| bytes[31] ^= 0x80), Why::Equation),
        row("bad_s_bit", &k1, altered(|bytes| bytes[32] ^= 1), Why::Equation),
        row("bad_s_zero", &k1, altered(|bytes| bytes[32..].fill(0)), Why::Equation),
        row("bad_zero", &k1, altered(|bytes| bytes.fill(0)), Why::RSmallOrder),
        row("bad_all_bits", &k1, altered(|bytes| bytes.fill(0xff)), Why::SNotBelowL),
        row("bad_halves_swapped", &k1, altered(|bytes| bytes.rotate_left(32)), Why::SNotBelowL),
    ]
}

/// A key or a signature cut short, or with zero bytes after it.
pub(super) fn lengths() -> Vec<Row> {
    let (a, signature) = (key(Signer::K1), altered(|_| {}));
    let resized = |bytes: &[u8], length| [bytes, &[0; 64]].concat()[..length].to_vec();
    let of_a = [0, 31, 33, 64].map(|length| {
        let a = resized(&a, length);
        row_of_bytes(format!("length_of_a_{length}"), &message(), &a, signature.as_bytes(), Why::Length)
    });
    let of_signature = [0, 32, 63, 65, 128].map(|length| {
        let signature = resized(signature.as_bytes(), length);
        row_of_bytes(format!("length_of_signature_{length}"), &message(), &a, &signature, Why::Length)
    });
    of_a.into_iter().chain(of_signature).collect()
}

pub(super) fn key(signer: Signer) -> Encoded {
    *signer.public().as_bytes()
}

/// K1's signature, altered.
pub(super) fn altered(alter: impl Fn(&mut [u8; 64])) -> Signature {
    let mut bytes = *sign(Signer::K1, &message()).as_bytes();
    alter(&mut bytes);
    Signature::from_bytes(bytes)
}

fn sign(signer: Signer, message: &[u8]) -> Signature {
    Signature::from_bytes(SigningKey::from_bytes(&signer.seed()).sign(message).to_bytes())
}

/// K1's signature with r = 1 as Ed25519ctx (flag 0) or Ed25519ph (flag 1) makes it: dom2(flag, context) stands before R.
fn with_domain(flag: u8, context: &[u8], message: &[u8]) -> Signature {
    let (a, r) = (key(Signer::K1), B);
    let domain = [b"SigEd25519 no Ed25519 collisions", &[flag, u8::try_from(context.len()).unwrap()][..], context];
    let digest = Sha512::new().chain_update(domain.concat()).chain_update(r).chain_update(a).chain_update(message);
    let k = Scalar::from_bytes_mod_order_wide(&digest.finalize().into());
    join(&r, &(Scalar::ONE + k * Signer::K1.secret()))
}

fn with_sign_bit_flipped(mut point: Encoded) -> Encoded {
    point[31] ^= 0x80;
    point
}
