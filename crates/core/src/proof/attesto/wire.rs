//! Objects as they come over the wire: members by name, each in one spelling and of one type.

use super::canonical;
use crate::error::{ProblemCode, excerpt};
use crate::hash::Hash;
use crate::json::members::{self, Type, members, type_of};
use crate::proof::inclusion::Problem;

pub(super) type Result<T, E = Problem> = std::result::Result<T, E>;

/// Canonical JSON of a text from elsewhere: [`ProblemCode::JsonMalformed`] for any other.
pub(super) fn read(text: &str) -> Result<String> {
    let refuse = |why: String| Problem::new(ProblemCode::JsonMalformed, why);
    let canonical = canonical::canonicalize(text, None).map_err(|error| refuse(error.to_string()))?;
    String::from_utf8(canonical).map_err(|error| refuse(error.to_string()))
}

/// How members may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// `seq_no`: in what is hashed.
    Snake,
    /// `seq_no` or `seqNo`, not both: in what an interface hands out.
    Either,
}

/// An object in canonical JSON.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    /// The object, canonical itself.
    pub(super) text: &'a str,
    names: Names,
    what: &'static str,
    code: ProblemCode,
}

impl<'a> Object<'a> {
    /// A value of canonical JSON; `what` it is called, and with which `code`, if a member is missing or wrong.
    pub(super) fn new(text: &'a str, names: Names, what: &'static str, code: ProblemCode) -> Result<Self> {
        let object = Self { text, names, what, code };
        if type_of(text) == Type::Object { Ok(object) } else { Err(object.refuse("is no object")) }
    }

    /// The same object, called otherwise.
    pub(super) fn called(self, what: &'static str, names: Names) -> Self {
        Self { what, names, ..self }
    }

    /// The value of a member, named in snake case; nothing where there is none.
    pub(super) fn find(&self, name: &str) -> Result<Option<&'a str>> {
        let mut found = members(self.text).filter(|(key, _)| self.is_named(key, name));
        let value = found.next().map(|(_, value)| value);
        match found.next() {
            None => Ok(value),
            Some(_) => Err(self.refuse(&format!("has {name} twice"))),
        }
    }

    /// Whether there is such a member that is not null.
    pub(super) fn has(&self, name: &str) -> Result<bool> {
        Ok(self.find(name)?.is_some_and(|value| type_of(value) != Type::Null))
    }

    /// The value of a member that must be there.
    pub(super) fn value(&self, name: &str) -> Result<&'a str> {
        self.find(name)?.ok_or_else(|| self.refuse(&format!("has no {name}")))
    }

    /// A string that is not empty.
    pub(super) fn text(&self, name: &str) -> Result<String> {
        let text: Option<String> = serde_json::from_str(self.value(name)?).ok();
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.wrong(name, "no string, or an empty one"))
    }

    /// A string, which may be empty.
    pub(super) fn any_text(&self, name: &str) -> Result<String> {
        serde_json::from_str(self.value(name)?).map_err(|_| self.wrong(name, "no string"))
    }

    /// An integer from 0 to 2^53-1.
    pub(super) fn integer(&self, name: &str) -> Result<u64> {
        let number = self.value(name)?.parse().ok();
        number
            .filter(|number| *number <= crate::limits::MAX_SEQ)
            .ok_or_else(|| self.wrong(name, "no integer from 0 to 2^53-1"))
    }

    /// 64 lower-case hex digits.
    pub(super) fn hash(&self, name: &str) -> Result<Hash> {
        hash_of(self.value(name)?).ok_or_else(|| self.wrong(name, "not 64 lower-case hex digits"))
    }

    /// The same, or null.
    pub(super) fn hash_or_null(&self, name: &str) -> Result<Option<Hash>> {
        if type_of(self.value(name)?) == Type::Null { Ok(None) } else { self.hash(name).map(Some) }
    }

    /// An object.
    pub(super) fn object(&self, name: &str, what: &'static str) -> Result<Self> {
        Self::new(self.value(name)?, self.names, what, self.code)
    }

    /// The keys, as spelled, of members that are not among those named.
    pub(super) fn others(&self, known: &[&str]) -> Vec<&'a str> {
        let is_known = |key: &str| known.iter().any(|name| self.is_named(key, name));
        members(self.text).map(|(key, _)| key).filter(|key| !is_known(key)).collect()
    }

    /// A problem for each member that is not among those named: no hash and no signature covers it.
    pub(super) fn refuse_others(&self, known: &[&str], problems: &mut Vec<Problem>) {
        for key in self.others(known) {
            let reason = format!("the {} has a member \"{}\" that nothing signs", self.what, excerpt(key));
            problems.push(Problem::new(ProblemCode::UnsignedMember, reason));
        }
    }

    /// Says that the object is not what it should be.
    pub(super) fn refuse(&self, why: &str) -> Problem {
        Problem::new(self.code, format!("the {} {why}", self.what))
    }

    fn wrong(&self, name: &str, why: &str) -> Problem {
        self.refuse(&format!("has a {name} that is {why}"))
    }

    fn is_named(&self, key: &str, name: &str) -> bool {
        key == name || (self.names == Names::Either && key == camel_case(name))
    }
}

/// The elements of an array in canonical JSON; nothing for another value.
pub(super) fn elements(array: &str) -> Option<Vec<&str>> {
    (type_of(array) == Type::Array).then(|| members::elements(array).collect())
}

/// The hash that a value of canonical JSON is.
pub(super) fn hash_of(value: &str) -> Option<Hash> {
    Hash::from_hex(value.strip_prefix('"')?.strip_suffix('"')?)
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        text + &String::from_iter(initial) + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_one_name_at_a_time() {
        let object = |text, names| Object::new(text, names, "thing", ProblemCode::ReceiptMalformed).unwrap();
        let camel = object(r#"{"keyEpoch":"a","n":7}"#, Names::Either);
        assert_eq!(camel.text("key_epoch").unwrap(), "a");
        assert_eq!(camel.integer("n").unwrap(), 7);
        assert_eq!(camel.others(&["n"]), ["keyEpoch"]);
        assert!(object(r#"{"keyEpoch":"a"}"#, Names::Snake).text("key_epoch").is_err());
        assert!(object(r#"{"keyEpoch":"a","key_epoch":"a"}"#, Names::Either).text("key_epoch").is_err());
        for text in [r#"{"n":1.0}"#, r#"{"n":-1}"#, r#"{"n":"1"}"#, r#"{"n":9007199254740992}"#, r#"{"n":null}"#] {
            assert!(object(text, Names::Snake).integer("n").is_err(), "{text}");
        }
        assert!(Object::new("[]", Names::Snake, "thing", ProblemCode::ReceiptMalformed).is_err());
    }

    #[test]
    fn elements_are_walked_in_their_order() {
        assert_eq!(elements(r#"[1,{"a":[2,"],"]},"x,y",[]]"#).unwrap(), ["1", r#"{"a":[2,"],"]}"#, r#""x,y""#, "[]"]);
        assert_eq!(elements("[]").unwrap(), Vec::<&str>::new());
        assert_eq!(elements("{}"), None);
    }
}
