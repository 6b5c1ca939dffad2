//! The one JSON reader: checks a text and writes it again in one pass, without a tree.

use super::outline::{INNER, Member, Outlined, Workspace};
use super::path::{self, Step};
use super::string::{compare_keys, plain_length, read_escape, write_char};
use super::{Flaw, JsonError, number};
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
    Transcoder::new(source, keys, max_depth, 0, out, &mut Workspace::default()).run()
}

/// The same, but the outer objects keep their order: with `outer` levels of them the text's own object, the objects that
/// are its members' values, and so on. Where the members of all these stand in `out` is left in the workspace.
pub(crate) fn outline(
    source: &str,
    keys: Keys,
    max_depth: usize,
    outer: u8,
    out: &mut Vec<u8>,
    workspace: &mut Workspace,
) -> Result<Transcoded, JsonError> {
    Transcoder::new(source, keys, max_depth, outer, out, workspace).run()
}

/// What Python's `json` makes of a text, in canonical form: as [`transcode`] with sorted keys, but for numbers. Each integer,
/// however large, keeps its digits, `-0` is `0`, and doubles are spelled as Python spells them.
pub(crate) fn transcode_as_python(
    source: &str,
    max_depth: usize,
    out: &mut Vec<u8>,
) -> Result<(Transcoded, Option<UnsafeNumber>), JsonError> {
    let mut workspace = Workspace::default();
    let mut transcoder = Transcoder::new(source, Keys::Sorted, max_depth, 0, out, &mut workspace);
    transcoder.as_python = true;
    let transcoded = transcoder.run()?;
    Ok((transcoded, transcoder.unsafe_number))
}

/// The first number of a text that not every language reads as the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsafeNumber {
    /// Where it is.
    pub(crate) path: String,
    /// An integer beyond 2^53-1; else a double.
    pub(crate) is_integer: bool,
}

/// Objects with fewer members are looked through for a repeated key without being sorted.
const FEW: usize = 12;

/// The largest integer that is exact in a double, and the next one is too.
const MAX_SAFE: u64 = (1 << 53) - 1;

struct Transcoder<'s, 'o> {
    source: &'s str,
    /// Next byte of the source; on an error, the byte that is wrong.
    at: usize,
    /// Bytes of the source that are in `out`. What follows, as far as `at`, is to be copied as it is.
    copied: usize,
    out: &'o mut Vec<u8>,
    keys: Keys,
    depth_left: usize,
    /// Levels of objects that are noted in the outline.
    outer: u8,
    compact: bool,
    /// A string had an escape since this was looked at last.
    escaped: bool,
    /// Some key has an escape in the ledger's spelling: keys are compared by what they stand for.
    escaped_keys: bool,
    duplicate: Option<String>,
    /// Numbers are Python's; the first unsafe one is noted.
    as_python: bool,
    unsafe_number: Option<UnsafeNumber>,
    work: &'o mut Workspace,
}

impl<'s, 'o> Transcoder<'s, 'o> {
    fn new(
        source: &'s str,
        keys: Keys,
        max_depth: usize,
        outer: u8,
        out: &'o mut Vec<u8>,
        work: &'o mut Workspace,
    ) -> Self {
        work.outline.clear();
        work.members.clear();
        work.path.clear();
        Self {
            source,
            at: 0,
            copied: 0,
            out,
            keys,
            depth_left: max_depth,
            outer,
            compact: true,
            escaped: false,
            escaped_keys: false,
            duplicate: None,
            as_python: false,
            unsafe_number: None,
            work,
        }
    }

    fn run(&mut self) -> Result<Transcoded, JsonError> {
        match self.text() {
            Ok(()) => Ok(Transcoded { compact: self.compact, duplicate: self.duplicate.take() }),
            Err(flaw) => Err(JsonError { flaw, offset: self.at, path: path::render(&self.work.path, self.source) }),
        }
    }

    fn text(&mut self) -> Result<(), Flaw> {
        self.skip_white_space();
        self.value(1)?;
        self.skip_white_space();
        self.copy();
        if self.at < self.source.len() { Err(Flaw::Syntax) } else { Ok(()) }
    }

    /// `depth` is that of the members it has if it is an outer object.
    fn value(&mut self, depth: u8) -> Result<(), Flaw> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(|_| ()),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(Flaw::Syntax),
        }
    }

    fn object(&mut self, depth: u8) -> Result<(), Flaw> {
        self.enter()?;
        let start = self.written();
        let first_member = self.work.members.len();
        let moves = self.keys == Keys::Sorted && depth > self.outer;
        let mut settled = moves;
        self.advance(1);
        self.skip_white_space();
        if self.peek() != Some(b'}') {
            loop {
                self.member(depth)?;
                if settled {
                    self.copy();
                    settled = self.last_follows(first_member);
                }
                self.skip_white_space();
                match self.peek() {
                    Some(b',') => self.advance(1),
                    Some(b'}') => break,
                    _ => return Err(Flaw::Syntax),
                }
                self.skip_white_space();
            }
        }
        self.advance(1);
        self.copy();
        if !settled && (moves || self.may_repeat_a_key(first_member)) {
            self.settle_order(start, first_member, moves);
        }
        self.work.members.truncate(first_member);
        self.leave();
        Ok(())
    }

    /// One `"key": value`.
    fn member(&mut self, depth: u8) -> Result<(), Flaw> {
        if self.peek() != Some(b'"') {
            return Err(Flaw::Syntax);
        }
        let start = self.written();
        self.escaped = false;
        let source_key = self.string()?;
        self.escaped_keys |= self.escaped;
        let key_end = self.written();
        self.skip_white_space();
        if self.peek() != Some(b':') {
            return Err(Flaw::Syntax);
        }
        self.advance(1);
        self.skip_white_space();
        let noted = self.note(depth);
        self.work.path.push(Step::Member(source_key));
        self.value(depth.saturating_add(1))?;
        self.work.path.pop();
        let member = Member { start, key_end, end: self.written() };
        if let Some(noted) = noted.and_then(|place| self.work.outline.get_mut(place)) {
            noted.member = member;
        }
        self.work.members.push(member);
        Ok(())
    }

    /// Makes room in the outline for a member of an outer object, in front of its value's.
    fn note(&mut self, depth: u8) -> Option<usize> {
        (depth <= self.outer).then(|| {
            self.work.outline.push(Outlined::new(depth));
            self.work.outline.len().saturating_sub(1)
        })
    }

    /// Whether the last member's key comes after that of the member before it.
    fn last_follows(&self, first_member: usize) -> bool {
        let [.., previous, last] = self.work.members.get(first_member..).unwrap_or_default() else { return true };
        let (previous, last) = (previous.key(self.out), last.key(self.out));
        if self.escaped_keys { compare_keys(previous, last) } else { previous.cmp(last) }.is_lt()
    }

    /// False when no two members of an object have the same key. One spelling stands for one key.
    fn may_repeat_a_key(&self, first_member: usize) -> bool {
        let members = self.work.members.get(first_member..).unwrap_or_default();
        if members.len() >= FEW {
            return true;
        }
        let key = |member: &Member| member.key(self.out);
        members.iter().enumerate().any(|(n, a)| members.iter().take(n).any(|b| key(a) == key(b)))
    }

    /// The object's keys may not be strictly ascending: finds a repeated one, and if its members are to be moved, writes
    /// them in order.
    fn settle_order(&mut self, start: usize, first_member: usize, moves: bool) {
        let out = &*self.out;
        let members = self.work.members.get_mut(first_member..).unwrap_or_default();
        let compare = if self.escaped_keys { compare_keys } else { <[u8] as Ord>::cmp };
        members.sort_unstable_by(|a, b| compare(a.key(out), b.key(out)).then(a.start.cmp(&b.start)));
        if self.duplicate.is_none() {
            let twin = members.windows(2).find_map(|pair| match pair {
                [a, b] if a.key(out) == b.key(out) => Some(b.key(out)),
                _ => None,
            });
            self.duplicate = twin.map(|key| path::render_member(&self.work.path, self.source, key));
        }
        if moves {
            let scratch = &mut self.work.scratch;
            scratch.clear();
            for member in members {
                scratch.push(if scratch.is_empty() { b'{' } else { b',' });
                scratch.extend_from_slice(out.get(member.start..member.end).unwrap_or_default());
            }
            scratch.push(b'}');
            self.out.truncate(start);
            self.out.append(scratch);
        }
    }

    fn array(&mut self) -> Result<(), Flaw> {
        self.enter()?;
        self.advance(1);
        self.skip_white_space();
        let mut index = 0_usize;
        if self.peek() != Some(b']') {
            loop {
                self.work.path.push(Step::Element(index));
                self.value(INNER)?;
                self.work.path.pop();
                index = index.saturating_add(1);
                self.skip_white_space();
                match self.peek() {
                    Some(b',') => self.advance(1),
                    Some(b']') => break,
                    _ => return Err(Flaw::Syntax),
                }
                self.skip_white_space();
            }
        }
        self.advance(1);
        self.leave();
        Ok(())
    }

    /// Reads a string and writes it; gives its place in the source, without quotes.
    fn string(&mut self) -> Result<Range<usize>, Flaw> {
        self.advance(1);
        let start = self.at;
        loop {
            self.advance(plain_length(self.rest()));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                _ => return Err(Flaw::Syntax),
            }
        }
        let end = self.at;
        self.advance(1);
        Ok(start..end)
    }

    fn escape(&mut self) -> Result<(), Flaw> {
        let (c, used) = read_escape(self.rest().get(1..).unwrap_or_default())?;
        let length = used.saturating_add(1);
        self.copy();
        self.escaped = true;
        let before = self.out.len();
        write_char(c, self.out);
        self.compact &= self.out.get(before..) == self.rest().get(..length);
        self.leave_out(length);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let tail = self.source.get(self.at..).unwrap_or_default();
        let length = number_length(tail.as_bytes()).map_err(|bad| {
            self.at = self.at.saturating_add(bad);
            Flaw::Syntax
        })?;
        let literal = tail.get(..length).unwrap_or_default();
        if self.as_python {
            return self.python_number(literal);
        }
        if number::is_integer(literal) {
            self.advance(length);
            return Ok(());
        }
        self.double(literal, number::write_double)
    }

    fn python_number(&mut self, literal: &str) -> Result<(), Flaw> {
        let is_integer = !literal.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        let magnitude = literal.trim_start_matches('-').parse::<u64>();
        if !(is_integer && magnitude.is_ok_and(|magnitude| magnitude <= MAX_SAFE)) && self.unsafe_number.is_none() {
            let path = path::render(&self.work.path, self.source);
            self.unsafe_number = Some(UnsafeNumber { path, is_integer });
        }
        if !is_integer {
            return self.double(literal, number::write_python_double);
        }
        if literal == "-0" {
            self.copy();
            self.compact = false;
            self.leave_out(1);
            self.advance(1);
        } else {
            self.advance(literal.len());
        }
        Ok(())
    }

    fn double(&mut self, literal: &str, write: fn(f64, &mut Vec<u8>)) -> Result<(), Flaw> {
        let value = number::read_double(literal);
        if !value.is_finite() {
            return Err(Flaw::NumberOverflow);
        }
        self.copy();
        let before = self.out.len();
        write(value, self.out);
        self.compact &= self.out.get(before..) == Some(literal.as_bytes());
        self.leave_out(literal.len());
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Result<(), Flaw> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(Flaw::Syntax);
        }
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

    #[inline(always)]
    fn skip_white_space(&mut self) {
        if self.peek().is_none_or(|next| next > b' ') {
            return;
        }
        let count = self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
        if count > 0 {
            self.compact = false;
            self.copy();
            self.leave_out(count);
        }
    }

    #[inline(always)]
    fn rest(&self) -> &'s [u8] {
        self.source.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    /// Bytes that `out` has, or will have when what waits is copied.
    #[inline(always)]
    fn written(&self) -> usize {
        self.out.len().saturating_add(self.at.saturating_sub(self.copied))
    }

    /// Copies what waits. From here on `out` can be looked at.
    #[inline(always)]
    fn copy(&mut self) {
        self.out.extend_from_slice(self.source.as_bytes().get(self.copied..self.at).unwrap_or_default());
        self.copied = self.at;
    }

    /// Goes on behind bytes that are not copied. Nothing may wait.
    #[inline(always)]
    fn leave_out(&mut self, count: usize) {
        self.advance(count);
        self.copied = self.at;
    }

    #[inline(always)]
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
