//! The processes under measurement, and how to reach each of them.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use lockgate_testkit::{Gateway, free_port};

use super::{
    cores,
    requests::{Dialect, Mode, config, request, set_up},
};
use crate::{
    load::{Framing, Shot, Tally, each_once},
    process::Helper,
};

const START: Duration = Duration::from_secs(20);

/// Whom a request is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Straight to the mock.
    Direct,
    Floor,
    Gateway,
}

/// A request in the forms the two proxies need: the floor's has the upstream's model name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) dialect: Dialect,
    /// Public name at the gateway.
    pub(super) public: &'static str,
    /// Model at the mock.
    pub(super) model: &'static str,
    /// Bytes of body.
    pub(super) size: usize,
    /// Whether a stream is asked for.
    pub(super) stream: bool,
    /// Number of events an answer must have, where it is known.
    pub(super) events: Option<u64>,
}

/// Everything that runs during a measurement.
#[derive(Debug)]
pub(super) struct Stack {
    mock: Helper,
    floor: Helper,
    gateway: Option<Gateway>,
    binary: Option<PathBuf>,
    mode: Mode,
}

// === impl Stack ===

impl Stack {
    pub(super) fn start(gateway: Option<&Path>, mode: Mode) -> Result<Self> {
        let threads = ["--threads".to_owned(), cores().to_string()];
        let mock = Helper::start("mock", free_port()?, &threads)?;
        let binary = gateway.map(Path::canonicalize).transpose()?;
        let floor = start_floor(mock.port())?;
        let gateway = binary
            .as_deref()
            .map(|path| start_gateway(path, mock.port(), mode))
            .transpose()?;
        let stack = Self {
            mock,
            floor,
            gateway: gateway.map(|(gateway, _)| gateway),
            binary,
            mode,
        };
        stack.prepare()?;
        Ok(stack)
    }

    /// Makes the key that the requests of a governed gateway come with.
    fn prepare(&self) -> Result<()> {
        let (Some(gateway), Mode::Governed) = (&self.gateway, self.mode) else {
            return Ok(());
        };
        for request in set_up() {
            probe(&Shot {
                addr: gateway.addr(),
                request,
                framing: Framing::Whole,
                events: None,
            })?;
        }
        Ok(())
    }

    /// The same mock behind a floor and a gateway nobody has used yet.
    pub(super) fn fresh(&self) -> Result<Fresh> {
        self.before(self.mock.port())
    }

    /// A floor and a gateway nobody has used yet, before an upstream for files.
    pub(super) fn before_sink(&self) -> Result<(Fresh, Helper)> {
        let sink = Helper::start("sink", free_port()?, &[])?;
        Ok((self.before(sink.port())?, sink))
    }

    fn before(&self, upstream: u16) -> Result<Fresh> {
        let gateway = self
            .binary
            .as_deref()
            .map(|path| start_gateway(path, upstream, Mode::Plain))
            .transpose()?;
        Ok(Fresh {
            floor: start_floor(upstream)?,
            gateway: gateway.map(|(gateway, _)| gateway),
        })
    }

    /// Starts one more gateway and says how long it took to become ready.
    pub(super) fn timed_start(&self) -> Result<Option<Duration>> {
        let Some(path) = &self.binary else {
            return Ok(None);
        };
        Ok(Some(start_gateway(path, self.mock.port(), self.mode)?.1))
    }

    pub(super) fn binary(&self) -> Option<&Path> {
        self.binary.as_deref()
    }

    pub(super) fn sides(&self) -> &'static [Side] {
        if self.gateway.is_some() {
            &[Side::Floor, Side::Gateway]
        } else {
            &[Side::Floor]
        }
    }

    /// Process id of a proxy; the mock's for [`Side::Direct`].
    pub(super) fn pid(&self, side: Side) -> Result<u32> {
        Ok(match side {
            Side::Direct => self.mock.pid(),
            Side::Floor => self.floor.pid(),
            Side::Gateway => self.gateway.as_ref().context("no gateway runs")?.pid(),
        })
    }

    /// The bytes for `side`.
    pub(super) fn shot(&self, side: Side, ask: &Ask) -> Result<Shot> {
        let port = match side {
            Side::Direct => self.mock.port(),
            Side::Floor => self.floor.port(),
            Side::Gateway => self
                .gateway
                .as_ref()
                .context("no gateway runs")?
                .addr()
                .port(),
        };
        Ok(shot(side, port, ask, self.mode))
    }
}

/// A floor and a gateway that have served nothing.
#[derive(Debug)]
pub(super) struct Fresh {
    floor: Helper,
    gateway: Option<Gateway>,
}

// === impl Fresh ===

impl Fresh {
    pub(super) fn pid(&self, side: Side) -> Result<u32> {
        Ok(match (side, &self.gateway) {
            (Side::Gateway, Some(gateway)) => gateway.pid(),
            (Side::Floor, _) => self.floor.pid(),
            _ => bail!("no such process runs"),
        })
    }

    pub(super) fn addr(&self, side: Side) -> Result<SocketAddr> {
        Ok(match (side, &self.gateway) {
            (Side::Gateway, Some(gateway)) => gateway.addr(),
            (Side::Floor, _) => loopback(self.floor.port()),
            _ => bail!("no such process runs"),
        })
    }

    pub(super) fn shot(&self, side: Side, ask: &Ask) -> Result<Shot> {
        Ok(shot(side, self.addr(side)?.port(), ask, Mode::Plain))
    }
}

// === impl Ask ===

impl Ask {
    /// A chat request of `OpenAI`'s form whose public name differs from the upstream's.
    pub(super) const fn chat(size: usize) -> Self {
        Self {
            dialect: Dialect::OpenAi,
            public: "bench",
            model: "mock",
            size,
            stream: false,
            events: None,
        }
    }

    /// A streamed one; without usage the mock sends role, pieces, finish and `[DONE]`.
    pub(super) const fn stream(public: &'static str, model: &'static str, pieces: u64) -> Self {
        Self {
            dialect: Dialect::OpenAi,
            public,
            model,
            size: 300,
            stream: true,
            events: Some(pieces + 3),
        }
    }
}

/// Refuses a window in which anything failed.
pub(super) fn flawless(tally: Tally) -> Result<Tally> {
    ensure!(
        tally.failures == 0,
        "{} of {} failed ({})",
        tally.failures,
        tally.failures + tally.served,
        tally.failure.as_deref().unwrap_or("unknown"),
    );
    ensure!(tally.served > 0, "nothing was served");
    Ok(tally)
}

/// One request, so that a figure that cannot be measured fails at once and says why.
pub(super) fn probe(shot: &Shot) -> Result<()> {
    flawless(each_once(shot, 1)?).map(drop)
}

fn shot(side: Side, port: u16, ask: &Ask, mode: Mode) -> Shot {
    let request = if side == Side::Gateway {
        request(ask.dialect, ask.public, ask.size, ask.stream, mode)
    } else {
        request(Dialect::OpenAi, ask.model, ask.size, ask.stream, mode)
    };
    Shot {
        addr: loopback(port),
        request,
        framing: if ask.stream {
            Framing::Sse
        } else {
            Framing::Whole
        },
        events: ask.events,
    }
}

fn start_floor(upstream: u16) -> Result<Helper> {
    let args = [
        "--threads".to_owned(),
        cores().to_string(),
        "--upstream".to_owned(),
        loopback(upstream).to_string(),
    ];
    Helper::start("floor", free_port()?, &args)
}

fn start_gateway(binary: &Path, mock: u16, mode: Mode) -> Result<(Gateway, Duration)> {
    let builder = Gateway::builder()
        .binary(binary)
        .config(config(&format!("http://{}", loopback(mock)), mode));
    let began = Instant::now();
    let gateway = builder.spawn()?;
    while !is_ready(gateway.addr()) {
        if began.elapsed() > START {
            bail!(
                "the gateway is not ready after {START:?}\n{}",
                gateway.logs()
            );
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok((gateway, began.elapsed()))
}

fn is_ready(addr: SocketAddr) -> bool {
    const REQUEST: &[u8] =
        b"GET /health/readiness HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    const READY: &[u8] = b"HTTP/1.1 200";
    let Ok(mut stream) = TcpStream::connect(addr) else {
        return false;
    };
    let mut head = [0; READY.len()];
    let answered = stream
        .set_read_timeout(Some(START))
        .and_then(|()| stream.write_all(REQUEST))
        .and_then(|()| stream.read_exact(&mut head));
    answered.is_ok() && head == READY
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}
