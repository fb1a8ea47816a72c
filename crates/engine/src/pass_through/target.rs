//! With whose credentials a provider's own API is asked.

use std::sync::Arc;

use lockgate_core::error::GatewayError;
use lockgate_providers::{Connection, ConnectionParams};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;

use crate::deployment::Deployment;
use crate::snapshot::Snapshot;

/// Whose credentials are used.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Those of a deployment that says `use_in_pass_through: true`.
    Deployment(Arc<Deployment>),
    /// Those in the environment.
    Environment(Box<Connection>),
}

// === impl Credentials ===

impl Credentials {
    /// How the provider is reached.
    pub fn connection(&self) -> &Connection {
        match self {
            Self::Deployment(deployment) => &deployment.connection,
            Self::Environment(connection) => connection,
        }
    }
}

// === impl Snapshot ===

impl Snapshot {
    /// Whether requests can be passed through to a provider of this id.
    pub fn passes_through(&self, provider: &str) -> bool {
        self.providers
            .get(provider)
            .is_some_and(|provider| !provider.built_in)
    }

    /// The dialect of a provider.
    pub fn dialect_of(&self, provider: &str) -> DialectId {
        self.providers
            .get(provider)
            .map_or(DialectId::OpenAiChat, |provider| provider.dialect)
    }

    /// The credentials for a provider's own API: those that a deployment lends, else those of the
    /// environment. Keys of other deployments stay with their models.
    pub fn credentials(&self, provider: &str) -> Result<Credentials, GatewayError> {
        let lent = self.deployments().find(|deployment| {
            deployment.provider.id == provider
                && deployment.entry.litellm_params.use_in_pass_through
                // A team's credentials are the team's.
                && deployment.entry.model_info.team_id.is_none()
        });
        if let Some(deployment) = lent {
            return Ok(Credentials::Deployment(deployment.clone()));
        }
        let unknown = || {
            let message = format!("there is no provider `{provider}` to pass a request on to");
            GatewayError::client(ErrorKind::NotFound, message)
        };
        let row = self.providers.get(provider).ok_or_else(unknown)?;
        let params = ConnectionParams::default();
        Connection::new(row, &params, &self.config.environment)
            .map(|connection| Credentials::Environment(Box::new(connection)))
            .map_err(|e| GatewayError::connection(ErrorKind::Internal, e.to_string()))
    }
}
