//! `lockgate serve`: from the command line to a running gateway, and to its end.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use lockgate_admin::Vault;
use lockgate_core::Environment;
use lockgate_core::config::{Config, Severity};
use lockgate_core::fingerprint::Fingerprint;
use lockgate_core::master_key::{self, Decision, MasterKey, MasterKeySource};
use lockgate_engine::auth::Keys;
use lockgate_engine::credentials::{self, Refresher};
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::upstream::{Proxies, Upstream};
use lockgate_engine::{CONNECT_TIMEOUT, Shared};
use lockgate_identity::{Identity, Keeper};

use crate::admin_desk::{self, AdminDesk, AdminOffice, start_admin};
use crate::cli::{ServeArgs, complain};
use crate::composing::{Composer, Stock};
use crate::configure::{self, Beside, Configured};
use crate::data_plane::DataPlane;
use crate::keeping::{self, Keeping};
use crate::prices::InForce;
use crate::reload::Reloader;
use crate::sharing::Sharing;
use crate::shutdown::{self, Signals, Stop, Stopping};
use crate::status::Status;
use crate::{check, inbound, listener, rotation, sharing, telemetry, tls};

/// How long requests in flight may take after a stop when the configuration does not say.
const DRAIN: Duration = Duration::from_secs(120);
/// How long a configuration waits for its cloud credentials before it serves without them.
pub(crate) const CREDENTIALS: Duration = Duration::from_secs(3);

/// Serves until it is told to stop.
pub(crate) fn run(args: ServeArgs, environment: Environment) -> anyhow::Result<ExitCode> {
    let args = &args.complete(&environment)?;
    if args.validate_config {
        return check::run(args.config.clone(), &environment);
    }
    let file = args.config.config.as_ref();
    let mut configured = configure::read(file, &environment)?;
    configure::add_model(&mut configured, &args.model, file.is_some())?;
    telemetry::init(args, &environment, &configured.config.litellm);
    report(args, &configured);
    let master = master_key(args, &configured.config)?;
    let gateway = Gateway::build(configured, &master, environment);
    gateway.run(args, &master)
}

/// A gateway that is ready to start.
struct Gateway {
    shared: Arc<Shared>,
    stock: Arc<Stock>,
    beside: Beside,
    /// What was said about the configuration.
    told: HashSet<String>,
    status: Arc<Status>,
    keeper: Arc<Keeper>,
    environment: Environment,
    files: Vec<PathBuf>,
    fingerprint: Fingerprint,
}

// === impl Gateway ===

impl Gateway {
    fn build(configured: Configured, master: &MasterKey, environment: Environment) -> Self {
        let config = &configured.config;
        let header_name = config.general.litellm_key_header_name.as_deref();
        let keys = Keys::new(&master.key, header_name);
        let vault = Vault::new(&admin_desk::salt(config, &master.key));
        let stock = Stock::new(vault, configured.document, environment.clone(), config);
        let diagnostics = configured.diagnostics.iter();
        let mut told: HashSet<String> = diagnostics.map(ToString::to_string).collect();
        let (snapshot, mut rejected) = Snapshot::build(configured.config, keys, None);
        rejected.extend(inbound::unreachable(&snapshot));
        for rejected in rejected {
            tracing::error!("{}", rejected.message);
            told.insert(rejected.message);
        }
        let keeper = Keeper::new();
        let identity = Identity::new(&snapshot.config.identity, &keeper);
        let shared = Shared::new(snapshot);
        shared.governance.identify_by(identity);
        Self {
            shared: Arc::new(shared),
            stock: Arc::new(stock),
            beside: configured.beside,
            told,
            status: Arc::default(),
            keeper,
            environment,
            files: configured.files,
            fingerprint: configured.fingerprint,
        }
    }

    fn run(self, args: &ServeArgs, master: &MasterKey) -> anyhow::Result<ExitCode> {
        let (stop, stopping) = shutdown::switch();
        let snapshot = self.shared.snapshot.load_full();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let keeping = {
            let _entered = runtime.enter();
            let folder = keeping::folder(args.data_dir.as_ref(), &snapshot.config);
            Keeping::open(&snapshot.config, &folder, cores(args), self.shared.clone())?
        };
        let (desk, mut office) = start_admin(
            Some(keeping.stores()),
            admin_desk::serving(self.shared.clone(), self.stock.clone()),
            Some(Arc::new(InForce(self.shared.clone()))),
            admin_desk::settings(&snapshot.config, &master.key),
        );
        if let Some(registry) = desk.registry() {
            self.shared.governance.register_with(registry);
        }
        let plane = self.plane(args, &snapshot.config, desk, &keeping, stopping)?;
        let _set_once = self.status.keeping.set(keeping.state());
        if let Some(journal) = keeping.journal() {
            let _set_once = self.status.journal.set(journal);
        }
        let listeners = listener::bind(args.host(), args.port(), cores(args))?;
        let address = listeners.first().context("no listener")?.local_addr()?;
        // Before the first answer: whoever sees the gateway serve may send it a signal.
        let signals = runtime.block_on(async { Signals::listen() })?;
        let composer = Rc::new(self.composer(plane.upstream()));
        office.serve_through(composer.clone());
        runtime.block_on(self.warm(&composer.upstream()));
        let begun = runtime.block_on(keeping.begin(&composer))?;
        let mut sharing = runtime.block_on(self.begin_sharing(&plane.trust));
        self.say_if_empty(args);
        let threads = plane.start(listeners)?;
        drop(snapshot);
        announce(
            address,
            plane.tls.is_some(),
            master,
            &self.shared.snapshot.load(),
        );
        // The office closes when the last core is gone, and this would count as one.
        drop(plane);
        runtime.block_on(self.control(
            args,
            signals,
            &stop,
            &composer,
            office,
            (
                Box::pin(keeping.run(begun, &composer)),
                Box::pin(sharing::run(sharing.as_mut())),
            ),
        ));
        join(threads);
        runtime.block_on(sharing::close(sharing));
        runtime.block_on(keeping.close());
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }

    /// Fetches credentials that have to be exchanged first.
    async fn warm(&self, upstream: &Upstream) {
        let snapshot = self.shared.snapshot.load_full();
        credentials::warm(&snapshot, upstream, CREDENTIALS).await;
    }

    async fn begin_sharing(&self, trust: &Arc<rustls::ClientConfig>) -> Option<Sharing> {
        let snapshot = self.shared.snapshot.load_full();
        let sharing = Sharing::begin(&snapshot.config, trust, &self.shared).await?;
        let _set_once = self.status.sharing.set(sharing.leases());
        Some(sharing)
    }

    fn say_if_empty(&self, args: &ServeArgs) {
        if self.shared.snapshot.load().listed_models().is_empty() {
            let file = args
                .config
                .config
                .as_deref()
                .unwrap_or_else(|| Path::new("the environment"));
            tracing::warn!("{} names no model that can be served", file.display());
        }
    }

    /// What every core is started with.
    fn plane(
        &self,
        args: &ServeArgs,
        config: &Config,
        desk: AdminDesk,
        keeping: &Keeping,
        stopping: Stopping,
    ) -> anyhow::Result<DataPlane> {
        let own = &config.lockgate;
        Ok(DataPlane {
            shared: self.shared.clone(),
            status: self.status.clone(),
            desk,
            journal: keeping.journal(),
            trust: tls::client(&config.litellm.ssl_verify)?,
            tls: server_tls(args)?,
            proxies: Proxies::from_environment(&config.environment),
            connect_timeout: own.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            drain: own.drain_timeout.unwrap_or(DRAIN),
            keep_alive: args.keepalive_timeout.map(Duration::from_secs),
            header_bytes: own.max_header_bytes,
            stopping,
        })
    }

    /// The control plane: everything that is not a request, until a signal says stop. What is kept,
    /// and what is shared with other replicas, is kept in step by the last two.
    async fn control(
        &self,
        args: &ServeArgs,
        signals: Signals,
        stop: &Stop,
        composer: &Rc<Composer>,
        mut office: AdminOffice,
        (kept, mut shared): (impl Future<Output = ()>, impl Future<Output = ()> + Unpin),
    ) {
        let Signals {
            mut terminate,
            mut interrupt,
            hangup,
        } = signals;
        let refresher = Refresher::new(composer.upstream());
        let issuers = composer.upstream();
        let every = rotation::interval(&self.shared.snapshot.load().config.environment);
        let rotated = rotation::run(office.admin(), every);
        let watched = async {
            if let Some(file) = &args.config.config {
                Box::pin(self.reloader(file, args, composer.clone()).run(hangup)).await;
            }
            // Without a reloader there is only the signal to wait for.
            std::future::pending::<()>().await;
        };
        let answered = async {
            office.run().await;
            std::future::pending::<()>().await;
        };
        let signal = tokio::select! {
            signal = shutdown::signalled(&mut terminate, &mut interrupt) => signal,
            () = watched => std::future::pending().await,
            () = refresher.run(&self.shared) => std::future::pending().await,
            () = answered => std::future::pending().await,
            () = self.keeper.run(&issuers) => std::future::pending().await,
            () = rotated => std::future::pending().await,
            () = kept => std::future::pending().await,
            () = &mut shared => std::future::pending().await,
        };
        tracing::info!("{signal}: finishing the requests in flight");
        self.status.stop();
        stop.stop();
        tokio::select! {
            () = office.run() => {}
            // Requests in flight may still wait for the keys of their issuers, and go on taking from
            // what is shared.
            () = self.keeper.run(&issuers) => {}
            () = shared => std::future::pending().await,
        }
    }

    fn composer(&self, upstream: Upstream) -> Composer {
        let (shared, stock) = (self.shared.clone(), self.stock.clone());
        Composer::new(
            shared,
            stock,
            (upstream, self.keeper.clone()),
            self.beside.clone(),
            self.told.clone(),
        )
    }

    fn reloader(&self, file: &Path, args: &ServeArgs, composer: Rc<Composer>) -> Reloader {
        Reloader {
            composer,
            file: file.to_owned(),
            model: args.model.clone(),
            environment: self.environment.clone(),
            shared: self.shared.clone(),
            status: self.status.clone(),
            files: self.files.clone(),
            seen: self.fingerprint.clone(),
        }
    }
}

fn report(args: &ServeArgs, configured: &Configured) {
    for flag in args.ignored.given() {
        tracing::warn!("--{flag} has no effect here");
    }
    for diagnostic in &configured.diagnostics {
        match diagnostic.severity {
            Severity::Error => tracing::error!("{diagnostic}"),
            Severity::Warning => tracing::warn!("{diagnostic}"),
        }
    }
}

fn master_key(args: &ServeArgs, config: &Config) -> anyhow::Result<MasterKey> {
    let loopback = listener::is_loopback(args.host());
    match master_key::decide(&config.general, &config.environment, loopback)? {
        Decision::Use(key) => Ok(key),
        Decision::Generate => {
            let folder = keeping::folder(args.data_dir.as_ref(), config);
            Ok(master_key::load_or_generate(&folder)?)
        }
    }
}

fn server_tls(args: &ServeArgs) -> anyhow::Result<Option<Arc<rustls::ServerConfig>>> {
    match (&args.ssl_certfile_path, &args.ssl_keyfile_path) {
        (Some(certificate), Some(key)) => tls::server(certificate, key).map(Some),
        _ => Ok(None),
    }
}

fn cores(args: &ServeArgs) -> usize {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    args.num_workers
        .map_or(available, |wanted| wanted.clamp(1, available))
}

/// Says where the gateway is and, when it just made the key, what the key is.
fn announce(address: SocketAddr, tls: bool, master: &MasterKey, snapshot: &Snapshot) {
    let scheme = if tls { "https" } else { "http" };
    let shown = if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    };
    tracing::info!(
        models = snapshot.listed_models().len(),
        "listening on {shown}"
    );
    if let MasterKeySource::DataFolder { path, created } = &master.source {
        if *created {
            complain(&format!(
                "no master key was set; this one was made and kept in {} (shown only now):\n\n    \
                 {}\n",
                path.display(),
                master.key.expose()
            ));
        } else {
            tracing::info!("the master key is the one in {}", path.display());
        }
    }
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        if thread.join().is_err() {
            tracing::error!("a core ended with a panic");
        }
    }
}
