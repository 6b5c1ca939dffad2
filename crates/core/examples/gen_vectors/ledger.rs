//! The events and base ledgers of `vectors/README.md`, and the steps that it makes mutations of: each method is one of
//! its phrases.

use crate::forge::{self, Signer, Signing};
use crate::values::array;
use sealwright_core::chain::Head;
use sealwright_core::event::Event;
use sealwright_core::hash::Hash;
use sealwright_core::{json, limits, seal};
use std::ops::RangeInclusive;

pub(crate) const SESSION_STARTED: &str = r#"{"type":"SessionStarted","payload":{"agent_id":"agent-1","model_id":"llama3.2:3b","session_id":"session-demo"}}"#;
pub(crate) const UTTERANCE_CAPTURED: &str = r#"{"type":"UtteranceCaptured","payload":{"audio_sha256":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","transcript":"what is the weather","lang":"en","duration_ms":2400}}"#;
pub(crate) const TOOL_CALLED: &str = r#"{"type":"ToolCalled","payload":{"tool_name":"search","args_sha256":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","args_redacted":{"q":"café","limit":10,"score":1.0,"zero":0.0,"tags":["a","b"]}}}"#;
pub(crate) const TOOL_RETURNED: &str = r#"{"type":"ToolReturned","payload":{"tool_name":"search","result_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","latency_ms":187,"success":true}}"#;
pub(crate) const MODEL_INVOKED: &str = r#"{"type":"ModelInvoked","payload":{"model_id":"llama3.2:3b","prompt_sha256":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","response_sha256":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","prompt_tokens":482,"response_tokens":71}}"#;
pub(crate) const UTTERANCE_SPOKEN: &str = r#"{"type":"UtteranceSpoken","payload":{"text_sha256":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","text":"sunny, 21 degrees","audio_sha256":""}}"#;
pub(crate) const SESSION_ENDED: &str = r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#;
pub(crate) const CUSTOM: &str =
    r#"{"type":"Custom","payload":{"name":"com.example.refund","data":{"order":7,"amount":12.5}}}"#;
pub(crate) const KEY_ROTATED: &str = r#"{"type":"KeyRotated","payload":{"old_key":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","new_key":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","first_hash":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","proof":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"}}"#;
pub(crate) const OVEN_PREHEATED: &str = r#"{"type":"OvenPreheated","payload":{"celsius":220,"rack":null}}"#;

/// `args_redacted` of the table's ToolCalled.
pub(crate) const ARGS: &str = r#"{"q":"café","limit":10,"score":1.0,"zero":0.0,"tags":["a","b"]}"#;

/// 64 times a letter.
pub(crate) fn digest(letter: char) -> String {
    letter.to_string().repeat(64)
}

/// 64 times `a` as a hash, which no event has.
pub(crate) fn no_hash() -> Hash {
    Hash::from_hex(&digest('a')).unwrap()
}

/// T(i), the time of the event with this seq.
pub(crate) fn time(seq: u64) -> u64 {
    1_700_000_000_000_000_000 + seq * 1_000_003
}

pub(crate) fn base() -> Ledger {
    Ledger::of(&[SESSION_STARTED, TOOL_CALLED, MODEL_INVOKED, SESSION_ENDED])
}

pub(crate) fn extended() -> Ledger {
    Ledger::of(&[SESSION_STARTED, CUSTOM, OVEN_PREHEATED, SESSION_ENDED])
}

pub(crate) fn two_signers() -> Ledger {
    base().signed_each(3..=4, Signing::By(Signer::K2))
}

pub(crate) fn eighty() -> Ledger {
    Ledger::of(&[SESSION_ENDED; 80])
}

/// No line of an event, only these bytes.
pub(crate) fn bytes(bytes: impl AsRef<[u8]>) -> Ledger {
    Ledger::of::<&str>(&[]).then(bytes)
}

/// H0 … H3.
pub(crate) fn base_head(seq: usize) -> Head {
    base().head(seq)
}

/// An event before it is sealed.
#[derive(Clone)]
struct Draft {
    /// `"seq":…,"timestamp_nanos":…,"event":…`
    text: String,
    /// Nothing for the hash of the line before.
    parent: Option<Hash>,
    signing: Signing,
}

impl Draft {
    /// By the library if it takes the whole draft; the forge then has to come to the same line.
    fn seal(&self, parent: Hash) -> String {
        let forged = forge::line(&self.text, parent, self.signing);
        let Some(sealed) = self.seal_by_library(parent) else { return forged };
        assert_eq!(sealed, forged);
        sealed
    }

    fn seal_by_library(&self, parent: Hash) -> Option<String> {
        let Signing::By(signer) = self.signing else { return None };
        let (seq, rest) = self.text.strip_prefix("\"seq\":")?.split_once(",\"timestamp_nanos\":")?;
        let (nanos, event) = rest.split_once(",\"event\":")?;
        let seq = seq.parse().ok().filter(|seq| *seq <= limits::MAX_SEQ)?;
        let written = Event::parse(event).ok().filter(|written| written.text() == event)?;
        seal::seal(&written, parent, seq, nanos.parse().ok()?, &signer.key()).ok()
    }
}

/// A ledger in the making: drafts until the first step that needs finished lines, then lines without their LF.
#[derive(Clone)]
pub(crate) struct Ledger {
    drafts: Vec<Draft>,
    lines: Option<Vec<Vec<u8>>>,
    ends_with_lf: bool,
    after: Vec<u8>,
}

/// Steps before sealing. Lines are counted from 1.
impl Ledger {
    /// Events at T(0), T(1), …, signed by K1.
    pub(crate) fn of<T: AsRef<str>>(events: &[T]) -> Self {
        let timed: Vec<_> = (0..).zip(events).map(|(seq, event)| (time(seq), event.as_ref())).collect();
        Self::at(&timed)
    }

    /// Events at these times, signed by K1.
    pub(crate) fn at(events: &[(u64, &str)]) -> Self {
        let draft = |(seq, (time, event)): (usize, &(u64, &str))| Draft {
            text: format!(r#""seq":{seq},"timestamp_nanos":{time},"event":{event}"#),
            parent: None,
            signing: Signing::By(Signer::K1),
        };
        let drafts = events.iter().enumerate().map(draft).collect();
        Self { drafts, lines: None, ends_with_lf: true, after: Vec::new() }
    }

    fn draft(&mut self, line: usize) -> &mut Draft {
        assert!(self.lines.is_none(), "sealed already");
        &mut self.drafts[line - 1]
    }

    pub(crate) fn sealed(mut self, line: usize, old: &str, new: &str) -> Self {
        let draft = self.draft(line);
        draft.text = String::from_utf8(replace_once(draft.text.as_bytes(), old.as_bytes(), new.as_bytes())).unwrap();
        self
    }

    /// Sealed with another event, or with what stands in its place.
    pub(crate) fn sealed_event(mut self, line: usize, event: &str) -> Self {
        let draft = self.draft(line);
        let (place, _) = draft.text.split_once(",\"event\":").unwrap();
        draft.text = format!("{place},\"event\":{event}");
        self
    }

    pub(crate) fn sealed_on(mut self, line: usize, parent: Hash) -> Self {
        self.draft(line).parent = Some(parent);
        self
    }

    pub(crate) fn signed(self, line: usize, signing: Signing) -> Self {
        self.signed_each(line..=line, signing)
    }

    pub(crate) fn signed_each(mut self, lines: RangeInclusive<usize>, signing: Signing) -> Self {
        for line in lines {
            self.draft(line).signing = signing;
        }
        self
    }
}

/// Steps on finished lines, whose hashes and signatures stay as they are.
impl Ledger {
    fn lines(&mut self) -> &mut Vec<Vec<u8>> {
        self.lines.get_or_insert_with(|| {
            let mut parent = Hash::GENESIS;
            let seal = |draft: &Draft| {
                let line = draft.seal(draft.parent.unwrap_or(parent));
                parent = hash_of(line.as_bytes());
                line.into_bytes()
            };
            self.drafts.iter().map(seal).collect()
        })
    }

    /// Edited in any way: the line is what is made of it.
    pub(crate) fn made(mut self, line: usize, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        let slot = &mut self.lines()[line - 1];
        *slot = make(slot);
        self
    }

    pub(crate) fn edited(self, line: usize, old: &str, new: impl AsRef<[u8]>) -> Self {
        self.made(line, |text| replace_once(text, old.as_bytes(), new.as_ref()))
    }

    pub(crate) fn line(self, line: usize, text: impl AsRef<[u8]>) -> Self {
        self.made(line, |_| text.as_ref().to_vec())
    }

    pub(crate) fn cut(self, line: usize, length: usize) -> Self {
        self.made(line, |text| text[..length].to_vec())
    }

    pub(crate) fn prefixed(self, line: usize, text: impl AsRef<[u8]>) -> Self {
        self.made(line, |old| [text.as_ref(), old].concat())
    }

    pub(crate) fn suffixed(self, line: usize, text: impl AsRef<[u8]>) -> Self {
        self.made(line, |old| [old, text.as_ref()].concat())
    }

    /// A further line after this one; 0 for one before all.
    pub(crate) fn line_after(mut self, line: usize, text: impl AsRef<[u8]>) -> Self {
        self.lines().insert(line, text.as_ref().to_vec());
        self
    }

    /// These lines of it, in this order.
    pub(crate) fn lines_only(mut self, numbers: impl IntoIterator<Item = usize>) -> Self {
        let lines = self.lines();
        *lines = numbers.into_iter().map(|number| lines[number - 1].clone()).collect();
        self
    }

    /// The LF between a line and the next removed.
    pub(crate) fn glued(mut self, line: usize) -> Self {
        let next = self.lines().remove(line);
        self.suffixed(line, next)
    }

    /// The JSON array of the line's seven values.
    pub(crate) fn made_array(self, line: usize) -> Self {
        self.made(line, |text| {
            let values: Vec<_> = members(text).map(|(_, value)| value).collect();
            array(&values).into_bytes()
        })
    }

    pub(crate) fn without(self, line: usize, field: &str) -> Self {
        self.made(line, |text| {
            assert!(members(text).any(|(key, _)| key == field));
            object(members(text).filter(|(key, _)| *key != field))
        })
    }

    /// Another value in the place of a field's.
    pub(crate) fn field(self, line: usize, field: &str, value: &str) -> Self {
        self.made(line, |text| object(members(text).map(|(key, old)| (key, if key == field { value } else { old }))))
    }

    /// Other text between the quotes of a field.
    pub(crate) fn digits(self, line: usize, field: &str, change: impl FnOnce(&str) -> String) -> Self {
        let old = self.clone().text_of(line, field);
        self.field(line, field, &format!("\"{}\"", change(&old)))
    }

    /// A field's value from another line.
    pub(crate) fn field_of_line(self, line: usize, field: &str, other: usize) -> Self {
        let value = self.clone().text_of(other, field);
        self.digits(line, field, |_| value)
    }

    /// `signer_pubkey` in upper case.
    pub(crate) fn upper_case_key(self, line: usize) -> Self {
        self.digits(line, "signer_pubkey", str::to_uppercase)
    }

    pub(crate) fn no_last_lf(mut self) -> Self {
        self.ends_with_lf = false;
        self
    }

    /// Further bytes after all.
    pub(crate) fn then(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.after.extend_from_slice(bytes.as_ref());
        self
    }
}

/// What came of it.
impl Ledger {
    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let mut bytes = self.lines().join(&b'\n');
        if self.ends_with_lf && !self.lines().is_empty() {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(&self.after);
        bytes
    }

    /// A finished line.
    pub(crate) fn text(&self, line: usize) -> Vec<u8> {
        self.clone().lines()[line - 1].clone()
    }

    pub(crate) fn head(&self, seq: usize) -> Head {
        Head { seq: u64::try_from(seq).unwrap(), hash: hash_of(&self.text(seq + 1)) }
    }

    fn text_of(mut self, line: usize, field: &str) -> String {
        let line = &self.lines()[line - 1];
        let (_, value) = members(line).find(|(key, _)| *key == field).unwrap();
        value.trim_matches('"').to_owned()
    }
}

fn hash_of(line: &[u8]) -> Hash {
    let (_, value) = members(line).find(|(key, _)| *key == "self_hash").unwrap();
    Hash::from_hex(value.trim_matches('"')).unwrap()
}

/// The members of a line in the writer's spelling.
pub(crate) fn members(line: &[u8]) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    json::members(std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().into_iter()
}

pub(crate) fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let members: Vec<_> = members.map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

fn replace_once(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let found: Vec<_> = text.windows(old.len()).enumerate().filter(|(_, part)| *part == old).collect();
    let [(at, _)] = found.as_slice() else {
        panic!("{} stands {} times in {}", old.escape_ascii(), found.len(), text.escape_ascii());
    };
    [&text[..*at], new, &text[at + old.len()..]].concat()
}
