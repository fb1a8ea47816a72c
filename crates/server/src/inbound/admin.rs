//! The management API, as far as a core deals with it: who asks, the body, and handing it over.

use std::net::IpAddr;

use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use lockgate_admin::{AdminRequest, AdminResponse, AdminRoute, Caller, Media};
use lockgate_core::error::GatewayError;
use lockgate_engine::{AnswerBody, Engine, error_response, read_body};
use lockgate_wire::DialectId;

use super::reply;
use crate::admin_desk::{AdminDesk, Asked, Busy};

/// The largest body of a management request.
const BODY: usize = 10 * 1024 * 1024;

/// A management request, as its path and method tell.
#[derive(Debug, Clone)]
pub(super) struct AdminAsk {
    pub(super) route: AdminRoute,
    pub(super) params: Vec<String>,
}

/// Answers a management request.
pub(super) async fn answer(
    engine: &Engine,
    desk: &AdminDesk,
    ask: AdminAsk,
    request: Request<Incoming>,
    peer: IpAddr,
) -> Response<AnswerBody> {
    let snapshot = engine.shared().snapshot.load_full();
    let governance = &engine.shared().governance;
    let key_id = match governance.authenticate(&snapshot, request.headers(), None) {
        Ok(caller) if caller.is_master() => None,
        Ok(caller) => Some(
            caller
                .key()
                .map_or_else(String::new, |key| key.id().to_owned()),
        ),
        Err(error) => return refused(&error),
    };
    let accept = request.headers().get(header::ACCEPT);
    let accepts_csv = accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/csv"));
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = if desk.is_open() {
        match read_body(request.into_body(), BODY).await {
            Ok(body) => body.to_vec(),
            Err(error) => return refused(&error),
        }
    } else {
        Vec::new()
    };
    let request = AdminRequest {
        route: ask.route,
        params: ask.params,
        query,
        body,
        caller: Caller::Master,
        address: Some(peer.to_string()),
        accepts_csv,
    };
    let asked = Asked { request, key_id };
    match desk.ask(asked).await {
        Ok(response) => respond(response),
        Err(Busy) => busy(),
    }
}

fn refused(error: &GatewayError) -> Response<AnswerBody> {
    error_response(DialectId::OpenAiChat, error)
}

fn respond(response: AdminResponse) -> Response<AnswerBody> {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = match response.media {
        Media::Json => reply::json(response.body),
        Media::Csv => reply::typed("text/csv; charset=utf-8", response.body),
    };
    reply::with_status(answer, status)
}

/// A path of the management API with a method that it does not have there, in the words of LiteLLM.
pub(super) fn wrong_method(allowed: &str) -> Response<AnswerBody> {
    let response = reply::json(r#"{"detail":"Method Not Allowed"}"#);
    let mut response = reply::with_status(response, StatusCode::METHOD_NOT_ALLOWED);
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

fn busy() -> Response<AnswerBody> {
    let body = r#"{"error":{"message":"too many management requests wait; try again","type":"internal_server_error","param":null,"code":"503"}}"#;
    let response = reply::json(body);
    let mut response = reply::with_status(response, StatusCode::SERVICE_UNAVAILABLE);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
