//! Entities in the database: one table of documents (ADR 0012).

mod change;
mod query;

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{
    AuditEntry, AuditQuery, Change, EntityQuery, EntityStore, Page, StoreError, StoreFuture,
};
use serde_json::{Map, Value as Json};

use crate::backend::{Store, in_time};
use crate::sql::{Row, Statement};
use crate::{audit, failure};

pub(crate) use self::change::{take, touch};

/// The columns of an entity, in the order that [`read`] takes them.
pub(crate) const COLUMNS: &str = "e.kind, e.id, e.unique_name, e.team_id, e.user_id, \
    e.organization_id, e.expires_at, e.created_at, e.created_by, e.updated_at, e.updated_by, \
    e.settings";

/// Changes that a replica takes over at once.
const CHANGES: i64 = 10_000;
/// Ids that are asked for in one statement.
const IDS: usize = 1_000;

// === impl Store ===

impl EntityStore for Store {
    fn entity<'a>(&'a self, id: &'a EntityId) -> StoreFuture<'a, Option<Entity>> {
        Box::pin(async move {
            let found = self.those(std::slice::from_ref(id)).await?;
            Ok(found.into_iter().next())
        })
    }

    fn those<'a>(&'a self, ids: &'a [EntityId]) -> StoreFuture<'a, Vec<Entity>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(ids.len());
            for ids in ids.chunks(IDS) {
                found.extend(in_time(Box::pin(self.some(ids))).await?);
            }
            Ok(found)
        })
    }

    fn entities<'a>(&'a self, query: &'a EntityQuery) -> StoreFuture<'a, Page<Entity>> {
        Box::pin(in_time(query::page(self, query)))
    }

    fn change<'a>(&'a self, change: &'a Change) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let done = change::apply(self, change);
            match tokio::time::timeout(change::PATIENCE, done).await {
                Ok(done) => done,
                Err(_) => Err(crate::backend::silent()),
            }
        })
    }

    fn changed_since(&self, sequence: i64) -> StoreFuture<'_, (Vec<EntityId>, i64)> {
        Box::pin(in_time(self.changes(sequence)))
    }

    fn audit<'a>(&'a self, query: &'a AuditQuery) -> StoreFuture<'a, Page<AuditEntry>> {
        Box::pin(in_time(audit::page(self, query)))
    }
}

impl Store {
    async fn some(&self, ids: &[EntityId]) -> Result<Vec<Entity>, sqlx::Error> {
        let mut statement = Statement::new(self.flavour(), "SELECT ");
        statement.push(COLUMNS).push(" FROM entities e WHERE ");
        one_of_pairs(&mut statement, "e.kind", "e.id", ids);
        let mut session = self.reading().await?;
        let rows = session.rows(statement).await?;
        session.commit().await?;
        rows.iter().map(read).collect()
    }

    async fn changes(&self, sequence: i64) -> Result<(Vec<EntityId>, i64), sqlx::Error> {
        let flavour = self.flavour();
        let mut session = self.reading().await?;
        // The counter is read first: what is committed after this is behind it, or comes along.
        let newest = "SELECT value FROM counters WHERE name = 'changes'";
        let newest = session.row(Statement::new(flavour, newest)).await?;
        let newest = newest.map_or(Ok(0), |row| row.int(0))?;
        if sequence < 0 || sequence >= newest {
            return Ok((Vec::new(), newest));
        }
        let rows = session
            .rows(Statement::whole(
                flavour,
                "SELECT kind, id, sequence FROM changes WHERE sequence > $1 \
                 ORDER BY sequence LIMIT $2",
                [sequence.into(), CHANGES.into()],
            ))
            .await?;
        session.commit().await?;
        let upto = match rows.last() {
            Some(last) if rows.len() as u64 >= CHANGES.unsigned_abs() => last.int(2)?,
            Some(last) => last.int(2)?.max(newest),
            None => newest,
        };
        let ids = rows.iter().filter_map(|row| read_id(row, 0).transpose());
        Ok((ids.collect::<Result<_, _>>()?, upto))
    }
}

/// Goes on with a kind and an id being one of `ids`.
pub(crate) fn one_of_pairs(
    statement: &mut Statement,
    kind: &'static str,
    id: &'static str,
    ids: &[EntityId],
) {
    statement.push("(");
    let mut is_first = true;
    for one in EntityKind::ALL {
        let of_kind = ids.iter().filter(|id| id.kind == one);
        let of_kind: Vec<String> = of_kind.map(|id| id.id.clone()).collect();
        if of_kind.is_empty() {
            continue;
        }
        if !is_first {
            statement.push(" OR ");
        }
        is_first = false;
        statement
            .push("(")
            .push(kind)
            .push(" = ")
            .bind(one.as_str());
        statement.push(" AND ").one_of(id, &of_kind).push(")");
    }
    if is_first {
        statement.push("1 = 0");
    }
    statement.push(")");
}

/// A kind and an id in two columns; `None` when a newer version made a kind that is not known.
pub(crate) fn read_id(row: &Row, column: usize) -> Result<Option<EntityId>, sqlx::Error> {
    let kind = EntityKind::named(&row.text(column)?);
    let id = row.text(column + 1)?;
    Ok(kind.map(|kind| EntityId::new(kind, id)))
}

/// An entity out of [`COLUMNS`].
fn read(row: &Row) -> Result<Entity, sqlx::Error> {
    let id = read_id(row, 0)?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Entity {
        kind: id.kind,
        id: id.id,
        unique_name: row.maybe_text(2)?,
        team_id: row.maybe_text(3)?,
        user_id: row.maybe_text(4)?,
        organization_id: row.maybe_text(5)?,
        expires_at: row.maybe_int(6)?,
        created_at: row.int(7)?,
        created_by: row.maybe_text(8)?,
        updated_at: row.int(9)?,
        updated_by: row.maybe_text(10)?,
        settings: parsed(&row.text(11)?)?,
    })
}

/// A JSON object out of a column.
pub(crate) fn parsed(text: &str) -> Result<Map<String, Json>, sqlx::Error> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A JSON object for a column.
pub(crate) fn written(object: &Map<String, Json>) -> Result<String, sqlx::Error> {
    serde_json::to_string(object).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// What a violated index means for a change.
fn refused(error: &sqlx::Error) -> StoreError {
    failure::taken(error)
}
