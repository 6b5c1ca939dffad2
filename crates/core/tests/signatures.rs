//! Tables of multiples against the strict verifier, which they have to agree with on every signature: good ones, and
//! those that someone would make who knows how they work. The last test is of a ledger long enough for them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use sealwright_core::comb::{KeyTable, Width};
use sealwright_core::event::Event;
use sealwright_core::hash::Hash;
use sealwright_core::key::{KeyPair, PublicKey, Signature, Verifier};
use sealwright_core::verify::{Options, verify_lines};
use sealwright_core::{FaultCode, seal};
use sha2::{Digest as _, Sha512};

/// L, as bytes; no scalar holds it.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Numbers that only the seed decides.
struct Random {
    seed: u64,
    count: u64,
}

impl Random {
    fn bytes(&mut self) -> [u8; 64] {
        self.count += 1;
        Sha512::new_with_prefix(self.seed.to_le_bytes()).chain_update(self.count.to_le_bytes()).finalize().into()
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(u32::from_le_bytes(self.bytes()[..4].try_into().unwrap())).unwrap() % limit
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.bytes())
    }
}

/// A = [a]B + T, where T is of small order or neutral.
struct Signer {
    secret: Scalar,
    public: [u8; 32],
}

#[derive(Clone)]
struct Signed {
    message: Vec<u8>,
    r: [u8; 32],
    s: [u8; 32],
}

impl Signer {
    fn new(random: &mut Random, torsion: usize) -> Self {
        let secret = random.scalar();
        let public = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[torsion]).compress().to_bytes();
        Self { secret, public }
    }

    /// R = [nonce]B + T, S = nonce + k a: it holds if kT of the key and T of R cancel out.
    fn sign(&self, message: &[u8], nonce: Scalar, torsion: usize) -> Signed {
        let r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[torsion]).compress().to_bytes();
        self.sign_under(message, nonce, r)
    }

    fn sign_under(&self, message: &[u8], nonce: Scalar, r: [u8; 32]) -> Signed {
        let digest = Sha512::new_with_prefix(r).chain_update(self.public).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&digest.into());
        Signed { message: message.to_vec(), r, s: (nonce + k * self.secret).to_bytes() }
    }
}

fn plus_l(s: [u8; 32]) -> [u8; 32] {
    let mut carry = 0;
    std::array::from_fn(|place| {
        carry += u16::from(s[place]) + u16::from(L[place]);
        let [low, high] = carry.to_le_bytes();
        carry = u16::from(high);
        low
    })
}

fn flip(bytes: &mut [u8], random: &mut Random) {
    let bit = random.below(bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// The neutral point in its three encodings that are not canonical, and others of y = p and above.
fn not_canonical(random: &mut Random) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = [0xee, 0xed, 0xf0, 0xff][random.below(4)];
    bytes[31] = [0x7f, 0xff][random.below(2)];
    if random.below(4) == 0 {
        bytes = [0; 32];
        bytes[0] = 1;
        bytes[31] = 0x80;
    }
    bytes
}

/// One signature, good or bad in one of the ways above.
fn case(signer: &Signer, random: &mut Random) -> Signed {
    let message = random.bytes()[..random.below(65)].to_vec();
    let nonce = random.scalar();
    let torsion = random.below(8);
    let small = EIGHT_TORSION[torsion].compress().to_bytes();
    let mut signed = signer.sign(&message, nonce, 0);
    match random.below(20) {
        0 => flip(&mut signed.r, random),
        1 => flip(&mut signed.s, random),
        2 => signed.message.push(0),
        3 => signed.s = plus_l(signed.s),
        4 => signed.s = [[0; 32], [0xff; 32], L, (-Scalar::ONE).to_bytes()][random.below(4)],
        5 => signed.r[31] ^= 0x80,
        6 => signed.s = (-Scalar::from_canonical_bytes(signed.s).unwrap()).to_bytes(),
        7 => signed.r = small,
        8 => return signer.sign(&message, Scalar::ZERO, torsion),
        9 => return signer.sign_under(&message, Scalar::ZERO, not_canonical(random)),
        10 => return signer.sign_under(&message, nonce, not_canonical(random)),
        11..=13 => return signer.sign(&message, nonce, torsion),
        _ => {}
    }
    signed
}

fn signature(signed: &Signed) -> Signature {
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&signed.r);
    bytes[32..].copy_from_slice(&signed.s);
    Signature::from_bytes(bytes)
}

/// How many were judged, and how many of them hold.
fn compare(seed: u64, width: Width, count: usize) -> [usize; 2] {
    let mut random = Random { seed, count: 0 };
    let torsion = if seed.is_multiple_of(2) { 0 } else { random.below(8) };
    let signer = Signer::new(&mut random, torsion);
    let key = PublicKey::from_bytes(signer.public);
    let (verifier, table) = (Verifier::new(&key).unwrap(), KeyTable::new(&key, width).unwrap());
    let cases: Vec<_> = (0..count).map(|_| case(&signer, &mut random)).collect();
    let signed: Vec<_> = cases.iter().map(|signed| (signed.message.as_slice(), signature(signed))).collect();
    let mut judged = [0, 0];
    let mut rest = signed.as_slice();
    while !rest.is_empty() {
        let (part, behind) = rest.split_at((1 + random.below(40)).min(rest.len()));
        rest = behind;
        let found = table.hold(part.iter().map(|(message, signature)| (*message, signature)));
        assert_eq!(found.len(), part.len());
        for ((message, signature), found) in part.iter().zip(found) {
            let expected = verifier.verify(message, signature);
            assert_eq!(found, expected, "seed {seed}, {key}, {}, {message:?}", signature);
            judged[0] += 1;
            judged[1] += usize::from(expected);
        }
    }
    judged
}

/// SEALWRIGHT_SIGNATURE_KEYS for more than the 24 keys of every run, 200 signatures each.
#[test]
fn tables_agree_with_the_strict_verifier() {
    let keys = std::env::var("SEALWRIGHT_SIGNATURE_KEYS").map_or(24, |keys| keys.parse().unwrap());
    let (mut judged, mut hold) = (0, 0);
    for seed in 0..keys {
        let width = if seed % 12 < 10 { Width::Small } else { Width::Large };
        let [more, more_hold] = compare(seed, width, 200);
        judged += more;
        hold += more_hold;
    }
    println!("{judged} signatures, {hold} of them hold");
    assert!(judged / 8 < hold && hold < judged / 2, "{hold} of {judged} hold");
}

/// A key that one of them takes and the other refuses would be a disagreement about all its signatures.
#[test]
fn keys_are_refused_alike() {
    let mut random = Random { seed: 0, count: 0 };
    let small = EIGHT_TORSION.map(|point| point.compress().to_bytes());
    let mut keys: Vec<[u8; 32]> = small.into_iter().chain((0..20).map(|_| not_canonical(&mut random))).collect();
    let good = Signer::new(&mut random, 3).public;
    keys.extend((0..40).map(|_| {
        let mut key = good;
        flip(&mut key, &mut random);
        key
    }));
    let mut taken = 0;
    for key in keys.iter().map(|key| PublicKey::from_bytes(*key)) {
        let table = KeyTable::new(&key, Width::Small);
        assert_eq!(table.is_some(), Verifier::new(&key).is_some(), "{key}");
        taken += usize::from(table.is_some());
    }
    assert!((5..40).contains(&taken), "{taken}");
}

/// Two signers by turns, so many events that each has a table.
#[test]
fn a_long_ledger_is_judged_line_by_line() {
    let pairs = [1, 2].map(|seed| KeyPair::from_seed(&[seed; 32]));
    let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#).unwrap();
    let mut parent = Hash::GENESIS;
    let good: Vec<String> = (0..800_u64)
        .map(|seq| {
            let line = seal::seal(&event, parent, seq, 1, &pairs[usize::from(seq % 3 == 0)]).unwrap();
            parent = Hash::from_hex(field(&line, "self_hash")).unwrap();
            line
        })
        .collect();
    let report = |lines: &[String]| verify_lines(lines.iter().map(String::as_str), &Options::default()).unwrap();
    let whole = report(&good);
    assert!(whole.ok && whole.event_count == 800 && whole.checks.signatures.checked == 800);
    for (place, digit) in [(0, 0), (450, 7), (611, 63), (612, 64), (799, 100)] {
        let mut lines = good.clone();
        let signature = field(&good[place], "signature");
        let other = if &signature[digit..=digit] == "0" { "1" } else { "0" };
        let bad = [&signature[..digit], other, &signature[digit + 1..]].concat();
        lines[place] = good[place].replace(signature, &bad);
        let broken = report(&lines);
        assert_eq!((broken.code, broken.broken_at), (Some(FaultCode::BadSignature), Some(place as u64)));
        assert_eq!(broken.checks.signatures.checked, place as u64);
    }
}

fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let (_, behind) = line.split_once(&format!("\"{name}\":\"")).unwrap();
    behind.split_once('"').unwrap().0
}
