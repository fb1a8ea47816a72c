//! AWS credentials, found the way the AWS SDKs find them.
//!
//! AWS SDKs and Tools reference guide, "Credential providers"; STS API reference; EC2 user guide,
//! "Use the Instance Metadata Service"; ECS developer guide, "Task IAM role".

mod keys;
mod metadata;
mod profile;
mod sign;
mod sts;

use std::time::SystemTime;

pub use aws_credential_types::Credentials as AwsKeys;
use lockgate_core::config::AwsParams;
use lockgate_core::{Environment, Secret};

use self::keys::static_keys;
use self::profile::Profiles;
use self::sts::{Role, Sts};
use super::azure::foreign_token;
use super::exchange::{FetchError, Http, read_file};
use super::lease::Lease;

pub(super) use self::keys::read_time;
pub(crate) use self::sign::domain;
pub use self::sign::{SignError, Signing, sign};

pub(super) const ADVICE: &str = "set `api_key` (AWS_BEARER_TOKEN_BEDROCK), or \
     `aws_access_key_id` and `aws_secret_access_key` (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), \
     or `aws_profile_name`, or run where a role is assigned";

/// How roles may refer to one another before it is a circle.
const DEPTH: usize = 5;

/// Everything a chain of credentials is found with.
struct Finder<'a, H> {
    params: &'a AwsParams,
    environment: &'a Environment,
    region: &'a str,
    http: &'a H,
    now: SystemTime,
}

/// Keys that are written down, when nothing has to be done with them first.
pub(super) fn at_hand(params: &AwsParams, environment: &Environment) -> Option<Lease> {
    let variable = |name| environment.get_non_empty(name).is_some();
    let steps = params.role_name.is_some()
        || params.profile_name.is_some() && own_keys(params).is_none()
        || variable("AWS_ROLE_NAME");
    if steps {
        return None;
    }
    let keys = own_keys(params).or_else(|| {
        let profile = variable("AWS_PROFILE_NAME");
        (!profile).then(|| environment_keys(environment)).flatten()
    });
    keys.map(Lease::aws)
}

pub(super) async fn fetch(
    params: &AwsParams,
    region: &str,
    environment: &Environment,
    http: &impl Http,
    now: SystemTime,
) -> Result<Lease, FetchError> {
    let finder = Finder {
        params,
        environment,
        region,
        http,
        now,
    };
    finder.find().await.map(Lease::aws)
}

fn own_keys(params: &AwsParams) -> Option<AwsKeys> {
    static_keys(
        params.access_key_id.as_ref().map(Secret::expose),
        params.secret_access_key.as_ref().map(Secret::expose),
        params.session_token.as_ref().map(Secret::expose),
    )
}

fn environment_keys(environment: &Environment) -> Option<AwsKeys> {
    static_keys(
        environment.get_non_empty("AWS_ACCESS_KEY_ID"),
        environment.get_non_empty("AWS_SECRET_ACCESS_KEY"),
        environment.get_non_empty("AWS_SESSION_TOKEN"),
    )
}

// === impl Finder ===

impl<H: Http> Finder<'_, H> {
    async fn find(&self) -> Result<AwsKeys, FetchError> {
        let params = self.params;
        // LiteLLM reads every `aws_` parameter from the variable of the same name, too.
        let or = |own: &Option<String>, name: &str| {
            own.clone()
                .or_else(|| self.environment.get_non_empty(name).map(str::to_owned))
        };
        let Some(arn) = or(&params.role_name, "AWS_ROLE_NAME") else {
            return self.base().await;
        };
        let role = Role {
            arn,
            session: or(&params.session_name, "AWS_SESSION_NAME"),
            external_id: or(&params.external_id, "AWS_EXTERNAL_ID"),
            tags: params.session_tags.clone(),
        };
        let token = params.web_identity_token.as_ref().map(Secret::expose);
        let token = token.or_else(|| self.environment.get_non_empty("AWS_WEB_IDENTITY_TOKEN"));
        if let Some(token) = token {
            let token = self.web_identity(token)?;
            return self.sts().with_web_identity(&role, &token).await;
        }
        if self.is_assumed(&role.arn) {
            // The pod's own role: its token is what the role trusts, not the role itself.
            return self.base().await;
        }
        let base = Box::pin(self.base()).await?;
        self.sts().assume(&role, &base).await
    }

    /// The role that the environment's own token is for.
    fn is_assumed(&self, arn: &str) -> bool {
        self.environment.get_non_empty("AWS_ROLE_ARN") == Some(arn)
            && self
                .environment
                .get_non_empty("AWS_WEB_IDENTITY_TOKEN_FILE")
                .is_some()
            && own_keys(self.params).is_none()
    }

    /// The credentials of whoever runs the gateway.
    async fn base(&self) -> Result<AwsKeys, FetchError> {
        let variable = |name| self.environment.get_non_empty(name);
        if let Some(keys) = own_keys(self.params) {
            return Ok(keys);
        }
        let named = self.params.profile_name.as_deref();
        if let Some(name) = named.or_else(|| variable("AWS_PROFILE_NAME")) {
            return self
                .profile(&Profiles::read(self.environment), name, DEPTH)
                .await;
        }
        if let Some(keys) = environment_keys(self.environment) {
            return Ok(keys);
        }
        if let (Some(file), Some(arn)) = (
            variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
            variable("AWS_ROLE_ARN"),
        ) {
            let token = read_file(file)?;
            let role = Role {
                arn: arn.to_owned(),
                session: variable("AWS_ROLE_SESSION_NAME").map(str::to_owned),
                external_id: None,
                tags: Vec::new(),
            };
            return self.sts().with_web_identity(&role, token.trim()).await;
        }
        let profiles = Profiles::read(self.environment);
        let name = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        if name.is_some() || profiles.has_credentials("default") {
            return self
                .profile(&profiles, name.unwrap_or("default"), DEPTH)
                .await;
        }
        self.machine().await
    }

    /// What the container or the virtual machine is given.
    async fn machine(&self) -> Result<AwsKeys, FetchError> {
        match metadata::container(self.environment, self.http).await {
            Some(found) => found,
            None => metadata::instance(self.environment, self.http).await,
        }
    }

    async fn profile(
        &self,
        profiles: &Profiles,
        name: &str,
        depth: usize,
    ) -> Result<AwsKeys, FetchError> {
        let wrong = |what: &str| FetchError::Config(format!("AWS profile `{name}` {what}"));
        if depth == 0 {
            return Err(wrong("is its own source"));
        }
        let profile = profiles
            .get(name)
            .ok_or_else(|| wrong("is in neither of the shared files"))?;
        let Some(arn) = profile.get("role_arn") else {
            return static_keys(
                profile.get("aws_access_key_id"),
                profile.get("aws_secret_access_key"),
                profile.get("aws_session_token"),
            )
            .ok_or_else(|| {
                wrong("has neither keys nor a role (single sign-on and programs are not served)")
            });
        };
        let role = Role {
            arn: arn.to_owned(),
            session: profile.get("role_session_name").map(str::to_owned),
            external_id: profile.get("external_id").map(str::to_owned),
            tags: Vec::new(),
        };
        if let Some(file) = profile.get("web_identity_token_file") {
            let token = read_file(file)?;
            return self.sts().with_web_identity(&role, token.trim()).await;
        }
        let base = match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            (Some(source), _) if source == name => static_keys(
                profile.get("aws_access_key_id"),
                profile.get("aws_secret_access_key"),
                profile.get("aws_session_token"),
            )
            .ok_or_else(|| wrong("is its own source and has no keys"))?,
            (Some(source), _) => Box::pin(self.profile(profiles, source, depth - 1)).await?,
            (None, Some("Environment")) => environment_keys(self.environment)
                .ok_or_else(|| wrong("wants keys from the environment, which has none"))?,
            (None, Some(_)) => self.machine().await?,
            (None, None) => return Err(wrong("has a role and no source of credentials for it")),
        };
        self.sts().assume(&role, &base).await
    }

    fn sts(&self) -> Sts<'_, H> {
        let given = self
            .params
            .sts_endpoint
            .as_deref()
            .or_else(|| self.environment.first_non_empty(STS_VARIABLES));
        Sts::new(given, self.region, self.http, self.now)
    }

    /// As LiteLLM takes it: `oidc/...`, the path of a file, or the token.
    fn web_identity(&self, token: &str) -> Result<String, FetchError> {
        if let Some(place) = token.strip_prefix("oidc/") {
            return foreign_token(place, self.environment);
        }
        // A JSON Web Token has two dots and no slash at its start.
        if token.starts_with('/') {
            return read_file(token).map(|token| token.trim().to_owned());
        }
        Ok(token.to_owned())
    }
}

const STS_VARIABLES: &[&str] = &[
    "AWS_STS_ENDPOINT",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
];

/// The region that `text` names as one of its parts, as `eu-west-1` or `us-gov-east-1`.
pub(crate) fn region_in<'a>(mut parts: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    parts.find(|part| is_region(part))
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let partition = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let Some((number, names)) = rest.split_last() else {
        return false;
    };
    partition.len() == 2
        && !names.is_empty()
        && number.parse::<u8>().is_ok()
        && names
            .iter()
            .chain([&partition])
            .all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()))
}
