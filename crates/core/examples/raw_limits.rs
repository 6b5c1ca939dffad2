//! What the machine and the cryptography below the library allow, for `npm run bench`: no ledger can be faster.
//!
//! A command a line on standard input, an answer a line on standard output: `{"samples":[...]}`, each sample the
//! microseconds of one operation. Commands, with COUNT operations each:
//!
//! ```text
//! sign COUNT          one Ed25519 signature of 32 bytes
//! verify COUNT        one strict verification of such a signature
//! sha256 COUNT        SHA-256 of as many bytes as are hashed for one event of the benchmark
//! sync COUNT PATH     fdatasync after a line was appended to PATH; the write itself is not in the sample
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a benchmark fails by panicking"
)]

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fs::OpenOptions;
use std::hint::black_box;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

/// Bytes of a line of the benchmark, its LF counted, and of the text that is hashed for it.
const LINE_LENGTH: usize = 715;
const HASHED_LENGTH: usize = 409;
/// A hash takes less than a microsecond, so that one sample is the mean of several.
const HASHES_PER_SAMPLE: u32 = 16;

fn main() {
    for line in io::stdin().lock().lines() {
        let line = line.expect("standard input is text");
        let mut words = line.splitn(3, ' ');
        let name = words.next().unwrap_or_default();
        let count = words.next().and_then(|word| word.parse().ok()).expect("a command has a count");
        let samples = match name {
            "sign" => sign(count),
            "verify" => verify(count),
            "sha256" => sha256(count),
            "sync" => sync(count, words.next().expect("sync has a path")),
            _ => panic!("no command is called {name}"),
        };
        println!("{}", serde_json::json!({ "samples": samples }));
    }
}

fn sign(count: usize) -> Vec<f64> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let mut message = [0; 32];
    let one = || {
        let started = Instant::now();
        let signature = black_box(key.sign(black_box(&message))).to_bytes();
        let sample = microseconds(started);
        // No two messages are the same.
        message.copy_from_slice(&signature[..32]);
        sample
    };
    std::iter::repeat_with(one).take(count).collect()
}

fn verify(count: usize) -> Vec<f64> {
    let key = SigningKey::from_bytes(&[7; 32]);
    // As the library does, the key is decoded once for all signatures.
    let public: VerifyingKey = key.verifying_key();
    let one = |seed: usize| {
        let mut message = [0; 32];
        message[..8].copy_from_slice(&seed.to_le_bytes());
        let signature = key.sign(&message);
        let started = Instant::now();
        black_box(public.verify_strict(black_box(&message), black_box(&signature))).expect("it was just signed");
        microseconds(started)
    };
    (0..count).map(one).collect()
}

fn sha256(count: usize) -> Vec<f64> {
    let text = [b'x'; HASHED_LENGTH];
    let one = || {
        let started = Instant::now();
        for _ in 0..HASHES_PER_SAMPLE {
            black_box(Sha256::digest(black_box(text)));
        }
        microseconds(started) / f64::from(HASHES_PER_SAMPLE)
    };
    std::iter::repeat_with(one).take(count).collect()
}

fn sync(count: usize, path: &str) -> Vec<f64> {
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("the file opens");
    let mut line = [b'x'; LINE_LENGTH];
    line[LINE_LENGTH - 1] = b'\n';
    let one = || {
        file.write_all(&line).expect("the line is written");
        let started = Instant::now();
        // fdatasync on Linux.
        file.sync_data().expect("the file syncs");
        microseconds(started)
    };
    std::iter::repeat_with(one).take(count).collect()
}

fn microseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6
}
