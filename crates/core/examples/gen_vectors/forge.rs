//! Lines and signatures that the library refuses to make.
//!
//! ```text
//! k = SHA-512(R ‖ A ‖ self_hash) mod L        (R, S) holds under A when [S]B = R + [k]A
//! ```
//! (RFC 8032, section 5.1.7.) Names as in `vectors/README.md`: B is the base point, L its order, `a` K1's secret
//! scalar, T8 a point of order 8.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::{Signer as _, SigningKey};
use sealwright_core::hash::{Hash, decode_hex};
use sealwright_core::json;
use sealwright_core::key::{KeyPair, PublicKey, Signature};
use sha2::{Digest as _, Sha512};

/// A point as it is encoded: y in little-endian order, the sign of x in the highest bit.
pub(crate) type Encoded = [u8; 32];

pub(crate) const IDENTITY: Encoded = small_y(1);
pub(crate) const IDENTITY_NON_CANONICAL: Encoded = p_plus(1);
pub(crate) const IDENTITY_SIGN_BIT: Encoded = with_sign_bit(IDENTITY);
pub(crate) const ORDER_2: Encoded = p_plus(-1);
pub(crate) const ORDER_4: Encoded = small_y(0);
pub(crate) const ORDER_4_NON_CANONICAL: Encoded = p_plus(0);
/// The base point, y = 4/5.
pub(crate) const B: Encoded = {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    bytes
};

const T8: &str = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";

/// L = 2^252 + 27742317777372353535851937790883648493, in little-endian order.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

const fn small_y(y: u8) -> Encoded {
    let mut bytes = [0; 32];
    bytes[0] = y;
    bytes
}

/// y = p + n, where p = 2^255 - 19.
const fn p_plus(n: i8) -> Encoded {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed_u8.wrapping_add_signed(n);
    bytes[31] = 0x7f;
    bytes
}

pub(crate) const fn with_sign_bit(mut point: Encoded) -> Encoded {
    point[31] |= 0x80;
    point
}

/// The least y ≥ p that is on the curve and not of small order: p + 3.
pub(crate) fn non_canonical() -> Encoded {
    let strong = |y: &Encoded| CompressedEdwardsY(*y).decompress().is_some_and(|point| !point.is_small_order());
    (0..19).map(p_plus).find(strong).unwrap()
}

/// The least y that no point has: 2.
pub(crate) fn not_on_curve() -> Encoded {
    (0..).map(small_y).find(|y| CompressedEdwardsY(*y).decompress().is_none()).unwrap()
}

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

    fn sign(self, hash: &Hash) -> (PublicKey, Signature) {
        let k1 = *Signer::K1.public().as_bytes();
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
            Self::Fixed { a, r, s } => lenient(a, r, Scalar::from(s), hash),
            Self::NoSignature { a } => (PublicKey::from_bytes(a), join(B, Scalar::ONE)),
            Self::FixedR(r) => lenient(k1, r, challenge(&r, &k1, hash) * secret(), hash),
            Self::Cofactored => {
                let r = encode(EdwardsPoint::mul_base(&Scalar::ONE) + t8());
                lenient(k1, r, Scalar::ONE + challenge(&r, &k1, hash) * secret(), hash)
            }
            Self::SmallOrder { a, order } => {
                let (nonce, r) = least_nonce(&a, hash, |k| k % order == 0);
                lenient(a, r, nonce, hash)
            }
            Self::MixedOrder { holds } => {
                let a = *mixed_order_key().as_bytes();
                let (nonce, r) = least_nonce(&a, hash, |k| (k % 8 == 0) == holds);
                lenient(a, r, nonce + challenge(&r, &a, hash) * secret(), hash)
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
    PublicKey::from_bytes(encode(EdwardsPoint::mul_base(&secret()) + t8()))
}

/// `[n]T8`.
pub(crate) fn t8_times(n: u8) -> Encoded {
    encode(t8() * Scalar::from(n))
}

fn t8() -> EdwardsPoint {
    let point = decode(&decode_hex(T8).unwrap());
    let fourfold = point * Scalar::from(4_u8);
    assert!(point.is_small_order() && fourfold != EdwardsPoint::default(), "T8 has order 8");
    point
}

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&Signer::K1.seed())
}

/// `a`, reduced mod L.
fn secret() -> Scalar {
    signing_key().to_scalar()
}

fn encode(point: EdwardsPoint) -> Encoded {
    point.compress().to_bytes()
}

/// Takes y ≥ p, and a sign bit where x = 0: as a lenient reader does.
fn decode(point: &Encoded) -> EdwardsPoint {
    CompressedEdwardsY(*point).decompress().unwrap()
}

fn challenge(r: &Encoded, a: &Encoded, hash: &Hash) -> Scalar {
    let digest = Sha512::new().chain_update(r).chain_update(a).chain_update(hash.as_bytes()).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

/// The least r ≥ 1 such that the lowest byte of k is wanted, and R = `[r]B`.
fn least_nonce(a: &Encoded, hash: &Hash, wanted: impl Fn(u8) -> bool) -> (Scalar, Encoded) {
    (1_u64..)
        .map(|nonce| (Scalar::from(nonce), encode(EdwardsPoint::mul_base(&Scalar::from(nonce)))))
        .find(|(_, r)| wanted(challenge(r, a, hash).as_bytes()[0]))
        .unwrap()
}

/// A signature that 8·`[S]B` = 8·(R + `[k]A`) holds for, so that only the strict rules can refuse it.
fn lenient(a: Encoded, r: Encoded, s: Scalar, hash: &Hash) -> (PublicKey, Signature) {
    let difference = EdwardsPoint::mul_base(&s) - decode(&r) - decode(&a) * challenge(&r, &a, hash);
    assert!(difference.is_small_order(), "a lenient check would refuse this too");
    (PublicKey::from_bytes(a), join(r, s))
}

fn join(r: Encoded, s: Scalar) -> Signature {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&r);
    bytes[32..].copy_from_slice(s.as_bytes());
    Signature::from_bytes(bytes)
}

fn altered(hash: &Hash, alter: impl Fn(&mut [u8; 64])) -> (PublicKey, Signature) {
    let mut bytes = *Signer::K1.key().sign(hash).as_bytes();
    alter(&mut bytes);
    (Signer::K1.public(), Signature::from_bytes(bytes))
}

fn add_order(s: &mut [u8]) {
    let order: [u8; 32] = decode_hex(ORDER).unwrap();
    let mut carry = 0;
    for (byte, add) in s.iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
}
