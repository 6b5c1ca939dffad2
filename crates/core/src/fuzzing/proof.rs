//! A text is a note, a checkpoint, a key, a policy or a proof, or is refused with a code of its kind. What is read is
//! written as it was, and no text shows what was not signed.

use crate::error::ErrorCode;
use crate::key::KeyPair;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::inclusion::{Event, InclusionProof, verify_inclusion};
use crate::proof::note::{Key, Kind, Note};
use crate::proof::policy::Policy;

/// Judges a text as each of them.
///
/// # Panics
///
/// When a promise is broken.
pub fn proof(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_note(text);
    check_checkpoint(text);
    check_key(text);
    check_policy(text);
    check_proof(text);
}

/// Nobody else has it.
fn log() -> Key {
    Key::new("example.com/log", Kind::Log, KeyPair::from_seed(&[77; 32]).public()).expect("a key")
}

fn check_note(text: &str) {
    match Note::parse(text) {
        Ok(note) => {
            assert_eq!(note.to_string(), text, "a note has one form");
            let code = note.check(&[log()]).expect_err("nobody has signed").code;
            assert!(matches!(code, ErrorCode::NoteUntrusted | ErrorCode::NoteSignature), "{code}");
        }
        Err(error) => assert_eq!(error.code, ErrorCode::NoteMalformed),
    }
}

fn check_checkpoint(text: &str) {
    match Checkpoint::parse(text) {
        Ok(checkpoint) => assert_eq!(checkpoint.to_string(), text, "a checkpoint has one form"),
        Err(error) => assert_eq!(error.code, ErrorCode::CheckpointMalformed),
    }
}

fn check_key(text: &str) {
    match Key::parse(text) {
        Ok(key) => assert_eq!(Key::parse(&key.to_string()).expect("as printed"), key),
        Err(error) => assert_eq!(error.code, ErrorCode::NoteKey),
    }
}

fn check_policy(text: &str) {
    match Policy::parse(text) {
        Ok(policy) => {
            let again = text.replace('\n', "\n\n# a comment\n");
            assert_eq!(Policy::parse(&again).expect("with comments"), policy);
            let names = policy.logs().iter().chain(policy.witnesses()).map(|named| named.key.public());
            let keys: Vec<_> = names.collect();
            let logs = policy.logs().len();
            for (index, key) in keys.iter().enumerate() {
                let of_its_kind = if index < logs { &keys[..logs] } else { &keys[logs..] };
                assert_eq!(of_its_kind.iter().filter(|other| *other == key).count(), 1, "a key counts twice");
            }
        }
        Err(error) => assert_eq!(error.code, ErrorCode::PolicyMalformed),
    }
}

fn check_proof(text: &str) {
    if let Ok(proof) = InclusionProof::parse(text) {
        assert_eq!(proof.to_string(), text, "a proof has one form");
    }
    let policy = Policy::of_logs([log()]);
    for event in [Event::InExtra, Event::Line(text)] {
        let report = verify_inclusion(text, &policy, event, &[]);
        assert!(!report.ok && report.checkpoint.is_none() && !report.problems.is_empty());
    }
}
