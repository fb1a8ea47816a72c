//! `environment_variables` and the `os.environ/NAME` references.

use super::document::join;
use super::findings::Findings;
use super::yaml::{Mapping, Mark, Node, NodeValue, Scalar, ScalarValue};
use crate::Environment;

const PREFIX: &str = "os.environ/";
const SECTION: &str = "environment_variables";

/// LiteLLM takes none of these from a file, nor does anything here.
const NOT_FROM_A_FILE: &[&str] = &[
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "SHELL",
    "USER",
    "no_proxy",
];

/// Lays `environment_variables` over the environment.
///
/// A value may itself be a reference: to the process, or to a variable further up in the section.
pub(super) fn overlay(
    root: &mut Mapping,
    environment: &Environment,
    findings: &mut Findings,
) -> Environment {
    let Some(entry) = root.remove(SECTION) else {
        return environment.clone();
    };
    let mut section = match entry.value.value {
        NodeValue::Mapping(section) => section,
        _ if entry.value.is_null() => return environment.clone(),
        _ => {
            let found = entry.value.kind();
            let message =
                format!("{found}: expected a mapping of names to values; section skipped");
            findings.error(entry.value.mark, SECTION, message);
            return environment.clone();
        }
    };
    let mut environment = environment.clone();
    for entry in &mut section.entries {
        let path = join(SECTION, &entry.key);
        if NOT_FROM_A_FILE.contains(&entry.key.as_str()) {
            let message = "cannot be set from a configuration file; skipped";
            findings.warn(entry.key_mark, &path, message);
            continue;
        }
        resolve(&mut entry.value, &path, &environment, findings);
        match &entry.value.value {
            NodeValue::Scalar(Scalar {
                value: ScalarValue::Null,
                ..
            }) => {}
            NodeValue::Scalar(Scalar { text, .. }) => {
                environment = environment.with([(entry.key.clone(), text.clone())]);
            }
            _ => {
                let message = format!("{}: expected text; skipped", entry.value.kind());
                findings.error(entry.value.mark, &path, message);
            }
        }
    }
    environment
}

/// Replaces every reference in the tree by what the environment holds, or by null.
pub(super) fn resolve_all(root: &mut Mapping, environment: &Environment, findings: &mut Findings) {
    resolve_members(root, "", environment, findings);
}

fn resolve_members(
    mapping: &mut Mapping,
    path: &str,
    environment: &Environment,
    findings: &mut Findings,
) {
    for entry in &mut mapping.entries {
        resolve(
            &mut entry.value,
            &join(path, &entry.key),
            environment,
            findings,
        );
    }
}

fn resolve(node: &mut Node, path: &str, environment: &Environment, findings: &mut Findings) {
    match &mut node.value {
        NodeValue::Mapping(mapping) => resolve_members(mapping, path, environment, findings),
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                resolve(item, &format!("{path}[{index}]"), environment, findings);
            }
        }
        NodeValue::Scalar(scalar) if scalar.value == ScalarValue::Text => {
            if let Some(name) = scalar.text.strip_prefix(PREFIX) {
                let found = look_up(name, node.mark, path, environment, findings);
                *scalar = Scalar {
                    value: found.map_or(ScalarValue::Null, |_| ScalarValue::Text),
                    text: found.unwrap_or_default().to_owned(),
                    reference: Some(std::mem::take(&mut scalar.text)),
                };
            } else if scalar.text.contains(PREFIX) && is_template(path) {
                fill(scalar, node.mark, path, environment, findings);
            } else if scalar.text.contains(PREFIX) {
                let message =
                    format!("`{PREFIX}` counts at the start of a value only; left as it is");
                findings.warn(node.mark, path, message);
            }
        }
        NodeValue::Scalar(_) => {}
    }
}

/// What a variable holds; that it holds nothing, or is not for what is written there, is said.
fn look_up<'e>(
    name: &str,
    mark: Mark,
    path: &str,
    environment: &'e Environment,
    findings: &mut Findings,
) -> Option<&'e str> {
    if let Some(why) = findings.withheld(mark, name) {
        let message = format!("`{PREFIX}{name}`: {why}; taken as null");
        findings.error(mark, path, message);
        return None;
    }
    let found = environment.get(name);
    if found.is_none() {
        let message = format!("the environment variable {name} is not set; taken as null");
        findings.warn(mark, path, message);
    }
    found
}

/// Whether LiteLLM takes references in the middle of this value, too: headers of pass-through
/// endpoints, `Bearer os.environ/KEY`.
fn is_template(path: &str) -> bool {
    path.strip_prefix("general_settings.pass_through_endpoints[")
        .is_some_and(|rest| rest.contains("].headers."))
}

/// Replaces every reference in a text; the whole is null when one is not set.
fn fill(
    scalar: &mut Scalar,
    mark: Mark,
    path: &str,
    environment: &Environment,
    findings: &mut Findings,
) {
    let mut filled = String::new();
    let mut rest = scalar.text.as_str();
    while let Some((before, after)) = rest.split_once(PREFIX) {
        let end = after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        filled.push_str(before);
        match look_up(name, mark, path, environment, findings) {
            Some(value) => filled.push_str(value),
            None => scalar.value = ScalarValue::Null,
        }
        rest = behind;
    }
    filled.push_str(rest);
    *scalar = Scalar {
        text: if scalar.value == ScalarValue::Null {
            String::new()
        } else {
            filled
        },
        value: scalar.value.clone(),
        reference: Some(std::mem::take(&mut scalar.text)),
    };
}
