//! Reading `vectors/`, or the folder that SEALWRIGHT_VECTORS names in its place.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn folder(set: &str) -> PathBuf {
    let vectors = std::env::var_os("SEALWRIGHT_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors"), PathBuf::from);
    vectors.join(set)
}

pub(crate) fn json_lines(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder(path)).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty(), "{path} is empty");
    lines
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}
