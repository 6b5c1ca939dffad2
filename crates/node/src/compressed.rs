//! Compressed streams, decoded on pool threads.
//!
//! JavaScript hands over a piece, takes contents until there are none, and hands over the next. Between two calls no
//! thread waits, and what is held is one piece, what a decoder needs, and nothing of the contents.

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
    state: Arc<Mutex<Option<State>>>,
}

struct State {
    decoder: Decoder<Inlet>,
    /// The piece is used up, and so is what the decoder made of it.
    is_drained: bool,
}

/// The piece that is decoded.
#[derive(Default)]
struct Inlet {
    piece: Vec<u8>,
    used: usize,
    is_last: bool,
}

impl Read for Inlet {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.piece.get(self.used..).unwrap_or_default().read(target)?;
        self.used = self.used.saturating_add(count);
        if count == 0 && !self.is_last {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(count)
    }
}

#[napi]
impl NativeDecoder {
    /// Before the first piece.
    #[napi(constructor, catch_unwind)]
    pub fn new(max_bytes: Option<f64>) -> Result<Self> {
        let decoder = Decoder::new(Inlet::default(), max_bytes.map(integer).transpose()?);
        Ok(Self { state: Arc::new(Mutex::new(Some(State { decoder, is_drained: true }))) })
    }

    /// Hands over the next piece; none is the end. The one before must be drained.
    #[napi(catch_unwind)]
    pub fn push(&self, piece: Option<Uint8Array>) -> Result<()> {
        let mut state = lock(&self.state);
        let state = state.as_mut().ok_or_else(|| misuse("a decoder that is closed"))?;
        let is_last = piece.is_none();
        let piece = piece.map(|piece| piece.to_vec()).unwrap_or_default();
        *state.decoder.reader_mut() = Inlet { piece, used: 0, is_last };
        state.is_drained = false;
        Ok(())
    }

    /// The next contents, on a pool thread; may be empty.
    #[napi(catch_unwind, ts_return_type = "Promise<Buffer>")]
    pub fn next(&self) -> AsyncTask<Work> {
        let state = Arc::clone(&self.state);
        let decode = move || lock(&state).as_mut().map_or(Ok(Vec::new()), next_block);
        Work::start_with(decode, |_, block| Ok(Buffer::from(block)))
    }

    /// Nothing comes before another piece is handed over.
    #[napi(getter, catch_unwind)]
    pub fn is_drained(&self) -> bool {
        lock(&self.state).as_ref().is_none_or(|state| state.is_drained)
    }

    /// What the stream is, as soon as it is known.
    #[napi(getter, catch_unwind, ts_return_type = "'none' | 'gzip' | 'zstd' | null")]
    pub fn format(&self) -> Option<&'static str> {
        lock(&self.state).as_ref().and_then(|state| state.decoder.format()).map(Format::name)
    }

    /// Lets go of everything.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        *lock(&self.state) = None;
    }
}

fn next_block(state: &mut State) -> Result<Vec<u8>> {
    let mut block = Vec::new();
    let mut length = 0_usize;
    while length < LARGEST_BLOCK {
        if length == block.len() {
            block.resize(length.saturating_mul(2).max(SMALLEST_BLOCK), 0);
        }
        match state.decoder.read(block.get_mut(length..).unwrap_or_default()) {
            Ok(0) => {
                state.is_drained = true;
                break;
            }
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                state.is_drained = true;
                break;
            }
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

fn lock(state: &Mutex<Option<State>>) -> MutexGuard<'_, Option<State>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
