//! Assuming roles.

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsKeys;
use http::{HeaderMap, Method, Uri};

use super::super::exchange::{Exchange, FetchError, Http};
use super::keys::from_xml;
use super::sign::sign;

/// The Security Token Service of a region.
pub(super) struct Sts<'a, H> {
    url: String,
    region: &'a str,
    http: &'a H,
    now: SystemTime,
}

/// A role and what its owner wants to know.
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) tags: Vec<(String, String)>,
}

const VERSION: &str = "2011-06-15";
/// Seconds; what every role allows.
const DURATION: &str = "3600";
const SESSION: &str = "lockgate";

// === impl Sts ===

impl<'a, H: Http> Sts<'a, H> {
    /// At `given`, or where the region has it.
    pub(super) fn new(given: Option<&str>, region: &'a str, http: &'a H, now: SystemTime) -> Self {
        let url = match given {
            Some(url) => format!("{}/", url.trim_end_matches('/')),
            None => format!("https://sts.{region}.{}/", super::sign::domain(region)),
        };
        Self {
            url,
            region,
            http,
            now,
        }
    }

    /// `AssumeRole`, signed by whoever runs the gateway.
    pub(super) async fn assume(&self, role: &Role, keys: &AwsKeys) -> Result<AwsKeys, FetchError> {
        let mut pairs = vec![("Action", "AssumeRole")];
        role.write(&mut pairs);
        pairs.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
        let tags: Vec<(String, &str)> = role.tag_pairs().collect();
        pairs.extend(tags.iter().map(|(name, value)| (name.as_str(), *value)));
        let mut exchange = Exchange::form(&self.url, &pairs);
        let wrong = |message: String| FetchError::Config(message);
        let uri: Uri = self
            .url
            .parse()
            .map_err(|_| wrong(format!("`{}` is not an endpoint of STS", self.url)))?;
        let mut headers = HeaderMap::new();
        let body = exchange.body().as_bytes();
        let signing = super::sign::Signing {
            region: self.region,
            service: "sts",
            now: self.now,
        };
        sign(&signing, keys, &Method::POST, &uri, &mut headers, body)
            .map_err(|e| wrong(e.to_string()))?;
        for (name, value) in headers {
            if let (Some(name), Ok(value)) = (name, value.to_str()) {
                exchange = exchange.header(name, value);
            }
        }
        from_xml(&exchange.text(self.http).await?)
    }

    /// `AssumeRoleWithWebIdentity`, authenticated by another issuer's token.
    pub(super) async fn with_web_identity(
        &self,
        role: &Role,
        token: &str,
    ) -> Result<AwsKeys, FetchError> {
        let mut pairs = vec![("Action", "AssumeRoleWithWebIdentity")];
        role.write(&mut pairs);
        pairs.push(("WebIdentityToken", token));
        let exchange = Exchange::form(&self.url, &pairs);
        from_xml(&exchange.text(self.http).await?)
    }
}

// === impl Role ===

impl Role {
    fn write<'a>(&'a self, pairs: &mut Vec<(&'a str, &'a str)>) {
        pairs.extend([
            ("Version", VERSION),
            ("RoleArn", self.arn.as_str()),
            (
                "RoleSessionName",
                self.session.as_deref().unwrap_or(SESSION),
            ),
            ("DurationSeconds", DURATION),
        ]);
    }

    fn tag_pairs(&self) -> impl Iterator<Item = (String, &str)> {
        self.tags.iter().enumerate().flat_map(|(at, (key, value))| {
            let at = at + 1;
            [
                (format!("Tags.member.{at}.Key"), key.as_str()),
                (format!("Tags.member.{at}.Value"), value.as_str()),
            ]
        })
    }
}
