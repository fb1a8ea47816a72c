//! Credentials of clouds: where they come from, how they are exchanged for tokens, who keeps them.
//!
//! Nothing here runs by itself. A [`Connection`](crate::Connection) reads the current lease of its
//! [`Credential`]; whoever owns the control plane calls [`Credential::refresh`] in time, with an
//! HTTP client of its own.

mod aws;
mod azure;
mod credential;
mod exchange;
mod google;
mod lease;
mod registry;
mod source;
mod token;

pub use self::aws::{AwsKeys, SignError, Signing, sign};
pub(crate) use self::aws::{domain, region_in};
pub use self::credential::{Credential, CredentialKey, NoCredential};
pub use self::exchange::{FetchError, Http, HttpError};
pub(crate) use self::lease::Grant;
pub use self::registry::Credentials;
pub(crate) use self::source::{Cloud, Source};
pub(crate) use self::token::{TokenParams, TokenSecret};
