//! One configuration, made ready to serve: what every request loads once and keeps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lockgate_core::config::{Config, Fallback, ModelEntry};
use lockgate_providers::catalog::Catalog;
use lockgate_providers::{Credentials, CustomProviderError, ProviderTable};

use crate::auth::Keys;
use crate::deployment::{Deployment, DeploymentError, Surroundings};
use crate::pass_through::Configured;
use crate::prices::catalog;
use crate::router::pattern::Pattern;
use crate::router::resolved::ResolvedNames;

/// An immutable configuration with its deployments and routing tables.
#[derive(Debug)]
pub struct Snapshot {
    /// As configured.
    pub config: Config,
    /// Which keys open the gateway.
    pub keys: Keys,
    /// All providers.
    pub providers: ProviderTable,
    /// The credentials of clouds that the deployments share.
    pub cloud_credentials: Credentials,
    /// What models cost.
    pub catalog: Catalog,
    groups: BTreeMap<String, Arc<Group>>,
    patterns: Vec<(Pattern, Arc<Group>)>,
    by_id: HashMap<String, Arc<Group>>,
    inline: HashMap<String, Arc<Group>>,
    pub(crate) endpoints: Vec<Configured>,
    resolved: ResolvedNames,
}

/// A model group: the deployments that serve one public name.
#[derive(Debug)]
pub struct Group {
    /// The public name; a pattern for a wildcard group.
    pub name: String,
    /// Its deployments, in the order of the file.
    pub deployments: Vec<Arc<Deployment>>,
}

/// The model group that a request goes to.
#[derive(Debug, Clone)]
pub struct Route {
    /// The group.
    pub group: Arc<Group>,
    /// What the group's wildcards stand for in this request.
    pub captures: Vec<String>,
}

/// A part of the configuration that cannot be served; the rest is.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Where and what, for the operator.
    pub message: String,
}

// === impl Snapshot ===

impl Snapshot {
    /// Makes `config` ready. Health and counts of deployments that `previous` had, too, go on.
    /// Entries that cannot be served are left out and reported.
    pub fn build(config: Config, keys: Keys, previous: Option<&Self>) -> (Self, Vec<Rejected>) {
        let mut rejected = Vec::new();
        let (providers, errors) = ProviderTable::new(&config.custom_providers);
        rejected.extend(errors.iter().map(custom_provider_rejected));
        let catalog = catalog(&config, &mut rejected);
        let mut snapshot = Self {
            keys,
            catalog,
            providers,
            cloud_credentials: Credentials::after(
                previous.map(|previous| &previous.cloud_credentials),
            ),
            groups: BTreeMap::new(),
            patterns: Vec::new(),
            by_id: HashMap::new(),
            inline: HashMap::new(),
            endpoints: Configured::all(&config.general.pass_through_endpoints, &mut rejected),
            resolved: ResolvedNames::default(),
            config,
        };
        let mut groups: BTreeMap<String, Vec<Arc<Deployment>>> = BTreeMap::new();
        for entry in snapshot.config.models.clone() {
            match snapshot.deployment(entry.clone(), previous) {
                Ok(deployment) => {
                    groups
                        .entry(entry.model_name.clone())
                        .or_default()
                        .push(deployment);
                }
                Err(error) => rejected.push(entry_rejected(&entry, &error)),
            }
        }
        snapshot.index(groups);
        snapshot.index_fallbacks(previous, &mut rejected);
        snapshot.cloud_credentials.settle();
        (snapshot, rejected)
    }

    /// The group that serves `model`: a deployment id, a group, an alias, a wildcard.
    pub fn route(&self, model: &str) -> Option<Route> {
        if let Some(group) = self.groups.get(model).or_else(|| self.by_id.get(model)) {
            return Some(Route {
                group: group.clone(),
                captures: Vec::new(),
            });
        }
        if let Some(target) = self.alias(model).filter(|&target| target != model) {
            return self.route_unaliased(target);
        }
        self.route_pattern(model)
    }

    /// The group that a fallback leads to.
    pub fn fallback_route(&self, fallback: &Fallback) -> Option<Route> {
        match fallback {
            Fallback::Name(name) => self.route(name).or_else(|| self.inline_route(name)),
            // A target with its own parameters; without any of its own it may name a group.
            Fallback::Inline(entry) => self
                .inline_route(&entry.model_info.id)
                .or_else(|| self.route(&entry.litellm_params.model)),
        }
    }

    /// The groups that clients may see, by public name, aliases first.
    pub fn listed_models(&self) -> Vec<(&str, &Arc<Group>)> {
        let aliases = self
            .config
            .router
            .model_group_alias
            .iter()
            .filter(|(_, alias)| !alias.hidden)
            .filter_map(|(name, alias)| Some((name.as_str(), self.groups.get(&alias.model)?)));
        let mut listed: Vec<(&str, &Arc<Group>)> = aliases.collect();
        let mut seen = std::collections::HashSet::new();
        for entry in &self.config.models {
            if seen.insert(entry.model_name.as_str())
                && let Some(group) = self.group(&entry.model_name)
            {
                listed.push((entry.model_name.as_str(), group));
            }
        }
        listed
    }

    /// The group with exactly this public name, a pattern for a wildcard group.
    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(name).or_else(|| {
            self.patterns
                .iter()
                .map(|(_, group)| group)
                .find(|group| group.name == name)
        })
    }

    /// The deployment with this id, unless its model decides how it is called.
    pub fn deployment_by_id(&self, id: &str) -> Option<&Arc<Deployment>> {
        let deployment = self.by_id.get(id)?.deployments.first()?;
        (!deployment.depends_on_model()).then_some(deployment)
    }

    /// Every deployment of every group.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.groups
            .values()
            .chain(self.patterns.iter().map(|(_, group)| group))
            .flat_map(|group| &group.deployments)
    }

    fn alias(&self, model: &str) -> Option<&str> {
        let global = self
            .config
            .litellm
            .model_alias_map
            .get(model)
            .map(String::as_str);
        let routed = global.unwrap_or(model);
        self.config
            .router
            .model_group_alias
            .get(routed)
            .map(|a| a.model.as_str())
            .or(global)
    }

    fn route_unaliased(&self, model: &str) -> Option<Route> {
        self.groups
            .get(model)
            .map(|group| Route {
                group: group.clone(),
                captures: Vec::new(),
            })
            .or_else(|| self.route_pattern(model))
    }

    fn route_pattern(&self, model: &str) -> Option<Route> {
        let found_out = |group| Route {
            group,
            captures: Vec::new(),
        };
        if let Some(group) = self.resolved.get(model) {
            return Some(found_out(group));
        }
        let (group, captures) = self.patterns.iter().find_map(|(pattern, group)| {
            let captures: Vec<String> = pattern
                .captures(model)?
                .into_iter()
                .map(str::to_owned)
                .collect();
            Some((group, captures))
        })?;
        if group
            .deployments
            .iter()
            .any(|deployment| deployment.depends_on_model())
        {
            let group = self.resolve_again(group, &captures)?;
            self.resolved.put(model, &group);
            return Some(found_out(group));
        }
        Some(Route {
            group: group.clone(),
            captures,
        })
    }

    /// `model: "*"` names no provider, and `vertex_ai/*` not how to call the model: the requested
    /// name tells it.
    fn resolve_again(&self, group: &Group, captures: &[String]) -> Option<Arc<Group>> {
        let deployments: Vec<Arc<Deployment>> = group
            .deployments
            .iter()
            .filter_map(|deployment| {
                let mut entry = deployment.entry.clone();
                let captures: Vec<&str> = captures.iter().map(String::as_str).collect();
                entry.litellm_params.model = Pattern::fill(&entry.litellm_params.model, &captures);
                Deployment::new(entry, self.surroundings(), Some(deployment))
                    .ok()
                    .map(Arc::new)
            })
            .collect();
        if deployments.is_empty() {
            return None;
        }
        Some(Arc::new(Group {
            name: group.name.clone(),
            deployments,
        }))
    }

    fn inline_route(&self, id: &str) -> Option<Route> {
        let group = self.inline.get(id)?.clone();
        Some(Route {
            group,
            captures: Vec::new(),
        })
    }

    fn deployment(
        &self,
        entry: ModelEntry,
        previous: Option<&Self>,
    ) -> Result<Arc<Deployment>, DeploymentError> {
        let known = previous
            .and_then(|p| {
                let id = &entry.model_info.id;
                p.by_id.get(id).or_else(|| p.inline.get(id))
            })
            .and_then(|group| group.deployments.first());
        Deployment::new(entry, self.surroundings(), known.map(Arc::as_ref)).map(Arc::new)
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            providers: &self.providers,
            environment: &self.config.environment,
            credentials: &self.cloud_credentials,
            defaults: &self.config.router.default_litellm_params,
            catalog: &self.catalog,
        }
    }

    fn index(&mut self, groups: BTreeMap<String, Vec<Arc<Deployment>>>) {
        for (name, deployments) in groups {
            for deployment in &deployments {
                let alone = Group {
                    name: name.clone(),
                    deployments: vec![deployment.clone()],
                };
                self.by_id
                    .insert(deployment.id().to_owned(), Arc::new(alone));
            }
            let pattern = Pattern::parse(&name);
            let group = Arc::new(Group {
                name: name.clone(),
                deployments,
            });
            match pattern {
                Some(pattern) => self.patterns.push((pattern, group)),
                None => {
                    self.groups.insert(name, group);
                }
            }
        }
        self.patterns
            .sort_by_key(|(pattern, _)| pattern.specificity());
    }

    /// Makes deployments of fallback targets that no `model_list` entry describes.
    fn index_fallbacks(&mut self, previous: Option<&Self>, rejected: &mut Vec<Rejected>) {
        let router = &self.config.router;
        let rules = [
            &router.fallbacks,
            &router.context_window_fallbacks,
            &router.content_policy_fallbacks,
        ];
        let mut targets: Vec<Fallback> = rules
            .into_iter()
            .flatten()
            .flat_map(|rule| rule.targets.iter())
            .chain(&router.default_fallbacks)
            .cloned()
            .collect();
        for entry in &self.config.models {
            targets.extend(entry.litellm_params.fallbacks.iter().cloned());
        }
        let mut refused = std::collections::HashSet::new();
        for target in targets {
            if self.fallback_route(&target).is_some() {
                continue;
            }
            let (id, entry) = match target {
                Fallback::Name(name) => (name.clone(), bare_entry(&name)),
                Fallback::Inline(entry) => (entry.model_info.id.clone(), *entry),
            };
            match self.deployment(entry.clone(), previous) {
                Ok(deployment) => {
                    let group = Group {
                        name: entry.model_name.clone(),
                        deployments: vec![deployment],
                    };
                    self.inline.insert(id, Arc::new(group));
                }
                Err(error) if refused.insert(id) => {
                    let model = &entry.litellm_params.model;
                    let message = format!("error: fallback `{model}` is left out: {error}");
                    rejected.push(Rejected { message });
                }
                // It was said already.
                Err(_) => {}
            }
        }
    }
}

/// The entry that a bare `provider/model` string stands for.
fn bare_entry(name: &str) -> ModelEntry {
    ModelEntry {
        model_name: name.to_owned(),
        litellm_params: lockgate_core::config::LitellmParams {
            model: name.to_owned(),
            ..Default::default()
        },
        model_info: lockgate_core::config::ModelInfo {
            id: name.to_owned(),
            ..Default::default()
        },
        origin: None,
    }
}

fn entry_rejected(entry: &ModelEntry, error: &DeploymentError) -> Rejected {
    let name = &entry.model_name;
    let message = match &entry.origin {
        Some(o) => format!(
            "{}:{}:{}: error: {}: model `{name}` is left out: {error}",
            o.file.display(),
            o.line,
            o.column,
            o.path
        ),
        None => format!("error: model `{name}` is left out: {error}"),
    };
    Rejected { message }
}

fn custom_provider_rejected(error: &CustomProviderError) -> Rejected {
    Rejected {
        message: format!("error: {error}"),
    }
}
