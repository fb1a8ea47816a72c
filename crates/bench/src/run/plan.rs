//! How long and how often each figure is measured.

use std::time::Duration;

/// File descriptors a proxy needs besides its streams.
const SPARE_FILES: u64 = 300;

/// The extent of one run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: &'static str,
    /// Measurements of each figure and side; the median counts.
    pub(super) rounds: usize,
    /// Length of one measurement.
    pub(super) window: Duration,
    /// Load before each measurement that does not count.
    pub(super) warm_up: Duration,
    /// Rest after a start before the memory is read.
    pub(super) settle: Duration,
    /// Rest after load before the memory is read again; `None` leaves that figure out.
    pub(super) rest: Option<Duration>,
    /// Connections of each step of the ladder.
    pub(super) ladder: &'static [usize],
    pub(super) ladder_window: Duration,
    pub(super) ladder_rounds: usize,
    /// Streams at the 20 ms pace.
    pub(super) paced_streams: usize,
    /// Streams held open; each has its own figure.
    pub(super) idle_streams: Vec<usize>,
    /// Why a figure is smaller than the definition asks for.
    pub(super) notes: Vec<String>,
}

// === impl Plan ===

impl Plan {
    pub(super) fn quick() -> Self {
        Self {
            name: "quick",
            rounds: 3,
            window: Duration::from_millis(600),
            warm_up: Duration::from_millis(100),
            settle: Duration::from_secs(2),
            rest: None,
            ladder: &[1, 4, 16, 64],
            ladder_window: Duration::from_millis(600),
            ladder_rounds: 1,
            paced_streams: 64,
            idle_streams: vec![2_000],
            notes: Vec::new(),
        }
    }

    pub(super) fn full() -> Self {
        Self {
            name: "full",
            rounds: 3,
            window: Duration::from_secs(4),
            warm_up: Duration::from_millis(500),
            settle: Duration::from_secs(30),
            rest: Some(Duration::from_secs(60)),
            ladder: &[1, 2, 4, 8, 16, 32, 64, 128, 256],
            ladder_window: Duration::from_secs(2),
            ladder_rounds: 3,
            paced_streams: 64,
            idle_streams: vec![2_000, 10_000],
            notes: Vec::new(),
        }
    }

    /// Keeps to what `open_files` allow: a proxied stream costs the proxy two of them.
    pub(super) fn within(mut self, open_files: u64) -> Self {
        let most =
            usize::try_from(open_files.saturating_sub(SPARE_FILES) / 2).unwrap_or(usize::MAX);
        for streams in &mut self.idle_streams {
            if *streams > most {
                self.notes.push(format!(
                    "{most} idle streams instead of {streams}: a process may open {open_files} files here"
                ));
                *streams = most;
            }
        }
        self
    }
}
