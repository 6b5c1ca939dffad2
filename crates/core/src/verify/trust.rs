//! Whose signature counts: the keys that the caller named, and those that they hand over to.

use crate::error::{Fault, FaultCode};
use crate::hash::Hash;
use crate::key::PublicKey;
use crate::line::Line;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::HashSet;

/// What the accepted events say about the next one's signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Trust {
    /// Keys that may sign; none for any. A rotation takes one away and brings another.
    #[serde(serialize_with = "in_order")]
    keys: Option<HashSet<PublicKey>>,
    /// Who signed last, or whom the last event hands over to.
    in_force: Option<PublicKey>,
    /// Hash of the ledger's first event.
    first: Option<Hash>,
}

impl Trust {
    /// Before the first event. No signers: any may sign.
    pub(super) fn new(signers: &[PublicKey]) -> Self {
        let keys = (!signers.is_empty()).then(|| signers.iter().copied().collect());
        Self { keys, in_force: None, first: None }
    }

    /// Hash of the ledger's first event, once that is accepted.
    pub(super) fn first(&self) -> Option<Hash> {
        self.first
    }

    /// Whether the next event may be signed as it is, and hand over as it does. `start` is the hash of the ledger's first
    /// event where reading starts behind it.
    pub(super) fn check(&self, line: &Line, start: Option<Hash>) -> Result<(), Fault> {
        if let Some(keys) = self.keys.as_ref().filter(|keys| !keys.contains(&line.signer)) {
            let mut each = keys.iter();
            let expected = match (each.next(), each.next()) {
                (Some(only), None) => only.to_string(),
                _ => "one of several".to_owned(),
            };
            let reason = "signed by none of the expected signers";
            return Err(Fault::mismatch(FaultCode::UntrustedSigner, reason, expected, line.signer));
        }
        let first = if line.seq == 0 { Some(Hash::GENESIS) } else { self.first.or(start) };
        line.handover().map_or(Ok(()), |handover| handover.check(&line.signer, first, line.seq))
    }

    /// Another signer than the accepted events lead to.
    pub(super) fn is_stranger(&self, line: &Line) -> bool {
        self.in_force.is_some_and(|key| key != line.signer)
    }

    /// An event that passed [`Trust::check`] is accepted.
    pub(super) fn follow(&mut self, line: &Line) {
        if line.seq == 0 {
            self.first = Some(line.claimed);
        }
        self.in_force = Some(line.next_signer());
        if let (Some(keys), Some(handover)) = (&mut self.keys, line.handover()) {
            keys.remove(&handover.old_key);
            keys.insert(handover.new_key);
        }
    }

    /// As it will be behind an event that is not accepted yet, if there is one.
    pub(super) fn behind(&self, line: Option<&Line>) -> Cow<'_, Self> {
        match line.filter(|line| line.seq == 0 || line.handover().is_some()) {
            None => Cow::Borrowed(self),
            Some(line) => {
                let mut behind = self.clone();
                behind.follow(line);
                Cow::Owned(behind)
            }
        }
    }
}

/// Equal sets give equal texts.
fn in_order<S: Serializer>(keys: &Option<HashSet<PublicKey>>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut keys: Option<Vec<String>> = keys.as_ref().map(|keys| keys.iter().map(PublicKey::to_string).collect());
    if let Some(keys) = &mut keys {
        keys.sort_unstable();
    }
    keys.serialize(serializer)
}
