//! Compressed streams, decoded on pool threads.
//!
//! JavaScript hands over a piece, takes contents until there are none, and hands over the next. Between two calls no
//! thread waits, and what is held is one piece and what a decoder needs, nothing of the contents.

use crate::failure::{misuse, of_ledger};
use crate::task::Work;
use crate::text::integer;
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi_derive::napi;
use sealwright_compress::{Decoder, Error, Format};
use sealwright_core::ErrorCode as CoreCode;
use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes that one call gives at most.
const LARGEST_BLOCK: usize = 1 << 20;
/// Bytes that it makes room for at first.
const SMALLEST_BLOCK: usize = 1 << 16;

/// Decodes what comes in pieces.
#[napi]
pub struct NativeDecoder {
    decoder: Arc<Mutex<Option<Decoder<Inlet>>>>,
}

/// The piece that is decoded.
#[derive(Default)]
struct Inlet {
    piece: Vec<u8>,
    used: usize,
    is_end: bool,
}

impl Read for Inlet {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.get(self.used..).unwrap_or_default().read(target)?;
        self.used = self.used.saturating_add(count);
        if count == 0 && !self.is_end { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }
}

#[napi]
impl NativeDecoder {
    /// Before the first piece.
    #[napi(constructor, catch_unwind)]
    pub fn new(max_bytes: Option<f64>) -> Result<Self> {
        let decoder = Decoder::new(Inlet::default(), max_bytes.map(integer).transpose()?);
        Ok(Self { decoder: Arc::new(Mutex::new(Some(decoder))) })
    }

    /// The next contents, on a pool thread: of a piece, the empty one being the end, or of the one before, until there are
    /// none. Only then may another one be given.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn next(&self, piece: Option<Uint8Array>) -> AsyncTask<Work> {
        let decoder = Arc::clone(&self.decoder);
        let inlet = piece.map(|piece| Inlet { piece: piece.to_vec(), used: 0, is_end: piece.is_empty() });
        let decode = move || {
            let mut decoder = lock(&decoder);
            let decoder = decoder.as_mut().ok_or_else(|| misuse("a decoder that is closed"))?;
            if let Some(inlet) = inlet {
                *decoder.reader_mut() = inlet;
            }
            next_block(decoder)
        };
        Work::start_with(decode, |_, block| Ok(Buffer::from(block)))
    }

    /// What the stream is, as soon as it is known.
    #[napi(getter, catch_unwind, ts_return_type = "'none' | 'gzip' | 'zstd' | null")]
    pub fn format(&self) -> Option<&'static str> {
        lock(&self.decoder).as_ref().and_then(Decoder::format).map(Format::name)
    }

    /// Lets go of everything.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        *lock(&self.decoder) = None;
    }
}

fn next_block(decoder: &mut Decoder<Inlet>) -> Result<Vec<u8>> {
    let mut block = Vec::new();
    let mut length = 0_usize;
    while length < LARGEST_BLOCK {
        if length == block.len() {
            block.resize(length.saturating_mul(2).max(SMALLEST_BLOCK), 0);
        }
        match decoder.read(block.get_mut(length..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // The contents before it come first; it stays.
            Err(_) if length > 0 => break,
            Err(error) => return Err(refused(&error)),
        }
    }
    block.truncate(length);
    block.shrink_to_fit();
    Ok(block)
}

fn refused(error: &io::Error) -> napi::Error {
    let code = Error::of(error).map_or(CoreCode::Internal.code(), |error| error.code.code());
    of_ledger(code, &error.to_string())
}

fn lock(decoder: &Mutex<Option<Decoder<Inlet>>>) -> MutexGuard<'_, Option<Decoder<Inlet>>> {
    decoder.lock().unwrap_or_else(PoisonError::into_inner)
}
