//! Where in a value the parser stands, for error texts such as `payload.items[3].price`.

use crate::error::excerpt;
use std::fmt::Write as _;
use std::ops::Range;

/// One step down: a member, by the place of its key in the source, or an array element.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Member(Range<usize>),
    Element(usize),
}

/// Bytes after which a path is not shown further: keys can be as long as a line.
const MAX_SHOWN: usize = 400;

/// The text of a path; keys that are not plain words stand in brackets, as they are spelled in the source.
pub(super) fn render(steps: &[Step], source: &str) -> String {
    let mut path = String::new();
    for step in steps {
        if path.len() > MAX_SHOWN {
            path.push_str("...");
            break;
        }
        match step {
            Step::Element(index) => {
                let _ = write!(path, "[{index}]");
            }
            Step::Member(range) => push_member(source.get(range.clone()).unwrap_or_default(), &mut path),
        }
    }
    path
}

/// The text of a path to a member whose key is given as it was written.
pub(super) fn render_member(steps: &[Step], source: &str, key: &[u8]) -> String {
    let mut path = render(steps, source);
    push_member(&String::from_utf8_lossy(key), &mut path);
    path
}

fn push_member(key: &str, path: &mut String) {
    let key = &excerpt(key);
    let plain = !key.is_empty() && key.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
    if !plain {
        let _ = write!(path, "[\"{key}\"]");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}
