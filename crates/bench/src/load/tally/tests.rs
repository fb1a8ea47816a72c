use std::time::Duration;

use super::{Sample, Tally};
use crate::load::LoadError;

fn sample(micros: u64) -> Sample {
    Sample {
        latency: Duration::from_micros(micros),
        first_event: None,
        events: 2,
    }
}

#[test]
fn percentiles_are_samples() {
    let mut tally = Tally::default();
    for micros in (1..=200).rev() {
        tally.record(sample(micros));
    }
    assert!((tally.latency(50.0) - 100.0).abs() < 1e-9);
    assert!((tally.latency(99.0) - 198.0).abs() < 1e-9);
    assert!((tally.latency(100.0) - 200.0).abs() < 1e-9);
    assert!((tally.latency(0.0) - 1.0).abs() < 1e-9);
    assert!(tally.first_event(50.0).is_nan());
}

#[test]
fn merging_keeps_counts_and_the_first_failure() {
    let mut all = Tally::default();
    for status in [503, 500] {
        let mut part = Tally::default();
        part.record(sample(10));
        part.fail(&LoadError::Status(status));
        part.elapsed = Duration::from_secs(2);
        all.merge(part);
    }
    assert_eq!((all.served, all.failures, all.events), (2, 2, 4));
    assert_eq!(all.failure.as_deref(), Some("HTTP 503"));
    assert!((all.rate() - 1.0).abs() < 1e-9);
}
