//! Writes the golden vectors of `vectors/README.md`: `gen_vectors FOLDER` fills `canonical/`, `seals/`, `ed25519/`,
//! `chains/` and `mutations/` there, byte for byte the same whenever it runs.
//!
//! Lines are sealed by the library wherever it agrees to seal them, by hand ([`forge`]) where it rightly does not. What
//! a mutation has to come to is stated beside it and compared with the library's verdict; only what follows from that,
//! such as offsets and root hashes, is taken over. `vectors/check.py` derives all of it once more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a generator fails by panicking"
)]

mod chains;
mod curve;
mod ed25519;
mod files;
mod forge;
mod ledger;
mod mutations;
mod rotation;
mod seals;
mod texts;
mod values;
mod verdict;

use std::path::Path;

fn main() {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [folder] = arguments.as_slice() else {
        eprintln!("usage: gen_vectors FOLDER");
        std::process::exit(2);
    };
    // Everything is made before anything is written: a failed assertion leaves the folder as it was.
    let sets = [texts::canonical(), seals::set(), ed25519::set(), chains::set(), mutations::set()];
    for set in sets {
        let changed = set.write(Path::new(folder));
        println!("{}: {}; {changed}", set.name, set.content);
    }
}
