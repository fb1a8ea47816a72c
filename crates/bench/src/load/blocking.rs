//! Load with blocking sockets, where the time of each exchange is what counts.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use super::{
    GRACE, LoadError, Shot,
    response::ResponseReader,
    tally::{Sample, Tally},
};

/// A keep-alive connection that is reopened after a failure.
struct Connection<'a> {
    shot: &'a Shot,
    stream: Option<TcpStream>,
    reader: ResponseReader,
    buffer: Vec<u8>,
}

/// One connection, the next request as soon as the answer is there.
pub(crate) fn one_connection(shot: &Shot, window: Duration) -> Tally {
    let mut connection = Connection::new(shot);
    let mut tally = Tally::default();
    let began = Instant::now();
    while began.elapsed() < window {
        connection.exchange_into(&mut tally, Instant::now());
    }
    tally.elapsed = began.elapsed();
    tally
}

/// `rate` requests per second spread evenly over `connections`.
///
/// Latency counts from the moment a request should have been sent: a server that stalls delays the requests behind
/// the stall, and they say so.
pub(crate) fn at_rate(
    shot: &Shot,
    connections: usize,
    rate: f64,
    window: Duration,
) -> Result<Tally> {
    let step = Duration::from_secs_f64(connections as f64 / rate);
    let began = Instant::now() + Duration::from_millis(20);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|index| {
                let offset = step.mul_f64(index as f64 / connections as f64);
                scope.spawn(move || paced(shot, began + offset, step, began + window))
            })
            .collect();
        let mut tally = Tally::default();
        for worker in workers {
            tally.merge(
                worker
                    .join()
                    .map_err(|_| anyhow!("a load thread panicked"))?,
            );
        }
        tally.elapsed = began.elapsed();
        Ok(tally)
    })
}

fn paced(shot: &Shot, first: Instant, step: Duration, end: Instant) -> Tally {
    let mut connection = Connection::new(shot);
    let mut tally = Tally::default();
    let mut due = first;
    while due < end {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        connection.exchange_into(&mut tally, due);
        due += step;
    }
    tally
}

// === impl Connection ===

impl<'a> Connection<'a> {
    fn new(shot: &'a Shot) -> Self {
        Self {
            shot,
            stream: None,
            reader: ResponseReader::new(shot.framing),
            buffer: vec![0; 64 * 1024],
        }
    }

    fn exchange_into(&mut self, tally: &mut Tally, since: Instant) {
        match self.exchange(since) {
            Ok(sample) => tally.record(sample),
            Err(error) => {
                tally.fail(&error);
                self.stream = None;
            }
        }
    }

    fn exchange(&mut self, since: Instant) -> Result<Sample, LoadError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.shot.addr)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(GRACE))?;
                none.insert(stream)
            }
        };
        stream.write_all(&self.shot.request)?;
        self.reader.reset();
        let mut first_event = None;
        loop {
            let length = match stream.read(&mut self.buffer) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(LoadError::Late),
                Err(error) => return Err(error.into()),
            };
            let done = self.reader.feed(&self.buffer[..length])?;
            if first_event.is_none() && self.reader.events() > 0 {
                first_event = Some(since.elapsed());
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
