//! JSON for people: a member or element a line, two spaces deeper than what it is in.

/// Spaces of a level.
const STEP: usize = 2;

/// Writes a text that [`transcode`](super::transcode) has written again, `indent` levels deep: with the line ends and
/// spaces of serde_json's and Python's pretty printing, without spaces in front of the first line nor an LF behind the
/// last. Strings and numbers stay as they are spelled.
pub fn pretty(text: &str, indent: usize, out: &mut Vec<u8>) {
    let mut level = indent;
    let mut is_string = false;
    let mut is_escaped = false;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if is_string {
            out.push(byte);
            is_string = is_escaped || byte != b'"';
            is_escaped = byte == b'\\' && !is_escaped;
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if let Some(end) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(end);
                } else {
                    level = level.saturating_add(1);
                    break_line(level, out);
                }
            }
            b'}' | b']' => {
                level = level.saturating_sub(1);
                break_line(level, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                break_line(level, out);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                is_string = byte == b'"';
                out.push(byte);
            }
        }
    }
}

fn break_line(level: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len().saturating_add(level.saturating_mul(STEP)), b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, indent: usize) -> String {
        let mut out = Vec::new();
        pretty(text, indent, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_is_what_serde_json_prints() {
        let texts = [
            r#"{"a":[1,2.50,-0.0,{}],"b":{"c":[],"d":"x,{}[]:\"\\"},"e":null}"#,
            r#"[[[]],"\\",{"":""}]"#,
            "{}",
            "[]",
            "\"a\\\"b\"",
            "18446744073709551615",
        ];
        for text in texts {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            // serde_json spells 2.50 as 2.5, and sorts keys, as these are.
            let expected = serde_json::to_string_pretty(&value).unwrap().replace("2.5,", "2.50,");
            assert_eq!(printed(text, 0), expected);
        }
    }

    #[test]
    fn it_can_stand_inside() {
        assert_eq!(printed(r#"{"a":[1]}"#, 2), "{\n      \"a\": [\n        1\n      ]\n    }");
    }
}
