//! Whole good ledgers with the report under several options. The rows stand as in `vectors/README.md`.

use crate::files::{Set, json_object, to_json};
use crate::forge::{Signer, Signing, mixed_order_key};
use crate::ledger::{
    CUSTOM, Ledger, MODEL_INVOKED, OVEN_PREHEATED, SESSION_ENDED, SESSION_STARTED, TOOL_CALLED, TOOL_RETURNED,
    UTTERANCE_CAPTURED, UTTERANCE_SPOKEN, base, base_head, bytes, digest, eighty, members, object, time, two_signers,
};
use crate::rotation::{rotated, rotated_twice};
use crate::texts::canonical_of;
use crate::values::{
    DOUBLES, FREE_VALUES, INTEGERS, ODD_KEYS, TEXTS, array, arrays, called, ended_by_the_user, event, objects, words,
};
use crate::verdict::{Asked, EMPTY, INTACT, Stated, VERIFIED, none, pinned, verify};
use sealwright_core::chain::Head;
use sealwright_core::event::EventSet;
use sealwright_core::hash::Hash;
use sealwright_core::verify::report::{Compared, OpenSessions, SignatureChecks, SignerTrust, Tail, TimeRange, Warning};
use serde::Serialize;
use std::collections::BTreeMap;

fn custom(name: &str, data: &str) -> String {
    event("Custom", &format!(r#"{{"name":"{name}","data":{data}}}"#))
}

/// A ledger, and what is stated of it under some options.
struct Chain {
    name: &'static str,
    ledger: Ledger,
    cases: Vec<(Asked, Stated)>,
}

/// The options may name heads of the ledger itself.
fn chain(name: &'static str, ledger: Ledger, cases: impl FnOnce(&Ledger) -> Vec<(Asked, Stated)>) -> Chain {
    let cases = cases(&ledger);
    Chain { name, ledger, cases }
}

/// All that verifies a ledger of K1, up to this seq.
fn full(ledger: &Ledger, seq: usize) -> Asked {
    pinned().head(ledger.head(seq))
}

pub(crate) fn set() -> Set {
    let mut set = Set::new("chains");
    let mut expected = BTreeMap::new();
    let mut reports = 0;
    for Chain { name, ledger, cases } in
        [kinds(), lines(), values(), spellings(), signers(), middles()].into_iter().flatten()
    {
        let bytes = ledger.bytes();
        let rows: Vec<_> = cases.iter().map(|(asked, stated)| case(name, &bytes, asked, *stated)).collect();
        reports += rows.len();
        expected.insert(name.to_owned(), format!("[\n{}\n]", rows.join(",\n")));
        set.add(format!("{name}.ndjson"), bytes);
    }
    set.content = format!("{} ledgers, {reports} reports", expected.len());
    set.add("expected.json", json_object(&expected));
    set
}

fn kinds() -> Vec<Chain> {
    let (k1, k2) = (Signer::K1.public(), Signer::K2.public());
    let all = Ledger::of(&[
        SESSION_STARTED,
        UTTERANCE_CAPTURED,
        TOOL_CALLED,
        TOOL_RETURNED,
        MODEL_INVOKED,
        UTTERANCE_SPOKEN,
        SESSION_ENDED,
    ]);
    let custom = Ledger::of(&[
        SESSION_STARTED,
        CUSTOM,
        &custom("com.example.note", "null"),
        &custom("com.example.note", r#""text""#),
        &custom("not a domain", "[1,1.0]"),
        &custom("", "{}"),
        SESSION_ENDED,
    ]);
    let unknown = Ledger::of(&[
        SESSION_STARTED,
        OVEN_PREHEATED,
        &event("OvenPreheated", "{}"),
        &event("PolicyDecision", r#"{"next":null}"#),
        &event(&"K".repeat(64), r#"{"z":1,"a":[1.0,{"b":2}]}"#),
        &event("A", r#"{"type":"x","payload":"y"}"#),
        SESSION_ENDED,
    ]);
    vec![
        chain("all_kinds", all, |it| {
            vec![
                (none(), INTACT),
                (pinned(), INTACT),
                (none().head(it.head(6)), INTACT),
                (full(it, 6), VERIFIED),
                (full(it, 6).first(it.head(0).hash), VERIFIED),
                (full(it, 6).signers(&[k2, k1]).events(EventSet::Core).exact(), VERIFIED),
                (full(it, 3), VERIFIED),
                (full(it, 6).last(), INTACT),
                (full(it, 6).events(EventSet::Extended), VERIFIED),
            ]
        }),
        chain("custom", custom, |it| {
            vec![(none(), INTACT), (full(it, 6).exact(), VERIFIED), (full(it, 6).events(EventSet::Extended), VERIFIED)]
        }),
        chain("unknown_kinds", unknown, |it| vec![(none(), INTACT), (full(it, 6).exact(), INTACT)]),
        chain("open_sessions", open_sessions(), |it| vec![(none(), INTACT), (full(it, 10).exact(), VERIFIED)]),
        chain("open_sessions_beyond_limits", open_sessions_beyond_limits(), |_| vec![(none(), INTACT)]),
        chain("payload_erased", payload_erased(), |it| {
            vec![(none(), INTACT), (full(it, 5).exact(), VERIFIED), (full(it, 5).last(), INTACT)]
        }),
        chain("token_issued", token_issued(), |it| {
            vec![(none(), INTACT), (full(it, 3).exact(), VERIFIED), (full(it, 3).last(), INTACT)]
        }),
        chain("written_by_the_library", written_by_the_library(), |it| {
            vec![(none(), INTACT), (full(it, 6).exact(), VERIFIED)]
        }),
    ]
}

fn session_started(id: &str) -> String {
    SESSION_STARTED.replace(r#""session-demo""#, &to_json(&id))
}

fn session_sealed(id: &str) -> String {
    let id = to_json(&id);
    event("SessionSealed", &format!(r#"{{"session_id":{id},"count":0,"head_seq":0,"head_hash":""}}"#))
}

fn open_sessions() -> Ledger {
    let (longest, too_long) = ("é".repeat(128), "é".repeat(128) + "x");
    Ledger::of(&[
        session_sealed("not begun"),
        session_started("not begun"),
        session_started("ended"),
        session_started("begun again"),
        session_started("\"\n\u{1f600}"),
        session_sealed("ended"),
        session_sealed("begun again"),
        session_started("begun again"),
        session_started("not begun"),
        session_started(&longest),
        session_started(&too_long),
    ])
}

fn open_sessions_beyond_limits() -> Ledger {
    let mut events: Vec<String> = (0..70).map(|number| session_started(&format!("s{number}"))).collect();
    events.push(CUSTOM.to_owned());
    Ledger::of(&events)
}

fn payload_erased() -> Ledger {
    let erased =
        |commitment: &str| event("PayloadErased", &format!(r#"{{"commitment":"{commitment}","reason":"asked for"}}"#));
    Ledger::of(&[
        SESSION_STARTED.to_owned(),
        event("Custom", &format!(r#"{{"name":"com.example.patient","data":{{"commitment":"{}"}}}}"#, digest('a'))),
        erased(&digest('a')),
        erased(&digest('a')),
        erased("none"),
        SESSION_ENDED.to_owned(),
    ])
}

fn token_issued() -> Ledger {
    let issued = |hash: &str| {
        let said = r#""jti":"att_1","issuer":"did:web:example.com","status":"VERIFIED""#;
        event("TokenIssued", &format!(r#"{{{said},"signing_input_sha256":"{hash}"}}"#))
    };
    Ledger::of(&[SESSION_STARTED.to_owned(), issued(&digest('a')), issued(""), SESSION_ENDED.to_owned()])
}

fn written_by_the_library() -> Ledger {
    let [a, b] = ['a', 'b'].map(digest);
    let restored = |hash: &str| {
        event(
            "LedgerRestored",
            &format!(r#"{{"known_seq":9007199254740991,"known_hash":"{hash}","reason":"disk lost"}}"#),
        )
    };
    Ledger::of(&[
        SESSION_STARTED.to_owned(),
        event("Heartbeat", r#"{"session_id":"session-demo","interval_ms":18446744073709551615}"#),
        restored(&a),
        restored("none"),
        event("LedgerPruned", &format!(r#"{{"count":5,"last_seq":4,"last_hash":"{a}","first_hash":"{b}"}}"#)),
        event("SessionSealed", &format!(r#"{{"session_id":"session-demo","count":5,"head_seq":4,"head_hash":"{b}"}}"#)),
        event("SessionSealed", r#"{"session_id":"","count":0,"head_seq":0,"head_hash":""}"#),
    ])
}

fn lines() -> Vec<Chain> {
    let single = || Ledger::of(&[SESSION_STARTED]);
    let crlf = || (1..=4).fold(base(), |ledger, line| ledger.suffixed(line, "\r"));
    let blank_lines =
        base().line_after(4, "").line_after(2, "\r").line_after(1, " \t ").line_after(1, "").line_after(0, "");
    let long = format!(
        r#"{{"audio_sha256":"{}","transcript":"{}","lang":"en","duration_ms":1}}"#,
        digest('d'),
        "x".repeat(70_000)
    );
    let long = Ledger::of(&[&event("UtteranceCaptured", &long), SESSION_ENDED]);
    vec![
        chain("single_event", single(), |it| vec![(none(), INTACT), (full(it, 0), VERIFIED)]),
        chain("single_event_no_final_lf", single().no_last_lf(), |it| vec![(none(), INTACT), (full(it, 0), VERIFIED)]),
        chain("no_final_lf", base().no_last_lf(), |it| {
            vec![
                (none(), INTACT),
                (full(it, 3).first(it.head(0).hash).events(EventSet::Core).exact(), VERIFIED),
                (full(it, 3).last(), INTACT),
            ]
        }),
        chain("crlf", crlf(), |it| vec![(none(), INTACT), (full(it, 3), VERIFIED)]),
        chain("crlf_no_final_lf", crlf().no_last_lf(), |_| vec![(none(), INTACT)]),
        chain("blank_lines", blank_lines, |_| vec![(none(), INTACT), (full(&base(), 3), VERIFIED)]),
        chain("blank_only", bytes("\n \t\r\n\r\n"), |_| vec![(none(), EMPTY)]),
        chain("empty", bytes(""), |_| {
            vec![
                (none(), EMPTY),
                (pinned().last().events(EventSet::Core).exact(), EMPTY),
                (pinned().after(base_head(3)), EMPTY),
            ]
        }),
        chain("long_line", long, |it| vec![(full(it, 1), VERIFIED)]),
    ]
}

/// Free values and extreme ones, spelled as the writer spells them.
fn values() -> Vec<Chain> {
    let exact = |name, ledger, last| chain(name, ledger, |it| vec![(full(it, last).exact(), VERIFIED)]);
    let spoken = |text| UTTERANCE_SPOKEN.replace(r#""sunny, 21 degrees""#, &to_json(&text));
    let numbers: Vec<_> = words(DOUBLES).iter().map(|double| canonical_of(double)).collect();
    let mut doubles = vec![called(&array(&numbers))];
    doubles.extend(numbers.iter().map(|double| called(&format!(r#"{{"v":{double}}}"#))));
    let integers = Ledger::at(&[
        (0, &called(&array(&words(INTEGERS)))),
        ((1 << 53) + 1, &UTTERANCE_CAPTURED.replace("2400", "18446744073709551615")),
        (u64::MAX, &TOOL_RETURNED.replace("187", "9007199254740993")),
        (u64::MAX, &MODEL_INVOKED.replace("482", "4294967295").replace(":71}", ":0}")),
    ]);
    let deepest = Ledger::of(&[
        SESSION_STARTED,
        &called(&arrays(124)),
        &called(&objects(124, "1.0")),
        &custom("n", &arrays(124)),
        &event("OvenPreheated", &format!(r#"{{"a":{}}}"#, arrays(124))),
    ]);
    vec![
        exact("unicode", Ledger::of(&TEXTS.map(spoken)), 13),
        exact("doubles", Ledger::of(&doubles), 20),
        exact("integers", integers, 3),
        exact("odd_keys", Ledger::of(&ODD_KEYS.map(called)), 6),
        exact("free_values", Ledger::of(&FREE_VALUES.map(called)), 10),
        chain("deepest", deepest, |it| vec![(none(), INTACT), (full(it, 4).exact(), INTACT)]),
        chain("malformed_digests", malformed_digests(), |it| vec![(none(), INTACT), (full(it, 12), INTACT)]),
    ]
}

fn malformed_digests() -> Ledger {
    let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(digest);
    let bad = r#"{"x_sha256":"bad"}"#;
    Ledger::of(&[
        UTTERANCE_CAPTURED.replace(&d, ""),
        TOOL_CALLED.replace(&a, &digest('A')),
        TOOL_CALLED.to_owned(),
        TOOL_RETURNED.replace(&b, &b[1..]),
        MODEL_INVOKED.replace(&b, "x").replace(&c, ""),
        MODEL_INVOKED.replace(&c, &"c".repeat(65)),
        UTTERANCE_SPOKEN.replace(&c, ""),
        UTTERANCE_SPOKEN.to_owned(),
        UTTERANCE_SPOKEN.replace(r#""audio_sha256":"""#, r#""audio_sha256":" ""#),
        SESSION_ENDED.replace(r#""summary_sha256":"""#, &format!(r#""summary_sha256":"sha256:{a}""#)),
        ended_by_the_user(),
        custom("n", bad),
        event("OvenPreheated", bad),
    ])
}

fn spellings() -> Vec<Chain> {
    let reversed = |line: &[u8]| object(members(line).rev());
    let event_reversed = format!(
        r#"{{"payload":{{"response_tokens":71,"prompt_tokens":482,"response_sha256":"{}","prompt_sha256":"{}","model_id":"llama3.2:3b"}},"type":"ModelInvoked"}}"#,
        digest('c'),
        digest('b')
    );
    let spaced = |line: &[u8]| {
        let line = std::str::from_utf8(line).unwrap();
        line.replace(':', " :\t").replace(',', " ,\r").replace('{', "{ ").replace('}', " }").into_bytes()
    };
    let odd = base()
        .made(1, reversed)
        .edited(2, r#""limit":10"#, r#""limit" : 10"#)
        .edited(2, "1.0", "10E-1")
        .edited(2, r#""zero":0.0"#, r#""zero":0e5"#)
        .edited(2, "é", r"\u00E9")
        .edited(2, r#""tags""#, r#""\u0074ags""#)
        .edited(3, MODEL_INVOKED, event_reversed)
        .made(4, spaced)
        .prefixed(4, " \t")
        .suffixed(4, " ");
    let escaped = Ledger::of(&[called("{\"s\":\"\u{1f600}\"}")]).edited(1, "\u{1f600}", r"\ud83D\uDE00");
    vec![
        chain("odd_spelling", odd, |_| vec![(none(), INTACT), (full(&base(), 3), VERIFIED)]),
        chain("surrogate_pair_escaped", escaped, |it| vec![(full(it, 0), VERIFIED)]),
    ]
}

fn signers() -> Vec<Chain> {
    let keys = [Signer::K1.public(), Signer::K2.public()];
    let two = Ledger::of(&[SESSION_STARTED, TOOL_CALLED, MODEL_INVOKED, TOOL_RETURNED, SESSION_ENDED])
        .signed_each(3..=4, Signing::By(Signer::K2));
    let times = [time(0) + 5, time(0) + 5, time(0) + 4, time(0) + 9, 0, 1];
    let back = Ledger::at(&times.map(|time| (time, SESSION_ENDED)));
    let ignored = rotated().signed_each(3..=4, Signing::By(Signer::K1));
    let mixed = eighty().signed_each(1..=80, Signing::MixedOrder { holds: true });
    vec![
        chain("two_signers", two, |it| {
            let full = none().signers(&keys).head(it.head(4));
            vec![(none(), INTACT), (full.clone(), VERIFIED), (full.last(), INTACT)]
        }),
        chain("key_rotated", rotated(), |it| {
            let both = none().signers(&keys).head(it.head(3)).exact();
            vec![
                (none(), INTACT),
                (full(it, 3), VERIFIED),
                (both, VERIFIED),
                (full(it, 3).last(), INTACT),
                (pinned().last(), INTACT),
            ]
        }),
        chain("key_rotated_twice", rotated_twice(), |it| {
            vec![(none(), INTACT), (full(it, 3), VERIFIED), (full(it, 3).last(), INTACT)]
        }),
        chain("key_rotated_and_ignored", ignored, |_| vec![(none(), INTACT), (none().last(), INTACT)]),
        chain("time_goes_back", back, |it| vec![(none(), INTACT), (full(it, 5), VERIFIED)]),
        chain("mixed_order_key", mixed, |it| {
            vec![(none(), INTACT), (none().signers(&[mixed_order_key()]).head(it.head(79)), VERIFIED)]
        }),
    ]
}

/// The ends of ledgers, behind an event that the reader trusts.
fn middles() -> Vec<Chain> {
    let keys = [Signer::K1.public(), Signer::K2.public()];
    vec![
        chain("rest", base().lines_only([3, 4]), |_| {
            vec![
                (none().after(base_head(1)), INTACT),
                (pinned().head(base_head(3)).after(base_head(1)).events(EventSet::Core).exact(), INTACT),
                (pinned().after(base_head(1)).last(), INTACT),
            ]
        }),
        chain("rest_no_final_lf", base().lines_only([4]).line_after(0, "").no_last_lf(), |_| {
            vec![(none().after(base_head(2)), INTACT), (pinned().after(base_head(2)).last(), INTACT)]
        }),
        chain("rest_key_rotated", rotated().lines_only([2, 3, 4]), |_| {
            vec![(none().after(base_head(0)), INTACT), (pinned().after(base_head(0)).last(), INTACT)]
        }),
        chain("rest_two_signers", two_signers().lines_only([2, 3, 4]), |_| {
            let after = none().signers(&keys).after(base_head(0));
            vec![(after.clone(), INTACT), (after.last(), INTACT)]
        }),
    ]
}

#[derive(Serialize)]
struct Case<'a> {
    options: &'a Asked,
    expect: Expect<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Expect<'a> {
    verdict: &'static str,
    ok: bool,
    event_count: u64,
    broken_at: Option<u64>,
    line: Option<usize>,
    byte_offset: Option<u64>,
    code: Option<&'static str>,
    root_hash: Hash,
    first_hash: Option<Hash>,
    head: Option<Head>,
    started_after: Option<Head>,
    signers: &'a [sealwright_core::verify::report::Signer],
    checks: Checks<'a>,
    tail: Option<Tail>,
    events: EventSet,
    kinds: &'a BTreeMap<&'static str, u64>,
    unknown_kinds: &'a BTreeMap<String, u64>,
    open_sessions: &'a Option<OpenSessions>,
    erased: u64,
    warnings: &'a [Warning],
    time_range: Option<TimeRange>,
    bytes: u64,
    sha256: Option<Hash>,
}

#[derive(Serialize)]
struct Checks<'a> {
    signatures: &'a SignatureChecks,
    signer: SignerTrust,
    head: Compared,
    first: Compared,
}

fn case(name: &str, ledger: &[u8], asked: &Asked, stated: Stated) -> String {
    let found = verify(name, ledger, asked, stated);
    let report = &found.report;
    let checks = &report.checks;
    let expect = Expect {
        verdict: found.stated.class,
        ok: report.ok,
        event_count: report.event_count,
        broken_at: report.broken_at,
        line: found.stated.line,
        byte_offset: found.byte_offset,
        code: found.stated.code,
        root_hash: report.root_hash,
        first_hash: report.first_hash,
        head: report.head,
        started_after: report.started_after,
        signers: &report.signers,
        checks: Checks {
            signatures: &checks.signatures,
            signer: checks.signer,
            head: checks.head,
            first: checks.first,
        },
        tail: report.tail,
        events: report.events,
        kinds: &report.kinds,
        unknown_kinds: &report.unknown_kinds,
        open_sessions: &report.open_sessions,
        erased: report.erased,
        warnings: &report.warnings,
        time_range: report.time_range,
        bytes: report.bytes,
        sha256: report.sha256,
    };
    to_json(&Case { options: asked, expect })
}
