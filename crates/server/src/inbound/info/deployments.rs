//! `/model/info`: the deployments, and what is known about their models.

use std::collections::HashMap;
use std::sync::Arc;

use lockgate_core::config::Unserved;
use lockgate_core::error::GatewayError;
use lockgate_engine::capabilities::supported_openai_params;
use lockgate_engine::deployment::Deployment;
use lockgate_providers::catalog::{Catalog, Found, is_price};
use lockgate_providers::{KnownModel, Mode, known_model};
use serde_json::{Map, Value, json};

use super::super::models;
use super::super::view::View;
use super::{masked, refused, value_in};

/// Entries on a page when the query does not say.
const PAGE_SIZE: usize = 50;

/// A deployment under one of its names; a wildcard's is listed once for each model it is known to
/// stand for.
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) deployment: Arc<Deployment>,
    /// The model as its provider names it.
    pub(super) model: String,
    /// What is known about models of this name.
    pub(super) known: Option<&'static KnownModel>,
    /// What the catalogue says about it, its own prices included.
    pub(super) listed: Option<Found>,
}

/// Members of the catalogue that are not shown as they are there.
const TOLD_OTHERWISE: [&str; 2] = ["litellm_provider", "mode"];

/// What is listed: a deployment, or an entry that is none.
enum Row<'a> {
    Served(Listed),
    Unserved(&'a Unserved),
}

/// `GET /model/info`, of `?litellm_model_id=` only if that is given.
pub(super) fn all(view: &View, query: Option<&str>) -> Result<Value, GatewayError> {
    let mut rows = rows(view);
    if let Some(id) = value_in(query, "litellm_model_id") {
        rows.retain(|row| row.id() == id);
        if rows.is_empty() {
            let message = format!("no deployment has the id `{id}`");
            return Err(refused(&message, "litellm_model_id"));
        }
    }
    let data: Vec<Value> = rows.iter().map(Row::describe).collect();
    Ok(json!({ "data": data }))
}

/// `GET /v2/model/info`: the same in pages, with a search.
pub(super) fn page(view: &View, query: Option<&str>) -> Result<Value, GatewayError> {
    let page = number(query, "page", 1)?;
    let size = number(query, "size", PAGE_SIZE)?;
    let mut rows = rows(view);
    if let Some(id) = value_in(query, "modelId") {
        rows.retain(|row| row.id() == id);
    }
    if let Some(name) = value_in(query, "model").filter(|name| !name.is_empty()) {
        rows.retain(|row| row.name() == name);
    }
    if let Some(search) = value_in(query, "search") {
        let search = search.to_lowercase();
        rows.retain(|row| row.name().to_lowercase().contains(&search));
    }
    let total = rows.len();
    let start = (page - 1).saturating_mul(size);
    let data = rows.iter().skip(start).take(size);
    Ok(json!({
        "data": data.map(Row::describe).collect::<Vec<_>>(),
        "total_count": total,
        "current_page": page,
        "total_pages": total.div_ceil(size),
        "size": size,
    }))
}

/// The deployments that the caller may call, and for those who see everything what is not served.
fn rows(view: &View) -> Vec<Row<'_>> {
    let unserved = view.snapshot.config.unserved.iter();
    let unserved = unserved.filter(|_| view.sees_all()).map(Row::Unserved);
    let served = listed(view).into_iter().map(Row::Served);
    served.chain(unserved).collect()
}

/// Every deployment in the order of the file, then again under the aliases of its group.
pub(super) fn listed(view: &View) -> Vec<Listed> {
    let snapshot = &view.snapshot;
    let by_id: HashMap<&str, &Arc<Deployment>> = snapshot
        .deployments()
        .map(|deployment| (deployment.id(), deployment))
        .collect();
    let mut listed = Vec::new();
    for entry in &snapshot.config.models {
        let seen = view.sees(entry.model_info.team_id.as_deref());
        let deployment = by_id.get(entry.model_info.id.as_str());
        if let Some(deployment) = deployment.filter(|_| seen) {
            add(
                &mut listed,
                &entry.model_name,
                deployment,
                &snapshot.catalog,
            );
        }
    }
    for (name, alias) in &snapshot.config.router.model_group_alias {
        let group = snapshot.group(&alias.model).filter(|_| !alias.hidden);
        for deployment in group.iter().flat_map(|group| &group.deployments) {
            add(&mut listed, name, deployment, &snapshot.catalog);
        }
    }
    listed.retain(|listed| view.shows(&listed.name));
    listed
}

fn add(to: &mut Vec<Listed>, name: &str, deployment: &Arc<Deployment>, catalog: &Catalog) {
    let before = to.len();
    let expanded = models::expand(name, deployment);
    to.extend(expanded.map(|(name, known)| Listed {
        name,
        deployment: deployment.clone(),
        model: known.name.to_owned(),
        known: Some(known),
        listed: catalog.find(&deployment.priced_as(known.name, None)),
    }));
    if to.len() == before {
        to.push(Listed::new(name, deployment, catalog));
    }
}

fn number(query: Option<&str>, name: &str, default: usize) -> Result<usize, GatewayError> {
    let Some(text) = value_in(query, name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| refused(&format!("`{name}` is a number from 1"), name))
}

// === impl Row ===

impl Row<'_> {
    fn id(&self) -> &str {
        match self {
            Self::Served(listed) => listed.deployment.id(),
            Self::Unserved(unserved) => &unserved.id,
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Served(listed) => &listed.name,
            Self::Unserved(unserved) => &unserved.model_name,
        }
    }

    fn describe(&self) -> Value {
        match self {
            Self::Served(listed) => listed.describe(),
            Self::Unserved(unserved) => json!({
                "model_name": unserved.model_name,
                "litellm_params": {},
                "model_info": {
                    "id": unserved.id,
                    "db_model": unserved.in_database,
                    // Not LiteLLM's, which says nothing of it anywhere.
                    "not_served": unserved.reason,
                },
            }),
        }
    }
}

// === impl Listed ===

impl Listed {
    /// `deployment` as it is configured.
    pub(super) fn new(name: &str, deployment: &Arc<Deployment>, catalog: &Catalog) -> Self {
        let info = &deployment.entry.model_info;
        let looked_up = info.base_model.as_ref().unwrap_or(&deployment.model);
        Self {
            name: name.to_owned(),
            model: deployment.model.clone(),
            known: known_model(&deployment.provider.id, looked_up),
            listed: catalog.find(&deployment.priced_as(&deployment.model, None)),
            deployment: deployment.clone(),
        }
    }

    /// What the model does, as far as anybody said.
    pub(super) fn mode(&self) -> Option<&str> {
        let info = &self.deployment.entry.model_info;
        let known = || self.known.map(|known| models::mode_name(known.mode));
        let listed = || self.listed.as_ref().map(|found| found.price.mode());
        let listed = || listed().filter(|mode| !mode.is_empty());
        info.mode.as_deref().or_else(known).or_else(listed)
    }

    /// The most tokens it reads.
    pub(super) fn max_input_tokens(&self) -> Option<u64> {
        let info = &self.deployment.entry.model_info;
        let known = || self.known.and_then(|known| known.max_input_tokens);
        let listed = || self.listed.as_ref()?.price.max_input_tokens();
        info.max_input_tokens.or_else(listed).or_else(known)
    }

    /// The most tokens it writes.
    pub(super) fn max_output_tokens(&self) -> Option<u64> {
        let info = &self.deployment.entry.model_info;
        let known = || self.known.and_then(|known| known.max_output_tokens);
        info.max_output_tokens
            .or_else(known)
            .or(self.deployment.max_output_tokens)
    }

    /// The OpenAI parameters that reach it; `None` where there are none to speak of.
    pub(super) fn supported_params(&self) -> Option<Vec<&'static str>> {
        if self.mode().is_some_and(|mode| mode != "chat") {
            return None;
        }
        supported_openai_params(&self.deployment.provider, &self.model)
    }

    /// The names of the prices that the operator wrote, sorted.
    fn own_prices(&self) -> Vec<&str> {
        let entry = &self.deployment.entry;
        let members = entry
            .model_info
            .members
            .iter()
            .chain(entry.litellm_params.prices.iter());
        let written = members.filter(|(name, value)| is_price(name) && !value.is_null());
        let mut names: Vec<&str> = written.map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn max_tokens(&self) -> Option<u64> {
        let embeds = self.known.filter(|known| known.mode == Mode::Embedding);
        let of_input = embeds.and_then(|known| known.max_input_tokens);
        let info = &self.deployment.entry.model_info;
        info.max_tokens
            .or_else(|| self.max_output_tokens())
            .or(of_input)
    }

    fn describe(&self) -> Value {
        let entry = &self.deployment.entry;
        let configured = &entry.litellm_params.model;
        let model = match self.known {
            Some(known) if configured.contains('*') => {
                format!("{}/{}", self.deployment.provider.id, known.name)
            }
            _ => configured.clone(),
        };
        json!({
            "model_name": self.name,
            "litellm_params": masked::params(&entry.litellm_params, &model),
            "model_info": self.model_info(),
        })
    }

    /// What the operator wrote, completed by what is known.
    fn model_info(&self) -> Map<String, Value> {
        let info = &self.deployment.entry.model_info;
        let mut out = Map::new();
        for (name, value) in info.members.iter().filter(|(_, value)| !value.is_null()) {
            // `key` is the name that prices are looked up under.
            let value = match name.as_str() {
                "key" => value.clone(),
                _ => masked::shown(name, value),
            };
            out.insert(name.clone(), value);
        }
        out.insert("id".to_owned(), self.deployment.id().into());
        out.insert("db_model".to_owned(), info.in_database.into());
        let provider = &self.deployment.provider.id;
        let key = self.listed.as_ref().map_or_else(
            || format!("{provider}/{}", self.model),
            |found| found.key.clone(),
        );
        for (name, value) in [
            ("key", key.into()),
            ("litellm_provider", provider.as_str().into()),
            ("mode", json!(self.mode())),
            ("max_tokens", json!(self.max_tokens())),
            ("max_input_tokens", json!(self.max_input_tokens())),
            ("max_output_tokens", json!(self.max_output_tokens())),
        ] {
            out.entry(name).or_insert(value);
        }
        out.insert("pricing_overrides".to_owned(), self.own_prices().into());
        let listed = self.listed.iter().flat_map(|found| &found.members);
        for (name, value) in listed.filter(|(name, _)| !TOLD_OTHERWISE.contains(&name.as_str())) {
            out.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(params) = self.supported_params() {
            out.entry("supported_openai_params")
                .or_insert(params.into());
        }
        out
    }
}
