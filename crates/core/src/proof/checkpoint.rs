//! Checkpoints: a log's tree at one size, as the text of a note (c2sp.org/tlog-checkpoint).
//!
//! ```text
//! example.com/ledger                               origin: which log
//! 20852163                                         size
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root, base64
//! ```
//!
//! Lines behind these, extensions, are kept and mean nothing here.

use super::base64;
use super::merkle::{self, MAX_SIZE};
use crate::error::{Error, ErrorCode, Result, excerpt};
use crate::hash::Hash;
use std::fmt;

/// What a log says of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// That of a tree with `size` leaves. [`ErrorCode::CheckpointOrigin`] unless `origin` can be one: see [`check_origin`].
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self> {
        check_origin(origin)?;
        if size > MAX_SIZE {
            return Err(Error::new(ErrorCode::OutOfRange, format!("a tree has at most {MAX_SIZE} leaves, not {size}")));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: Vec::new() })
    }

    /// Reads the text of a note, its last LF included: [`ErrorCode::CheckpointMalformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(text) = text.strip_suffix('\n') else { return Err(malformed("does not end with a line feed")) };
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(malformed("has fewer than three lines"));
        };
        if origin.is_empty() {
            return Err(malformed("has no origin"));
        }
        let Some(size) = decimal(size) else {
            return Err(malformed(&format!("has no size in its second line but {:?}", excerpt(size))));
        };
        let Some(root) = base64::decode_hash(root) else {
            return Err(malformed(&format!("has no root in its third line but {:?}", excerpt(root))));
        };
        let extensions: Vec<_> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(malformed("has an empty line"));
        }
        if size == 0 && root != merkle::empty_root() {
            return Err(malformed("has a root, and no leaves"));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// Which log it is about.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// What follows the root, line by line.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// The text of its note.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, base64::encode(self.root.as_bytes()))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Checks that a log may have this origin: [`ErrorCode::CheckpointOrigin`]. It is the name of the log's key too, so it has
/// neither spaces nor `+`, and it is to be told from other names by being a URL without a scheme: `example.com/ledger`.
/// At most 255 bytes.
pub fn check_origin(origin: &str) -> Result<()> {
    let refuse = |why: &str| {
        let message = format!("{:?} is no origin: {why}, as in example.com/ledger", excerpt(origin));
        Err(Error::new(ErrorCode::CheckpointOrigin, message))
    };
    let is_host = |host: &str| {
        let is_label =
            |label: &str| !label.is_empty() && label.chars().all(|c| c == '-' || c == '_' || c.is_alphanumeric());
        let (name, port) = host.split_once(':').unwrap_or((host, "0"));
        name.split('.').all(is_label) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    };
    if origin.contains("://") {
        return refuse("it is a URL without a scheme");
    }
    if origin.len() > 255 {
        return refuse("it has at most 255 bytes");
    }
    if origin.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return refuse("it has neither spaces nor +");
    }
    if !is_host(origin.split('/').next().unwrap_or_default()) || origin.ends_with('/') {
        return refuse("it is a host and a path");
    }
    Ok(())
}

/// A number of leaves: decimal, no sign, no zeros before it.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|size| is_plain && *size <= MAX_SIZE)
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorCode::CheckpointMalformed, format!("not a checkpoint: it {what}"))
}
