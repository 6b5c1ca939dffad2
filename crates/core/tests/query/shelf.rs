//! Ledgers that are written line by line, so that their times and kinds, and their faults, can be chosen.

use sealwright_core::event::Event;
use sealwright_core::hash::{Hash, encode_hex};
use sealwright_core::query::{Granularity, ReadOptions, Reader};
use sealwright_core::{ErrorCode, Result, seal};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// Blocks of three events, however short the file is.
pub(crate) const FINE: Granularity = Granularity { block_events: 3, least_bytes: 1 };

const DIGEST: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// What an event is made of.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) kind: &'static str,
    pub(crate) session: String,
    pub(crate) time: u64,
}

impl Given {
    pub(crate) fn ended(time: u64) -> Self {
        Self { kind: "SessionEnded", session: String::new(), time }
    }

    fn text(&self) -> String {
        let session = &self.session;
        let payload = match self.kind {
            "SessionStarted" => json!({"agent_id": "a", "model_id": "m", "session_id": session}),
            "SessionSealed" => json!({"session_id": session, "count": 0, "head_seq": 0, "head_hash": ""}),
            "Heartbeat" => json!({"session_id": session, "interval_ms": 1}),
            "ToolCalled" => {
                json!({"tool_name": "t", "args_sha256": DIGEST, "args_redacted": {"session_id": session}})
            }
            "LedgerPruned" => {
                json!({"count": 1, "last_seq": self.time, "last_hash": DIGEST, "first_hash": DIGEST})
            }
            _ => json!({"reason": session, "summary_sha256": ""}),
        };
        json!({"type": self.kind, "payload": payload}).to_string()
    }
}

/// A ledger's lines, their LFs included. Nobody looks at the signatures.
pub(crate) fn lines_of(events: &[Given]) -> Vec<String> {
    let mut parent = Hash::GENESIS;
    let mut seal = |(seq, given): (usize, &Given)| {
        let event = Event::parse(&given.text()).unwrap();
        let seq = u64::try_from(seq).unwrap();
        let hash = seal::self_hash(&event, &parent, seq, given.time).unwrap();
        let (text, time, zeros) = (event.text(), given.time, encode_hex(&[0; 32]));
        let line = format!(
            "{{\"seq\":{seq},\"timestamp_nanos\":{time},\"event\":{text},\"parent_hash\":\"{parent}\",\
             \"self_hash\":\"{hash}\",\"signature\":\"{zeros}{zeros}\",\"signer_pubkey\":\"{zeros}\"}}\n"
        );
        parent = hash;
        line
    };
    events.iter().enumerate().map(&mut seal).collect()
}

/// The files of a ledger in a folder that goes away.
pub(crate) struct Shelf(TempDir);

impl Shelf {
    /// A ledger that was rotated before the events with these seqs.
    pub(crate) fn of(lines: &[String], cuts: &[usize]) -> Self {
        let shelf = Self(tempfile::tempdir().unwrap());
        shelf.put(lines, cuts);
        shelf
    }

    /// Puts it in the place of what is there. Indexes stay.
    pub(crate) fn put(&self, lines: &[String], cuts: &[usize]) {
        for entry in fs::read_dir(self.0.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "ndjson") {
                fs::remove_file(path).unwrap();
            }
        }
        let mut begin = 0;
        for &cut in cuts {
            fs::write(self.path(&format!("ledger.{begin}-{}.ndjson", cut - 1)), lines[begin..cut].concat()).unwrap();
            begin = cut;
        }
        fs::write(self.active(), lines[begin..].concat()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn active(&self) -> PathBuf {
        self.path("ledger.ndjson")
    }

    /// The indexes that are there.
    pub(crate) fn indexes(&self) -> Vec<PathBuf> {
        let paths = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut indexes: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "index")).collect();
        indexes.sort();
        indexes
    }

    /// Every index is changed, and says so itself if `consistent`.
    pub(crate) fn change_indexes(&self, consistent: bool, change: impl Fn(&mut Vec<u8>)) {
        for path in self.indexes() {
            let mut bytes = fs::read(&path).unwrap();
            let sum = bytes.split_off(bytes.len() - 32);
            change(&mut bytes);
            let sum = if consistent { Hash::of(&bytes).as_bytes().to_vec() } else { sum };
            bytes.extend(sum);
            fs::write(&path, bytes).unwrap();
        }
    }

    /// The lines that are given, and the error behind them.
    pub(crate) fn read_from(&self, name: &str, options: &ReadOptions) -> (Vec<String>, Result<()>) {
        let mut lines = Vec::new();
        let read = Reader::open(&self.path(name), options.clone()).and_then(|mut reader| {
            while let Some(event) = reader.next_event()? {
                lines.push(event.line + "\n");
            }
            Ok(())
        });
        (lines, read)
    }

    pub(crate) fn read(&self, options: &ReadOptions) -> Vec<String> {
        let (lines, read) = self.read_from("ledger.ndjson", options);
        read.unwrap();
        lines
    }

    /// Seqs that are given, and the code behind them.
    pub(crate) fn seqs_until(&self, options: &ReadOptions) -> (Vec<u64>, Option<ErrorCode>) {
        let (lines, read) = self.read_from("ledger.ndjson", options);
        (lines.iter().map(|line| seq_of(line)).collect(), read.err().map(|error| error.code))
    }
}

pub(crate) fn seq_of(line: &str) -> u64 {
    serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()
}
