//! One configuration, made ready to serve: what every request loads once and keeps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lockgate_core::config::{Config, Fallback, ModelEntry, Unserved};
use lockgate_providers::catalog::Catalog;
use lockgate_providers::{Credentials, CustomProviderError, ProviderTable};

use crate::auth::Keys;
use crate::deployment::{Deployment, DeploymentError, Surroundings};
use crate::pass_through::Configured;
use crate::prices::catalog;
use crate::router::names::Names;
use crate::router::pattern::Pattern;

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
    /// For everybody.
    names: Names,
    /// For the callers of one team.
    teams: HashMap<String, Names>,
    by_id: HashMap<String, Arc<Group>>,
    inline: HashMap<String, Arc<Group>>,
    pub(crate) endpoints: Vec<Configured>,
}

/// A model group: the deployments that serve one public name.
#[derive(Debug)]
pub struct Group {
    /// The public name; a pattern for a wildcard group.
    pub name: String,
    /// The team whose own it is; nobody else may call it.
    pub team: Option<String>,
    /// Its deployments, in the order of the file.
    pub deployments: Vec<Arc<Deployment>>,
}

/// The model group that a request goes to.
#[derive(Debug, Clone)]
pub struct Route {
    /// The group.
    pub group: Arc<Group>,
}

/// A part of the configuration that cannot be served; the rest is.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// Where and what, for the operator.
    pub message: String,
}

/// The deployments of model groups, by name.
type Members = BTreeMap<String, Vec<Arc<Deployment>>>;

// === impl Route ===

impl From<Arc<Group>> for Route {
    fn from(group: Arc<Group>) -> Self {
        Self { group }
    }
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
            names: Names::default(),
            teams: HashMap::new(),
            by_id: HashMap::new(),
            inline: HashMap::new(),
            endpoints: Configured::all(&config.general.pass_through_endpoints, &mut rejected),
            config,
        };
        let mut groups: BTreeMap<Option<String>, Members> = BTreeMap::new();
        for entry in snapshot.config.models.clone() {
            match snapshot.deployment(entry.clone(), previous) {
                Ok(deployment) => {
                    let of_team = groups.entry(entry.model_info.team_id).or_default();
                    let group = of_team.entry(entry.model_name).or_default();
                    group.push(deployment);
                }
                Err(error) => {
                    rejected.push(entry_rejected(&entry, &error));
                    snapshot.config.unserved.push(unserved(entry, &error));
                }
            }
        }
        snapshot.index(groups);
        snapshot.index_fallbacks(previous, &mut rejected);
        snapshot.cloud_credentials.settle();
        (snapshot, rejected)
    }

    /// The group that serves `model`: a deployment id, a group, an alias, a wildcard.
    pub fn route(&self, model: &str) -> Option<Route> {
        self.route_for(None, model)
    }

    /// The group that serves `model` to callers of `team`, whose own models come first.
    pub fn route_for(&self, team: Option<&str>, model: &str) -> Option<Route> {
        let own = team.and_then(|team| self.teams.get(team));
        let exact = own.and_then(|names| names.exact(model));
        let exact = exact.or_else(|| self.names.exact(model));
        if let Some(group) = exact.or_else(|| self.by_id.get(model)) {
            return Some(group.clone().into());
        }
        if let Some(target) = self.alias(model).filter(|&target| target != model) {
            return match self.names.exact(target) {
                Some(group) => Some(group.clone().into()),
                None => self.matching(&self.names, target),
            };
        }
        own.and_then(|names| self.matching(names, model))
            .or_else(|| self.matching(&self.names, model))
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

    /// The groups that clients may see, by public name, aliases first; those of a team are for its
    /// callers only.
    pub fn listed_models(&self) -> Vec<(&str, &Arc<Group>)> {
        let aliases = self
            .config
            .router
            .model_group_alias
            .iter()
            .filter(|(_, alias)| !alias.hidden)
            .filter_map(|(name, alias)| Some((name.as_str(), self.names.exact(&alias.model)?)));
        let mut listed: Vec<(&str, &Arc<Group>)> = aliases.collect();
        let mut seen = std::collections::HashSet::new();
        for entry in &self.config.models {
            let team = entry.model_info.team_id.as_deref();
            if seen.insert((team, entry.model_name.as_str()))
                && let Some(group) = self.written(team, &entry.model_name)
            {
                listed.push((entry.model_name.as_str(), group));
            }
        }
        listed
    }

    /// The group with exactly this public name, a pattern for a wildcard group.
    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.names.written(name)
    }

    /// The same for callers of `team`, whose own groups come first.
    pub fn group_for(&self, team: Option<&str>, name: &str) -> Option<&Arc<Group>> {
        let own = team.and_then(|_| self.written(team, name));
        own.or_else(|| self.names.written(name))
    }

    fn written(&self, team: Option<&str>, name: &str) -> Option<&Arc<Group>> {
        match team {
            None => self.names.written(name),
            Some(team) => self.teams.get(team)?.written(name),
        }
    }

    /// The deployment with this id, unless its model decides how it is called.
    pub fn deployment_by_id(&self, id: &str) -> Option<&Arc<Deployment>> {
        let deployment = self.by_id.get(id)?.deployments.first()?;
        (!deployment.depends_on_model()).then_some(deployment)
    }

    /// Every deployment of every group.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        let names = std::iter::once(&self.names).chain(self.teams.values());
        names
            .flat_map(Names::all)
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

    fn matching(&self, names: &Names, model: &str) -> Option<Route> {
        let group = names.matching(model, |group, captures| self.filled(group, captures))?;
        Some(group.into())
    }

    /// The deployments of a wildcard for the model that was asked for: `model: "*"` names no
    /// provider, `vertex_ai/*` not how to call the model, and no wildcard what it costs.
    fn filled(&self, group: &Group, captures: &[&str]) -> Option<Arc<Group>> {
        let filled = group.deployments.iter().filter_map(|deployment| {
            let mut entry = deployment.entry.clone();
            entry.litellm_params.model = Pattern::fill(&entry.litellm_params.model, captures);
            Deployment::new(entry, self.surroundings(), Some(deployment)).ok()
        });
        let deployments: Vec<Arc<Deployment>> = filled.map(Arc::new).collect();
        if deployments.is_empty() {
            return None;
        }
        Some(Arc::new(Group {
            name: group.name.clone(),
            team: group.team.clone(),
            deployments,
        }))
    }

    fn inline_route(&self, id: &str) -> Option<Route> {
        Some(self.inline.get(id)?.clone().into())
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

    fn index(&mut self, groups: BTreeMap<Option<String>, Members>) {
        for (team, groups) in groups {
            for deployment in groups.values().flatten() {
                let alone = Group {
                    name: deployment.entry.model_name.clone(),
                    team: team.clone(),
                    deployments: vec![deployment.clone()],
                };
                self.by_id
                    .insert(deployment.id().to_owned(), Arc::new(alone));
            }
            let names = Names::new(groups, team.as_ref());
            match team {
                None => self.names = names,
                Some(team) => {
                    self.teams.insert(team, names);
                }
            }
        }
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
                        team: None,
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

fn unserved(entry: ModelEntry, error: &DeploymentError) -> Unserved {
    Unserved {
        in_database: entry.model_info.in_database,
        id: entry.model_info.id,
        model_name: entry.model_name,
        reason: error.to_string(),
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
        Some(o) if o.line == 0 => {
            let file = o.file.display();
            format!("{file}: error: model `{name}` is left out: {error}")
        }
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
