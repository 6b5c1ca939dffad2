//! Key pairs: the seed stays on this side. Nobody signs without one, so making one asks for the self-test.

use crate::failure::{misuse, self_tested, throw};
use crate::list::List;
use napi::Result;
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use sealwright_core::key::{KeyPair, PublicKey};
use sealwright_core::statement::{self, Kind};
use sealwright_core::{Error as CoreError, ErrorCode, keyfile};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// An Ed25519 key pair.
#[napi]
pub struct NativeKey {
    pub(crate) pair: Arc<KeyPair>,
    created: bool,
}

#[napi]
impl NativeKey {
    /// A new key.
    #[napi(factory, catch_unwind)]
    pub fn generate() -> Result<Self> {
        self_tested()?;
        Ok(Self::of(KeyPair::generate().map_err(|error| throw(&error))?, false))
    }

    /// The key of a 32-byte seed.
    #[napi(factory, catch_unwind)]
    pub fn from_seed(seed: Uint8Array) -> Result<Self> {
        self_tested()?;
        let seed: &[u8; 32] = seed.as_ref().try_into().map_err(|_| {
            let message = format!("a seed has exactly 32 bytes, found {}", seed.len());
            throw(&CoreError::new(ErrorCode::KeyLength, message))
        })?;
        let seed = Zeroizing::new(*seed);
        Ok(Self::of(KeyPair::from_seed(&seed), false))
    }

    /// The key in a file.
    #[napi(factory, catch_unwind)]
    pub fn load(path: String, allow_insecure_permissions: bool) -> Result<Self> {
        self_tested()?;
        let pair = keyfile::load(Path::new(&path), allow_insecure_permissions).map_err(|error| throw(&error))?;
        Ok(Self::of(pair, false))
    }

    /// The key in a file; makes one if there is none and `create` is set.
    #[napi(factory, catch_unwind)]
    pub fn load_or_create(path: String, create: bool, allow_insecure_permissions: bool) -> Result<Self> {
        self_tested()?;
        let (pair, created) = keyfile::load_or_create(Path::new(&path), create, allow_insecure_permissions)
            .map_err(|error| throw(&error))?;
        Ok(Self::of(pair, created))
    }

    /// Writes the key to a new file.
    #[napi(catch_unwind)]
    pub fn save(&self, path: String) -> Result<()> {
        keyfile::save(&self.pair, Path::new(&path)).map_err(|error| throw(&error))
    }

    /// True when [`Self::load_or_create`] made the key.
    #[napi(getter, catch_unwind)]
    pub fn created(&self) -> bool {
        self.created
    }

    /// 64 hex digits.
    #[napi(getter, catch_unwind)]
    pub fn public_key_hex(&self) -> String {
        self.pair.public().to_string()
    }

    /// Eight groups of four hex digits.
    #[napi(getter, catch_unwind)]
    pub fn fingerprint(&self) -> String {
        self.pair.public().fingerprint()
    }

    /// Signs the record of a verification, a JSON object; gives its document. Nothing else can be signed through this.
    #[napi(catch_unwind)]
    pub fn sign_verification_record(&self, record: String) -> Result<String> {
        statement::sign(Kind::VerificationRecord, &record, &self.pair).map_err(|error| throw(&error))
    }

    fn of(pair: KeyPair, created: bool) -> Self {
        Self { pair: Arc::new(pair), created }
    }
}

/// The short form of a public key that people compare.
#[napi(catch_unwind)]
pub fn public_key_fingerprint(text: String) -> Result<String> {
    PublicKey::parse(&text).map(|key| key.fingerprint()).map_err(|error| throw(&error))
}

/// Hex or PEM text to 64 lower-case hex digits.
#[napi(catch_unwind)]
pub fn parse_public_key(text: String) -> Result<String> {
    PublicKey::parse(&text).map(|key| key.to_string()).map_err(|error| throw(&error))
}

/// Checks the document of a verification's record; gives the public key that signed it, and the record as canonical JSON.
/// Without signers anybody may have.
#[napi(catch_unwind)]
pub fn check_verification_record(
    document: String,
    #[napi(ts_arg_type = "Array<string>")] signers: List<String>,
) -> Result<Vec<String>> {
    self_tested()?;
    let signers: Option<Vec<_>> = signers.iter().map(|key| PublicKey::from_hex(key)).collect();
    let signers = signers.ok_or_else(|| misuse("a signer has 64 lower-case hex digits"))?;
    let signed = statement::check(Kind::VerificationRecord, &document, &signers).map_err(|error| throw(&error))?;
    Ok(vec![signed.public_key.to_string(), signed.statement])
}
