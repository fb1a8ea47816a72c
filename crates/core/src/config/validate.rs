//! Names that lead nowhere: aliases and fallbacks to model groups nobody serves.

use super::Config;
use super::document::join;
use super::findings::Findings;
use super::yaml::{Mapping, Node, NodeValue, Scalar, ScalarValue};

const RULES: &[&str] = &[
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
];

/// Warns about every such name in the two settings sections.
pub(super) fn names(root: &Mapping, config: &Config, findings: &mut Findings) {
    // Then models come from elsewhere, and nothing can be said.
    if config.models.is_empty() || config.general.infer_model_from_keys {
        return;
    }
    for section in ["litellm_settings", "router_settings"] {
        let Some(settings) = root.get(section).and_then(Node::as_mapping) else {
            continue;
        };
        for name in RULES {
            if let Some(node) = settings.get(name) {
                rule_targets(node, &join(section, name), config, findings);
            }
        }
        if let Some(node) = settings.get("default_fallbacks") {
            targets(node, &join(section, "default_fallbacks"), config, findings);
        }
    }
    aliases(root, config, findings);
}

fn aliases(root: &Mapping, config: &Config, findings: &mut Findings) {
    let written = root
        .get("router_settings")
        .and_then(Node::as_mapping)
        .and_then(|router| router.get("model_group_alias"))
        .and_then(Node::as_mapping);
    for entry in written.into_iter().flat_map(|aliases| &aliases.entries) {
        let target = config.router.model_group_alias.get(&entry.key);
        if target.is_some_and(|alias| !is_served(&alias.model, config)) {
            let path = join("router_settings.model_group_alias", &entry.key);
            findings.warn(entry.value.mark, &path, "no model group has this name");
        }
    }
}

fn rule_targets(node: &Node, path: &str, config: &Config, findings: &mut Findings) {
    let NodeValue::Sequence(items) = &node.value else {
        return;
    };
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(groups) = item.as_mapping() else {
            targets(item, &path, config, findings);
            continue;
        };
        for entry in &groups.entries {
            let path = join(&path, &entry.key);
            if entry.key != "*" && !is_served(&entry.key, config) {
                findings.warn(entry.key_mark, &path, "no model group has this name");
            }
            targets(&entry.value, &path, config, findings);
        }
    }
}

fn targets(node: &Node, path: &str, config: &Config, findings: &mut Findings) {
    match &node.value {
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                targets(item, &format!("{path}[{index}]"), config, findings);
            }
        }
        NodeValue::Scalar(Scalar {
            value: ScalarValue::Text,
            text,
            ..
        }) if !is_served(text, config) => {
            findings.warn(node.mark, path, "no model group has this name");
        }
        _ => {}
    }
}

/// A model group, another name of one, a deployment id, or a provider's own name for a model.
fn is_served(name: &str, config: &Config) -> bool {
    name.contains('/')
        || config.router.model_group_alias.contains_key(name)
        || config.litellm.model_alias_map.contains_key(name)
        || config
            .models
            .iter()
            .any(|model| matches(&model.model_name, name) || model.model_info.id == name)
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut left) = name
        .strip_prefix(head)
        .and_then(|left| left.strip_suffix(tail))
    else {
        return false;
    };
    // The first place a part fits leaves the most for the parts after it.
    middle.split('*').all(|part| match left.split_once(part) {
        Some((_, after)) => {
            left = after;
            true
        }
        None => false,
    })
}
