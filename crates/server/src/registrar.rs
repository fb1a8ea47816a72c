//! What tokens of other issuers name, handed over to the control plane, which makes it.

use std::time::Duration;

use futures_util::future::BoxFuture;
use lockgate_admin::Registration;
use lockgate_core::error::GatewayError;
use lockgate_engine::governance::{Newcomer, Registry};
use lockgate_wire::canonical::ErrorKind;
use tokio::sync::{mpsc, oneshot};

use crate::admin_desk::Job;

/// Hands over from any core. Does not keep the control plane waiting for more when it is to end.
#[derive(Debug)]
pub(crate) struct Registrar(mpsc::WeakSender<Job>);

/// How long a request waits for what its token names to be made.
const PATIENCE: Duration = Duration::from_secs(5);

// === impl Registrar ===

impl Registrar {
    /// Hands over to whoever takes what `sender` sends.
    pub(crate) fn new(sender: mpsc::WeakSender<Job>) -> Self {
        Self(sender)
    }

    fn hand_over(&self, newcomer: Newcomer) -> Option<oneshot::Receiver<Result<(), String>>> {
        let (told, answer) = oneshot::channel();
        let job = Job::Register(registration(newcomer), told);
        self.0.upgrade()?.try_send(job).ok()?;
        Some(answer)
    }
}

impl Registry for Registrar {
    fn register(&self, newcomer: Newcomer) -> BoxFuture<'static, Result<(), GatewayError>> {
        let answer = self.hand_over(newcomer);
        Box::pin(async move {
            let Some(answer) = answer else {
                return Err(not_made());
            };
            match tokio::time::timeout(PATIENCE, answer).await {
                Ok(Ok(Ok(()))) => Ok(()),
                _ => Err(not_made()),
            }
        })
    }

    fn note(&self, newcomer: Newcomer) {
        let _nobody_waits = self.hand_over(newcomer);
    }
}

fn registration(newcomer: Newcomer) -> Registration {
    match newcomer {
        Newcomer::User { id, email } => Registration::User { id, email },
        Newcomer::Team { id } => Registration::Team { id },
        Newcomer::Place {
            user,
            role,
            joins,
            leaves,
        } => Registration::Place {
            user,
            role,
            joins,
            leaves,
        },
        Newcomer::Client { claim, user, team } => Registration::Client {
            issuer: claim.issuer,
            claim: claim.claim,
            value: claim.value,
            user,
            team,
        },
    }
}

fn not_made() -> GatewayError {
    let why = "what this token names is not here yet and cannot be made now; try again shortly";
    GatewayError::gateway(ErrorKind::Unavailable, why).with_type("no_db_connection")
}
