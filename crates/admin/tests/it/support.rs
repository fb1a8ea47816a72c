//! The API with a store of its own, asked as the server asks it: by method and path.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lockgate_admin::{
    Admin, AdminRequest, AdminSettings, Caller, DirectorySink, Found, KeyCaller, Media,
    OrganizationRole, Priced, Prices, Quote, Role, TeamRole, Unpriced, find,
};
use lockgate_core::Secret;
use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{AuditDraft, AuditQuery, EntityStore, Paging, Spend};
use lockgate_testkit::{MemorySpend, MemoryStore};
use serde_json::Value;

/// 2026-11-23T12:00:00Z, in microseconds.
pub(crate) const NOW: i64 = 1_795_435_200_000_000;

/// A deployment of the configuration file.
pub(crate) const CONFIGURED: &str = "from-the-file";

/// What the process was told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) puts: Mutex<Vec<Entity>>,
    pub(crate) removals: Mutex<Vec<EntityId>>,
    pub(crate) forgiven: Mutex<Vec<Spend>>,
}

impl DirectorySink for Told {
    fn changed(&self, puts: &[Entity], removals: &[EntityId]) {
        self.puts.lock().unwrap().extend_from_slice(puts);
        self.removals.lock().unwrap().extend_from_slice(removals);
    }

    fn forgiven(&self, taken: &[Spend]) {
        self.forgiven.lock().unwrap().extend_from_slice(taken);
    }

    fn is_configured_model(&self, id: &str) -> bool {
        id == CONFIGURED
    }
}

/// A thousandth of a dollar for each message, for the one model it knows.
struct Fixed;

impl Prices for Fixed {
    fn cost<'a>(&'a self, quote: &'a Quote<'a>) -> Priced<'a> {
        let (model, messages) = match *quote {
            Quote::Question { model, messages } => (model, messages.len()),
            Quote::Answer { model, answer } => {
                let named = answer.get("model").and_then(Value::as_str);
                (model.or(named).unwrap_or_default(), 1)
            }
        };
        let known = model == "gpt";
        let cost = Nanodollars::new(1_000_000 * i64::try_from(messages).unwrap());
        let unknown = Unpriced::Unknown {
            model: model.to_owned(),
        };
        Box::pin(std::future::ready(if known {
            Ok(cost)
        } else {
            Err(unknown)
        }))
    }
}

/// The API.
pub(crate) struct Api {
    pub(crate) admin: Admin,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) spend: Arc<MemorySpend>,
    pub(crate) told: Arc<Told>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(configure: impl FnOnce(&mut AdminSettings)) -> Self {
        Self::on(MemoryStore::default(), MemorySpend::default(), configure)
    }

    /// Another one with the same in its store.
    pub(crate) fn copy(&self) -> Self {
        Self::on(MemoryStore::clone(&self.store), self.spend.copy(), |_| {})
    }

    fn on(
        store: MemoryStore,
        spend: MemorySpend,
        configure: impl FnOnce(&mut AdminSettings),
    ) -> Self {
        let store = Arc::new(store);
        let spend = Arc::new(spend);
        let told = Arc::new(Told::default());
        let mut settings = AdminSettings::new(Secret::new("sk-salt"));
        configure(&mut settings);
        let admin = Admin {
            store: store.clone(),
            spend: Some(spend.clone()),
            prices: Some(Arc::new(Fixed)),
            directory: told.clone(),
            settings,
            clock: || NOW,
        };
        Self {
            admin,
            store,
            spend,
            told,
        }
    }

    /// Asks as somebody. `path` may have a query.
    pub(crate) async fn ask_as(
        &self,
        caller: &Caller,
        method: &str,
        path: &str,
        body: impl Into<Option<Value>>,
    ) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let Some(Found::Route(route, params)) = find(method, path) else {
            panic!("there is no route {method} {path}");
        };
        let body = body
            .into()
            .map_or(Vec::new(), |body| body.to_string().into_bytes());
        let request = AdminRequest {
            route,
            params,
            query: query.to_owned(),
            body,
            caller: caller.clone(),
            address: Some("192.0.2.7".to_owned()),
            accepts_csv: false,
        };
        let response = self.admin.answer(request).await;
        Reply {
            status: response.status,
            body: match response.media {
                Media::Json => serde_json::from_str(&response.body).unwrap(),
                Media::Csv => Value::from(response.body),
            },
        }
    }

    /// Asks with the master key.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Option<Value>>,
    ) -> Reply {
        self.ask_as(&Caller::Master, method, path, body).await
    }

    /// Asks with the master key for what must work.
    pub(crate) async fn must(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Option<Value>>,
    ) -> Value {
        let reply = self.ask(method, path, body).await;
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.body);
        reply.body
    }

    /// The audit log, the oldest first.
    pub(crate) async fn audit(&self) -> Vec<AuditDraft> {
        let query = AuditQuery {
            entity: None,
            kind: None,
            actor: None,
            action: None,
            from: None,
            until: None,
            paging: Paging {
                offset: 0,
                size: 1000,
            },
        };
        let page = self.store.audit(&query).await.unwrap();
        page.rows
            .into_iter()
            .rev()
            .map(|entry| entry.said)
            .collect()
    }
}

/// JSON as golden files hold it.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// Somebody with a key and nothing else.
pub(crate) fn user(role: Role, id: &str) -> KeyCaller {
    KeyCaller {
        key_id: Some(format!("key-of-{id}")),
        role,
        user_id: Some(id.to_owned()),
        team_id: None,
        organization_id: None,
        teams: BTreeMap::new(),
        organizations: BTreeMap::new(),
        allowed_routes: Vec::new(),
        limits: Vec::new(),
    }
}

pub(crate) trait Membership {
    fn in_team(self, id: &str, role: TeamRole) -> Self;
    fn in_organization(self, id: &str, role: OrganizationRole) -> Self;
    fn caller(self) -> Caller;
}

impl Membership for KeyCaller {
    fn in_team(mut self, id: &str, role: TeamRole) -> Self {
        self.teams.insert(id.to_owned(), role);
        self
    }

    fn in_organization(mut self, id: &str, role: OrganizationRole) -> Self {
        self.organizations.insert(id.to_owned(), role);
        self
    }

    fn caller(self) -> Caller {
        Caller::Key(self)
    }
}
