//! Edwards curve points, and signatures put together from them (RFC 8032, section 5.1).
//!
//! ```text
//! k = SHA-512(R ‖ A ‖ message) mod L        (R, S) holds under A when [S]B = R + [k]A
//! ```
//! (Section 5.1.7.) Names as in `vectors/README.md`: B is the base point, L its order, T8 a point of order 8.
//! A message in a ledger is the 32 bytes of `self_hash`.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use sealwright_core::hash::decode_hex;
use sealwright_core::key::Signature;
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
pub(crate) const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(crate) const fn small_y(y: u8) -> Encoded {
    let mut bytes = [0; 32];
    bytes[0] = y;
    bytes
}

/// y = p + n, where p = 2^255 - 19.
pub(crate) const fn p_plus(n: i8) -> Encoded {
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
    (0..).map(small_y).find(|y| !is_on_curve(y)).unwrap()
}

/// Whether a point has this y, reduced mod p.
pub(crate) fn is_on_curve(y: &Encoded) -> bool {
    CompressedEdwardsY(*y).decompress().is_some()
}

/// `[n]T8`.
pub(crate) fn t8_times(n: u8) -> Encoded {
    encode(t8() * Scalar::from(n))
}

pub(crate) fn t8() -> EdwardsPoint {
    let point = decode(&decode_hex(T8).unwrap());
    let fourfold = point * Scalar::from(4_u8);
    assert!(point.is_small_order() && fourfold != EdwardsPoint::default(), "T8 has order 8");
    point
}

pub(crate) fn encode(point: EdwardsPoint) -> Encoded {
    point.compress().to_bytes()
}

/// Takes y ≥ p, and a sign bit where x = 0: as a lenient reader does.
pub(crate) fn decode(point: &Encoded) -> EdwardsPoint {
    CompressedEdwardsY(*point).decompress().unwrap()
}

/// k.
pub(crate) fn challenge(r: &Encoded, a: &Encoded, message: &[u8]) -> Scalar {
    let digest = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&digest.into())
}

/// The least r ≥ 1 such that the lowest byte of k is wanted, and R = `[r]B` + the offset.
pub(crate) fn least_nonce(
    a: &Encoded,
    message: &[u8],
    offset: &EdwardsPoint,
    wanted: impl Fn(u8) -> bool,
) -> (Scalar, Encoded) {
    (1_u64..)
        .map(|nonce| (Scalar::from(nonce), encode(EdwardsPoint::mul_base(&Scalar::from(nonce)) + offset)))
        .find(|(_, r)| wanted(challenge(r, a, message).as_bytes()[0]))
        .unwrap()
}

/// The signature with R = `[r]B` under a key A = `[a]B`.
pub(crate) fn signature_of(secret: &Scalar, a: &Encoded, nonce: &Scalar, message: &[u8]) -> Signature {
    let r = encode(EdwardsPoint::mul_base(nonce));
    join(&r, &(nonce + challenge(&r, a, message) * secret))
}

/// A signature that 8·`[S]B` = 8·(R + `[k]A`) holds for, so that only the strict rules can refuse it.
pub(crate) fn lenient(a: &Encoded, r: &Encoded, s: Scalar, message: &[u8]) -> Signature {
    let difference = EdwardsPoint::mul_base(&s) - decode(r) - decode(a) * challenge(r, a, message);
    assert!(difference.is_small_order(), "a lenient check would refuse this too");
    join(r, &s)
}

pub(crate) fn join(r: &Encoded, s: &Scalar) -> Signature {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(r);
    bytes[32..].copy_from_slice(s.as_bytes());
    Signature::from_bytes(bytes)
}

/// S + L.
pub(crate) fn add_order(s: &mut [u8]) {
    let mut carry = 0;
    for (byte, add) in s.iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "more than 256 bits");
}
