use super::*;

const DIGEST: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fn refused(text: &str) -> (ErrorCode, String) {
    let error = Event::parse(text).unwrap_err();
    (error.code, error.path.unwrap_or_default())
}

#[test]
fn an_event_is_written_in_the_tables_order() {
    let text = format!(
        r#" {{"payload": {{"args_redacted": {{"b": 1.50, "a": 2}}, "tool_name": "t", "args_sha256": "{DIGEST}"}}, "type": "ToolCalled"}}"#
    );
    let expected = format!(
        r#"{{"type":"ToolCalled","payload":{{"tool_name":"t","args_sha256":"{DIGEST}","args_redacted":{{"b":1.5,"a":2}}}}}}"#
    );
    let event = Event::parse(&text).unwrap();
    assert_eq!(event.text(), expected);
    assert_eq!(event.set(), EventSet::Core);
    assert_eq!(Event::parse(&expected).unwrap(), event);
}

#[test]
fn what_may_not_be_recorded_is_refused_with_its_path() {
    let ended = |fields: &str| format!(r#"{{"type":"SessionEnded","payload":{{{fields}}}}}"#);
    let model = |tokens: &str| {
        format!(
            r#"{{"type":"ModelInvoked","payload":{{"model_id":"m","prompt_sha256":"{DIGEST}","response_sha256":"{DIGEST}","prompt_tokens":{tokens},"response_tokens":1}}}}"#
        )
    };
    for (text, code, path) in [
        ("[]".to_owned(), ErrorCode::EventField, ""),
        (r#"{"type":"SessionEnded"}"#.to_owned(), ErrorCode::EventField, "payload"),
        (r#"{"type":1,"payload":{}}"#.to_owned(), ErrorCode::EventField, "type"),
        (r#"{"type":"SessionEnded","payload":[]}"#.to_owned(), ErrorCode::EventField, "payload"),
        (r#"{"type":"Nothing","payload":{}}"#.to_owned(), ErrorCode::EventKind, "type"),
        (ended(r#""reason":"r""#), ErrorCode::EventField, "payload.summary_sha256"),
        (
            r#"{"type":"SessionEnded","payload":{"reason":"r","summary_sha256":""},"x":1}"#.to_owned(),
            ErrorCode::EventField,
            "x",
        ),
        (r#"{"type":"SessionEnded","payload":{"reason":"r","x":""},"y":1}"#.to_owned(), ErrorCode::EventField, "y"),
        (
            r#"{"type":"SessionEnded\"","payload":{"reason":"r","summary_sha256":""}}"#.to_owned(),
            ErrorCode::EventKind,
            "type",
        ),
        (r#"{"type":"SessionEnded","payload":1}"#.to_owned(), ErrorCode::EventField, "payload"),
        (ended(""), ErrorCode::EventField, "payload.reason"),
        (ended(r#""reason":"r","summary_sha256":"","x":1"#), ErrorCode::EventField, "payload.x"),
        (ended(r#""reason":1,"summary_sha256":"""#), ErrorCode::EventField, "payload.reason"),
        (ended(r#""reason":"r","summary_sha256":"ab""#), ErrorCode::EventDigest, "payload.summary_sha256"),
        (ended(r#""reason":"r","reason":"r","summary_sha256":"""#), ErrorCode::JsonDuplicateKey, "payload.reason"),
        (ended(r#""reason":"\ud800","summary_sha256":"""#), ErrorCode::JsonString, "payload.reason"),
        (model("-1"), ErrorCode::OutOfRange, "payload.prompt_tokens"),
        (model("4294967296"), ErrorCode::OutOfRange, "payload.prompt_tokens"),
        (model("3.0"), ErrorCode::EventField, "payload.prompt_tokens"),
        (model("1e400"), ErrorCode::JsonNumber, "payload.prompt_tokens"),
    ] {
        assert_eq!(refused(&text), (code, path.to_owned()), "{text}");
    }
    assert!(Event::parse(&model("4294967295")).is_ok());
}

#[test]
fn the_canonical_form_of_each_kind_is_that_of_its_text() {
    for kind in KINDS {
        let value = |field: &Field| match field.holds {
            FieldType::Text => r#""\u0041\n\u00e9""#.to_owned(),
            FieldType::Digest | FieldType::DigestOrEmpty | FieldType::PublicKeyHex => format!("\"{DIGEST}\""),
            FieldType::SignatureHex => format!("\"{DIGEST}{DIGEST}\""),
            FieldType::U64 | FieldType::U32 => "4294967295".to_owned(),
            FieldType::Bool => "true".to_owned(),
            FieldType::ReverseDomain => r#""com.example.x""#.to_owned(),
            FieldType::Json => r#"{"z":[{"b":1.50,"a":-0}],"\u0061":{"y":null,"x":1e2}}"#.to_owned(),
        };
        let fields = kind.fields.iter().map(|field| format!(r#""{}":{}"#, field.name, value(field)));
        let payload = fields.rev().collect::<Vec<_>>().join(",");
        let event = Event::parse(&format!(r#"{{"payload":{{{payload}}},"type":"{}"}}"#, kind.name)).unwrap();
        assert_eq!(event.canonical().unwrap(), json::canonicalize(event.text()).unwrap(), "{}", kind.name);
    }
}

#[test]
fn no_kind_has_more_fields_than_there_is_room_for() {
    assert_eq!(KINDS.iter().map(|kind| kind.fields.len()).max(), Some(MAX_FIELDS));
}

#[test]
fn nesting_has_room_for_124_levels_of_arguments() {
    let event = |levels: usize| {
        let nested = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        format!(
            r#"{{"type":"ToolCalled","payload":{{"tool_name":"t","args_sha256":"{DIGEST}","args_redacted":{nested}}}}}"#
        )
    };
    assert!(Event::parse(&event(124)).is_ok());
    assert_eq!(refused(&event(125)).0, ErrorCode::DepthExceeded);
}

#[test]
fn what_only_the_library_writes_is_read_and_not_recorded() {
    let rotated = |key: &str, proof: &str| {
        format!(
            r#"{{"type":"KeyRotated","payload":{{"old_key":"{DIGEST}","new_key":"{key}","first_hash":"{DIGEST}","proof":"{proof}"}}}}"#
        )
    };
    let proof = DIGEST.repeat(2);
    let error = Event::parse(&rotated(DIGEST, &proof)).unwrap().check_recordable().unwrap_err();
    assert_eq!((error.code, error.path.as_deref()), (ErrorCode::EventReserved, Some("type")));
    let upper = DIGEST.to_uppercase();
    assert_eq!(refused(&rotated(&upper, &proof)), (ErrorCode::EventField, "payload.new_key".to_owned()));
    assert_eq!(refused(&rotated(DIGEST, DIGEST)), (ErrorCode::EventField, "payload.proof".to_owned()));
    let recordable: Vec<&str> = KINDS.iter().filter(|kind| !kind.reserved).map(|kind| kind.name).collect();
    assert_eq!((recordable.len(), recordable.get(7..)), (10, Some(&["Custom", "PayloadErased", "TokenIssued"][..])));
}

#[test]
fn custom_events_are_named_like_packages() {
    let custom = |name: &str| format!(r#"{{"type":"Custom","payload":{{"name":"{name}","data":null}}}}"#);
    assert_eq!(Event::parse(&custom("com.example.refund-2")).unwrap().set(), EventSet::Extended);
    for name in ["refund", "", "com.", ".com", "com..x", "com.ex ample", "com.-x"] {
        assert_eq!(refused(&custom(name)), (ErrorCode::EventField, "payload.name".to_owned()), "{name}");
    }
}

#[test]
fn kind_names_follow_their_pattern() {
    assert!(is_kind_name("A") && is_kind_name(&"Z".repeat(64)));
    for name in ["", "a", "A_", "Ä", &"Z".repeat(65)] {
        assert!(!is_kind_name(name), "{name}");
    }
}
