//! One level of a text that [`transcode`](super::transcode) has written: valid, without white space.

/// Walks the members of an object: key without its quotes, and value, both as spelled. Nothing for another value.
///
/// The text must come from [`transcode`](super::transcode); of any other text the walk may end early.
pub fn members(object: &str) -> Members<'_> {
    Members { rest: object.strip_prefix('{').unwrap_or_default() }
}

/// See [`members`].
#[derive(Debug, Clone)]
pub struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
        let key_end = value_end(rest).filter(|_| rest.starts_with('"'))?;
        let (key, rest) = rest.split_at_checked(key_end)?;
        let rest = rest.strip_prefix(':')?;
        let (value, rest) = rest.split_at_checked(value_end(rest)?)?;
        self.rest = rest;
        Some((unquote(key), value))
    }
}

/// Walks the elements of an array, as spelled. Nothing for another value.
///
/// The text must come from [`transcode`](super::transcode), as that of [`members`].
pub(crate) fn elements(array: &str) -> impl Iterator<Item = &str> {
    let mut rest = array.strip_prefix('[').unwrap_or_default();
    std::iter::from_fn(move || {
        rest = rest.strip_prefix(',').unwrap_or(rest);
        let (value, after) = rest.split_at_checked(value_end(rest).filter(|end| *end > 0)?)?;
        rest = after;
        Some(value)
    })
}

/// A string's text between its quotes, as spelled.
#[inline(always)]
pub(crate) fn unquote(string: &str) -> &str {
    match string.as_bytes() {
        [b'"', inside @ .., b'"'] => string.get(1..inside.len().saturating_add(1)).unwrap_or_default(),
        _ => "",
    }
}

/// The type of a value, told from its first byte; of a number from its literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Null,
    Bool,
    Integer,
    Double,
    String,
    Array,
    Object,
}

/// The type of a value that [`transcode`](super::transcode) has written.
#[inline(always)]
pub(crate) fn type_of(value: &str) -> Type {
    match value.as_bytes().first() {
        Some(b'{') => Type::Object,
        Some(b'[') => Type::Array,
        Some(b'"') => Type::String,
        Some(b't' | b'f') => Type::Bool,
        // A double is always written with a point or an exponent.
        Some(b'-' | b'0'..=b'9') if value.bytes().any(|b| matches!(b, b'.' | b'e')) => Type::Double,
        Some(b'-' | b'0'..=b'9') => Type::Integer,
        _ => Type::Null,
    }
}

/// Length of the value that the text begins with.
fn value_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'"' => string_end(bytes),
        b'{' | b'[' => container_end(bytes),
        _ => Some(bytes.iter().position(|b| matches!(b, b',' | b'}' | b']')).unwrap_or(bytes.len())),
    }
}

/// Length of the string that the text begins with, quotes included.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1_usize;
    loop {
        let tail = bytes.get(at..)?;
        let found = at.checked_add(tail.iter().position(|b| matches!(b, b'"' | b'\\'))?)?;
        if bytes.get(found) == Some(&b'"') {
            return found.checked_add(1);
        }
        at = found.checked_add(2)?;
    }
}

fn container_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    let mut open = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = at.checked_add(string_end(bytes.get(at..)?)?)?,
            byte => {
                match byte {
                    b'{' | b'[' => open = open.checked_add(1)?,
                    b'}' | b']' => open = open.checked_sub(1)?,
                    _ => {}
                }
                at = at.checked_add(1)?;
                if open == 0 {
                    return Some(at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_walked_in_their_order() {
        let text = r#"{"b":{"x":[1,"]}"]},"a\"":"},\\","n":-1.5e+30,"t":true}"#;
        let found: Vec<_> = members(text).collect();
        let expected = [("b", r#"{"x":[1,"]}"]}"#), (r#"a\""#, r#""},\\""#), ("n", "-1.5e+30"), ("t", "true")];
        assert_eq!(found, expected);
        assert_eq!(members("[1]").count(), 0);
        assert_eq!(members("{}").count(), 0);
    }
}
