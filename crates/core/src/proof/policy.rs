//! Policies: whose checkpoints are taken, and how many witnesses must have cosigned them (c2sp.org/tlog-policy).
//!
//! ```text
//! log NAME+ID+KEY [URL]
//! witness W1 NAME+ID+KEY [URL]
//! witness W2 NAME+ID+KEY [URL]
//! group both all W1 W2                 or any, or a number
//! quorum both                          or a witness, or none
//! ```
//!
//! Empty lines and lines that begin with `#` mean nothing. A group has only what is defined before it, and each name is in
//! one group at most, so a witness counts once. A log's key has the log's origin for its name.

use super::checkpoint::Checkpoint;
use super::note::{Key, Kind, Note, Signed};
use crate::error::{Error, ErrorCode, Result, excerpt};
use std::collections::HashMap;

/// Most bytes of a policy.
pub const MAX_POLICY: usize = 1 << 20;

/// Who is believed about a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Named>,
    witnesses: Vec<Named>,
    /// Each has only witnesses and groups before it.
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A log or a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its key.
    pub key: Key,
    /// Where it can be asked, if the policy says so.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// A checkpoint that a policy takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted<'a> {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// By which log.
    pub log: &'a Key,
    /// Which of the policy's witnesses cosigned it, all that did, and when.
    pub witnesses: Vec<Signed<'a>>,
}

impl Policy {
    /// Reads a policy: [`ErrorCode::PolicyMalformed`], with the line, for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_POLICY {
            return Err(malformed(format!("it has more than {MAX_POLICY} bytes")));
        }
        let mut reading = Reading::default();
        for (number, line) in (1_u64..).zip(text.split('\n')) {
            reading.take(line).map_err(|why| malformed(format!("line {number} {why}")))?;
        }
        reading.finish().map_err(malformed)
    }

    /// One that takes checkpoints of some logs, without witnesses.
    pub fn of_logs(keys: impl IntoIterator<Item = Key>) -> Self {
        let logs = keys.into_iter().map(|key| Named { key, url: None }).collect();
        Self { logs, witnesses: Vec::new(), groups: Vec::new(), quorum: None }
    }

    /// The logs, in the order of the text.
    pub fn logs(&self) -> &[Named] {
        &self.logs
    }

    /// The witnesses, in the order of the text.
    pub fn witnesses(&self) -> &[Named] {
        &self.witnesses
    }

    /// Takes a checkpoint that one of the logs signed and a quorum of the witnesses cosigned.
    ///
    /// Errors: [`ErrorCode::NoteSignature`] for a signature by a key of the policy that does not hold,
    /// [`ErrorCode::CheckpointMalformed`], [`ErrorCode::NoteUntrusted`] unless the log whose origin it has signed it, and
    /// [`ErrorCode::QuorumMissing`].
    pub fn check(&self, note: &Note) -> Result<Accepted<'_>> {
        let keys: Vec<_> = self.logs.iter().chain(&self.witnesses).map(|named| named.key.clone()).collect();
        let signed = note.check(&keys)?;
        let has_signed = |named: &&Named| signed.iter().any(|signed| *signed.key == named.key);
        let checkpoint = Checkpoint::parse(note.text())?;
        let log = self.logs.iter().filter(has_signed).find(|log| log.key.name() == checkpoint.origin());
        let Some(log) = log else {
            let message = format!("no log of the policy has signed it as {:?}", excerpt(checkpoint.origin()));
            return Err(Error::new(ErrorCode::NoteUntrusted, message));
        };
        let times = |named: &'_ Named| signed.iter().find(|signed| *signed.key == named.key).map(|signed| signed.time);
        let has_cosigned: Vec<_> = self.witnesses.iter().map(|witness| times(witness).is_some()).collect();
        if !self.has_quorum(&has_cosigned) {
            let count = has_cosigned.iter().filter(|has| **has).count();
            let message = format!("the {count} witnesses of the policy that cosigned it are no quorum");
            return Err(Error::new(ErrorCode::QuorumMissing, message));
        }
        let cosigned = |witness: &'_ Named| times(witness);
        let witnesses = self
            .witnesses
            .iter()
            .filter_map(|witness| cosigned(witness).map(|time| Signed { key: &witness.key, time }))
            .collect();
        Ok(Accepted { checkpoint, log: &log.key, witnesses })
    }

    fn has_quorum(&self, has_cosigned: &[bool]) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let holds = |member: &Member, groups: &[bool]| match member {
            Member::Witness(index) => has_cosigned.get(*index).copied().unwrap_or_default(),
            Member::Group(index) => groups.get(*index).copied().unwrap_or_default(),
        };
        for group in &self.groups {
            let count = group.members.iter().filter(|member| holds(member, &groups)).count();
            groups.push(count >= group.threshold);
        }
        self.quorum.as_ref().is_none_or(|quorum| holds(quorum, &groups))
    }
}

/// A policy as far as it was read.
#[derive(Default)]
struct Reading<'a> {
    logs: Vec<Named>,
    witnesses: Vec<Named>,
    groups: Vec<Group>,
    names: HashMap<&'a str, Member>,
    grouped: Vec<Member>,
    quorum: Option<Option<Member>>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, line: &'a str) -> Result<(), String> {
        if line.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err("has control characters".to_owned());
        }
        let words: Vec<_> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key, url @ ..] if url.len() <= 1 => {
                let named = named(key, Kind::Log, url.first())?;
                add(&mut self.logs, named)
            }
            ["witness", name, key, url @ ..] if url.len() <= 1 => {
                let named = named(key, Kind::Witness, url.first())?;
                self.name(name, Member::Witness(self.witnesses.len()))?;
                add(&mut self.witnesses, named)
            }
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.set_quorum(name),
            [first, ..] => Err(format!("is no line of a policy: {:?}", excerpt(first))),
        }
    }

    fn group(&mut self, name: &'a str, threshold: &str, members: &[&str]) -> Result<(), String> {
        let members = members.iter().map(|member| self.member(member)).collect::<Result<Vec<_>, _>>()?;
        let threshold = match threshold {
            "any" => Some(1),
            "all" => Some(members.len()),
            number => super::checkpoint::decimal(number).and_then(|number| usize::try_from(number).ok()),
        };
        let threshold = threshold.filter(|count| (1..=members.len()).contains(count));
        let threshold = threshold.ok_or("has no threshold from 1 to the number of its members")?;
        for member in &members {
            if self.grouped.contains(member) {
                return Err("has a member that is in a group already".to_owned());
            }
            self.grouped.push(*member);
        }
        self.name(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members });
        Ok(())
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), String> {
        let quorum = if name == "none" { None } else { Some(self.member(name)?) };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err("is a second quorum".to_owned()),
        }
    }

    fn name(&mut self, name: &'a str, member: Member) -> Result<(), String> {
        if name == "none" {
            return Err("has the name none, which means no witness".to_owned());
        }
        match self.names.insert(name, member) {
            None => Ok(()),
            Some(_) => Err(format!("defines {:?} again", excerpt(name))),
        }
    }

    fn member(&self, name: &str) -> Result<Member, String> {
        self.names.get(name).copied().ok_or_else(|| format!("names {:?}, which no line before defines", excerpt(name)))
    }

    fn finish(self) -> Result<Policy, String> {
        let quorum = self.quorum.ok_or("it has no quorum line")?;
        Ok(Policy { logs: self.logs, witnesses: self.witnesses, groups: self.groups, quorum })
    }
}

fn named(key: &str, kind: Kind, url: Option<&&str>) -> Result<Named, String> {
    let key = Key::parse(key).map_err(|error| format!("has no key: {}", error.message))?;
    if key.kind() != kind {
        return Err("has a key of the other kind: a log's has 1, a witness's 4".to_owned());
    }
    Ok(Named { key, url: url.map(|url| (*url).to_owned()) })
}

/// One key under two names would count twice.
fn add(to: &mut Vec<Named>, named: Named) -> Result<(), String> {
    if to.iter().any(|other| other.key.public() == named.key.public()) {
        return Err("has a key that another line has".to_owned());
    }
    to.push(named);
    Ok(())
}

fn malformed(why: impl Into<String>) -> Error {
    Error::new(ErrorCode::PolicyMalformed, format!("not a policy: {}", why.into()))
}
