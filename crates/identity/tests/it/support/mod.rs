//! An issuer that signs, an HTTP client that answers as it is told, and a gateway that knows both.

mod scripted;
mod signer;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lockgate_core::config::{IdentitySettings, JwtAuth};
use lockgate_identity::{Caller, Identity, IdentityError, Keeper};
use serde_json::{Value, json};

pub(crate) use self::scripted::{Answer, Scripted};
pub(crate) use self::signer::{Kind, Signer, encode, in_parts};

pub(crate) const KEYS: &str = "https://issuer.example.com/keys";
pub(crate) const ISSUER: &str = "https://issuer.example.com";
pub(crate) const AUDIENCE: &str = "lockgate";

pub(crate) type Outcome = Result<Arc<Caller>, IdentityError>;

/// A gateway that trusts one issuer.
pub(crate) struct Gateway {
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) identity: Identity,
    pub(crate) fetch: Scripted,
}

/// The moment of all tests that do not need another.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// Claims that are good for ten minutes from [`now`], with `more` laid over them.
pub(crate) fn claims(more: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "ada",
        "iat": seconds(now()), "exp": seconds(now()) + 600,
    });
    if let Value::Object(more) = more {
        for (name, value) in more {
            claims[name] = value;
        }
    }
    claims
}

/// Settings for one issuer by `JWT_PUBLIC_KEY_URL`, where `sub` is the user.
pub(crate) fn settings() -> JwtAuth {
    let mut settings = JwtAuth {
        public_key_urls: vec![KEYS.to_owned()],
        audience: Some(AUDIENCE.to_owned()),
        issuer: Some(ISSUER.to_owned()),
        ..JwtAuth::default()
    };
    settings.claims.user_id = Some("sub".to_owned());
    settings
}

/// The document that publishes the keys of `signers`.
pub(crate) fn published(signers: &[&Signer]) -> Value {
    json!({"keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>()})
}

// === impl Gateway ===

impl Gateway {
    pub(crate) fn new(settings: JwtAuth, signers: &[&Signer]) -> Self {
        let fetch = Scripted::default();
        fetch.answer(KEYS, Answer::json(&published(signers)));
        Self::with(settings, fetch)
    }

    pub(crate) fn with(settings: JwtAuth, fetch: Scripted) -> Self {
        let settings = IdentitySettings {
            jwt: Some(settings),
            oauth2: None,
        };
        Self::of(&settings, fetch)
    }

    pub(crate) fn of(settings: &IdentitySettings, fetch: Scripted) -> Self {
        let keeper = Keeper::new();
        let identity = Identity::new(settings, &keeper).unwrap();
        Self {
            keeper,
            identity,
            fetch,
        }
    }

    /// Runs `test` while the keeper does its work.
    pub(crate) async fn beside<T>(&self, test: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            done = test => done,
            () = self.keeper.run(&self.fetch) => panic!("the keeper runs for ever"),
        }
    }

    pub(crate) async fn show(&self, token: &str) -> Outcome {
        self.beside(self.identity.authenticate(token, now())).await
    }
}
