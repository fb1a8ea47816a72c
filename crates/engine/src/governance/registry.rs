//! What a token wants changed in the gateway, handed over to whoever may change it.

use std::fmt;

use futures_util::future::BoxFuture;
use lockgate_core::access::Role;
use lockgate_core::error::GatewayError;
use lockgate_identity::VirtualKeyClaim;

/// What is to be made or changed because a token names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Newcomer {
    /// A user: `user_id_upsert`.
    User {
        /// Its id.
        id: String,
        /// Its address.
        email: Option<String>,
    },
    /// A team: `team_id_upsert`.
    Team {
        /// Its id.
        id: String,
    },
    /// A user's place: that a token names a team of his makes him a member there, and
    /// `sync_user_role_and_teams` more.
    Place {
        /// Whose.
        user: String,
        /// His role; `None`: as it is.
        role: Option<Role>,
        /// Teams that he is to become a member of.
        joins: Vec<String>,
        /// Teams that he is to leave.
        leaves: Vec<String>,
    },
    /// A virtual key for a client that has none: `unregistered_jwt_client_behavior: auto_register`.
    Client {
        /// What it is filed under.
        claim: VirtualKeyClaim,
        /// Whose it is.
        user: Option<String>,
        /// Which team's it is.
        team: Option<String>,
    },
}

/// Makes what tokens name. It is asked on the way of a request and must not keep a core busy.
pub trait Registry: Send + Sync + fmt::Debug {
    /// Has `newcomer` made, and waits until the directory knows it. That it was there already is
    /// no error.
    fn register(&self, newcomer: Newcomer) -> BoxFuture<'static, Result<(), GatewayError>>;

    /// The same for what no request waits for. Does nothing when too much waits already: the next
    /// request with the same token asks again.
    fn note(&self, newcomer: Newcomer);
}
