//! One ledger a mutation. A row reads like its row in `vectors/README.md`: name, what is done, options, what is
//! expected. The sections stand in the order of that text.

mod chain;
mod ends;
mod fields;
mod known;
mod order;
mod reading;
mod rotations;
mod signatures;

use crate::files::{Set, json_object, to_json};
use crate::ledger::Ledger;
use crate::verdict::{Asked, Stated, verify};
use sealwright_core::hash::Hash;
use sealwright_core::verify::report::{Tail, Warning};
use serde::Serialize;
use std::collections::BTreeMap;

struct Row {
    name: String,
    ledger: Vec<u8>,
    asked: Asked,
    stated: Stated,
}

fn row(name: impl Into<String>, ledger: Ledger, asked: Asked, stated: Stated) -> Row {
    Row { name: name.into(), ledger: ledger.bytes(), asked, stated }
}

#[derive(Serialize)]
struct Case<'a> {
    options: &'a Asked,
    expect: Expect<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Expect<'a> {
    class: &'static str,
    code: Option<&'static str>,
    line: Option<usize>,
    broken_at: Option<u64>,
    event_count: u64,
    byte_offset: Option<u64>,
    root_hash: Hash,
    tail: Option<Tail>,
    warnings: &'a [Warning],
}

pub(crate) fn set() -> Set {
    let sections = [
        reading::lines_that_are_not_objects(),
        reading::text_that_is_not_utf8(),
        reading::syntax_inside_a_line(),
        reading::depth_and_length(),
        reading::which_line_comes_first(),
        fields::duplicate_keys(),
        fields::unsigned_fields(),
        fields::missing_fields(),
        fields::wrong_types(),
        fields::out_of_range(),
        fields::hex(),
        fields::kinds_that_were_not_asked_for(),
        chain::sequence_links_hashes(),
        signatures::plain(),
        signatures::keys_and_points(),
        signatures::after_79_good_lines(),
        known::signers_and_ends(),
        known::exact_spelling(),
        rotations::rotations(),
        order::which_check_comes_first(),
        ends::bytes_after_the_last_lf(),
        ends::signatures_last(),
    ];
    let mut set = Set::new("mutations");
    let mut expected = BTreeMap::new();
    for row in sections.into_iter().flatten() {
        expected.insert(row.name.clone(), row.expectation());
        set.add(format!("{}.ndjson", row.name), row.ledger);
    }
    set.content = format!("{} ledgers", expected.len());
    set.add("expected.json", json_object(&expected));
    set
}

impl Row {
    fn expectation(&self) -> String {
        let found = verify(&self.name, &self.ledger, &self.asked, self.stated);
        let report = &found.report;
        let Stated { class, code, line, .. } = self.stated;
        let expect = Expect {
            class,
            code,
            line,
            broken_at: report.broken_at,
            event_count: report.event_count,
            byte_offset: found.byte_offset,
            root_hash: report.root_hash,
            tail: report.tail,
            warnings: &report.warnings,
        };
        to_json(&Case { options: &self.asked, expect })
    }
}
