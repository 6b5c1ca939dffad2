//! Why a compressed stream could not be read to its end.

use std::fmt;
use std::io;

macro_rules! codes {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// The stable code, the same in every binding; `docs/errors.md` explains it.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }
        }
    };
}

codes! {
    /// What is wrong.
    ErrorCode {
        /// The stream ends inside of a member or frame.
        Truncated = "ERR_COMPRESSED_TRUNCATED",
        /// Bytes that are not what the format says.
        Invalid = "ERR_COMPRESSED_INVALID",
        /// The contents do not have the checksum or the length that stands behind them.
        Checksum = "ERR_COMPRESSED_CHECKSUM",
        /// Bytes behind the last member or frame that begin none.
        Trailing = "ERR_COMPRESSED_TRAILING",
        /// A zstd frame that takes more memory than is given.
        Window = "ERR_COMPRESSED_WINDOW",
        /// A zstd frame that takes a dictionary.
        Dictionary = "ERR_COMPRESSED_DICTIONARY",
        /// Contents that are longer than the caller's limit.
        TooLarge = "ERR_COMPRESSED_TOO_LARGE",
        /// Contents so much longer than the stream that no ledger is.
        Ratio = "ERR_COMPRESSED_RATIO",
    }
}

/// What [`Decoder`](crate::Decoder) refuses; comes as the inner error of an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The stable code.
    pub code: ErrorCode,
    /// One sentence in lower case.
    pub message: String,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The error in what a read of a decoder gave; none if the reader below it failed.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
