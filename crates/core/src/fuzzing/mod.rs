//! What holds for any bytes: the entry points of the fuzzers in `crates/core/fuzz`. Each panics when a promise is broken,
//! not only where code would panic.
//!
//! | target | its bytes | what holds |
//! |---|---|---|
//! | [`parser`] | a text | serde_json agrees on what is JSON and on its value; canonical form is a fixed point |
//! | [`line`] | a byte, then a line or an event | reading a line is idempotent; another spelling has the same hash |
//! | [`verifier`] | four bytes, then a ledger or the recipe of one | one report however the bytes come in; an accepted chain is one |
//! | [`keyfile`] | a byte, then a file | 32 bytes are a key and nothing else is; what is written is read back |
//! | [`proof`] | a text | a note, checkpoint, key, policy or proof has one form; nothing is shown that was not signed |
//! | [`recovery`] | a byte, then the recipe of a crash or of a ledger, or a file | what was synced stays; a repair is one; a refused file is untouched |
//!
//! A *recipe* is bytes taken as choices: so a fuzzer gets behind hashes and signatures that it could not guess. Only the
//! public interface is used: what is checked may be rewritten behind it.
//!
//! The feature `fuzzing` and tests have this module; the addon has not. `cargo test` replays the corpora.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a broken promise is a panic"
)]

mod choices;
mod forge;
mod judge;
mod keyfile;
mod line;
mod medium;
mod parser;
mod proof;
mod recovery;
mod respell;
mod verifier;

pub use keyfile::keyfile;
pub use line::line;
pub use parser::parser;
pub use proof::proof;
pub use recovery::recovery;
pub use verifier::verifier;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Runs a target on each file of its committed corpus.
    fn replay(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut count = 0;
        for file in files {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| target(&bytes)) {
                eprintln!("replaying {}", path.display());
                std::panic::resume_unwind(panic);
            }
            count += 1;
        }
        assert!(count >= 10, "the corpus {name} has {count} files");
    }

    #[test]
    fn the_corpus_of_the_parser_passes() {
        replay("parser", super::parser);
    }

    #[test]
    fn the_corpus_of_lines_passes() {
        replay("line", super::line);
    }

    #[test]
    fn the_corpus_of_the_verifier_passes() {
        replay("verifier", super::verifier);
    }

    #[test]
    fn the_corpus_of_key_files_passes() {
        replay("keyfile", super::keyfile);
    }

    #[test]
    fn the_corpus_of_proofs_passes() {
        replay("proof", super::proof);
    }

    #[test]
    fn the_corpus_of_the_recovery_passes() {
        replay("recovery", super::recovery);
    }
}
