//! Which providers can be served without a configuration file: those whose keys are set.

use lockgate_core::Environment;

use crate::provider::Provider;
use crate::resolve::ProviderTable;
use crate::template::expand_base;

/// A provider whose key is in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// Its id; `id/*` is the deployment it makes.
    pub provider: String,
    /// The variable that holds the key.
    pub variable: String,
}

/// The providers whose keys are in `environment`, sorted by id.
///
/// Providers that have no host of their own are left out: without a base URL a key is of no use.
/// One variable may make several providers (`DASHSCOPE_API_KEY`); the first one takes it.
#[must_use]
pub fn discover(table: &ProviderTable, environment: &Environment) -> Vec<Discovered> {
    let mut found: Vec<Discovered> = Vec::new();
    for provider in table
        .iter()
        .filter(|provider| has_host(provider, environment))
    {
        let variable = provider
            .key_env
            .iter()
            .find(|variable| environment.get_non_empty(variable).is_some());
        if let Some(variable) = variable
            && !found.iter().any(|other| other.variable == *variable)
        {
            found.push(Discovered {
                provider: provider.id.clone(),
                variable: variable.clone(),
            });
        }
    }
    found
}

fn has_host(provider: &Provider, environment: &Environment) -> bool {
    let set = |variable: &String| environment.get_non_empty(variable).is_some();
    let own = || expand_base(provider.base_url.as_deref()?, environment);
    !provider.built_in && (provider.base_env.iter().any(set) || own().is_some())
}
