//! Placeholders in the table's base URLs and header values.

use lockgate_core::Environment;

/// Replaces `{NAME|NAME:default}` by the first of the variables that is set and not empty, else by
/// the default, and `{api_key}` by `key`. What is not a placeholder stays as it is.
pub(crate) fn expand(text: &str, environment: &Environment, key: Option<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((placeholder, behind)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            break;
        };
        if placeholder == "api_key" {
            out.push_str(key.unwrap_or_default());
        } else if let Some((names, default)) = placeholder
            .split_once(':')
            .filter(|(names, _)| names.bytes().all(is_name_byte))
        {
            let names: Vec<&str> = names.split('|').collect();
            out.push_str(environment.first_non_empty(&names).unwrap_or(default));
        } else {
            out.push('{');
            out.push_str(placeholder);
            out.push('}');
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A base URL with its placeholders replaced; `None` when a variable that has no default, as in
/// `{NAME|NAME}`, is not set. A host may be written with its scheme in the variable.
pub(crate) fn expand_base(text: &str, environment: &Environment) -> Option<String> {
    let mut out = text.to_owned();
    for names in required(text) {
        let variables: Vec<&str> = names.split('|').collect();
        let value = environment.first_non_empty(&variables)?;
        let value = value.trim().trim_end_matches('/');
        let host = value.split_once("://").map_or(value, |(_, host)| host);
        out = out.replace(&format!("{{{names}}}"), host);
    }
    Some(expand(&out, environment, None))
}

/// What stands in braces without a default.
pub(crate) fn required(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|behind| {
        let (names, _) = behind.split_once('}')?;
        (!names.is_empty() && names.bytes().all(is_name_byte)).then_some(names)
    })
}

/// Header values may be JSON; only what looks like variable names is taken for a placeholder.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'|')
}
