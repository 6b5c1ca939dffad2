//! A key file is 32 bytes that only their owner may read. Writing one and reading it gives the same key.

use super::choices::Choices;
use crate::error::ErrorCode;
use crate::hash::{Hash, decode_hex, encode_hex};
use crate::key::{KeyPair, PublicKey, SEED_LENGTH, Signature};
use crate::keyfile as files;
use std::fs;
use std::path::Path;

/// Judges a file as a key, and a text as a public key. The first byte chooses the mode of the file.
///
/// # Panics
///
/// When a promise is broken.
pub fn keyfile(data: &[u8]) {
    let mut choices = Choices::new(data);
    let mode = choices.byte();
    let content = choices.rest();
    check_public_key(content);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("given");
    fs::write(&path, content).expect("a file");
    let is_private = set_mode(&path, mode);
    let strict = files::load(&path, false);
    let lax = files::load(&path, true);
    match &lax {
        Ok(key) => {
            let seed: [u8; SEED_LENGTH] = content.try_into().expect("a key of another length");
            assert_eq!(key.public(), KeyPair::from_seed(&seed).public(), "another key than the file's");
            check_saved(key, content, &folder.path().join("folder/saved"));
        }
        Err(error) => {
            assert_ne!(content.len(), SEED_LENGTH, "a key is refused: {error:?}");
            assert_eq!(error.code, ErrorCode::KeyLength);
        }
    }
    match strict {
        Ok(key) => assert!(is_private && key.public() == lax.expect("accepted before").public()),
        Err(error) if is_private => assert_eq!(error.code, ErrorCode::KeyLength),
        Err(error) => assert_eq!(error.code, ErrorCode::KeyPermissions),
    }
    assert_eq!(fs::read(&path).expect("the file"), content, "reading changed the file");
}

fn check_saved(key: &KeyPair, content: &[u8], path: &Path) {
    files::save(key, path).expect("a new file");
    assert_eq!(fs::read(path).expect("the file"), content, "the file is not the seed");
    let (loaded, created) = files::load_or_create(path, true, false).expect("a file of ours");
    assert!(!created && loaded.public() == key.public());
    let hash = Hash::of(content);
    assert_eq!(loaded.sign(&hash), key.sign(&hash), "the same key signs otherwise");
    let other = KeyPair::from_seed(&[7; SEED_LENGTH]);
    assert_eq!(files::save(&other, path).expect_err("the path is taken").code, ErrorCode::KeyExists);
    assert_eq!(fs::read(path).expect("the file"), content, "a key was replaced");
    let folder = path.parent().expect("a folder");
    assert_eq!(fs::read_dir(folder).expect("the folder").count(), 1, "a temporary file stays");
}

fn check_public_key(content: &[u8]) {
    let Ok(text) = std::str::from_utf8(content) else { return };
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(PublicKey::parse(&key.to_string()).expect("as printed"), key);
        assert_eq!(PublicKey::from_hex(&key.to_string()), Some(key));
    }
    if let Some(bytes) = decode_hex::<32>(text) {
        assert_eq!(encode_hex(&bytes), text, "hex has one form");
    }
    if let Some(signature) = Signature::from_hex(text) {
        assert_eq!(signature.to_string(), text);
    }
}

/// Gives the file a mode that its owner can read. True if nobody else can.
#[cfg(unix)]
fn set_mode(path: &Path, choice: u8) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = 0o400 | u32::from(choice & 0o277);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    mode & 0o077 == 0
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _choice: u8) -> bool {
    true
}
