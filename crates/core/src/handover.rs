//! Key rotation: a `KeyRotated` event hands a ledger over from the key that seals it to another one.
//!
//! ```text
//! statement = "sealwright/key-rotation/v1" LF {"first_hash":"F","new_key":"K","old_key":"O","seq":N}   canonical JSON
//! proof     = Ed25519 of the statement, by the new key
//! ```
//!
//! N is the event's own seq, F the hash of the ledger's first event, 64 zeros where that is this one. The old key agrees by
//! sealing the event, the new one by the proof, which fits no other place: whoever does not hold a key cannot be made its
//! ledger's next signer. Events are signed as 32 bytes, which no statement has, so neither passes for the other.

use crate::error::{Error, ErrorCode, Fault, FaultCode, Result, excerpt};
use crate::event::Event;
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey, Signature, Verifier};

/// The payload of a `KeyRotated` event that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Handover {
    pub(crate) old_key: PublicKey,
    pub(crate) new_key: PublicKey,
    /// Any text, as it is shown.
    first_hash: String,
    proof: Signature,
}

impl Handover {
    /// Of the fields in their order, hex already checked; none if one is no hex all the same.
    pub(crate) fn read([old_key, new_key, first_hash, proof]: [&str; 4]) -> Option<Self> {
        Some(Self {
            old_key: PublicKey::from_hex(old_key)?,
            new_key: PublicKey::from_hex(new_key)?,
            first_hash: excerpt(first_hash),
            proof: Signature::from_hex(proof)?,
        })
    }

    /// Whether both keys agree to this at its place. `first` is the hash of the ledger's first event, [`Hash::GENESIS`]
    /// for that event itself, none where nobody knows it.
    pub(crate) fn check(&self, signer: &PublicKey, first: Option<Hash>, seq: u64) -> Result<(), Fault> {
        let code = FaultCode::RotationUnendorsed;
        if self.old_key != *signer {
            return Err(Fault::mismatch(code, "old_key is not the key that sealed the rotation", signer, self.old_key));
        }
        let found = Some(self.new_key.to_string());
        if self.new_key == self.old_key {
            return Err(Fault { found, ..Fault::new(code, "new_key is the old key") });
        }
        let Some(verifier) = Verifier::new(&self.new_key) else {
            return Err(Fault { found, ..Fault::new(code, "new_key is no key that a signature can hold under") });
        };
        let stated = Hash::from_hex(&self.first_hash).filter(|stated| first.is_none_or(|first| first == *stated));
        let Some(stated) = stated else {
            let expected = first.map_or_else(|| "64 lower-case hex digits".to_owned(), |first| first.to_string());
            return Err(Fault::mismatch(code, "first_hash is not that of this ledger", expected, &self.first_hash));
        };
        if !verifier.verify(&statement(&self.old_key, &self.new_key, &stated, seq), &self.proof) {
            return Err(Fault::new(code, "the proof does not hold under new_key"));
        }
        Ok(())
    }
}

/// The event that hands over to a key at a place; `first` as in [`Handover::check`].
pub(crate) fn hand_over(old_key: &PublicKey, new_key: &KeyPair, first: &Hash, seq: u64) -> Result<Event> {
    let public = new_key.public();
    if public == *old_key {
        let message = format!("the ledger is signed with the key {public} already");
        return Err(Error::new(ErrorCode::InvalidArgument, message));
    }
    let proof = new_key.sign_bytes(&statement(old_key, &public, first, seq));
    Event::parse(&format!(
        r#"{{"type":"KeyRotated","payload":{{"old_key":"{old_key}","new_key":"{public}","first_hash":"{first}","proof":"{proof}"}}}}"#
    ))
}

/// What the new key signs.
fn statement(old_key: &PublicKey, new_key: &PublicKey, first: &Hash, seq: u64) -> Vec<u8> {
    format!(
        "sealwright/key-rotation/v1\n{{\"first_hash\":\"{first}\",\"new_key\":\"{new_key}\",\"old_key\":\"{old_key}\",\"seq\":{seq}}}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(number: u8) -> KeyPair {
        KeyPair::from_seed(&[number; 32])
    }

    fn read(event: &Event) -> Handover {
        let payload: serde_json::Value = serde_json::from_str(event.text()).unwrap();
        let field = |name: &str| payload["payload"][name].as_str().unwrap();
        Handover::read([field("old_key"), field("new_key"), field("first_hash"), field("proof")]).unwrap()
    }

    #[test]
    fn a_rotation_holds_where_it_was_made_and_nowhere_else() {
        let (old, new, other) = (pair(1).public(), pair(2), pair(3).public());
        let first = Hash::of(b"first");
        let handover = read(&hand_over(&old, &new, &first, 7).unwrap());
        handover.check(&old, Some(first), 7).unwrap();
        handover.check(&old, None, 7).unwrap();
        let reason = |handover: &Handover, signer, first, seq| {
            let fault = handover.check(signer, first, seq).unwrap_err();
            assert_eq!(fault.code, FaultCode::RotationUnendorsed);
            fault.reason
        };
        assert_eq!(reason(&handover, &other, Some(first), 7), "old_key is not the key that sealed the rotation");
        assert_eq!(reason(&handover, &old, Some(Hash::GENESIS), 7), "first_hash is not that of this ledger");
        assert_eq!(reason(&handover, &old, Some(first), 8), "the proof does not hold under new_key");
        let changed = Handover { new_key: other, ..handover.clone() };
        assert_eq!(reason(&changed, &old, Some(first), 7), "the proof does not hold under new_key");
        let changed = Handover { new_key: old, ..handover.clone() };
        assert_eq!(reason(&changed, &old, Some(first), 7), "new_key is the old key");
        let changed = Handover { new_key: PublicKey::from_bytes([0; 32]), ..handover.clone() };
        assert_eq!(reason(&changed, &old, Some(first), 7), "new_key is no key that a signature can hold under");
        let changed = Handover { first_hash: "x".to_owned(), ..handover };
        assert_eq!(reason(&changed, &old, None, 7), "first_hash is not that of this ledger");
    }

    #[test]
    fn a_key_does_not_hand_over_to_itself() {
        let error = hand_over(&pair(1).public(), &pair(1), &Hash::GENESIS, 0).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }
}
