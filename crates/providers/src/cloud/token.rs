//! Tokens of services that are not a cloud's: a secret is exchanged as the provider's row says.
//!
//! RFC 6749 sections 4.4 and 5.1, and what the services make of them.

use std::time::SystemTime;

use http::HeaderName;
use lockgate_core::Secret;

use super::exchange::{Exchange, FetchError, Http, Token, read_file};
use super::lease::Lease;

/// An exchange, settled but for the secret.
#[derive(Clone)]
pub(crate) struct TokenParams {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// An empty one is a `GET`.
    pub(crate) form: Vec<(&'static str, String)>,
    pub(crate) secret: TokenSecret,
    pub(crate) advice: &'static str,
}

/// What is exchanged, or the file it is in. The file is read at every exchange, so that one that
/// comes later is found.
#[derive(Clone)]
pub(crate) enum TokenSecret {
    Given(Secret),
    File(String),
}

pub(super) async fn fetch(
    params: &TokenParams,
    http: &impl Http,
    now: SystemTime,
) -> Result<Lease, FetchError> {
    let token: Token = params.exchange()?.answer(http).await?;
    Lease::bearer(&token.access_token, Some(token.expires(now)))
}

// === impl TokenParams ===

impl TokenParams {
    fn exchange(&self) -> Result<Exchange, FetchError> {
        let secret = match &self.secret {
            TokenSecret::Given(secret) => secret.expose().to_owned(),
            TokenSecret::File(path) => read_file(path)?.trim().to_owned(),
        };
        let id = random_uuid();
        let fill = |text: &String| text.replace("{uuid}", &id).replace("{key}", &secret);
        let pairs: Vec<(&str, String)> = self
            .form
            .iter()
            .map(|(name, value)| (*name, fill(value)))
            .collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let mut exchange = if pairs.is_empty() {
            Exchange::get(self.url.clone())
        } else {
            Exchange::form(self.url.clone(), &pairs)
        };
        for (name, value) in &self.headers {
            exchange = exchange.header(HeaderName::from_static(name), fill(value));
        }
        Ok(exchange)
    }

    /// Everything that tells this exchange from others.
    pub(super) fn parts(&self) -> Vec<Option<&str>> {
        let secret = match &self.secret {
            TokenSecret::Given(secret) => secret.expose(),
            TokenSecret::File(path) => path,
        };
        let pairs = self.headers.iter().chain(&self.form);
        [self.url.as_str(), secret]
            .into_iter()
            .chain(pairs.flat_map(|(name, value)| [*name, value.as_str()]))
            .map(Some)
            .collect()
    }
}

/// It names a question, it guards nothing.
fn random_uuid() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes())
        .into_uuid()
        .to_string()
}
