//! Policies: what is read, what is refused, and who makes a quorum.

use sealwright_core::ErrorCode;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::checkpoint::Checkpoint;
use sealwright_core::proof::note::{Key, Kind, Note};
use sealwright_core::proof::policy::Policy;

fn pair(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32])
}

fn log(number: u8, origin: &str) -> Key {
    Key::new(origin, Kind::Log, pair(number).public()).unwrap()
}

fn witness(number: u8) -> Key {
    Key::new(&format!("w{number}.example"), Kind::Witness, pair(number).public()).unwrap()
}

/// A checkpoint signed by log 1 and cosigned by some witnesses.
fn note(witnesses: &[u8]) -> Note {
    let text = Checkpoint::new("example.com/a", 5, Hash::of(b"root")).unwrap().to_string();
    let mut note = Note::new(text.clone()).unwrap();
    note.add(log(1, "example.com/a").sign(&text, &pair(1)).unwrap());
    for number in witnesses {
        note.add(witness(*number).cosign(&text, &pair(*number), u64::from(*number)).unwrap());
    }
    note
}

/// The two-level example of c2sp.org/tlog-policy.
fn policy() -> Policy {
    let mut text = format!("# who is believed\n\n\tlog  {} https://example.com/a \n", log(1, "example.com/a"));
    for (name, number) in [("X1", 11), ("X2", 12), ("X3", 13), ("Y1", 21), ("Y2", 22), ("Y3", 23)] {
        text += &format!("witness {name} {}\n", witness(number));
    }
    text += "group X 2 X1 X2 X3\ngroup Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y";
    Policy::parse(&text).unwrap()
}

#[test]
fn a_quorum_is_what_the_groups_say() {
    let policy = policy();
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 6));
    assert_eq!(policy.logs()[0].url.as_deref(), Some("https://example.com/a"));
    let names = |witnesses: &[u8]| {
        let note = note(witnesses);
        policy
            .check(&note)
            .map(|accepted| accepted.witnesses.iter().map(|signed| signed.time.unwrap()).collect::<Vec<_>>())
    };
    assert_eq!(names(&[11, 12, 21]).unwrap(), [11, 12, 21]);
    assert_eq!(names(&[23, 13, 11, 99]).unwrap(), [11, 13, 23]);
    for few in [&[][..], &[11, 12], &[11, 21, 22, 23], &[11, 11, 21], &[11, 99, 21]] {
        assert_eq!(names(few).unwrap_err().code, ErrorCode::QuorumMissing, "{few:?}");
    }
}

#[test]
fn a_checkpoint_is_taken_from_the_log_that_it_names() {
    let log_1 = log(1, "example.com/a");
    let none = format!("log {log_1}\nquorum none\n");
    assert_eq!(Policy::parse(&none).unwrap().check(&note(&[])).unwrap().log, &log_1);
    assert_eq!(Policy::of_logs([log_1]), Policy::parse(&none).unwrap());
    let code = |policy: Policy| policy.check(&note(&[])).unwrap_err().code;
    assert_eq!(code(Policy::of_logs([log(2, "example.com/a")])), ErrorCode::NoteUntrusted);
    assert_eq!(code(Policy::of_logs([])), ErrorCode::NoteUntrusted);
    // Signed by a log that is believed, about another one.
    let text = Checkpoint::new("example.com/b", 5, Hash::of(b"root")).unwrap().to_string();
    let mut other = Note::new(text.clone()).unwrap();
    other.add(log(1, "example.com/a").sign(&text, &pair(1)).unwrap());
    let policy = Policy::of_logs([log(1, "example.com/a"), log(3, "example.com/b")]);
    assert_eq!(policy.check(&other).unwrap_err().code, ErrorCode::NoteUntrusted);
    // A witness alone is no log.
    let policy = Policy::parse(&format!("witness W {}\nquorum none\n", witness(11))).unwrap();
    assert_eq!(policy.check(&note(&[11])).unwrap_err().code, ErrorCode::NoteUntrusted);
}

#[test]
fn what_is_no_policy_is_refused_with_its_line() {
    let (log, w1, w2) = (log(1, "example.com/a"), witness(11), witness(12));
    let renamed = Key::new("other.example", Kind::Witness, w1.public()).unwrap();
    let two = format!("witness A {w1}\nwitness B {w2}\n");
    let refused = [
        (String::new(), "no quorum"),
        (format!("log {log}\n"), "no quorum"),
        ("quorum none\nquorum none\n".to_owned(), "line 2 is a second quorum"),
        ("quorum A\n".to_owned(), "line 1 names \"A\""),
        (format!("quorum A\n{two}"), "line 1 names"),
        (format!("log {w1}\nquorum none\n"), "other kind"),
        (format!("witness A {log}\nquorum A\n"), "other kind"),
        (format!("witness A {w1}\nwitness B {renamed}\nquorum A\n"), "line 2 has a key that another"),
        (format!("log {log}\nlog {log}\nquorum none\n"), "line 2 has a key that another"),
        (format!("{two}witness A {}\nquorum A\n", witness(13)), "line 3 defines \"A\" again"),
        (format!("witness none {w1}\nquorum none\n"), "has the name none"),
        (format!("{two}group G 0 A B\nquorum G\n"), "threshold"),
        (format!("{two}group G 3 A B\nquorum G\n"), "threshold"),
        (format!("{two}group G 02 A B\nquorum G\n"), "threshold"),
        (format!("{two}group G any\nquorum G\n"), "threshold"),
        (format!("{two}group G any A A\nquorum G\n"), "in a group already"),
        (format!("{two}group G any A\ngroup H all A B\nquorum H\n"), "in a group already"),
        (format!("{two}group G any G A\nquorum G\n"), "names \"G\""),
        (format!("log {log} https://a b\nquorum none\n"), "no line of a policy"),
        ("quorum\u{a0}none\n".to_owned(), "no line of a policy"),
        ("quorum none\r\n".to_owned(), "control"),
        ("# \u{0}\nquorum none\n".to_owned(), "line 1 has control"),
        ("Quorum none\n".to_owned(), "no line of a policy"),
    ];
    for (text, why) in &refused {
        let error = Policy::parse(text).unwrap_err();
        assert_eq!(error.code, ErrorCode::PolicyMalformed);
        assert!(error.message.contains(why), "{} for {text:?}", error.message);
    }
}
