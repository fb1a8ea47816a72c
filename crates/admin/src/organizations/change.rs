//! `/organization/new`, `/organization/update`, `/organization/delete`.

use lockgate_core::entity::{EntityId, EntityKind};
use serde_json::Value;

use super::form::{ASKED, FIELDS, full, managed, memberships, need, of_organization, shown};
use crate::ask::{Answer, Ask};
use crate::fields::{Field, LIMITS, Type, field};
use crate::refusal::Refusal;
use crate::{budgets, keys, models};

/// What an admin of an organization may not give himself.
const OWN: [&str; 4] = [
    "organization_id",
    "organization_alias",
    "metadata",
    "object_permission",
];

pub(super) async fn new(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &["organization_alias"])?;
    budgets::check(ask, &sent).await?;
    let id = match sent.take_text("organization_id").flatten() {
        None => uuid::Uuid::new_v4().to_string(),
        Some(id) if !EntityId::is_choosable(&id) => {
            return Err(Refusal::bad(
                "organization_id may not be empty or have control characters",
            ));
        }
        Some(id) => id,
    };
    if ask.find(EntityKind::Organization, &id).await?.is_some() {
        return Err(Refusal::bad(format!("organization_id={id} already exists")));
    }
    let mut edit = ask.edit();
    let mut organization = edit.draft(EntityId::new(EntityKind::Organization, id));
    sent.apply(&mut organization.settings);
    edit.insert(organization.clone());
    edit.save().await?;
    let facts = ask.facts(std::slice::from_ref(&organization)).await?;
    Ok(shown(&organization, &facts).into())
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let in_path = ask.request.params.first();
    let needed: &[&str] = if in_path.is_some() {
        &[]
    } else {
        &["organization_id"]
    };
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], needed)?;
    let in_body = sent.take_text("organization_id").flatten();
    let id = in_path.or(in_body.as_ref()).map_or("", String::as_str);
    let before = managed(ask, id).await?;
    let foreign = sent
        .members()
        .keys()
        .find(|name| !OWN.contains(&name.as_str()));
    if !ask.caller().is_admin()
        && let Some(name) = foreign
    {
        return Err(Refusal::forbidden(format!(
            "Admins of an organization cannot change `{name}` of it."
        )));
    }
    budgets::check(ask, &sent).await?;
    let mut after = before.clone();
    sent.apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    Ok(full(ask, &after).await?.into())
}

/// Organizations go with everything that is in them.
pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    const IDS: &[Field] = &[field("organization_ids", Type::Texts)];
    let sent = ask.body()?.fields(&[IDS], &["organization_ids"])?;
    let mut edit = ask.edit();
    let mut rows: Vec<Value> = Vec::new();
    for id in sent.texts("organization_ids") {
        let organization = need(ask, &id).await?;
        rows.push(full(ask, &organization).await?.into());
        for team in of_organization(ask, EntityKind::Team, &id).await? {
            for member in crate::teams::memberships(ask, &team.id).await? {
                edit.remove(&member);
            }
            for key in crate::teams::keys_of(ask, &team.id).await? {
                keys::remove(ask, &mut edit, &key);
            }
            for model in models::of_team(ask, &team.id).await? {
                edit.remove(&model);
            }
            edit.remove(&team);
        }
        for key in of_organization(ask, EntityKind::Key, &id).await? {
            keys::remove(ask, &mut edit, &key);
        }
        for member in memberships(ask, &id).await? {
            edit.remove(&member);
        }
        edit.remove(&organization);
    }
    edit.save().await?;
    Ok(rows.into())
}
