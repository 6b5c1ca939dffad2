//! Sets of files: laid out as `vectors/README.md` says, and written.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The files of one folder.
pub(crate) struct Set {
    pub(crate) name: &'static str,
    /// What the files hold, for the person who runs this.
    pub(crate) content: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl Set {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, content: String::new(), files: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, file: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        let file = file.into();
        let before = self.files.insert(file.clone(), bytes.into());
        assert!(before.is_none(), "{}/{file} is made twice", self.name);
    }

    /// Brings the folder to this state and says what changed. Files of other kinds stay, so that a mistyped folder
    /// loses nothing that is not a vector.
    pub(crate) fn write(&self, parent: &Path) -> String {
        let folder = parent.join(self.name);
        fs::create_dir_all(&folder).unwrap();
        let (mut written, mut removed) = (0, 0);
        for (file, bytes) in &self.files {
            let path = folder.join(file);
            if fs::read(&path).ok().as_ref() != Some(bytes) {
                fs::write(&path, bytes).unwrap();
                written += 1;
            }
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let file = entry.file_name().into_string().unwrap_or_default();
            if is_vector(&file) && !self.files.contains_key(&file) {
                fs::remove_file(entry.path()).unwrap();
                removed += 1;
            }
        }
        format!("{written} files written, {removed} removed")
    }
}

fn is_vector(file: &str) -> bool {
    file == "expected.json" || Path::new(file).extension().is_some_and(|end| end == "ndjson" || end == "jsonl")
}

/// Compact JSON. The printer escapes strings as the canonical form does.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// One object a line.
pub(crate) fn json_lines<T: Serialize>(rows: &[T]) -> String {
    rows.iter().map(|row| to_json(row) + "\n").collect()
}

/// An object with one line a name.
pub(crate) fn json_object(entries: &BTreeMap<String, String>) -> String {
    let mut text = String::from("{");
    for (index, (name, value)) in entries.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(text, "{comma}\n{}:{value}", to_json(name)).unwrap();
    }
    text + "\n}\n"
}
