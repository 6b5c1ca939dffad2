//! Sessions that began and did not end: `SessionStarted` without a later `SessionSealed` of the same id.

use super::report::{MAX_LISTED, OpenSessions};
use crate::limits::as_u64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Open sessions that are followed at a time.
const MAX_FOLLOWED: usize = 4096;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sessions {
    /// By id; since which seq.
    open: BTreeMap<String, u64>,
    unfollowed: u64,
}

impl Sessions {
    /// One begins, or begins again. No id: it is too long to be followed.
    pub(super) fn begin(&mut self, id: Option<&str>, seq: u64) {
        let has_room = self.open.len() < MAX_FOLLOWED;
        match id.map(|id| self.open.entry(id.to_owned())) {
            Some(Entry::Occupied(_)) => {}
            Some(Entry::Vacant(place)) if has_room => {
                place.insert(seq);
            }
            _ => self.unfollowed = self.unfollowed.saturating_add(1),
        }
    }

    pub(super) fn end(&mut self, id: Option<&str>) {
        id.map(|id| self.open.remove(id));
    }

    pub(super) fn report(self) -> OpenSessions {
        let count = as_u64(self.open.len());
        let mut open: Vec<(String, u64)> = self.open.into_iter().collect();
        open.sort_unstable_by_key(|(_, seq)| *seq);
        let listed = open.into_iter().take(MAX_LISTED).map(|(id, _)| id).collect();
        OpenSessions { count, listed, unfollowed: self.unfollowed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> String {
        format!("session {number}")
    }

    #[test]
    fn what_began_and_did_not_end_is_listed_in_its_order() {
        let mut sessions = Sessions::default();
        (0..100).for_each(|number| sessions.begin(Some(&id(number)), number));
        (0..30).for_each(|number| sessions.end(Some(&id(number))));
        // Begun again: the first begin counts, and after its end the next one.
        sessions.begin(Some(&id(40)), 100);
        sessions.begin(Some(&id(0)), 101);
        sessions.end(Some("nobody"));
        sessions.begin(None, 102);
        sessions.end(None);
        let report = sessions.report();
        assert_eq!((report.count, report.unfollowed), (71, 1));
        assert_eq!(report.listed, (30..30 + as_u64(MAX_LISTED)).map(id).collect::<Vec<_>>());
    }

    #[test]
    fn memory_is_bounded() {
        let mut sessions = Sessions::default();
        (0..5000).for_each(|number| sessions.begin(Some(&id(number)), number));
        assert_eq!((sessions.open.len(), sessions.unfollowed), (MAX_FOLLOWED, 5000 - as_u64(MAX_FOLLOWED)));
        // Who is followed already needs no room; what ends makes some.
        sessions.begin(Some(&id(7)), 5000);
        sessions.end(Some(&id(3)));
        sessions.begin(Some(&id(4999)), 5001);
        assert_eq!((sessions.open.len(), sessions.unfollowed), (MAX_FOLLOWED, 5000 - as_u64(MAX_FOLLOWED)));
    }
}
