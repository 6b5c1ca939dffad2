//! A signer that does what a test says, and may remember what it signed.

use sealwright_core::Result;
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey, Signature};
use sealwright_core::signer::{HashedText, Memory, Place, Remembered, Request, Signer, Statement};
use std::collections::VecDeque;
use std::sync::Mutex;

pub(crate) type Answer = Box<dyn FnOnce(Vec<Signature>) -> Result<Vec<Signature>> + Send>;

/// A signer that does what a test says with its next groups, and writes down what it was asked.
pub(crate) struct Script {
    pub(crate) key: KeyPair,
    pub(crate) answers: Mutex<VecDeque<Answer>>,
    pub(crate) asked: Mutex<Vec<Request>>,
    /// Handovers that it was asked to endorse.
    pub(crate) endorsed: Mutex<Vec<Statement>>,
    /// The last group, of one that remembers.
    pub(crate) memory: Option<Mutex<Vec<Remembered>>>,
    pub(crate) gone: Mutex<bool>,
    pub(crate) needs_its_thread: bool,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::of(1)
    }

    /// Of the key of a seed.
    pub(crate) fn of(seed: u8) -> Self {
        Self {
            key: KeyPair::from_seed(&[seed; 32]),
            answers: Mutex::default(),
            asked: Mutex::default(),
            endorsed: Mutex::default(),
            memory: None,
            gone: Mutex::default(),
            needs_its_thread: false,
        }
    }

    pub(crate) fn remembering() -> Self {
        Self { memory: Some(Mutex::default()), ..Self::new() }
    }

    pub(crate) fn next(&self, answer: impl FnOnce(Vec<Signature>) -> Result<Vec<Signature>> + Send + 'static) {
        self.answers.lock().unwrap().push_back(Box::new(answer));
    }

    /// Seqs that it was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<u64> {
        self.asked.lock().unwrap().drain(..).map(|request| request.seq).collect()
    }
}

impl Signer for Script {
    fn public_key(&self) -> PublicKey {
        self.key.public()
    }

    fn sign(&self, place: &Place<'_>, requests: &[Request]) -> Result<Vec<Signature>> {
        assert_eq!(place.head.map(|head| head.seq + 1).unwrap_or_default(), requests[0].seq);
        let mut parent = place.head.map_or(Hash::GENESIS, |head| head.hash);
        for request in requests {
            let text = HashedText::parse(&request.canonical).unwrap();
            assert_eq!((text.hash, text.seq, text.parent), (request.hash, request.seq, parent));
            assert_eq!(request.parent, parent);
            parent = request.hash;
        }
        self.asked.lock().unwrap().extend_from_slice(requests);
        let signatures: Vec<Signature> = requests.iter().map(|request| self.key.sign(&request.hash)).collect();
        if let Some(memory) = &self.memory {
            let group = requests.iter().zip(&signatures);
            *memory.lock().unwrap() = group
                .map(|(request, signature)| Remembered { canonical: request.canonical.clone(), signature: *signature })
                .collect();
        }
        let answer = self.answers.lock().unwrap().pop_front();
        answer.map_or_else(|| Ok(signatures.clone()), |answer| answer(signatures.clone()))
    }

    fn endorse(&self, place: &Place<'_>, handover: &Request) -> Result<Signature> {
        let statement = Statement::parse(&handover.canonical).unwrap();
        assert_eq!((statement.seq, statement.new_key), (handover.seq, self.public_key()));
        assert_eq!(
            place.head.map_or((0, Hash::GENESIS), |head| (head.seq + 1, head.hash)),
            (handover.seq, handover.parent)
        );
        assert_eq!(handover.hash, Hash::of(&handover.canonical));
        self.endorsed.lock().unwrap().push(statement);
        let proof = self.key.endorse(place, handover).unwrap();
        let answer = self.answers.lock().unwrap().pop_front();
        answer.map_or(Ok(proof), |answer| answer(vec![proof]).map(|proofs| proofs[0]))
    }

    fn needs_its_thread(&self) -> bool {
        self.needs_its_thread
    }

    fn is_gone(&self) -> bool {
        *self.gone.lock().unwrap()
    }

    fn memory(&self) -> Option<&dyn Memory> {
        self.memory.is_some().then_some(self as &dyn Memory)
    }
}

impl Memory for Script {
    fn unwritten(&self, place: &Place<'_>) -> Result<Vec<Remembered>> {
        let group = self.memory.as_ref().unwrap().lock().unwrap().clone();
        let is_behind = |text: &[u8]| place.head.is_none_or(|head| HashedText::parse(text).unwrap().seq > head.seq);
        Ok(group.into_iter().filter(|event| is_behind(&event.canonical)).collect())
    }
}
