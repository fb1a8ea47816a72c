//! The audit log: a chain of hashes that no entry can be taken out of.

use lockgate_core::ports::{AuditDraft, AuditEntry, AuditQuery, Page, StoreError};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use crate::backend::{Store, in_time};
use crate::entities::{parsed, read_id, written};
use crate::sql::{Row, Session, Statement};
use crate::text::hex;

/// What [`Store::verify_audit`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries are as they were written, from the first on.
    pub intact: u64,
    /// The first that is not: changed, or taken out.
    pub broken: Option<i64>,
}

/// An entry as it is stored: what the hash is of.
struct Stored {
    sequence: i64,
    said_at: i64,
    /// Actor, its key, address, action, kind, id, before, after.
    texts: [Option<String>; 8],
    hash: String,
}

const COLUMNS: &str =
    "sequence, said_at, actor, actor_key, address, action, kind, id, before, after, hash";
/// Entries that are read at once to verify them.
const STRETCH: i64 = 1_000;

// === impl Store ===

impl Store {
    /// Reads the whole audit log and finds the first entry that is not as it was written. What was
    /// cut off at its end is found, too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify_audit(&self) -> Result<Verdict, StoreError> {
        let head = "SELECT value, hash FROM counters WHERE name = 'audit'";
        let (newest, head) = in_time(Box::pin(async {
            let mut session = self.reading().await?;
            let row = session.row(Statement::new(self.flavour(), head)).await?;
            session.commit().await?;
            let row = row.ok_or(sqlx::Error::RowNotFound)?;
            Ok((row.int(0)?, row.text(1)?))
        }))
        .await?;
        let (mut sequence, mut hash) = (0, String::new());
        while sequence < newest {
            let stretch = in_time(Box::pin(self.stretch(sequence, newest))).await?;
            let is_over = stretch.is_empty();
            for entry in stretch {
                let is_next = entry.sequence == sequence + 1;
                if !is_next || entry.hash != entry.chained(&hash) {
                    return Ok(verdict(sequence, true));
                }
                (sequence, hash) = (entry.sequence, entry.hash);
            }
            if is_over {
                return Ok(verdict(sequence, true));
            }
        }
        Ok(verdict(sequence, hash != head))
    }

    /// Entries of the audit log behind `sequence` that were said at `since` (microseconds since
    /// 1970) or later, the oldest first, `most` of them at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit_behind(
        &self,
        sequence: i64,
        since: Option<i64>,
        most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut select = Statement::new(self.flavour(), "SELECT ");
        select
            .push(COLUMNS)
            .push(" FROM audit WHERE sequence > ")
            .bind(sequence);
        if let Some(since) = since {
            select.push(" AND said_at >= ").bind(since);
        }
        select.push(" ORDER BY sequence LIMIT ").bind(most);
        in_time(Box::pin(async {
            let mut session = self.reporting().await?;
            let rows = session.rows(select).await?;
            session.commit().await?;
            rows.iter().map(read).collect()
        }))
        .await
    }

    async fn stretch(&self, after: i64, upto: i64) -> Result<Vec<Stored>, sqlx::Error> {
        let mut statement = Statement::new(self.flavour(), "SELECT ");
        statement
            .push(COLUMNS)
            .push(" FROM audit WHERE sequence > ")
            .bind(after);
        statement.push(" AND sequence <= ").bind(upto);
        statement.push(" ORDER BY sequence LIMIT ").bind(STRETCH);
        let mut session = self.reading().await?;
        let rows = session.rows(statement).await?;
        session.commit().await?;
        rows.iter().map(Stored::read).collect()
    }
}

/// `is_broken`: behind `sequence`.
fn verdict(sequence: i64, is_broken: bool) -> Verdict {
    Verdict {
        intact: sequence.unsigned_abs(),
        broken: is_broken.then_some(sequence + 1),
    }
}

// === impl Stored ===

impl Stored {
    fn new(sequence: i64, draft: &AuditDraft) -> Result<Self, sqlx::Error> {
        let object = |object: &Option<Map<String, Json>>| object.as_ref().map(written).transpose();
        // As the database will have it: the hash is of what is read back.
        let clean = |text: &str| Some(text.replace('\0', "\u{fffd}"));
        Ok(Self {
            sequence,
            said_at: draft.at,
            texts: [
                clean(&draft.actor),
                draft.actor_key.as_deref().and_then(clean),
                draft.address.as_deref().and_then(clean),
                clean(&draft.action),
                clean(draft.entity.kind.as_str()),
                clean(&draft.entity.id),
                object(&draft.before)?,
                object(&draft.after)?,
            ],
            hash: String::new(),
        })
    }

    fn read(row: &Row) -> Result<Self, sqlx::Error> {
        let mut texts = [const { None }; 8];
        for (column, text) in (2..).zip(&mut texts) {
            *text = row.maybe_text(column)?;
        }
        Ok(Self {
            sequence: row.int(0)?,
            said_at: row.int(1)?,
            texts,
            hash: row.text(10)?,
        })
    }

    /// Its hash, behind the entry with the hash `before`. Each text goes in with its length, so
    /// that nothing can move from one to the next.
    fn chained(&self, before: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(before.as_bytes());
        hasher.update(self.sequence.to_be_bytes());
        hasher.update(self.said_at.to_be_bytes());
        for text in &self.texts {
            match text {
                Some(text) => {
                    hasher.update((text.len() as u64).to_be_bytes());
                    hasher.update(text.as_bytes());
                }
                None => hasher.update(u64::MAX.to_be_bytes()),
            }
        }
        hex(&hasher.finalize())
    }

    async fn write(&self, session: &mut Session) -> Result<(), sqlx::Error> {
        let mut statement = Statement::new(session.flavour(), "INSERT INTO audit (");
        statement
            .push(COLUMNS)
            .push(") VALUES (")
            .bind(self.sequence);
        statement.push(", ").bind(self.said_at);
        for text in &self.texts {
            statement.push(", ").bind(text);
        }
        statement.push(", ").bind(&self.hash).push(")");
        session.run(statement).await.map(drop)
    }
}

/// Appends `drafts` to the log. Whoever calls holds the lock of changes, so that nobody else
/// appends meanwhile.
pub(crate) async fn append(
    session: &mut Session,
    drafts: &[AuditDraft],
) -> Result<(), sqlx::Error> {
    if drafts.is_empty() {
        return Ok(());
    }
    let flavour = session.flavour();
    let head = "SELECT value, hash FROM counters WHERE name = 'audit'";
    let row = session.row(Statement::new(flavour, head)).await?;
    let row = row.ok_or(sqlx::Error::RowNotFound)?;
    let (mut sequence, mut hash) = (row.int(0)?, row.text(1)?);
    for draft in drafts {
        sequence += 1;
        let mut entry = Stored::new(sequence, draft)?;
        entry.hash = entry.chained(&hash);
        entry.write(session).await?;
        hash = entry.hash;
    }
    let head = Statement::whole(
        flavour,
        "UPDATE counters SET value = $1, hash = $2 WHERE name = 'audit'",
        [sequence.into(), (&hash).into()],
    );
    session.run(head).await.map(drop)
}

/// The page that `query` asks for, the newest first.
pub(crate) async fn page(
    store: &Store,
    query: &AuditQuery,
) -> Result<Page<AuditEntry>, sqlx::Error> {
    let mut count = Statement::new(store.flavour(), "SELECT COUNT(*) FROM audit WHERE 1 = 1");
    conditions(&mut count, query);
    let mut select = Statement::new(store.flavour(), "SELECT ");
    select.push(COLUMNS).push(" FROM audit WHERE 1 = 1");
    conditions(&mut select, query);
    select
        .push(" ORDER BY sequence DESC LIMIT ")
        .bind(query.paging.size);
    select.push(" OFFSET ").bind(query.paging.offset);
    let mut session = store.reporting().await?;
    let total = session.row(count).await?;
    let rows = session.rows(select).await?;
    session.commit().await?;
    Ok(Page {
        rows: rows.iter().map(read).collect::<Result<_, _>>()?,
        total: total.map_or(Ok(0), |row| row.count(0))?,
    })
}

fn conditions(statement: &mut Statement, query: &AuditQuery) {
    if let Some(entity) = &query.entity {
        statement.push(" AND kind = ").bind(entity.kind.as_str());
        statement.push(" AND id = ").bind(&entity.id);
    }
    if let Some(kind) = query.kind {
        statement.push(" AND kind = ").bind(kind.as_str());
    }
    if let Some(actor) = &query.actor {
        statement.push(" AND actor = ").bind(actor);
    }
    if let Some(action) = &query.action {
        statement.push(" AND action = ").bind(action);
    }
    if let Some(from) = query.from {
        statement.push(" AND said_at >= ").bind(from);
    }
    if let Some(until) = query.until {
        statement.push(" AND said_at < ").bind(until);
    }
}

fn read(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    let object = |column| {
        row.maybe_text(column)?
            .map(|text| parsed(&text))
            .transpose()
    };
    Ok(AuditEntry {
        sequence: row.int(0)?,
        said: AuditDraft {
            at: row.int(1)?,
            actor: row.text(2)?,
            actor_key: row.maybe_text(3)?,
            address: row.maybe_text(4)?,
            action: row.text(5)?,
            entity: read_id(row, 6)?.ok_or(sqlx::Error::RowNotFound)?,
            before: object(8)?,
            after: object(9)?,
        },
        hash: row.text(10)?,
    })
}
