//! Prints Wycheproof's cases of ECDSA on P-256 with SHA-256, the signatures as r and s of 32 bytes each (IEEE P1363), for
//! `__test__/tokens/wycheproof.spec.mts`. One line of JSON: `[{"key": PEM, "tests": [{"id": 1, "comment": "...", "message":
//! hex, "signature": hex, "holds": true}, ...]}, ...]`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a generator fails by panicking"
)]

use sealwright_core::hash::encode_hex;
use serde_json::{Value, json};
use wycheproof::TestResult;
use wycheproof::ecdsa::{Test, TestName, TestSet};

fn main() {
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let groups = set.test_groups.iter().map(|group| {
        let tests: Vec<_> = group.tests.iter().map(case).collect();
        json!({ "key": group.pem, "tests": tests })
    });
    println!("{}", groups.collect::<Value>());
}

fn case(test: &Test) -> Value {
    let holds = match test.result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => panic!("test {} leaves open what it has to be", test.tc_id),
    };
    let [message, signature] = [&test.msg, &test.sig].map(|bytes| encode_hex(bytes));
    json!({ "id": test.tc_id, "comment": test.comment, "message": message, "signature": signature, "holds": holds })
}
