//! Which upstreams exist and how to address them.
//!
//! A provider is data: one [`ProviderSpec`] row in [`PROVIDERS`], or one `custom_providers` entry
//! of the configuration file. [`ProviderTable`] finds the [`Provider`] that a model name means,
//! [`Connection`] is a provider with a base URL and a key, ready to be called, and [`apply`] makes
//! a request body what the provider accepts.

mod access;
mod base;
pub mod catalog;
mod cloud;
mod connection;
mod discover;
mod exchange;
mod headers;
mod known;
mod names;
mod provider;
mod public;
mod quirks;
mod resolve;
mod resource;
mod spec;
mod table;
mod target;
mod template;
pub mod tokens;
mod url;
mod watsonx;

pub use self::cloud::{
    AwsKeys, Credential, CredentialKey, Credentials, FetchError, Http, HttpError, NoCredential,
    SignError, Signing, sign,
};
pub use self::connection::{ConnectError, Connection, ConnectionParams, MissingKey};
pub use self::discover::{Discovered, discover};
pub use self::exchange::{Exchanged, TokenExchange};
pub use self::known::{
    KnownModel, Mode, context_window, known_model, known_models, max_output_tokens,
};
pub use self::provider::{CustomProviderError, Provider};
pub use self::public::public_providers;
pub use self::quirks::{Action, Call, Quirk, QuirkError, apply};
pub use self::resolve::{ProviderTable, ResolveError, Resolved};
pub use self::spec::{
    Auth, Family, Formats, KeyRule, ModelPath, OPENAI_COMPATIBLE, Operations, ProviderSpec,
    UrlStyle, VertexApi,
};
pub use self::table::{NOT_YET, PROVIDERS};
pub use self::target::Target;
pub use self::url::UrlError;
