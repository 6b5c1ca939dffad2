//! Notes, keys and checkpoints: texts that Go made, and what is refused.

use sealwright_core::ErrorCode;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::checkpoint::{Checkpoint, check_origin};
use sealwright_core::proof::merkle::empty_root;
use sealwright_core::proof::note::{Key, Kind, MAX_SIGNATURES, Note};

/// Of the documentation of golang.org/x/mod/sumdb/note.
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const ENOCH: &str = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const BY_PETER: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const BY_ENOCH: &str =
    "\u{2014} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn known(keys: &[&str]) -> Vec<Key> {
    keys.iter().map(|key| Key::parse(key).unwrap()).collect()
}

#[test]
fn notes_of_go_open() {
    let note = Note::parse(&format!("{TEXT}\n{BY_PETER}{BY_ENOCH}")).unwrap();
    assert_eq!(note.text(), TEXT);
    let names = |keys: &[&str]| {
        let keys = known(keys);
        note.check(&keys).map(|signed| signed.iter().map(|signed| signed.key.name().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(names(&[ENOCH, PETER]).unwrap(), ["PeterNeumann", "EnochRoot"]);
    assert_eq!(names(&[ENOCH]).unwrap(), ["EnochRoot"]);
    // The checksum database of Go, which signed nothing here.
    let other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    assert_eq!(names(&[other]).unwrap_err().code, ErrorCode::NoteUntrusted);
    for key in [PETER, ENOCH, other] {
        assert_eq!(Key::parse(key).unwrap().to_string(), key);
    }
    assert_eq!(note.to_string(), format!("{TEXT}\n{BY_PETER}{BY_ENOCH}"));
}

#[test]
fn a_known_key_has_to_hold_and_an_unknown_one_means_nothing() {
    let forged = BY_ENOCH.replace("rwz+eBz", "rwz+eBy");
    let note = |signatures: &str| Note::parse(&format!("{TEXT}\n{signatures}")).unwrap();
    let both = known(&[PETER, ENOCH]);
    let code = |note: Note, keys: &[Key]| note.check(keys).unwrap_err().code;
    assert_eq!(code(note(&format!("{BY_PETER}{forged}")), &both), ErrorCode::NoteSignature);
    assert_eq!(note(&format!("{BY_PETER}{forged}")).check(&known(&[PETER])).unwrap().len(), 1);
    // The second of one key too.
    assert_eq!(code(note(&format!("{BY_ENOCH}{forged}")), &both), ErrorCode::NoteSignature);
    // The name alone, or the id alone, is another key.
    let renamed = BY_ENOCH.replace("EnochRoot", "EnochRood");
    assert_eq!(code(note(&renamed), &both), ErrorCode::NoteUntrusted);
    let other_id = BY_ENOCH.replace("rwz+eBz", "rwz+fBz");
    assert_eq!(code(note(&other_id), &both), ErrorCode::NoteUntrusted);
    assert_eq!(code(Note::parse(&format!("{TEXT}.\n\n{BY_PETER}")).unwrap(), &both), ErrorCode::NoteSignature);
}

#[test]
fn what_is_no_note_is_refused() {
    let good = format!("{TEXT}\n{BY_PETER}");
    assert!(Note::parse(&good).is_ok());
    let many = format!("{TEXT}\n{}", BY_PETER.repeat(MAX_SIGNATURES + 1));
    let refused = [
        String::new(),
        "\n".to_owned(),
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        good.trim_end().to_owned(),
        good.replace('\n', "\r\n"),
        good.replace("\n\n", "\n"),
        good.replace('\u{2014}', "-"),
        good.replace("PeterNeumann", "Peter+Neumann"),
        good.replace("PeterNeumann", "Peter\u{a0}Neumann"),
        good.replace("PeterNeumann ", ""),
        good.replace("AM=", "AN="),
        good.replace("AM=", "AM"),
        good.replace("problem is", "problem\tis"),
        format!("{good}\n"),
        many,
        format!("{}\n{BY_PETER}", "x".repeat(1 << 20)),
    ];
    for text in &refused {
        assert_eq!(Note::parse(text).unwrap_err().code, ErrorCode::NoteMalformed, "{text:?}");
    }
    // The last empty line divides: there may be others before it.
    assert_eq!(Note::parse(&format!("a\n\nb\n\n{BY_PETER}")).unwrap().text(), "a\n\nb\n");
}

#[test]
fn what_is_no_key_is_refused() {
    let refused = [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ];
    for text in refused {
        assert_eq!(Key::parse(text).unwrap_err().code, ErrorCode::NoteKey, "{text:?}");
    }
}

#[test]
fn what_is_signed_here_is_found_here_and_nowhere_else() {
    let pair = KeyPair::from_seed(&[7; 32]);
    let log = Key::new("example.com/ledger", Kind::Log, pair.public()).unwrap();
    let witness = Key::new("witness.example", Kind::Witness, pair.public()).unwrap();
    let text = Checkpoint::new("example.com/ledger", 3, Hash::of(b"root")).unwrap().to_string();
    let mut note = Note::new(text.clone()).unwrap();
    note.add(log.sign(&text, &pair).unwrap());
    note.add(witness.cosign(&text, &pair, 1_679_315_147).unwrap());
    let keys = [log.clone(), witness.clone()];
    let parsed = Note::parse(&note.to_string()).unwrap();
    let times: Vec<_> = parsed.check(&keys).unwrap().iter().map(|signed| signed.time).collect();
    assert_eq!(times, [None, Some(1_679_315_147)]);
    // A log's signature is none of a witness, and the other way round, though the key is one.
    let mut crossed = Note::new(text.clone()).unwrap();
    crossed.add(log.sign(&text, &pair).unwrap());
    assert_eq!(crossed.check(std::slice::from_ref(&witness)).unwrap_err().code, ErrorCode::NoteUntrusted);
    assert!(witness.sign(&text, &pair).is_err() && log.cosign(&text, &pair, 1).is_err());
    // A later time is not what was signed.
    let line = parsed.signatures()[1].to_string();
    let later = line.replacen("AAAABkGFDL", "AAAABkGFDM", 1);
    assert_ne!(later, line);
    let forged = note.to_string().replace(&line, &later);
    assert_eq!(Note::parse(&forged).unwrap().check(&keys).unwrap_err().code, ErrorCode::NoteSignature);
}

#[test]
fn checkpoints_are_three_lines() {
    // Of c2sp.org/tlog-checkpoint.
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse(text).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.to_string(), text);
    let extended = format!("{text}an extension\nanother\n");
    assert_eq!(Checkpoint::parse(&extended).unwrap().to_string(), extended);
    assert_eq!(Checkpoint::parse(&extended).unwrap().extensions(), ["an extension", "another"]);
    let none = Checkpoint::new("example.com/x", 0, empty_root()).unwrap().to_string();
    assert_eq!(Checkpoint::parse(&none).unwrap().size(), 0);
    let refused = [
        "",
        "\n",
        "example.com/x\n1\n",
        text.trim_end(),
        &text.replace("20852163", "020852163"),
        &text.replace("20852163", "+20852163"),
        &text.replace("20852163", "-1"),
        &text.replace("20852163", ""),
        &text.replace("20852163", "9007199254740993"),
        &text.replace("20852163", "99999999999999999999"),
        &text.replace("20852163", "0"),
        &text.replace("q2I=", "q2J="),
        &text.replace("CsUY", ""),
        &text.replace("example.com/behind-the-sofa", ""),
        &format!("{text}\nafter an empty line\n"),
    ];
    for text in refused {
        assert_eq!(Checkpoint::parse(text).unwrap_err().code, ErrorCode::CheckpointMalformed, "{text:?}");
    }
}

#[test]
fn origins_are_hosts_with_paths() {
    for origin in [
        "example.com/ledger",
        "example.com",
        "localhost:8080/a/b",
        "xn--bcher-kva.example/x",
        "bücher.example/ä",
        "ledger",
    ] {
        assert!(check_origin(origin).is_ok(), "{origin}");
    }
    let long = format!("example.com/{}", "x".repeat(250));
    let refused = [
        "",
        "https://example.com/ledger",
        "example.com/",
        "/ledger",
        "a b",
        "a+b",
        "a\nb",
        ".com",
        "a..b/c",
        "example.com:/x",
        "example.com:x/y",
        &long,
    ];
    for origin in refused {
        assert_eq!(check_origin(origin).unwrap_err().code, ErrorCode::CheckpointOrigin, "{origin:?}");
    }
}
