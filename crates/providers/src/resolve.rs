//! From a model name to the provider that serves it and the name it has there.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_core::Environment;
use lockgate_core::config::CustomProvider;

use crate::names;
use crate::provider::{CustomProviderError, Provider};
use crate::spec::UrlStyle;
use crate::table::{NOT_YET, PROVIDERS};
use crate::template::expand_base;
use crate::url::Base;

/// All providers: the built-in rows, overridden and completed by the configuration file's.
#[derive(Debug, Clone)]
pub struct ProviderTable {
    providers: BTreeMap<String, Arc<Provider>>,
    /// Host and path of the providers that a base URL alone tells; the longest paths first.
    hosts: Vec<(String, String, Arc<Provider>)>,
}

/// The provider a model name means.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The provider.
    pub provider: Arc<Provider>,
    /// The model as the provider names it; a pattern (`*`, `gpt-*`) where the name was one.
    pub model: String,
}

/// A model name that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name is empty, or ends with its provider prefix.
    #[error("`{0}` names no model: expected `provider/model`")]
    Empty(String),
    /// LiteLLM has the provider, Lockgate does not yet.
    #[error("provider `{provider}` is not served by this version; {instead}")]
    NotServed {
        /// The provider.
        provider: String,
        /// What may be done instead.
        instead: &'static str,
    },
    /// `custom_llm_provider` names no provider.
    #[error("there is no provider `{0}`")]
    UnknownProvider(String),
    /// Neither prefix, nor base URL, nor the name itself tells the provider.
    #[error(
        "`{0}` does not say which provider to call: write `provider/model`, for instance \
         `openai/{0}` for an OpenAI-compatible server"
    )]
    NoProvider(String),
}

// === impl ProviderTable ===

impl ProviderTable {
    /// The built-in rows with `custom` ones over and beside them. A custom row with the id of a
    /// built-in one replaces it; one that cannot be used is left out and reported.
    #[must_use]
    pub fn new(custom: &[CustomProvider]) -> (Self, Vec<CustomProviderError>) {
        let mut providers: BTreeMap<String, Arc<Provider>> = PROVIDERS
            .iter()
            .map(|spec| (spec.id.to_owned(), Arc::new(Provider::from(spec))))
            .collect();
        let mut errors = Vec::new();
        for row in custom {
            match Provider::try_from(row) {
                Ok(provider) => {
                    providers.insert(provider.id.clone(), Arc::new(provider));
                }
                Err(error) => errors.push(error),
            }
        }
        let hosts = known_hosts(&providers);
        (Self { providers, hosts }, errors)
    }

    /// The built-in rows.
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(&[]).0
    }

    /// The provider with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.get(id)
    }

    /// All providers by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.values()
    }

    /// Finds the provider, by the first of these that tells it: `custom_llm_provider`, the prefix
    /// of `model`, the host of `api_base`, the name itself (`gpt-...`, `claude-...`, `gemini-...`).
    ///
    /// The lone `*` means OpenAI; whoever serves it resolves the name that a client sends instead.
    pub fn resolve(
        &self,
        model: &str,
        custom_llm_provider: Option<&str>,
        api_base: Option<&str>,
    ) -> Result<Resolved, ResolveError> {
        if model.trim().is_empty() {
            return Err(ResolveError::Empty(model.to_owned()));
        }
        if let Some(id) = custom_llm_provider.filter(|id| !id.is_empty()) {
            let rest = match model.split_once('/') {
                Some((prefix, rest)) if prefix == id => rest,
                _ => model,
            };
            return match self.lookup(id)? {
                Some(provider) => resolved(provider, rest, model),
                None => Err(ResolveError::UnknownProvider(id.to_owned())),
            };
        }
        if let Some((prefix, rest)) = model.split_once('/')
            && let Some(provider) = self.lookup(prefix)?
        {
            return resolved(provider, rest, model);
        }
        if let Some(provider) = api_base.and_then(|base| self.by_host(base)) {
            return resolved(provider, model, model);
        }
        match names::provider_of(model).map(|id| self.lookup(id)) {
            Some(Ok(Some(provider))) => resolved(provider, model, model),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => Err(ResolveError::NoProvider(model.to_owned())),
        }
    }

    /// The provider `id`; an error when it is known but not served; nothing when it is unknown.
    fn lookup(&self, id: &str) -> Result<Option<&Arc<Provider>>, ResolveError> {
        if let Some(provider) = self.get(id) {
            return Ok(Some(provider));
        }
        match NOT_YET.binary_search_by(|row| row.0.cmp(id)) {
            Ok(at) => Err(ResolveError::NotServed {
                provider: id.to_owned(),
                instead: NOT_YET[at].1,
            }),
            Err(_) => Ok(None),
        }
    }

    /// Compares parsed hosts and whole path segments: a substring would let
    /// `https://evil.example/api.groq.com` collect Groq's key.
    fn by_host(&self, api_base: &str) -> Option<&Arc<Provider>> {
        let base = Base::parse(api_base).ok()?;
        let host = base.host();
        self.hosts
            .iter()
            .find(|(known, path, _)| *known == host && is_under(base.path(), path))
            .map(|(_, _, provider)| provider)
    }
}

impl Default for ProviderTable {
    fn default() -> Self {
        Self::built_in()
    }
}

fn resolved(provider: &Arc<Provider>, rest: &str, whole: &str) -> Result<Resolved, ResolveError> {
    let (provider, rest) = Provider::settle(provider, rest);
    if rest.is_empty() {
        return Err(ResolveError::Empty(whole.to_owned()));
    }
    Ok(Resolved {
        provider,
        model: rest.to_owned(),
    })
}

/// Further hosts of providers, as LiteLLM knows them.
const MORE_HOSTS: &[(&str, &str)] = &[
    ("https://api.deepseek.com", "deepseek"),
    ("https://api.endpoints.anyscale.com/v1", "anyscale"),
    ("https://api.galadriel.ai/v1", "galadriel"),
    ("https://api.minimaxi.com/v1", "minimax"),
    ("https://api.together.xyz/v1", "together_ai"),
    (
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "dashscope",
    ),
    ("https://ollama.com", "ollama"),
    ("https://platform.publicai.co/v1", "publicai"),
];

fn known_hosts(
    providers: &BTreeMap<String, Arc<Provider>>,
) -> Vec<(String, String, Arc<Provider>)> {
    let nothing = Environment::default();
    let more = MORE_HOSTS.iter().filter_map(|&(base, id)| {
        let provider = providers.get(id)?;
        Some((base.to_owned(), provider))
    });
    let own = providers.values().filter_map(|provider| {
        let openai = matches!(
            provider.url,
            UrlStyle::OpenAi
                | UrlStyle::OpenAiUnder(_)
                | UrlStyle::OpenAiBut(_)
                | UrlStyle::ModelIn(_)
        );
        let base = provider.base_url.as_deref().filter(|_| openai)?;
        Some((expand_base(base, &nothing)?, provider))
    });
    let mut hosts: Vec<_> = more
        .chain(own)
        .filter_map(|(base, provider)| {
            let base = Base::parse(&base).ok()?;
            let host = base.host();
            // On this machine anything may listen.
            let here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
            (!here).then(|| (host, base.path().to_owned(), Arc::clone(provider)))
        })
        .collect();
    hosts.sort_by_key(|(_, path, _)| std::cmp::Reverse(path.len()));
    hosts
}

fn is_under(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
