//! Values that both chains and seals hold, and events around them.

use crate::ledger::digest;

/// Objects whose keys are no plain names, or in no plain order.
pub(crate) const ODD_KEYS: [&str; 7] = [
    r#"{"__proto__":1,"constructor":{"prototype":2},"toString":3}"#,
    r#"{"10":"a","9":"b","1":"c","01":"d"}"#,
    r#"{"":0," ":1}"#,
    "{\"\u{ffff}\":1,\"\u{10000}\":2,\"\u{e000}\":3,\"z\":4,\"a\":5}",
    r#"{"b":1,"a":{"d":1,"c":[{"f":1,"e":2}]}}"#,
    r#"{"a":1,"A":2,"aa":3,"a\u0000":4,"a\"":5}"#,
    "{\"\u{e9}\":1,\"e\u{301}\":2}",
];

pub(crate) const FREE_VALUES: [&str; 11] =
    ["null", "true", "false", r#""""#, r#""text""#, "0", "1.0", "-0.0", "[]", "{}", "[[],{},[{}]]"];

/// Separated by white space, as the next ones.
pub(crate) const DOUBLES: &str = "
    0.0 -0.0 1.0 -1.5 0.1 0.30000000000000004 1000000000000000.0 9007199254740993.0 1e16 1e21 1.2345678901234567e17
    0.00001 1e-6 1.5e300 5e-324 2.2250738585072014e-308 1.7976931348623157e308 0.011100843282727313
    0.23417966361340958 123456789.123456789
";

pub(crate) const INTEGERS: &str = "
    0 1 -1 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 9223372036854775807
    9223372036854775808 -9223372036854775808 18446744073709551615
";

/// Texts of UtteranceSpoken.
pub(crate) const TEXTS: [&str; 14] = [
    "",
    "plain",
    "caf\u{e9}",
    "cafe\u{301}",
    "\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}",
    "\"\\/",
    "\u{7f}\u{80}\u{9f}",
    "\u{2028}\u{2029}\u{feff}",
    "\u{e000}\u{ffff}\u{fffe}",
    "\u{10000}\u{10ffff}",
    "\u{1f469}\u{200d}\u{1f680}",
    "\u{645}\u{631}\u{62d}\u{628}\u{627}",
    "\u{4f60}\u{597d}",
    "\u{df}\u{130}\u{131}",
];

/// The texts between white space.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The JSON array of these texts.
pub(crate) fn array(items: &[impl AsRef<str>]) -> String {
    let items: Vec<_> = items.iter().map(AsRef::as_ref).collect();
    format!("[{}]", items.join(","))
}

/// Nested arrays around nothing.
pub(crate) fn arrays(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

/// Nested objects around a value.
pub(crate) fn objects(levels: usize, value: &str) -> String {
    r#"{"a":"#.repeat(levels) + value + &"}".repeat(levels)
}

pub(crate) fn event(kind: &str, payload: &str) -> String {
    format!(r#"{{"type":"{kind}","payload":{payload}}}"#)
}

/// ToolCalled with these arguments.
pub(crate) fn called(args: &str) -> String {
    let digest = digest('a');
    event("ToolCalled", &format!(r#"{{"tool_name":"t","args_sha256":"{digest}","args_redacted":{args}}}"#))
}

/// SessionEnded with a digest.
pub(crate) fn ended_by_the_user() -> String {
    event("SessionEnded", &format!(r#"{{"reason":"user_hangup","summary_sha256":"{}"}}"#, digest('d')))
}
