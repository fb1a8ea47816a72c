//! `/user/...`: internal users.

mod change;
mod delete;
mod form;
mod list;
mod new;
mod read;

use serde_json::{Value, json};

use crate::ask::{Answer, Ask};
use crate::caller::Role;
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) use self::form::{bare_rows, found_or_made, is_managed, rows};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::UserNew => new::new(ask).await,
        AdminRoute::UserInfo => read::info(ask).await,
        AdminRoute::UserInfoV2 => read::info_v2(ask).await,
        AdminRoute::UserList => list::list(ask).await,
        AdminRoute::UserUpdate => change::update(ask).await,
        AdminRoute::UserBulkUpdate => change::bulk(ask).await,
        AdminRoute::UserDelete => delete::delete(ask).await,
        AdminRoute::UserAvailableRoles => Ok(available_roles()),
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// The roles that a user can be given.
const ROLES: [(Role, &str, &str); 4] = [
    (
        Role::ProxyAdmin,
        "Admin (All Permissions)",
        "Manages everything",
    ),
    (
        Role::ProxyAdminViewer,
        "Admin (View Only)",
        "Sees everything",
    ),
    (
        Role::InternalUser,
        "Internal User (Create/Delete/View)",
        "Manages own keys, sees own spend",
    ),
    (
        Role::InternalUserViewer,
        "Internal User (View Only)",
        "Sees own keys and spend",
    ),
];

fn available_roles() -> Value {
    ROLES
        .iter()
        .map(|(role, label, description)| {
            let told = json!({"ui_label": label, "description": description});
            (role.as_str().to_owned(), told)
        })
        .collect::<serde_json::Map<String, Value>>()
        .into()
}
