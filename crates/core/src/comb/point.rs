//! Points of the curve -x^2 + y^2 = 1 + d x^2 y^2 over the numbers modulo p (RFC 8032, section 5.1).
//!
//! There is one law of addition: section 3.1 of Hisil, Wong, Carter and Dawson, "Twisted Edwards Curves Revisited"
//! (2008), which the Explicit-Formulas Database calls `add-2008-hwcd-3`, with Z2 = 1. As -1 is a square modulo p and d
//! is none, it is complete: it holds for every two points, equal ones, the neutral one and those of small order
//! included. So nothing has to be doubled, and no case told apart.

use super::field::{Loose, Tight, invert_all};
use std::hint::{black_box, select_unpredictable};

/// d = -121665/121666.
const D: Tight = Tight::from_bytes(&[
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79,
    0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
]);
/// 2^((p - 1)/4), whose square is -1.
const ROOT_OF_MINUS_ONE: Tight = Tight::from_bytes(&[
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f, 0xa7, 0xd7, 0xfb,
    0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
]);
/// 1/2 = 2^254 - 9.
const HALF: Tight = Tight::from_bytes(&{
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf7;
    bytes[31] = 0x3f;
    bytes
});

/// A point (x, y) as X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z.
#[derive(Clone, Copy)]
pub(super) struct Point {
    x: Tight,
    y: Tight,
    z: Tight,
    t: Tight,
}

/// A point (x, y) that is added often, as (y + x)/2, (y - x)/2 and dxy. The formula has twice these, and 2Z of the
/// other point, which would be loose where it has to be tight. Aligned, it takes two lines of the cache, never three.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Addend {
    sum: Loose,
    difference: Loose,
    product: Loose,
}

impl Point {
    pub(super) const NEUTRAL: Self = Self { x: Tight::ZERO, y: Tight::ONE, z: Tight::ONE, t: Tight::ZERO };

    /// Decodes a canonical encoding (RFC 8032, section 5.1.3).
    pub(super) fn decompress(encoded: &[u8; 32]) -> Option<Self> {
        let mut y = *encoded;
        let [.., high] = &mut y;
        let sign = *high >> 7 == 1;
        *high &= 0x7f;
        let y = Tight::from_bytes(&y);
        let square = y.square();
        let u = square.minus(&Tight::ONE).carry();
        let v = square.times(&D).plus(&Tight::ONE).carry();
        let v3 = v.square().times(&v);
        let v7 = v3.square().times(&v);
        let root = u.times(&v3).times(&u.times(&v7).power_p58());
        let check = root.square().times(&v);
        let x = if check.equals(u) {
            root
        } else if check.equals(u.negate()) {
            root.times(&ROOT_OF_MINUS_ONE)
        } else {
            return None;
        };
        let x = if x.is_odd() == sign { x } else { x.negate() };
        Some(Self { x, y, z: Tight::ONE, t: x.times(&y) })
    }

    /// Adds the other point, or its negative: there x, so sum and difference, change places, and the product changes
    /// its sign, so F and G change places. The sign is random, and a branch on it would be mispredicted half the time.
    #[inline(always)]
    pub(super) fn add(&self, other: &Addend, negative: bool) -> Self {
        let a = self.y.minus(&self.x).times(select_unpredictable(negative, &other.sum, &other.difference));
        let b = self.y.plus(&self.x).times(select_unpredictable(negative, &other.difference, &other.sum));
        let c = self.t.loose().times(&other.product);
        let (e, h) = (b.minus(&a), b.plus(&a));
        let (below, above) = (self.z.minus(&c), self.z.plus(&c));
        let f = select_unpredictable(negative, &above, &below);
        let g = select_unpredictable(negative, &below, &above);
        Self { x: e.times(f), y: g.times(&h), z: f.times(g), t: e.times(&h) }
    }
}

impl Point {
    /// Adds without being inlined, for tables, where small code counts for more.
    #[inline(never)]
    pub(super) fn plus(&self, other: &Addend) -> Self {
        self.add(other, false)
    }
}

impl Addend {
    /// Reads a word of both cache lines, and so fetches them: nobody waits for the words.
    #[inline(always)]
    pub(super) fn fetch(&self) {
        black_box(self.sum.limb());
        black_box(self.product.limb());
    }
}

/// Encodes points (RFC 8032, section 5.1.2).
pub(super) fn compress_all(points: &[Point]) -> impl Iterator<Item = [u8; 32]> {
    affine(points).map(|(x, y)| {
        let mut encoded = y.to_bytes();
        let [.., high] = &mut encoded;
        *high |= u8::from(x.is_odd()) << 7;
        encoded
    })
}

/// Makes points ready to be added.
pub(super) fn addends(points: &[Point]) -> impl Iterator<Item = Addend> {
    affine(points).map(|(x, y)| {
        let (half_x, half_y) = (x.times(&HALF), y.times(&HALF));
        let product = D.times(&x.times(&y)).loose();
        Addend { sum: half_y.plus(&half_x), difference: half_y.minus(&half_x), product }
    })
}

fn affine(points: &[Point]) -> impl Iterator<Item = (Tight, Tight)> {
    let inverses = invert_all(&points.iter().map(|point| point.z).collect::<Vec<_>>());
    points.iter().zip(inverses).map(|(point, inverse)| (point.x.times(&inverse), point.y.times(&inverse)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
    use curve25519_dalek::scalar::Scalar;
    use sha2::{Digest as _, Sha256};

    fn encoded(point: &EdwardsPoint) -> [u8; 32] {
        point.compress().to_bytes()
    }

    fn compress(point: Point) -> [u8; 32] {
        compress_all(&[point]).next().unwrap()
    }

    fn addend(point: Point) -> Addend {
        addends(&[point]).next().unwrap()
    }

    /// The points of small order, and sums of them and others, equal and opposite ones among them.
    fn points() -> Vec<EdwardsPoint> {
        let random = |seed: u64| {
            EdwardsPoint::mul_base(&Scalar::from_bytes_mod_order(Sha256::digest(seed.to_le_bytes()).into()))
        };
        let others = [ED25519_BASEPOINT_POINT, -ED25519_BASEPOINT_POINT, random(1), -random(1), random(2)];
        let sums = others.iter().flat_map(|point| [1, 2, 4, 5].map(|order| point + EIGHT_TORSION[order]));
        EIGHT_TORSION.into_iter().chain(others).chain(sums).collect()
    }

    #[test]
    fn constants_are_what_they_stand_for() {
        let times = |number: Tight, factor: u32| (1..factor).fold(number, |sum, _| sum.plus(&number).carry());
        assert!(times(D, 121_666).equals(times(Tight::ONE, 121_665).negate()));
        assert!(ROOT_OF_MINUS_ONE.square().equals(Tight::ONE.negate()));
        assert!(HALF.plus(&HALF).carry().equals(Tight::ONE));
    }

    #[test]
    fn points_are_decoded_and_encoded_as_by_dalek() {
        let points = points();
        let decoded: Vec<Point> = points.iter().map(|point| Point::decompress(&encoded(point)).unwrap()).collect();
        let found: Vec<_> = compress_all(&decoded).collect();
        assert_eq!(found, points.iter().map(encoded).collect::<Vec<_>>());
        let mut refused = 0;
        for seed in 0..400_u64 {
            let bytes: [u8; 32] = Sha256::digest(seed.to_le_bytes()).into();
            let expected = CompressedEdwardsY(bytes).decompress();
            assert_eq!(Point::decompress(&bytes).map(compress), expected.as_ref().map(encoded));
            refused += u32::from(expected.is_none());
        }
        assert!((100..300).contains(&refused), "{refused}");
    }

    #[test]
    fn every_two_points_add_up_as_by_dalek() {
        let points = points();
        for one in &points {
            for other in &points {
                let [left, right] = [one, other].map(|point| Point::decompress(&encoded(point)).unwrap());
                // So that Z is not 1.
                let left = left.add(&addend(left), false).add(&addend(left), true);
                let (sum, difference) = (left.add(&addend(right), false), left.add(&addend(right), true));
                assert_eq!(compress(sum), encoded(&(one + other)));
                assert_eq!(compress(difference), encoded(&(one - other)));
                assert!(sum.x.times(&sum.y).equals(sum.z.times(&sum.t)));
            }
        }
    }
}
