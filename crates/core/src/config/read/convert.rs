//! One node to one value, or the words for what was expected.

use std::time::Duration;

use super::super::yaml::{Node, NodeValue, Scalar, ScalarValue};

/// What was expected instead, to follow "expected".
pub(super) type Expected = &'static str;

fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.value {
        NodeValue::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}

/// Text, or a number or a date somebody forgot to quote: an `api_version: 2024-02-01` is meant as written.
pub(super) fn text(node: &Node) -> Result<String, Expected> {
    match scalar(node) {
        Some(Scalar {
            value: ScalarValue::Null | ScalarValue::Bool(_),
            ..
        })
        | None => Err("text"),
        Some(scalar) => Ok(scalar.text.clone()),
    }
}

pub(super) fn flag(node: &Node) -> Result<bool, Expected> {
    const EXPECTED: Expected = "true or false";
    let scalar = scalar(node).ok_or(EXPECTED)?;
    match &scalar.value {
        ScalarValue::Bool(flag) => Ok(*flag),
        ScalarValue::Int(0) => Ok(false),
        ScalarValue::Int(1) => Ok(true),
        // What the environment gives is always text.
        ScalarValue::Text => match scalar.text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" | "t" | "y" => Ok(true),
            "false" | "no" | "off" | "0" | "f" | "n" | "" => Ok(false),
            _ => Err(EXPECTED),
        },
        _ => Err(EXPECTED),
    }
}

pub(super) fn count(node: &Node) -> Result<u64, Expected> {
    let number = integer(node)
        .filter(|number| *number >= 0)
        .ok_or("a whole number of 0 or more")?;
    u64::try_from(number).map_err(|_| "a smaller number")
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and small enough"
)]
pub(super) fn integer(node: &Node) -> Option<i128> {
    let scalar = scalar(node)?;
    match &scalar.value {
        ScalarValue::Int(number) => Some(*number),
        ScalarValue::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            Some(*number as i128)
        }
        ScalarValue::Text => scalar.text.trim().parse().ok(),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an amount is a float in LiteLLM too"
)]
pub(super) fn number(node: &Node) -> Option<f64> {
    let scalar = scalar(node)?;
    match &scalar.value {
        ScalarValue::Int(number) => Some(*number as f64),
        ScalarValue::Float(number) => Some(*number),
        ScalarValue::Text => scalar.text.trim().parse().ok(),
        _ => None,
    }
}

/// A number of seconds, or text with a unit: `500ms`, `30s`, `1m`, `2h`, `1d`.
pub(super) fn seconds(node: &Node) -> Result<Duration, Expected> {
    const EXPECTED: Expected = "a time of 0 or more, in seconds or like 30s, 1m, 2h";
    let amount = match number(node) {
        Some(amount) => amount,
        None => with_unit(&scalar(node).ok_or(EXPECTED)?.text).ok_or(EXPECTED)?,
    };
    Duration::try_from_secs_f64(amount).map_err(|_| EXPECTED)
}

fn with_unit(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (amount, unit) = text.split_at(unit_at);
    let factor = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    };
    Some(amount.trim().parse::<f64>().ok()? * factor)
}

/// RFC 9110, section 5.6.2: a token.
pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}
