//! Multiples of a fixed point, looked up and added: a comb, without doublings.
//!
//! ```text
//! n   = sum of n_i 2^(wi), i = 0..l-1, -2^(w-1) < n_i <= 2^(w-1)
//! n P = sum of n_i (2^(wi) P)
//! ```
//!
//! The table holds j 2^(wi) P for j = 1..2^(w-1).
//!
//! | width w | windows l | points | bytes | additions for two products |
//! |---|---|---|---|---|
//! | 8 | 32 | 4,096 | 512 KiB | 64 |
//! | 10 | 26 | 13,312 | 1,664 KiB | 52 |

use super::point::{Addend, Point, addends, compress_all};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};

/// Bits of a number: the numbers are below L < 2^253, and the last digit has to have room for a carry.
const BITS: u32 = 254;

/// How wide the windows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 8 bits.
    Small,
    /// 10 bits.
    Large,
}

impl Width {
    fn bits(self) -> u32 {
        match self {
            Self::Small => 8,
            Self::Large => 10,
        }
    }

    fn windows(self) -> u32 {
        BITS.div_ceil(self.bits())
    }

    /// Points of a window.
    fn height(self) -> usize {
        match self {
            Self::Small => 1 << 7,
            Self::Large => 1 << 9,
        }
    }
}

/// The multiples of a point.
pub(super) struct Table {
    width: Width,
    /// One window after another.
    addends: Vec<Addend>,
}

impl Table {
    /// None if nothing decodes to that point, or if the table came out wrong.
    pub(super) fn new(encoded: &[u8; 32], width: Width) -> Option<Self> {
        let mut base = Point::decompress(encoded)?;
        let mut table = Vec::with_capacity(width.height().saturating_mul(width.windows() as usize));
        let mut multiples = Vec::with_capacity(width.height());
        for _ in 0..width.windows() {
            let step = addends(&[base]).next()?;
            let mut multiple = Point::NEUTRAL;
            multiples.clear();
            multiples.extend((0..width.height()).map(|_| {
                multiple = multiple.plus(&step);
                multiple
            }));
            table.extend(addends(&multiples));
            // Twice the last: 2^w times the base.
            base = multiple.plus(table.last()?);
        }
        // Every sum above led to this one.
        let doublings = width.windows().saturating_mul(width.bits());
        is_doubled(base, encoded, doublings)?.then_some(Self { width, addends: table })
    }

    /// Looks up the points, and their signs, that add up to n times the point; n is below 2^253.
    pub(super) fn look_up<'a>(&'a self, n: &[u8; 32], found: &mut Vec<(&'a Addend, bool)>) {
        for (window, digit) in self.addends.chunks_exact(self.width.height()).zip(digits(n, self.width)) {
            // The digit 0 has no entry, and adds nothing.
            let place = usize::from(digit.unsigned_abs()).wrapping_sub(1);
            if let Some(addend) = window.get(place) {
                addend.fetch();
                found.push((addend, digit < 0));
            }
        }
    }
}

/// Adds up what was looked up. Points that stand in the cache by then: fetched one by one, each would be waited for.
pub(super) fn sum(addends: &[(&Addend, bool)]) -> Point {
    addends.iter().fold(Point::NEUTRAL, |sum, (addend, negative)| sum.add(addend, *negative))
}

/// Whether a point is 2^doublings times another one, by the reckoning of `curve25519-dalek`.
fn is_doubled(point: Point, encoded: &[u8; 32], doublings: u32) -> Option<bool> {
    let expected = CompressedEdwardsY(*encoded).decompress()?;
    let expected: EdwardsPoint = (0..doublings).fold(expected, |point, _| [point, point].iter().sum());
    Some(compress_all(&[point]).next()? == expected.compress().to_bytes())
}

/// A number's digits n_i, from the lowest.
#[expect(clippy::arithmetic_side_effects, reason = "at most 17 bits are at hand, and digits have at most 11")]
fn digits(n: &[u8; 32], width: Width) -> impl Iterator<Item = i16> {
    let bits = width.bits();
    let base = 1_u32 << bits;
    let mut bytes = n.iter();
    let (mut buffer, mut buffered, mut carry) = (0_u32, 0_u32, 0_u32);
    (0..width.windows()).map(move |_| {
        while buffered < bits {
            buffer |= u32::from(bytes.next().copied().unwrap_or_default()) << buffered;
            buffered += 8;
        }
        let digit = buffer % base + carry;
        buffer >>= bits;
        buffered -= bits;
        carry = u32::from(digit > base / 2);
        (digit as i16) - ((carry as i16) << bits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::scalar::Scalar;
    use sha2::{Digest as _, Sha256};

    const WIDTHS: [Width; 2] = [Width::Small, Width::Large];

    fn random(seed: u64) -> Scalar {
        Scalar::from_bytes_mod_order(Sha256::digest(seed.to_le_bytes()).into())
    }

    /// Numbers below 2^253 whose digits carry, or do not by little, in every place.
    fn edges() -> Vec<[u8; 32]> {
        let all = |byte: u8| {
            let mut bytes = [byte; 32];
            bytes[31] &= 0x1f;
            bytes
        };
        let single = (0..253).map(|bit: usize| {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            bytes
        });
        let scalars = [Scalar::ZERO, Scalar::ONE, -Scalar::ONE, -Scalar::from(2_u8)].map(|scalar| scalar.to_bytes());
        // 0x200 and 0x201 in windows of 10 bits, from every bit on.
        let halves = (0..20).flat_map(|from: usize| {
            [0x200_u32, 0x201, 0x1ff, 0x3ff].map(|digit| {
                let mut bytes = [0_u8; 32];
                for bit in (from..253).filter(|bit| digit >> ((bit - from) % 10) & 1 == 1) {
                    bytes[bit / 8] |= 1 << (bit % 8);
                }
                bytes
            })
        });
        let repeated = [0xff, 0x80, 0x81, 0x7f, 0xfe, 0x55, 0xaa].map(all);
        repeated.into_iter().chain(single).chain(scalars).chain(halves).collect()
    }

    #[test]
    fn digits_are_small_and_add_up() {
        for width in WIDTHS {
            for n in edges().into_iter().chain((0..500).map(|seed| random(seed).to_bytes())) {
                let digits: Vec<i16> = digits(&n, width).collect();
                assert_eq!(digits.len(), usize::try_from(width.windows()).unwrap());
                let half = i16::try_from(width.height()).unwrap();
                assert!(digits.iter().all(|&digit| -half < digit && digit <= half), "{digits:?}");
                // By Horner's rule, modulo 2^256 in bytes.
                let mut sum = [0_u8; 33];
                for digit in digits.iter().rev() {
                    let mut carry = i64::from(*digit);
                    for byte in &mut sum {
                        carry += i64::from(*byte) << width.bits();
                        *byte = u8::try_from(carry & 0xff).unwrap();
                        carry >>= 8;
                    }
                }
                assert_eq!(sum[..32], n);
                assert_eq!(sum[32], 0);
            }
        }
    }

    fn times(table: &Table, n: &[u8; 32]) -> [u8; 32] {
        let mut found = Vec::new();
        table.look_up(n, &mut found);
        compress_all(&[sum(&found)]).next().unwrap()
    }

    /// By doubling, since dalek's products are of numbers modulo L, which points of mixed order have not.
    fn times_by_dalek(point: EdwardsPoint, n: &[u8; 32]) -> [u8; 32] {
        let bits = (0..256).rev().map(|bit: usize| n[bit / 8] >> (bit % 8) & 1 == 1);
        let product = bits.fold(EdwardsPoint::default(), |sum, bit| if bit { sum + sum + point } else { sum + sum });
        product.compress().to_bytes()
    }

    #[test]
    fn products_are_those_of_dalek() {
        for (width, order) in WIDTHS.into_iter().zip([1, 2]) {
            let point = EdwardsPoint::mul_base(&random(7)) + EIGHT_TORSION[order];
            let table = Table::new(point.compress().as_bytes(), width).unwrap();
            assert_eq!(table.addends.len(), table.addends.capacity());
            for n in edges().into_iter().chain((0..200).map(|seed| random(seed).to_bytes())) {
                assert_eq!(times(&table, &n), times_by_dalek(point, &n), "{width:?} {n:?}");
            }
            // Every entry of the lowest window.
            for n in 0..=u16::try_from(2 * width.height()).unwrap() {
                let mut bytes = [0; 32];
                bytes[..2].copy_from_slice(&n.to_le_bytes());
                assert_eq!(times(&table, &bytes), times_by_dalek(point, &bytes), "{width:?} {n}");
            }
        }
    }

    #[test]
    fn products_of_two_tables_are_added() {
        let points = [3, 4].map(|seed| EdwardsPoint::mul_base(&random(seed)));
        let [p, q] = points.map(|point| Table::new(point.compress().as_bytes(), Width::Small).unwrap());
        for seed in 0..50 {
            let (n, m) = (random(seed), random(seed + 1000));
            let mut found = Vec::new();
            p.look_up(n.as_bytes(), &mut found);
            q.look_up(m.as_bytes(), &mut found);
            let expected = points[0] * n + points[1] * m;
            assert_eq!(compress_all(&[sum(&found)]).next().unwrap(), expected.compress().to_bytes());
        }
    }

    #[test]
    fn a_table_that_ends_elsewhere_is_refused() {
        let encoded = EdwardsPoint::mul_base(&random(5)).compress().to_bytes();
        let point = Point::decompress(&encoded).unwrap();
        let step = addends(&[point]).next().unwrap();
        let doubled = point.add(&step, false);
        assert_eq!(is_doubled(point, &encoded, 0), Some(true));
        assert_eq!(is_doubled(doubled, &encoded, 1), Some(true));
        assert_eq!(is_doubled(doubled, &encoded, 2), Some(false));
        assert_eq!(is_doubled(doubled.add(&step, false), &encoded, 1), Some(false));
        assert_eq!(is_doubled(doubled.add(&step, true).add(&step, true), &encoded, 1), Some(false));
    }

    #[test]
    fn what_is_no_point_has_no_table() {
        let refused = (0..20_u8).map(|y| [[y].as_slice(), &[0; 31]].concat()).filter(|bytes| {
            let bytes: [u8; 32] = bytes.as_slice().try_into().unwrap();
            let point = CompressedEdwardsY(bytes).decompress();
            assert_eq!(Point::decompress(&bytes).is_some(), point.is_some());
            point.is_none() && Table::new(&bytes, Width::Small).is_none()
        });
        assert!(refused.count() > 3);
    }
}
