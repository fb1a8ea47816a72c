//! Management requests on their way from the cores to the control plane, which owns the store.
//!
//! A core serves models; it must not wait for a database. It hands a management request over and is
//! called back, and when too many of them wait it refuses further ones at once.

use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use lockgate_admin::{
    Admin, AdminRequest, AdminResponse, AdminSettings, Caller, DirectorySink, Prices, Registration,
    identify, identify_bearer, without_store,
};
use lockgate_core::Secret;
use lockgate_core::config::Config;
use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{EntityStore, Spend, SpendStore};
use lockgate_engine::Shared;
use lockgate_engine::governance::{Bearer, Registry};
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::composing::{Composer, Stock};
use crate::registrar::Registrar;

/// How many requests may wait.
const QUEUE: usize = 256;
/// How many are answered at the same time.
const AT_ONCE: usize = 32;

/// Where a core hands management requests over.
#[derive(Clone)]
pub(crate) struct AdminDesk(Option<mpsc::Sender<Job>>);

/// Where the control plane answers them.
pub(crate) struct AdminOffice {
    admin: Option<Arc<Admin>>,
    jobs: mpsc::Receiver<Job>,
    in_hand: FuturesUnordered<LocalBoxFuture<'static, ()>>,
    /// What makes changes of deployments and settings serve.
    composer: Option<Rc<Composer>>,
}

/// The store of this process, if it has one.
#[derive(Clone)]
pub(crate) struct Stores {
    /// Where entities are kept.
    pub entities: Arc<dyn EntityStore>,
    /// Where it is kept what they spent.
    pub spend: Arc<dyn SpendStore>,
}

/// A management request before it is known who its caller is.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The request; what it says about its caller is filled in.
    pub request: AdminRequest,
    /// Who asks.
    pub asker: Asker,
}

/// Who asks, as far as a core knows.
#[derive(Debug)]
pub(crate) enum Asker {
    /// The holder of the master key.
    Master,
    /// The holder of the key with this id.
    Key(String),
    /// Whoever shows a token that somebody else issued.
    Bearer(Box<Bearer>),
}

/// What the control plane is handed over.
pub(crate) enum Job {
    /// A management request.
    Ask(Box<Asked>, oneshot::Sender<AdminResponse>),
    /// What a token names; nobody may wait for the answer.
    Register(Registration, oneshot::Sender<Result<(), String>>),
}

/// Nobody takes the request now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

/// What this process serves from.
struct Serving {
    shared: Arc<Shared>,
    stock: Arc<Stock>,
}

/// Opens the management API on `stores`; without them every route says that there is no database.
///
/// `directory` is told of what changed, `prices` says what things cost.
pub(crate) fn start_admin(
    stores: Option<Stores>,
    directory: Arc<dyn DirectorySink>,
    prices: Option<Arc<dyn Prices>>,
    settings: AdminSettings,
) -> (AdminDesk, AdminOffice) {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let admin = stores.map(|stores| {
        Arc::new(Admin {
            store: stores.entities,
            spend: Some(stores.spend),
            prices,
            directory,
            settings,
            clock: now,
        })
    });
    let desk = AdminDesk(admin.is_some().then_some(sender));
    let office = AdminOffice {
        admin,
        jobs,
        in_hand: FuturesUnordered::new(),
        composer: None,
    };
    (desk, office)
}

/// What is told of changes: what is in memory, and what the next snapshot is made of.
pub(crate) fn serving(shared: Arc<Shared>, stock: Arc<Stock>) -> Arc<dyn DirectorySink> {
    Arc::new(Serving { shared, stock })
}

/// What the secrets of the database are encrypted with: `LITELLM_SALT_KEY`, or else the master key.
pub(crate) fn salt(config: &Config, master: &Secret) -> Secret {
    let salt = config.environment.get_non_empty("LITELLM_SALT_KEY");
    salt.map_or_else(|| master.clone(), Secret::from)
}

/// What the configuration says about the management API.
pub(crate) fn settings(config: &Config, master: &Secret) -> AdminSettings {
    let environment = &config.environment;
    let litellm = &config.litellm;
    AdminSettings {
        default_key_generate_params: litellm.default_key_generate_params.clone(),
        upperbound_key_generate_params: litellm.upperbound_key_generate_params.clone(),
        default_internal_user_params: litellm.default_internal_user_params.clone(),
        default_team_params: litellm.default_team_params.clone(),
        disable_custom_api_keys: config.general.disable_custom_api_keys,
        rotation_grace_period: environment
            .get_non_empty("LITELLM_KEY_ROTATION_GRACE_PERIOD")
            .map(str::to_owned),
        zone: config.governance.timezone.clone(),
        max_budget: config.governance.max_budget,
        ..AdminSettings::new(salt(config, master))
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    })
}

// === impl AdminDesk ===

impl AdminDesk {
    /// Whether there is a store, so that a request is worth reading.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// What makes what tokens name: does not keep the office open.
    pub(crate) fn registry(&self) -> Option<Box<dyn Registry>> {
        let sender = self.0.as_ref()?;
        Some(Box::new(Registrar::new(sender.downgrade())))
    }

    /// Hands a request over and waits for its answer.
    pub(crate) async fn ask(&self, asked: Asked) -> Result<AdminResponse, Busy> {
        let Some(sender) = &self.0 else {
            return Ok(without_store());
        };
        let (answer, answered) = oneshot::channel();
        sender
            .try_send(Job::Ask(Box::new(asked), answer))
            .map_err(|_| Busy)?;
        answered.await.map_err(|_| Busy)
    }
}

// === impl AdminOffice ===

impl AdminOffice {
    /// The management API itself, for what the gateway does on its own.
    pub(crate) fn admin(&self) -> Option<Arc<Admin>> {
        self.admin.clone()
    }

    /// Has changes serve through `composer` before they are answered.
    pub(crate) fn serve_through(&mut self, composer: Rc<Composer>) {
        self.composer = Some(composer);
    }

    /// Answers requests until no core is left that could ask. May be dropped in between and called again.
    pub(crate) async fn run(&mut self) {
        loop {
            let has_room = self.in_hand.len() < AT_ONCE;
            tokio::select! {
                Some(()) = self.in_hand.next(), if !self.in_hand.is_empty() => {}
                job = self.jobs.recv(), if has_room => match job {
                    Some(job) => self.take(job),
                    None => break,
                },
            }
        }
        while self.in_hand.next().await.is_some() {}
    }

    fn take(&mut self, job: Job) {
        let Some(admin) = self.admin.clone() else {
            return;
        };
        let composer = self.composer.clone();
        self.in_hand.push(Box::pin(async move {
            // The client may have left; what it asked for is done.
            match job {
                Job::Ask(asked, told) => {
                    let response = answer(&admin, *asked).await;
                    if let Some(composer) = composer {
                        composer.refresh().await;
                    }
                    let _left = told.send(response);
                }
                Job::Register(registration, told) => {
                    let done = admin.register(&registration).await;
                    if let Err(why) = &done {
                        tracing::warn!("what a token names cannot be made: {why}");
                    }
                    let _left = told.send(done.map_err(|why| why.to_string()));
                }
            }
        }));
    }
}

/// Finds out who asks, and answers.
async fn answer(admin: &Admin, asked: Asked) -> AdminResponse {
    let mut request = asked.request;
    let store = &*admin.store;
    let identified = match asked.asker {
        Asker::Master => return admin.answer(request).await,
        Asker::Key(id) => identify(store, &id).await,
        Asker::Bearer(bearer) => {
            let Bearer {
                role,
                user,
                team,
                routes,
                ..
            } = *bearer;
            identify_bearer(store, user, team, role, routes).await
        }
    };
    match identified {
        Ok(caller) => {
            request.caller = Caller::Key(caller);
            admin.answer(request).await
        }
        Err(error) => {
            tracing::warn!("a management request cannot be answered: {error}");
            without_store()
        }
    }
}

// === impl Serving ===

impl DirectorySink for Serving {
    fn changed(&self, puts: &[Entity], removals: &[EntityId]) {
        let directory = &self.shared.governance.directory;
        directory.load(puts);
        for id in removals {
            directory.remove(id);
        }
        self.stock.changed(puts, removals);
    }

    fn forgiven(&self, taken: &[Spend]) {
        let shared = &self.shared;
        let zone = shared.snapshot.load().config.governance.timezone.clone();
        for spend in taken {
            shared.governance.forgive(spend, &zone);
        }
    }

    fn is_configured_model(&self, id: &str) -> bool {
        let snapshot = self.shared.snapshot.load();
        let mut configured = snapshot
            .deployments()
            .filter(|deployment| !deployment.entry.model_info.in_database);
        configured.any(|deployment| deployment.id() == id)
    }

    fn serves_stored(&self) -> bool {
        self.stock.is_served()
    }

    fn written_setting(&self, section: &str, name: &str) -> Option<Value> {
        self.stock.written(section, name)
    }

    fn refuses_settings(&self, section: &str, settings: &Map<String, Value>) -> Option<String> {
        self.stock.refuses(section, settings)
    }
}

#[cfg(test)]
mod tests {
    use lockgate_admin::{AdminRoute, Caller};
    use lockgate_testkit::{MemorySpend, MemoryStore};

    use super::*;

    struct Nobody;

    impl DirectorySink for Nobody {
        fn changed(&self, _: &[Entity], _: &[EntityId]) {}

        fn forgiven(&self, _: &[Spend]) {}

        fn is_configured_model(&self, _: &str) -> bool {
            false
        }
    }

    fn opened() -> (AdminDesk, AdminOffice) {
        let stores = Stores {
            entities: Arc::new(MemoryStore::default()),
            spend: Arc::new(MemorySpend::default()),
        };
        let settings = AdminSettings::new(Secret::new("sk-salt"));
        start_admin(Some(stores), Arc::new(Nobody), None, settings)
    }

    fn new_key() -> Asked {
        let request = AdminRequest {
            route: AdminRoute::KeyGenerate,
            params: Vec::new(),
            query: String::new(),
            body: b"{}".to_vec(),
            caller: Caller::Master,
            address: None,
            accepts_csv: false,
        };
        Asked {
            request,
            asker: Asker::Master,
        }
    }

    /// A core on a thread of its own, as in the data plane.
    fn core<T: Send + 'static>(
        desk: AdminDesk,
        ask: impl AsyncFnOnce(AdminDesk) -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(ask(desk))
        })
    }

    #[tokio::test]
    async fn what_a_core_asks_is_answered_on_another_thread_until_the_last_core_is_gone() {
        let (desk, mut office) = opened();
        let cores: Vec<_> = (0..4)
            .map(|_| {
                core(desk.clone(), async |desk| {
                    let mut statuses = Vec::new();
                    for _ in 0..20 {
                        statuses.push(desk.ask(new_key()).await.map(|response| response.status));
                    }
                    statuses
                })
            })
            .collect();
        drop(desk);
        office.run().await;
        for core in cores {
            assert_eq!(core.join().unwrap(), [Ok(200); 20]);
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let (desk, office) = opened();
        let waiting: Vec<_> = (0..QUEUE).map(|_| Box::pin(desk.ask(new_key()))).collect();
        let mut waiting: FuturesUnordered<_> = waiting.into_iter().collect();
        // Nobody answers: all of them wait, and one more is refused.
        let all = tokio::select! {
            biased;
            answered = waiting.next() => answered.is_some(),
            () = std::future::ready(()) => false,
        };
        assert!(!all, "nothing was answered");
        assert_eq!(desk.ask(new_key()).await, Err(Busy));
        // An office that closes refuses what it has not begun.
        drop(office);
        assert_eq!(waiting.next().await, Some(Err(Busy)));
    }

    #[tokio::test]
    async fn without_a_store_everything_is_answered_with_that() {
        let settings = AdminSettings::new(Secret::new("sk-salt"));
        let (desk, mut office) = start_admin(None, Arc::new(Nobody), None, settings);
        office.run().await;
        assert!(!desk.is_open());
        let response = desk.ask(new_key()).await.unwrap();
        assert_eq!(response.status, 500);
        assert!(
            response.body.contains("no_db_connection"),
            "{}",
            response.body
        );
    }
}
