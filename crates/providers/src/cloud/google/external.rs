//! Workload identity federation: another issuer's token is exchanged for Google's.
//!
//! AIP-4117; Security Token Service API, `v1.token`; RFC 8693.

use std::collections::BTreeMap;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, Method, Uri};
use lockgate_core::Environment;
use lockgate_core::config::AwsParams;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use super::super::aws::{self, Signing};
use super::super::exchange::{Exchange, FetchError, Http, Token, read_file};
use super::super::lease::Grant;
use super::{Access, Hidden, LIFETIME, SCOPE, impersonate};

/// An `external_account` file.
#[derive(Deserialize)]
pub(super) struct ExternalAccount {
    audience: String,
    subject_token_type: String,
    token_url: Option<String>,
    service_account_impersonation_url: Option<String>,
    service_account_impersonation: Option<Impersonation>,
    client_id: Option<String>,
    client_secret: Option<Hidden>,
    credential_source: Source,
}

#[derive(Deserialize)]
struct Impersonation {
    token_lifetime_seconds: Option<u32>,
}

/// Where the other issuer's token is.
#[derive(Deserialize)]
struct Source {
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    format: Format,
    /// `aws1`: the proof is a signed request to AWS.
    environment_id: Option<String>,
    regional_cred_verification_url: Option<String>,
}

/// How the token is written.
#[derive(Default, Deserialize)]
struct Format {
    #[serde(rename = "type")]
    kind: Option<String>,
    subject_token_field_name: Option<String>,
}

const TOKEN_URL: &str = "https://sts.googleapis.com/v1/token";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const CALLER_IDENTITY: &str =
    "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";

// === impl ExternalAccount ===

impl ExternalAccount {
    pub(super) async fn fetch(
        &self,
        environment: &Environment,
        http: &impl Http,
        now: SystemTime,
    ) -> Result<Access, FetchError> {
        let subject = self.subject_token(environment, http, now).await?;
        let mut pairs = vec![
            ("audience", self.audience.as_str()),
            ("grant_type", GRANT),
            ("requested_token_type", ACCESS_TOKEN),
            ("scope", SCOPE),
            ("subject_token", &subject),
            ("subject_token_type", &self.subject_token_type),
        ];
        if let (Some(id), Some(secret)) = (&self.client_id, &self.client_secret) {
            pairs.extend([
                ("client_id", id.as_str()),
                ("client_secret", secret.0.expose()),
            ]);
        }
        let url = self.token_url.as_deref().unwrap_or(TOKEN_URL);
        let token: Token = Exchange::form(url, &pairs).answer(http).await?;
        let Some(url) = &self.service_account_impersonation_url else {
            return Ok(Access::from_token(token, now));
        };
        let lifetime = self
            .service_account_impersonation
            .as_ref()
            .and_then(|options| options.token_lifetime_seconds)
            .unwrap_or(LIFETIME);
        impersonate(url, &[], lifetime, &token.access_token, http).await
    }

    async fn subject_token(
        &self,
        environment: &Environment,
        http: &impl Http,
        now: SystemTime,
    ) -> Result<String, FetchError> {
        let source = &self.credential_source;
        if source
            .environment_id
            .as_deref()
            .is_some_and(|id| id.starts_with("aws"))
        {
            return self.caller_identity(environment, http, now).await;
        }
        if let Some(file) = &source.file {
            return source.format.read(&read_file(file)?);
        }
        if let Some(url) = &source.url {
            let mut exchange = Exchange::get(url);
            for (name, value) in &source.headers {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                    FetchError::Config(format!("`{name}` cannot be the name of a header"))
                })?;
                exchange = exchange.header(name, value);
            }
            return source.format.read(&exchange.text(http).await?);
        }
        let message = "external_account credentials are served with a file, a URL or AWS as \
                       their source; programs are not started";
        Err(FetchError::Config(message.to_owned()))
    }

    /// A signed request that Google sends to AWS to learn who we are.
    async fn caller_identity(
        &self,
        environment: &Environment,
        http: &impl Http,
        now: SystemTime,
    ) -> Result<String, FetchError> {
        let wrong = |message: &str| FetchError::Config(message.to_owned());
        let region = environment
            .first_non_empty(&["AWS_REGION", "AWS_DEFAULT_REGION"])
            .ok_or_else(|| wrong("set AWS_REGION for Google credentials that AWS vouches for"))?;
        let params = AwsParams::default();
        let lease = aws::fetch(&params, region, environment, http, now).await?;
        let Grant::Aws(keys) = lease.grant else {
            return Err(wrong("AWS gave no keys"));
        };
        let source = &self.credential_source;
        let url = source.regional_cred_verification_url.as_deref();
        let url = url.unwrap_or(CALLER_IDENTITY).replace("{region}", region);
        let uri: Uri = url
            .parse()
            .map_err(|_| wrong("`regional_cred_verification_url` is not a URL"))?;
        let mut headers = HeaderMap::new();
        let signing = Signing {
            region,
            service: "sts",
            now,
        };
        aws::sign(&signing, &keys, &Method::POST, &uri, &mut headers, b"")
            .map_err(|e| FetchError::Config(e.to_string()))?;
        let host = uri.host().unwrap_or_default();
        let mut list = vec![
            json!({"key": "host", "value": host}),
            json!({"key": "x-goog-cloud-target-resource", "value": self.audience}),
        ];
        list.extend(headers.iter().filter_map(|(name, value)| {
            Some(json!({"key": name.as_str(), "value": value.to_str().ok()?}))
        }));
        let request = json!({"url": url, "method": "POST", "headers": list}).to_string();
        Ok(utf8_percent_encode(&request, NON_ALPHANUMERIC).to_string())
    }
}

// === impl Format ===

impl Format {
    fn read(&self, text: &str) -> Result<String, FetchError> {
        if self.kind.as_deref() != Some("json") {
            return Ok(text.trim().to_owned());
        }
        let name = self.subject_token_field_name.as_deref().unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(text)
            .ok()
            .and_then(|json| Some(json.get(name)?.as_str()?.to_owned()))
            .ok_or_else(|| FetchError::Config(format!("the subject token has no member `{name}`")))
    }
}
