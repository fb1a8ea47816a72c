//! Starting the binary's subcommands.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

const BINARY: &str = env!("CARGO_BIN_EXE_lockgate-bench");

/// A subcommand that serves; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) addr: SocketAddr,
}

impl Server {
    pub(crate) fn start(subcommand: &str, args: &[&str]) -> Self {
        let (addr, _reserved) = reserve();
        let child = Command::new(BINARY)
            .args([
                subcommand,
                "--threads",
                "2",
                "--port",
                &addr.port().to_string(),
            ])
            .args(args)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, addr };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(addr).is_err() {
            assert!(
                Instant::now() < deadline,
                "the {subcommand} does not listen"
            );
            thread::sleep(Duration::from_millis(5));
        }
        server
    }
}

/// A free port that nobody else is given while the socket lives; the server may share it.
fn reserve() -> (SocketAddr, Socket) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&any.into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    (addr, socket)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `load` for a moment.
pub(crate) fn load(addr: SocketAddr, args: &[&str]) -> Output {
    Command::new(BINARY)
        .args([
            "load",
            "--duration",
            "0.2",
            "--connections",
            "4",
            "--port",
            &addr.port().to_string(),
        ])
        .args(args)
        .output()
        .unwrap()
}
