//! Inclusion proofs: each thing that can be wrong has its problem, and a changed bit anywhere has one.

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use sealwright_core::error::ProblemCode;
use sealwright_core::event::Event as LedgerEvent;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::checkpoint::Checkpoint;
use sealwright_core::proof::consistency::verify_consistency;
use sealwright_core::proof::inclusion::{Event, InclusionProof, verify_inclusion};
use sealwright_core::proof::merkle::{event_leaf, node};
use sealwright_core::proof::note::{Key, Kind, Note};
use sealwright_core::proof::policy::Policy;
use sealwright_core::seal;

const ORIGIN: &str = "example.com/ledger";

/// Three events, their tree, and the proof that the second is in it.
struct Case {
    lines: Vec<String>,
    hashes: Vec<Hash>,
    leaves: Vec<Hash>,
    signer: KeyPair,
    policy: Policy,
    proof: InclusionProof,
}

fn log() -> (KeyPair, Key) {
    let pair = KeyPair::from_seed(&[9; 32]);
    let key = Key::new(ORIGIN, Kind::Log, pair.public()).unwrap();
    (pair, key)
}

fn signed(size: u64, root: Hash) -> Note {
    let (pair, key) = log();
    let text = Checkpoint::new(ORIGIN, size, root).unwrap().to_string();
    let mut note = Note::new(text.clone()).unwrap();
    note.add(key.sign(&text, &pair).unwrap());
    note
}

fn case() -> Case {
    let signer = KeyPair::from_seed(&[1; 32]);
    let mut parent = Hash::GENESIS;
    let (mut lines, mut hashes) = (Vec::new(), Vec::new());
    for seq in 0..3 {
        let text = format!(r#"{{"type":"SessionEnded","payload":{{"reason":"r{seq}","summary_sha256":""}}}}"#);
        let event = LedgerEvent::parse(&text).unwrap();
        lines.push(seal::seal(&event, parent, seq, 1_700_000_000_000_000_000 + seq, &signer).unwrap());
        parent = seal::self_hash(&event, &parent, seq, 1_700_000_000_000_000_000 + seq).unwrap();
        hashes.push(parent);
    }
    let leaves: Vec<_> = hashes.iter().map(event_leaf).collect();
    let root = node(&node(&leaves[0], &leaves[1]), &leaves[2]);
    let proof = InclusionProof {
        extra: Some(lines[1].clone().into_bytes()),
        index: 1,
        path: vec![leaves[0], leaves[2]],
        note: signed(3, root),
    };
    Case { lines, hashes, leaves, signer, policy: Policy::of_logs([log().1]), proof }
}

impl Case {
    fn problems(&self, proof: &InclusionProof, event: Event<'_>) -> Vec<ProblemCode> {
        let report = verify_inclusion(&proof.to_string(), &self.policy, event, &[self.signer.public()]);
        assert_eq!(report.ok, report.problems.is_empty());
        report.problems.iter().map(|problem| problem.code).collect()
    }
}

#[test]
fn a_proof_shows_the_event_and_where_it_is() {
    let case = case();
    let text = case.proof.to_string();
    assert_eq!(InclusionProof::parse(&text).unwrap(), case.proof);
    for event in [Event::InExtra, Event::Line(&case.lines[1])] {
        let report = verify_inclusion(&text, &case.policy, event, &[]);
        assert!(report.ok, "{:?}", report.problems);
        let (checkpoint, event) = (report.checkpoint.unwrap(), report.event.unwrap());
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), (ORIGIN, 3));
        assert_eq!((event.seq, event.signer, event.pinned), (1, case.signer.public(), false));
        assert_eq!(event_leaf(&event.self_hash), case.leaves[1]);
    }
    let pinned = verify_inclusion(&text, &case.policy, Event::InExtra, &[case.signer.public()]);
    assert!(pinned.event.unwrap().pinned);
    let json = verify_inclusion(&text, &case.policy, Event::InExtra, &[]).to_json().unwrap();
    assert!(
        json.starts_with(r#"{"ok":true,"problems":[],"checkpoint":{"origin":"example.com/ledger","size":3,"root":""#)
    );
}

#[test]
fn each_thing_that_is_wrong_has_its_problem() {
    use ProblemCode::*;
    let case = case();
    let good = || case.proof.clone();
    let extra = |line: &str| InclusionProof { extra: Some(line.as_bytes().to_vec()), ..good() };
    let own = Event::Line(&case.lines[1]);
    let forged = case.lines[1].replace("r1", "r9");
    let own_hash = case.hashes[1].to_string();
    let other_hash = case.lines[1].replace(&own_hash, &"0".repeat(64));
    assert_ne!(other_hash, case.lines[1]);
    for (proof, event, expected) in [
        (good(), own, vec![]),
        (InclusionProof { extra: None, ..good() }, own, vec![]),
        (InclusionProof { extra: None, ..good() }, Event::InExtra, vec![EventMissing]),
        (extra(&case.lines[0]), own, vec![ExtraMismatch]),
        (extra("garbage"), own, vec![ExtraMismatch]),
        (extra("garbage"), Event::InExtra, vec![EventMalformed]),
        (good(), Event::Line("{}"), vec![EventMalformed]),
        (extra(&case.lines[0]), Event::InExtra, vec![IndexMismatch, RootMismatch]),
        (extra(&forged), Event::InExtra, vec![HashMismatch, RootMismatch]),
        (extra(&other_hash), Event::InExtra, vec![HashMismatch, BadSignature]),
        (InclusionProof { index: 0, ..good() }, own, vec![IndexMismatch, RootMismatch]),
        (InclusionProof { index: 3, ..good() }, own, vec![IndexMismatch, ProofRange]),
        (InclusionProof { path: vec![case.leaves[0]], ..good() }, own, vec![ProofLength]),
        (InclusionProof { path: vec![case.leaves[2], case.leaves[0]], ..good() }, own, vec![RootMismatch]),
        (InclusionProof { note: signed(3, Hash::of(b"other")), ..good() }, own, vec![RootMismatch]),
        (InclusionProof { note: signed(9, Hash::of(b"other")), ..good() }, own, vec![ProofLength]),
        (InclusionProof { note: signed(1, case.leaves[1]), path: vec![], ..good() }, own, vec![ProofRange]),
    ] {
        assert_eq!(case.problems(&proof, event), expected, "{proof}");
    }
    let by = |policy: &Policy, signers: &[_]| {
        let report = verify_inclusion(&case.proof.to_string(), policy, own, signers);
        report.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(by(&Policy::of_logs([]), &[]), [LogUntrusted]);
    assert_eq!(by(&case.policy, &[log().0.public()]), [UntrustedSigner]);
    let witness = Key::new("w.example", Kind::Witness, case.signer.public()).unwrap();
    let quorum = Policy::parse(&format!("log {}\nwitness W {witness}\nquorum W\n", log().1)).unwrap();
    assert_eq!(by(&quorum, &[]), [QuorumMissing]);
    let malformed = case.proof.to_string().replace("index 1", "index 01");
    let report = verify_inclusion(&malformed, &case.policy, own, &[]);
    assert_eq!(report.problems[0].code, ProofMalformed);
    assert!(report.event.is_none() && report.checkpoint.is_none());
}

#[test]
fn a_tree_that_goes_on_is_told_from_one_that_does_not() {
    use ProblemCode::*;
    let case = case();
    let two = node(&case.leaves[0], &case.leaves[1]);
    let three = node(&two, &case.leaves[2]);
    let (from, to) = (signed(2, two).to_string(), signed(3, three).to_string());
    let problems = |from: &str, to: &str, proof: &[Hash]| {
        let report = verify_consistency(from, to, proof, &case.policy);
        assert_eq!(report.ok, report.problems.is_empty());
        report.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(problems(&from, &to, &[case.leaves[2]]), []);
    assert_eq!(problems(&to, &from, &[case.leaves[2]]), [ProofRange]);
    assert_eq!(problems(&from, &to, &[]), [ProofLength]);
    assert_eq!(problems(&from, &to, &[case.leaves[1]]), [RootMismatch]);
    let rewritten = signed(1, case.leaves[1]).to_string();
    let path = [case.leaves[1], case.leaves[2]];
    assert_eq!(problems(&signed(1, case.leaves[0]).to_string(), &to, &path), []);
    assert_eq!(problems(&rewritten, &to, &path), [RootMismatch]);
    assert_eq!(problems("garbage", &to, &[]), [ProofMalformed]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_bit_of_a_proof_is_taken(at in any::<prop::sample::Index>(), bit in 0..7_u32) {
        let case = case();
        let text = case.proof.to_string();
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
        for event in [Event::InExtra, Event::Line(&case.lines[1])] {
            prop_assert!(!verify_inclusion(&changed, &case.policy, event, &[]).ok, "{changed}");
        }
    }

    #[test]
    fn any_text_has_an_answer(text in "\\PC*", line in "\\PC*") {
        let case = case();
        let proof = format!("c2sp.org/tlog-proof@v1\nextra {}\nindex 1\n\n{text}", Base64::encode_string(line.as_bytes()));
        prop_assert!(!verify_inclusion(&proof, &case.policy, Event::InExtra, &[]).ok);
        prop_assert!(!verify_inclusion(&text, &case.policy, Event::Line(&line), &[]).ok);
        let _ = Policy::parse(&text);
    }
}
