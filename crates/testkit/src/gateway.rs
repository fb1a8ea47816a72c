//! The real `lockgate` binary as a child process, with its own folder and port.

mod builder;

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ExitStatus},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub use self::builder::GatewayBuilder;
use crate::{
    client::{Client, ClientError},
    process::{Signal, send_signal},
};

/// How often a state that gives no notice is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A running gateway; dropping it kills the process and removes its folder.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    port: u16,
    folder: TempDir,
}

/// How a gateway ended, with all it wrote.
#[derive(Clone, Debug)]
pub struct Exited {
    /// Exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything written to standard output.
    pub stdout: String,
    /// Everything written to standard error.
    pub stderr: String,
}

/// Why a gateway is not running.
#[derive(thiserror::Error)]
pub enum GatewayError {
    /// Neither the environment variable nor a folder near the running executable names the binary.
    #[error("no `lockgate` binary: build it (`cargo build -p lockgate`) or set LOCKGATE_BIN")]
    NoBinary,
    /// The operating system refused something.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It ended where it should have kept running.
    #[error("the gateway ended with code {:?}\n{}{}", .0.code, .0.stdout, .0.stderr)]
    Exited(Exited),
    /// It kept running but did not reach the state waited for.
    #[error("the gateway did not {what} within {within:?}\n{logs}")]
    Late {
        /// What was waited for.
        what: &'static str,
        /// How long.
        within: Duration,
        /// All it had written until then.
        logs: String,
    },
}

// === impl Gateway ===

impl Gateway {
    /// Describes a gateway to start.
    #[must_use]
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }

    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr())
    }

    /// A client of this gateway, without a key.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.addr())
    }

    /// Process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder removed on drop; it holds `config.yaml`, `data/` and the log files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration file it was started with.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        builder::config_path(self.folder.path())
    }

    /// The folder given as `--data-dir`.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        builder::data_dir(self.folder.path())
    }

    /// Replaces the configuration file, in one step as an editor or Kubernetes does.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_config(&self, yaml: &str) -> io::Result<()> {
        let next = self.folder.path().join("config.next");
        fs::write(&next, yaml)?;
        fs::rename(next, self.config_path())
    }

    /// Everything written so far: standard output, then standard error.
    #[must_use]
    pub fn logs(&self) -> String {
        let folder = self.folder.path();
        builder::stdout(folder) + &builder::stderr(folder)
    }

    /// Waits until the logs contain `text`.
    ///
    /// # Errors
    /// [`GatewayError::Late`] when `within` passes first, [`GatewayError::Exited`] when it ends without saying so.
    pub async fn wait_for_log(&mut self, text: &str, within: Duration) -> Result<(), GatewayError> {
        let deadline = Instant::now() + within;
        loop {
            let ended = self.child.try_wait()?;
            if self.logs().contains(text) {
                return Ok(());
            }
            if let Some(status) = ended {
                return Err(GatewayError::Exited(self.exited(status)));
            }
            self.pause("log what was expected", deadline, within)
                .await?;
        }
    }

    /// Asks for a drain: SIGTERM.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn sigterm(&self) -> io::Result<()> {
        send_signal(self.pid(), Signal::TERM)
    }

    /// Asks for a reload: SIGHUP.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn sighup(&self) -> io::Result<()> {
        send_signal(self.pid(), Signal::HUP)
    }

    /// Ends it without warning: SIGKILL.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn sigkill(&self) -> io::Result<()> {
        send_signal(self.pid(), Signal::KILL)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`GatewayError::Late`] when `within` passes first.
    pub async fn wait_exit(&mut self, within: Duration) -> Result<Exited, GatewayError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(self.exited(status));
            }
            self.pause("end", deadline, within).await?;
        }
    }

    async fn wait_ready(&mut self, path: &str, within: Duration) -> Result<(), GatewayError> {
        let deadline = Instant::now() + within;
        let client = self.client();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(GatewayError::Exited(self.exited(status)));
            }
            match client.get(path).await {
                Ok(reply) if reply.status == 200 => return Ok(()),
                Ok(_) | Err(ClientError::Io(_) | ClientError::Http(_)) => {}
                Err(error) => return Err(io::Error::other(error).into()),
            }
            self.pause("become ready", deadline, within).await?;
        }
    }

    async fn pause(
        &self,
        what: &'static str,
        deadline: Instant,
        within: Duration,
    ) -> Result<(), GatewayError> {
        if Instant::now() >= deadline {
            return Err(GatewayError::Late {
                what,
                within,
                logs: self.logs(),
            });
        }
        sleep(POLL).await;
        Ok(())
    }

    fn exited(&self, status: ExitStatus) -> Exited {
        let folder = self.folder.path();
        Exited {
            code: status.code(),
            stdout: builder::stdout(folder),
            stderr: builder::stderr(folder),
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Already ended is fine; otherwise the wait reaps the killed child.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// === impl GatewayError ===

/// `unwrap` in a test prints this, so it reads like the message.
impl std::fmt::Debug for GatewayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
