//! Access tokens for Google Cloud, found the way the Google libraries find them.
//!
//! Google Cloud, "How Application Default Credentials works"; AIP-4110 to AIP-4117.

mod external;
mod service_account;

use std::time::SystemTime;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use lockgate_core::config::VertexParams;
use lockgate_core::{Environment, Secret};
use serde::Deserialize;

use self::external::ExternalAccount;
use self::service_account::ServiceAccount;
use super::aws::read_time;
use super::exchange::{Exchange, FetchError, Http, Token, read_file};
use super::lease::{Grant, Lease};

pub(super) const ADVICE: &str = "set `vertex_credentials` or GOOGLE_APPLICATION_CREDENTIALS to a \
     credentials file, or run `gcloud auth application-default login`, or run where a service \
     account is attached";

/// What tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
const METADATA_HOST: &str = "metadata.google.internal";

/// A credentials file.
struct File {
    kind: Kind,
    project_id: Option<String>,
    quota_project_id: Option<String>,
}

/// The kinds of credentials files that are served.
enum Kind {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    ExternalAccount(Box<ExternalAccount>),
    Impersonated(Box<Impersonated>),
}

/// What all files have in common.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: Option<String>,
    project_id: Option<String>,
    quota_project_id: Option<String>,
}

/// A user who logged in with `gcloud`.
#[derive(Deserialize)]
struct AuthorizedUser {
    client_id: String,
    client_secret: Hidden,
    refresh_token: Hidden,
    token_uri: Option<String>,
}

/// A service account that another credential may speak for.
#[derive(Deserialize)]
struct Impersonated {
    service_account_impersonation_url: String,
    #[serde(default)]
    delegates: Vec<String>,
    source_credentials: serde_json::Value,
}

/// The answer of `generateAccessToken` (IAM Service Account Credentials API).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonation {
    access_token: String,
    expire_time: String,
}

/// A token and its end.
struct Access {
    token: String,
    expires: SystemTime,
}

/// A secret that is read from JSON.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Hidden(Secret);

pub(super) async fn fetch(
    params: &VertexParams,
    environment: &Environment,
    http: &impl Http,
    now: SystemTime,
) -> Result<Lease, FetchError> {
    let Some(text) = find(params, environment)? else {
        return from_metadata(environment, http, now).await;
    };
    let file = File::parse(&text)?;
    let access = file.kind.fetch(environment, http, now).await?;
    let mut lease = Lease::bearer(&access.token, Some(access.expires))?;
    let quota = environment
        .get_non_empty("GOOGLE_CLOUD_QUOTA_PROJECT")
        .map(str::to_owned)
        .or(file.quota_project_id);
    // Only a user's requests need to be told whom to charge.
    if let (Kind::AuthorizedUser(_), Some(quota)) = (&file.kind, &quota)
        && let Grant::Headers(headers) = &mut lease.grant
        && let Ok(value) = HeaderValue::from_str(quota)
    {
        headers.insert(HeaderName::from_static("x-goog-user-project"), value);
    }
    lease.project = file.project_id.or(quota);
    Ok(lease)
}

/// The credentials file, from the first place that names one.
fn find(params: &VertexParams, environment: &Environment) -> Result<Option<String>, FetchError> {
    let given = params.credentials.as_ref().map(Secret::expose);
    let named = given.or_else(|| {
        environment.first_non_empty(&[
            "VERTEXAI_CREDENTIALS",
            "VERTEX_CREDENTIALS",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ])
    });
    match named.map(str::trim) {
        Some(json) if json.starts_with('{') => Ok(Some(json.to_owned())),
        Some(path) => read_file(path).map(Some),
        None => Ok(well_known(environment)),
    }
}

/// Where `gcloud auth application-default login` leaves its file.
fn well_known(environment: &Environment) -> Option<String> {
    let folder = match environment.get_non_empty("CLOUDSDK_CONFIG") {
        Some(folder) => folder.to_owned(),
        None => format!("{}/.config/gcloud", environment.get_non_empty("HOME")?),
    };
    std::fs::read_to_string(format!("{folder}/application_default_credentials.json")).ok()
}

/// The service account that is attached to the machine, the pod or the service.
async fn from_metadata(
    environment: &Environment,
    http: &impl Http,
    now: SystemTime,
) -> Result<Lease, FetchError> {
    let host = environment
        .first_non_empty(&["GCE_METADATA_HOST", "GCE_METADATA_ROOT"])
        .unwrap_or(METADATA_HOST);
    let get = |path: &str| {
        Exchange::get(format!("http://{host}/computeMetadata/v1/{path}"))
            .header(HeaderName::from_static("metadata-flavor"), "Google")
    };
    let token: Token = get("instance/service-accounts/default/token")
        .answer(http)
        .await?;
    let mut lease = Lease::bearer(&token.access_token, Some(token.expires(now)))?;
    // The token works without it, and the deployment may say the project itself.
    let project = get("project/project-id").text(http).await.ok();
    lease.project = project.map(|project| project.trim().to_owned());
    Ok(lease)
}

// === impl File ===

impl File {
    fn parse(text: &str) -> Result<Self, FetchError> {
        let head: Head = read(text)?;
        let kind = match head.kind.as_deref() {
            // LiteLLM takes a file without a type for a service account's.
            Some("service_account") | None => Kind::ServiceAccount(read(text)?),
            Some("authorized_user") => Kind::AuthorizedUser(read(text)?),
            Some("external_account") => Kind::ExternalAccount(read(text)?),
            Some("impersonated_service_account") => Kind::Impersonated(read(text)?),
            Some(other) => {
                let message = format!("Google credentials of type `{other}` are not served");
                return Err(FetchError::Config(message));
            }
        };
        Ok(Self {
            kind,
            project_id: head.project_id,
            quota_project_id: head.quota_project_id,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, FetchError> {
    serde_json::from_str(text).map_err(|e| {
        // serde's own message may quote a secret.
        let what = if e.is_data() {
            "lack a member or have a wrong one"
        } else {
            "are not JSON"
        };
        FetchError::Config(format!(
            "the Google credentials {what} (line {}, column {})",
            e.line(),
            e.column()
        ))
    })
}

// === impl Kind ===

impl Kind {
    async fn fetch(
        &self,
        environment: &Environment,
        http: &impl Http,
        now: SystemTime,
    ) -> Result<Access, FetchError> {
        match self {
            Self::ServiceAccount(account) => {
                let token: Token = account.exchange(now)?.answer(http).await?;
                Ok(Access::from_token(token, now))
            }
            Self::AuthorizedUser(user) => {
                let token: Token = user.exchange().answer(http).await?;
                Ok(Access::from_token(token, now))
            }
            Self::ExternalAccount(account) => account.fetch(environment, http, now).await,
            Self::Impersonated(account) => {
                let source = File::parse(&account.source_credentials.to_string())?;
                if matches!(source.kind, Self::Impersonated(_)) {
                    let message = "impersonated credentials cannot be the source of such";
                    return Err(FetchError::Config(message.to_owned()));
                }
                let own = Box::pin(source.kind.fetch(environment, http, now)).await?;
                let url = &account.service_account_impersonation_url;
                impersonate(url, &account.delegates, LIFETIME, &own.token, http).await
            }
        }
    }
}

/// Seconds; what every service account allows.
const LIFETIME: u32 = 3600;

/// Speaks for a service account (`generateAccessToken`).
async fn impersonate(
    url: &str,
    delegates: &[String],
    lifetime: u32,
    token: &str,
    http: &impl Http,
) -> Result<Access, FetchError> {
    let body = serde_json::json!({
        "scope": [SCOPE],
        "lifetime": format!("{lifetime}s"),
        "delegates": delegates,
    });
    let answer: Impersonation = Exchange::json(url, &body)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .answer(http)
        .await?;
    Ok(Access {
        expires: read_time(&answer.expire_time)?,
        token: answer.access_token,
    })
}

// === impl AuthorizedUser ===

impl AuthorizedUser {
    fn exchange(&self) -> Exchange {
        Exchange::form(
            self.token_uri.as_deref().unwrap_or(TOKEN_URI),
            &[
                ("grant_type", "refresh_token"),
                ("client_id", &self.client_id),
                ("client_secret", self.client_secret.0.expose()),
                ("refresh_token", self.refresh_token.0.expose()),
            ],
        )
    }
}

// === impl Access ===

impl Access {
    fn from_token(token: Token, now: SystemTime) -> Self {
        Self {
            expires: token.expires(now),
            token: token.access_token,
        }
    }
}

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(Secret::new(text))
    }
}
