//! Tokens of Microsoft Entra ID.
//!
//! Microsoft identity platform, "OAuth 2.0 client credentials flow"; Azure, "How to use managed
//! identities to get an access token" (virtual machines, App Service).

use std::time::SystemTime;

use http::HeaderName;
use lockgate_core::config::AzureParams;
use lockgate_core::{Environment, Secret};

use super::exchange::{Exchange, FetchError, Http, Token, encode, read_file};
use super::lease::Lease;

pub(super) const ADVICE: &str = "set `api_key` (AZURE_API_KEY), or `tenant_id`, `client_id` and \
     `client_secret` (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), or run where a \
     workload identity or a managed identity is assigned";

/// What tokens are asked for unless the deployment says otherwise.
const SCOPE: &str = "https://cognitiveservices.azure.com/.default";
const AUTHORITY: &str = "https://login.microsoftonline.com";
const IMDS: &str = "http://169.254.169.254";
/// The tenant of users whose own is not known.
const ANY_TENANT: &str = "organizations";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The parameters, completed from the environment.
struct Settings<'a> {
    environment: &'a Environment,
    tenant: Option<&'a str>,
    client: Option<&'a str>,
    secret: Option<&'a str>,
    username: Option<&'a str>,
    password: Option<&'a str>,
    scope: &'a str,
}

/// A token that was given as it is.
pub(super) fn at_hand(params: &AzureParams, environment: &Environment) -> Option<Lease> {
    let token = given_token(params, environment)?;
    let ready = !token.starts_with("oidc/");
    ready.then(|| Lease::bearer(token, None).ok()).flatten()
}

pub(super) async fn fetch(
    params: &AzureParams,
    environment: &Environment,
    http: &impl Http,
    now: SystemTime,
) -> Result<Lease, FetchError> {
    let settings = Settings::new(params, environment);
    let exchange = match given_token(params, environment) {
        Some(token) => match token.strip_prefix("oidc/") {
            Some(place) => settings.federated(&foreign_token(place, environment)?)?,
            None => return Lease::bearer(token, None),
        },
        None => settings.exchange()?,
    };
    let token: Token = exchange.answer(http).await?;
    Lease::bearer(&token.access_token, Some(token.expires(now)))
}

/// The token of the deployment; that of the environment only where nobody has said how to get one.
fn given_token<'a>(params: &'a AzureParams, environment: &'a Environment) -> Option<&'a str> {
    let own = params.ad_token.as_ref().map(Secret::expose);
    own.or_else(|| {
        let settings = Settings::new(params, environment);
        let asks = settings.secret.is_some() || settings.password.is_some();
        environment
            .get_non_empty("AZURE_AD_TOKEN")
            .filter(|_| !asks)
    })
}

// === impl Settings ===

impl<'a> Settings<'a> {
    fn new(params: &'a AzureParams, environment: &'a Environment) -> Self {
        let or = |own: Option<&'a str>, name| own.or_else(|| environment.get_non_empty(name));
        let secret = |secret: &'a Option<Secret>| secret.as_ref().map(Secret::expose);
        Self {
            environment,
            tenant: or(params.tenant_id.as_deref(), "AZURE_TENANT_ID"),
            client: or(params.client_id.as_deref(), "AZURE_CLIENT_ID"),
            secret: or(secret(&params.client_secret), "AZURE_CLIENT_SECRET"),
            username: or(params.username.as_deref(), "AZURE_USERNAME"),
            password: or(secret(&params.password), "AZURE_PASSWORD"),
            scope: or(params.scope.as_deref(), "AZURE_SCOPE").unwrap_or(SCOPE),
        }
    }

    /// The first way that everything is there for; the managed identity of the machine needs
    /// nothing.
    fn exchange(&self) -> Result<Exchange, FetchError> {
        let Self {
            environment,
            tenant,
            client,
            scope,
            ..
        } = *self;
        if let (Some(tenant), Some(client), Some(secret)) = (tenant, client, self.secret) {
            return Ok(self.token_request(
                tenant,
                &[
                    ("grant_type", "client_credentials"),
                    ("client_id", client),
                    ("client_secret", secret),
                    ("scope", scope),
                ],
            ));
        }
        if let (Some(client), Some(username), Some(password)) =
            (client, self.username, self.password)
        {
            return Ok(self.token_request(
                tenant.unwrap_or(ANY_TENANT),
                &[
                    ("grant_type", "password"),
                    ("client_id", client),
                    ("username", username),
                    ("password", password),
                    ("scope", scope),
                ],
            ));
        }
        if let Some(file) = environment.get_non_empty("AZURE_FEDERATED_TOKEN_FILE") {
            return self.federated(read_file(file)?.trim());
        }
        if self.secret.is_some() {
            let message = "a client secret needs `tenant_id` and `client_id` beside it";
            return Err(FetchError::Config(message.to_owned()));
        }
        Ok(self.managed_identity())
    }

    /// Another issuer's token in place of a secret.
    fn federated(&self, assertion: &str) -> Result<Exchange, FetchError> {
        let (Some(tenant), Some(client)) = (self.tenant, self.client) else {
            let message = "a federated token needs `tenant_id` and `client_id` beside it";
            return Err(FetchError::Config(message.to_owned()));
        };
        Ok(self.token_request(
            tenant,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", client),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion),
                ("scope", self.scope),
            ],
        ))
    }

    fn token_request(&self, tenant: &str, pairs: &[(&str, &str)]) -> Exchange {
        let authority = self
            .environment
            .get_non_empty("AZURE_AUTHORITY_HOST")
            .unwrap_or(AUTHORITY);
        let authority = authority.trim_end_matches('/');
        let scheme = if authority.contains("://") {
            ""
        } else {
            "https://"
        };
        let url = format!("{scheme}{authority}/{tenant}/oauth2/v2.0/token");
        Exchange::form(url, pairs)
    }

    fn managed_identity(&self) -> Exchange {
        let resource = self.scope.strip_suffix("/.default").unwrap_or(self.scope);
        let query = |version| {
            let mut pairs = vec![("api-version", version), ("resource", resource)];
            pairs.extend(self.client.map(|client| ("client_id", client)));
            encode(&pairs)
        };
        let variable = |name| self.environment.get_non_empty(name);
        if let (Some(endpoint), Some(header)) =
            (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER"))
        {
            return Exchange::get(format!("{endpoint}?{}", query("2019-08-01")))
                .header(HeaderName::from_static("x-identity-header"), header);
        }
        let host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or(IMDS);
        let host = host.trim_end_matches('/');
        let query = query("2018-02-01");
        Exchange::get(format!("{host}/metadata/identity/oauth2/token?{query}"))
            .header(HeaderName::from_static("metadata"), "true")
    }
}

/// `oidc/...` as LiteLLM writes it: where the token of another issuer is.
pub(super) fn foreign_token(place: &str, environment: &Environment) -> Result<String, FetchError> {
    let missing = |name: &str| FetchError::Config(format!("the variable {name} is not set"));
    let variable = |name: &str| environment.get_non_empty(name).ok_or_else(|| missing(name));
    let token = match place.split_once('/') {
        Some(("file", path)) => read_file(path)?,
        Some(("env", name)) => variable(name)?.to_owned(),
        Some(("env_path", name)) => read_file(variable(name)?)?,
        Some(("azure", _)) => read_file(variable("AZURE_FEDERATED_TOKEN_FILE")?)?,
        _ => {
            let message = format!(
                "`oidc/{place}` is not served: use `oidc/file/`, `oidc/env/`, `oidc/env_path/` or \
                 `oidc/azure/`"
            );
            return Err(FetchError::Config(message));
        }
    };
    Ok(token.trim().to_owned())
}
