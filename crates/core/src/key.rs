//! Ed25519 (RFC 8032): signing, and strict verification.
//!
//! A signature is accepted when S < L, A and R are canonical encodings of points that are not of small order, and
//! R = SB - kA without a cofactor. The first and last conditions are `ed25519-dalek`'s `verify_strict`; that A is
//! canonical (y < 2^255 - 19) is checked here, since decompression reduces y silently. Every step is deterministic,
//! so that no two verifiers disagree.

use crate::error::{Error, ErrorCode, Result};
use crate::hash::{Hash, decode_hex, encode_hex, hex_value};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::hazmat::{ExpandedSecretKey, raw_sign};
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::{Signature as DalekSignature, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha512};
use std::fmt;
use zeroize::Zeroizing;

/// Length of a seed, which is what a key file holds.
pub const SEED_LENGTH: usize = 32;

/// An Ed25519 key pair. The seed is wiped from memory when it is dropped, and printed nowhere.
pub struct KeyPair {
    signing: SigningKey,
    /// SHA-512 of the seed, which each signature needs (RFC 8032, section 5.1.6): always of `signing` and of nothing else,
    /// since a signature under another public key would give the secret away.
    expanded: ExpandedSecretKey,
    public: PublicKey,
}

impl KeyPair {
    /// A new key from the system's random source.
    pub fn generate() -> Result<Self> {
        let mut seed = Zeroizing::new([0; SEED_LENGTH]);
        getrandom::fill(seed.as_mut())
            .map_err(|error| Error::new(ErrorCode::KeyIo, format!("no randomness from the system: {error}")))?;
        Ok(Self::from_seed(&seed))
    }

    /// The key that 32 bytes of RFC 8032 secret key are.
    pub fn from_seed(seed: &[u8; SEED_LENGTH]) -> Self {
        let signing = SigningKey::from_bytes(seed);
        let expanded = ExpandedSecretKey::from(signing.as_bytes());
        let public = PublicKey(signing.verifying_key().to_bytes());
        Self { signing, expanded, public }
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs the 32 raw bytes of an event's hash.
    pub fn sign(&self, hash: &Hash) -> Signature {
        self.sign_bytes(hash.as_bytes())
    }

    /// Signs bytes that are no event's hash.
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Signature {
        Signature(raw_sign::<Sha512>(&self.expanded, message, self.signing.as_ref()).to_bytes())
    }

    /// Hashes that [`KeyPair::sign_all`] signs at once.
    pub(crate) const BLOCK: usize = 4;

    /// A signature of each hash, the same as [`KeyPair::sign`] makes. A sixth faster: an encoded point costs
    /// an inversion in the field, and that of a product serves all of its factors.
    pub(crate) fn sign_all(&self, hashes: &[Hash]) -> Vec<Signature> {
        let (blocks, rest) = hashes.as_chunks();
        blocks.iter().flat_map(|block| self.sign_block(block)).chain(rest.iter().map(|hash| self.sign(hash))).collect()
    }

    /// RFC 8032, section 5.1.6, step for step for all hashes:
    ///
    /// ```text
    /// r = SHA-512(prefix || M)    R = rB    k = SHA-512(R || A || M)    S = r + k s
    /// ```
    ///
    /// In constant time as each of the steps is; the secret `r` are wiped.
    fn sign_block(&self, hashes: &[Hash; Self::BLOCK]) -> [Signature; Self::BLOCK] {
        let scalar = |parts: [&[u8]; 3]| {
            Scalar::from_hash(parts.iter().fold(Sha512::new(), |hasher, part| hasher.chain_update(part)))
        };
        let nonces = Zeroizing::new(hashes.map(|hash| scalar([&self.expanded.hash_prefix, hash.as_bytes(), &[]])));
        let points = Zeroizing::new(nonces.map(|nonce| EdwardsPoint::mul_base(&nonce)));
        let commitments = EdwardsPoint::compress_batch(&points);
        let mut signatures = [Signature([0; 64]); Self::BLOCK];
        for (((signature, hash), nonce), commitment) in
            signatures.iter_mut().zip(hashes).zip(&*nonces).zip(&commitments)
        {
            let challenge = scalar([commitment.as_bytes(), self.public.as_bytes(), hash.as_bytes()]);
            #[expect(clippy::arithmetic_side_effects, reason = "modulo the order of the base point")]
            let response = nonce + challenge * self.expanded.scalar;
            *signature = Signature(DalekSignature::from_components(commitment.0, response.to_bytes()).to_bytes());
        }
        signatures
    }

    pub(crate) fn seed(&self) -> Zeroizing<[u8; SEED_LENGTH]> {
        Zeroizing::new(self.signing.to_bytes())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

/// 32 bytes that claim to be an Ed25519 public key; whether they are shows when a signature is checked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key that these bytes claim to be.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }

    /// Reads what a person hands over: 64 hex digits of either case, or a PEM file (`SubjectPublicKeyInfo`, RFC 8410).
    /// Refused unless it could verify a signature.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Error::new(ErrorCode::PublicKey, format!("not an Ed25519 public key: {why}"));
        let text = text.trim();
        let key = if text.starts_with("-----BEGIN") {
            let key = VerifyingKey::from_public_key_pem(text).map_err(|error| refuse(&error.to_string()))?;
            Self(key.to_bytes())
        } else {
            Self::from_hex(&text.to_ascii_lowercase()).ok_or_else(|| refuse("expected 64 hex digits or PEM"))?
        };
        match Verifier::new(&key) {
            Some(_) => Ok(key),
            None => Err(refuse("its bytes are no point that a strict verifier takes")),
        }
    }

    /// Eight groups of four hex digits for people to compare: the first 16 bytes of SHA-256 of the 32 bytes.
    pub fn fingerprint(&self) -> String {
        let digest = Hash::of(&self.0);
        let (groups, _) = digest.as_bytes().as_chunks::<2>();
        groups.iter().take(8).map(|group| encode_hex(group)).collect::<Vec<_>>().join("-")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex_value(deserializer).map(Self)
    }
}

/// A signature: R and S, 64 bytes, written as 128 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// The signature that these bytes are.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Reads 128 lower-case hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A public key made ready to check signatures.
pub struct Verifier(VerifyingKey);

impl Verifier {
    /// Nothing for bytes that strict verification refuses whatever the signature.
    pub fn new(key: &PublicKey) -> Option<Self> {
        let verifying = VerifyingKey::from_bytes(&key.0).ok()?;
        (is_canonical(&key.0) && !verifying.is_weak()).then_some(Self(verifying))
    }

    /// Checks a signature over some bytes, strictly.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.0.verify_strict(message, &DalekSignature::from_bytes(&signature.0)).is_ok()
    }
}

/// y < 2^255 - 19, the sign bit aside (RFC 8032, section 5.1.3).
fn is_canonical(encoded: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = encoded;
    *low < 0xed || high & 0x7f != 0x7f || middle.iter().any(|&byte| byte != 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> [u8; 32] {
        std::array::from_fn(|i| u8::try_from(i).unwrap())
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let pair = KeyPair::from_seed(&seed());
        let hash = Hash::of(b"event");
        let signature = pair.sign(&hash);
        let verifier = Verifier::new(&pair.public()).unwrap();
        assert!(verifier.verify(hash.as_bytes(), &signature));
        assert!(!verifier.verify(Hash::of(b"other").as_bytes(), &signature));
        let other = Verifier::new(&KeyPair::from_seed(&[7; 32]).public()).unwrap();
        assert!(!other.verify(hash.as_bytes(), &signature));
    }

    #[test]
    fn many_hashes_are_signed_as_each_is() {
        for number in 0..=u8::MAX {
            let pair = KeyPair::from_seed(&[number; SEED_LENGTH]);
            let hashes: Vec<Hash> = (0..number % 18).map(|other| Hash::of(&[number, other])).collect();
            let one_by_one: Vec<Signature> = hashes.iter().map(|hash| pair.sign(hash)).collect();
            assert_eq!(pair.sign_all(&hashes), one_by_one, "{number}");
        }
    }

    #[test]
    fn weak_and_non_canonical_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut non_canonical = [0xff; 32];
        non_canonical[0] = 0xee;
        non_canonical[31] = 0x7f;
        for bytes in [identity, non_canonical, [0; 32]] {
            assert!(Verifier::new(&PublicKey(bytes)).is_none());
        }
        assert!(!is_canonical(&non_canonical));
        let mut largest = [0xff; 32];
        largest[0] = 0xec;
        largest[31] = 0x7f;
        assert!(is_canonical(&largest));
    }

    #[test]
    fn public_keys_are_read_from_hex_and_pem() {
        let key = KeyPair::from_seed(&seed()).public();
        assert_eq!(key.to_string(), "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
        assert_eq!(PublicKey::parse(&format!(" {}\n", key.to_string().to_uppercase())).unwrap(), key);
        // Made with `openssl pkey -pubout` from the same seed.
        let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::parse(pem).unwrap(), key);
        assert_eq!(PublicKey::parse("abc").unwrap_err().code, ErrorCode::PublicKey);
        assert_eq!(key.fingerprint().len(), 39);
    }

    #[test]
    fn printing_a_key_pair_shows_the_public_half() {
        let pair = KeyPair::from_seed(&seed());
        assert_eq!(format!("{pair:?}"), format!("KeyPair({})", pair.public()));
    }
}
