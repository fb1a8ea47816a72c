//! How the ledger is doing, for readiness and metrics.

use lockgate_journal::Status;
use serde_json::{Value, json};

use super::metrics::Exposition;

/// For `/health/readiness`, which anybody may read: figures only.
pub(super) fn readiness(status: &Status) -> Value {
    let word = if status.is_refusing {
        "refusing"
    } else if status.is_away {
        "behind"
    } else {
        "healthy"
    };
    json!({
        "status": word,
        "undrained": status.undrained,
        "oldest_seconds": status.oldest.map_or(0, |oldest| oldest.as_secs()),
        "journal_bytes": status.bytes,
        "journal_limit_bytes": status.limit_bytes,
        "lost": status.refused,
        "set_aside": status.damaged + status.set_aside,
    })
}

/// For `/metrics`.
pub(super) fn metrics(text: &mut Exposition, status: &Status) {
    let oldest = status.oldest.map_or(0.0, |oldest| oldest.as_secs_f64());
    for (name, help, value) in [
        (
            "lockgate_journal_bytes",
            "Bytes of the journal",
            status.bytes,
        ),
        (
            "lockgate_journal_limit_bytes",
            "Bytes that the journal may have",
            status.limit_bytes,
        ),
        (
            "lockgate_journal_undrained_entries",
            "Finished requests that are not in the database yet",
            status.undrained,
        ),
        (
            "lockgate_journal_undrained_bytes",
            "Bytes of them",
            status.undrained_bytes,
        ),
    ] {
        text.head(name, "gauge", help);
        text.sample(name, &[], value);
    }
    let name = "lockgate_journal_oldest_seconds";
    text.head(name, "gauge", "How long ago the oldest of them ended");
    text.sample(name, &[], oldest);
    for (name, help, value) in [
        (
            "lockgate_journal_appended_total",
            "Finished requests written down",
            status.appended,
        ),
        (
            "lockgate_journal_lost_total",
            "Finished requests that could not be written down",
            status.refused,
        ),
        (
            "lockgate_journal_drained_total",
            "Finished requests that the database took",
            status.drained,
        ),
        (
            "lockgate_journal_damaged_total",
            "Lines that nobody could read, set aside",
            status.damaged,
        ),
        (
            "lockgate_journal_set_aside_total",
            "Finished requests that the database refused, set aside",
            status.set_aside,
        ),
    ] {
        text.head(name, "counter", help);
        text.sample(name, &[], value);
    }
}
