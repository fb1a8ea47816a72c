//! Where the key of a request is read, and whether it is the master key (reference section 3.1).

use http::HeaderMap;
use lockgate_core::error::GatewayError;
use lockgate_core::{Secret, SecretDigest, sha256};
use lockgate_wire::canonical::ErrorKind;

pub use crate::governance::Identity;
use crate::seal::Seal;

/// The master key, and where keys are read.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Opens everything.
    master: SecretDigest,
    /// A further header that a key is read from, lower-case.
    header_name: Option<String>,
    /// Seals what clients carry for the gateway.
    pub(crate) seal: Seal,
}

/// The key that a request shows.
#[derive(Clone, Copy)]
pub enum Shown<'h> {
    /// The master key.
    Master,
    /// Another one, or somebody else's token: its SHA-256 and itself. Nobody has looked yet whether
    /// there is such a key.
    Key([u8; 32], &'h str),
}

/// The headers a key is read from behind the first two, in this order.
const KEY_HEADERS: [&str; 4] = [
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
];

// === impl Keys ===

impl Keys {
    /// `master` opens everything; keys are read from `header_name`, too.
    pub fn new(master: &Secret, header_name: Option<&str>) -> Self {
        Self {
            master: master.digest(),
            header_name: header_name.map(str::to_ascii_lowercase),
            seal: Seal::new(master),
        }
    }

    /// The key that a request shows. `query_key` is the `?key=` of the Gemini routes.
    ///
    /// A key is hashed once: the master key is compared by its hash, in constant time, and others
    /// are looked for by theirs.
    pub fn shown<'h>(
        &self,
        headers: &'h HeaderMap,
        query_key: Option<&'h str>,
    ) -> Result<Shown<'h>, GatewayError> {
        let key = self.presented(headers)?.or(query_key);
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Err(refuse(
                "no API key was sent; put it into the header `Authorization: Bearer <key>`",
            ));
        };
        let hash = sha256(key);
        Ok(if self.master.matches_hash(&hash) {
            Shown::Master
        } else {
            Shown::Key(hash, key)
        })
    }

    /// The key as the client sent it; the first header that is present decides.
    fn presented<'h>(&self, headers: &'h HeaderMap) -> Result<Option<&'h str>, GatewayError> {
        let custom = self
            .header_name
            .as_deref()
            .into_iter()
            .chain(["x-litellm-api-key"]);
        for name in custom {
            if let Some(value) = headers.get(name) {
                let value = text(value)?;
                return Ok(Some(value.strip_prefix("Bearer ").unwrap_or(value)));
            }
        }
        if let Some(value) = headers.get(http::header::AUTHORIZATION) {
            return after_scheme(text(value)?).map(Some);
        }
        KEY_HEADERS
            .iter()
            .find_map(|&name| headers.get(name))
            .map(text)
            .transpose()
    }
}

fn after_scheme(value: &str) -> Result<&str, GatewayError> {
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    if scheme == "AWS4-HMAC-SHA256" {
        return access_key_id(key);
    }
    if key.is_empty() || !(scheme.eq_ignore_ascii_case("bearer") || scheme == "Basic") {
        return Err(refuse("the Authorization header must read `Bearer <key>`"));
    }
    Ok(key.trim())
}

/// AWS's SDKs sign instead of showing a key, and name the key they sign with: that one is ours. The
/// signature proves nothing here, because the key itself travels beside it.
fn access_key_id(parameters: &str) -> Result<&str, GatewayError> {
    let credential = parameters
        .split(',')
        .find_map(|parameter| parameter.trim().strip_prefix("Credential="));
    // `<access key id>/<date>/<region>/<service>/aws4_request`
    credential
        .and_then(|scope| scope.rsplitn(5, '/').nth(4))
        .ok_or_else(|| refuse("the signature names no access key id"))
}

fn text(value: &http::HeaderValue) -> Result<&str, GatewayError> {
    value
        .to_str()
        .map_err(|_| refuse("the API key has characters that no key has"))
}

fn refuse(why: &str) -> GatewayError {
    GatewayError::client(
        ErrorKind::Authentication,
        format!("Authentication failed: {why}"),
    )
    .with_type("auth_error")
}
