//! What a gateway is started with.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{Exited, Gateway, GatewayError};
use crate::process::{free_port, sibling_binary};

/// A gateway to be started: `lockgate --config FILE --host 127.0.0.1 --port N --data-dir DIR`, empty environment.
#[derive(Clone, Debug)]
pub struct GatewayBuilder {
    binary: Option<PathBuf>,
    config: Option<String>,
    files: Vec<(String, String)>,
    env: Vec<(OsString, OsString)>,
    args: Vec<OsString>,
    ready_path: String,
    start_timeout: Duration,
}

// === impl GatewayBuilder ===

impl Default for GatewayBuilder {
    fn default() -> Self {
        Self {
            binary: None,
            config: None,
            files: Vec::new(),
            env: Vec::new(),
            args: Vec::new(),
            ready_path: "/health/liveliness".to_owned(),
            start_timeout: Duration::from_secs(20),
        }
    }
}

impl GatewayBuilder {
    /// The text of its `config.yaml`; without one, `--config` is not passed.
    #[must_use]
    pub fn config(mut self, yaml: impl Into<String>) -> Self {
        self.config = Some(yaml.into());
        self
    }

    /// Another file in the folder of `config.yaml` (for `include`).
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.files.push((name.into(), text.into()));
        self
    }

    /// An environment variable. Nothing is inherited but `PATH`; `HOME` is the gateway's own folder.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// One more argument on the command line.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The binary to run instead of the one found by `LOCKGATE_BIN` or beside the test.
    #[must_use]
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = Some(path.into());
        self
    }

    /// The path that answers 200 once it is up; `/health/liveliness` unless set.
    #[must_use]
    pub fn ready_path(mut self, path: impl Into<String>) -> Self {
        self.ready_path = path.into();
        self
    }

    /// How long a start may take; 20 s unless set.
    #[must_use]
    pub fn start_timeout(mut self, within: Duration) -> Self {
        self.start_timeout = within;
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// [`GatewayError::Exited`] with its output when it refused to start; `unwrap` shows the output.
    pub async fn start(self) -> Result<Gateway, GatewayError> {
        let mut gateway = self.spawn()?;
        gateway
            .wait_ready(&self.ready_path, self.start_timeout)
            .await?;
        Ok(gateway)
    }

    /// Starts it expecting it to end by itself (a refused start).
    ///
    /// # Errors
    /// [`GatewayError::Late`] when it still runs after the start timeout.
    pub async fn run_to_exit(self) -> Result<Exited, GatewayError> {
        self.spawn()?.wait_exit(self.start_timeout).await
    }

    /// Runs `lockgate ARGS` to its end in a folder with the configuration as `config.yaml`, for the subcommands that
    /// start nothing (`["check", "--config", "config.yaml"]`).
    ///
    /// # Errors
    /// [`GatewayError::Late`] when it still runs after the start timeout.
    pub async fn run(self, args: &[&str]) -> Result<Exited, GatewayError> {
        let folder = self.folder()?;
        let mut command = self.command(folder.path())?;
        command.args(args).args(&self.args);
        let mut process = Gateway {
            child: command.spawn()?,
            port: 0,
            folder,
        };
        process.wait_exit(self.start_timeout).await
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// When there is no binary or it cannot be executed.
    pub fn spawn(&self) -> Result<Gateway, GatewayError> {
        let folder = self.folder()?;
        let port = free_port()?;
        let mut command = self.command(folder.path())?;
        if self.config.is_some() {
            command.arg("--config").arg(config_path(folder.path()));
        }
        command
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--data-dir",
            ])
            .arg(data_dir(folder.path()))
            .args(&self.args);
        Ok(Gateway {
            child: command.spawn()?,
            port,
            folder,
        })
    }

    fn command(&self, folder: &Path) -> Result<Command, GatewayError> {
        let binary = match &self.binary {
            Some(path) => path.clone(),
            None => sibling_binary("LOCKGATE_BIN", "lockgate").ok_or(GatewayError::NoBinary)?,
        };
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", folder)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(File::create(folder.join(STDOUT))?)
            .stderr(File::create(folder.join(STDERR))?);
        Ok(command)
    }

    fn folder(&self) -> io::Result<TempDir> {
        let folder = tempfile::Builder::new()
            .prefix("lockgate-test-")
            .tempdir()?;
        if let Some(yaml) = &self.config {
            fs::write(config_path(folder.path()), yaml)?;
        }
        for (name, text) in &self.files {
            fs::write(folder.path().join(name), text)?;
        }
        Ok(folder)
    }
}

const STDOUT: &str = "stdout.log";
const STDERR: &str = "stderr.log";

pub(super) fn config_path(folder: &Path) -> PathBuf {
    folder.join("config.yaml")
}

pub(super) fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

pub(super) fn stdout(folder: &Path) -> String {
    read(&folder.join(STDOUT))
}

pub(super) fn stderr(folder: &Path) -> String {
    read(&folder.join(STDERR))
}

fn read(path: &Path) -> String {
    // A log that cannot be read is an empty log: this text only explains failures.
    fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
