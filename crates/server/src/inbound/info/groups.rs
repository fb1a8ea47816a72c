//! `/model_group/info`: the model groups, each with what its deployments have in common.

use lockgate_engine::snapshot::Route;
use lockgate_providers::catalog::{Catalog, Rate};
use serde_json::{Map, Value, json};

use super::super::view::View;
use super::deployments::{self, Listed};
use super::value_in;

/// Prices that are shown of a group.
const PRICES: [&str; 3] = [
    "input_cost_per_token",
    "output_cost_per_token",
    "input_cost_per_pixel",
];

/// `GET /model_group/info`, of `?model_group=` only if that is given.
pub(super) fn all(view: &View, query: Option<&str>) -> Value {
    let wanted = value_in(query, "model_group");
    let mut groups: Vec<(String, Vec<Listed>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for listed in deployments::listed(view) {
        if wanted.as_ref().is_some_and(|name| *name != listed.name) {
            continue;
        }
        let place = *places.entry(listed.name.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, members)) => members.push(listed),
            None => groups.push((listed.name.clone(), vec![listed])),
        }
    }
    let groups = groups.iter().map(|(name, members)| describe(name, members));
    json!({ "data": groups.collect::<Vec<_>>() })
}

/// The OpenAI parameters that reach every deployment of the group.
pub(super) fn supported(route: &Route, catalog: &Catalog) -> Option<Vec<&'static str>> {
    let members = route.group.deployments.iter();
    let members = members.map(|deployment| Listed::new(&route.group.name, deployment, catalog));
    in_common(&members.collect::<Vec<_>>())
}

fn in_common(members: &[Listed]) -> Option<Vec<&'static str>> {
    let mut all = members.iter().filter_map(Listed::supported_params);
    let first = all.next()?;
    Some(all.fold(first, |mut common, next| {
        common.retain(|name| next.contains(name));
        common
    }))
}

fn describe(name: &str, members: &[Listed]) -> Value {
    let mut providers: Vec<&str> = Vec::new();
    for member in members {
        let id = member.deployment.provider.id.as_str();
        if !providers.contains(&id) {
            providers.push(id);
        }
    }
    let params = |member: &Listed| member.deployment.entry.litellm_params.clone();
    let sum = |limits: Vec<u64>| (!limits.is_empty()).then(|| limits.iter().sum::<u64>());
    let mut out = json!({
        "model_group": name,
        "providers": providers,
        "max_input_tokens": members.iter().filter_map(Listed::max_input_tokens).max(),
        "max_output_tokens": members.iter().filter_map(Listed::max_output_tokens).max(),
        "mode": members.iter().find_map(Listed::mode),
        "tpm": sum(members.iter().filter_map(|member| params(member).tpm).collect()),
        "rpm": sum(members.iter().filter_map(|member| params(member).rpm).collect()),
        "supported_openai_params": in_common(members),
        "configurable_clientside_auth_params": null,
        "is_public_model_group": false,
        "health_status": null,
        "health_response_time": null,
        "health_checked_at": null,
    });
    if let Value::Object(out) = &mut out {
        add_abilities_and_prices(members, out);
    }
    out
}

/// Abilities as the operator wrote them, else as they are listed; prices as they are charged. An
/// ability counts when any deployment has it, of prices the highest.
fn add_abilities_and_prices(members: &[Listed], out: &mut Map<String, Value>) {
    for member in members {
        let written = &member.deployment.entry.model_info.supports;
        let listed = member.listed.iter().flat_map(|found| &found.members);
        let listed = listed.filter(|(name, _)| !written.contains_key(*name));
        let listed = listed.filter_map(|(name, on)| Some((name, on.as_bool()?)));
        let abilities = written.iter().map(|(name, on)| (name, *on)).chain(listed);
        for (name, on) in abilities.filter(|(name, _)| name.starts_with("supports_")) {
            let before = out.get(name).and_then(Value::as_bool).unwrap_or(false);
            out.insert(name.clone(), (before || on).into());
        }
        for name in PRICES {
            let charged = member
                .listed
                .as_ref()
                .and_then(|found| found.members.get(name));
            let rate = charged.and_then(Rate::read);
            let highest = out.get(name).and_then(Rate::read);
            if let Some(rate) = rate.filter(|_| rate > highest) {
                out.insert(name.to_owned(), rate.to_json());
            }
        }
    }
}
