//! One connection to Redis, which lives inside the calls that use it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::Secret;
use lockgate_core::ports::StoreError;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, FromRedisValue, RedisConnectionInfo, RedisError, ScriptInvocation,
};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::RedisAddress;

/// A connection, and what moves its bytes: nothing happens on it between two calls.
pub(super) struct Link {
    connection: MultiplexedConnection,
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// How long connecting may take, TLS and login included.
const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take. Requests wait for it, once.
const ANSWER: Duration = Duration::from_millis(250);

// === impl Link ===

impl Link {
    pub(super) async fn open(
        address: &RedisAddress,
        trust: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, StoreError> {
        tokio::time::timeout(CONNECT, Self::connect(address, trust))
            .await
            .map_err(|_| StoreError::Away(format!("{address} did not answer within {CONNECT:?}")))?
    }

    async fn connect(
        address: &RedisAddress,
        trust: &Arc<rustls::ClientConfig>,
    ) -> Result<Self, StoreError> {
        let io = |error: std::io::Error| StoreError::Away(format!("{address}: {error}"));
        let stream = TcpStream::connect((address.host.as_str(), address.port))
            .await
            .map_err(io)?;
        stream.set_nodelay(true).map_err(io)?;
        let mut info = RedisConnectionInfo::default().set_db(i64::from(address.database));
        if let Some(username) = &address.username {
            info = info.set_username(username);
        }
        if let Some(password) = &address.password {
            info = info.set_password(Secret::expose(password));
        }
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let lost = |error: RedisError| understood(&error);
        if !address.tls {
            let (connection, driver) =
                MultiplexedConnection::new_with_config(&info, stream, config)
                    .await
                    .map_err(lost)?;
            return Ok(Self {
                connection,
                driver: Box::pin(driver),
            });
        }
        let name = ServerName::try_from(address.host.clone())
            .map_err(|error| StoreError::Refused(format!("{address}: {error}")))?;
        let connector = TlsConnector::from(trust.clone());
        let stream = connector.connect(name, stream).await.map_err(io)?;
        let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config)
            .await
            .map_err(lost)?;
        Ok(Self {
            connection,
            driver: Box::pin(driver),
        })
    }

    /// Runs a script. After an error the connection is of no use any more.
    pub(super) async fn run<T: FromRedisValue>(
        &mut self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let called = async {
            tokio::select! {
                // What has arrived is read before anybody looks at the clock.
                biased;
                () = &mut self.driver => Err(StoreError::Away("the connection was closed".to_owned())),
                answer = script.invoke_async(&mut self.connection) => {
                    answer.map_err(|error| understood(&error))
                }
            }
        };
        tokio::time::timeout(ANSWER, called)
            .await
            .map_err(|_| StoreError::Away(format!("no answer within {ANSWER:?}")))?
    }
}

fn understood(error: &RedisError) -> StoreError {
    // A wrong password, a missing right: an operator has to do something, though serving goes on.
    let refused = matches!(
        error.kind(),
        redis::ErrorKind::AuthenticationFailed | redis::ErrorKind::InvalidClientConfig
    );
    if refused {
        StoreError::Refused(error.to_string())
    } else {
        StoreError::Away(error.to_string())
    }
}
