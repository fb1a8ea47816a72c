//! From a request to its answer.

use std::sync::Arc;

use lockgate_core::ports::{EntityStore, SpendStore};
use serde_json::Value;

use crate::ask::{Answer, Ask};
use crate::caller::Caller;
use crate::directory::DirectorySink;
use crate::query::Query;
use crate::refusal::{ErrorForm, Refusal};
use crate::route::AdminRoute;
use crate::settings::AdminSettings;
use crate::spend::Prices;
use crate::table::Resource;
use crate::{
    access, access_groups, audit, budgets, config, credentials, customers, jwt_mappings, keys,
    models, organizations, projects, spend, tags, teams, users,
};

/// The management API.
pub struct Admin {
    /// Where entities are kept.
    pub store: Arc<dyn EntityStore>,
    /// Where it is kept what they spent; without it everybody has spent nothing.
    pub spend: Option<Arc<dyn SpendStore>>,
    /// Who knows prices; without it nothing has one.
    pub prices: Option<Arc<dyn Prices>>,
    /// Who is told of every change.
    pub directory: Arc<dyn DirectorySink>,
    /// What the operator configured.
    pub settings: AdminSettings,
    /// The time, in microseconds since 1970.
    pub clock: fn() -> i64,
}

/// A request, whose route was found and whose caller is known.
#[derive(Debug, Clone)]
pub struct AdminRequest {
    /// Its route; see [`crate::find`].
    pub route: AdminRoute,
    /// What stands for the `{...}` of the route's path.
    pub params: Vec<String>,
    /// The query of the URL, as it was sent.
    pub query: String,
    /// The body.
    pub body: Vec<u8>,
    /// Who asks.
    pub caller: Caller,
    /// From which address, for the audit log.
    pub address: Option<String>,
    /// Whether `Accept` asks for CSV, which reports of spend can be.
    pub accepts_csv: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminResponse {
    /// The HTTP status.
    pub status: u16,
    /// What the body is.
    pub media: Media,
    /// The body.
    pub body: String,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON text.
    Json,
    /// CSV: a report that was asked for so.
    Csv,
}

/// How often a request is done again that met somebody else's change.
const ATTEMPTS: u32 = 4;

// === impl Admin ===

impl Admin {
    /// Answers a request.
    ///
    /// When somebody else changed the same entity between reading and writing it, everything is done
    /// again from the start, a few times.
    pub async fn answer(&self, mut request: AdminRequest) -> AdminResponse {
        let form = request.route.error_form();
        request.caller = request.caller.bounded();
        let request = &request;
        let mut attempt = 1;
        loop {
            let answer = match access::check(request.route, &request.caller) {
                Ok(()) => self.dispatch(request).await,
                Err(refusal) => Err(refusal),
            };
            match answer {
                Ok(value) if request.wants_csv() => return AdminResponse::csv(&value),
                Ok(value) => return AdminResponse::new(200, &value),
                Err(refusal) if refusal.is_conflict && attempt < ATTEMPTS => attempt += 1,
                Err(refusal) => return AdminResponse::new(refusal.status, &refusal.body(form)),
            }
        }
    }

    async fn dispatch(&self, request: &AdminRequest) -> Answer {
        let ask = &Ask {
            admin: self,
            request,
            query: Query::read(&request.query),
            now: (self.clock)(),
        };
        match request.route.resource() {
            Resource::Keys => Box::pin(keys::answer(ask)).await,
            Resource::Users => Box::pin(users::answer(ask)).await,
            Resource::Teams => Box::pin(teams::answer(ask)).await,
            Resource::Organizations => Box::pin(organizations::answer(ask)).await,
            Resource::Customers => Box::pin(customers::answer(ask)).await,
            Resource::Budgets => Box::pin(budgets::answer(ask)).await,
            Resource::Tags => Box::pin(tags::answer(ask)).await,
            Resource::Projects => Box::pin(projects::answer(ask)).await,
            Resource::AccessGroups => Box::pin(access_groups::answer(ask)).await,
            Resource::Models => Box::pin(models::answer(ask)).await,
            Resource::Credentials => Box::pin(credentials::answer(ask)).await,
            Resource::Config => Box::pin(config::answer(ask)).await,
            Resource::JwtMappings => Box::pin(jwt_mappings::answer(ask)).await,
            Resource::Audit => Box::pin(audit::answer(ask)).await,
            Resource::Spend => Box::pin(spend::answer(ask)).await,
        }
    }
}

// === impl AdminRequest ===

impl AdminRequest {
    /// Whether the answer is to be CSV: reports of spend can be.
    pub(crate) fn wants_csv(&self) -> bool {
        let asked = match Query::read(&self.query).get("format") {
            Some(format) => format.eq_ignore_ascii_case("csv"),
            None => self.accepts_csv,
        };
        asked && self.route.resource() == Resource::Spend
    }
}

// === impl AdminResponse ===

impl AdminResponse {
    fn new(status: u16, value: &Value) -> Self {
        Self {
            status,
            media: Media::Json,
            body: value.to_string(),
        }
    }

    fn csv(report: &Value) -> Self {
        Self {
            status: 200,
            media: Media::Csv,
            body: spend::csv::of(report),
        }
    }
}

/// What every route answers in a process that has no store.
#[must_use]
pub fn without_store() -> AdminResponse {
    let refusal = Refusal::no_store();
    AdminResponse::new(refusal.status, &refusal.body(ErrorForm::Error))
}
