//! The signature rule of [`crate::key`] for many signatures of one key, at a quarter of the cost.
//!
//! ```text
//! R, S = signature; A = public key, encoded                               (RFC 8032, section 5.1.7)
//! S < L
//! k    = SHA-512(R || A || message) mod L
//! P    = S B - k A                                                        without a cofactor
//! encode(P) = R, which is none of the eight points of small order
//! ```
//!
//! That A is canonical, can be decoded and is not of small order is asked of [`Verifier`] once. A canonical encoding
//! comes out of `encode` only, so that nothing more has to be asked of R.
//!
//! | part | of | proven by |
//! |---|---|---|
//! | numbers modulo p | `fiat-crypto` ([`field`]) | its proof |
//! | numbers modulo L, SHA-512 | `curve25519-dalek`, `sha2` | |
//! | points | [`point`] | tests against `curve25519-dalek`; the sum that [`table`] ends with |
//! | multiples | [`table`] | the same |
//!
//! Everything here is public: time and memory accesses depend on what is checked, and no secret may come near. What
//! it answers decides nothing alone; see `verify::signatures`.

mod field;
mod point;
mod table;

pub use table::Width;

use crate::key::{PublicKey, Signature, Verifier};
use curve25519_dalek::constants::{ED25519_BASEPOINT_COMPRESSED, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::Signature as DalekSignature;
use point::{Addend, compress_all};
use sha2::{Digest as _, Sha512};
use std::sync::OnceLock;
use table::{Table, sum};

/// A public key, with so many multiples of it that its signatures are checked without a doubling.
pub struct KeyTable {
    encoded: [u8; 32],
    /// Of -A, since kA is subtracted.
    negated: Table,
    base: &'static Table,
}

impl KeyTable {
    /// Takes milliseconds and megabytes. None for a key that [`Verifier`] refuses, or if a table came out wrong.
    pub fn new(key: &PublicKey, width: Width) -> Option<Self> {
        Verifier::new(key)?;
        let encoded = *key.as_bytes();
        // The highest bit is the sign of x, which only points of small order can have without a negative.
        let mut negated = encoded;
        let [.., high] = &mut negated;
        *high ^= 0x80;
        Some(Self { encoded, negated: Table::new(&negated, width)?, base: base_table(width)? })
    }

    /// Whether each signature holds over the message beside it. All are encoded together, for one inversion.
    pub fn hold<'a>(&self, signed: impl IntoIterator<Item = (&'a [u8], &'a Signature)>) -> Vec<bool> {
        let mut addends = Vec::new();
        let check = |(message, signature): (&[u8], &Signature)| {
            let signature = DalekSignature::from_bytes(signature.as_bytes());
            addends.clear();
            let readable = self.look_up(message, &signature, &mut addends).is_some();
            (readable.then_some(*signature.r_bytes()), sum(&addends))
        };
        let (claimed, expected): (Vec<_>, Vec<_>) = signed.into_iter().map(check).unzip();
        let both = claimed.into_iter().zip(compress_all(&expected));
        both.map(|(claimed, expected)| claimed == Some(expected) && !is_of_small_order(&expected)).collect()
    }

    /// The points that add up to S B - k A; None if S is not below L.
    fn look_up<'a>(
        &'a self,
        message: &[u8],
        signature: &DalekSignature,
        addends: &mut Vec<(&'a Addend, bool)>,
    ) -> Option<()> {
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(*signature.s_bytes()))?;
        let digest = Sha512::new_with_prefix(signature.r_bytes()).chain_update(self.encoded).chain_update(message);
        let k = Scalar::from_bytes_mod_order_wide(&digest.finalize().into());
        self.base.look_up(s.as_bytes(), addends);
        self.negated.look_up(k.as_bytes(), addends);
        Some(())
    }
}

/// The table of the base point, made once a process: as a constant it would be a third of the addon.
fn base_table(width: Width) -> Option<&'static Table> {
    static SMALL: OnceLock<Option<Table>> = OnceLock::new();
    static LARGE: OnceLock<Option<Table>> = OnceLock::new();
    let table = match width {
        Width::Small => &SMALL,
        Width::Large => &LARGE,
    };
    table.get_or_init(|| Table::new(ED25519_BASEPOINT_COMPRESSED.as_bytes(), width)).as_ref()
}

fn is_of_small_order(encoded: &[u8; 32]) -> bool {
    static ENCODED: OnceLock<[[u8; 32]; 8]> = OnceLock::new();
    ENCODED.get_or_init(|| EIGHT_TORSION.map(|point| point.compress().to_bytes())).contains(encoded)
}
