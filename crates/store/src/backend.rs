//! A store: pools of connections to a database, and transactions on them.

use std::collections::HashSet;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockgate_core::ports::StoreError;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

use crate::failure::understood;
use crate::spend::LedgerFile;
use crate::sql::{Flavour, Session, Statement};
use crate::url::{DatabaseUrl, Server, Target};

/// How to connect, where the URL does not say.
#[derive(Debug, Clone, Copy)]
pub struct ConnectOptions {
    /// Connections to PostgreSQL at most.
    pub connections: u32,
    /// How long to wait for one of them.
    pub patience: Duration,
}

/// Entities, spend and the ledger in a database.
///
/// Cheap to clone. Use it from the runtime it was made in: its connections live there.
#[derive(Debug, Clone)]
pub struct Store {
    backend: Backend,
}

#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Sqlite {
        /// One connection: SQLite has one writer, and waiting in a queue is fairer than retrying.
        writer: SqlitePool,
        readers: SqlitePool,
        /// The same file, for batches of the ledger; used by who has the writer.
        ledger: Arc<LedgerFile>,
    },
    Postgres {
        primary: PgPool,
        /// Where reports are read.
        replica: PgPool,
        /// The server and database, for sessions outside of the pools.
        server: Arc<Server>,
        /// Partitions of the ledger that are known to be there.
        partitions: Arc<Mutex<HashSet<i64>>>,
    },
}

/// Longer than any statement takes; a server that vanished without a word is away after it.
const ANSWER: Duration = Duration::from_secs(60);
/// Another process may write to the same file.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// A connection is made anew after this long, so that none outlives a change of address.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
const IDLE: Duration = Duration::from_secs(5 * 60);

// === impl ConnectOptions ===

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connections: 10,
            patience: Duration::from_secs(5),
        }
    }
}

// === impl Store ===

impl Store {
    /// The store in the database at `url`; reports are read from `replica`, if there is one.
    ///
    /// No connection is opened yet, so that a gateway starts while its database is away. Must be
    /// called within a runtime.
    ///
    /// # Errors
    /// When the file of a SQLite database cannot be made. It is made readable for its owner only.
    pub fn connect(
        url: &DatabaseUrl,
        replica: Option<&DatabaseUrl>,
        options: ConnectOptions,
    ) -> Result<Self, StoreError> {
        let backend = match url.target() {
            Target::Sqlite(path) => sqlite(path, options)?,
            Target::Postgres(server) => {
                let primary = pool(server, options);
                let replica = match replica.map(DatabaseUrl::target) {
                    Some(Target::Postgres(server)) => pool(server, options),
                    _ => primary.clone(),
                };
                Backend::Postgres {
                    primary,
                    replica,
                    server: Arc::new(Server::clone(server)),
                    partitions: Arc::default(),
                }
            }
        };
        Ok(Self { backend })
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// When it is not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        in_time(Box::pin(async {
            let mut session = self.reading().await?;
            session.script("SELECT 1").await?;
            session.commit().await
        }))
        .await
    }

    /// Closes all connections once their work is done.
    pub async fn close(&self) {
        match &self.backend {
            Backend::Sqlite {
                writer,
                readers,
                ledger,
            } => {
                readers.close().await;
                writer.close().await;
                ledger.close();
            }
            Backend::Postgres {
                primary, replica, ..
            } => {
                replica.close().await;
                primary.close().await;
            }
        }
    }

    pub(crate) const fn backend(&self) -> &Backend {
        &self.backend
    }

    pub(crate) const fn flavour(&self) -> Flavour {
        match self.backend {
            Backend::Sqlite { .. } => Flavour::Sqlite,
            Backend::Postgres { .. } => Flavour::Postgres,
        }
    }

    /// A transaction that may write.
    pub(crate) async fn writing(&self) -> Result<Session, sqlx::Error> {
        match &self.backend {
            // A transaction that begins as a reader cannot always become a writer.
            Backend::Sqlite { writer, .. } => writer
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map(Session::Sqlite),
            Backend::Postgres { primary, .. } => primary.begin().await.map(Session::Postgres),
        }
    }

    /// Runs one statement that writes; says how many rows it touched.
    pub(crate) async fn run(&self, statement: Statement) -> Result<u64, sqlx::Error> {
        let mut session = self.writing().await?;
        let touched = session.run(statement).await?;
        session.commit().await?;
        Ok(touched)
    }

    /// A transaction that only reads, and sees all that was written before.
    pub(crate) async fn reading(&self) -> Result<Session, sqlx::Error> {
        match &self.backend {
            Backend::Sqlite { readers, .. } => readers.begin().await.map(Session::Sqlite),
            Backend::Postgres { primary, .. } => primary.begin().await.map(Session::Postgres),
        }
    }

    /// A transaction that only reads, for reports.
    pub(crate) async fn reporting(&self) -> Result<Session, sqlx::Error> {
        match &self.backend {
            Backend::Sqlite { readers, .. } => readers.begin().await.map(Session::Sqlite),
            Backend::Postgres { replica, .. } => replica.begin().await.map(Session::Postgres),
        }
    }
}

/// Does `work`, but not for ever.
pub(crate) async fn in_time<T>(
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER, work).await {
        Ok(done) => done.map_err(|error| understood(&error)),
        Err(_) => Err(silent()),
    }
}

/// What is said about a database that does not answer.
pub(crate) fn silent() -> StoreError {
    StoreError::Away(format!("no answer within {} s", ANSWER.as_secs()))
}

fn pool(server: &Server, options: ConnectOptions) -> PgPool {
    PoolOptions::new()
        .max_connections(server.connections.unwrap_or(options.connections).max(2))
        .acquire_timeout(server.patience.unwrap_or(options.patience))
        .max_lifetime(LIFETIME)
        .idle_timeout(IDLE)
        .connect_lazy_with(server.options())
}

fn sqlite(path: &Path, options: ConnectOptions) -> Result<Backend, StoreError> {
    make_file(path).map_err(|error| {
        StoreError::Refused(format!("{} cannot be made: {error}", path.display()))
    })?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY)
        .foreign_keys(false)
        // In KiB, for each connection: rows of the ledger lie all over a big file.
        .pragma("cache_size", "-8192")
        .optimize_on_close(true, None);
    let pool = |connections| {
        PoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.patience.max(BUSY))
    };
    Ok(Backend::Sqlite {
        writer: pool(1).connect_lazy_with(connect.clone()),
        readers: pool(READERS).connect_lazy_with(connect),
        ledger: Arc::new(LedgerFile::new(path)),
    })
}

/// What SQLite makes beside it gets the same permissions.
fn make_file(path: &Path) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}
