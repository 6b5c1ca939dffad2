//! What holds for any bytes: the entry point of the fuzzer `compressed` in `crates/core/fuzz`. It panics when a promise is
//! broken, not only where code would panic.
//!
//! The first byte chooses how the rest, a stream, comes in and is taken out.

#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a broken promise is a panic")]

use crate::{Decoder, Error, ErrorCode, Format};
use flate2::read::MultiGzDecoder;
use std::io::{self, ErrorKind, Read};

/// Contents beyond this many bytes are not looked at.
const MOST: u64 = 1 << 20;

/// Judges a stream: it has the same contents and the same end however it comes in, but for what comes out before data that
/// cannot be decoded; what is not compressed comes out as it went in; and what is taken for gzip, another reader of gzip
/// takes for the same.
///
/// # Panics
///
/// When a promise is broken.
pub fn compressed(data: &[u8]) {
    let Some((choice, stream)) = data.split_first() else { return };
    let (piece, room) = (1 + usize::from(choice & 0x0f) * 7, 1 + usize::from(choice >> 4) * 1000);
    let (contents, end, format) = decode(stream, usize::MAX, 1 << 16);
    let (other_contents, other_end, other_format) = decode(stream, piece, room);
    assert_eq!(format, other_format, "pieces of {piece} bytes are of another format");
    assert_eq!(end, other_end, "pieces of {piece} bytes end otherwise");
    if end.as_ref().is_some_and(|end| end.code == ErrorCode::Invalid) {
        let is_one = contents.starts_with(&other_contents) || other_contents.starts_with(&contents);
        assert!(is_one, "pieces of {piece} bytes have other contents before the error");
    } else {
        assert!(contents == other_contents, "pieces of {piece} bytes have other contents");
    }
    match format {
        Some(Format::Gzip) if end.is_none() => {
            let mut again = Vec::new();
            // Padding is an error to it.
            let _ = MultiGzDecoder::new(stream).read_to_end(&mut again);
            assert!(again == contents, "another reader has other contents");
        }
        Some(Format::None) => {
            assert!(stream.starts_with(&contents), "contents are not the stream");
            assert!(end.is_some_and(|end| end.code == ErrorCode::TooLarge) || contents.len() == stream.len());
        }
        _ => {}
    }
}

/// Contents, how they end, and the format.
fn decode(stream: &[u8], piece: usize, room: usize) -> (Vec<u8>, Option<Error>, Option<Format>) {
    let mut decoder = Decoder::new(Pieces { left: stream, piece, is_ready: false }, Some(MOST));
    let (mut contents, mut target) = (Vec::new(), vec![0; room]);
    let end = loop {
        match decoder.read(&mut target) {
            Ok(0) => break None,
            Ok(count) => contents.extend(target.get(..count).unwrap()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => break Some(Error::of(&error).unwrap_or_else(|| panic!("{error}")).clone()),
        }
    };
    assert!(contents.len() as u64 <= MOST, "more than the limit came out");
    let again = decoder.read(&mut target).map_err(|error| Error::of(&error).cloned());
    assert_eq!(again, end.clone().map_or(Ok(0), |end| Err(Some(end))), "the end is not the end");
    (contents, end, decoder.format())
}

/// Gives pieces, and has nothing ready before each of them.
struct Pieces<'a> {
    left: &'a [u8],
    piece: usize,
    is_ready: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.is_ready = !self.is_ready;
        if self.is_ready {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = target.len().min(self.piece);
        self.left.read(target.get_mut(..length).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_passes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/fuzz/corpus/compressed");
        let mut count = 0;
        for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| super::compressed(&bytes)) {
                eprintln!("replaying {}", path.display());
                std::panic::resume_unwind(panic);
            }
            count += 1;
        }
        assert!(count >= 10, "the corpus has {count} files");
    }
}
