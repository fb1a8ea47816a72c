//! Proxies on the way to upstreams, as the environment names them.

use std::net::IpAddr;
use std::sync::Arc;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use lockgate_core::Environment;

/// Where a cloud tells its machines who they are; no proxy could answer for it.
const METADATA: &str = "metadata.google.internal";

/// Which upstreams are reached through which proxy. None unless the environment says so.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

/// A proxy on the way to one upstream.
#[derive(Debug)]
pub(super) struct Via {
    /// Where it is.
    pub(super) uri: Uri,
    /// What it is told about who asks.
    pub(super) auth: Option<HeaderValue>,
}

// === impl Proxies ===

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case first, as curl
    /// reads them. Proxies that speak anything but HTTP are not used, which is logged.
    pub fn from_environment(environment: &Environment) -> Self {
        let read = |names: [&'static str; 2]| {
            let found = names.into_iter().find_map(|name| {
                let value = environment.get_non_empty(name)?.trim();
                Some((name, value))
            });
            match found {
                Some((_, value)) if is_http(value) => value,
                Some((name, _)) => {
                    // Its value may hold a password.
                    tracing::warn!("{name} names no HTTP proxy and is not used");
                    ""
                }
                None => "",
            }
        };
        let https = read(["https_proxy", "HTTPS_PROXY"]);
        let http = read(["http_proxy", "HTTP_PROXY"]);
        let all = read(["all_proxy", "ALL_PROXY"]);
        if [https, http, all].iter().all(|value| value.is_empty()) {
            return Self(None);
        }
        let direct = environment.first_non_empty(&["no_proxy", "NO_PROXY"]);
        let matcher = Matcher::builder()
            .https(https)
            .http(http)
            .all(all)
            .no(domains(direct.unwrap_or_default()))
            .build();
        Self(Some(Arc::new(matcher)))
    }

    /// The proxy on the way to `uri`, if there is one.
    pub(super) fn towards(&self, uri: &Uri) -> Option<Via> {
        let matcher = self.0.as_ref()?;
        if is_near(uri.host()?) {
            return None;
        }
        let found = matcher.intercept(uri)?;
        Some(Via {
            uri: found.uri().clone(),
            auth: found.basic_auth().cloned(),
        })
    }

    /// The proxy that is asked in the upstream's place, as it is where there is no TLS.
    pub(super) fn instead_of(&self, uri: &Uri) -> Option<Via> {
        self.towards(uri)
            .filter(|_| uri.scheme() == Some(&Scheme::HTTP))
    }
}

/// Whether a proxy is one that is spoken to in plain HTTP; without a scheme it is.
fn is_http(value: &str) -> bool {
    let plain = match value.split_once("://") {
        Some((scheme, _)) => scheme.eq_ignore_ascii_case("http"),
        None => true,
    };
    plain && value.parse::<Uri>().is_ok_and(|uri| uri.host().is_some())
}

/// `*.corp.test` is how many write what the rules call `.corp.test`.
fn domains(list: &str) -> String {
    let entries = list.split(',').map(str::trim);
    let entries = entries.map(|entry| match entry.strip_prefix("*.") {
        Some(domain) => domain,
        None => entry,
    });
    entries.collect::<Vec<_>>().join(",")
}

/// Whether a host is this machine, or one that only this machine can reach.
fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unicast_link_local(),
        Err(_) => {
            let local = bare.eq_ignore_ascii_case("localhost");
            local || bare.ends_with(".localhost") || bare.eq_ignore_ascii_case(METADATA)
        }
    }
}
