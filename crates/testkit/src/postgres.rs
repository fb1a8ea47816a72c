//! A private PostgreSQL server, which leaves nothing behind.

use std::{
    env, fs, io,
    io::Write as _,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::process::{Signal, free_port, send_signal};

/// A PostgreSQL server of this process on a free port of 127.0.0.1, whose data is in a temporary folder.
///
/// Its administrator is `postgres` with the password `postgres`. It ends when it is dropped, and also when this process
/// ends without that: it is watched by a shell that reads from a pipe which only this process holds.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
    watcher: Mutex<Option<Child>>,
    /// Its processes that were made silent.
    silent: Mutex<Vec<u32>>,
    databases: AtomicU32,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// It is not installed.
    #[error("PostgreSQL is not installed: scripts/need-postgres.sh installs it, or says how to")]
    Absent,
    /// One of its programs failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Which.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// It did not answer in time.
    #[error("the server did not start: {0}")]
    Silent(String),
    /// The machine did not let us.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Starts the server, waits for the pipe to close, and stops it without waiting for its clients.
const WATCH: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -p "$3" -c listen_addresses=127.0.0.1 -c fsync=off \
  -c full_page_writes=off -c max_connections=100 >"$2/log" 2>&1 </dev/null &
server=$!
read -r order
kill -INT "$server" 2>/dev/null
wait "$server"
[ "$order" = keep ] || rm -rf "$2"
"#;

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// `nobody` on Debian; PostgreSQL does not run as root.
const NOBODY: u32 = 65_534;
const PASSWORD: &str = "postgres";

// === impl Postgres ===

impl Postgres {
    /// Starts a server.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self, PostgresError> {
        let binaries = find_binaries().ok_or(PostgresError::Absent)?;
        let folder = tempfile::Builder::new()
            .prefix("lockgate-postgres-")
            .tempdir()?;
        if is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY))?;
        }
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD)?;
        let mut initdb = unprivileged(&binaries.join("initdb"));
        initdb.arg("-D").arg(folder.path().join("data"));
        initdb.args([
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "scram-sha-256",
            "-N",
        ]);
        initdb.arg(format!("--pwfile={}", password.display()));
        succeed("initdb", &mut initdb)?;
        let server = Self {
            folder,
            binaries,
            port: free_port()?,
            watcher: Mutex::new(None),
            silent: Mutex::default(),
            databases: AtomicU32::new(0),
        };
        server.resume()?;
        Ok(server)
    }

    /// The server that all tests of this process share.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    #[must_use]
    #[expect(clippy::panic, reason = "a test without its server cannot go on")]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start().unwrap_or_else(|error| panic!("{error}")))
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The URL of `database` for the administrator.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://postgres:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Makes an empty database with a name of its own; answers its URL for the administrator.
    ///
    /// # Errors
    /// When the server does not make it.
    pub fn database(&self) -> Result<String, PostgresError> {
        self.copy_of("template0")
    }

    /// Makes a copy of the database `template`, which nobody may use meanwhile; answers its URL for the administrator.
    ///
    /// # Errors
    /// When the server does not make it.
    pub fn copy_of(&self, template: &str) -> Result<String, PostgresError> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )?;
        Ok(self.url(&name))
    }

    /// Runs `sql` in `database` as the administrator; answers what `psql` printed, without any ornament.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, PostgresError> {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        psql.arg(self.url(database)).env("PGCONNECT_TIMEOUT", "5");
        succeed("psql", &mut psql)
    }

    /// Stops the server at once; its data stays.
    pub fn stop(&self) {
        self.end("keep\n");
    }

    /// Starts it again, on the same port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&self) -> Result<(), PostgresError> {
        let mut command = unprivileged(Path::new("/bin/sh"));
        command
            .args(["-c", WATCH, "watch"])
            .arg(&self.binaries)
            .arg(self.folder.path());
        command.arg(self.port.to_string()).stdin(Stdio::piped());
        // An interrupt from a terminal goes to the whole group; this one ends by its pipe.
        let watcher = command.stdout(Stdio::null()).process_group(0).spawn()?;
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.psql("postgres", "SELECT 1") {
                Ok(_) => return Ok(()),
                Err(_) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                Err(error) => {
                    let log = fs::read_to_string(self.folder.path().join("log"));
                    return Err(PostgresError::Silent(
                        log.unwrap_or_else(|_| error.to_string()),
                    ));
                }
            }
        }
    }

    /// Makes the server fall silent, as one does whose machine hangs: connections stay open, new ones
    /// are taken by the kernel, and nobody answers.
    ///
    /// # Errors
    /// When its processes cannot be found.
    pub fn silence(&self) -> Result<(), PostgresError> {
        let pids = self.psql(
            "postgres",
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
        )?;
        let first = fs::read_to_string(self.folder.path().join("data/postmaster.pid"))?;
        // The one that would start more goes first.
        let pids = first.lines().take(1).chain(pids.lines());
        let mut silent = self.silent();
        for pid in pids.filter_map(|pid| pid.trim().parse().ok()) {
            // One that has ended meanwhile says nothing, too.
            if send_signal(pid, Signal::STOP).is_ok() {
                silent.push(pid);
            }
        }
        Ok(())
    }

    /// Makes it answer again.
    pub fn wake(&self) {
        for pid in self.silent().drain(..) {
            let _ended = send_signal(pid, Signal::CONT);
        }
    }

    fn silent(&self) -> MutexGuard<'_, Vec<u32>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, order: &str) {
        // Who is stopped does not hear that it is to end.
        self.wake();
        let watcher = self
            .watcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut watcher) = watcher {
            if let Some(mut pipe) = watcher.stdin.take() {
                // A watcher that is gone has nothing to stop.
                let _told = pipe.write_all(order.as_bytes());
            }
            let _ended = watcher.wait();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.end("");
    }
}

/// A command that does not run as root.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    // The folder we are in may be closed to others.
    command
        .current_dir("/")
        .env_remove("PGHOST")
        .env_remove("PGPASSWORD");
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn succeed(program: &'static str, command: &mut Command) -> Result<String, PostgresError> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PostgresError::Failed { program, output })
}

/// The folder with `initdb`, `postgres` and `psql`: Debian keeps the first two out of `PATH`.
fn find_binaries() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    let has_all = |folder: &PathBuf| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    debian
        .into_iter()
        .rev()
        .chain(env::split_paths(&path))
        .find(has_all)
}
