//! Paths of the operator's own: where they lead, and what goes along.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use lockgate_core::config::PassThroughEndpoint;
use lockgate_core::error::GatewayError;
use lockgate_providers::Target;
use lockgate_wire::canonical::ErrorKind;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::headers::{DESCRIBES_BODY, PASS, is_own, sendable};
use crate::snapshot::{Rejected, Snapshot};

/// One path, ready to be asked for.
#[derive(Debug)]
pub(crate) struct Configured {
    /// As configured.
    pub entry: PassThroughEndpoint,
    target: Target,
    headers: HeaderMap,
}

// === impl Configured ===

impl Configured {
    /// Makes the endpoints ready, longest paths first; those that cannot be are reported.
    pub(crate) fn all(entries: &[PassThroughEndpoint], rejected: &mut Vec<Rejected>) -> Vec<Self> {
        let mut all = Vec::new();
        for entry in entries {
            match Target::parse(entry.target.as_str()) {
                Ok(target) => all.push(Self::new(entry.clone(), target)),
                Err(error) => rejected.push(refused(entry, &error.to_string())),
            }
        }
        all.sort_by_key(|endpoint| std::cmp::Reverse(endpoint.entry.path.len()));
        all
    }

    fn new(entry: PassThroughEndpoint, target: Target) -> Self {
        let mut headers = HeaderMap::new();
        let basic = target
            .basic_auth()
            .map(|basic| (AUTHORIZATION.as_str(), basic));
        let own = entry
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose().to_owned()));
        for (name, value) in basic.into_iter().chain(own) {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_str(&value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        Self {
            entry,
            target,
            headers,
        }
    }

    /// What `path` has below this one's, with its slash; `None` when it is another path.
    fn below<'p>(&self, method: &Method, path: &'p str) -> Option<&'p str> {
        let entry = &self.entry;
        let asked = entry.methods.is_empty() || entry.methods.iter().any(|m| m == method.as_str());
        let below = path.strip_prefix(&entry.path).filter(|_| asked)?;
        let whole = matches!(below, "" | "/");
        (whole || entry.include_subpath && below.starts_with('/')).then_some(below)
    }

    /// Where a request for `below` with the client's `query` goes.
    pub(super) fn uri(&self, below: &str, query: &str) -> Result<Uri, GatewayError> {
        let below = if below == "/" { "" } else { below };
        let theirs: Vec<&str> = query
            .split('&')
            // The operator's parameter may be a credential.
            .filter(|pair| {
                !pair.is_empty() && !self.target.own_parameters().any(|own| own == name_of(pair))
            })
            .collect();
        let ours = self
            .entry
            .default_query_params
            .iter()
            .filter(|(name, _)| {
                let said = |pair: &&&str| percent_decode_str(name_of(pair)).eq(name.bytes());
                !theirs.iter().any(|pair| said(&pair))
            })
            .map(|(name, value)| {
                let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
                format!("{}={}", encode(name), encode(value))
            });
        let pairs: Vec<String> = ours
            .chain(theirs.iter().map(|&pair| pair.to_owned()))
            .collect();
        self.target
            .uri(below, &pairs.join("&"))
            .map_err(|e| GatewayError::client(ErrorKind::InvalidRequest, e.to_string()))
    }

    /// The headers of a request: the client's, as far as they go along, and the operator's.
    pub(super) fn headers(&self, client: &HeaderMap, key_header: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(client.len() + self.headers.len());
        let keys = [key_header, self.entry.key_header.as_deref()];
        for (name, value) in sendable(client) {
            let text = name.as_str();
            let key = keys
                .iter()
                .flatten()
                .any(|key| key.eq_ignore_ascii_case(text));
            let passed = text.strip_prefix(PASS).filter(|rest| !is_own(rest));
            if let Some(rest) = passed {
                if let Ok(name) = HeaderName::from_bytes(rest.as_bytes()) {
                    headers.append(name, value.clone());
                }
            } else if !key && (self.entry.forward_headers || DESCRIBES_BODY.contains(&text)) {
                headers.append(name.clone(), value.clone());
            }
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        headers
    }
}

fn name_of<'p>(pair: &'p &str) -> &'p str {
    pair.split('=').next().unwrap_or_default()
}

// === impl Snapshot ===

impl Snapshot {
    /// Whether the operator declared a path that this one is, or stands below.
    pub fn has_endpoint(&self, method: &Method, path: &str) -> bool {
        self.endpoint(method, path).is_some()
    }

    /// The endpoint that the operator declared for `path`, and what `path` has below it.
    pub(super) fn endpoint<'p>(
        &self,
        method: &Method,
        path: &'p str,
    ) -> Option<(&Configured, &'p str)> {
        let found = |endpoint| Some((endpoint, Configured::below(endpoint, method, path)?));
        self.endpoints.iter().find_map(found)
    }
}

fn refused(entry: &PassThroughEndpoint, error: &str) -> Rejected {
    let origin = &entry.origin;
    Rejected {
        message: format!(
            "{}:{}:{}: error: {}: endpoint `{}` is left out: {error}",
            origin.file.display(),
            origin.line,
            origin.column,
            origin.path,
            entry.path
        ),
    }
}
