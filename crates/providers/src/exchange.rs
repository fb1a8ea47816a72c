//! What a provider wants instead of the operator's secret: a token that the secret is exchanged for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockgate_core::{Environment, Secret};

use crate::cloud::{Cloud, Source, TokenParams, TokenSecret};
use crate::connection::ConnectionParams;
use crate::headers::Key;
use crate::provider::Provider;
use crate::template::{expand, expand_base};
use crate::url::Base;

/// How a secret becomes the token that calls carry as their bearer. Plain data.
///
/// In texts `{key}` stands for the secret, `{basic}` for a client's id and secret as HTTP basic
/// authentication has them, `{origin}` for scheme and host of the base URL, `{uuid}` for a random
/// UUID and `{NAME|NAME:default}` for an environment variable.
#[derive(Debug, Clone, Copy)]
pub struct TokenExchange {
    /// Whose token it is, for messages.
    pub name: &'static str,
    /// What is exchanged.
    pub secret: Exchanged,
    /// Who is asked.
    pub url: &'static str,
    /// Headers of the question.
    pub headers: &'static [(&'static str, &'static str)],
    /// The form that is posted; an empty one is a `GET`.
    pub form: &'static [(&'static str, &'static str)],
    /// What the operator may set, for the end of a message.
    pub advice: &'static str,
}

/// What is exchanged for a token.
#[derive(Debug, Clone, Copy)]
pub enum Exchanged {
    /// The key.
    Key {
        /// How a key begins that is a token already; it is sent as it is.
        ready: &'static str,
        /// Where the key is when nobody says it: the first path all of whose variables are set.
        /// `{NAME}` stands for one of them.
        files: &'static [&'static str],
    },
    /// `client_id` and `client_secret`, of the deployment or of these variables. A key needs no
    /// exchange.
    Client {
        /// The variable of the id.
        id: &'static str,
        /// The variable of the secret.
        secret: &'static str,
    },
}

/// The source of the token that a connection needs; `None`: its key is sent as it is, or there is
/// nothing to exchange.
pub(crate) fn token_source(
    provider: &Provider,
    params: &ConnectionParams<'_>,
    environment: &Environment,
    base: &Base,
    key: Option<&Key<'_>>,
) -> Option<Source> {
    let exchange = provider.exchange?;
    let (secret, basic) = match (exchange.secret, key) {
        (Exchanged::Key { ready, .. }, Some(key)) if key.text.starts_with(ready) => return None,
        (Exchanged::Key { .. }, Some(key)) => (TokenSecret::Given(Secret::from(key.text)), None),
        (Exchanged::Key { files, .. }, None) => {
            let mut files = files.iter();
            let file = files.find_map(|file| expand_base(file, environment))?;
            (TokenSecret::File(file), None)
        }
        (Exchanged::Client { .. }, Some(_)) => return None,
        (Exchanged::Client { id, secret }, None) => {
            let (id, secret) = client(params, environment, id, secret)?;
            let basic = STANDARD.encode(format!("{id}:{secret}"));
            (TokenSecret::Given(Secret::from(secret)), Some(basic))
        }
    };
    let settle = |text: &str| {
        let text = expand(text, environment, None).replace("{origin}", &base.origin());
        text.replace("{basic}", basic.as_deref().unwrap_or_default())
    };
    let pairs = |pairs: &[(&'static str, &str)]| {
        let pairs = pairs.iter().map(|&(name, value)| (name, settle(value)));
        pairs.collect()
    };
    let token = TokenParams {
        name: exchange.name,
        url: settle(exchange.url),
        headers: pairs(exchange.headers),
        form: pairs(exchange.form),
        secret,
        advice: exchange.advice,
    };
    Some(Source {
        cloud: Cloud::Token(Box::new(token)),
        // Everything the environment says about it is in the texts.
        environment: Environment::default(),
    })
}

/// Whether the deployment spells out what is exchanged, so that no key is looked for elsewhere.
pub(crate) fn says_client(provider: &Provider, params: &ConnectionParams<'_>) -> bool {
    let wants = provider
        .exchange
        .is_some_and(|exchange| matches!(exchange.secret, Exchanged::Client { .. }));
    wants && own_client(params).is_some()
}

/// The variables of the client, where one is exchanged.
pub(crate) fn client_variables(provider: &Provider) -> Vec<String> {
    match provider.exchange.map(|exchange| exchange.secret) {
        Some(Exchanged::Client { id, secret }) => vec![id.to_owned(), secret.to_owned()],
        Some(Exchanged::Key { .. }) | None => Vec::new(),
    }
}

fn client<'a>(
    params: &ConnectionParams<'a>,
    environment: &'a Environment,
    id: &str,
    secret: &str,
) -> Option<(&'a str, &'a str)> {
    own_client(params).or_else(|| {
        let variable = |name| environment.get_non_empty(name).map(str::trim);
        Some((variable(id)?, variable(secret)?))
    })
}

/// LiteLLM's file has one name for the clients of all token services.
fn own_client<'a>(params: &ConnectionParams<'a>) -> Option<(&'a str, &'a str)> {
    let said = &params.cloud?.azure;
    let secret = said.client_secret.as_ref()?.expose();
    Some((said.client_id.as_deref()?, secret))
}
