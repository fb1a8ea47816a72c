//! Responses that were kept: `/v1/responses/{id}` and what stands below it.

use http::{Method, Request, Response};
use lockgate_core::error::GatewayError;
use lockgate_engine::auth::Identity;
use lockgate_engine::responses::{Page, ResponseStore};
use lockgate_engine::{AnswerBody, error_response};
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use serde_json::json;

use super::reply;
use super::route::{decode, query_value};

/// What is asked of a response that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    id: String,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Get,
    Delete,
    Cancel,
    InputItems,
}

/// What a path below `/responses/` and a method ask for; `Err` names the method that fits.
pub(super) fn ask(path: &str, method: &Method) -> Option<Result<Ask, &'static str>> {
    let rest = path
        .strip_prefix("/v1")
        .unwrap_or(path)
        .strip_prefix("/responses/")?;
    let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
    if id.is_empty() {
        return None;
    }
    let what = match (below, method) {
        ("", &Method::GET | &Method::HEAD) => What::Get,
        ("", &Method::DELETE) => What::Delete,
        ("", _) => return Some(Err("GET, HEAD, DELETE")),
        ("cancel", &Method::POST) => What::Cancel,
        ("cancel", _) => return Some(Err("POST")),
        ("input_items", &Method::GET | &Method::HEAD) => What::InputItems,
        ("input_items", _) => return Some(Err("GET, HEAD")),
        _ => return None,
    };
    let id = decode(id);
    Some(Ok(Ask { id, what }))
}

/// The answer for the caller `owner`.
pub(super) fn answer<B>(
    ask: &Ask,
    owner: Identity,
    store: &ResponseStore,
    request: &Request<B>,
) -> Response<AnswerBody> {
    match look_up(ask, owner, store, request) {
        Ok(response) => response,
        Err(error) => error_response(DialectId::OpenAiResponses, &error),
    }
}

fn look_up<B>(
    ask: &Ask,
    owner: Identity,
    store: &ResponseStore,
    request: &Request<B>,
) -> Result<Response<AnswerBody>, GatewayError> {
    let kept = store.get(&ask.id, owner).ok_or_else(|| not_kept(&ask.id))?;
    match ask.what {
        What::Get => Ok(reply::json(kept.response.clone())),
        What::Delete => {
            store.remove(&ask.id, owner);
            let gone = json!({ "id": ask.id, "object": "response", "deleted": true });
            Ok(reply::value(&gone))
        }
        What::Cancel => Err(GatewayError::client(
            ErrorKind::InvalidRequest,
            "only a response that runs in the background can be cancelled",
        )),
        What::InputItems => {
            let after = query_value(request, "after");
            let page = Page {
                after: after.as_deref(),
                limit: query_value(request, "limit").and_then(|limit| limit.parse().ok()),
                ascending: query_value(request, "order").as_deref() == Some("asc"),
            };
            kept.list_input(&page).map(|list| reply::value(&list))
        }
    }
}

fn not_kept(id: &str) -> GatewayError {
    let message = format!("there is no response `{id}`");
    GatewayError::client(ErrorKind::NotFound, message).with_param("response_id")
}
