//! Work that takes too long for a thread that serves others.

use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

/// Does `work` on a thread of its own while the core goes on serving.
///
/// Counting tokens is such work: the vocabulary takes a third of a second to load the first time.
///
/// # Errors
/// When the work panicked.
pub async fn off_core<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GatewayError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| GatewayError::gateway(ErrorKind::Internal, format!("a task failed: {e}")))
}
