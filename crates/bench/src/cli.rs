//! The command line of `lockgate-bench`.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::ExitCode,
    thread,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand};
use lockgate_testkit::{MockOptions, MockUpstream};

use crate::{
    floor,
    load::{self, Framing, Shot},
    run, sink,
};

/// Measures the gateway beside a plain hyper reverse proxy. All traffic stays on 127.0.0.1.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the mock upstream until killed.
    Mock(MockArgs),
    /// Serve the floor, a plain reverse proxy, until killed.
    Floor(FloorArgs),
    /// Serve an upstream for files until killed.
    Sink(Serve),
    /// Put load on one URL and print what came back.
    Load(LoadArgs),
    /// Measure floor and gateway and print the table.
    Run(run::RunArgs),
}

#[derive(Debug, Args)]
struct Serve {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Serving threads; the number of cores unless said.
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Debug, Args)]
struct MockArgs {
    #[command(flatten)]
    serve: Serve,
    /// How many of the latest requests `/_mock/requests` shows.
    #[arg(long, default_value_t = 8)]
    remember: usize,
}

#[derive(Debug, Args)]
struct FloorArgs {
    #[command(flatten)]
    serve: Serve,
    /// Where to forward to.
    #[arg(long)]
    upstream: SocketAddr,
}

#[derive(Debug, Args)]
struct LoadArgs {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Request path.
    #[arg(long, default_value = "/v1/chat/completions")]
    path: String,
    /// Bearer key.
    #[arg(long, default_value = "sk-bench")]
    key: String,
    /// Model name in the body.
    #[arg(long, default_value = "mock")]
    model: String,
    /// Size of the body in bytes.
    #[arg(long, default_value_t = 300)]
    size: usize,
    /// Ask for a stream and count its events.
    #[arg(long)]
    stream: bool,
    /// Parallel connections.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Requests per second over all connections; without it, each connection sends as soon as it has its answer.
    #[arg(long)]
    rate: Option<f64>,
    /// Seconds.
    #[arg(long, default_value_t = 5.0)]
    duration: f64,
}

pub(crate) fn dispatch(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Mock(args) => mock(&args),
        Command::Floor(args) => floor::run(
            loopback(args.serve.port),
            args.upstream,
            args.serve.threads(),
        ),
        Command::Sink(args) => sink::run(loopback(args.port)),
        Command::Load(args) => put_load(&args),
        Command::Run(args) => run::run(&args),
    }
}

/// Writes an error with its causes to standard error.
pub(crate) fn complain(error: &anyhow::Error) {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "lockgate-bench: {error:#}");
}

fn mock(args: &MockArgs) -> Result<ExitCode> {
    let options = MockOptions {
        port: args.serve.port,
        threads: args.serve.threads(),
        remember: args.remember,
    };
    let _mock = MockUpstream::with(options)
        .with_context(|| format!("cannot listen on port {}", args.serve.port))?;
    loop {
        thread::park();
    }
}

fn put_load(args: &LoadArgs) -> Result<ExitCode> {
    ensure!(args.connections > 0, "--connections must be at least 1");
    let body = run::chat_body(&args.model, args.size, args.stream);
    let shot = Shot {
        addr: loopback(args.port),
        request: load::request(
            &args.path,
            &[("authorization", &format!("Bearer {}", args.key))],
            &body,
        ),
        framing: if args.stream {
            Framing::Sse
        } else {
            Framing::Whole
        },
        events: None,
    };
    let window = Duration::from_secs_f64(args.duration);
    let tally = match args.rate {
        Some(rate) => load::at_rate(&shot, args.connections, rate, window)?,
        None => load::closed_loop(&shot, args.connections, window)?,
    };
    writeln!(io::stdout().lock(), "{}", tally.summary())?;
    Ok(if tally.failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

// === impl Serve ===

impl Serve {
    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(run::cores)
    }
}
