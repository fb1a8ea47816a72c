//! What each block of a SQLite ledger holds: in place of an index for each column.
//!
//! The ledger numbers its entries as they come; [`BLOCK`] of them are a block. A mark says that a
//! block holds an entry of some key, team, call id ...: whoever looks for one reads the blocks that
//! have its mark. An index of names that come at random touches a page for each row it gets, which
//! cost five times as much as the row; marks are written beside those of their neighbours.

use lockgate_core::ledger::LedgerEntry;
use lockgate_core::money::Nanodollars;
use rusqlite::{Transaction, params};

use crate::sql::{Flavour, Session, Statement};
use crate::text::indexed;

/// Entries of a block: a power of two.
pub(super) const BLOCK: i64 = 1 << SHIFT;
/// Of an entry's number, so many bits say which one of its block it is.
pub(super) const SHIFT: u32 = 10;

/// What a name is of. Numbers are kept in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// A call id or a response id.
    Request = 1,
    Key = 2,
    User = 3,
    Team = 4,
    Organization = 5,
    Customer = 6,
    Session = 7,
    ModelGroup = 8,
    /// Requests that failed; without a name.
    Failure = 9,
}

/// Marks of a batch.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Block and mark.
    marks: Vec<(i64, i64)>,
    blocks: Vec<Block>,
}

/// What a batch has in one block.
#[derive(Debug)]
struct Block {
    number: i64,
    /// When the first and the last of its entries started.
    first: i64,
    last: i64,
    /// The most that one of them cost.
    most: i64,
}

/// The mark of `name`. Two names may have the same one: then a block is read in vain.
pub(super) fn mark(of: Of, name: &str) -> i64 {
    let sum = crc32fast::hash(indexed(name).as_bytes());
    (of as i64) << 32 | i64::from(sum)
}

// === impl Marks ===

impl Marks {
    /// Marks the block of `entry`, which has this number.
    pub(super) fn add(&mut self, number: i64, entry: &LedgerEntry) {
        let block = number >> SHIFT;
        let named = [
            (Of::Request, Some(&entry.call_id)),
            (Of::Request, entry.response_id.as_ref()),
            (Of::Key, entry.key_id.as_ref()),
            (Of::User, entry.user_id.as_ref()),
            (Of::Team, entry.team_id.as_ref()),
            (Of::Organization, entry.organization_id.as_ref()),
            (Of::Customer, entry.customer_id.as_ref()),
            (Of::Session, entry.session_id.as_ref()),
            (Of::ModelGroup, Some(&entry.model_group)),
        ];
        let named = named
            .into_iter()
            .filter_map(|(of, name)| Some((block, mark(of, name?))));
        self.marks.extend(named);
        if entry.status >= 400 {
            self.marks.push((block, mark(Of::Failure, "")));
        }
        let (started, cost) = (entry.started_at, entry.cost.get());
        match self.blocks.last_mut().filter(|last| last.number == block) {
            Some(known) => {
                known.first = known.first.min(started);
                known.last = known.last.max(started);
                known.most = known.most.max(cost);
            }
            None => self.blocks.push(Block {
                number: block,
                first: started,
                last: started,
                most: cost,
            }),
        }
    }

    /// Writes them.
    pub(super) fn write(mut self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        self.marks.sort_unstable();
        self.marks.dedup();
        let mut insert = transaction.prepare(
            "INSERT INTO ledger_marks (block, mark) VALUES (?, ?) ON CONFLICT DO NOTHING",
        )?;
        for mark in &self.marks {
            insert.execute(*mark)?;
        }
        let mut insert = transaction.prepare(
            "INSERT INTO ledger_blocks AS t (block, first, last, most) VALUES (?, ?, ?, ?) \
             ON CONFLICT (block) DO UPDATE SET first = MIN(t.first, excluded.first), \
             last = MAX(t.last, excluded.last), most = MAX(t.most, excluded.most)",
        )?;
        for block in &self.blocks {
            insert.execute(params![block.number, block.first, block.last, block.most])?;
        }
        Ok(())
    }
}

/// The entry `id` costs so much now, which may be more than any of its block did.
pub(super) async fn dearer(
    session: &mut Session,
    id: &str,
    cost: Nanodollars,
) -> Result<(), sqlx::Error> {
    let mut statement = Statement::new(
        Flavour::Sqlite,
        "UPDATE ledger_blocks SET most = MAX(most, ",
    );
    statement
        .bind(cost.get())
        .push(") WHERE block = (SELECT number >> ");
    statement.bind(SHIFT).push(" FROM ledger WHERE id = ");
    statement.bind(&*indexed(id)).push(")");
    session.run(statement).await.map(drop)
}

/// Removes the marks of blocks that have nothing left. All of that started before `before`, in
/// microseconds since 1970.
pub(super) async fn forget(session: &mut Session, before: i64) -> Result<(), sqlx::Error> {
    for delete in [
        "DELETE FROM ledger_marks WHERE block IN (SELECT block FROM ledger_blocks WHERE ",
        "DELETE FROM ledger_blocks WHERE block IN (SELECT block FROM ledger_blocks WHERE ",
    ] {
        let mut statement = Statement::new(Flavour::Sqlite, delete);
        statement
            .push("last < ")
            .bind(before)
            .push(" AND NOT EXISTS (SELECT 1 FROM ledger WHERE number BETWEEN block * ")
            .bind(BLOCK)
            .push(" AND block * ")
            .bind(BLOCK)
            .push(" + ")
            .bind(BLOCK - 1)
            .push("))");
        session.run(statement).await?;
    }
    Ok(())
}
