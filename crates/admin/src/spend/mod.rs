//! `/spend/...`, `/global/spend...`, `/global/activity...` and `/.../daily/activity`: what was spent
//! (reference section 2.3), from the rollups; single requests from the ledger.

mod activity;
mod calculate;
mod cents;
pub(crate) mod csv;
mod daily;
mod days;
mod entry_row;
mod forgive;
mod global;
mod key_names;
mod listing;
mod logs;
mod own;
mod report;
mod tables;

use std::sync::Arc;

use lockgate_core::ports::{Activity, ActivityQuery, SpendStore};

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute as Route;

pub use self::calculate::{Priced, Prices, Quote, Unpriced};
pub(crate) use self::forgive::forgive;

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        Route::SpendLogs => logs::logs(ask).await,
        Route::SpendLogsV2 => listing::list(ask, true).await,
        Route::SpendLogsUi => listing::list(ask, false).await,
        Route::SpendLogsOne => logs::one(ask).await,
        Route::SpendLogsSession => logs::session(ask).await,
        Route::SpendKeys => tables::keys(ask).await,
        Route::SpendUsers => tables::users(ask).await,
        Route::SpendTags => tables::tags(ask).await,
        Route::SpendCalculate => calculate::calculate(ask).await,
        Route::KeySpendReport => report::of_key(ask).await,
        Route::UserSpendReport => report::of_user(ask).await,
        Route::TeamSpendReport => report::of_team(ask).await,
        Route::OrganizationSpendReport => report::of_organization(ask).await,
        Route::GlobalSpendReset => forgive::everybody(ask).await,
        Route::GlobalSpendReport => report::global(ask).await,
        Route::GlobalSpend
        | Route::GlobalSpendLogs
        | Route::GlobalSpendKeys
        | Route::GlobalSpendTeams
        | Route::GlobalSpendCustomers
        | Route::GlobalCustomers
        | Route::GlobalSpendModels
        | Route::GlobalSpendProvider
        | Route::GlobalSpendTags
        | Route::GlobalTagNames => global::answer(ask).await,
        Route::GlobalActivity => activity::all(ask).await,
        Route::GlobalActivityModel => activity::by_model(ask).await,
        Route::GlobalActivityExceptions => activity::exceptions(ask).await,
        Route::GlobalActivityDeployments => activity::by_deployment(ask).await,
        Route::GlobalActivityCache => activity::cache(ask).await,
        Route::UserDaily
        | Route::TeamDaily
        | Route::TagDaily
        | Route::OrganizationDaily
        | Route::CustomerDaily => daily::pages(ask).await,
        Route::UserDailySum
        | Route::TeamDailySum
        | Route::TagDailySum
        | Route::OrganizationDailySum
        | Route::CustomerDailySum => daily::whole(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// Where spend is kept.
fn store<'a>(ask: &Ask<'a>) -> Result<&'a Arc<dyn SpendStore>, Refusal> {
    ask.admin.spend.as_ref().ok_or_else(Refusal::no_store)
}

/// Sums out of the rollups.
async fn sums(ask: &Ask<'_>, query: &ActivityQuery) -> Result<Vec<Activity>, Refusal> {
    if query.ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    Ok(store(ask)?.activity(query).await?)
}
