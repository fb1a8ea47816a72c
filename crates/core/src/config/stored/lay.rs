//! Laying what is stored into the tree of the files.

use serde_json::{Map, Value};

use super::super::findings::Findings;
use super::super::yaml::{Entry, Mapping, Mark, Node, NodeValue, Scalar, ScalarValue};
use super::{Place, RUN_TIME_SETTINGS, Stored, StoredModel};

const MODELS: &str = "model_list";
const CREDENTIALS: &str = "credential_list";
const ENVIRONMENT: &str = "environment_variables";
/// JSON from a request nests no deeper than this; anything beyond would be somebody's attack.
const MAX_DEPTH: usize = 64;

/// Adds what is stored to `root`.
pub(in crate::config) fn lay(root: &mut Mapping, stored: &Stored, findings: &mut Findings) {
    for (section, settings) in &stored.sections {
        let mark = place(findings, &format!("config/{section}"), true);
        let settings = settings.iter().filter(|(name, _)| changes(section, name));
        for (name, value) in settings {
            if let (false, Some(into)) = (value.is_null(), member(root, section, mark)) {
                set(into, name, value, mark);
            }
        }
    }
    for (name, values) in &stored.credentials {
        let mark = place(findings, &format!("credential/{name}"), true);
        let written = [
            ("credential_name", Value::from(name.as_str())),
            ("credential_values", Value::Object(values.clone())),
        ];
        append(root, CREDENTIALS, &written, mark);
    }
    for model in &stored.models {
        let place_of = format!("model/{}", model.id);
        let mark = place(findings, &place_of, model.reads_environment);
        let written = [
            ("model_name", model.model_name.clone()),
            ("litellm_params", Value::Object(model.params.clone())),
            ("model_info", Value::Object(info(model))),
        ];
        append(root, MODELS, &written, mark);
    }
}

/// Whether a stored setting counts.
fn changes(section: &str, name: &str) -> bool {
    section == ENVIRONMENT
        || RUN_TIME_SETTINGS
            .iter()
            .any(|setting| setting.section == section && setting.name == name)
}

fn info(model: &StoredModel) -> Map<String, Value> {
    let mut info = model.info.clone();
    info.insert("id".to_owned(), model.id.as_str().into());
    info.insert("db_model".to_owned(), true.into());
    info
}

fn place(findings: &mut Findings, name: &str, reads_environment: bool) -> Mark {
    findings.stored_place(Place {
        name: format!("database/{name}"),
        reads_environment,
    })
}

/// The mapping under a name, made if there is none or something else.
fn member<'m>(of: &'m mut Mapping, name: &str, mark: Mark) -> Option<&'m mut Mapping> {
    if of.get(name).and_then(Node::as_mapping).is_none() {
        of.remove(name);
        let empty = NodeValue::Mapping(Mapping::default());
        of.entries.push(entry(name, empty, mark));
    }
    let mut entries = of.entries.iter_mut();
    match &mut entries.find(|entry| entry.key == name)?.value.value {
        NodeValue::Mapping(mapping) => Some(mapping),
        NodeValue::Scalar(_) | NodeValue::Sequence(_) => None,
    }
}

/// Sets a value; mappings are merged, everything else is replaced.
fn set(into: &mut Mapping, name: &str, value: &Value, mark: Mark) {
    if let Value::Object(members) = value {
        let Some(into) = member(into, name, mark) else {
            return;
        };
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            set(into, name, value, mark);
        }
        return;
    }
    into.remove(name);
    into.entries.push(Entry {
        key: name.to_owned(),
        key_mark: mark,
        value: node(value, mark, 0),
    });
}

/// Adds an item to a list of the root; one that is no list is the file's error, and stays.
fn append<const N: usize>(
    root: &mut Mapping,
    list: &str,
    written: &[(&str, Value); N],
    mark: Mark,
) {
    let entries = written.iter().map(|(name, value)| Entry {
        key: (*name).to_owned(),
        key_mark: mark,
        value: node(value, mark, 0),
    });
    let item = Node {
        value: NodeValue::Mapping(Mapping {
            entries: entries.collect(),
        }),
        mark,
    };
    match root.entries.iter_mut().find(|entry| entry.key == list) {
        Some(entry) if entry.value.is_null() => {
            entry.value.value = NodeValue::Sequence(vec![item]);
        }
        Some(entry) => {
            if let NodeValue::Sequence(items) = &mut entry.value.value {
                items.push(item);
            }
        }
        None => root
            .entries
            .push(entry(list, NodeValue::Sequence(vec![item]), mark)),
    }
}

fn entry(name: &str, value: NodeValue, mark: Mark) -> Entry {
    Entry {
        key: name.to_owned(),
        key_mark: mark,
        value: Node { value, mark },
    }
}

/// JSON as a node, all of it at one place.
fn node(value: &Value, mark: Mark, depth: usize) -> Node {
    let scalar = |value, text: String| {
        NodeValue::Scalar(Scalar {
            value,
            text,
            reference: None,
        })
    };
    let value = match value {
        Value::Array(items) if depth < MAX_DEPTH => NodeValue::Sequence(
            items
                .iter()
                .map(|item| node(item, mark, depth + 1))
                .collect(),
        ),
        Value::Object(members) if depth < MAX_DEPTH => {
            let entries = members.iter().map(|(name, value)| Entry {
                key: name.clone(),
                key_mark: mark,
                value: node(value, mark, depth + 1),
            });
            NodeValue::Mapping(Mapping {
                entries: entries.collect(),
            })
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {
            scalar(ScalarValue::Null, String::new())
        }
        Value::Bool(flag) => scalar(ScalarValue::Bool(*flag), flag.to_string()),
        Value::Number(number) => {
            let whole = number.as_i64().map(i128::from);
            let whole = whole.or_else(|| number.as_u64().map(i128::from));
            let value = whole.map_or_else(
                || ScalarValue::Float(number.as_f64().unwrap_or(f64::NAN)),
                ScalarValue::Int,
            );
            scalar(value, number.to_string())
        }
        Value::String(text) => scalar(ScalarValue::Text, text.clone()),
    };
    Node { value, mark }
}
