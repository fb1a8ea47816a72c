//! Paths that the operator declared and that nobody can reach.

use http::{Method, Request};
use lockgate_engine::snapshot::{Rejected, Snapshot};

use super::route::{Route, route};

/// The endpoints of `general_settings.pass_through_endpoints` whose path is the gateway's own.
pub(crate) fn unreachable(snapshot: &Snapshot) -> Vec<Rejected> {
    let endpoints = &snapshot.config.general.pass_through_endpoints;
    let own = endpoints.iter().filter(|endpoint| is_own(&endpoint.path));
    own.map(|endpoint| {
        let origin = &endpoint.origin;
        let (file, path) = (origin.file.display(), &endpoint.path);
        let message = format!(
            "{file}:{}:{}: error: {}: `{path}` is a path of the gateway's own, which comes first",
            origin.line, origin.column, origin.path
        );
        Rejected { message }
    })
    .collect()
}

fn is_own(path: &str) -> bool {
    let Ok(request) = Request::builder().method(Method::POST).uri(path).body(()) else {
        return false;
    };
    let found = route(&request, |_| false, |_, _| false);
    !matches!(found, Route::NotFound(_))
}
