//! Checking the signatures of one verification, on all its threads.
//!
//! | signatures of a key so far | are checked by |
//! |---|---|
//! | below [`FEW`] | [`Verifier`], the signature rule |
//! | from there on | a small table of the key's multiples ([`comb`](crate::comb)) |
//! | from [`MANY`] on | a large one |
//!
//! A table answers by the same rule with less work, and is not relied upon alone: what it refuses is asked of the
//! [`Verifier`] again, whose answer stands, and so is the first that it takes and one in [`SAMPLE`] after that. A new
//! table that is wrong is not used. One that turns out wrong later may have taken a forgery before, so that there is no
//! report: the defect of build or machine ends the verification, as any other does.

use crate::chain::SignatureState;
use crate::comb::{KeyTable, Width};
use crate::key::{PublicKey, Signature, Verifier};
use crate::limits::as_u64;
use crate::line::Line;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Keys that are kept, with their tables: 9 MB. A ledger has one or two; one made to have many gains nothing.
const KEPT: usize = 4;

/// A small table and that of the base point together cost as much as 100 to 140 of these save.
const FEW: u64 = 160;

/// Large tables cost as much as 10,000 of these save.
const MANY: u64 = 16_384;

/// Of so many signatures that a table takes, one is checked twice. Nobody can know which, but in WebAssembly,
/// which has no randomness.
const SAMPLE: u64 = 256;

/// The keys of a verification, the one used last in front.
#[derive(Default)]
pub(crate) struct Signatures {
    signers: Mutex<Vec<Arc<Signer>>>,
    sample: RandomState,
}

impl Signatures {
    /// Checks the signature of a line over the hash that it claims; whether that hash is right is judged elsewhere.
    pub(crate) fn check(&self, line: &Line) -> SignatureState {
        self.check_all([line]).pop().unwrap_or(SignatureState::Fails)
    }

    /// Checks many lines, which costs less for each: one state a line, in their order.
    pub(crate) fn check_all<'a>(&self, lines: impl IntoIterator<Item = &'a Line>) -> Vec<SignatureState> {
        let mut lines: Vec<(usize, &Line)> = lines.into_iter().enumerate().collect();
        lines.sort_by_key(|(_, line)| line.signer.as_bytes());
        let mut checked = Vec::with_capacity(lines.len());
        for group in lines.chunk_by(|(_, one), (_, next)| one.signer == next.signer) {
            let Some((_, first)) = group.first() else { continue };
            let signed = group.iter().map(|(_, line)| (line.claimed.as_bytes().as_slice(), &line.signature)).collect();
            let hold = self.signer(&first.signer).check(signed, &self.sample);
            checked.extend(group.iter().map(|(place, _)| *place).zip(hold));
        }
        checked.sort_unstable_by_key(|(place, _)| *place);
        let state = |(_, holds)| if holds { SignatureState::Holds } else { SignatureState::Fails };
        checked.into_iter().map(state).collect()
    }

    fn signer(&self, key: &PublicKey) -> Arc<Signer> {
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        match signers.iter().position(|signer| signer.key == *key) {
            Some(0) => {}
            Some(place) => signers.get_mut(..=place).unwrap_or_default().rotate_right(1),
            None => {
                signers.truncate(KEPT.saturating_sub(1));
                signers.insert(0, Arc::new(Signer::new(key)));
            }
        }
        signers.first().map_or_else(|| Arc::new(Signer::new(key)), Arc::clone)
    }
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").finish_non_exhaustive()
    }
}

/// A key, and what was made of it so far.
struct Signer {
    key: PublicKey,
    /// None for a key that no signature can hold under.
    verifier: OnceLock<Option<Verifier>>,
    /// Signatures that were checked, or are being checked.
    seen: AtomicU64,
    small: OnceLock<Option<KeyTable>>,
    large: OnceLock<Option<KeyTable>>,
}

impl Signer {
    fn new(key: &PublicKey) -> Self {
        let (verifier, small, large) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { key: *key, verifier, seen: AtomicU64::new(0), small, large }
    }

    /// Checks signatures of this key over messages.
    #[expect(clippy::panic, reason = "what was accepted before may be wrong: nothing may be reported")]
    fn check(&self, signed: Vec<(&[u8], &Signature)>, sample: &RandomState) -> Vec<bool> {
        let Some(verifier) = self.verifier.get_or_init(|| Verifier::new(&self.key)) else {
            return signed.iter().map(|_| false).collect();
        };
        let strictly = |(message, signature): &(&[u8], &Signature)| verifier.verify(message, signature);
        let Some(table) = self.table(&signed, strictly) else {
            return signed.iter().map(strictly).collect();
        };
        let hold = table.hold(signed.iter().copied());
        for (signed, &holds) in signed.iter().zip(&hold) {
            let is_sample = || sample.hash_one(signed.1.as_bytes()).is_multiple_of(SAMPLE);
            if (!holds || is_sample()) && strictly(signed) != holds {
                panic!("two ways of checking a signature disagree: a defect of this build or of the machine");
            }
        }
        hold
    }

    /// The table to use, made when it pays: also for what waits here, so that a long ledger need not wait for it.
    fn table(
        &self,
        signed: &[(&[u8], &Signature)],
        strictly: impl Fn(&(&[u8], &Signature)) -> bool,
    ) -> Option<&KeyTable> {
        let waiting = as_u64(signed.len());
        let seen = self.seen.fetch_add(waiting, Ordering::Relaxed).saturating_add(waiting);
        let (slot, width) = match seen {
            ..FEW => return None,
            FEW..MANY => (&self.small, Width::Small),
            MANY.. => (&self.large, Width::Large),
        };
        let is_right = |table: &KeyTable| {
            let first = signed.first();
            table.hold(first.copied()) == first.map(&strictly).into_iter().collect::<Vec<_>>()
        };
        slot.get_or_init(|| KeyTable::new(&self.key, width).filter(is_right)).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::hash::Hash;
    use crate::key::KeyPair;
    use crate::{limits, line, seal};

    fn pair(number: u8) -> KeyPair {
        KeyPair::from_seed(&[number; 32])
    }

    fn signed(pair: &KeyPair, seq: u64) -> Line {
        let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#).unwrap();
        let text = seal::seal(&event, Hash::GENESIS, seq, 1, pair).unwrap();
        line::read(text.as_bytes(), limits::MAX_LINE, &mut line::Workspace::default())
            .unwrap_or_else(|_| panic!("{text}"))
    }

    /// One line in seven is signed by another key than it says, one in eleven says a key that is none.
    fn lines(count: u64, keys: u8) -> (Vec<Line>, Vec<SignatureState>) {
        let pairs: Vec<KeyPair> = (0..keys).map(pair).collect();
        let stranger = pair(keys);
        (0..count)
            .map(|seq| {
                let pair = &pairs[usize::try_from(seq).unwrap() % pairs.len()];
                let mut line = signed(if seq % 7 == 3 { &stranger } else { pair }, seq);
                line.signer = if seq % 11 == 5 { PublicKey::from_bytes([0xff; 32]) } else { pair.public() };
                let holds = seq % 7 != 3 && seq % 11 != 5;
                (line, if holds { SignatureState::Holds } else { SignatureState::Fails })
            })
            .unzip()
    }

    fn tables(signatures: &Signatures) -> (usize, usize) {
        let signers = signatures.signers.lock().unwrap();
        let made = |slot: fn(&Signer) -> &OnceLock<Option<KeyTable>>| {
            signers.iter().filter(|signer| slot(signer).get().is_some_and(Option::is_some)).count()
        };
        (made(|signer| &signer.small), made(|signer| &signer.large))
    }

    #[test]
    fn each_line_has_its_own_answer_in_its_place() {
        for (keys, together) in [(1, 600), (2, 600), (3, 170), (1, 1), (9, 40)] {
            let (lines, expected) = lines(600, keys);
            let signatures = Signatures::default();
            let found: Vec<_> = lines.chunks(together).flat_map(|part| signatures.check_all(part)).collect();
            assert!(found == expected, "{keys} keys, {together} together");
            assert_eq!(tables(&signatures), (if keys < 4 { usize::from(keys) } else { 0 }, 0));
        }
        assert!(Signatures::default().check_all([]).is_empty());
    }

    #[test]
    fn a_table_is_made_when_it_pays() {
        let (lines, _) = lines(FEW, 1);
        let by_key = lines.iter().filter(|line| line.signer == pair(0).public());
        let signatures = Signatures::default();
        for line in by_key.cycle().take(usize::try_from(FEW - 1).unwrap()) {
            signatures.check(line);
        }
        assert_eq!(tables(&signatures), (0, 0));
        signatures.check(&lines[0]);
        assert_eq!(tables(&signatures), (1, 0));
        signatures.signer(&pair(0).public()).seen.store(MANY - 2, Ordering::Relaxed);
        signatures.check(&lines[0]);
        assert_eq!(tables(&signatures), (1, 0));
        signatures.check(&lines[0]);
        assert_eq!(tables(&signatures), (1, 1));
    }

    #[test]
    fn many_keys_are_not_kept() {
        let signatures = Signatures::default();
        for number in 0..20 {
            let line = signed(&pair(number), 0);
            signatures.check_all(std::iter::repeat_n(&line, 200));
            assert!(tables(&signatures).0 <= KEPT);
        }
        assert_eq!(signatures.signers.lock().unwrap().len(), KEPT);
    }

    #[test]
    fn threads_share_a_table() {
        let (lines, expected) = lines(400, 2);
        let signatures = Signatures::default();
        std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| signatures.check_all(&lines) == expected));
            assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        });
        assert_eq!(tables(&signatures).0, 2);
    }

    /// A signer whose table is that of another key, so that they disagree about every signature of either.
    fn defective(key: &KeyPair, other: &KeyPair) -> Signer {
        let signer = Signer::new(&key.public());
        signer.seen.store(FEW, Ordering::Relaxed);
        assert!(signer.small.set(KeyTable::new(&other.public(), Width::Small)).is_ok());
        signer
    }

    #[test]
    #[should_panic(expected = "two ways of checking a signature disagree")]
    fn a_table_that_refuses_what_holds_ends_the_verification() {
        let line = signed(&pair(1), 0);
        defective(&pair(1), &pair(2)).check(vec![(line.claimed.as_bytes(), &line.signature)], &RandomState::new());
    }

    #[test]
    #[should_panic(expected = "two ways of checking a signature disagree")]
    fn a_table_that_takes_forgeries_ends_the_verification() {
        let signer = defective(&pair(1), &pair(2));
        let sample = RandomState::new();
        for number in 0..100 * SAMPLE {
            let hash = Hash::of(&number.to_le_bytes());
            let signature = pair(2).sign(&hash);
            // As long as none is a sample, the table is believed.
            if number == 0 || sample.hash_one(signature.as_bytes()).is_multiple_of(SAMPLE) {
                assert_eq!(signer.check(vec![(hash.as_bytes(), &signature)], &sample), [true]);
            }
        }
    }
}
