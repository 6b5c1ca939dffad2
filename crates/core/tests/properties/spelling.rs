//! JSON values in another spelling.

use serde_json::Value;
use std::fmt::Write as _;

/// The same value with keys turned round, white space, escapes and digits that mean nothing: as the noise says, which
/// begins anew at its end.
pub(crate) fn respell(value: &Value, noise: &[u8]) -> String {
    let mut speller = Speller { noise: noise.iter().copied().cycle(), text: String::new() };
    speller.value(value);
    speller.text
}

struct Speller<N> {
    noise: N,
    text: String,
}

impl<N: Iterator<Item = u8>> Speller<N> {
    fn choose(&mut self, among: u8) -> u8 {
        self.noise.next().unwrap_or(1) % among
    }

    fn space(&mut self) {
        let space = ["", " ", "\t", "\r\n", "  \n"][usize::from(self.choose(5))];
        self.text.push_str(space);
    }

    fn value(&mut self, value: &Value) {
        self.space();
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                let length = members.len().max(1);
                match self.choose(3) {
                    0 => {}
                    1 => members.reverse(),
                    _ => members.rotate_left(length / 2),
                }
                self.sequence(['{', '}'], members, |speller, (key, value)| {
                    speller.string(key);
                    speller.space();
                    speller.text.push(':');
                    speller.value(value);
                });
            }
            Value::Array(items) => self.sequence(['[', ']'], items, |speller, item| speller.value(item)),
            Value::String(string) => self.string(string),
            Value::Number(number) => self.number(&number.to_string()),
            word => self.text.push_str(&word.to_string()),
        }
        self.space();
    }

    fn sequence<I>(&mut self, [open, close]: [char; 2], items: impl IntoIterator<Item = I>, each: fn(&mut Self, I)) {
        self.text.push(open);
        self.space();
        for (index, item) in items.into_iter().enumerate() {
            self.text.push_str(if index > 0 { "," } else { "" });
            self.space();
            each(self, item);
        }
        self.text.push(close);
    }

    /// A double with an exponent or zeros more; an integer, of which there is one spelling, as it is.
    fn number(&mut self, literal: &str) {
        let is_double = literal.contains(['.', 'e']);
        match self.choose(4) {
            1 if is_double => self.text.push_str(&literal.to_uppercase()),
            2 if is_double && !literal.contains('e') => _ = write!(self.text, "{literal}000"),
            3 if is_double && !literal.contains('e') => _ = write!(self.text, "{literal}E-0"),
            _ => self.text.push_str(literal),
        }
    }

    fn string(&mut self, string: &str) {
        self.text.push('"');
        for c in string.chars() {
            match (self.choose(3), c) {
                (0, '/') => self.text.push_str("\\/"),
                (0 | 1, c) if c >= ' ' && c != '"' && c != '\\' => self.text.push(c),
                (_, c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(self.text, "\\u{unit:04X}")),
            }
        }
        self.text.push('"');
    }
}
