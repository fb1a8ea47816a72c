//! The tables of sums, and what a batch adds to each.

use std::borrow::Cow;

use lockgate_core::ports::Totals;

use crate::spend::columns::Cell;
use crate::spend::sums::Sums;

/// A table that rows are added to: what is there already grows by what comes.
#[derive(Debug, Clone, Copy)]
pub(in crate::spend) struct Table {
    /// `INSERT INTO ... (columns)`; the table is called `t`.
    pub insert: &'static str,
    /// How many columns that names.
    pub columns: usize,
    /// ` ON CONFLICT ...`, up to `DO`.
    pub conflict: &'static str,
    /// ` DO UPDATE SET ...`
    pub update: &'static str,
}

const SPEND: Table = Table {
    insert: "INSERT INTO spend AS t (kind, id, window_name, window_start, amount)",
    columns: 5,
    conflict: " ON CONFLICT (kind, id, window_name, window_start)",
    update: " DO UPDATE SET amount = t.amount + excluded.amount",
};
const TOTALS: Table = Table {
    insert: "INSERT INTO rollup_totals AS t (kind, day, entity_id, cost, requests, failed, \
        input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, milliseconds)",
    columns: 11,
    conflict: " ON CONFLICT (kind, day, entity_id)",
    update: ADDED,
};
const DAYS: Table = Table {
    insert: "INSERT INTO rollup_days AS t (kind, day, entity_id, key_id, model_group, model, \
        provider, operation, cost, requests, failed, input_tokens, output_tokens, \
        cache_read_tokens, cache_write_tokens, milliseconds)",
    columns: 16,
    conflict: " ON CONFLICT (kind, day, entity_id, key_id, model_group, model, provider, operation)",
    update: ADDED,
};
const HOURS: Table = Table {
    insert: "INSERT INTO rollup_hours AS t (hour, model_group, model, provider, operation, cost, \
        requests, failed, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, \
        milliseconds)",
    columns: 13,
    conflict: " ON CONFLICT (hour, model_group, model, provider, operation)",
    update: ADDED,
};
const ADDED: &str = " DO UPDATE SET cost = t.cost + excluded.cost, \
    requests = t.requests + excluded.requests, failed = t.failed + excluded.failed, \
    input_tokens = t.input_tokens + excluded.input_tokens, \
    output_tokens = t.output_tokens + excluded.output_tokens, \
    cache_read_tokens = t.cache_read_tokens + excluded.cache_read_tokens, \
    cache_write_tokens = t.cache_write_tokens + excluded.cache_write_tokens, \
    milliseconds = t.milliseconds + excluded.milliseconds";

/// Rows that are added to a table.
type Rows<'a> = (Table, Vec<Vec<Cell<'a>>>);

/// The rows that `sums` adds to each table.
pub(super) fn added<'a>(sums: &'a Sums<'_>) -> [Rows<'a>; 4] {
    let spend = sums
        .spend
        .iter()
        .map(|((kind, id, window, start), amount)| {
            vec![
                text(kind),
                text(id),
                text(window),
                number(*start),
                number(*amount),
            ]
        });
    let [totals, days, hours] = rollups(sums);
    [(SPEND, spend.collect()), totals, days, hours]
}

/// The rows that `sums` adds to the rollups.
pub(in crate::spend) fn rollups<'a>(sums: &'a Sums<'_>) -> [Rows<'a>; 3] {
    let totals = sums.totals.iter().map(|((kind, day, id), totals)| {
        let mut row = vec![text(kind), number(*day), text(id)];
        row.extend(measures(totals));
        row
    });
    let days = sums
        .days
        .iter()
        .map(|((kind, day, id, key, asked), totals)| {
            let mut row = vec![text(kind), number(*day), text(id), text(key)];
            row.extend(asked.iter().map(|name| text(name)));
            row.extend(measures(totals));
            row
        });
    let hours = sums.hours.iter().map(|((hour, asked), totals)| {
        let mut row = vec![number(*hour)];
        row.extend(asked.iter().map(|name| text(name)));
        row.extend(measures(totals));
        row
    });
    [
        (TOTALS, totals.collect()),
        (DAYS, days.collect()),
        (HOURS, hours.collect()),
    ]
}

fn measures<'a>(totals: &Totals) -> [Cell<'a>; 8] {
    let count = |count: u64| number(i64::try_from(count).unwrap_or(i64::MAX));
    [
        number(totals.cost.get()),
        count(totals.requests),
        count(totals.failed),
        count(totals.input),
        count(totals.output),
        count(totals.cache_read),
        count(totals.cache_write),
        count(totals.milliseconds),
    ]
}

const fn number<'a>(number: i64) -> Cell<'a> {
    Cell::Int(Some(number))
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Some(crate::sql::storable(Cow::Borrowed(text))))
}
