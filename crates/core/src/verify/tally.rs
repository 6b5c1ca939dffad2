//! Takes lines in order, applies the rules that need more than one line, and counts what a report says.

mod totals;

pub(super) use totals::Totals;

use super::report::{
    Checks, Compared, MAX_LISTED, OTHER_KINDS, Report, Resumed, SignatureChecks, Signer, SignerTrust, Tail, TimeRange,
    Verdict, Warning, WarningCode,
};
use super::sessions::Sessions;
use super::trust::Trust;
use super::{Options, Spelling};
use crate::chain::{ChainState, Link, Passed, SignatureState};
use crate::error::{Fault, FaultCode, Place};
use crate::event::{EventSet, PAYLOAD_ERASED};
use crate::hash::Hash;
use crate::line::{Line, LineKind, Noted, Pruning};
use std::collections::BTreeMap;

/// A verification under way.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) options: Options,
    trust: Trust,
    state: ChainState,
    /// Sequence number of the first event here.
    first_seq: u64,
    resumed: Option<Resumed>,
    checks: Checks,
    signers: Vec<Signer>,
    unlisted_signer_events: u64,
    last_time: u64,
    times: Option<TimeRange>,
    events: EventSet,
    kinds: BTreeMap<&'static str, u64>,
    unknown_kinds: BTreeMap<String, u64>,
    sessions: Sessions,
    warnings: BTreeMap<WarningCode, (u64, u64)>,
    /// Place and hash of the event that the expected head names.
    head_seen: Option<(Place, Hash)>,
    /// Of the events that say so, the one that reaches farthest.
    pub(super) pruned: Option<Pruning>,
}

/// A fault and the place where it stands.
pub(super) type Broken = (Option<u64>, u64, Fault);

impl Tally {
    pub(super) fn new(options: Options) -> Self {
        let signer = if options.signers.is_empty() { SignerTrust::SelfAsserted } else { SignerTrust::Pinned };
        let state = options.start_after.map_or(ChainState::START, |head| ChainState::after(head.seq, head.hash));
        Self {
            state,
            first_seq: state.next_seq(),
            resumed: None,
            checks: Checks {
                parse: 0,
                fields: 0,
                links: 0,
                hashes: 0,
                signatures: SignatureChecks { mode: options.signatures, checked: 0 },
                signer,
                head: Compared::NotChecked,
                first: Compared::NotChecked,
            },
            signers: Vec::new(),
            unlisted_signer_events: 0,
            last_time: 0,
            times: None,
            events: EventSet::Core,
            kinds: BTreeMap::new(),
            unknown_kinds: BTreeMap::new(),
            sessions: Sessions::default(),
            warnings: BTreeMap::new(),
            head_seen: None,
            pruned: None,
            trust: Trust::new(&options.signers),
            options,
        }
    }

    pub(super) fn event_count(&self) -> u64 {
        self.state.next_seq().saturating_sub(self.first_seq)
    }

    pub(super) fn state(&self) -> ChainState {
        self.state
    }

    /// A line that is JSON, but whose fields are wrong.
    pub(super) fn count_parsed(&mut self) {
        increase(&mut self.checks.parse);
    }

    /// Lines of white space, the first of them here.
    pub(super) fn count_blank_lines(&mut self, first: Place, count: u64) {
        self.warn(WarningCode::NonCanonicalSpelling, first.line, count);
    }

    /// The next event: accepted, or the first fault.
    pub(super) fn event(&mut self, line: &Line, signature: SignatureState, place: Place) -> Result<(), Fault> {
        increase(&mut self.checks.parse);
        self.check_kind(line)?;
        increase(&mut self.checks.fields);
        let before = self.state;
        self.link(line, signature)?;
        if let Err(fault) = self.check_expectations(line, &self.trust) {
            self.state = before;
            return Err(fault);
        }
        if signature == SignatureState::Holds {
            increase(&mut self.checks.signatures.checked);
        }
        self.count(line, place);
        Ok(())
    }

    /// Whether an event would be accepted behind another one that is not counted yet, signatures aside.
    pub(super) fn would_accept(&self, before: Option<&Line>, line: &Line) -> bool {
        let mut state = self.state;
        let steps = before.into_iter().chain([line]);
        self.check_kind(line).is_ok()
            && steps.map(Line::link).all(|link| state.step(&link, SignatureState::NotChecked).is_ok())
            && self.check_expectations(line, &self.trust.behind(before)).is_ok()
    }

    fn check_kind(&self, line: &Line) -> Result<(), Fault> {
        if self.options.events == EventSet::Core && line.kind.set() != EventSet::Core {
            let reason = "an extended kind where only core kinds are expected";
            return Err(Fault::mismatch(FaultCode::UnexpectedKind, reason, "a core kind", line.kind.name()));
        }
        Ok(())
    }

    fn link(&mut self, line: &Line, signature: SignatureState) -> Result<(), Fault> {
        let stepped = self.state.step(&line.link(), signature);
        let passed = stepped.as_ref().err().map_or(Passed::Hash, |(passed, _)| *passed);
        if passed >= Passed::Links {
            increase(&mut self.checks.links);
        }
        if passed >= Passed::Hash {
            increase(&mut self.checks.hashes);
        }
        stepped.map_err(|(_, fault)| fault)
    }

    /// Checks that depend on what the caller knows or asks for.
    fn check_expectations(&self, line: &Line, trust: &Trust) -> Result<(), Fault> {
        let start = self.options.start_after.filter(|start| start.seq == 0);
        trust.check(line, start.map(|start| start.hash))?;
        if let Some(expected) = self.options.expected_first
            && line.seq == self.first_seq
            && (line.seq > 0 || line.claimed != expected)
        {
            let reason = "the first event is not the expected one";
            return Err(Fault::mismatch(FaultCode::FirstMismatch, reason, expected, line.claimed));
        }
        if self.options.spelling == Spelling::Exact && !line.as_written {
            return Err(Fault::new(FaultCode::Spelling, "the line is not spelled as the writer spells"));
        }
        Ok(())
    }

    fn count(&mut self, line: &Line, place: Place) {
        if line.seq == 0 {
            // An expected one was compared.
            self.checks.first =
                if self.options.expected_first.is_some() { Compared::Matched } else { Compared::NotChecked };
        }
        if self.options.expected_head.is_some_and(|head| head.seq == line.seq) {
            self.head_seen = Some((place, line.claimed));
        }
        if !line.as_written {
            self.warn(WarningCode::NonCanonicalSpelling, place.line, 1);
        }
        if line.malformed_digest {
            self.warn(WarningCode::MalformedDigest, place.line, 1);
        }
        if line.kind.name() == "LedgerRestored" {
            self.warn(WarningCode::LedgerRestored, place.line, 1);
        }
        self.count_kind(&line.kind, place);
        match line.noted.as_deref() {
            Some(Noted::SessionStarted(id)) => self.sessions.begin(id.as_deref(), line.seq),
            Some(Noted::SessionSealed(id)) => self.sessions.end(id.as_deref()),
            _ => {}
        }
        self.events = self.events.max(line.kind.set());
        self.pruned = self.pruned.into_iter().chain(line.pruning().copied()).max_by_key(|pruning| pruning.last.seq);
        self.count_time(line.timestamp_nanos, place);
        self.count_signer(line, place);
    }

    fn count_kind(&mut self, kind: &LineKind, place: Place) {
        match kind {
            LineKind::Known(name, _) => increase(self.kinds.entry(name).or_default()),
            LineKind::Unknown(name) => {
                self.warn(WarningCode::UnknownKind, place.line, 1);
                let known = self.unknown_kinds.contains_key(name) || self.unknown_kinds.len() < MAX_LISTED;
                let name = if known { name.as_str() } else { OTHER_KINDS };
                increase(self.unknown_kinds.entry(name.to_owned()).or_default());
            }
        }
    }

    fn count_time(&mut self, time: u64, place: Place) {
        if time < self.last_time {
            self.warn(WarningCode::TimeWentBack, place.line, 1);
        }
        self.last_time = time;
        let range = self.times.get_or_insert(TimeRange { from: time, to: time });
        range.from = range.from.min(time);
        range.to = range.to.max(time);
    }

    fn count_signer(&mut self, line: &Line, place: Place) {
        if self.trust.is_stranger(line) {
            self.warn(WarningCode::MixedSigners, place.line, 1);
        }
        self.trust.follow(line);
        if let Some(signer) = self.signers.iter_mut().find(|signer| signer.public_key == line.signer) {
            signer.last = line.seq;
        } else if self.signers.len() < MAX_LISTED {
            let pinned = self.options.signers.contains(&line.signer);
            self.signers.push(Signer { public_key: line.signer, first: line.seq, last: line.seq, pinned });
        } else {
            increase(&mut self.unlisted_signer_events);
        }
    }

    fn warn(&mut self, code: WarningCode, line: u64, count: u64) {
        let (total, _) = self.warnings.entry(code).or_insert((0, line));
        *total = total.saturating_add(count);
    }

    /// What is compared when the whole ledger was read: `end` is its length.
    pub(super) fn check_ends(&mut self, end: u64) -> Result<(), Broken> {
        if let (Some(expected), 0) = (self.options.expected_first, self.event_count()) {
            let reason = "the expected first event is not there: the ledger is empty";
            return Err((None, end, Fault::mismatch(FaultCode::FirstMismatch, reason, expected, "no event")));
        }
        let Some(expected) = self.options.expected_head else {
            return Ok(());
        };
        let reason = "the expected head is not in the ledger";
        match self.head_seen {
            Some((_, hash)) if hash == expected.hash => {
                self.checks.head = Compared::Matched;
                Ok(())
            }
            Some((place, hash)) => {
                let fault = Fault::mismatch(FaultCode::HeadMismatch, reason, expected.hash, hash);
                Err((Some(place.line), place.byte_offset, fault))
            }
            None => {
                let expected = format!("an event with seq {}", expected.seq);
                let found = format!("{} events", self.event_count());
                Err((None, end, Fault::mismatch(FaultCode::HeadMismatch, reason, expected, found)))
            }
        }
    }

    /// The report of a ledger without a fault, or of the lines before a line that could not be read.
    pub(super) fn intact(self, tail: Option<Tail>, bytes: u64, sha256: Option<Hash>) -> Report {
        let complete = self.checks.signer == SignerTrust::Pinned
            && self.checks.head == Compared::Matched
            && self.checks.signatures.checked == self.event_count()
            && tail.is_none()
            && self.unknown_kinds.is_empty()
            && self.options.start_after.is_none()
            && self.resumed.is_none()
            && sha256.is_some();
        let verdict = match self.event_count() {
            0 => Verdict::Empty,
            _ if complete => Verdict::Verified,
            _ => Verdict::Intact,
        };
        self.report(verdict, tail, bytes, sha256)
    }

    pub(super) fn broken(self, (line, byte_offset, fault): Broken, tail: Option<Tail>) -> Report {
        let broken_at = match (fault.code, self.options.expected_head, line) {
            (FaultCode::HeadMismatch, Some(head), Some(_)) => head.seq,
            _ => self.state.next_seq(),
        };
        Report {
            ok: false,
            broken_at: Some(broken_at),
            line,
            byte_offset: Some(byte_offset),
            code: Some(fault.code),
            reason: Some(fault.reason),
            expected: fault.expected,
            found: fault.found,
            ..self.report(Verdict::Broken, tail, byte_offset, None)
        }
    }

    fn report(self, verdict: Verdict, tail: Option<Tail>, bytes: u64, sha256: Option<Hash>) -> Report {
        let head = self.state.head().filter(|_| self.event_count() > 0);
        Report {
            schema_version: 1,
            ok: true,
            verdict,
            event_count: self.event_count(),
            broken_at: None,
            line: None,
            byte_offset: None,
            code: None,
            reason: None,
            expected: None,
            found: None,
            root_hash: head.map_or(Hash::GENESIS, |head| head.hash),
            first_hash: self.trust.first(),
            head,
            started_after: self.options.start_after,
            resumed: self.resumed,
            segments: None,
            signers: self.signers,
            unlisted_signer_events: self.unlisted_signer_events,
            checks: self.checks,
            tail,
            events: self.events,
            erased: self.kinds.get(PAYLOAD_ERASED).copied().unwrap_or_default(),
            kinds: self.kinds,
            unknown_kinds: self.unknown_kinds,
            open_sessions: (self.events == EventSet::Extended).then(|| self.sessions.report()),
            warnings: self
                .warnings
                .into_iter()
                .map(|(code, (count, first_line))| Warning { code, count, first_line })
                .collect(),
            time_range: self.times,
            bytes,
            sha256: sha256.filter(|_| self.resumed.is_none()),
        }
    }
}

impl Line {
    pub(crate) fn link(&self) -> Link {
        Link { seq: self.seq, parent: self.parent, claimed: self.claimed, recomputed: self.recomputed }
    }
}

fn increase(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
