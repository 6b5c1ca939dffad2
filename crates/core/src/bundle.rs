//! Lines of a ledger as elements of a JSON array for people: what the Provedex command line's `export` makes.
//!
//! ```text
//! {
//!   "schema_version": 1,
//!   …
//!   "events": [
//!     {
//!       "seq": 0,
//! ```
//!
//! Every value stays what it is: keys keep their order, and numbers are not read.

use crate::error::{Error, ErrorCode, Place, Result};
use crate::json::{self, Keys, MAX_DEPTH};

/// Levels that an event is deep.
const INDENT: usize = 2;

/// The events of some whole lines, blank ones left out, each with the separator in front of it. `follows`: others stand
/// before them in the array. `start` is the place of the first byte.
///
/// Errors: [`ErrorCode::LedgerMalformed`] or [`ErrorCode::DepthExceeded`], with the place, for a line that is no JSON
/// object; an object with a key twice is one, and keeps both.
pub fn events(lines: &[u8], mut follows: bool, start: Place) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(lines.len().saturating_mul(2));
    let mut written = Vec::new();
    let mut place = start;
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        if !line.iter().all(u8::is_ascii_whitespace) {
            written.clear();
            let text = std::str::from_utf8(line).map_err(|_| malformed(place, "it is not UTF-8"))?;
            json::transcode(text, Keys::AsGiven, MAX_DEPTH, &mut written)
                .map_err(|error| Error { place: Some(place), ..Error::from(error) })
                .map_err(of_ledger)?;
            let text = std::str::from_utf8(&written).map_err(|_| malformed(place, "it is not UTF-8"))?;
            if !text.starts_with('{') {
                return Err(malformed(place, "it is no JSON object"));
            }
            out.extend_from_slice(if follows { b",\n    " } else { b"\n    " });
            json::pretty(text, INDENT, &mut out);
            follows = true;
        }
        place.line = place.line.saturating_add(1);
        place.byte_offset = place.byte_offset.saturating_add(crate::limits::as_u64(line.len()));
    }
    Ok(out)
}

/// A flaw of JSON in a ledger: the ledger is malformed, unless it is too deep.
fn of_ledger(error: Error) -> Error {
    match error.code {
        ErrorCode::DepthExceeded => error,
        _ => Error { code: ErrorCode::LedgerMalformed, path: None, ..error },
    }
}

fn malformed(place: Place, why: &str) -> Error {
    Error { place: Some(place), ..Error::new(ErrorCode::LedgerMalformed, format!("line {}: {why}", place.line)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Place = Place { line: 1, byte_offset: 0 };

    #[test]
    fn lines_become_elements() {
        let lines = b"{\"b\":1.50,\"a\":18446744073709551615}\r\n \n{\"a\":{\"x\":1,\"x\":2}}";
        let expected = "\n    {\n      \"b\": 1.5,\n      \"a\": 18446744073709551615\n    },\n    {\n      \"a\": {\n        \"x\": 1,\n        \"x\": 2\n      }\n    }";
        assert_eq!(String::from_utf8(events(lines, false, START).unwrap()).unwrap(), expected);
        assert_eq!(events(b"{}\n", true, START).unwrap(), b",\n    {}");
        assert_eq!(events(b"\n", true, START).unwrap(), b"");
    }

    #[test]
    fn a_line_that_is_no_object_is_named() {
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        let cases: [(&[u8], ErrorCode); 4] = [
            (b"[1]\n", ErrorCode::LedgerMalformed),
            (b"{\"a\":1e400}\n", ErrorCode::LedgerMalformed),
            (b"{\"a\":\"\xff\"}\n", ErrorCode::LedgerMalformed),
            (deep.as_bytes(), ErrorCode::DepthExceeded),
        ];
        for (line, code) in cases {
            let error = events(&[b"{}\n", line].concat(), false, START).unwrap_err();
            assert_eq!((error.code, error.place), (code, Some(Place { line: 2, byte_offset: 3 })));
        }
    }
}
