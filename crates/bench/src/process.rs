//! Child processes and what the kernel says they used.

use std::{
    fs, io,
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A helper process of this binary; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Helper {
    child: Child,
    port: u16,
}

/// Raises the number of files this process and its children may open as far as allowed; returns the limit.
pub(crate) fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // What cannot be raised stays as it is, and the caller plans with it.
    let _ = setrlimit(Resource::Nofile, wanted);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// User and system time of a process so far, over all its threads.
///
/// The scheduler's own sum in nanoseconds; `/proc/<pid>/stat` counts in ticks of 10 ms. Time of threads that have ended
/// is not in it: what is measured here keeps its threads.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the process has ended")? {
        let text = fs::read_to_string(task?.path().join("schedstat"))?;
        let running = text
            .split(' ')
            .next()
            .and_then(|field| field.parse::<u64>().ok());
        total += running.context("unreadable schedstat")?;
    }
    Ok(Duration::from_nanos(total))
}

/// Resident set of a process in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process has ended")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kib.context("unreadable status")? * 1024)
}

/// Waits until somebody listens on `port`.
pub(crate) fn wait_for_port(port: u16, within: Duration) -> Result<()> {
    let deadline = Instant::now() + within;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if Instant::now() > deadline {
            bail!("nobody listens on port {port} after {within:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Size of a file in bytes.
pub(crate) fn file_size(path: &Path) -> io::Result<u64> {
    Ok(fs::metadata(path)?.len())
}

// === impl Helper ===

impl Helper {
    /// Runs a subcommand of this binary that serves on `port`.
    pub(crate) fn start(subcommand: &str, port: u16, args: &[String]) -> Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .arg(subcommand)
            .args(["--port", &port.to_string()])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start the {subcommand}"))?;
        let helper = Self { child, port };
        wait_for_port(port, Duration::from_secs(10))
            .with_context(|| format!("the {subcommand} did not start"))?;
        Ok(helper)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Already ended is fine; otherwise the wait reaps the killed child.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
