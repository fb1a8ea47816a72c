//! LiteLLM's configuration file: YAML in, one immutable [`Config`] and a list of findings out.

use std::path::{Path, PathBuf};

use self::findings::Findings;
use self::yaml::Mapping;
use crate::Environment;
use crate::fingerprint::Fingerprint;

mod base_url;
mod body_params;
mod cloud;
mod diagnostic;
mod document;
mod findings;
mod general;
mod governance;
pub(crate) mod id;
mod identity;
mod keys;
mod litellm;
mod lockgate;
mod model;
mod pass_through;
mod prices;
mod read;
mod redis;
mod references;
mod retention;
mod router;
mod stored;
mod validate;
mod yaml;

pub use self::base_url::BaseUrl;
pub use self::body_params::BodyParams;
pub use self::cloud::{AwsParams, AzureParams, CloudParams, VertexParams};
pub use self::diagnostic::{ConfigError, Diagnostic, Severity};
pub use self::general::GeneralSettings;
pub use self::governance::GovernanceSettings;
pub use self::identity::{
    CallerRole, ClaimPaths, IdentitySettings, JwtAuth, JwtIssuer, OAuth2Auth, RoleMapping,
    RolePermission, RoutingOverride, ScopeMapping, UnregisteredClient, UserRoleMapping,
};
pub use self::litellm::{LitellmSettings, SslVerify};
pub use self::lockgate::{CustomAuth, CustomDialect, CustomProvider, LockgateSettings};
pub use self::model::{Fallback, LitellmParams, ModelEntry, ModelInfo, Origin};
pub use self::pass_through::PassThroughEndpoint;
pub use self::prices::{CostMargin, CostTerms, PriceMapFile, PriceSettings};
pub use self::redis::RedisSettings;
pub use self::retention::{Cleanup, Retention};
pub use self::router::{
    AllowedFailsPolicy, FallbackRule, ModelGroupAlias, RetryPolicy, RouterSettings, RoutingStrategy,
};
pub use self::stored::{
    RUN_TIME_SETTINGS, RunTimeSetting, SettingForm, Stored, StoredModel, Unserved,
};

/// Everything the operator decided. Plain data; a reload makes a new one.
///
/// `Debug` shows no secret.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The deployments, in the order they were written.
    pub models: Vec<ModelEntry>,
    /// Deployments that are written and cannot be served.
    pub unserved: Vec<Unserved>,
    /// `general_settings`
    pub general: GeneralSettings,
    /// What both say about budgets, users and tags.
    pub governance: GovernanceSettings,
    /// Where replicas share limits and budgets, if they do.
    pub redis: Option<RedisSettings>,
    /// Who vouches for callers besides the gateway's own keys.
    pub identity: IdentitySettings,
    /// `litellm_settings`
    pub litellm: LitellmSettings,
    /// `router_settings`, completed from `litellm_settings`.
    pub router: RouterSettings,
    /// `lockgate_settings`
    pub lockgate: LockgateSettings,
    /// `custom_providers`
    pub custom_providers: Vec<CustomProvider>,
    /// The environment with `environment_variables` laid over it: where providers find their keys.
    pub environment: Environment,
}

/// Files as they were read, before anybody asked what they mean: a [`Config`] can be read from them
/// again whenever something else changes.
#[derive(Clone, Default)]
pub struct Document {
    root: Mapping,
    findings: Findings,
}

/// A configuration and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is served.
    pub config: Config,
    /// Findings in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// The main file and every included one, in the order they were opened.
    pub files: Vec<PathBuf>,
    /// The contents of `files` as they were read.
    pub fingerprint: Fingerprint,
}

/// Reads a configuration file and everything it includes.
///
/// # Errors
///
/// When a file cannot be read, is not YAML, or is no mapping. Anything smaller is a [`Diagnostic`]:
/// the rest of the file is served.
pub fn load(path: impl AsRef<Path>, environment: &Environment) -> Result<Loaded, ConfigError> {
    let document = Document::open(path)?;
    Ok(document.read(environment, &Stored::default()))
}

/// Reads a configuration from a text that stands for the file `name`.
///
/// # Errors
///
/// As [`load`].
pub fn load_str(
    text: &str,
    name: impl AsRef<Path>,
    environment: &Environment,
) -> Result<Loaded, ConfigError> {
    let document = Document::parse(text, name)?;
    Ok(document.read(environment, &Stored::default()))
}

// === impl Document ===

impl Document {
    /// Opens a configuration file and everything it includes.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let mut findings = Findings::default();
        let root = document::open(path.as_ref(), &mut findings)?;
        Ok(Self { root, findings })
    }

    /// Takes a text for the file `name`.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn parse(text: &str, name: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let mut findings = Findings::default();
        let root = document::assemble(text, name.as_ref(), &mut findings)?;
        Ok(Self { root, findings })
    }

    /// What the files mean, together with what a database adds to them.
    #[must_use]
    pub fn read(&self, environment: &Environment, stored: &Stored) -> Loaded {
        let (mut root, mut findings) = (self.root.clone(), self.findings.clone());
        stored::lay(&mut root, stored, &mut findings);
        let config = read::config(root, environment, &mut findings);
        let fingerprint = std::mem::take(&mut findings.fingerprint);
        let (diagnostics, files) = findings.finish();
        Loaded {
            config,
            diagnostics,
            files,
            fingerprint,
        }
    }

    /// The value of a setting as the files have it, references to the environment as they are
    /// written.
    #[must_use]
    pub fn written(&self, section: &str, name: &str) -> Option<serde_json::Value> {
        let section = self.root.get(section)?.as_mapping()?;
        Some(section.get(name)?.to_json())
    }
}
