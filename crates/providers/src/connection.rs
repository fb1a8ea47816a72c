//! A provider with base URL, key and headers settled: what a deployment needs to make calls.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use lockgate_core::config::{CloudParams, LitellmParams};
use lockgate_core::{Environment, Secret};
use lockgate_wire::Operation;

use crate::access::{Signer, find_key, place};
use crate::base::{find_base, own_base};
use crate::cloud::{Credentials, Grant, NoCredential, Signing, sign};
use crate::exchange::{client_variables, token_source};
use crate::headers::{ANTHROPIC_BETA, Headers, Key, merge};
use crate::provider::Provider;
use crate::spec::{Auth, KeyRule};
use crate::template::expand;
use crate::url::{Base, Endpoints, UrlError, takes_api_key};

/// What a deployment says about its connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectionParams<'a> {
    /// The key; wins over the environment.
    pub api_key: Option<&'a Secret>,
    /// The base URL; wins over the environment.
    pub api_base: Option<&'a str>,
    /// API version (Azure); wins over the environment.
    pub api_version: Option<&'a str>,
    /// How to authenticate to a cloud.
    pub cloud: Option<&'a CloudParams>,
    /// The model, whose name may say where it is (Bedrock).
    pub model: Option<&'a str>,
    /// Where credentials are shared; without it the connection has one of its own.
    pub credentials: Option<&'a Credentials>,
    /// OpenAI organization id.
    pub organization: Option<&'a str>,
    /// Headers added to every request; they win over the provider's.
    pub headers: &'a [(String, Secret)],
}

/// Everything about a call but its body. Headers that may hold a credential are marked sensitive.
#[derive(Debug, Clone)]
pub struct Connection {
    pub(crate) endpoints: Endpoints,
    /// `None` for the built-in provider.
    pub(crate) base: Option<Base>,
    headers: HeaderMap,
    api_base: String,
    missing_key: Option<MissingKey>,
    signer: Signer,
}

/// Why a deployment cannot be called at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The provider has no base URL of its own and none was given.
    #[error("provider `{provider}` needs `api_base`{}", or_variables(.variables))]
    NoBase {
        /// The provider.
        provider: String,
        /// The variables that would do.
        variables: Vec<String>,
    },
    /// The base URL cannot be dialled.
    #[error("provider `{provider}`: {cause}")]
    Base {
        /// The provider.
        provider: String,
        /// What is wrong.
        cause: UrlError,
    },
    /// The key cannot be sent.
    #[error("provider `{provider}`: the key has characters that a header cannot carry")]
    Key {
        /// The provider.
        provider: String,
    },
    /// A header cannot be sent.
    #[error("provider `{provider}`: header `{name}` has a name or a value that HTTP forbids")]
    Header {
        /// The provider.
        provider: String,
        /// The header's name.
        name: String,
    },
}

/// A key that is needed and was not found. The gateway starts all the same; the calls fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no key for provider `{provider}`: set `api_key`{}",
    or_variables(.variables)
)]
pub struct MissingKey {
    /// The provider.
    pub provider: String,
    /// The environment variables it would have been read from.
    pub variables: Vec<String>,
}

// === impl ConnectionParams ===

impl<'a> From<&'a LitellmParams> for ConnectionParams<'a> {
    fn from(params: &'a LitellmParams) -> Self {
        Self {
            api_key: params.api_key.as_ref(),
            api_base: params.api_base.as_ref().map(|base| base.as_str()),
            api_version: params.api_version.as_deref(),
            cloud: Some(&params.cloud),
            model: Some(&params.model),
            credentials: None,
            organization: params.organization.as_deref(),
            headers: &params.headers,
        }
    }
}

// === impl Connection ===

impl Connection {
    /// Settles base URL (deployment, environment, provider), key (likewise) and headers.
    ///
    /// A missing key is not an error: see [`Connection::missing_key`].
    pub fn new(
        provider: &Provider,
        params: &ConnectionParams<'_>,
        environment: &Environment,
    ) -> Result<Self, ConnectError> {
        if provider.built_in {
            return Ok(Self {
                endpoints: Endpoints::None,
                base: None,
                headers: HeaderMap::new(),
                api_base: String::new(),
                missing_key: None,
                signer: Signer::Headers,
            });
        }
        let base = find_base(provider, params, environment)?;
        let key = find_key(provider, params, environment);
        let token = token_source(provider, params, environment, &base, key.as_ref());
        let key = key.filter(|_| token.is_none());
        let headers = own_headers(provider, params, environment, &base, key.as_ref())?;
        let signer = match key {
            Some(_) => Signer::Headers,
            None => Signer::new(provider, params, environment, &headers, token),
        };
        let place = place(provider, params, environment, &signer, key.is_some());
        let missing_key = (key.is_none()
            && matches!(signer, Signer::Headers)
            && needs_key(provider, &base, environment)
            && !authenticated(provider.auth, &headers))
        .then(|| MissingKey {
            provider: provider.id.clone(),
            variables: [provider.key_env.clone(), client_variables(provider)].concat(),
        });
        Ok(Self {
            api_base: base.to_string(),
            base: Some(base.clone()),
            endpoints: Endpoints::new(provider.url, base, place),
            headers,
            missing_key,
            signer,
        })
    }

    /// Where to send `operation` for `model` (the provider's name of it). Cheap: a copy of a
    /// prebuilt URL, unless the model stands in the path.
    pub fn uri(&self, operation: Operation, model: &str, stream: bool) -> Result<Uri, UrlError> {
        match operation {
            Operation::Compact => self.responses_uri("/compact", ""),
            _ => self.endpoints.uri(operation, model, stream),
        }
    }

    /// The model as the first message of a session with Google's Live API names it.
    pub fn live_model(&self, model: &str) -> Result<String, UrlError> {
        self.endpoints.live_model(model)
    }

    /// Adds what authenticates one request, where that is not in [`Connection::headers`] anyway.
    /// To be called last: what is signed must not change any more.
    pub fn authorize(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), NoCredential> {
        if matches!(self.signer, Signer::Headers) {
            return Ok(());
        }
        self.authorize_at(SystemTime::now(), method, uri, headers, body)
    }

    /// The same for a request whose body is still to come. One that has to be signed cannot be sent
    /// like this.
    pub fn authorize_unread(&self, headers: &mut HeaderMap) -> Result<(), NoCredential> {
        match &self.signer {
            Signer::Headers => Ok(()),
            Signer::Credential(credential) => {
                credential.current(SystemTime::now())?.grant.write(headers);
                Ok(())
            }
            Signer::SigV4(credential, ..) => {
                Err(credential.unusable(&"what is still being sent cannot be signed"))
            }
        }
    }

    /// Whether a request has to be complete before it can be authorised, because it is signed.
    #[must_use]
    pub fn signs_bodies(&self) -> bool {
        matches!(self.signer, Signer::SigV4(..))
    }

    /// The same at another time.
    pub fn authorize_at(
        &self,
        now: SystemTime,
        method: &Method,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: &[u8],
    ) -> Result<(), NoCredential> {
        let (credential, region, service) = match &self.signer {
            Signer::Headers => return Ok(()),
            Signer::Credential(credential) => (credential, "", ""),
            Signer::SigV4(credential, region, service) => (credential, region.as_str(), *service),
        };
        match &credential.current(now)?.grant {
            grant @ Grant::Headers(_) => grant.write(headers),
            Grant::Aws(keys) => {
                let signing = Signing {
                    region,
                    service,
                    now,
                };
                sign(&signing, keys, method, uri, headers, body)
                    .map_err(|e| credential.unusable(&e))?;
            }
        }
        Ok(())
    }

    /// Whether [`Connection::authorize`] may look at the body.
    #[must_use]
    pub fn signs(&self) -> bool {
        !matches!(self.signer, Signer::Headers)
    }

    /// Where the provider lists its models (`GET`); `None` for the built-in provider.
    #[must_use]
    pub fn models_uri(&self) -> Option<Uri> {
        self.endpoints.models()
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers with everything secret that a request carries, for keeping it out of messages.
    #[must_use]
    pub fn secrets(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Signer::Credential(credential) | Signer::SigV4(credential, ..) = &self.signer
            && let Ok(lease) = credential.current(SystemTime::now())
        {
            lease.grant.write(&mut headers);
        }
        headers
    }

    /// The headers of a request whose body asks for `added` ones (`anthropic-beta`). Betas that the
    /// connection has are kept, other headers are replaced; names and values that HTTP forbids are
    /// left out.
    #[must_use]
    pub fn headers_with<'h, V: AsRef<str>>(
        &self,
        added: impl IntoIterator<Item = (&'h str, V)>,
    ) -> HeaderMap {
        let mut headers = self.headers.clone();
        for (name, value) in added {
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                continue;
            };
            let value = value.as_ref();
            let value = match headers.get(&name).filter(|_| name == ANTHROPIC_BETA) {
                Some(own) => HeaderValue::from_str(&merge(own.to_str().unwrap_or_default(), value)),
                None => HeaderValue::from_str(value),
            };
            if let Ok(value) = value {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// The base URL without credentials and query: safe to log and to show to clients. Empty for
    /// the built-in provider.
    #[must_use]
    pub fn api_base(&self) -> &str {
        &self.api_base
    }

    /// Why calls cannot work: the provider wants a key and there is none.
    #[must_use]
    pub fn missing_key(&self) -> Option<&MissingKey> {
        self.missing_key.as_ref()
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("lockgate/", env!("CARGO_PKG_VERSION")));

/// The headers of every request: the provider's, the key's, the deployment's.
fn own_headers(
    provider: &Provider,
    params: &ConnectionParams<'_>,
    environment: &Environment,
    base: &Base,
    key: Option<&Key<'_>>,
) -> Result<HeaderMap, ConnectError> {
    let mut headers = Headers {
        provider: &provider.id,
        map: HeaderMap::new(),
    };
    headers.map.insert(CONTENT_TYPE, JSON);
    headers.map.insert(USER_AGENT, AGENT);
    if let Some(basic) = base.basic_auth() {
        headers.set_sensitive(AUTHORIZATION, &basic)?;
    }
    let auth = match provider.auth {
        Auth::AzureAi if takes_api_key(&base.host()) => Auth::Azure("api-key"),
        auth => auth,
    };
    headers.authenticate(auth, key)?;
    for (name, value) in &provider.headers {
        let value = expand(value.expose(), environment, key.map(|key| key.text));
        headers.set(name, &value)?;
    }
    if let Some(organization) = params.organization {
        headers.set("openai-organization", organization)?;
    }
    for (name, value) in params.headers {
        headers.set(name, value.expose())?;
    }
    Ok(headers.map)
}

/// A server of the operator's own may well work without a key.
fn needs_key(provider: &Provider, base: &Base, environment: &Environment) -> bool {
    provider.key == KeyRule::Required
        && provider.auth != Auth::None
        && own_base(provider, environment)
            .and_then(|own| Base::parse(&own).ok())
            .is_some_and(|own| own.host() == base.host())
}

/// Whether the configured headers do what the key would.
fn authenticated(auth: Auth, headers: &HeaderMap) -> bool {
    let name = match auth {
        Auth::Bearer
        | Auth::BearerWithout(_)
        | Auth::Scheme(_)
        | Auth::AzureAi
        | Auth::Aws
        | Auth::None => "authorization",
        Auth::Header(name) | Auth::Azure(name) => name,
        Auth::GeminiKey | Auth::Google => "x-goog-api-key",
        Auth::AnthropicKey => "x-api-key",
    };
    headers.contains_key(name) || headers.contains_key(AUTHORIZATION)
}

fn or_variables(variables: &[String]) -> String {
    match variables {
        [] => String::new(),
        [one] => format!(", or the environment variable {one}"),
        [rest @ .., last] => format!(
            ", or one of the environment variables {} and {last}",
            rest.join(", ")
        ),
    }
}
