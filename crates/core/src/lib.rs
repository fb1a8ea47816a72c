//! The domain of Lockgate: its vocabulary and its rules. No network, no runtime.

pub mod access;
pub mod config;
pub mod discover;
pub mod entity;
mod environment;
pub mod error;
pub mod fingerprint;
pub mod ledger;
pub mod master_key;
pub mod money;
pub mod network;
pub mod period;
pub mod ports;
mod secret;
pub mod terms;

pub use self::config::{
    Config, ConfigError, Diagnostic, Fallback, GeneralSettings, LitellmParams, Loaded, ModelEntry,
    ModelInfo, RouterSettings,
};
pub use self::environment::Environment;
pub use self::secret::{Secret, SecretDigest, sha256};
