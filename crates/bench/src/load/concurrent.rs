//! Load over many connections on one thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    GRACE, LoadError, Shot,
    response::ResponseReader,
    tally::{Sample, Tally},
};

/// How many connections are opened at once when thousands are wanted.
const RAMP: usize = 100;

/// A keep-alive connection that is reopened after a failure.
struct Connection {
    shot: Shot,
    stream: Option<TcpStream>,
    reader: ResponseReader,
    buffer: Vec<u8>,
    gaps: Vec<Duration>,
}

/// Each connection sends its next request as soon as it has its answer, for the whole `window`.
pub(crate) fn closed_loop(shot: &Shot, connections: usize, window: Duration) -> Result<Tally> {
    gather(
        window + GRACE,
        (0..connections).map(|_| {
            let mut connection = Connection::new(shot.clone(), 64 * 1024);
            async move {
                let mut tally = Tally::default();
                let began = Instant::now();
                while began.elapsed() < window {
                    connection.exchange_into(&mut tally, None).await;
                }
                tally
            }
        }),
    )
}

/// Each connection makes one exchange; all at the same time.
pub(crate) fn each_once(shot: &Shot, connections: usize) -> Result<Tally> {
    gather(
        GRACE,
        (0..connections).map(|_| {
            let mut connection = Connection::new(shot.clone(), 64 * 1024);
            async move {
                let mut tally = Tally::default();
                connection.exchange_into(&mut tally, None).await;
                tally
            }
        }),
    )
}

/// Opens `connections` slow streams a few at a time and reads each to its end, at most `longest`.
///
/// `opened` counts the streams that have received their first event.
pub(crate) fn hold_open(
    shot: &Shot,
    connections: usize,
    opened: &Arc<AtomicUsize>,
    longest: Duration,
) -> Result<Tally> {
    gather(
        longest,
        (0..connections).map(|index| {
            let mut connection = Connection::new(shot.clone(), 4096);
            let opened = Arc::clone(opened);
            async move {
                sleep(Duration::from_millis(20) * (index / RAMP) as u32).await;
                let mut tally = Tally::default();
                connection.exchange_into(&mut tally, Some(&opened)).await;
                tally
            }
        }),
    )
}

fn gather<F>(longest: Duration, workers: impl Iterator<Item = F>) -> Result<Tally>
where
    F: Future<Output = Tally> + Send + 'static,
{
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let mut tasks: JoinSet<_> = workers.map(|worker| timeout(longest, worker)).collect();
        let mut tally = Tally::default();
        while let Some(finished) = tasks.join_next().await {
            match finished? {
                Ok(part) => tally.merge(part),
                Err(_) => tally.fail(&LoadError::Late),
            }
        }
        tally.elapsed = began.elapsed();
        Ok(tally)
    })
}

// === impl Connection ===

impl Connection {
    fn new(shot: Shot, buffer: usize) -> Self {
        Self {
            reader: ResponseReader::new(shot.framing),
            shot,
            stream: None,
            buffer: vec![0; buffer],
            gaps: Vec::new(),
        }
    }

    async fn exchange_into(&mut self, tally: &mut Tally, opened: Option<&AtomicUsize>) {
        match self.exchange(opened).await {
            Ok(sample) => tally.record(sample),
            Err(error) => {
                tally.fail(&error);
                self.stream = None;
            }
        }
        self.gaps.drain(..).for_each(|gap| tally.record_gap(gap));
    }

    async fn exchange(&mut self, opened: Option<&AtomicUsize>) -> Result<Sample, LoadError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.shot.addr).await?;
                stream.set_nodelay(true)?;
                none.insert(stream)
            }
        };
        let since = Instant::now();
        stream.write_all(&self.shot.request).await?;
        self.reader.reset();
        let mut last_event: Option<(Instant, u64)> = None;
        let mut first_event = None;
        loop {
            let length = stream.read(&mut self.buffer).await?;
            if length == 0 {
                return Err(LoadError::Closed);
            }
            let done = self.reader.feed(&self.buffer[..length])?;
            let events = self.reader.events();
            if events > last_event.map_or(0, |(_, events)| events) {
                let now = Instant::now();
                match last_event {
                    Some((last, _)) => self.gaps.push(now - last),
                    None => {
                        first_event = Some(now - since);
                        opened.map(|opened| opened.fetch_add(1, Relaxed));
                    }
                }
                last_event = Some((now, events));
            }
            if done {
                break;
            }
        }
        let latency = since.elapsed();
        self.reader.check(self.shot.events)?;
        Ok(Sample {
            latency,
            first_event,
            events: self.reader.events(),
        })
    }
}
