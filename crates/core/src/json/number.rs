//! Numbers: which literal is an integer, which a double, and the one text of a double.
//!
//! A literal is a double when it has `.`, `e` or `E`, is `-0`, or is an integer outside -2^63 .. 2^64-1. So `1` and
//! `1.0` are different values with different hashes.
//!
//! A double is printed with the shortest digits that read back as the same double. With kk the position of the
//! decimal point behind the first digit's place (value = 0.d1d2.. * 10^kk): decimal notation, always with a fraction,
//! when -5 < kk <= 16; otherwise exponent notation, with a sign in both directions.
//!
//! | value | text |
//! |---|---|
//! | 1e15 | `1000000000000000.0` |
//! | 1e16 | `1e+16` |
//! | 0.00001 | `0.00001` |
//! | 0.000001 | `1e-6` |

use std::io::Write as _;

/// Longest text of a double: sign, 17 digits, point, `e-324`; decimal notation needs at most 23.
const MAX_TEXT: usize = 32;

/// True when a valid JSON number literal stands for an integer of the ledger.
pub fn is_integer(literal: &str) -> bool {
    literal != "-0" && (literal.parse::<u64>().is_ok() || literal.parse::<i64>().is_ok())
}

/// Digits of an exponent that the standard library reads whole; it stops accumulating at 65536.
const SHORT_EXPONENT: usize = 4;

/// The double that a valid JSON number literal stands for, correctly rounded; infinite when none is large enough.
pub fn read_double(literal: &str) -> f64 {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
    let digits = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    if digits.len() <= SHORT_EXPONENT {
        return literal.parse().unwrap_or(f64::NAN);
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX);
    let exponent = if exponent.starts_with('-') { magnitude.saturating_neg() } else { magnitude };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, mantissa),
    };
    sign * read_far_exponent(mantissa, exponent)
}

/// An unsigned mantissa times a power of ten that only a very long mantissa can make up for: the value is written
/// again as 0.ddd * 10^place, d not beginning with 0, before the standard library reads it.
fn read_far_exponent(mantissa: &str, exponent: i64) -> f64 {
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let zeros = digits.len().saturating_sub(significant.len());
    let length = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let place = exponent.saturating_add(length(whole.len())).saturating_sub(length(zeros));
    match place {
        _ if significant.is_empty() => 0.0,
        400.. => f64::INFINITY,
        ..-400 => 0.0,
        _ => format!("0.{significant}e{place}").parse().unwrap_or(f64::NAN),
    }
}

/// Appends the text of a finite double.
pub fn write_double(value: f64, out: &mut Vec<u8>) {
    let mut scientific = [0_u8; MAX_TEXT];
    let text = shortest_digits(value, &mut scientific);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    out.extend_from_slice(sign.as_bytes());
    let point = exponent.saturating_add(1);
    if -5 < point && point <= 16 {
        write_decimal(first, rest, point, out);
    } else {
        write_exponent(first, rest, exponent, out);
    }
}

/// `d.ddde-x`: Rust's `{:e}` prints the shortest digits that round-trip, the closest to the value among them.
fn shortest_digits(value: f64, buffer: &mut [u8; MAX_TEXT]) -> &str {
    let mut free = buffer.as_mut_slice();
    let before = free.len();
    // Cannot fail: the longest text is 24 bytes.
    let _ = write!(free, "{value:e}");
    let used = before.saturating_sub(free.len());
    std::str::from_utf8(buffer.get(..used).unwrap_or_default()).unwrap_or_default()
}

fn write_decimal(first: &str, rest: &str, point: i32, out: &mut Vec<u8>) {
    let digits = || first.bytes().chain(rest.bytes());
    let count = first.len().saturating_add(rest.len());
    let Ok(whole) = usize::try_from(point) else {
        write_small(digits(), point, out);
        return;
    };
    if whole == 0 {
        write_small(digits(), point, out);
        return;
    }
    out.extend(digits().take(whole));
    out.extend(std::iter::repeat_n(b'0', whole.saturating_sub(count)));
    out.push(b'.');
    if count > whole {
        out.extend(digits().skip(whole));
    } else {
        out.push(b'0');
    }
}

fn write_small(digits: impl Iterator<Item = u8>, point: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0.");
    let zeros = usize::try_from(point.unsigned_abs()).unwrap_or(0);
    out.extend(std::iter::repeat_n(b'0', zeros));
    out.extend(digits);
}

fn write_exponent(first: &str, rest: &str, exponent: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(first.as_bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    out.extend_from_slice(exponent.unsigned_abs().to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write_double(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_laid_out_by_the_rule() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-100.0, "-100.0"),
            (1.5, "1.5"),
            (123456.789, "123456.789"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
            (0.00001, "0.00001"),
            (0.000012, "0.000012"),
            (1e-6, "1e-6"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn no_exponent_is_too_far() {
        let zeros = "0".repeat(1_000_000);
        // What the values are was worked out with decimal fractions in another language.
        for (literal, expected) in [
            (format!("0.{zeros}25e1000004"), 2500.0),
            (format!("-0.{zeros}25e1000004"), -2500.0),
            (format!("1{zeros}e-1000000"), 1.0),
            (format!("1{zeros}.5e-1000000"), 1.0),
            (format!("0{}e99999999999999999999999", ".0"), 0.0),
            ("1e-99999999999999999999999".to_owned(), 0.0),
            ("1e99999999999999999999999".to_owned(), f64::INFINITY),
            ("-1e65536".to_owned(), f64::NEG_INFINITY),
            ("1e000000000000000000000002".to_owned(), 100.0),
            (format!("0.{}1e65537", "0".repeat(65_535)), 10.0),
            (format!("0.{}1e-65537", "0".repeat(65_535)), 0.0),
            (format!("123{}e-65536", "0".repeat(65_536)), 123.0),
            (format!("123{}e-655360", "0".repeat(655_360)), 123.0),
        ] {
            let value = read_double(&literal);
            assert_eq!(value.to_bits(), expected.to_bits(), "{}", &literal[..20.min(literal.len())]);
        }
        assert_eq!(read_double("-0e100000").to_bits(), (-0.0_f64).to_bits());
    }

    #[test]
    fn integers_end_where_doubles_begin() {
        for literal in ["0", "-1", "18446744073709551615", "-9223372036854775808"] {
            assert!(is_integer(literal), "{literal}");
        }
        for literal in ["-0", "18446744073709551616", "-9223372036854775809", "1.0", "1e3"] {
            assert!(!is_integer(literal), "{literal}");
        }
    }
}
