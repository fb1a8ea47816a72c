//! Reading everything that requests are decided by out of the database.

use std::collections::HashSet;

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{
    EntityQuery, EntityStore, Order, Paging, Sort, Spend, SpendStore, StoreError,
};
use lockgate_engine::governance::Directory;
use lockgate_store::Store;

use crate::composing::is_stocked;

/// The kinds that requests are decided by, and those that say what is served.
const KINDS: [EntityKind; 16] = [
    EntityKind::Organization,
    EntityKind::Budget,
    EntityKind::Team,
    EntityKind::User,
    EntityKind::TeamMember,
    EntityKind::OrganizationMember,
    EntityKind::Project,
    EntityKind::AccessGroup,
    EntityKind::Customer,
    EntityKind::Tag,
    EntityKind::Key,
    EntityKind::RetiredKey,
    EntityKind::JwtMapping,
    EntityKind::Credential,
    EntityKind::Config,
    EntityKind::Model,
];
/// Rows that are read at once.
const PIECE: u32 = 5000;

/// Puts all entities into `directory`; says which there are, and which of them say what is served.
pub(super) async fn entities(
    store: &Store,
    directory: &Directory,
) -> Result<(HashSet<EntityId>, Vec<Entity>), StoreError> {
    let (mut there, mut stocked) = (HashSet::new(), Vec::new());
    for kind in KINDS {
        let mut query = EntityQuery::new(kind);
        query.order = Order {
            by: Sort::Id,
            descending: false,
        };
        query.paging = Paging {
            offset: 0,
            size: PIECE,
        };
        loop {
            let page = store.entities(&query).await?;
            directory.load(&page.rows);
            there.extend(page.rows.iter().map(Entity::id));
            stocked.extend(page.rows.into_iter().filter(|row| is_stocked(row.kind)));
            query.paging.offset += u64::from(PIECE);
            if query.paging.offset >= page.total {
                break;
            }
        }
    }
    Ok((there, stocked))
}

/// What everyone spent.
pub(super) async fn spends(store: &Store) -> Result<Vec<Spend>, StoreError> {
    let mut all: Vec<Spend> = Vec::new();
    loop {
        let rows = store.all_spend(all.last(), PIECE).await?;
        let is_last = rows.len() < PIECE as usize;
        all.extend(rows);
        if is_last {
            return Ok(all);
        }
    }
}
