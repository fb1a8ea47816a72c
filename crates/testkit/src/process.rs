//! Child processes on this machine: finding our binaries, choosing ports, sending signals.

use std::{
    collections::HashSet,
    env, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process,
    sync::{LazyLock, Mutex, PoisonError},
};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

/// Ports already handed out by this process.
static TAKEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

const FIRST_PORT: u32 = 10_000;
const PORTS: u32 = 22_000;

/// Sends `signal` to the process `pid`.
///
/// # Errors
/// When there is no such process.
pub fn send_signal(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or(io::ErrorKind::InvalidInput)?;
    Ok(kill_process(pid, signal)?)
}

/// A port of 127.0.0.1 that nobody listens on and that this process has not handed out before.
///
/// It lies below the range from which the system serves outgoing connections and `bind(0)`, and test processes start
/// at different places: a listener with `SO_REUSEPORT` would share a port with another test without any error.
///
/// # Errors
/// When no port is free.
pub fn free_port() -> io::Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let start = process::id().wrapping_mul(97) % PORTS;
    (0..PORTS)
        .filter_map(|step| u16::try_from(FIRST_PORT + (start + step) % PORTS).ok())
        .find(|port| {
            !taken.contains(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
        })
        .inspect(|port| {
            taken.insert(*port);
        })
        .ok_or_else(|| io::ErrorKind::AddrInUse.into())
}

/// The path of one of our binaries: the environment variable `variable` if set, else `name` beside the running
/// executable or in a folder above it (a test runs from `target/<profile>/deps`).
#[must_use]
pub fn sibling_binary(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let running = env::current_exe().ok()?;
    running
        .ancestors()
        .skip(1)
        .take(3)
        .map(|folder| folder.join(name))
        .find(|path| Path::is_file(path))
}
