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

use crate::error::{Fault, FaultCode, Result, excerpt};
use crate::event::Event;
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey, Signature, Verifier};
use crate::limits;

/// What the key that a ledger is handed over to signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Seals the event.
    pub old_key: PublicKey,
    /// Signs what follows.
    pub new_key: PublicKey,
    /// Hash of the ledger's first event, [`Hash::GENESIS`] where that is this one.
    pub first: Hash,
    /// The event's place.
    pub seq: u64,
}

const PREFIX: &str = "sealwright/key-rotation/v1\n";

impl Statement {
    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { old_key, new_key, first, seq } = self;
        format!(
            "{PREFIX}{{\"first_hash\":\"{first}\",\"new_key\":\"{new_key}\",\"old_key\":\"{old_key}\",\"seq\":{seq}}}"
        )
        .into_bytes()
    }

    /// Reads these bytes; none if they are any others.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.strip_prefix(PREFIX)?;
        let (first, rest) = text.strip_prefix("{\"first_hash\":\"")?.split_at_checked(64)?;
        let (new_key, rest) = rest.strip_prefix("\",\"new_key\":\"")?.split_at_checked(64)?;
        let (old_key, rest) = rest.strip_prefix("\",\"old_key\":\"")?.split_at_checked(64)?;
        let seq = rest.strip_prefix("\",\"seq\":")?.strip_suffix('}')?;
        let statement = Self {
            old_key: PublicKey::from_hex(old_key)?,
            new_key: PublicKey::from_hex(new_key)?,
            first: Hash::from_hex(first)?,
            seq: seq.parse().ok().filter(|seq| *seq <= limits::MAX_SEQ)?,
        };
        (statement.to_bytes() == bytes).then_some(statement)
    }

    /// The new key's signature of this.
    pub fn sign(&self, new_key: &KeyPair) -> Signature {
        new_key.sign_bytes(&self.to_bytes())
    }

    /// The event that hands over, with that signature.
    pub(crate) fn event(&self, proof: &Signature) -> Result<Event> {
        let Self { old_key, new_key, first, .. } = self;
        Event::parse(&format!(
            r#"{{"type":"KeyRotated","payload":{{"old_key":"{old_key}","new_key":"{new_key}","first_hash":"{first}","proof":"{proof}"}}}}"#
        ))
    }
}

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
        let statement = Statement { old_key: self.old_key, new_key: self.new_key, first: stated, seq };
        if !verifier.verify(&statement.to_bytes(), &self.proof) {
            return Err(Fault::new(code, "the proof does not hold under new_key"));
        }
        Ok(())
    }
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
        let statement = Statement { old_key: old, new_key: new.public(), first, seq: 7 };
        let handover = read(&statement.event(&statement.sign(&new)).unwrap());
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
    fn a_statement_is_read_as_it_was_written_and_nothing_else_is_one() {
        let [old_key, new_key] = [pair(1).public(), pair(2).public()];
        for seq in [0, 7, limits::MAX_SEQ] {
            let statement = Statement { old_key, new_key, first: Hash::of(b"first"), seq };
            let bytes = statement.to_bytes();
            assert_eq!(Statement::parse(&bytes), Some(statement));
            for length in 0..bytes.len() {
                assert_eq!(Statement::parse(&bytes[..length]), None);
            }
            let text = String::from_utf8(bytes).unwrap();
            for (from, to) in [
                ("v1", "v2"),
                ("\n", "\n "),
                (",\"seq\":", ",\"seq\": "),
                (",\"seq\":", ",\"seq\":0"),
                (",\"seq\":", ",\"seq\":+"),
                (",\"seq\":", ",\"seq\":9007199254740992"),
                ("}", ",\"seq\":1}"),
                ("}", "}\n"),
                ("new_key", "old_key"),
                ("a", "A"),
            ] {
                assert_eq!(Statement::parse(text.replace(from, to).as_bytes()), None, "{to}");
            }
        }
    }
}
