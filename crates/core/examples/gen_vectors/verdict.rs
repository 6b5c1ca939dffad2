//! What is asked of the verifier, and what it answers.

use crate::forge::Signer;
use sealwright_core::chain::Head;
use sealwright_core::event::EventSet;
use sealwright_core::hash::Hash;
use sealwright_core::key::PublicKey;
use sealwright_core::verify::{Options, Report, SignatureMode, Spelling, Verdict, Verifier};
use serde::Serialize;

/// The `options` of a vector: those that are given.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    #[serde(skip_serializing_if = "Option::is_none")]
    signers: Option<Vec<PublicKey>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_head: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_first: Option<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_after: Option<Head>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<SignatureMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spelling: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_line_bytes: Option<usize>,
}

pub(crate) fn none() -> Asked {
    Asked::default()
}

/// Signers: K1.
pub(crate) fn pinned() -> Asked {
    none().signers(&[Signer::K1.public()])
}

/// Events: core.
pub(crate) fn core() -> Asked {
    none().events(EventSet::Core)
}

/// Spelling: exact.
pub(crate) fn exact() -> Asked {
    none().exact()
}

/// Signatures: last.
pub(crate) fn last() -> Asked {
    none().last()
}

impl Asked {
    pub(crate) fn signers(self, keys: &[PublicKey]) -> Self {
        Self { signers: Some(keys.to_vec()), ..self }
    }

    pub(crate) fn head(self, head: Head) -> Self {
        Self { expected_head: Some(head), ..self }
    }

    pub(crate) fn first(self, hash: Hash) -> Self {
        Self { expected_first: Some(hash), ..self }
    }

    pub(crate) fn after(self, head: Head) -> Self {
        Self { start_after: Some(head), ..self }
    }

    pub(crate) fn last(self) -> Self {
        Self { signatures: Some(SignatureMode::Last), ..self }
    }

    pub(crate) fn events(self, events: EventSet) -> Self {
        Self { events: Some(events), ..self }
    }

    pub(crate) fn exact(self) -> Self {
        Self { spelling: Some("exact"), ..self }
    }

    pub(crate) fn limit(self, max_line_bytes: usize) -> Self {
        Self { max_line_bytes: Some(max_line_bytes), ..self }
    }

    fn options(&self) -> Options {
        let default = Options::default();
        Options {
            signers: self.signers.clone().unwrap_or_default(),
            expected_head: self.expected_head,
            expected_first: self.expected_first,
            start_after: self.start_after,
            signatures: self.signatures.unwrap_or_default(),
            events: self.events.unwrap_or(default.events),
            spelling: if self.spelling.is_some() { Spelling::Exact } else { Spelling::Any },
            max_line_bytes: self.max_line_bytes.unwrap_or(default.max_line_bytes),
        }
    }
}

/// What is stated by hand about a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stated {
    pub(crate) class: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) line: Option<usize>,
    /// Bytes of the tail.
    pub(crate) tail: Option<u64>,
}

const fn stated(class: &'static str, code: Option<&'static str>, line: Option<usize>) -> Stated {
    Stated { class, code, line, tail: None }
}

pub(crate) const VERIFIED: Stated = stated("verified", None, None);
pub(crate) const INTACT: Stated = stated("intact", None, None);
pub(crate) const EMPTY: Stated = stated("empty", None, None);

pub(crate) const fn broken(code: &'static str, line: usize) -> Stated {
    stated("broken", Some(code), Some(line))
}

/// Broken by what is missing at the end.
pub(crate) const fn broken_at_end(code: &'static str) -> Stated {
    stated("broken", Some(code), None)
}

pub(crate) const fn malformed(line: usize) -> Stated {
    stated("error", Some("ERR_LEDGER_MALFORMED"), Some(line))
}

pub(crate) const fn too_deep(line: usize) -> Stated {
    stated("error", Some("ERR_DEPTH_EXCEEDED"), Some(line))
}

pub(crate) const fn too_long(line: usize) -> Stated {
    stated("error", Some("ERR_LINE_TOO_LONG"), Some(line))
}

impl Stated {
    pub(crate) const fn with_tail(self, bytes: u64) -> Self {
        Self { tail: Some(bytes), ..self }
    }
}

/// What the library says.
pub(crate) struct Found {
    pub(crate) stated: Stated,
    pub(crate) byte_offset: Option<u64>,
    /// Of an error, the report of the lines before.
    pub(crate) report: Report,
}

/// Verifies, and insists on what is stated.
pub(crate) fn verify(name: &str, ledger: &[u8], asked: &Asked, stated: Stated) -> Found {
    let mut verifier = Verifier::new(&asked.options());
    verifier.push(ledger);
    let found = match verifier.finish() {
        Ok(report) => {
            let (class, code) = (class(report.verdict), report.code.map(|code| code.code()));
            let tail = report.tail.map(|tail| tail.bytes);
            let stated = Stated { class, code, line: report.line.map(to_usize), tail };
            Found { stated, byte_offset: report.byte_offset, report }
        }
        Err(error) => {
            let (code, place) = (error.code.code(), error.place.unwrap());
            let stated = Stated { class: "error", code: Some(code), line: Some(to_usize(place.line)), tail: None };
            Found { stated, byte_offset: Some(place.byte_offset), report: *error.report.unwrap() }
        }
    };
    assert_eq!(found.stated, stated, "{name}: found, and stated");
    found
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::Intact => "intact",
        Verdict::Broken => "broken",
        Verdict::Empty => "empty",
    }
}

fn to_usize(line: u64) -> usize {
    usize::try_from(line).unwrap()
}
