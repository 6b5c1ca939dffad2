//! Numbers modulo p = 2^255 - 19.
//!
//! The arithmetic is that of `fiat-crypto`, which is generated together with a proof: in limbs of 51 bits, or of 26 and 25
//! where a product of 128 bits would have to be put together. Its two types keep the proof's bounds: what a multiplication
//! gives is [`Tight`]; a sum or difference of two tight numbers is [`Loose`], and may only be multiplied or carried. Mixing
//! them up does not compile, so that no limb overflows. Added here are names, powers, and the inversion of many numbers at
//! once.

#[cfg(not(target_pointer_width = "64"))]
use fiat_crypto::curve25519_32 as fiat;
#[cfg(target_pointer_width = "64")]
use fiat_crypto::curve25519_64 as fiat;

/// A number whose limbs are at most 2^51; or 2^26 and 2^25 in turn.
#[derive(Clone, Copy)]
pub(super) struct Tight(fiat::fiat_25519_tight_field_element);

/// A number whose limbs are at most three times that.
#[derive(Clone, Copy)]
pub(super) struct Loose(fiat::fiat_25519_loose_field_element);

const LIMBS: usize = if cfg!(target_pointer_width = "64") { 5 } else { 10 };
const TIGHT: fiat::fiat_25519_tight_field_element = fiat::fiat_25519_tight_field_element([0; LIMBS]);
const LOOSE: fiat::fiat_25519_loose_field_element = fiat::fiat_25519_loose_field_element([0; LIMBS]);

impl Tight {
    pub(super) const ZERO: Self = Self(TIGHT);
    pub(super) const ONE: Self = Self::from_bytes(&{
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    });

    /// From 32 bytes, the lowest first, that stand for less than 2^255.
    pub(super) const fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut number = TIGHT;
        fiat::fiat_25519_from_bytes(&mut number, bytes);
        Self(number)
    }

    /// 32 bytes, the lowest first, that stand for less than p.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fiat::fiat_25519_to_bytes(&mut bytes, &self.0);
        bytes
    }

    /// A number has several forms in limbs, and one in bytes.
    pub(super) fn equals(self, other: Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }

    /// The sign of a coordinate (RFC 8032, section 5.1.2).
    pub(super) fn is_odd(self) -> bool {
        let [low, ..] = self.to_bytes();
        low & 1 == 1
    }

    #[inline(always)]
    pub(super) fn plus(&self, other: &Self) -> Loose {
        let mut sum = LOOSE;
        fiat::fiat_25519_add(&mut sum, &self.0, &other.0);
        Loose(sum)
    }

    #[inline(always)]
    pub(super) fn minus(&self, other: &Self) -> Loose {
        let mut difference = LOOSE;
        fiat::fiat_25519_sub(&mut difference, &self.0, &other.0);
        Loose(difference)
    }

    pub(super) fn negate(&self) -> Self {
        Self::ZERO.minus(self).carry()
    }

    #[inline(always)]
    pub(super) fn loose(&self) -> Loose {
        let mut loose = LOOSE;
        fiat::fiat_25519_relax(&mut loose, &self.0);
        Loose(loose)
    }

    /// Not inlined, unlike [`Loose::times`]: for what is done rarely, where small code counts for more.
    #[inline(never)]
    pub(super) fn times(&self, other: &Self) -> Self {
        self.loose().times(&other.loose())
    }

    #[inline(never)]
    pub(super) fn square(&self) -> Self {
        let mut square = TIGHT;
        fiat::fiat_25519_carry_square(&mut square, &self.loose().0);
        Self(square)
    }

    /// The 2^count-th power.
    fn squared(self, count: u32) -> Self {
        (0..count).fold(self, |number, _| number.square())
    }

    /// The 11th power and the (2^250 - 1)-th, from which those below are a few steps away.
    fn powers(self) -> (Self, Self) {
        let power_2 = self.square();
        let power_9 = power_2.squared(2).times(&self);
        let power_11 = power_9.times(&power_2);
        // `ones_n` is the (2^n - 1)-th power: an exponent of n ones.
        let ones_5 = power_11.square().times(&power_9);
        let ones_10 = ones_5.squared(5).times(&ones_5);
        let ones_20 = ones_10.squared(10).times(&ones_10);
        let ones_40 = ones_20.squared(20).times(&ones_20);
        let ones_50 = ones_40.squared(10).times(&ones_10);
        let ones_100 = ones_50.squared(50).times(&ones_50);
        let ones_200 = ones_100.squared(100).times(&ones_100);
        (power_11, ones_200.squared(50).times(&ones_50))
    }

    /// The (p - 2)-th power: the inverse, and zero of zero.
    fn invert(self) -> Self {
        let (power_11, ones_250) = self.powers();
        ones_250.squared(5).times(&power_11)
    }

    /// The (p - 5)/8-th power, of which square roots are made (RFC 8032, section 5.1.3).
    pub(super) fn power_p58(self) -> Self {
        let (_, ones_250) = self.powers();
        ones_250.squared(2).times(&self)
    }
}

impl Loose {
    #[inline(always)]
    pub(super) fn times(&self, other: &Self) -> Tight {
        let mut product = TIGHT;
        fiat::fiat_25519_carry_mul(&mut product, &self.0, &other.0);
        Tight(product)
    }

    pub(super) fn carry(&self) -> Tight {
        let mut number = TIGHT;
        fiat::fiat_25519_carry(&mut number, &self.0);
        Tight(number)
    }

    /// Any of the limbs, for a look at the memory where it stands.
    pub(super) fn limb(&self) -> impl Copy {
        let [first, ..] = self.0.0;
        first
    }
}

/// The inverses of numbers other than zero, at three multiplications each and one inversion for all (Montgomery's
/// trick).
pub(super) fn invert_all(numbers: &[Tight]) -> Vec<Tight> {
    let mut product = Tight::ONE;
    let multiply = |number: &Tight| {
        let before = product;
        product = before.times(number);
        before
    };
    // First the product of the numbers before each, then its inverse.
    let mut inverses: Vec<Tight> = numbers.iter().map(multiply).collect();
    let mut inverse = product.invert();
    for (number, before) in numbers.iter().zip(&mut inverses).rev() {
        *before = before.times(&inverse);
        inverse = inverse.times(number);
    }
    inverses
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn number(bytes: [u8; 32]) -> Tight {
        Tight::from_bytes(&bytes)
    }

    /// p + some, or p - some.
    fn near_p(difference: i16) -> [u8; 32] {
        let mut bytes = [0xff; 32];
        bytes[0] = u8::try_from(0xed + difference).unwrap();
        bytes[31] = 0x7f;
        bytes
    }

    fn random(seed: u64) -> Tight {
        let mut bytes: [u8; 32] = Sha256::digest(seed.to_le_bytes()).into();
        bytes[31] &= 0x7f;
        number(bytes)
    }

    #[test]
    fn bytes_are_reduced() {
        for some in 0..19 {
            assert_eq!(number(near_p(some)).to_bytes(), number([0; 32]).plus(&small(some)).carry().to_bytes());
        }
        assert_eq!(number(near_p(-1)).to_bytes(), near_p(-1));
        assert_eq!(Tight::ONE.negate().to_bytes(), near_p(-1));
        assert!(Tight::ZERO.negate().equals(Tight::ZERO) && !Tight::ZERO.is_odd());
        assert!(Tight::ONE.is_odd() && !Tight::ONE.negate().is_odd());
    }

    fn small(number: i16) -> Tight {
        (0..number).fold(Tight::ZERO, |sum, _| sum.plus(&Tight::ONE).carry())
    }

    #[test]
    fn powers_are_what_their_names_say() {
        for seed in 0..50 {
            let base = random(seed);
            let (power_11, ones_250) = base.powers();
            let by_steps = |count: u32| (1..count).fold(base, |power, _| power.times(&base));
            assert!(power_11.equals(by_steps(11)));
            let ones = (1..250).fold(base, |power, _| power.square().times(&base));
            assert!(ones_250.equals(ones));
            assert!(base.times(&base.invert()).equals(Tight::ONE));
            // x^((p-5)/8) to the 8th is x^(p-5), and x^(p-1) = 1.
            assert!(base.power_p58().squared(3).times(&by_steps(4)).equals(Tight::ONE));
        }
        assert!(Tight::ZERO.invert().equals(Tight::ZERO));
    }

    #[test]
    fn inverting_many_is_inverting_each() {
        for count in [0, 1, 2, 3, 64, 65] {
            let numbers: Vec<Tight> = (0..count).map(random).collect();
            let inverses = invert_all(&numbers);
            assert_eq!(inverses.len(), numbers.len());
            assert!(numbers.iter().zip(inverses).all(|(number, inverse)| number.invert().equals(inverse)));
        }
    }
}
