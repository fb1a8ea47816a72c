//! Explicit tags such as `!!str`: those of plain YAML count, all others are refused.

use saphyr_parser::{ScalarStyle, Tag};

use super::node::{Scalar, ScalarValue};
use super::{scalar, timestamp};

/// A scalar by its tag, or without one by its style.
pub(super) fn tagged_scalar(
    text: String,
    style: ScalarStyle,
    tag: Option<&Tag>,
) -> Result<Scalar, String> {
    let value = match tag {
        None if style == ScalarStyle::Plain => scalar::resolve_plain(&text),
        None => ScalarValue::Text,
        Some(tag) => explicit(&text, tag)?,
    };
    Ok(Scalar {
        value,
        text,
        reference: None,
    })
}

fn explicit(text: &str, tag: &Tag) -> Result<ScalarValue, String> {
    if tag.handle.is_empty() && tag.suffix == "!" {
        // To PyYAML this is no tag at all.
        return Ok(scalar::resolve_plain(text));
    }
    let value = match core_tag(tag)? {
        "str" => Some(ScalarValue::Text),
        "null" => Some(ScalarValue::Null),
        "bool" => scalar::bool_value(text).map(ScalarValue::Bool),
        "int" => scalar::int_value(text),
        "float" => scalar::float_value(text)
            .or_else(|| text.parse().ok())
            .map(ScalarValue::Float),
        "timestamp" => timestamp::iso(text).map(ScalarValue::Timestamp),
        _ => return Err(unknown_tag(tag)),
    };
    value.ok_or_else(|| format!("this value does not fit its tag `!!{}`", tag.suffix))
}

pub(super) fn collection_tag(tag: Option<&Tag>, expected: &str) -> Result<(), String> {
    match tag {
        Some(tag) if core_tag(tag)? != expected => Err(unknown_tag(tag)),
        _ => Ok(()),
    }
}

fn core_tag(tag: &Tag) -> Result<&str, String> {
    if tag.is_yaml_core_schema() {
        Ok(&tag.suffix)
    } else {
        Err(unknown_tag(tag))
    }
}

fn unknown_tag(tag: &Tag) -> String {
    let handle = if tag.is_yaml_core_schema() {
        "!!"
    } else {
        &tag.handle
    };
    format!(
        "the tag `{handle}{}` means nothing here: expected plain YAML",
        tag.suffix
    )
}
