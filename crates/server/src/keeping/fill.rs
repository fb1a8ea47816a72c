//! Reading everything that requests are decided by into memory, at the start.

use lockgate_core::entity::EntityKind;
use lockgate_core::ports::{
    EntityQuery, EntityStore, Order, Paging, Sort, Spend, SpendStore, StoreError,
};
use lockgate_engine::Shared;
use lockgate_store::Store;

use crate::composing::Stock;

/// The kinds that requests are decided by, and those that say what is served.
const KINDS: [EntityKind; 15] = [
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
    EntityKind::Credential,
    EntityKind::Config,
    EntityKind::Model,
];
/// Rows that are read at once.
const PIECE: u32 = 5000;

/// Fills the directory of `shared`, and the stock, from `store`.
pub(super) async fn fill(store: &Store, shared: &Shared, stock: &Stock) -> Result<(), StoreError> {
    let directory = &shared.governance.directory;
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
            stock.changed(&page.rows, &[]);
            query.paging.offset += u64::from(PIECE);
            if query.paging.offset >= page.total {
                break;
            }
        }
    }
    let zone = shared.snapshot.load().config.governance.timezone.clone();
    let mut last: Option<Spend> = None;
    loop {
        let rows = store.all_spend(last.as_ref(), PIECE).await?;
        for spend in &rows {
            directory.spend(spend, &zone);
        }
        if rows.len() < PIECE as usize {
            return Ok(());
        }
        last = rows.into_iter().next_back();
    }
}
