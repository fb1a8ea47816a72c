//! `/user/delete`: users with their keys and memberships.

use lockgate_core::entity::Entity;
use serde_json::Value;

use super::form::{belongings, is_managed, need};
use crate::ask::{Answer, Ask};
use crate::fields::{Field, Type, field};
use crate::keys;
use crate::refusal::Refusal;

const FIELDS: &[Field] = &[field("user_ids", Type::Texts)];

pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["user_ids"])?;
    let ids = sent.texts("user_ids");
    if ids.is_empty() {
        return Err(Refusal::bad("No user id passed in"));
    }
    let mut edit = ask.edit();
    for id in &ids {
        let user = need(ask, id).await?;
        let of = belongings(ask, id).await?;
        may_delete(ask, &user).await?;
        for key in &of.keys {
            keys::remove(ask, &mut edit, key);
        }
        for membership in of.teams.iter().chain(&of.organizations) {
            edit.remove(membership);
        }
        edit.remove(&user);
    }
    edit.save().await?;
    Ok(Value::from(ids.len()))
}

async fn may_delete(ask: &Ask<'_>, user: &Entity) -> Result<(), Refusal> {
    if ask.caller().is_admin() || is_managed(ask, user).await? {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "You may not delete user_id={}: only proxy admins, and admins of the user's only \
         organization, may.",
        user.id
    )))
}
