//! Totals of spend on their way into the store.

use std::collections::HashMap;

use lockgate_core::entity::EntityId;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Spend, StoreError};

use super::Copier;
use crate::convert::RowSpend;
use crate::report::Report;

/// What is to become of an amount.
enum Step {
    Set,
    Unchanged,
    Kept,
}

impl Copier<'_> {
    /// Sets what was spent. An amount that is higher here already stays: this gateway may have been
    /// serving since the last import.
    pub(super) async fn set_spend(
        &self,
        spend: Vec<(EntityId, RowSpend)>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let wanted = spend.into_iter().flat_map(|(of, spend)| {
            let total = Spend {
                of,
                window: String::new(),
                start: 0,
                amount: spend.total,
            };
            [Some(total), spend.window].into_iter().flatten()
        });
        self.set_all(wanted.collect(), report).await
    }

    /// The same, of single amounts.
    pub(crate) async fn set_all(
        &self,
        wanted: Vec<Spend>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let there = self.there(&wanted).await?;
        for spend in wanted {
            let key = (spend.of.clone(), spend.window.clone(), spend.start);
            let step = self.step(&spend, there.get(&key).copied());
            let is_window = !spend.window.is_empty();
            let counts = &mut report.spend;
            match step {
                Some(Step::Set) => counts.set += 1,
                Some(Step::Unchanged) => counts.unchanged += 1,
                Some(Step::Kept) => counts.kept += 1,
                None => continue,
            }
            counts.windows += u64::from(is_window);
            let Some(target) = self.writes_to().filter(|_| matches!(step, Some(Step::Set))) else {
                continue;
            };
            let outcome = if is_window {
                target.spend.set_window(&spend).await
            } else {
                target.spend.set_spend(&spend.of, spend.amount).await
            };
            match outcome {
                Ok(()) => {}
                Err(error @ StoreError::Away(_)) => return Err(error),
                Err(error) => {
                    report.spend.set -= 1;
                    let id = [spend.of.kind.to_string(), spend.of.id, spend.window];
                    report.add("spend", &id, false, error.to_string());
                }
            }
        }
        Ok(())
    }

    async fn there(
        &self,
        wanted: &[Spend],
    ) -> Result<HashMap<(EntityId, String, i64), Nanodollars>, StoreError> {
        let Some(target) = self.target.filter(|_| !wanted.is_empty()) else {
            return Ok(HashMap::new());
        };
        let mut ids: Vec<EntityId> = wanted.iter().map(|spend| spend.of.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = target.spend.spend(&ids).await?.into_iter();
        Ok(rows
            .map(|row| ((row.of, row.window, row.start), row.amount))
            .collect())
    }

    fn step(&self, wanted: &Spend, there: Option<Nanodollars>) -> Option<Step> {
        match there {
            None if wanted.amount == Nanodollars::ZERO => None,
            None => Some(Step::Set),
            Some(there) if there == wanted.amount => Some(Step::Unchanged),
            Some(there) if self.overwrite || wanted.amount > there => Some(Step::Set),
            Some(_) => Some(Step::Kept),
        }
    }
}
