//! An identity provider: publishes keys, signs tokens, and knows opaque ones.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What tokens are for, unless they are not.
pub(crate) const AUDIENCE: &str = "lockgate";

/// Serves until it is dropped.
pub(crate) struct Issuer {
    addr: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
    // Aborted when dropped.
    _serving: JoinSet<()>,
}

#[derive(Default)]
struct State {
    is_away: bool,
    keys: Vec<Value>,
    /// What is said of opaque tokens.
    tokens: HashMap<String, Value>,
    /// Opaque tokens that were shown.
    shown: Vec<String>,
}

/// A key of an issuer.
pub(crate) struct Signer {
    kid: String,
    pair: Ed25519KeyPair,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

// === impl Issuer ===

impl Issuer {
    /// Publishes the keys of these.
    pub(crate) async fn start(signers: &[&Signer]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = state.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                let service = service_fn(move |request| answer(request, shared.clone()));
                connections.spawn(async move {
                    let _ended = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let issuer = Self {
            addr,
            state,
            _serving: serving,
        };
        issuer.publish(signers);
        issuer
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub(crate) fn publish(&self, signers: &[&Signer]) {
        let keys = signers.iter().map(|signer| signer.jwk());
        self.state.lock().unwrap().keys = keys.collect();
    }

    /// From now on it answers 500, or what it should.
    pub(crate) fn is_away(&self, away: bool) {
        self.state.lock().unwrap().is_away = away;
    }

    /// What is said of an opaque token.
    pub(crate) fn know(&self, token: &str, said: Value) {
        let mut state = self.state.lock().unwrap();
        state.tokens.insert(token.to_owned(), said);
    }

    /// The opaque tokens that it was asked about.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.state.lock().unwrap().shown.clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut state = state.lock().unwrap();
    let said = match path.as_str() {
        _ if state.is_away => None,
        "/keys" => Some(json!({ "keys": state.keys })),
        "/introspect" => {
            let body = String::from_utf8_lossy(&body).into_owned();
            let token = body.strip_prefix("token=").unwrap_or_default().to_owned();
            let known = state.tokens.get(&token).cloned();
            state.shown.push(token);
            Some(known.unwrap_or_else(|| json!({ "active": false })))
        }
        _ => None,
    };
    let status = if said.is_some() { 200 } else { 500 };
    let body = said.map(|said| said.to_string()).unwrap_or_default();
    let response = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    Ok(response.body(Full::new(body.into())).unwrap())
}

// === impl Signer ===

impl Signer {
    pub(crate) fn new(kid: &str) -> Self {
        Self {
            kid: kid.to_owned(),
            pair: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn jwk(&self) -> Value {
        let x = encode(self.pair.public_key().as_ref());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.kid, "x": x })
    }

    /// A token that says this, and that it is good for an hour and for this gateway.
    pub(crate) fn token(&self, claims: Value) -> String {
        let signed = self.unsigned("EdDSA", claims);
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature.as_ref()))
    }

    /// One that nobody signed.
    pub(crate) fn none(&self, claims: Value) -> String {
        format!("{}.", self.unsigned("none", claims))
    }

    /// One whose shared secret is the public key.
    pub(crate) fn confused(&self, claims: Value) -> String {
        let signed = self.unsigned("HS256", claims);
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.pair.public_key().as_ref());
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", encode(tag.as_ref()))
    }

    fn unsigned(&self, algorithm: &str, claims: Value) -> String {
        let mut all = json!({ "aud": AUDIENCE, "exp": now() + 3600, "iat": now() });
        super::merge(&mut all, claims);
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": self.kid });
        format!("{}.{}", encode(header.to_string()), encode(all.to_string()))
    }
}
