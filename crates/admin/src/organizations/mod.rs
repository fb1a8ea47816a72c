//! `/organization/...`: organizations and who is in them.

mod change;
mod form;
mod members;
mod read;

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::OrganizationNew => change::new(ask).await,
        AdminRoute::OrganizationInfo => read::info(ask).await,
        AdminRoute::OrganizationInfoMany => read::info_many(ask).await,
        AdminRoute::OrganizationList => read::list(ask).await,
        AdminRoute::OrganizationUpdate => change::update(ask).await,
        AdminRoute::OrganizationDelete => change::delete(ask).await,
        AdminRoute::OrganizationMemberAdd => members::add(ask).await,
        AdminRoute::OrganizationMemberUpdate => members::update(ask).await,
        AdminRoute::OrganizationMemberDelete => members::delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}
