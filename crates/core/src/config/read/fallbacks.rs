//! The places a failed request may go to, in all their spellings.

use super::super::document::join;
use super::super::findings::Findings;
use super::super::id::deployment_id;
use super::super::keys::{ParamKind, check_params, param_kind};
use super::super::yaml::{Mapping, Node, NodeValue};
use super::super::{Fallback, FallbackRule, ModelEntry, ModelInfo};
use super::convert::text;
use super::fields::Fields;
use super::model::{Context, Credential, litellm_params};

const SKIPPED: &str = "fallback skipped";
const EXPECTED: &str = "a model name or a mapping with a `model`";

/// What holds for another model as well.
const CARRIED_OVER: &[&str] = &[
    "additional_drop_params",
    "allowed_openai_params",
    "drop_params",
    "extra_body",
    "max_retries",
    "merge_reasoning_content_in_choices",
    "num_retries",
    "request_timeout",
    "stream_timeout",
    "timeout",
];

/// What belongs to the one deployment, also when a fallback is the same model elsewhere.
const NOT_CARRIED_OVER: &[&str] = &["fallbacks", "order", "rpm", "tpm", "weight"];

/// What targets are read with.
#[derive(Clone, Copy)]
struct Source<'a> {
    credentials: &'a [Credential<'a>],
    /// The deployment the targets belong to.
    parent: Option<&'a Mapping>,
}

/// The targets of a deployment; one alone will do. `fields` are its `litellm_params`.
pub(super) fn of_deployment(
    fields: &mut Fields<'_, '_>,
    name: &str,
    credentials: &[Credential<'_>],
) -> Vec<Fallback> {
    let source = Source {
        credentials,
        parent: Some(fields.mapping),
    };
    let path = fields.path_of(name);
    fields
        .node(name)
        .map(|node| targets(node, &path, source, fields.findings))
        .unwrap_or_default()
}

/// A list of targets; one alone will do.
pub(super) fn list(fields: &mut Fields<'_, '_>, name: &str) -> Option<Vec<Fallback>> {
    let path = fields.path_of(name);
    fields
        .node(name)
        .map(|node| targets(node, &path, NOWHERE, fields.findings))
}

/// `[{group: [target, ...]}, ...]`; a bare name in the list is a target for every group.
pub(super) fn rules(fields: &mut Fields<'_, '_>, name: &str) -> Option<Vec<FallbackRule>> {
    let (items, path) = fields.items(name)?;
    let mut rules = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let mut add = |group: &str, node, path: &str| {
            let targets = targets(node, path, NOWHERE, fields.findings);
            rules.push(FallbackRule {
                group: group.to_owned(),
                targets,
            });
        };
        match item.as_mapping() {
            Some(groups) => {
                for entry in &groups.entries {
                    add(&entry.key, &entry.value, &join(&path, &entry.key));
                }
            }
            None => add("*", item, &path),
        }
    }
    Some(rules)
}

const NOWHERE: Source<'static> = Source {
    credentials: &[],
    parent: None,
};

fn targets(node: &Node, path: &str, source: Source<'_>, findings: &mut Findings) -> Vec<Fallback> {
    match &node.value {
        NodeValue::Sequence(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| target(item, &format!("{path}[{index}]"), source, findings))
            .collect(),
        _ => target(node, path, source, findings).into_iter().collect(),
    }
}

fn target(
    node: &Node,
    path: &str,
    source: Source<'_>,
    findings: &mut Findings,
) -> Option<Fallback> {
    let Some(written) = node.as_mapping() else {
        return match text(node) {
            Ok(name) if !name.trim().is_empty() => Some(Fallback::Name(name)),
            _ => {
                let message = format!("expected {EXPECTED}, found {}; {SKIPPED}", node.kind());
                findings.error(node.mark, path, message);
                None
            }
        };
    };
    check_params(written, path, findings);
    let whole = source
        .parent
        .map_or_else(|| written.clone(), |parent| inherit(written, parent));
    let context = Context {
        credentials: source.credentials,
        consequence: SKIPPED,
        needs_model: true,
    };
    let litellm_params = litellm_params(&whole, node.mark, path, context, findings)?;
    let model_name = litellm_params.model.clone();
    let whole = Node {
        value: NodeValue::Mapping(whole),
        mark: node.mark,
    };
    let id = deployment_id(&model_name, &whole.to_canonical_json());
    Some(Fallback::Inline(Box::new(ModelEntry {
        model_name,
        litellm_params,
        model_info: ModelInfo {
            id,
            ..ModelInfo::default()
        },
        origin: Some(findings.origin(node.mark, path)),
    })))
}

/// A target goes on with its deployment's parameters, and, when it names no model, with its model and
/// connection too. A credential never follows to another model: that may be another company.
fn inherit(written: &Mapping, parent: &Mapping) -> Mapping {
    let same_model = written.get("model").is_none();
    let mut whole = written.clone();
    for entry in &parent.entries {
        let key = entry.key.as_str();
        let carried = param_kind(key) == ParamKind::Body
            || CARRIED_OVER.contains(&key)
            || same_model && !NOT_CARRIED_OVER.contains(&key);
        if carried && whole.entry(key).is_none() {
            whole.entries.push(entry.clone());
        }
    }
    whole
}
