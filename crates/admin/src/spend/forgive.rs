//! `/global/spend/reset`, and what else forgives spend.

use lockgate_core::entity::EntityKind;
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::Spender;
use serde_json::json;

use super::store;
use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;

/// Lowers spend to `most`, of all time and in the open windows of budgets, also in the memory of this
/// process.
pub(crate) async fn forgive(
    ask: &Ask<'_>,
    of: Spender<'_>,
    most: Nanodollars,
) -> Result<(), Refusal> {
    let taken = store(ask)?.lower_spend(of, most).await?;
    ask.admin.directory.forgiven(&taken);
    Ok(())
}

/// Keys and teams have spent nothing; the ledger and what is reported of it stay.
pub(super) async fn everybody(ask: &Ask<'_>) -> Answer {
    let mut edit = ask.edit();
    for kind in [EntityKind::Key, EntityKind::Team] {
        forgive(ask, Spender::All(kind), Nanodollars::ZERO).await?;
        let all = lockgate_core::entity::EntityId::new(kind, "*");
        edit.log("spend_reset", &all, None, None);
    }
    edit.save().await?;
    Ok(json!({
        "message": "Spend for all API Keys and Teams reset successfully",
        "status": "success",
    }))
}
