//! The chain rule once more, with serde_json instead of the core's reader: what the verifier accepts must pass here.

use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// A chain of events.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) count: u64,
    /// Hash of the last event, 64 zeros for none.
    pub(super) root: String,
    /// The last event, while nobody has looked at its signature.
    unchecked: Option<Signed>,
}

/// Which signatures must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signatures {
    All,
    /// The last of each run of one signer.
    RunEnds,
    /// The same, but for the run that the bytes end in.
    Handovers,
}

/// A hash, and the hex of the signature and the key that it comes with.
#[derive(Debug)]
struct Signed {
    hash: [u8; 32],
    signature: String,
    key: String,
}

/// The events of a ledger, if each follows the one before. Bytes behind the last LF that are no event are not looked at.
pub(super) fn judge(bytes: &[u8], signatures: Signatures) -> Option<Chain> {
    let mut chain = Chain { count: 0, root: "0".repeat(64), unchecked: None };
    let mut lines: Vec<&[u8]> = bytes.split(|&byte| byte == b'\n').collect();
    let unterminated = lines.pop().unwrap_or_default();
    for line in lines {
        if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            let signed = chain.follow(line)?;
            chain.take(signed, signatures)?;
        }
    }
    // Only its own signature makes it an event.
    if let Some(signed) = chain.follow(unterminated).filter(Signed::holds) {
        chain.take(signed, signatures)?;
    }
    let checks_end = signatures == Signatures::RunEnds;
    (!checks_end || chain.unchecked.as_ref().is_none_or(Signed::holds)).then_some(chain)
}

impl Chain {
    /// A line that is the next event.
    fn follow(&self, line: &[u8]) -> Option<Signed> {
        let line: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let hashed: Map<String, Value> = ["event", "parent_hash", "seq", "timestamp_nanos"]
            .into_iter()
            .map(|key| Some((key.to_owned(), line.get(key)?.clone())))
            .collect::<Option<_>>()?;
        let hash: [u8; 32] = Sha256::digest(Value::Object(hashed).to_string()).into();
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let follows = line.get("seq")?.as_u64()? == self.count
            && text("parent_hash")? == self.root
            && text("self_hash")? == hex(&hash);
        let signed = Signed { hash, signature: text("signature")?.to_owned(), key: text("signer_pubkey")?.to_owned() };
        follows.then_some(signed)
    }

    fn take(&mut self, signed: Signed, signatures: Signatures) -> Option<()> {
        let is_handover = |before: &Signed| before.key != signed.key;
        let before = self.unchecked.take().filter(is_handover);
        let to_check = if signatures == Signatures::All { Some(&signed) } else { before.as_ref() };
        if !to_check.is_none_or(Signed::holds) {
            return None;
        }
        self.count += 1;
        self.root = hex(&signed.hash);
        self.unchecked = Some(signed);
        Some(())
    }
}

impl Signed {
    fn holds(&self) -> bool {
        let key = bytes::<32>(&self.key).and_then(|key| VerifyingKey::from_bytes(&key).ok());
        let parts = bytes::<64>(&self.signature).zip(key);
        parts.is_some_and(|(signature, key)| key.verify_strict(&self.hash, &Signature::from_bytes(&signature)).is_ok())
    }
}

fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
