//! Ledgers made by recipe: valid ones by the test keys, then changed, and sealed anew where the recipe says so.

use super::choices::Choices;
use crate::event::Event;
use crate::hash::Hash;
use crate::json;
use crate::key::KeyPair;
use std::sync::LazyLock;

/// Events of every kind, with exotic values, some of a kind that nobody knows.
const EVENTS: [&str; 10] = [
    r#"{"type":"SessionStarted","payload":{"agent_id":"a","model_id":"m","session_id":"s"}}"#,
    r#"{"type":"ToolCalled","payload":{"tool_name":"t","args_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","args_redacted":{"b":[1,-0.0,1e+16,{"é":null}],"a":"\n\u001f"}}}"#,
    r#"{"type":"ToolReturned","payload":{"tool_name":"t","result_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","latency_ms":18446744073709551615,"success":true}}"#,
    r#"{"type":"ModelInvoked","payload":{"model_id":"m","prompt_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","response_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","prompt_tokens":0,"response_tokens":4294967295}}"#,
    r#"{"type":"UtteranceCaptured","payload":{"audio_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","transcript":"","lang":"en","duration_ms":0}}"#,
    r#"{"type":"UtteranceSpoken","payload":{"text_sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","text":"\"\\","audio_sha256":""}}"#,
    r#"{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":"x"}}"#,
    r#"{"type":"Custom","payload":{"name":"com.example.x","data":[9007199254740993,0.1]}}"#,
    r#"{"type":"Thermometer","payload":{"celsius":21.5,"at":{"z":1,"a":2}}}"#,
    r#"{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":""}}"#,
];

/// Those of [`seed`] 0 and 32, as in the golden vectors: the first signs where nothing else is said.
pub(super) static KEYS: LazyLock<[KeyPair; 2]> =
    LazyLock::new(|| [0, 32].map(|first| KeyPair::from_seed(&seed(first))));

/// 32 bytes that count up.
pub(super) fn seed(first: u8) -> [u8; 32] {
    std::array::from_fn(|index| first + u8::try_from(index).unwrap())
}

/// What is signed of a line: everything but its parent.
fn signed_part(event: &str, seq: usize) -> String {
    format!(r#""seq":{seq},"timestamp_nanos":{},"event":{event}"#, 1_700_000_000_000_000_000 + seq)
}

/// A line around a [`signed_part`], sealed whatever that says; none for what has no canonical form.
pub(super) fn seal(signed: &str, parent: Hash, key: &KeyPair) -> Option<(String, Hash)> {
    let hash = Hash::of(&json::canonicalize(&format!(r#"{{{signed},"parent_hash":"{parent}"}}"#)).ok()?);
    let (signature, key) = (key.sign(&hash), key.public());
    let line = format!(
        r#"{{{signed},"parent_hash":"{parent}","self_hash":"{hash}","signature":"{signature}","signer_pubkey":"{key}"}}"#
    );
    Some((line, hash))
}

/// The first line of a ledger with this event, whatever the event is.
pub(super) fn first_line(event: &str) -> Option<String> {
    seal(&signed_part(event, 0), Hash::GENESIS, &KEYS[0]).map(|(line, _)| line)
}

/// Events that may be recorded, as many and as long as chosen.
pub(super) fn recorded_event(choices: &mut Choices<'_>) -> Event {
    let filler = "x".repeat(match choices.byte() {
        255 => 600_000,
        byte => usize::from(byte) * 8,
    });
    Event::parse(&format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{filler}é","summary_sha256":""}}}}"#))
        .unwrap()
}

/// A ledger of up to twelve events, changed up to eight times.
pub(super) fn ledger(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut ledger = Ledger::new(choices);
    for _ in 0..8 {
        if choices.is_empty() {
            break;
        }
        ledger.change(choices);
    }
    let mut bytes = ledger.lines.join(&b'\n');
    if !ledger.lines.is_empty() && !ledger.cut {
        bytes.push(b'\n');
    }
    bytes
}

struct Ledger {
    lines: Vec<Vec<u8>>,
    /// The last line has no LF.
    cut: bool,
}

impl Ledger {
    fn new(choices: &mut Choices<'_>) -> Self {
        let count = choices.below(13);
        // From here on the second key signs.
        let handover = choices.below(16);
        let mut parent = Hash::GENESIS;
        let lines = (0..count).map(|seq| {
            let signed = signed_part(EVENTS[seq % EVENTS.len()], seq);
            let (line, hash) = seal(&signed, parent, &KEYS[usize::from(handover > 0 && seq >= handover)]).unwrap();
            parent = hash;
            line.into_bytes()
        });
        Self { lines: lines.collect(), cut: false }
    }

    fn change(&mut self, choices: &mut Choices<'_>) {
        let action = choices.below(12);
        let count = self.lines.len();
        let at = choices.below(count.max(1));
        match action {
            0 => self.cut = !self.cut,
            1 => self.lines.insert(at, choices.piece().to_vec()),
            2 => self.reseal(at, choices),
            3 => {
                let text = String::from_utf8_lossy(choices.piece()).into_owned();
                self.replace_event(at, &text, choices);
            }
            4 => {
                let payload = String::from_utf8_lossy(choices.piece()).into_owned();
                let custom = format!(r#"{{"type":"Custom","payload":{{"name":"a.b","data":{payload}}}}}"#);
                self.replace_event(at, &custom, choices);
            }
            _ if count == 0 => {}
            5 => drop(self.lines.remove(at)),
            6 => self.lines.insert(at, self.lines[at].clone()),
            7 => self.lines.swap(at, choices.below(count)),
            action => change_bytes(&mut self.lines[at], action, choices),
        }
    }

    /// Makes the chain whole again from a line on, as far as lines have a canonical form.
    fn reseal(&mut self, from: usize, choices: &mut Choices<'_>) {
        let key = &KEYS[usize::from(choices.flag())];
        let mut parent = from.checked_sub(1).map_or(Hash::GENESIS, |before| claimed(&self.lines[before]));
        for line in self.lines.iter_mut().skip(from) {
            let Some(sealed) = signed(line).and_then(|signed| seal(signed, parent, key)) else { break };
            *line = sealed.0.into_bytes();
            parent = sealed.1;
        }
    }

    fn replace_event(&mut self, at: usize, event: &str, choices: &mut Choices<'_>) {
        if let Some(line) = self.lines.get_mut(at) {
            *line = format!(r#"{{{},"parent_hash":"#, signed_part(event, at)).into_bytes();
            self.reseal(at, choices);
        }
    }
}

fn change_bytes(line: &mut Vec<u8>, action: usize, choices: &mut Choices<'_>) {
    if line.is_empty() {
        return;
    }
    let at = choices.below(line.len());
    match action {
        8 => line[at] = choices.byte(),
        9 => line[at] ^= 1 << choices.below(8),
        10 => drop(line.splice(at..at, choices.piece().iter().copied())),
        _ => {
            let end = (at + 1 + choices.below(64)).min(line.len());
            line.drain(at..end);
        }
    }
}

/// What of a line is signed, but for its parent.
fn signed(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?;
    text.strip_prefix('{')?.rsplit_once(",\"parent_hash\":").map(|(signed, _)| signed)
}

/// The hash that a line says it has; that of a first line's parent, if it says none.
fn claimed(line: &[u8]) -> Hash {
    let text = String::from_utf8_lossy(line);
    let digits = text.split_once("\"self_hash\":\"").and_then(|(_, rest)| rest.get(..64));
    digits.and_then(Hash::from_hex).unwrap_or(Hash::GENESIS)
}
