//! Keys that are not in LiteLLM any more.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::{Change, EntityQuery, Paging, StoreError};

use super::Copier;
use super::decide::{is_as_imported, was_here};

/// What became of keys that are not in LiteLLM any more.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gone {
    /// Removed here, too.
    pub removed: u64,
    /// Left, because they were changed here since they were imported.
    pub kept: u64,
}

impl Copier<'_> {
    /// The keys here behind the first `offset`, at most `size`. None on a first import.
    pub(crate) async fn keys_here(
        &self,
        offset: u64,
        size: u32,
    ) -> Result<Vec<String>, StoreError> {
        let Some(target) = self.target.filter(|_| !self.is_first) else {
            return Ok(Vec::new());
        };
        let mut query = EntityQuery::new(EntityKind::Key);
        query.paging = Paging { offset, size };
        let page = target.entities.entities(&query).await?;
        Ok(page.rows.into_iter().map(|key| key.id).collect())
    }

    /// Removes those of `missing` that came from LiteLLM: a key that was deleted or regenerated there
    /// must not open this gateway.
    pub(crate) async fn remove_keys(&mut self, missing: &[String]) -> Result<Gone, StoreError> {
        let mut gone = Gone::default();
        let Some(target) = self.target else {
            return Ok(gone);
        };
        let mut change = Change::default();
        for key in missing {
            let id = EntityId::new(EntityKind::Key, key.as_str());
            if !was_here(target, &id).await? {
                continue;
            }
            if !self.overwrite && !is_as_imported(target, &id).await? {
                gone.kept += 1;
                continue;
            }
            gone.removed += 1;
            change
                .audit
                .push(self.audit_of(id.clone(), "deleted", None));
            change.removals.push(id.clone());
            self.gone.insert(id);
        }
        if let Some(target) = self.writes_to().filter(|_| gone.removed > 0) {
            target.entities.change(&change).await?;
        }
        Ok(gone)
    }
}
