//! Checking signatures of many lines: public keys are decoded once, as long as few of them are in use.

use crate::chain::SignatureState;
use crate::key::{PublicKey, Verifier};
use crate::line::Line;

/// Keys that are kept decoded. A ledger has one or two; one made to have many gains nothing from a larger cache.
const KEPT: usize = 4;

/// Decoded public keys, the one used last in front. None stands for a key that no signature can hold under.
#[derive(Default)]
pub(crate) struct KeyCache(Vec<(PublicKey, Option<Verifier>)>);

impl KeyCache {
    /// Checks the signature of a line over the hash that it claims; whether that hash is right is judged before.
    pub(crate) fn check(&mut self, line: &Line) -> SignatureState {
        let holds = self.verifier(&line.signer).is_some_and(|key| key.verify(line.claimed.as_bytes(), &line.signature));
        if holds { SignatureState::Holds } else { SignatureState::Fails }
    }

    fn verifier(&mut self, key: &PublicKey) -> Option<&Verifier> {
        match self.0.iter().position(|(kept, _)| kept == key) {
            Some(0) => {}
            Some(place) => self.0.get_mut(..=place).unwrap_or_default().rotate_right(1),
            None => {
                self.0.truncate(KEPT.saturating_sub(1));
                self.0.insert(0, (*key, Verifier::new(key)));
            }
        }
        self.0.first().and_then(|(_, verifier)| verifier.as_ref())
    }
}
