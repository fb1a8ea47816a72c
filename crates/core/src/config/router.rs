//! `router_settings`, with what `litellm_settings` says about the same things folded in.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Fallback, LitellmParams};

/// How requests are spread, repeated and sent elsewhere. Defaults are LiteLLM's.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// How one deployment of a group is picked.
    pub routing_strategy: RoutingStrategy,
    /// Attempts after the first one (2).
    pub num_retries: u32,
    /// Least pause before an attempt is repeated (0).
    pub retry_after: Duration,
    /// Limit for a whole request (6000 s).
    pub timeout: Duration,
    /// Limit until the first byte of a streamed answer; `None` means `timeout`.
    pub stream_timeout: Option<Duration>,
    /// Failures per minute before a cooldown; `None` means the built-in policy.
    pub allowed_fails: Option<u32>,
    /// The same by kind of failure.
    pub allowed_fails_policy: Option<AllowedFailsPolicy>,
    /// How long a failing deployment is left alone (5 s).
    pub cooldown_time: Duration,
    /// Never cool down.
    pub disable_cooldowns: bool,
    /// Targets by model group; the group `*` stands for all.
    pub fallbacks: Vec<FallbackRule>,
    /// Targets when no rule names the group.
    pub default_fallbacks: Vec<Fallback>,
    /// Targets when the prompt does not fit.
    pub context_window_fallbacks: Vec<FallbackRule>,
    /// Targets when the provider refuses the content.
    pub content_policy_fallbacks: Vec<FallbackRule>,
    /// Fallbacks followed in one request (5).
    pub max_fallbacks: u32,
    /// Other names of model groups.
    pub model_group_alias: BTreeMap<String, ModelGroupAlias>,
    /// Parameters every deployment starts from; its own win. `model` is empty.
    pub default_litellm_params: LitellmParams,
    /// Attempts by kind of failure.
    pub retry_policy: Option<RetryPolicy>,
    /// The same for one model group; wins over `retry_policy`.
    pub model_group_retry_policy: BTreeMap<String, RetryPolicy>,
}

/// How one deployment of a group is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoutingStrategy {
    /// Weighted random: by `weight`, else `rpm`, else `tpm`, else evenly.
    #[default]
    SimpleShuffle,
}

/// The targets of one model group.
#[derive(Clone, Debug)]
pub struct FallbackRule {
    /// The model group that failed, or `*`.
    pub group: String,
    /// Where to go, in order.
    pub targets: Vec<Fallback>,
}

/// Another name of a model group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelGroupAlias {
    /// The group it stands for.
    pub model: String,
    /// Left out of the model listings.
    pub hidden: bool,
}

/// Attempts repeated, by kind of failure. `None`: the general number applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// `BadRequestErrorRetries`
    pub bad_request: Option<u32>,
    /// `AuthenticationErrorRetries`
    pub authentication: Option<u32>,
    /// `TimeoutErrorRetries`
    pub timeout: Option<u32>,
    /// `RateLimitErrorRetries`
    pub rate_limit: Option<u32>,
    /// `ContentPolicyViolationErrorRetries`
    pub content_policy: Option<u32>,
    /// `InternalServerErrorRetries`
    pub internal_server: Option<u32>,
    /// `ServiceUnavailableErrorRetries`
    pub service_unavailable: Option<u32>,
    /// `NotFoundErrorRetries`
    pub not_found: Option<u32>,
    /// `DefaultRetries`
    pub default: Option<u32>,
}

/// Failures per minute before a cooldown, by kind. `None`: the general number applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllowedFailsPolicy {
    /// `BadRequestErrorAllowedFails`
    pub bad_request: Option<u32>,
    /// `AuthenticationErrorAllowedFails`
    pub authentication: Option<u32>,
    /// `TimeoutErrorAllowedFails`
    pub timeout: Option<u32>,
    /// `RateLimitErrorAllowedFails`
    pub rate_limit: Option<u32>,
    /// `ContentPolicyViolationErrorAllowedFails`
    pub content_policy: Option<u32>,
    /// `InternalServerErrorAllowedFails`
    pub internal_server: Option<u32>,
    /// `ServiceUnavailableErrorAllowedFails`
    pub service_unavailable: Option<u32>,
    /// `BadGatewayErrorAllowedFails`
    pub bad_gateway: Option<u32>,
    /// `NotFoundErrorAllowedFails`
    pub not_found: Option<u32>,
}

// === impl RouterSettings ===

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            routing_strategy: RoutingStrategy::default(),
            num_retries: 2,
            retry_after: Duration::ZERO,
            timeout: Duration::from_secs(6000),
            stream_timeout: None,
            allowed_fails: None,
            allowed_fails_policy: None,
            cooldown_time: Duration::from_secs(5),
            disable_cooldowns: false,
            fallbacks: Vec::new(),
            default_fallbacks: Vec::new(),
            context_window_fallbacks: Vec::new(),
            content_policy_fallbacks: Vec::new(),
            max_fallbacks: 5,
            model_group_alias: BTreeMap::new(),
            default_litellm_params: LitellmParams::default(),
            retry_policy: None,
            model_group_retry_policy: BTreeMap::new(),
        }
    }
}
