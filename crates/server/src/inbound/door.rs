//! From where requests may come: decided before anything else of them.

use std::net::IpAddr;

use http::{HeaderMap, Response};
use lockgate_core::error::GatewayError;
use lockgate_core::network::NetworkSettings;
use lockgate_engine::{AnswerBody, error_response};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;

use super::route::{Page, Route};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request comes from that `peer` sent.
pub(super) fn client(network: &NetworkSettings, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !network.use_x_forwarded_for {
        return peer;
    }
    let values = headers.get_all(FORWARDED_FOR).iter();
    // A value that is no text names nobody.
    let texts: Vec<&str> = values.map(|value| value.to_str().unwrap_or("")).collect();
    network.client(peer, texts.into_iter())
}

/// Whether an orchestrator asks whether the process is well: probes come from wherever it is.
pub(super) fn is_probe(route: &Route) -> bool {
    matches!(route, Route::Page(Page::Alive | Page::Ready))
}

/// The refusal of a client that is not let in.
pub(super) fn closed(dialect: DialectId, client: IpAddr) -> Response<AnswerBody> {
    let message = format!("Access forbidden: IP address {client} not allowed.");
    let error = GatewayError::client(ErrorKind::PermissionDenied, message);
    error_response(dialect, &error.with_type("auth_error"))
}
