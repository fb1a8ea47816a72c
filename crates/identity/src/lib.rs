//! Callers that show somebody else's token: JWTs, and tokens that an OAuth 2.0 endpoint knows.
//!
//! A request calls [`Identity::authenticate`], which is ready at once unless it has to wait for a
//! key or an answer, and then [`Caller::admit`]. Nothing is fetched on the way of a request: one
//! [`Keeper`] on the control plane holds the keys of all issuers, renews them before they are stale
//! and asks the introspection endpoint, with an HTTP client of its owner's ([`Fetch`]).
//!
//! Signatures are checked by `aws-lc-rs`, which the house has for TLS already. A crate on top of it
//! would do the base64 and compare a few claims, and that is where such crates went wrong
//! (`jsonwebtoken` before 10.3 took a claim of the wrong type for an absent one, CVE-2026-25537):
//! here a key lists the algorithms it is for, every registered claim has one type, and a token that
//! says something twice is refused.

mod caller;
mod claims;
mod error;
mod fetch;
mod glob;
mod identity;
mod introspector;
mod json;
mod jwk;
mod jws;
mod keeper;
mod mapping;
mod memory;
mod question;
mod source;
mod teams;
mod validity;
mod verifier;

pub use self::caller::{Caller, Limit, TokenKind, UserSync, VirtualKeyClaim, Wishes};
pub use self::error::IdentityError;
pub use self::fetch::{Fetch, FetchFailed};
pub use self::identity::Identity;
pub use self::keeper::Keeper;
pub use self::teams::{TeamChoice, UnknownTeam};
