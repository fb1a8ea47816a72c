//! `/organization/info`, `/organization/list`.

use lockgate_core::entity::{Entity, EntityKind};
use serde_json::Value;

use super::form::{full, need};
use crate::ask::{Answer, Ask, text};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;

fn is_seen(ask: &Ask<'_>, organization: &Entity) -> bool {
    let caller = ask.caller();
    caller.sees_all() || caller.administers(Some(&organization.id))
}

pub(super) async fn info(ask: &Ask<'_>) -> Answer {
    let organization = need(ask, ask.query.need("organization_id")?).await?;
    if !is_seen(ask, &organization) {
        return Err(Refusal::forbidden(
            "You do not have access to this organization",
        ));
    }
    Ok(full(ask, &organization).await?.into())
}

pub(super) async fn info_many(ask: &Ask<'_>) -> Answer {
    const FIELDS: &[Field] = &[field("organizations", Type::Texts)];
    let sent = ask.body()?.fields(&[FIELDS], &["organizations"])?;
    let mut rows: Vec<Value> = Vec::new();
    let ids = sent.texts("organizations");
    for organization in ask.those(EntityKind::Organization, &ids).await? {
        if is_seen(ask, &organization) {
            rows.push(full(ask, &organization).await?.into());
        }
    }
    Ok(rows.into())
}

/// All of them, or those that the caller administers.
pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let mut organizations = ask.every(EntityKind::Organization).await?;
    organizations.retain(|organization| is_seen(ask, organization));
    if let Some(id) = ask.query.get("org_id") {
        organizations.retain(|organization| organization.id == id);
    }
    if let Some(part) = ask.query.get("org_alias") {
        let part = part.to_lowercase();
        organizations.retain(|organization| {
            let alias = text(&organization.settings, "organization_alias");
            alias.unwrap_or_default().to_lowercase().contains(&part)
        });
    }
    let mut rows: Vec<Value> = Vec::new();
    for organization in &organizations {
        rows.push(full(ask, organization).await?.into());
    }
    Ok(rows.into())
}
