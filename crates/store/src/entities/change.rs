//! A change: entities, what the other replicas are told, and the audit log, in one transaction.

use std::time::Duration;

use lockgate_core::entity::{Entity, EntityId};
use lockgate_core::ports::{Change, Put, StoreError};

use super::{query, refused, written};
use crate::audit;
use crate::backend::Store;
use crate::failure::understood;
use crate::migrate::now;
use crate::sql::{Session, Statement, Value};

/// An import changes thousands at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

const COLUMNS: &str = "kind, id, unique_name, team_id, user_id, organization_id, expires_at, \
    created_at, created_by, updated_at, updated_by, settings, search";

const REPLACED: &str = " ON CONFLICT (kind, id) DO UPDATE SET \
    unique_name = excluded.unique_name, team_id = excluded.team_id, \
    user_id = excluded.user_id, organization_id = excluded.organization_id, \
    expires_at = excluded.expires_at, created_at = excluded.created_at, \
    created_by = excluded.created_by, updated_at = excluded.updated_at, \
    updated_by = excluded.updated_by, settings = excluded.settings, search = excluded.search";

/// Does all of `change`, or nothing.
pub(super) async fn apply(store: &Store, change: &Change) -> Result<(), StoreError> {
    let away = |error: sqlx::Error| understood(&error);
    let mut session = store.writing().await.map_err(away)?;
    let changed = (change.puts.len() + change.removals.len()) as u64;
    // Taken first, its lock puts all changes in one order, so they cannot wait for each other in
    // a circle, and a replica that saw a number has seen all before it.
    let mut sequence = take(&mut session, changed).await.map_err(away)?;
    // What goes makes room for what comes: a key that is made anew keeps its alias.
    for id in &change.removals {
        remove(&mut session, id).await.map_err(away)?;
        sequence += 1;
        tell(&mut session, id, sequence).await.map_err(away)?;
    }
    for put in &change.puts {
        let id = match put {
            Put::Insert(entity) | Put::Upsert(entity) | Put::Update { entity, .. } => entity.id(),
        };
        store_one(&mut session, put).await?;
        sequence += 1;
        tell(&mut session, &id, sequence).await.map_err(away)?;
    }
    audit::append(&mut session, &change.audit)
        .await
        .map_err(away)?;
    session.commit().await.map_err(away)
}

/// Takes `count` numbers of the sequence of changes; answers the one before them.
pub(crate) async fn take(session: &mut Session, count: u64) -> Result<i64, sqlx::Error> {
    let row = session
        .row(Statement::whole(
            session.flavour(),
            "UPDATE counters SET value = value + $1 WHERE name = 'changes' RETURNING value - $1",
            [count.into()],
        ))
        .await?;
    row.ok_or(sqlx::Error::RowNotFound)?.int(0)
}

/// Tells the other replicas.
async fn tell(session: &mut Session, id: &EntityId, sequence: i64) -> Result<(), sqlx::Error> {
    let statement = Statement::whole(
        session.flavour(),
        "INSERT INTO changes (kind, id, sequence, changed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, id) DO UPDATE SET \
         sequence = excluded.sequence, changed_at = excluded.changed_at",
        [
            id.kind.as_str().into(),
            (&id.id).into(),
            sequence.into(),
            now().into(),
        ],
    );
    session.run(statement).await.map(drop)
}

/// Tells the other replicas that something about `id` is different, although the entity is not.
pub(crate) async fn touch(session: &mut Session, id: &EntityId) -> Result<(), sqlx::Error> {
    let sequence = take(session, 1).await?;
    tell(session, id, sequence + 1).await
}

async fn remove(session: &mut Session, id: &EntityId) -> Result<(), sqlx::Error> {
    let statement = Statement::whole(
        session.flavour(),
        "DELETE FROM entities WHERE kind = $1 AND id = $2",
        [id.kind.as_str().into(), (&id.id).into()],
    );
    session.run(statement).await.map(drop)
}

async fn store_one(session: &mut Session, put: &Put) -> Result<(), StoreError> {
    let away = |error: sqlx::Error| understood(&error);
    let mut statement = Statement::new(session.flavour(), "");
    match put {
        Put::Insert(entity) | Put::Upsert(entity) => {
            statement.push("INSERT INTO entities (").push(COLUMNS);
            statement
                .push(") VALUES (")
                .bind_all(values(entity).map_err(away)?);
            statement.push(")");
            if matches!(put, Put::Upsert(_)) {
                statement.push(REPLACED);
            }
        }
        Put::Update { entity, read_at } => {
            statement.push("UPDATE entities SET (").push(COLUMNS);
            statement
                .push(") = (")
                .bind_all(values(entity).map_err(away)?);
            statement.push(") WHERE kind = ").bind(entity.kind.as_str());
            statement.push(" AND id = ").bind(&entity.id);
            statement.push(" AND updated_at = ").bind(*read_at);
        }
    }
    let touched = session
        .run(statement)
        .await
        .map_err(|error| refused(&error))?;
    if touched == 0 {
        return Err(StoreError::Changed);
    }
    Ok(())
}

/// The values of [`COLUMNS`].
fn values(entity: &Entity) -> Result<[Value; 13], sqlx::Error> {
    Ok([
        entity.kind.as_str().into(),
        (&entity.id).into(),
        (&entity.unique_name).into(),
        (&entity.team_id).into(),
        (&entity.user_id).into(),
        (&entity.organization_id).into(),
        entity.expires_at.into(),
        entity.created_at.into(),
        (&entity.created_by).into(),
        entity.updated_at.into(),
        (&entity.updated_by).into(),
        (&written(&entity.settings)?).into(),
        (&query::folded(entity)).into(),
    ])
}
