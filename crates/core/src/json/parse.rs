//! The one JSON reader: checks a text and writes it again in one pass, without a tree.

use super::path::{self, Step};
use super::string::{compare_keys, read_escape, write_char};
use super::{Flaw, JsonError, number};
use std::cmp::Ordering;
use std::ops::Range;

/// In which order an object's members are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Ascending by UTF-8 bytes: canonical form, for hashing.
    Sorted,
    /// As they came: the writer's spelling.
    AsGiven,
}

/// What [`transcode`] saw on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcoded {
    /// True when the source was already spelled as the writer spells, the order of its keys aside.
    pub compact: bool,
    /// Path of the first object member that repeats a key of its object.
    pub duplicate: Option<String>,
}

/// Reads one JSON text and appends it to `out`. At most `max_depth` containers may be open at once.
///
/// On an error `out` holds a part of the text. Time is linear in the text, but for objects whose keys are out of
/// order, whose bytes are moved once for each level that they are nested in.
pub fn transcode(source: &str, keys: Keys, max_depth: usize, out: &mut Vec<u8>) -> Result<Transcoded, JsonError> {
    let mut transcoder = Transcoder {
        source,
        at: 0,
        out,
        keys,
        depth_left: max_depth,
        compact: true,
        duplicate: None,
        members: Vec::new(),
        path: Vec::new(),
        scratch: Vec::new(),
    };
    match transcoder.text() {
        Ok(()) => Ok(Transcoded { compact: transcoder.compact, duplicate: transcoder.duplicate }),
        Err(flaw) => Err(JsonError { flaw, offset: transcoder.at, path: path::render(&transcoder.path, source) }),
    }
}

struct Transcoder<'s, 'o> {
    source: &'s str,
    /// Next byte of the source; on an error, the byte that is wrong.
    at: usize,
    out: &'o mut Vec<u8>,
    keys: Keys,
    depth_left: usize,
    compact: bool,
    duplicate: Option<String>,
    /// Members of all open objects, the innermost object's last.
    members: Vec<Member>,
    path: Vec<Step>,
    /// Where an object's bytes wait while its members are put in order.
    scratch: Vec<u8>,
}

/// Where a member was written in `out`: key with quotes, then colon and value. A line can have millions of members, so
/// nothing else is kept.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    key_end: usize,
    end: usize,
}

impl Member {
    /// The key in what was written, without its quotes.
    fn key(self, out: &[u8]) -> &[u8] {
        out.get(self.start.saturating_add(1)..self.key_end.saturating_sub(1)).unwrap_or_default()
    }
}

impl<'s> Transcoder<'s, '_> {
    fn text(&mut self) -> Result<(), Flaw> {
        self.skip_white_space();
        self.value()?;
        self.skip_white_space();
        if self.at < self.source.len() { Err(Flaw::Syntax) } else { Ok(()) }
    }

    fn value(&mut self) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(|_| ()),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(Flaw::Syntax),
        }
    }

    fn object(&mut self) -> Result<(), Flaw> {
        self.enter()?;
        let start = self.out.len();
        let first_member = self.members.len();
        let mut ascending = true;
        self.write_next();
        self.skip_white_space();
        if self.peek() != Some(b'}') {
            loop {
                ascending &= self.member(first_member)?;
                self.skip_white_space();
                match self.peek() {
                    Some(b',') => self.write_next(),
                    Some(b'}') => break,
                    _ => return Err(Flaw::Syntax),
                }
                self.skip_white_space();
            }
        }
        self.write_next();
        if !ascending {
            self.settle_order(start, first_member);
        }
        self.members.truncate(first_member);
        self.leave();
        Ok(())
    }

    /// One `"key": value`. Tells whether the key comes after the key before it.
    fn member(&mut self, first_member: usize) -> Result<bool, Flaw> {
        if self.peek() != Some(b'"') {
            return Err(Flaw::Syntax);
        }
        let start = self.out.len();
        let source_key = self.string()?;
        let key_end = self.out.len();
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return Err(Flaw::Syntax);
        }
        self.write_next();
        self.skip_white_space();
        self.path.push(Step::Member(source_key));
        self.value()?;
        self.path.pop();
        let member = Member { start, key_end, end: self.out.len() };
        let previous = self.members.get(first_member..).and_then(<[Member]>::last);
        let ascending = previous
            .is_none_or(|previous| compare_keys(previous.key(self.out), member.key(self.out)) == Ordering::Less);
        self.members.push(member);
        Ok(ascending)
    }

    /// The object's keys are not strictly ascending: finds a repeated one, and sorts its members if asked to.
    fn settle_order(&mut self, start: usize, first_member: usize) {
        let out = &*self.out;
        let members = self.members.get_mut(first_member..).unwrap_or_default();
        members.sort_unstable_by(|a, b| compare_keys(a.key(out), b.key(out)).then(a.start.cmp(&b.start)));
        if self.duplicate.is_none() {
            let twin = members.windows(2).find_map(|pair| match pair {
                [a, b] if a.key(out) == b.key(out) => Some(b.key(out)),
                _ => None,
            });
            self.duplicate = twin.map(|key| path::render_member(&self.path, self.source, key));
        }
        if self.keys == Keys::Sorted {
            self.scratch.clear();
            for member in members {
                self.scratch.push(if self.scratch.is_empty() { b'{' } else { b',' });
                self.scratch.extend_from_slice(out.get(member.start..member.end).unwrap_or_default());
            }
            self.scratch.push(b'}');
            self.out.truncate(start);
            self.out.append(&mut self.scratch);
        }
    }

    fn array(&mut self) -> Result<(), Flaw> {
        self.enter()?;
        self.write_next();
        self.skip_white_space();
        let mut index = 0_usize;
        if self.peek() != Some(b']') {
            loop {
                self.path.push(Step::Element(index));
                self.value()?;
                self.path.pop();
                index = index.saturating_add(1);
                self.skip_white_space();
                match self.peek() {
                    Some(b',') => self.write_next(),
                    Some(b']') => break,
                    _ => return Err(Flaw::Syntax),
                }
                self.skip_white_space();
            }
        }
        self.write_next();
        self.leave();
        Ok(())
    }

    /// Reads a string and writes it; gives its place in the source, without quotes.
    fn string(&mut self) -> Result<Range<usize>, Flaw> {
        self.write_next();
        let start = self.at;
        loop {
            let tail = self.rest();
            let plain = tail.iter().position(|b| matches!(b, b'"' | b'\\' | ..=0x1f)).unwrap_or(tail.len());
            self.out.extend_from_slice(tail.get(..plain).unwrap_or_default());
            self.advance(plain);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(Flaw::Syntax),
            }
        }
        let end = self.at;
        self.write_next();
        Ok(start..end)
    }

    fn escape(&mut self) -> Result<(), Flaw> {
        let (c, used) = read_escape(self.rest().get(1..).unwrap_or_default())?;
        let length = used.saturating_add(1);
        let before = self.out.len();
        write_char(c, self.out);
        self.compact &= self.out.get(before..) == self.rest().get(..length);
        self.advance(length);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let tail = self.source.get(self.at..).unwrap_or_default();
        let length = number_length(tail.as_bytes()).map_err(|bad| {
            self.at = self.at.saturating_add(bad);
            Flaw::Syntax
        })?;
        let literal = tail.get(..length).unwrap_or_default();
        let before = self.out.len();
        if number::is_integer(literal) {
            self.out.extend_from_slice(literal.as_bytes());
        } else {
            let value = number::read_double(literal);
            if !value.is_finite() {
                return Err(Flaw::NumberOverflow);
            }
            number::write_double(value, self.out);
            self.compact &= self.out.get(before..) == Some(literal.as_bytes());
        }
        self.advance(length);
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), Flaw> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(Flaw::Syntax);
        }
        self.out.extend_from_slice(word.as_bytes());
        self.advance(word.len());
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Flaw> {
        self.depth_left = self.depth_left.checked_sub(1).ok_or(Flaw::Depth)?;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth_left = self.depth_left.saturating_add(1);
    }

    fn skip_white_space(&mut self) {
        let count = self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.compact &= count == 0;
        self.advance(count);
    }

    fn rest(&self) -> &'s [u8] {
        self.source.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    /// Copies the byte that [`Self::peek`] gave.
    fn write_next(&mut self) {
        self.out.extend(self.peek());
        self.advance(1);
    }

    fn advance(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }
}

/// Length of the number that the text begins with (RFC 8259, section 6), or the offset of the byte that is wrong.
fn number_length(text: &[u8]) -> Result<usize, usize> {
    let digits = |from: usize| {
        text.get(from..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count().saturating_add(from)
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start || (text.get(start) == Some(&b'0') && end > start.saturating_add(1)) {
        return Err(end.min(start.saturating_add(1)));
    }
    if text.get(end) == Some(&b'.') {
        let fraction = end.saturating_add(1);
        end = digits(fraction);
        if end == fraction {
            return Err(end);
        }
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = end.saturating_add(1);
        let exponent = sign.saturating_add(usize::from(matches!(text.get(sign), Some(b'+' | b'-'))));
        end = digits(exponent);
        if end == exponent {
            return Err(end);
        }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use super::super::MAX_DEPTH;
    use super::*;

    fn sorted(source: &str) -> Result<String, JsonError> {
        let mut out = Vec::new();
        transcode(source, Keys::Sorted, MAX_DEPTH, &mut out).map(|_| String::from_utf8(out).unwrap())
    }

    #[test]
    fn keys_are_sorted_by_utf8_bytes_of_what_they_stand_for() {
        assert_eq!(sorted(r#"{"b":{"d":1,"c":2},"a":0}"#).unwrap(), r#"{"a":0,"b":{"c":2,"d":1}}"#);
        // U+E000 before an astral key (UTF-16 order would turn them), a control before a letter although `\` > `A`.
        assert_eq!(sorted("{\"\u{1F600}\":1,\"\u{E000}\":2}").unwrap(), "{\"\u{E000}\":2,\"\u{1F600}\":1}");
        assert_eq!(sorted(r#"{"A":1,"\n":2}"#).unwrap(), r#"{"\n":2,"A":1}"#);
    }

    #[test]
    fn duplicates_are_found_behind_any_spelling() {
        let mut out = Vec::new();
        let seen = transcode(r#"{"x":[{"a":1,"b":2,"\u0061":3}]}"#, Keys::AsGiven, MAX_DEPTH, &mut out).unwrap();
        assert_eq!(seen.duplicate.as_deref(), Some("x[0].a"));
        assert_eq!(out, br#"{"x":[{"a":1,"b":2,"a":3}]}"#);
    }

    #[test]
    fn spelling_is_noticed() {
        for (source, compact) in [
            (r#"{"b":1,"a":[1.0,"\n"]}"#, true),
            (r#"{"b": 1}"#, false),
            ("[1.00]", false),
            ("[1E3]", false),
            (r#"["\u000a"]"#, false),
            (r#"["\/"]"#, false),
            ("[18446744073709551616]", false),
        ] {
            let seen = transcode(source, Keys::Sorted, MAX_DEPTH, &mut Vec::new()).unwrap();
            assert_eq!(seen.compact, compact, "{source}");
        }
    }

    #[test]
    fn flaws_name_their_byte_and_path() {
        for (source, flaw, offset, path) in [
            ("", Flaw::Syntax, 0, ""),
            ("01", Flaw::Syntax, 1, ""),
            ("-", Flaw::Syntax, 1, ""),
            ("[1,]", Flaw::Syntax, 3, "[1]"),
            ("{\"a\":1e400}", Flaw::NumberOverflow, 5, "a"),
            (r#"{"a":["\ud800"]}"#, Flaw::LoneSurrogate, 7, "a[0]"),
            (r#"["\udc00\ud800"]"#, Flaw::LoneSurrogate, 2, "[0]"),
            ("\u{feff}1", Flaw::Syntax, 0, ""),
            ("1 2", Flaw::Syntax, 2, ""),
            ("[\"\u{1}\"]", Flaw::Syntax, 2, "[0]"),
            ("nul", Flaw::Syntax, 0, ""),
        ] {
            let error = sorted(source).unwrap_err();
            assert_eq!((error.flaw, error.offset, error.path.as_str()), (flaw, offset, path), "{source}");
        }
    }

    #[test]
    fn depth_is_exact_and_the_first_bad_byte_wins() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(sorted(&nested(127)).is_ok());
        assert_eq!(sorted(&nested(128)).unwrap_err().flaw, Flaw::Depth);
        assert_eq!(sorted(&format!("[x{}", nested(128))).unwrap_err().flaw, Flaw::Syntax);
        assert_eq!(sorted(&format!("{}x", "[".repeat(128))).unwrap_err().flaw, Flaw::Depth);
    }
}
