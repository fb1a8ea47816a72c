//! `general_settings.pass_through_endpoints`: paths of the operator's own that lead to another server.

use std::time::Duration;

use super::{BaseUrl, Origin};
use crate::Secret;

/// One path and where it leads.
#[derive(Clone, Debug)]
pub struct PassThroughEndpoint {
    /// The path here, with its slash at the start and none at the end.
    pub path: String,
    /// Where requests go.
    pub target: BaseUrl,
    /// Headers sent with every request; they win over the client's.
    pub headers: Vec<(String, Secret)>,
    /// Parameters sent unless the client sends its own.
    pub default_query_params: Vec<(String, String)>,
    /// Paths below this one lead below the target.
    pub include_subpath: bool,
    /// The methods it answers; all when empty. Upper-case.
    pub methods: Vec<String>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// Whether the caller must show a key.
    pub auth: bool,
    /// The client's headers go along, but for its key.
    pub forward_headers: bool,
    /// A further header that the key is read from, lower-case.
    pub key_header: Option<String>,
    /// Where it was written.
    pub origin: Origin,
}
