//! Files that JavaScript reads.

use crate::{integer, number};
use sealwright_core::storage::{GivenFile, Source};
use std::io;
use std::sync::Arc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A file with random access.
    pub type JsFile;

    #[wasm_bindgen(method, getter)]
    fn name(this: &JsFile) -> String;

    #[wasm_bindgen(method, getter)]
    fn length(this: &JsFile) -> f64;

    /// Fills all of the buffer, which lies behind the offset and within the length, or throws why it cannot.
    #[wasm_bindgen(method, catch, js_name = readInto)]
    fn read_into(this: &JsFile, offset: f64, buffer: &mut [u8]) -> Result<(), JsValue>;
}

/// Files for the core.
pub(crate) fn given(files: Vec<JsFile>) -> Vec<GivenFile> {
    files
        .into_iter()
        .map(|file| GivenFile::new(file.name(), Arc::new(Given { length: integer(file.length()), file })))
        .collect()
}

struct Given {
    /// None if it has none that a file can have.
    length: Option<u64>,
    file: JsFile,
}

impl Source for Given {
    fn length(&self) -> io::Result<u64> {
        self.length.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length()?.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        let buffer = buffer.get_mut(..count).unwrap_or_default();
        if !buffer.is_empty() {
            let why = |thrown: JsValue| io::Error::other(thrown.as_string().unwrap_or_default());
            self.file.read_into(number(offset), buffer).map_err(why)?;
        }
        Ok(count)
    }
}
