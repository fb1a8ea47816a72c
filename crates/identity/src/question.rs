//! One token shown to the endpoint that knows it, on behalf of all requests that wait for the answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::IdentityError;
use crate::fetch::Fetch;

/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was found out, once it was.
pub(crate) type Answer<T> = Option<Result<T, IdentityError>>;

/// What an answer of the endpoint means.
pub(crate) trait Reading<T>: Send + Sync {
    fn read(&self, response: &Response<Bytes>) -> Result<T, IdentityError>;
}

pub(crate) struct Question<T> {
    pub(crate) request: Request<Bytes>,
    pub(crate) reading: Arc<dyn Reading<T>>,
    pub(crate) answer: watch::Sender<Answer<T>>,
}

// === impl Question ===

impl<T> Question<T> {
    pub(crate) async fn ask(self, fetch: &impl Fetch) {
        let sent = timeout(PATIENCE, fetch.send(self.request)).await;
        let answer = match sent {
            Ok(Ok(response)) => self.reading.read(&response),
            Ok(Err(failed)) => {
                tracing::warn!("the token endpoint cannot be asked: {failed}");
                Err(AWAY)
            }
            Err(_) => {
                tracing::warn!("the token endpoint does not answer");
                Err(AWAY)
            }
        };
        self.answer.send_replace(Some(answer));
    }
}

pub(crate) const AWAY: IdentityError = IdentityError::Unavailable("the token endpoint is away");
