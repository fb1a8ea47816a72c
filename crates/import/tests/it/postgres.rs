//! A `PostgreSQL` server of a test's own, which goes with it.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lockgate_core::Secret;
use rustix::process::{Pid, Signal, getuid, kill_process};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};

/// A server that listens on a socket in a folder of its own.
pub(crate) struct Postgres {
    child: Child,
    folder: tempfile::TempDir,
}

/// `initdb` refuses to run as root.
const NOBODY: u32 = 65534;

impl Postgres {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if getuid().is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.path().join("data");
        let made = command("initdb")
            .args([
                "--auth=trust",
                "--username=litellm",
                "--no-sync",
                "--encoding=UTF8",
            ])
            .args(["--no-locale", "--pgdata"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        let child = command("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, folder };
        server.wait().await;
        server
    }

    /// Where it listens.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> Secret {
        let folder = self.folder().display();
        Secret::new(format!(
            "postgresql://litellm@localhost/postgres?host={folder}&connection_limit=5"
        ))
    }

    /// Runs statements.
    pub(crate) async fn run(&self, sql: impl Into<String>) {
        let mut connection = self.connect().await.unwrap();
        let sql = AssertSqlSafe(sql.into());
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        PgConnectOptions::new_without_pgpass()
            .socket(self.folder())
            .username("litellm")
            .database("postgres")
            .connect()
            .await
    }

    async fn wait(&self) {
        let start = Instant::now();
        while let Err(error) = self.connect().await {
            assert!(start.elapsed() < Duration::from_mins(1), "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Immediate shutdown; the data goes, too.
        let _gone = kill_process(Pid::from_child(&self.child), Signal::QUIT);
        let _status = self.child.wait();
    }
}

fn command(program: &str) -> Command {
    let mut command = Command::new(found(program));
    if getuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    // A folder that somebody else can enter.
    command.current_dir("/");
    command
}

/// The program where Debian keeps those of the newest version, or else in the path.
fn found(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.path().join("bin").join(program))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| program.into())
}
