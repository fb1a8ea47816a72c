//! `/organization/member_...`

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use super::form::{ROLE, email, managed, member, memberships, user_rows};
use crate::ask::{Answer, Ask};
use crate::body::{Body, Sent};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;
use crate::users;

const WHO: &[Field] = &[
    field("organization_id", Type::Text),
    field("user_id", Type::Text),
    field("user_email", Type::Text),
    field("role", ROLE),
    field("member", Type::Any),
    field("max_budget_in_organization", Type::Amount),
];

pub(super) async fn add(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WHO], &["organization_id", "member"])?;
    let organization = managed(ask, sent.text("organization_id").unwrap_or_default()).await?;
    let there = memberships(ask, &organization.id).await?;
    let mut edit = ask.edit();
    let mut joined = Vec::new();
    for item in sent.objects("member") {
        let item = Body::of(item).fields(&[WHO], &["role"])?;
        let (id, email) = (item.text("user_id"), item.text("user_email"));
        if id.is_none() && email.is_none() {
            return Err(Refusal::bad(
                "Either user_id or user_email must be provided",
            ));
        }
        let (id, email) = (id.map(str::to_owned), email.map(str::to_owned));
        let user = users::found_or_made(ask, &mut edit, id, email).await?;
        may_take(ask, &user).await?;
        if there
            .iter()
            .any(|other| other.user_id.as_ref() == Some(&user.id))
        {
            return Err(Refusal::bad(format!(
                "User={} is already in organization_id={}",
                user.id, organization.id
            )));
        }
        let id = EntityId::pair(EntityKind::OrganizationMember, &organization.id, &user.id);
        let mut member = edit.draft(id);
        member.organization_id = Some(organization.id.clone());
        member.user_id = Some(user.id.clone());
        member.settings = settings(&item, &sent);
        if let Some(email) = user.unique_name {
            member
                .settings
                .insert("user_email".to_owned(), email.into());
        }
        edit.insert(member.clone());
        joined.push(member);
    }
    edit.save().await?;
    let facts = ask.facts(&joined).await?;
    let memberships: Vec<Value> = joined.iter().map(|one| member(one, &facts)).collect();
    Ok(json!({
        "organization_id": organization.id,
        "updated_users": user_rows(ask, &joined).await?,
        "updated_organization_memberships": memberships,
    }))
}

/// An organization's admins manage its users: so they take in new ones, and their own, but nobody
/// else's.
async fn may_take(ask: &Ask<'_>, user: &Entity) -> Result<(), Refusal> {
    if ask.caller().is_admin() || ask.find(EntityKind::User, &user.id).await?.is_none() {
        return Ok(());
    }
    if users::is_managed(ask, user).await? {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "User={} is there already, outside of your organizations: ask a proxy admin",
        user.id
    )))
}

fn settings(item: &Sent, sent: &Sent) -> Map<String, Value> {
    let mut settings = Map::new();
    let role = item.get("role").cloned();
    settings.insert("user_role".to_owned(), role.unwrap_or_default());
    if let Some(budget) = sent.get("max_budget_in_organization") {
        settings.insert("max_budget".to_owned(), budget.clone());
    }
    settings
}

async fn meant(ask: &Ask<'_>, sent: &Sent) -> Result<Entity, Refusal> {
    let (id, address) = (sent.text("user_id"), sent.text("user_email"));
    if id.is_none() && address.is_none() {
        return Err(Refusal::bad(
            "Either user_id or user_email must be provided",
        ));
    }
    let organization = managed(ask, sent.text("organization_id").unwrap_or_default()).await?;
    let members = memberships(ask, &organization.id).await?;
    let found = members.into_iter().find(|member| match id {
        Some(id) => member.user_id.as_deref() == Some(id),
        None => email(member) == address,
    });
    found.ok_or_else(|| {
        Refusal::missing(format!(
            "Member not found in organization={} for user_id={}",
            organization.id,
            id.or(address).unwrap_or_default()
        ))
    })
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WHO], &["organization_id"])?;
    let before = meant(ask, &sent).await?;
    let mut after = before.clone();
    if let Some(role) = sent.get("role") {
        after.settings.insert("user_role".to_owned(), role.clone());
    }
    if sent.has("max_budget_in_organization") {
        match sent.get("max_budget_in_organization") {
            Some(budget) => after
                .settings
                .insert("max_budget".to_owned(), budget.clone()),
            None => after.settings.shift_remove("max_budget"),
        };
    }
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    let facts = ask.facts(std::slice::from_ref(&after)).await?;
    Ok(member(&after, &facts))
}

pub(super) async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[WHO], &["organization_id"])?;
    let gone = meant(ask, &sent).await?;
    let facts = ask.facts(std::slice::from_ref(&gone)).await?;
    let row = member(&gone, &facts);
    let mut edit = ask.edit();
    edit.remove(&gone);
    edit.save().await?;
    Ok(row)
}
