//! Entries whose cost was calculated, given another cost: once, however often that is repeated.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ledger::{CostSource, LedgerDetails, LedgerEntry, Repriced};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{AuditDraft, StoreError};
use serde_json::{Map, json};

use super::columns::{self, COLUMNS, Cell};
use super::marks;
use super::sums::{SpendKey, Sums};
use super::write::{Table, rollups};
use crate::audit;
use crate::backend::{Store, in_time};
use crate::entities::take;
use crate::sql::{Flavour, Session, Statement, Value};
use crate::text::indexed;

/// What an entry is to cost.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCost {
    /// The entry as it was read.
    pub entry: LedgerEntry,
    /// Its cost by today's prices.
    pub cost: Nanodollars,
    /// Where that comes from.
    pub source: CostSource,
}

// === impl Store ===

impl Store {
    /// Entries that started from `from` until `until` (microseconds since 1970), the oldest first,
    /// behind the entry `after`, at most `size`: those that the gateway priced or found no price
    /// for. What a provider said about its cost is not doubted.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn priced_entries(
        &self,
        from: i64,
        until: i64,
        after: Option<&LedgerEntry>,
        size: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut statement = Statement::new(self.flavour(), "SELECT ");
        statement.push(COLUMNS);
        statement.push(
            " FROM ledger WHERE cost_source <> 'reported' AND cache_hit = 0 AND started_at >= ",
        );
        statement.bind(from).push(" AND started_at < ").bind(until);
        if let Some(after) = after {
            statement
                .push(" AND (started_at, id) > (")
                .bind(after.started_at);
            statement.push(", ").bind(&*indexed(&after.id)).push(")");
        }
        statement.push(" ORDER BY started_at, id LIMIT ").bind(size);
        in_time(Box::pin(async {
            let mut session = self.reading().await?;
            let rows = session.rows(statement).await?;
            session.commit().await?;
            rows.iter().map(columns::read).collect()
        }))
        .await
    }

    /// Gives entries the cost `costs` say, and carries the difference to rollups and spend, in one
    /// transaction with a line of the audit log that says `by` whom. An entry that does not cost
    /// any more what it did when it was read is left alone, so that doing it again does nothing.
    /// Says which were changed, by their place in `costs`; `at` is the time, in microseconds since
    /// 1970.
    ///
    /// # Errors
    /// When the database cannot be reached; nothing was changed then.
    pub async fn reprice(
        &self,
        costs: &[NewCost],
        by: &str,
        at: i64,
    ) -> Result<Vec<usize>, StoreError> {
        in_time(Box::pin(async {
            let mut session = self.writing().await?;
            // The lock of changes comes first, as everywhere: the audit log is appended to.
            take(&mut session, 0).await?;
            let mut changed = Vec::new();
            for (place, cost) in costs.iter().enumerate() {
                if set(&mut session, cost, at).await? {
                    changed.push(place);
                }
            }
            let differences = changed.iter().filter_map(|place| costs.get(*place));
            let sums = Sums::of_differences(
                differences.map(|new| (&new.entry, new.cost - new.entry.cost)),
            );
            for (of, more) in &sums.spend {
                add_spend(&mut session, of, *more).await?;
            }
            for (table, rows) in rollups(&sums) {
                add(&mut session, table, rows).await?;
            }
            if !changed.is_empty() {
                let changed = changed.iter().filter_map(|place| costs.get(*place));
                audit::append(&mut session, &[told(changed, by, at)]).await?;
            }
            session.commit().await?;
            Ok(changed)
        }))
        .await
    }
}

/// What the audit log says of it.
fn told<'a>(changed: impl Iterator<Item = &'a NewCost>, by: &str, at: i64) -> AuditDraft {
    let (mut before, mut after) = (Nanodollars::ZERO, Nanodollars::ZERO);
    let (mut entries, mut first, mut last) = (0_u64, i64::MAX, i64::MIN);
    for new in changed {
        before += new.entry.cost;
        after += new.cost;
        entries += 1;
        first = first.min(new.entry.started_at);
        last = last.max(new.entry.started_at);
    }
    let object = |spend: Nanodollars| {
        Map::from_iter([
            ("entries".to_owned(), json!(entries)),
            ("first_started_at".to_owned(), json!(first)),
            ("last_started_at".to_owned(), json!(last)),
            ("spend".to_owned(), json!(spend)),
        ])
    };
    AuditDraft {
        at,
        actor: by.to_owned(),
        actor_key: None,
        address: None,
        action: "repriced".to_owned(),
        entity: EntityId::new(EntityKind::Config, "ledger"),
        before: Some(object(before)),
        after: Some(object(after)),
    }
}

/// Whether the entry was still as it was read.
async fn set(session: &mut Session, new: &NewCost, at: i64) -> Result<bool, sqlx::Error> {
    let entry = &new.entry;
    let before = entry.details.as_deref();
    let first = before.and_then(|details| details.repriced);
    let details = LedgerDetails {
        repriced: Some(Repriced {
            at,
            first_cost: first.map_or(entry.cost, |first| first.first_cost),
            first_source: first.map_or(entry.cost_source, |first| first.first_source),
        }),
        ..before.cloned().unwrap_or_default()
    };
    let mut statement = Statement::new(session.flavour(), "UPDATE ledger SET cost = ");
    statement.bind(new.cost.get());
    statement
        .push(", cost_source = ")
        .bind(new.source.as_str())
        .push(", details = ")
        .bind(written(&details)?);
    statement
        .push(" WHERE started_at = ")
        .bind(entry.started_at);
    statement.push(" AND id = ").bind(&*indexed(&entry.id));
    statement.push(" AND cost = ").bind(entry.cost.get());
    statement
        .push(" AND cost_source = ")
        .bind(entry.cost_source.as_str());
    let changed = session.run(statement).await? > 0;
    if changed && session.flavour() == Flavour::Sqlite {
        marks::dearer(session, &entry.id, new.cost).await?;
    }
    Ok(changed)
}

fn written(details: &LedgerDetails) -> Result<Value, sqlx::Error> {
    let cell = columns::details(Some(details));
    cell.map(Value::from)
        .map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Adds `rows` to those that are there.
async fn add(
    session: &mut Session,
    table: Table,
    rows: Vec<Vec<Cell<'_>>>,
) -> Result<(), sqlx::Error> {
    let rows = rows.into_iter();
    let rows: Vec<Vec<Value>> = rows
        .map(|row| row.into_iter().map(Value::from).collect())
        .collect();
    match session.flavour() {
        Flavour::Postgres if rows.is_empty() => {}
        Flavour::Postgres => {
            let mut statement = Statement::new(Flavour::Postgres, table.insert);
            statement.bind_rows(&rows).push(table.conflict);
            statement.push(table.update);
            session.run(statement).await?;
        }
        Flavour::Sqlite => {
            for row in rows {
                let mut statement = Statement::new(Flavour::Sqlite, table.insert);
                statement.push(" VALUES (").bind_all(row).push(")");
                statement.push(table.conflict).push(table.update);
                session.run(statement).await?;
            }
        }
    }
    Ok(())
}

/// Adds to spend that is there: windows that are long over have been removed. What was forgiven
/// meanwhile stays so: nobody has spent less than nothing.
async fn add_spend(session: &mut Session, of: &SpendKey<'_>, more: i64) -> Result<(), sqlx::Error> {
    let (kind, id, window, start) = of;
    let flavour = session.flavour();
    let mut statement = Statement::new(
        flavour,
        match flavour {
            Flavour::Sqlite => "UPDATE spend SET amount = MAX(0, amount + ",
            Flavour::Postgres => "UPDATE spend SET amount = GREATEST(0, amount + ",
        },
    );
    statement.bind(more).push(") WHERE kind = ").bind(*kind);
    statement.push(" AND id = ").bind(&**id);
    statement.push(" AND window_name = ").bind(&**window);
    statement.push(" AND window_start = ").bind(*start);
    session.run(statement).await.map(drop)
}
