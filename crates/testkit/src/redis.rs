//! A private Redis server, which leaves nothing behind.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::TcpStream,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::process::{Signal, free_port, send_signal};

/// A Redis server of this process on a free port of 127.0.0.1, which keeps nothing on disk.
///
/// It ends when it is dropped, and also when this process ends without that: it is watched by a shell that reads from a
/// pipe which only this process holds.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    port: u16,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    /// The shell.
    watcher: Child,
    /// The process id of the server.
    server: u32,
}

/// Starts the server, says its process id, waits for the pipe to close, and kills it.
const WATCH: &str = r#"
redis-server --port "$2" --bind 127.0.0.1 --save '' --appendonly no --dir "$1" \
  --daemonize no >"$1/log" 2>&1 </dev/null &
server=$!
echo "$server"
read -r order
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
"#;

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

// === impl Redis ===

impl Redis {
    /// Starts a server.
    ///
    /// # Errors
    /// When Redis is not installed, or does not start.
    pub fn start() -> io::Result<Self> {
        let server = Self {
            folder: tempfile::Builder::new()
                .prefix("lockgate-redis-")
                .tempdir()?,
            port: free_port()?,
            running: Mutex::new(None),
        };
        server.resume()?;
        Ok(server)
    }

    /// The server that all tests of this process share.
    ///
    /// # Panics
    /// When Redis is not installed, or does not start.
    #[must_use]
    #[expect(clippy::panic, reason = "a test without its server cannot go on")]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(|| {
            Self::start().unwrap_or_else(|error| {
                panic!(
                    "{error}: is redis-server installed? scripts/need-postgres.sh installs it, or says how to"
                )
            })
        })
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server; it has kept nothing.
    pub fn stop(&self) {
        let running = self.lock().take();
        if let Some(mut running) = running {
            // What is stopped does not end.
            signal(running.server, Signal::CONT);
            drop(running.watcher.stdin.take());
            let _ended = running.watcher.wait();
        }
    }

    /// Starts it again on the same port, with nothing in it.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&self) -> io::Result<()> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCH, "watch"])
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        // An interrupt from a terminal goes to the whole group; this one ends by its pipe.
        let mut watcher = command.process_group(0).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = watcher.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let server = line.trim().parse().map_err(io::Error::other)?;
        *self.lock() = Some(Running { watcher, server });
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.command("PING") {
                Ok(_) => return Ok(()),
                Err(_) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                Err(_) => {
                    let log = std::fs::read_to_string(self.folder.path().join("log"));
                    return Err(io::Error::other(log.unwrap_or_default()));
                }
            }
        }
    }

    /// Halts the server: connections stay, and nothing is answered until [`Redis::thaw`].
    pub fn freeze(&self) {
        if let Some(running) = &*self.lock() {
            signal(running.server, Signal::STOP);
        }
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        if let Some(running) = &*self.lock() {
            signal(running.server, Signal::CONT);
        }
    }

    /// Sends one command, its words separated by spaces; answers the first line.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn command(&self, command: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        match line.trim_end() {
            "" => Err(io::ErrorKind::UnexpectedEof.into()),
            answer => Ok(answer.to_owned()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn signal(server: u32, signal: Signal) {
    // One that is gone needs no signal.
    let _gone = send_signal(server, signal);
}
