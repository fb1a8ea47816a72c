//! Virtual keys that the gateway replaces by itself, now and then.

use std::sync::Arc;
use std::time::Duration;

use lockgate_admin::Admin;
use lockgate_core::Environment;

/// How often it is looked which keys are old, unless told otherwise (LiteLLM's figure).
const USUAL: Duration = Duration::from_secs(86_400);
/// The first look, so that a process that is restarted every day rotates at all.
const FIRST: Duration = Duration::from_secs(10);

/// How often to look; `None`: it is switched off, or would lock out everybody.
pub(crate) fn interval(environment: &Environment) -> Option<Duration> {
    if !environment.flag("LITELLM_KEY_ROTATION_ENABLED") {
        return None;
    }
    let grace = environment.get_non_empty("LITELLM_KEY_ROTATION_GRACE_PERIOD");
    if grace.is_none_or(|grace| matches!(grace.trim(), "0" | "0s")) {
        tracing::error!(
            "virtual keys are not rotated: without LITELLM_KEY_ROTATION_GRACE_PERIOD the old ones \
             would be refused before anybody has the new ones"
        );
        return None;
    }
    let seconds = environment.get_non_empty("LITELLM_KEY_ROTATION_CHECK_INTERVAL_SECONDS");
    let seconds = seconds.and_then(|text| text.trim().parse().ok());
    let every = seconds.map_or(USUAL, Duration::from_secs);
    Some(every.max(Duration::from_secs(1)))
}

/// Rotates for ever, every `interval`; nothing without one.
pub(crate) async fn run(admin: Option<Arc<Admin>>, interval: Option<Duration>) {
    let (Some(admin), Some(interval)) = (admin, interval) else {
        return std::future::pending().await;
    };
    tokio::time::sleep(FIRST.min(interval)).await;
    loop {
        match admin.rotate_keys().await {
            Ok(Some(rotated)) if rotated.done + rotated.failed > 0 => {
                tracing::info!(rotated.done, rotated.failed, "virtual keys were rotated");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("virtual keys cannot be rotated: {error}"),
        }
        tokio::time::sleep(interval).await;
    }
}
