//! The tree to typed settings.

mod cloud;
mod convert;
mod defaults;
mod fallbacks;
mod fields;
mod governance;
mod identity;
mod info;
mod issuers;
mod lockgate;
mod model;
mod network;
mod pass_through;
mod policies;
mod prices;
mod providers;
mod redis;
mod settings;

use super::findings::Findings;
use super::keys;
use super::yaml::{Mapping, NodeValue};
use super::{Config, references, validate};
use crate::Environment;

static EMPTY: Mapping = Mapping {
    entries: Vec::new(),
};

/// Turns the assembled document into a configuration.
pub(super) fn config(mut root: Mapping, process: &Environment, findings: &mut Findings) -> Config {
    let environment = references::overlay(&mut root, process, findings);
    references::resolve_all(&mut root, &environment, findings);
    keys::TOP.check(&root, "", findings);
    let litellm = section(&root, "litellm_settings", keys::LITELLM, findings);
    let router = section(&root, "router_settings", keys::ROUTER, findings);
    let general = section(&root, "general_settings", keys::GENERAL, findings);
    let lockgate = section(&root, "lockgate_settings", keys::LOCKGATE, findings);
    let (models, unserved) = model::list(&root, findings);
    let config = Config {
        models,
        unserved,
        general: settings::general(general, findings),
        governance: governance::settings(general, litellm, findings),
        redis: redis::settings([general, router, litellm], &environment, findings),
        identity: identity::settings(general, &environment, findings),
        litellm: settings::litellm(litellm, &environment, findings),
        router: settings::router(router, litellm, &environment, findings),
        lockgate: lockgate::settings(lockgate, findings),
        custom_providers: providers::list(&root, findings),
        environment: defaults::environment(litellm, environment, findings),
    };
    validate::names(&root, &config, findings);
    config
}

/// A section that is absent, empty or no mapping reads as an empty one.
fn section<'a>(
    root: &'a Mapping,
    name: &str,
    table: keys::KeyTable,
    findings: &mut Findings,
) -> &'a Mapping {
    let Some(node) = root.get(name) else {
        return &EMPTY;
    };
    let NodeValue::Mapping(mapping) = &node.value else {
        let message = format!("expected a mapping, found {}; section skipped", node.kind());
        findings.error(node.mark, name, message);
        return &EMPTY;
    };
    table.check(mapping, name, findings);
    mapping
}

/// The items of a list section with their paths, those that are no mapping reported and left out.
fn items<'a>(
    root: &'a Mapping,
    name: &str,
    findings: &mut Findings,
) -> Vec<(&'a Mapping, super::yaml::Mark, String)> {
    let Some(node) = root.get(name) else {
        return Vec::new();
    };
    let NodeValue::Sequence(nodes) = &node.value else {
        let message = format!("expected a list, found {}; section skipped", node.kind());
        findings.error(node.mark, name, message);
        return Vec::new();
    };
    let mut items = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let path = format!("{name}[{index}]");
        match node.as_mapping() {
            Some(mapping) => items.push((mapping, node.mark, path)),
            None => {
                let message = format!("expected a mapping, found {}; entry skipped", node.kind());
                findings.error(node.mark, &path, message);
            }
        }
    }
    items
}
