//! What a plain scalar means to PyYAML's SafeLoader, number by number.
//!
//! Source: PyYAML 6, `resolver.py` and `constructor.py`. Surprises on purpose: `yes` is true, `010` is
//! eight, `1:30` is ninety, `1e3` and `0o17` are text.

use super::node::ScalarValue;
use super::timestamp;

/// Gives a plain scalar its meaning.
pub(super) fn resolve_plain(text: &str) -> ScalarValue {
    match text.as_bytes().first() {
        None => ScalarValue::Null,
        Some(b'~' | b'n' | b'N' | b'y' | b'Y' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            if is_null(text) {
                ScalarValue::Null
            } else {
                bool_value(text).map_or(ScalarValue::Text, ScalarValue::Bool)
            }
        }
        Some(b'+' | b'-' | b'.' | b'0'..=b'9') => float_value(text)
            .map(ScalarValue::Float)
            .or_else(|| int_value(text))
            .or_else(|| timestamp::iso(text).map(ScalarValue::Timestamp))
            .unwrap_or(ScalarValue::Text),
        Some(_) => ScalarValue::Text,
    }
}

pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

pub(super) fn bool_value(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// An integer in any of the five spellings, or a float when it has more digits than an `i128`.
pub(super) fn int_value(text: &str) -> Option<ScalarValue> {
    let (negative, digits) = split_sign(text);
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'b', rest @ ..] if is_run(rest, |b| matches!(b, b'0' | b'1')) => (2, &digits[2..]),
        [b'0', b'x', rest @ ..] if is_run(rest, |b| b.is_ascii_hexdigit()) => (16, &digits[2..]),
        b"0" => (10, digits),
        [b'0', rest @ ..] if is_run(rest, |b| matches!(b, b'0'..=b'7')) => (8, digits),
        [b'1'..=b'9', ..] => {
            return decimal(digits).map(|number| signed(number, negative));
        }
        _ => return None,
    };
    let body = body.replace('_', "");
    let number = i128::from_str_radix(&body, radix).ok()?;
    Some(signed(Decimal::Int(number), negative))
}

pub(super) fn float_value(text: &str) -> Option<f64> {
    let (negative, body) = split_sign(text);
    let number = match body {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => f64::NAN,
        _ => finite_float(body, body.len() != text.len())?,
    };
    Some(if negative { -number } else { number })
}

#[derive(Clone, Copy)]
enum Decimal {
    Int(i128),
    Float(f64),
}

fn signed(number: Decimal, negative: bool) -> ScalarValue {
    match number {
        Decimal::Int(number) => ScalarValue::Int(if negative { -number } else { number }),
        Decimal::Float(number) => ScalarValue::Float(if negative { -number } else { number }),
    }
}

/// Base ten, or base sixty where colons part the digits. Starts with 1 to 9.
fn decimal(digits: &str) -> Option<Decimal> {
    let (head, sixtieths) = split_sexagesimal(digits)?;
    if !is_run(head.as_bytes(), |b| b.is_ascii_digit()) {
        return None;
    }
    let head = head.replace('_', "");
    let Ok(mut number) = head.parse::<i128>() else {
        return head.parse::<f64>().ok().map(Decimal::Float);
    };
    for part in sixtieths {
        number = number.checked_mul(60)?.checked_add(part)?;
    }
    Some(Decimal::Int(number))
}

fn finite_float(body: &str, has_sign: bool) -> Option<f64> {
    let (whole, rest) = body.split_once('.')?;
    if whole.is_empty() {
        // PyYAML takes no sign here: `-.5` is text.
        let starts_with_digit = rest.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if has_sign || !starts_with_digit {
            return None;
        }
    } else if !whole.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (whole, sixtieths) = split_sexagesimal(whole)?;
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) if sixtieths.is_empty() => (&rest[..at], &rest[at..]),
        _ => (rest, ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !digits(whole) || !digits(fraction) || !is_exponent(exponent) {
        return None;
    }
    let Some((last, middle)) = sixtieths.split_last() else {
        return format!("{whole}.{fraction}{exponent}")
            .replace('_', "")
            .parse()
            .ok();
    };
    // Python adds from the last part to the first; doing the same gives the same rounding.
    let mut number = format!("{last}.{fraction}")
        .replace('_', "")
        .parse::<f64>()
        .ok()?;
    let mut base = 60.0;
    for part in middle.iter().rev() {
        number += f64::from(i8::try_from(*part).ok()?) * base;
        base *= 60.0;
    }
    Some(number + whole.replace('_', "").parse::<f64>().ok()? * base)
}

/// Empty, or `e`, a sign that PyYAML insists on, and digits.
fn is_exponent(text: &str) -> bool {
    match text.as_bytes() {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Parts `190:20:30` into `190` and `[20, 30]`; `None` when a part is no sixtieth.
fn split_sexagesimal(text: &str) -> Option<(&str, Vec<i128>)> {
    let mut parts = text.split(':');
    let head = parts.next()?;
    let sixtieths = parts
        .map(|part| match part.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'] => part.parse().ok(),
            _ => None,
        })
        .collect::<Option<Vec<i128>>>()?;
    Some((head, sixtieths))
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// One or more digits or underscores.
fn is_run(bytes: &[u8], is_digit: impl Fn(u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| *b == b'_' || is_digit(*b))
}
