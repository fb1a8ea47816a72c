//! Listening sockets: one per core on the same address, the kernel spreads the connections.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};

use anyhow::{Context as _, bail};
use socket2::{Domain, Protocol, Socket, Type};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// Binds `count` sockets to `host` and `port`; with port 0 the first one picks it for all.
pub(crate) fn bind(host: &str, port: u16, count: usize) -> anyhow::Result<Vec<TcpListener>> {
    let mut address = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("cannot listen on {host}: not an address of this machine"))?
        .next()
        .with_context(|| format!("cannot listen on {host}: it has no address"))?;
    if port != 0 {
        // Sharing the port must stop at this process: a plain socket sees any other one.
        let probe = socket(address, false)?;
        if let Err(error) = probe.bind(&address.into()) {
            bail!("cannot listen on {address}: {error}");
        }
    }
    let mut listeners = Vec::with_capacity(count);
    for _ in 0..count {
        let socket = socket(address, true)?;
        socket
            .bind(&address.into())
            .with_context(|| format!("cannot listen on {address}"))?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from(socket);
        address = listener.local_addr()?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Whether only this machine can reach `host`.
pub(crate) fn is_loopback(host: &str) -> bool {
    (host, 0u16)
        .to_socket_addrs()
        .is_ok_and(|mut addresses| addresses.len() > 0 && addresses.all(|a| a.ip().is_loopback()))
}

fn socket(address: SocketAddr, shared: bool) -> anyhow::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}
