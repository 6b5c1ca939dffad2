//! Numbers: which literal is an integer, which a double, and the one text of a double.
//!
//! A literal is a double when it has `.`, `e` or `E`, is `-0`, or is an integer outside -2^63 .. 2^64-1. So `1` and
//! `1.0` are different values with different hashes.
//!
//! A double is printed with the shortest digits that read back as the same double, as ECMAScript and Python choose them.
//! With kk the position of the
//! decimal point behind the first digit's place (value = 0.d1d2.. * 10^kk): decimal notation, always with a fraction,
//! when -5 < kk <= 16; otherwise exponent notation, with a sign in both directions.
//!
//! | value | text |
//! |---|---|
//! | 1e15 | `1000000000000000.0` |
//! | 1e16 | `1e+16` |
//! | 0.00001 | `0.00001` |
//! | 0.000001 | `1e-6` |

/// True when a valid JSON number literal stands for an integer of the ledger.
pub fn is_integer(literal: &str) -> bool {
    // What is not as long as 2^64-1 needs no closer look.
    let short = literal.len() < 20 && literal.bytes().all(|b| b.is_ascii_digit());
    short || (literal != "-0" && (literal.parse::<u64>().is_ok() || literal.parse::<i64>().is_ok()))
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
    write_laid_out(value, LEDGER, out);
}

/// Appends the text that Python's `repr` gives a finite double: the same digits, but 0.00001 is `1e-05`.
pub(crate) fn write_python_double(value: f64, out: &mut Vec<u8>) {
    write_laid_out(value, PYTHON, out);
}

/// How the digits of a double are laid out.
struct Layout {
    /// Decimal notation is for points behind this one, as far as 16.
    before_least_point: i32,
    /// Fewest digits of an exponent.
    exponent_digits: usize,
}

const LEDGER: Layout = Layout { before_least_point: -5, exponent_digits: 1 };
const PYTHON: Layout = Layout { before_least_point: -4, exponent_digits: 2 };

fn write_laid_out(value: f64, layout: Layout, out: &mut Vec<u8>) {
    let mut buffer = zmij::Buffer::new();
    let printed = buffer.format_finite(value);
    let printed = match printed.strip_prefix('-') {
        Some(rest) => {
            out.push(b'-');
            rest
        }
        None => printed,
    };
    let Digits { digits, point } = Digits::of(printed);
    if layout.before_least_point < point && point <= 16 {
        write_decimal(&digits, point, out);
    } else {
        write_exponent(&digits, point.saturating_sub(1), layout.exponent_digits, out);
    }
}

/// A positive number as 0.d1d2.. * 10^point, d1 and the last digit not 0; zero as one digit 0 and point 1.
///
/// The digits are those of the printer: the shortest that read back as the same double, of these the closest to it, of
/// two that are equally close the even ones (1000000000000000.25 ends in .2; Rust's own `{:e}` would say .3). How they
/// are laid out is decided here, whatever the printer does.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    fn of(printed: &str) -> Self {
        let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let leading = digits.iter().take_while(|&&digit| digit == b'0').count();
        if leading == digits.len() {
            return Self { digits: vec![b'0'], point: 1 };
        }
        digits.drain(..leading);
        while digits.pop_if(|last| *last == b'0').is_some() {}
        let small = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        let exponent: i32 = exponent.parse().unwrap_or(0);
        Self { digits, point: exponent.saturating_add(small(whole.len())).saturating_sub(small(leading)) }
    }
}

/// Digits with a point among, before or behind them; always with a fraction.
fn write_decimal(digits: &[u8], point: i32, out: &mut Vec<u8>) {
    let before = usize::try_from(point).unwrap_or(0);
    let (whole, fraction) = digits.split_at_checked(before).unwrap_or((digits, &[]));
    out.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
    out.extend(std::iter::repeat_n(b'0', before.saturating_sub(digits.len())));
    out.push(b'.');
    let zeros = usize::try_from(point.saturating_neg()).unwrap_or(0);
    out.extend(std::iter::repeat_n(b'0', zeros));
    out.extend_from_slice(if fraction.is_empty() { b"0" } else { fraction });
}

/// d.ddde+x
fn write_exponent(digits: &[u8], exponent: i32, least_digits: usize, out: &mut Vec<u8>) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, &[]));
    out.extend_from_slice(first);
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let exponent = exponent.unsigned_abs().to_string();
    out.extend(std::iter::repeat_n(b'0', least_digits.saturating_sub(exponent.len())));
    out.extend_from_slice(exponent.as_bytes());
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
    fn doubles_are_laid_out_as_python_does() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1e22, "1e+22"),
            (0.0001, "0.0001"),
            (0.00012, "0.00012"),
            (0.00001, "1e-05"),
            (-1.5e-7, "-1.5e-07"),
            (5e-324, "5e-324"),
            (1.5e300, "1.5e+300"),
            (1.234_567_890_123_456_8e17, "1.2345678901234568e+17"),
        ] {
            let mut out = Vec::new();
            write_python_double(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
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
            (1_000_000_000_000_000.2, "1000000000000000.2"),
            (1_000_000_000_000_000.8, "1000000000000000.8"),
            (-1_824_824_978_805_726.2, "-1824824978805726.2"),
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
