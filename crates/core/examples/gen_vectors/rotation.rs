//! Rotations of keys, good ones and others, made by hand: the library writes them only where they belong.

use crate::curve::{B, Encoded, add_order, challenge, join, least_nonce, lenient};
use crate::forge::{Signer, Signing, mixed_order_key};
use crate::ledger::{Ledger, MODEL_INVOKED, SESSION_ENDED, SESSION_STARTED, base_head};
use crate::values::event;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use ed25519_dalek::{Signer as _, SigningKey};
use sealwright_core::hash::Hash;
use sealwright_core::key::{PublicKey, Signature};

/// What a `KeyRotated` event says, before it has a proof.
#[derive(Clone)]
pub(crate) struct Rotation {
    pub(crate) old_key: PublicKey,
    pub(crate) new_key: PublicKey,
    pub(crate) first_hash: String,
    pub(crate) seq: u64,
}

impl Rotation {
    /// From one test key to another.
    pub(crate) fn new(old: Signer, new: Signer, first: Hash, seq: u64) -> Self {
        Self { old_key: old.public(), new_key: new.public(), first_hash: first.to_string(), seq }
    }

    pub(crate) fn statement(&self) -> Vec<u8> {
        let Self { old_key, new_key, first_hash, seq } = self;
        let json =
            format!(r#"{{"first_hash":"{first_hash}","new_key":"{new_key}","old_key":"{old_key}","seq":{seq}}}"#);
        [b"sealwright/key-rotation/v1\n", json.as_bytes()].concat()
    }

    /// The event with a proof by this key.
    pub(crate) fn proven_by(&self, signer: Signer) -> String {
        self.with(&sign(signer, &self.statement()))
    }

    pub(crate) fn with(&self, proof: &Signature) -> String {
        let Self { old_key, new_key, first_hash, .. } = self;
        event(
            "KeyRotated",
            &format!(
                r#"{{"old_key":"{old_key}","new_key":"{new_key}","first_hash":"{first_hash}","proof":"{proof}"}}"#
            ),
        )
    }

    /// The event with a proof that only the strict rules refuse: R = B, S = 1, under a key of order 1.
    pub(crate) fn proven_by_identity(&self) -> String {
        self.with(&lenient(self.new_key.as_bytes(), &B, Scalar::ONE, &self.statement()))
    }

    /// The event with R = B, S = 1, under a key for which no signature is possible.
    pub(crate) fn not_proven(&self) -> String {
        self.with(&join(&B, &Scalar::ONE))
    }

    /// The event with a proof by `[a]B + T8` that holds without the cofactor: least r ≥ 1 with k ≡ 0 mod 8.
    pub(crate) fn proven_by_mixed_order(&self) -> String {
        let (a, statement): (&Encoded, _) = (self.new_key.as_bytes(), self.statement());
        let (nonce, r) = least_nonce(a, &statement, &EdwardsPoint::identity(), |k| k % 8 == 0);
        let s = nonce + challenge(&r, a, &statement) * Signer::K1.secret();
        self.with(&lenient(a, &r, s, &statement))
    }
}

pub(crate) fn sign(signer: Signer, message: &[u8]) -> Signature {
    Signature::from_bytes(SigningKey::from_bytes(&signer.seed()).sign(message).to_bytes())
}

/// S + L.
pub(crate) fn plus_order(signature: &Signature) -> Signature {
    let mut bytes = *signature.as_bytes();
    add_order(&mut bytes[32..]);
    Signature::from_bytes(bytes)
}

/// From K1 to K2 in the second line of the ledger below.
pub(crate) fn second_line() -> Rotation {
    Rotation::new(Signer::K1, Signer::K2, base_head(0).hash, 1)
}

/// SessionStarted, a rotation to K2, ModelInvoked, SessionEnded; K2 signs the last two.
pub(crate) fn rotated() -> Ledger {
    rotated_by(&second_line().proven_by(Signer::K2))
}

/// The same with this event as the rotation.
pub(crate) fn rotated_by(rotation: &str) -> Ledger {
    Ledger::of(&[SESSION_STARTED, rotation, MODEL_INVOKED, SESSION_ENDED]).signed_each(3..=4, Signing::By(Signer::K2))
}

/// A rotation to K2 as the first event, SessionStarted by K2, a rotation back to K1, SessionEnded.
pub(crate) fn rotated_twice() -> Ledger {
    let there = Rotation::new(Signer::K1, Signer::K2, Hash::GENESIS, 0).proven_by(Signer::K2);
    let first = Ledger::of(&[there.as_str()]).head(0).hash;
    let back = Rotation::new(Signer::K2, Signer::K1, first, 2).proven_by(Signer::K1);
    Ledger::of(&[there.as_str(), SESSION_STARTED, &back, SESSION_ENDED]).signed_each(2..=3, Signing::By(Signer::K2))
}

/// To this key instead.
pub(crate) fn to(new_key: PublicKey) -> Rotation {
    Rotation { new_key, ..second_line() }
}

/// To the key `[a]B + T8`.
pub(crate) fn to_mixed_order() -> Rotation {
    to(mixed_order_key())
}
