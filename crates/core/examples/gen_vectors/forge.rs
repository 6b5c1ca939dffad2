//! Lines and signatures that the library refuses to make. Names are those of [`crate::curve`]; `a` is K1's secret
//! scalar.

use crate::curve::{B, Encoded, add_order, challenge, encode, join, least_nonce, lenient, t8};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use ed25519_dalek::{Signer as _, SigningKey};
use sealwright_core::hash::Hash;
use sealwright_core::json;
use sealwright_core::key::{KeyPair, PublicKey, Signature};

/// The test keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    /// Seed `00 01 … 1f`.
    K1,
    /// Seed `20 21 … 3f`.
    K2,
}

impl Signer {
    pub(crate) fn seed(self) -> [u8; 32] {
        let first = if self == Self::K1 { 0 } else { 32 };
        std::array::from_fn(|index| first + u8::try_from(index).unwrap())
    }

    pub(crate) fn key(self) -> KeyPair {
        KeyPair::from_seed(&self.seed())
    }

    pub(crate) fn public(self) -> PublicKey {
        self.key().public()
    }

    /// `a`, reduced mod L.
    pub(crate) fn secret(self) -> Scalar {
        SigningKey::from_bytes(&self.seed()).to_scalar()
    }
}

/// How a line comes to its signature and its `signer_pubkey`. K1 signs where nobody is named.
#[derive(Clone, Copy)]
pub(crate) enum Signing {
    /// As it should be.
    By(Signer),
    /// By one key, in the name of the other.
    Named { by: Signer, named: Signer },
    /// The lowest bit of this byte of the signature flipped.
    BitFlipped(usize),
    /// A signature of zero bytes.
    Zero,
    /// R and S swapped.
    HalvesSwapped,
    /// S + L.
    SPlusL,
    /// The signed message is the 64 ASCII digits of `self_hash`.
    OfHexText,
    /// A, R and S as they stand here.
    Fixed { a: Encoded, r: Encoded, s: u8 },
    /// An A for which no signature is known or possible: R = B, S = 1.
    NoSignature { a: Encoded },
    /// This R, S = k·a.
    FixedR(Encoded),
    /// R = B + T8, S = 1 + k·a: holds only when multiplied by 8.
    Cofactored,
    /// This A; the least r ≥ 1 with k ≡ 0 mod its order, which divides 8; R = [r]B, S = r.
    SmallOrder { a: Encoded, order: u8 },
    /// A = [a]B + T8; the least r ≥ 1 with k ≡ 0 mod 8 if it is to hold, with any other k if not; R = [r]B,
    /// S = r + k·a.
    MixedOrder { holds: bool },
}

impl Signing {
    /// A plainly bad signature, where any will do.
    pub(crate) const BAD: Self = Self::BitFlipped(32);

    pub(crate) fn sign(self, hash: &Hash) -> (PublicKey, Signature) {
        let k1 = Signer::K1.public();
        let message = hash.as_bytes();
        match self {
            Self::By(signer) => (signer.public(), signer.key().sign(hash)),
            Self::Named { by, named } => (named.public(), by.key().sign(hash)),
            Self::BitFlipped(byte) => altered(hash, |signature| signature[byte] ^= 1),
            Self::Zero => altered(hash, |signature| signature.fill(0)),
            Self::HalvesSwapped => altered(hash, |signature| signature.rotate_left(32)),
            Self::SPlusL => altered(hash, |signature| add_order(&mut signature[32..])),
            Self::OfHexText => {
                let signature = signing_key().sign(hash.to_string().as_bytes());
                (Signer::K1.public(), Signature::from_bytes(signature.to_bytes()))
            }
            Self::Fixed { a, r, s } => (PublicKey::from_bytes(a), lenient(&a, &r, Scalar::from(s), message)),
            Self::NoSignature { a } => (PublicKey::from_bytes(a), join(&B, &Scalar::ONE)),
            Self::FixedR(r) => {
                (k1, lenient(k1.as_bytes(), &r, challenge(&r, k1.as_bytes(), message) * Signer::K1.secret(), message))
            }
            Self::Cofactored => {
                let r = encode(EdwardsPoint::mul_base(&Scalar::ONE) + t8());
                let s = Scalar::ONE + challenge(&r, k1.as_bytes(), message) * Signer::K1.secret();
                (k1, lenient(k1.as_bytes(), &r, s, message))
            }
            Self::SmallOrder { a, order } => {
                let (nonce, r) = least_nonce(&a, message, &EdwardsPoint::identity(), |k| k % order == 0);
                (PublicKey::from_bytes(a), lenient(&a, &r, nonce, message))
            }
            Self::MixedOrder { holds } => {
                let key = mixed_order_key();
                let a = key.as_bytes();
                let (nonce, r) = least_nonce(a, message, &EdwardsPoint::identity(), |k| (k % 8 == 0) == holds);
                (key, lenient(a, &r, nonce + challenge(&r, a, message) * Signer::K1.secret(), message))
            }
        }
    }
}

/// A line around `"seq":…,"timestamp_nanos":…,"event":…`, hashed and signed whatever that says.
pub(crate) fn line(text: &str, parent: Hash, signing: Signing) -> String {
    let hashed = json::canonicalize(&format!(r#"{{{text},"parent_hash":"{parent}"}}"#)).unwrap();
    let hash = Hash::of(&hashed);
    let (key, signature) = signing.sign(&hash);
    format!(
        r#"{{{text},"parent_hash":"{parent}","self_hash":"{hash}","signature":"{signature}","signer_pubkey":"{key}"}}"#
    )
}

/// `[a]B + T8`: neither of small order nor in the group that B generates.
pub(crate) fn mixed_order_key() -> PublicKey {
    PublicKey::from_bytes(encode(EdwardsPoint::mul_base(&Signer::K1.secret()) + t8()))
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&Signer::K1.seed())
}

fn altered(hash: &Hash, alter: impl Fn(&mut [u8; 64])) -> (PublicKey, Signature) {
    let mut bytes = *Signer::K1.key().sign(hash).as_bytes();
    alter(&mut bytes);
    (Signer::K1.public(), Signature::from_bytes(bytes))
}
