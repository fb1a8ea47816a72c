//! Deployment ids that stay the same from start to start.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The id of a deployment that has none of its own: 64 hex digits that depend on what was written,
/// not on what the environment holds.
///
/// `params` has its members sorted and its `os.environ/` references unresolved.
pub(crate) fn deployment_id(model_name: &str, params: &Value) -> String {
    hash(&json!({ "litellm_params": params, "model_name": model_name }).to_string())
}

/// SHA-256 in hex.
pub(crate) fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
