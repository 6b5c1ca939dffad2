//! Compatible with Attesto's Proofstream (`ATTESTO-PROOFSTREAM-001`, version `0.1-alpha`): its commitments are made, and what
//! its service hands out is checked, by whoever does not trust the service.
//!
//! ```text
//! canonical(v)       = JSON without white space, keys by code point, strings as in a ledger, numbers as Python spells them
//! commitment(v)      = SHA-256( canonical(v) )
//! domain_hash(d, v)  = SHA-256( d || 0x00 || canonical(v) )
//!
//! event_hash         = domain_hash( attesto.v2.event,   envelope )
//! receipt_hash       = domain_hash( attesto.v2.receipt, payload of the receipt )
//! receipt signature  = Ed25519 over attesto.v2.receipt || 0x00 || canonical( payload of the receipt )
//! window leaf        = domain_hash( attesto.v2.window,  {"kind":"leaf", ...} )
//! window node        = domain_hash( attesto.v2.window,  {"kind":"node","left_hash":L,"right_hash":R} )
//! checkpoint node    = domain_hash( attesto.v2.checkpoint, the same ); its leaves are the hashes of windows
//! ```
//!
//! Hashes inside JSON are 64 lower-case hex digits. A node without a sibling is that of the level above. Each check takes JSON
//! text and gives a report: what is wrong is a problem. What the peer lets pass and this does not: docs/attesto.md.

pub mod anchor;
pub mod canonical;
pub mod checkpoint;
pub mod completeness;
pub mod event;
pub mod export;
pub mod inclusion;
pub mod receipt;
pub mod stream;
mod wire;

use crate::hash::Hash;

/// The protocol that envelopes, receipts and leaves name.
pub const PROTOCOL: &str = "ATTESTO-PROOFSTREAM-001";

/// Its version.
pub const PROTOCOL_VERSION: &str = "0.1-alpha";

/// Of the hash of an event's envelope.
pub const EVENT_DOMAIN: &str = "attesto.v2.event";
/// Of a receipt's hash and signature.
pub const RECEIPT_DOMAIN: &str = "attesto.v2.receipt";
/// Of the leaves and nodes of a window.
pub const WINDOW_DOMAIN: &str = "attesto.v2.window";
/// Of the nodes of a checkpoint.
pub const CHECKPOINT_DOMAIN: &str = "attesto.v2.checkpoint";

/// The hash of canonical JSON in a domain.
pub fn domain_hash(domain: &str, canonical: &[u8]) -> Hash {
    Hash::of(&message(domain, canonical))
}

/// What is hashed or signed in a domain.
fn message(domain: &str, canonical: &[u8]) -> Vec<u8> {
    [domain.as_bytes(), &[0], canonical].concat()
}

/// The node above two others, of a window or of a checkpoint.
fn node(domain: &str, left: &Hash, right: &Hash) -> Hash {
    domain_hash(domain, format!(r#"{{"kind":"node","left_hash":"{left}","right_hash":"{right}"}}"#).as_bytes())
}
