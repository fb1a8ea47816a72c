//! A service account's own key: a signed claim is exchanged for a token.
//!
//! Google identity, "Using OAuth 2.0 for server to server applications"; RFC 7523.

use std::time::SystemTime;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::super::exchange::{Exchange, FetchError};
use super::{Hidden, SCOPE, TOKEN_URI};

/// A service account with its key.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    client_email: String,
    private_key: Hidden,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Seconds; the most that is accepted.
const LIFETIME: u64 = 3600;

// === impl ServiceAccount ===

impl ServiceAccount {
    pub(super) fn exchange(&self, now: SystemTime) -> Result<Exchange, FetchError> {
        let url = self.token_uri.as_deref().unwrap_or(TOKEN_URI);
        let assertion = self.assertion(url, now)?;
        Ok(Exchange::form(
            url,
            &[("grant_type", GRANT), ("assertion", &assertion)],
        ))
    }

    fn assertion(&self, audience: &str, now: SystemTime) -> Result<String, FetchError> {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut head = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.private_key_id {
            head["kid"] = id.as_str().into();
        }
        let claims = json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": audience,
            "iat": now,
            "exp": now + LIFETIME,
        });
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = self.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, FetchError> {
        let wrong = || {
            let account = &self.client_email;
            FetchError::Config(format!(
                "the private key of `{account}` is not an RSA key in PEM"
            ))
        };
        let pem = self.private_key.0.expose().as_bytes();
        let key = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| wrong())? {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(wrong()),
        };
        let key = key.map_err(|_| wrong())?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        )
        .map_err(|_| wrong())?;
        Ok(signature)
    }
}
