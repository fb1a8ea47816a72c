//! Requests from clients: which endpoint they mean, and the endpoints that need no pipeline.

mod about;
mod admin;
mod bedrock_path;
mod cors;
mod declared;
mod door;
mod gemini_path;
mod health;
mod info;
mod ledger;
mod metrics;
mod models;
mod ollama;
mod pass_through;
mod realtime;
mod reply;
mod responses;
mod route;
mod view;

use std::cell::Cell;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use lockgate_core::error::GatewayError;
use lockgate_engine::realtime::{Session, is_asked_for};
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Engine, error_response};
use lockgate_providers::public_providers;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::{ApiError, ErrorKind};

pub(crate) use self::declared::unreachable;
use self::route::{Page, Route};
use self::view::View;
use crate::admin_desk::AdminDesk;
use crate::status::Status;

/// What answers the requests of one core.
pub(crate) struct Inbound {
    engine: Engine,
    status: Arc<Status>,
    desk: AdminDesk,
    head_limit: usize,
}

/// What happens on a connection when HTTP is over, if anything does.
pub(crate) type Switch = Cell<Option<(OnUpgrade, Session)>>;

// === impl Inbound ===

impl Inbound {
    /// Answers from `engine`, tells `status`, hands management requests to `desk`.
    /// Refuses requests whose head is larger than `head_limit` bytes.
    pub(crate) fn new(
        engine: Engine,
        status: Arc<Status>,
        desk: AdminDesk,
        head_limit: usize,
    ) -> Self {
        Self {
            engine,
            status,
            desk,
            head_limit,
        }
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Answers one request. Access is decided on the matched route, never on the path's spelling.
    ///
    /// A connection that becomes a WebSocket is given what happens on it through `switch`.
    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: IpAddr,
        switch: &Switch,
    ) -> Response<AnswerBody> {
        if cors::is_preflight(&request) {
            return cors::preflight(&request);
        }
        let cross_origin = request.headers().contains_key(header::ORIGIN);
        let head_only = request.method() == Method::HEAD;
        let route = self.route(&request);
        let (client, is_admitted) = self.client(peer, &request);
        let mut response = match route {
            route if !is_admitted && !door::is_probe(&route) => {
                door::closed(route::dialect_of(&request), client)
            }
            Route::Session(ask) => {
                let upgrade = hyper::upgrade::on(&mut request);
                let opened = Box::pin(self.engine.open_session(&ask, &request)).await;
                if let Some(session) = opened.session {
                    switch.set(Some((upgrade, session)));
                }
                opened.response
            }
            _ if is_asked_for(&request) => no_websocket(&request),
            Route::HeadTooLarge(dialect) => head_too_large(dialect, self.head_limit),
            Route::Pipeline(endpoint) => {
                let dialect = endpoint.dialect;
                // Boxed: its size is the pipeline's, and every other answer is small.
                let served = Box::pin(self.engine.serve(endpoint, request));
                // A panic ends one request, and its client is told so.
                AssertUnwindSafe(served)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| broke(dialect))
            }
            Route::PassThrough(ask) => Box::pin(self.engine.pass_through(ask, request)).await,
            Route::Page(page) => Box::pin(self.page(page, request)).await,
            Route::Admin(ask) => {
                Box::pin(admin::answer(
                    &self.engine,
                    &self.desk,
                    ask,
                    request,
                    client,
                ))
                .await
            }
            Route::AdminMethods(methods) => admin::wrong_method(&methods),
            Route::NotFound(dialect) => not_found(dialect, request.uri().path()),
            Route::WrongMethod(dialect, allowed) => wrong_method(dialect, allowed),
        };
        if head_only {
            response = response.map(AnswerBody::without_content);
        }
        if cross_origin {
            cors::allow(&mut response);
        }
        harden(&mut response);
        response
    }

    fn route<B>(&self, request: &Request<B>) -> Route {
        if head_size(request) > self.head_limit {
            Route::HeadTooLarge(route::dialect_of(request))
        } else {
            let snapshot = &self.engine.shared().snapshot;
            route::route(
                request,
                |id| snapshot.load().passes_through(id),
                |method, path| snapshot.load().has_endpoint(method, path),
            )
        }
    }

    /// Where a request comes from, and whether such requests are answered.
    fn client<B>(&self, peer: IpAddr, request: &Request<B>) -> (IpAddr, bool) {
        let snapshot = self.engine.shared().snapshot.load();
        let network = &snapshot.config.general.network;
        let client = door::client(network, peer, request.headers());
        (client, network.admits(client))
    }

    async fn page(&self, page: Page, request: Request<Incoming>) -> Response<AnswerBody> {
        let snapshot = self.engine.shared().snapshot.load_full();
        if !page.needs_key(&snapshot) {
            return self.open_page(&page, &snapshot).await;
        }
        let governance = &self.engine.shared().governance;
        let caller = governance.authenticate(&snapshot, request.headers(), page.query_key());
        let caller = caller.await.and_then(|caller| {
            caller.check_route(page.matched())?;
            Ok(caller)
        });
        let caller = match caller {
            Ok(caller) => caller,
            Err(error) => return error_response(page.dialect(), &error),
        };
        let owner = caller.identity();
        let view = View::new(snapshot.clone(), governance.clone(), caller);
        match page {
            Page::Health => health::models(&self.engine, &snapshot, request.uri().query()).await,
            Page::Metrics => metrics::exposition(self.engine.shared(), &snapshot, &self.status),
            Page::Models(dialect, _) => models::list(dialect, &view, request.uri().query()),
            Page::Model(dialect, id, _) => models::one(dialect, &view, &id),
            Page::Responses(ask) => Box::pin(self.engine.tell(&snapshot, &ask, owner)).await,
            Page::OllamaTags => ollama::tags(&view),
            Page::OllamaRunning => ollama::running(&view),
            Page::OllamaShow => ollama::show(&view, request.into_body()).await,
            Page::ModelInfo
            | Page::ModelInfoPages
            | Page::ModelGroupInfo
            | Page::TokenCounter
            | Page::SupportedParams
            | Page::TransformRequest
            | Page::Capabilities => {
                let answered = info::answer(&page, &self.engine, view, request).await;
                answered.unwrap_or_else(|error| error_response(page.dialect(), &error))
            }
            page => self.open_page(&page, &snapshot).await,
        }
    }

    /// A page for which nobody needs a key.
    async fn open_page(&self, page: &Page, snapshot: &Snapshot) -> Response<AnswerBody> {
        match page {
            Page::OpenApi => about::openapi(),
            Page::Providers => reply::value(&public_providers()),
            Page::Alive => reply::json("\"I'm alive!\""),
            Page::Ready => health::ready(&self.status),
            Page::OllamaVersion => ollama::version(),
            Page::PriceMap => info::price_map().await,
            Page::Metrics => metrics::exposition(self.engine.shared(), snapshot, &self.status),
            _ => about::about(),
        }
    }
}

fn broke(dialect: DialectId) -> Response<AnswerBody> {
    let message = "the gateway failed on this request; its log says where";
    error_response(
        dialect,
        &GatewayError::gateway(ErrorKind::Internal, message),
    )
}

/// The bytes of a request's head, as HTTP/1.1 writes it.
fn head_size<B>(request: &Request<B>) -> usize {
    let line = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    let fields = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    line + fields.sum::<usize>()
}

fn head_too_large(dialect: DialectId, limit: usize) -> Response<AnswerBody> {
    let message = format!("the request head is larger than {limit} bytes");
    let mut api = ApiError::new(ErrorKind::InvalidRequest, message);
    api.status = 431;
    error_response(dialect, &GatewayError::upstream(api, None))
}

fn not_found(dialect: DialectId, path: &str) -> Response<AnswerBody> {
    let message = format!("there is nothing at {path}");
    error_response(dialect, &GatewayError::client(ErrorKind::NotFound, message))
}

fn no_websocket<B>(request: &Request<B>) -> Response<AnswerBody> {
    let message = format!(
        "there is no WebSocket at {}; /v1/realtime is one",
        request.uri().path()
    );
    let error = GatewayError::client(ErrorKind::InvalidRequest, message);
    error_response(route::dialect_of(request), &error)
}

fn wrong_method(dialect: DialectId, allowed: &'static str) -> Response<AnswerBody> {
    let mut api = ApiError::new(
        ErrorKind::InvalidRequest,
        format!("this endpoint answers {allowed} only"),
    );
    api.status = 405;
    let error = GatewayError::upstream(api, None);
    let mut response = error_response(dialect, &error);
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// What keeps a browser from doing more with an answer than reading it.
fn harden(response: &mut Response<AnswerBody>) {
    response.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}
