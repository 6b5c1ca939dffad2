//! The Merkle tree, by the vectors of transparency-dev/merkle, which the optional folder beside the checkout holds, and by
//! trees of every shape.

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use sealwright_core::Result;
use sealwright_core::hash::Hash;
use sealwright_core::proof::merkle::{
    Frontier, Mismatch, Nodes, empty_root, leaf, node, prove_consistency, prove_inclusion, root, verify_consistency,
    verify_inclusion,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A tree in memory, made as the RFC defines it.
struct Leaves(Vec<Hash>);

impl Leaves {
    fn of(count: u64) -> Self {
        Self((0..count).map(|index| leaf(&index.to_be_bytes())).collect())
    }

    /// RFC 6962, section 2.1, word for word.
    fn hash(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node(&Self::hash(&leaves[..k]), &Self::hash(&leaves[k..]))
            }
        }
    }

    fn root(&self, size: u64) -> Hash {
        Self::hash(&self.0[..usize::try_from(size).unwrap()])
    }
}

impl Nodes for Leaves {
    fn node(&mut self, level: u32, index: u64) -> Result<Hash> {
        let at = usize::try_from(index << level).unwrap();
        Ok(Self::hash(&self.0[at..at + (1 << level)]))
    }
}

#[test]
fn roots_are_those_of_the_definition() {
    let mut leaves = Leaves::of(300);
    let mut frontier = Frontier::default();
    for size in 0..=300 {
        let expected = leaves.root(size);
        assert_eq!(root(&mut leaves, size).unwrap(), expected);
        assert_eq!(frontier.root(), expected);
        assert_eq!(Frontier::of(&mut leaves, size).unwrap(), frontier);
        if size < 300 {
            frontier.push(leaves.0[usize::try_from(size).unwrap()]);
        }
    }
    // Of RFC 6962's own implementation: the leaf 0x00 alone, and no leaves.
    assert_eq!(leaf(&[0]).to_string(), "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
    assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn every_proof_of_a_small_tree_holds_in_its_place_alone() {
    let mut leaves = Leaves::of(34);
    for size in 1..=34 {
        let root = leaves.root(size);
        for index in 0..size {
            let path = prove_inclusion(&mut leaves, index, size).unwrap();
            for claimed in 0..size {
                let leaf = leaves.0[usize::try_from(claimed).unwrap()];
                let answer = verify_inclusion(&leaf, claimed, size, &path, &root);
                assert_eq!(answer.is_ok(), claimed == index, "{claimed} for {index} in {size}");
            }
        }
        for old in 0..=size {
            let proof = prove_consistency(&mut leaves, old, size).unwrap();
            for claimed in 0..=size {
                let old_root = leaves.root(claimed);
                let answer = verify_consistency((claimed, &old_root), (size, &root), &proof);
                // Nothing to prove, so no hashes, in both cases.
                let is_trivial = |at: u64| at == 0 || at == size;
                assert_eq!(answer.is_ok(), claimed == old || (is_trivial(claimed) && is_trivial(old)));
            }
        }
    }
    assert!(prove_inclusion(&mut leaves, 3, 3).is_err());
    assert!(prove_consistency(&mut leaves, 4, 3).is_err());
}

#[test]
fn a_tree_without_leaves_is_the_beginning_of_every_tree() {
    let root = Leaves::of(3).root(3);
    assert_eq!(verify_consistency((0, &empty_root()), (3, &root), &[]), Ok(()));
    assert_eq!(verify_consistency((0, &empty_root()), (0, &empty_root()), &[]), Ok(()));
    assert_eq!(verify_consistency((0, &root), (3, &root), &[]), Err(Mismatch::OldRoot));
    assert_eq!(verify_consistency((0, &empty_root()), (3, &root), &[root]), Err(Mismatch::Length));
    assert_eq!(verify_consistency((0, &empty_root()), (0, &root), &[]), Err(Mismatch::Root));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn proofs_hold_and_no_changed_bit_of_one_does(
        (size, index, old) in (1_u64..=5000).prop_flat_map(|size| (Just(size), 0..size, 1..=size)),
        (byte, bit) in (any::<prop::sample::Index>(), 0..8_u32),
    ) {
        let mut leaves = Leaves::of(size);
        let (root, old_root) = (leaves.root(size), leaves.root(old));
        let leaf = leaves.0[usize::try_from(index).unwrap()];
        let path = prove_inclusion(&mut leaves, index, size).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
        let proof = prove_consistency(&mut leaves, old, size).unwrap();
        prop_assert_eq!(verify_consistency((old, &old_root), (size, &root), &proof), Ok(()));
        let flipped = |hashes: &[Hash]| {
            let mut bytes: Vec<_> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            let at = byte.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes.chunks(32).map(|hash| Hash::from_bytes(hash.try_into().unwrap())).collect::<Vec<_>>()
        };
        let all = flipped(&[[leaf, root].as_slice(), &path].concat());
        prop_assert!(verify_inclusion(&all[0], index, size, &all[2..], &all[1]).is_err());
        let all = flipped(&[[old_root, root].as_slice(), &proof].concat());
        prop_assert!(verify_consistency((old, &all[0]), (size, &all[1]), &all[2..]).is_err());
        for (other_index, other_size) in [(index + 1, size), (index.wrapping_sub(1), size), (index, size + 1), (index, size - 1)] {
            // The places of a leaf in two sizes may take the same turns; that no size is believed is the checkpoint's part.
            if other_index != index {
                prop_assert!(verify_inclusion(&leaf, other_index, other_size, &path, &root).is_err());
            }
        }
        if !path.is_empty() {
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &path[1..], &root), Err(Mismatch::Length));
        }
        let longer = [path.as_slice(), &[leaf]].concat();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &longer, &root), Err(Mismatch::Length));
    }
}

#[test]
#[ignore = "needs shared"]
fn transparency_dev_cases_answer_as_their_files_say() {
    let mut counts = [0; 2];
    for case in cases("inclusion") {
        let number = |name: &str| case[name].as_u64().unwrap();
        let (leaf, root) = (hash(&case["leafHash"]), hash(&case["root"]));
        let holds = leaf.zip(root).zip(hashes(&case["proof"])).is_some_and(|((leaf, root), path)| {
            verify_inclusion(&leaf, number("leafIdx"), number("treeSize"), &path, &root).is_ok()
        });
        assert_eq!(!holds, case["wantErr"].as_bool().unwrap(), "{case}");
        counts[0] += 1;
    }
    for case in cases("consistency") {
        let number = |name: &str| case[name].as_u64().unwrap();
        let (old, new) = (root_of(&case["root1"]), root_of(&case["root2"]));
        let holds = old.zip(new).zip(hashes(&case["proof"])).is_some_and(|((old, new), proof)| {
            verify_consistency((number("size1"), &old), (number("size2"), &new), &proof).is_ok()
        });
        let is_expected = holds != case["wantErr"].as_bool().unwrap();
        // From no leaves on, a proof of none holds here, as a witness needs it; there it is no question to ask. And a tree
        // without leaves has one root only.
        if number("size1") != 0 {
            assert!(is_expected, "{case}");
        } else if !is_expected {
            println!("otherwise: {}", case["desc"]);
        }
        counts[1] += 1;
    }
    println!("{} inclusion proofs, {} consistency proofs", counts[0], counts[1]);
    assert!(counts[0] > 80 && counts[1] > 80, "{counts:?}");
}

fn cases(kind: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/merkle").join(kind);
    files(&folder).iter().map(|file| serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn hash(value: &Value) -> Option<Hash> {
    Some(Hash::from_bytes(Base64::decode_vec(value.as_str()?).ok()?.try_into().ok()?))
}

/// Where nothing is computed some cases have words for roots, which are equal to themselves and to no hash.
fn root_of(value: &Value) -> Option<Hash> {
    hash(value).or_else(|| Some(Hash::of(value.as_str()?.as_bytes())))
}

fn hashes(value: &Value) -> Option<Vec<Hash>> {
    value.as_array().map_or(Some(Vec::new()), |hashes| hashes.iter().map(hash).collect())
}
