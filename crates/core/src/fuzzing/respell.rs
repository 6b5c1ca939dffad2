//! The same JSON value in another spelling.

use super::choices::Choices;
use serde_json::Value;
use std::fmt::Write as _;

/// White space, escapes and, for objects, an order of keys as chosen. Numbers stay: serde_json keeps no literals.
pub(super) fn respell(value: &Value, choices: &mut Choices<'_>) -> String {
    let mut text = String::new();
    write(value, choices, &mut text);
    text
}

fn write(value: &Value, choices: &mut Choices<'_>, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if choices.flag() {
                members.reverse();
            }
            text.push('{');
            for (index, (key, value)) in members.into_iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                space(choices, text);
                write_string(key, choices, text);
                space(choices, text);
                text.push(':');
                write(value, choices, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                space(choices, text);
                write(item, choices, text);
            }
            text.push(']');
        }
        Value::String(string) => write_string(string, choices, text),
        other => text.push_str(&other.to_string()),
    }
}

/// No LF: a line must not hold one.
fn space(choices: &mut Choices<'_>, text: &mut String) {
    text.push_str(["", " ", "\t", "\r", "  "].get(choices.below(16)).copied().unwrap_or_default());
}

fn write_string(string: &str, choices: &mut Choices<'_>, text: &mut String) {
    if !choices.flag() {
        text.push_str(&Value::from(string).to_string());
        return;
    }
    text.push('"');
    for unit in string.encode_utf16() {
        let _ = write!(text, "\\u{unit:04X}");
    }
    text.push('"');
}
