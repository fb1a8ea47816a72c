//! The import from its start to its end.

mod survey;

use std::collections::HashSet;

use jiff::tz::TimeZone;
use lockgate_core::entity::EntityKind;
use lockgate_core::ports::StoreError;
use sqlx::Row as _;

use crate::cipher::Keychain;
use crate::convert::{Context, Converted};
use crate::copy::Copier;
use crate::logs;
use crate::report::{Counts, Report};
use crate::source::{KEY_TABLE, RowPage, Source, SourceError};
use crate::tables::{TABLES, Table};
use crate::target::Target;
use crate::windows;

/// Whether to write.
#[derive(Clone, Copy)]
pub enum Mode<'a> {
    /// Find out what would be done. Without a target, as if nothing were there yet.
    Dry(Option<Target<'a>>),
    /// Do it.
    Apply(Target<'a>),
}

/// What to do, and how.
#[derive(Clone)]
pub struct Options {
    /// Take LiteLLM's also where something was changed or removed here since.
    pub overwrite: bool,
    /// Copy the spend logs since then, in microseconds since 1970; `None`: none of them.
    pub since: Option<i64>,
    /// What LiteLLM's secrets are encrypted with.
    pub keys: Keychain,
    /// The present, in microseconds since 1970.
    pub now: i64,
    /// Where the days of budgets begin.
    pub zone: TimeZone,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being copied.
    pub what: &'static str,
    /// Rows so far.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
}

/// Why an import ended early. What was copied so far stays, and another run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// LiteLLM's database cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store does not take any more.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
}

/// Rows are read and written in batches of so many.
const BATCH: usize = 500;
/// Keys here are looked for in LiteLLM in batches of so many.
const KEYS: u32 = 500;
const GONE: &str = "keys that are not in LiteLLM any more, and so removed here, too";
const CHANGED: &str =
    "keys that are not in LiteLLM any more, and stay because they were changed here since";

/// Copies what `source` holds, or finds out what that would do.
///
/// # Errors
///
/// When the database or the store cannot be reached any more. A row that cannot be copied is no
/// error; the report names it.
pub async fn import(
    mut source: Source,
    mode: Mode<'_>,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let (target, apply) = match mode {
        Mode::Dry(target) => (target, false),
        Mode::Apply(target) => (Some(target), true),
    };
    let mut run = Run {
        copier: Copier::new(target, apply, options.overwrite, options.now).await?,
        report: Report {
            source: source.place().to_owned(),
            migration: source.migration().map(str::to_owned),
            applied: apply,
            ..Report::default()
        },
        options,
        progress,
    };
    for table in &TABLES {
        if table.kind == EntityKind::Key {
            run.remove_gone(&mut source).await?;
        }
        run.table(&mut source, table).await?;
    }
    run.windows(&mut source).await?;
    survey::not_copied(&mut source, options.since.is_some(), &mut run.report).await?;
    source.release().await?;
    if let Some(since) = options.since {
        logs::copy(
            &mut source,
            &run.copier,
            since,
            &mut run.report,
            run.progress,
        )
        .await?;
    }
    Ok(run.report)
}

struct Run<'a, 'p> {
    copier: Copier<'a>,
    report: Report,
    options: &'a Options,
    progress: &'p mut (dyn FnMut(Progress) + Send),
}

// === impl Run ===

impl Run<'_, '_> {
    async fn table(
        &mut self,
        source: &mut Source,
        table: &'static Table,
    ) -> Result<(), ImportError> {
        let Some(columns) = survey::columns(source, table, &mut self.report) else {
            return Ok(());
        };
        let context = Context {
            table,
            columns: &columns,
            keys: &self.options.keys,
            now: self.options.now,
            zone: &self.options.zone,
        };
        let total = source.count(table.name).await?;
        let mut counts = Counts {
            what: table.what,
            table: table.name,
            ..Counts::default()
        };
        source.begin(table).await?;
        loop {
            let page = source.next(table, BATCH).await?;
            let is_last = page.is_last;
            counts.rows += page.rows.len() as u64;
            let live = if table.kind == EntityKind::DeletedKey {
                live(source, page.ids()).await?
            } else {
                HashSet::new()
            };
            let mut drafts = self.convert(&context, page, &mut counts);
            for (id, draft) in &mut drafts {
                if id.iter().any(|id| live.contains(id)) {
                    draft.spend = None;
                }
            }
            let report = &mut self.report;
            self.copier
                .batch(table, drafts, &mut counts, report)
                .await?;
            (self.progress)(Progress {
                what: table.what,
                done: counts.rows,
                total,
            });
            if is_last {
                break;
            }
        }
        self.report.tables.push(counts);
        Ok(())
    }

    fn convert(
        &mut self,
        context: &Context<'_>,
        page: RowPage,
        counts: &mut Counts,
    ) -> Vec<(Vec<String>, crate::convert::Draft)> {
        let mut drafts = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let (id, converted) = match row {
                Ok(row) => (row.id.clone(), context.convert(row)),
                Err(unreadable) => (unreadable.id, Converted::Failed(unreadable.why)),
            };
            match converted {
                Converted::Entity(draft) => drafts.push((id, *draft)),
                Converted::LeftOut(why) => {
                    counts.left_out += 1;
                    *self.report.left_out.entry(why.to_owned()).or_default() += 1;
                }
                Converted::Failed(why) => {
                    counts.failed += 1;
                    // An id that is no hash may be a key.
                    let id = if context.is_secret(&id) {
                        vec!["(hidden)".to_owned()]
                    } else {
                        id
                    };
                    self.report.add(context.table.name, &id, false, why);
                }
            }
        }
        drafts
    }

    /// Takes away keys that were imported before and are not in LiteLLM any more.
    async fn remove_gone(&mut self, source: &mut Source) -> Result<(), ImportError> {
        let mut offset = 0;
        let mut missing = Vec::new();
        loop {
            let mut here = self.copier.keys_here(offset, KEYS).await?;
            if here.is_empty() {
                break;
            }
            offset += here.len() as u64;
            let live = live(source, here.clone()).await?;
            here.retain(|key| !live.contains(key));
            missing.append(&mut here);
        }
        for some in missing.chunks(BATCH) {
            let gone = self.copier.remove_keys(some).await?;
            for (why, count) in [(GONE, gone.removed), (CHANGED, gone.kept)] {
                if count > 0 {
                    *self.report.left_out.entry(why.to_owned()).or_default() += count;
                }
            }
        }
        Ok(())
    }

    async fn windows(&mut self, source: &mut Source) -> Result<(), ImportError> {
        let table = &windows::TABLE;
        if source.columns(table.name).is_none() {
            return Ok(());
        }
        source.begin(table).await?;
        loop {
            let page = source.next(table, BATCH).await?;
            let mut open = Vec::new();
            for row in page.rows {
                let row = match row {
                    Ok(row) => row,
                    Err(unreadable) => {
                        self.report
                            .add(table.name, &unreadable.id, false, unreadable.why);
                        continue;
                    }
                };
                match windows::open_window(&row, self.options.now, &self.options.zone) {
                    Some(Ok(spend)) => open.push(spend),
                    Some(Err(why)) => self.report.add(table.name, &row.id, false, why),
                    None => {}
                }
            }
            self.copier.set_all(open, &mut self.report).await?;
            if page.is_last {
                return Ok(());
            }
        }
    }
}

/// Those of `keys` that LiteLLM has.
async fn live(source: &mut Source, keys: Vec<String>) -> Result<HashSet<String>, ImportError> {
    let table = source.sql_name(KEY_TABLE);
    let sql = format!("SELECT token FROM {table} WHERE token = ANY(string_to_array($1, ','))");
    let rows = source.fetch(sql, &[keys.join(",")]).await?;
    let live: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(live.map_err(SourceError::from)?)
}
