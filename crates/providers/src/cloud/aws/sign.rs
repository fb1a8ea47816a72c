//! Signing requests (Signature Version 4).

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsKeys;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningSettings, sign as sign_request,
};
use aws_sigv4::sign::v4::SigningParams;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::super::lease::SESSION_TOKEN;

/// Where a signature is good.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The endpoint's region.
    pub region: &'a str,
    /// The service, as IAM names it.
    pub service: &'a str,
    /// When; a signature is good for a few minutes.
    pub now: SystemTime,
}

/// A request that cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub struct SignError(String);

/// Adds the headers that sign `method`, `uri`, content type and `body`. Nothing of these may change
/// afterwards; other headers may.
pub fn sign(
    signing: &Signing<'_>,
    keys: &AwsKeys,
    method: &Method,
    uri: &Uri,
    headers: &mut HeaderMap,
    body: &[u8],
) -> Result<(), SignError> {
    let identity = keys.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(signing.region)
        .name(signing.service)
        .time(signing.now)
        .settings(SigningSettings::default())
        .build()
        .map_err(SignError::from_any)?
        .into();
    let host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .unwrap_or_default();
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| ("content-type", value));
    let signed = std::iter::once(("host", host)).chain(content_type);
    let request = SignableRequest::new(
        method.as_str(),
        uri.to_string(),
        signed,
        SignableBody::Bytes(body),
    )
    .map_err(SignError::from_any)?;
    let (instructions, _signature) = sign_request(request, &params)
        .map_err(SignError::from_any)?
        .into_parts();
    for (name, value) in instructions.headers() {
        let mut value = HeaderValue::from_str(value).map_err(SignError::from_any)?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(SignError::from_any)?;
        value.set_sensitive(name == AUTHORIZATION || name == SESSION_TOKEN);
        headers.insert(name, value);
    }
    Ok(())
}

// === impl SignError ===

impl SignError {
    fn from_any(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The domain of a region's endpoints.
pub(crate) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}
