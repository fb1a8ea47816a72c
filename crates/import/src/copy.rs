//! Entities on their way into the store: what is new, what changed, and what is left alone.

mod decide;
mod gone;
mod spend;

use std::collections::{HashMap, HashSet};

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{AuditDraft, AuditQuery, Change, Paging, Put, StoreError};
use serde_json::{Map, Value};

use self::decide::Decision;
use crate::convert::{Draft, account, unique_name};
use crate::report::{Counts, Report};
use crate::tables::Table;
use crate::target::{ACTOR, Target};

/// Puts entities into a store, or finds out what that would do.
pub(crate) struct Copier<'a> {
    target: Option<Target<'a>>,
    apply: bool,
    overwrite: bool,
    now: i64,
    /// Nothing was imported before, so nothing can have been removed since.
    is_first: bool,
    /// What is removed in this run: it keeps no name from others.
    gone: HashSet<EntityId>,
    /// Names that were given away in this run.
    names: HashMap<EntityKind, HashSet<String>>,
}

/// A decided draft.
struct Decided {
    id: Vec<String>,
    draft: Draft,
    put: Option<Put>,
    after: Map<String, Value>,
}

const ACTION: &str = "imported";

// === impl Copier ===

impl<'a> Copier<'a> {
    pub(crate) async fn new(
        target: Option<Target<'a>>,
        apply: bool,
        overwrite: bool,
        now: i64,
    ) -> Result<Self, StoreError> {
        let mut copier = Self {
            target,
            apply,
            overwrite,
            now,
            is_first: true,
            gone: HashSet::new(),
            names: HashMap::new(),
        };
        if let Some(target) = target {
            let mut query = audit_query();
            query.actor = Some(ACTOR.to_owned());
            copier.is_first = target.entities.audit(&query).await?.rows.is_empty();
        }
        Ok(copier)
    }

    /// Where this writes to, when it writes.
    pub(crate) fn writes_to(&self) -> Option<Target<'a>> {
        self.target.filter(|_| self.apply)
    }

    /// Copies rows of one table.
    pub(crate) async fn batch(
        &mut self,
        table: &Table,
        drafts: Vec<(Vec<String>, Draft)>,
        counts: &mut Counts,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let ids: Vec<EntityId> = drafts.iter().map(|(_, draft)| draft.entity.id()).collect();
        let mut existing = self.existing(&ids).await?;
        let mut decided = Vec::with_capacity(drafts.len());
        for (id, mut draft) in drafts {
            self.give_name(&mut draft);
            let after = view(&draft.entity);
            let there = existing.remove(&draft.entity.id());
            let is_there = there.is_some();
            let put = match self.decide(&mut draft, there).await? {
                Decision::New => Some(Put::Insert(draft.entity.clone())),
                Decision::Changed { read_at } => Some(Put::Update {
                    entity: draft.entity.clone(),
                    read_at,
                }),
                Decision::Unchanged => {
                    counts.unchanged += 1;
                    None
                }
                Decision::Kept => {
                    counts.kept += 1;
                    if !is_there {
                        continue;
                    }
                    // Its budgets hold for what LiteLLM spent since all the same.
                    draft.losses.clear();
                    None
                }
                Decision::Failed(why) => {
                    counts.failed += 1;
                    report.add(table.name, &id, false, why);
                    continue;
                }
            };
            decided.push(Decided {
                id,
                draft,
                put,
                after,
            });
        }
        let failed = self.write(table, &decided, counts, report).await?;
        let copied = decided.into_iter().enumerate();
        let copied: Vec<Decided> = copied
            .filter(|(place, _)| !failed.contains(place))
            .map(|(_, one)| one)
            .collect();
        for one in &copied {
            for what in &one.draft.left_out {
                *report.left_out.entry((*what).to_owned()).or_default() += 1;
            }
            for loss in &one.draft.losses {
                report.add(table.name, &one.id, true, loss.clone());
            }
        }
        let spend: Vec<_> = copied
            .into_iter()
            .filter_map(|one| Some((account(&one.draft.entity.id()), one.draft.spend?)))
            .collect();
        self.set_spend(spend, report).await
    }

    async fn existing(&self, ids: &[EntityId]) -> Result<HashMap<EntityId, Entity>, StoreError> {
        let Some(target) = self.target else {
            return Ok(HashMap::new());
        };
        let those = target.entities.those(ids).await?;
        Ok(those.into_iter().map(|one| (one.id(), one)).collect())
    }

    /// LiteLLM looks whether a name is taken before it gives it away, and old versions did not: two
    /// rows may have it. The first keeps it, for the other it is a setting.
    fn give_name(&mut self, draft: &mut Draft) {
        let entity = &mut draft.entity;
        let Some(name) = entity.unique_name.clone() else {
            return;
        };
        let given = self.names.entry(entity.kind).or_default();
        if given.insert(name.clone()) {
            return;
        }
        entity.unique_name = None;
        let column = unique_name(entity.kind).unwrap_or("name");
        draft
            .losses
            .push(format!("without its {column}, which another one has too"));
        entity
            .settings
            .insert(format!("duplicate_{column}"), name.into());
    }

    /// Writes all at once, or one by one if that fails. Says which failed.
    async fn write(
        &self,
        table: &Table,
        decided: &[Decided],
        counts: &mut Counts,
        report: &mut Report,
    ) -> Result<HashSet<usize>, StoreError> {
        let puts = decided.iter().filter(|one| one.put.is_some());
        let change = self.change(puts);
        let mut failed = HashSet::new();
        if let Some(target) = self.writes_to().filter(|_| !change.puts.is_empty()) {
            match target.entities.change(&change).await {
                Ok(()) => {}
                Err(error @ StoreError::Away(_)) => return Err(error),
                Err(_one_of_them) => {
                    failed = self.write_each(target, table, decided, report).await?;
                }
            }
        }
        counts.failed += failed.len() as u64;
        for (place, one) in decided.iter().enumerate() {
            match &one.put {
                Some(_) if failed.contains(&place) => {}
                Some(Put::Insert(_)) => counts.new += 1,
                Some(_) => counts.changed += 1,
                None => {}
            }
        }
        Ok(failed)
    }

    async fn write_each(
        &self,
        target: Target<'_>,
        table: &Table,
        decided: &[Decided],
        report: &mut Report,
    ) -> Result<HashSet<usize>, StoreError> {
        let mut failed = HashSet::new();
        for (place, one) in decided.iter().enumerate() {
            if one.put.is_none() {
                continue;
            }
            match target.entities.change(&self.change([one])).await {
                Ok(()) => {}
                Err(error @ StoreError::Away(_)) => return Err(error),
                Err(error) => {
                    failed.insert(place);
                    report.add(table.name, &one.id, false, error.to_string());
                }
            }
        }
        Ok(failed)
    }

    fn change<'d>(&self, decided: impl IntoIterator<Item = &'d Decided>) -> Change {
        let mut change = Change::default();
        for one in decided {
            change.puts.extend(one.put.clone());
            let after = Some(one.after.clone());
            change
                .audit
                .push(self.audit_of(one.draft.entity.id(), ACTION, after));
        }
        change
    }

    fn audit_of(
        &self,
        entity: EntityId,
        action: &str,
        after: Option<Map<String, Value>>,
    ) -> AuditDraft {
        AuditDraft {
            at: self.now,
            actor: ACTOR.to_owned(),
            actor_key: None,
            address: None,
            action: action.to_owned(),
            entity,
            before: None,
            after,
        }
    }
}

/// An entity as the audit log shows it; its secrets are not in it yet.
fn view(entity: &Entity) -> Map<String, Value> {
    let mut view = Map::new();
    for (name, value) in [
        ("name", &entity.unique_name),
        ("user_id", &entity.user_id),
        ("team_id", &entity.team_id),
        ("organization_id", &entity.organization_id),
    ] {
        if let Some(value) = value {
            view.insert(name.to_owned(), value.as_str().into());
        }
    }
    for (name, value) in &entity.settings {
        // Anything may be in there.
        let hidden = entity.kind == EntityKind::Config;
        let shown = if hidden {
            "[REDACTED]".into()
        } else {
            value.clone()
        };
        view.insert(name.clone(), shown);
    }
    view
}

/// The newest entry of the whole audit log.
fn audit_query() -> AuditQuery {
    AuditQuery {
        entity: None,
        kind: None,
        actor: None,
        action: None,
        from: None,
        until: None,
        paging: Paging { offset: 0, size: 1 },
    }
}
