//! What a window of load brought back.

use std::time::Duration;

use super::LoadError;

/// Counts and exact times of one window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Exchanges that ended as they should.
    pub(crate) served: u64,
    /// Exchanges that did not; with one of them the window is no result.
    pub(crate) failures: u64,
    /// The first failure.
    pub(crate) failure: Option<String>,
    /// Events in all answers.
    pub(crate) events: u64,
    /// From first request to last answer.
    pub(crate) elapsed: Duration,
    latencies: Vec<Duration>,
    first_events: Vec<Duration>,
    gaps: Vec<Duration>,
}

/// One good exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) latency: Duration,
    pub(super) first_event: Option<Duration>,
    pub(super) events: u64,
}

// === impl Tally ===

impl Tally {
    pub(super) fn record(&mut self, sample: Sample) {
        self.served += 1;
        self.events += sample.events;
        self.latencies.push(sample.latency);
        self.first_events.extend(sample.first_event);
    }

    pub(super) fn record_gap(&mut self, gap: Duration) {
        self.gaps.push(gap);
    }

    pub(super) fn fail(&mut self, error: &LoadError) {
        self.failures += 1;
        self.failure.get_or_insert_with(|| error.to_string());
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.served += other.served;
        self.failures += other.failures;
        self.events += other.events;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.failure = self.failure.take().or(other.failure);
        self.latencies.extend(other.latencies);
        self.first_events.extend(other.first_events);
        self.gaps.extend(other.gaps);
    }

    /// Exchanges per second.
    pub(crate) fn rate(&self) -> f64 {
        self.served as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The latency below which `percent` of the exchanges stayed, in microseconds.
    pub(crate) fn latency(&self, percent: f64) -> f64 {
        percentile(&self.latencies, percent)
    }

    /// The same for the time to the first event.
    pub(crate) fn first_event(&self, percent: f64) -> f64 {
        percentile(&self.first_events, percent)
    }

    /// The same for the time between two events that did not arrive together.
    pub(crate) fn gap(&self, percent: f64) -> f64 {
        percentile(&self.gaps, percent)
    }

    /// One line for people.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!(
            "{} served, {} failed, {:.0}/s, p50 {:.0} us, p90 {:.0} us, p99 {:.0} us, p99.9 {:.0} us, max {:.0} us",
            self.served,
            self.failures,
            self.rate(),
            self.latency(50.0),
            self.latency(90.0),
            self.latency(99.0),
            self.latency(99.9),
            self.latency(100.0),
        );
        if self.events > 0 {
            text += &format!(
                ", {} events, first p50 {:.0} us, p99 {:.0} us",
                self.events,
                self.first_event(50.0),
                self.first_event(99.0),
            );
        }
        if let Some(failure) = &self.failure {
            text += &format!(", first failure: {failure}");
        }
        text
    }
}

/// Nearest rank over all samples, in microseconds; no buckets, no interpolation. NaN without samples.
fn percentile(samples: &[Duration], percent: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.max(1) - 1)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests;
