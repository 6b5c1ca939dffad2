//! Evidence of forks: what holds, and that nothing else does.

use crate::trees::{ORIGIN, Tree, log, signed};
use sealwright_core::error::ProblemCode;
use sealwright_core::hash::Hash;
use sealwright_core::proof::fork::{Fork, verify_fork};
use sealwright_core::proof::merkle;
use sealwright_core::proof::policy::Policy;

/// Two histories that part behind three leaves.
fn histories() -> (Tree, Tree) {
    (Tree { name: "one", shared: 3 }, Tree { name: "other", shared: 3 })
}

fn policy() -> Policy {
    Policy::of_logs([log(1, ORIGIN)])
}

fn between(old_size: u64, new_size: u64) -> Option<Fork> {
    let (mut one, mut other) = histories();
    let root = old_size.is_power_of_two().then(|| other.root(old_size));
    let proof = other.prove(old_size, new_size);
    Fork::between(&one.note(old_size), &other.note(new_size), &[log(1, ORIGIN)], root, &proof)
}

#[test]
fn two_histories_of_one_log_are_evident_from_where_they_part() {
    for new_size in 1..20 {
        for old_size in 1..=new_size {
            let fork = between(old_size, new_size);
            assert_eq!(fork.is_some(), old_size > 3, "{old_size} {new_size}");
            let Some(fork) = fork else { continue };
            let report = verify_fork(&fork.to_string(), &policy());
            assert_eq!(report.problems, []);
            assert!(report.ok);
            let sizes = [report.older, report.newer].map(|shown| shown.unwrap().size);
            assert_eq!(sizes, [old_size, new_size]);
            assert_eq!(Fork::parse(&fork.to_string()).unwrap(), fork);
        }
    }
}

#[test]
fn the_order_of_the_notes_does_not_matter_and_other_signatures_are_left_out() {
    let (mut one, mut other) = histories();
    let proof = other.prove(5, 9);
    let mut newer = other.note(9);
    for signature in signed(ORIGIN, 9, other.root(9), 2).signatures() {
        newer.add(signature.clone());
    }
    let logs = [log(1, ORIGIN)];
    let fork = Fork::between(&newer, &one.note(5), &logs, None, &proof).unwrap();
    assert_eq!(fork, between(5, 9).unwrap());
}

#[test]
fn nothing_but_a_lie_is_evidence() {
    let logs = [log(1, ORIGIN)];
    let (mut one, mut other) = histories();
    for (old_size, new_size) in [(5, 9), (8, 9), (4, 8), (6, 6)] {
        let (older, newer) = (one.note(old_size), other.note(new_size));
        let (root, honest) = (other.root(old_size), one.prove(old_size, new_size));
        let proof = other.prove(old_size, new_size);
        // Of one history.
        assert!(Fork::between(&older, &one.note(new_size), &logs, Some(one.root(old_size)), &honest).is_none());
        if old_size == new_size {
            continue;
        }
        // Hashes that lead elsewhere, in all places and numbers.
        for wrong in 0..proof.len() {
            let mut hashes = proof.clone();
            hashes[wrong] = Hash::of(b"another");
            assert!(Fork::between(&older, &newer, &logs, Some(root), &hashes).is_none());
        }
        let longer = [proof.as_slice(), &[root]].concat();
        for hashes in [&proof[1..], &longer, &honest, &[]] {
            assert!(Fork::between(&older, &newer, &logs, Some(root), hashes).is_none());
        }
        // Another root than the newer tree begins with, and that of the older note.
        for root in [Hash::of(b"another"), one.root(old_size)] {
            assert!(Fork::between(&older, &newer, &logs, Some(root), &proof).is_none());
        }
        // Signed by somebody else, or of another log.
        let others = [log(1, "example.com/other")];
        let strange = signed("example.com/other", old_size, Hash::of(b"x"), 1);
        assert!(Fork::between(&older, &newer, &[log(2, ORIGIN)], Some(root), &proof).is_none());
        assert!(Fork::between(&strange, &newer, &[&logs[..], &others].concat(), Some(root), &proof).is_none());
    }
    assert!(between(6, 6).is_some());
    // A complete smaller tree is not in its proof: its root has to be said.
    let proof = other.prove(8, 9);
    assert!(Fork::between(&one.note(8), &other.note(9), &logs, None, &proof).is_none());
}

#[test]
fn a_root_that_no_tree_has_is_no_evidence_against_the_log() {
    // Both the older and the newer root are wrong: the proof leads to two others. It says nothing of what was signed.
    let (mut one, mut other) = histories();
    let newer = signed(ORIGIN, 9, Hash::of(b"no tree"), 1);
    assert_eq!(
        merkle::verify_consistency((5, &one.root(5)), (9, &Hash::of(b"no tree")), &other.prove(5, 9)),
        Err(merkle::Mismatch::OldRoot)
    );
    assert!(Fork::between(&one.note(5), &newer, &[log(1, ORIGIN)], None, &other.prove(5, 9)).is_none());
    let shown = |old_size: u64, root: &Hash, proof: &[Hash]| merkle::old_root(old_size, (9, root), proof);
    let (root, proof) = (other.root(9), other.prove(5, 9));
    assert_eq!(shown(5, &root, &proof), Some(other.root(5)));
    assert_eq!(shown(5, &Hash::of(b"no tree"), &proof), None);
    assert_eq!(shown(5, &root, &proof[1..]), None);
    assert_eq!(shown(8, &root, &other.prove(8, 9)), None);
    for size in [0, 9, 10] {
        assert_eq!(shown(size, &root, &[root]), None);
    }
}

#[test]
fn a_changed_byte_is_no_evidence() {
    for (old_size, new_size, step) in [(5, 9, 1), (5, 5, 9), (8, 9, 9)] {
        let text = between(old_size, new_size).unwrap().to_string();
        for place in (0..text.len()).step_by(step) {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1 << (place % 7);
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!verify_fork(&changed, &policy()).ok, "{place}: {changed}");
        }
        for place in 0..text.len() {
            let Some(cut) = text.get(..place) else { continue };
            assert!(!verify_fork(cut, &policy()).ok);
        }
        for more in ["\n", "x", "\n\n"] {
            assert!(!verify_fork(&format!("{text}{more}"), &policy()).ok);
        }
    }
}

#[test]
fn what_keeps_evidence_from_holding_is_named() {
    let code = |text: &str, by: u8| {
        let report = verify_fork(text, &Policy::of_logs([log(by, ORIGIN)]));
        assert!(!report.ok);
        report.problems[0].code
    };
    let text = between(5, 9).unwrap().to_string();
    assert_eq!(code("garbage", 1), ProblemCode::ProofMalformed);
    assert_eq!(code(&text, 2), ProblemCode::LogUntrusted);
    let (mut one, mut other) = histories();
    let head = text.split("\n\n").next().unwrap();
    let without = "sealwright/fork-evidence/v1";
    let file = |head: &str, older: &str, newer: &str| format!("{head}\n\n{older}\n{newer}");
    let (older, newer) = (one.note(5).to_string(), other.note(9).to_string());
    assert_eq!(file(head, &older, &newer), text);
    assert_eq!(code(&file(without, &older, &newer), 1), ProblemCode::NoFork);
    assert_eq!(code(&file(without, &older, &older), 1), ProblemCode::NoFork);
    assert_eq!(code(&file(head, &other.note(5).to_string(), &newer), 1), ProblemCode::NoFork);
    assert_eq!(code(&file(head, &newer, &older), 1), ProblemCode::ProofRange);
    assert_eq!(code(&file(head, &older, &other.note(5).to_string()), 1), ProblemCode::ProofRange);
    assert_eq!(code(&file(head, &one.note(6).to_string(), &newer), 1), ProblemCode::ProofLength);
    assert_eq!(code(&file(head, &older, &one.note(9).to_string()), 1), ProblemCode::RootMismatch);
}
