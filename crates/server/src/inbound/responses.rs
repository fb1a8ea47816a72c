//! Responses that are there, or are being made: `/v1/responses/{id}` and what stands below it.

use http::{Method, Request};
use lockgate_engine::responses::{Ask, Page, What};

use super::route::{decode, query_value};

/// Parameters that a provider which keeps a response itself is told of.
const PARAMETERS: [&str; 7] = [
    "after",
    "include",
    "include[]",
    "include_obfuscation",
    "limit",
    "order",
    "starting_after",
];

/// What a path below `/responses/` and a method ask for; `Err` names the method that fits.
pub(super) fn ask<B>(path: &str, request: &Request<B>) -> Option<Result<Ask, &'static str>> {
    let rest = path
        .strip_prefix("/v1")
        .unwrap_or(path)
        .strip_prefix("/responses/")?;
    let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
    if id.is_empty() {
        return None;
    }
    let what = match (below, request.method()) {
        ("", &Method::GET | &Method::HEAD) => look(request),
        ("", &Method::DELETE) => What::Delete,
        ("", _) => return Some(Err("GET, HEAD, DELETE")),
        ("cancel", &Method::POST) => What::Cancel,
        ("cancel", _) => return Some(Err("POST")),
        ("input_items", &Method::GET | &Method::HEAD) => What::InputItems(page(request)),
        ("input_items", _) => return Some(Err("GET, HEAD")),
        _ => return None,
    };
    let id = decode(id);
    let query = query(request, &what);
    Some(Ok(Ask { id, what, query }))
}

fn look<B>(request: &Request<B>) -> What {
    if query_value(request, "stream").as_deref() != Some("true") {
        return What::Get;
    }
    let last: Option<usize> =
        query_value(request, "starting_after").and_then(|last| last.parse().ok());
    What::Follow(last.map_or(0, |last| last.saturating_add(1)))
}

fn page<B>(request: &Request<B>) -> Page {
    Page {
        after: query_value(request, "after"),
        limit: query_value(request, "limit").and_then(|limit| limit.parse().ok()),
        ascending: query_value(request, "order").as_deref() == Some("asc"),
    }
}

/// The query without what is not the provider's.
fn query<B>(request: &Request<B>, what: &What) -> String {
    let query = request.uri().query().unwrap_or_default();
    let known = |pair: &&str| {
        let name = decode(pair.split('=').next().unwrap_or_default());
        PARAMETERS.contains(&&*name)
    };
    let stream = matches!(what, What::Follow(_)).then_some("stream=true");
    let pairs: Vec<&str> = query.split('&').filter(known).chain(stream).collect();
    pairs.join("&")
}
