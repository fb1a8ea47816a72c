//! The management API, as far as a core deals with it: who asks, the body, and handing it over.

use std::net::IpAddr;

use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use lockgate_admin::{AdminRequest, AdminResponse, AdminRoute, Caller, Media};
use lockgate_core::error::GatewayError;
use lockgate_engine::governance::Caller as GatewayCaller;
use lockgate_engine::{AnswerBody, Engine, error_response, read_body};
use lockgate_wire::DialectId;

use super::reply;
use crate::admin_desk::{AdminDesk, Asked, Asker, Busy};

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
    client: IpAddr,
) -> Response<AnswerBody> {
    let snapshot = engine.shared().snapshot.load_full();
    let governance = &engine.shared().governance;
    let caller = governance.authenticate(&snapshot, request.headers(), None);
    let asker = match caller.await {
        Ok(caller) => asker(&caller),
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
        address: Some(client.to_string()),
        accepts_csv,
    };
    let asked = Asked { request, asker };
    match desk.ask(asked).await {
        Ok(response) => respond(response),
        Err(Busy) => busy(),
    }
}

/// Who asks. Who is neither of the three holds a key that is nobody's.
fn asker(caller: &GatewayCaller) -> Asker {
    if caller.is_master() {
        return Asker::Master;
    }
    match caller.bearer() {
        Some(bearer) => Asker::Bearer(Box::new(bearer)),
        None => {
            let id = caller.key().map(|key| key.id().to_owned());
            Asker::Key(id.unwrap_or_default())
        }
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
