//! `/team/...`: teams, their members, and what members may do.

mod change;
mod form;
mod list;
mod member_change;
mod members;
mod new;
mod permissions;
mod read;

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) use self::form::{need, shown};
pub(crate) use self::members::{join_as, keys_of, memberships};
pub(crate) use self::permissions::allowed as member_permissions;

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::TeamNew => new::new(ask).await,
        AdminRoute::TeamInfo => read::info(ask).await,
        AdminRoute::TeamMe => read::me(ask).await,
        AdminRoute::TeamList => list::list(ask).await,
        AdminRoute::TeamListV2 => list::list_v2(ask).await,
        AdminRoute::TeamAvailable => Ok(serde_json::json!([])),
        AdminRoute::TeamUpdate => change::update(ask).await,
        AdminRoute::TeamDelete => change::delete(ask).await,
        AdminRoute::TeamBlock => change::block(ask, true).await,
        AdminRoute::TeamUnblock => change::block(ask, false).await,
        AdminRoute::TeamModelAdd => change::models(ask, true).await,
        AdminRoute::TeamModelDelete => change::models(ask, false).await,
        AdminRoute::TeamMemberAdd => members::add(ask).await,
        AdminRoute::TeamMemberBulkAdd => members::bulk_add(ask).await,
        AdminRoute::TeamMemberUpdate => member_change::update(ask).await,
        AdminRoute::TeamMemberDelete => member_change::delete(ask).await,
        AdminRoute::TeamPermissions => permissions::list(ask).await,
        AdminRoute::TeamPermissionsUpdate => permissions::update(ask).await,
        AdminRoute::TeamPermissionsBulk => permissions::bulk(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}
