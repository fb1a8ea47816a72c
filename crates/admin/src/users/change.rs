//! `/user/update`, `/user/bulk_update`.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::money::Nanodollars;
use serde_json::{Map, Value, json};

use super::form::{ASKED, FIELDS, is_managed, need, no_password, rows};
use super::new::{check_role, for_user, free_email};
use crate::ask::{Answer, Ask};
use crate::body::{Body, Sent};
use crate::fields::{Field, LIMITS, Type, field};
use crate::refusal::Refusal;

/// What users may change of themselves.
const OWN: [&str; 5] = [
    "user_id",
    "user_alias",
    "user_email",
    "metadata",
    "password",
];
/// How many users one request may change.
const MOST: usize = 500;

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    change(ask, &ask.body()?.spread_metadata()).await
}

async fn change(ask: &Ask<'_>, body: &Body) -> Answer {
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    no_password(&sent)?;
    let before = meant(ask, &sent).await?;
    may_change(ask, &before, &sent).await?;
    let mut after = before.clone();
    if let Some(email) = sent.take_text("user_email") {
        if let Some(email) = email.as_deref()
            && before.unique_name.as_deref() != Some(email)
        {
            free_email(ask, email).await?;
        }
        after.unique_name = email;
    }
    sent.only(FIELDS).apply(&mut after.settings);
    sent.only(LIMITS).apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    let spend = sent.number("spend").and_then(Nanodollars::from_dollars);
    if let (Some(store), Some(amount)) = (&ask.admin.spend, spend) {
        store.set_spend(&after.id(), amount).await?;
    }
    let row = rows(ask, std::slice::from_ref(&after)).await?;
    Ok(json!({"user_id": after.id, "data": row.into_iter().next()}))
}

/// The user that `user_id`, or else `user_email`, means.
async fn meant(ask: &Ask<'_>, sent: &Sent) -> Result<Entity, Refusal> {
    if let Some(id) = sent.text("user_id") {
        return need(ask, id).await;
    }
    let email = sent.text("user_email");
    let email =
        email.ok_or_else(|| Refusal::bad("Either user_id or user_email must be provided"))?;
    let found = ask.named(EntityKind::User, email).await?;
    found.ok_or_else(|| Refusal::missing(format!("User not found, passed user_email={email}")))
}

async fn may_change(ask: &Ask<'_>, user: &Entity, sent: &Sent) -> Result<(), Refusal> {
    let caller = ask.caller();
    if caller.is_admin() {
        return Ok(());
    }
    if sent.get("user_role").is_some() {
        check_role(ask, sent)?;
    }
    if !caller.is(Some(&user.id)) && is_managed(ask, user).await? {
        return Ok(());
    }
    if !caller.is(Some(&user.id)) {
        return Err(Refusal::forbidden(format!(
            "You may not change user_id={}",
            user.id
        )));
    }
    if caller.is_bound() {
        return Err(Refusal::forbidden(
            "A key of a team or an organization cannot change its user.",
        ));
    }
    let foreign = sent
        .members()
        .keys()
        .find(|name| !OWN.contains(&name.as_str()));
    match foreign {
        None => Ok(()),
        Some(name) => Err(Refusal::forbidden(format!(
            "Non-admin users cannot modify '{name}' on their own record. Contact your proxy admin."
        ))),
    }
}

pub(super) async fn bulk(ask: &Ask<'_>) -> Answer {
    const TABLE: &[Field] = &[
        field("users", Type::List),
        field("all_users", Type::Flag),
        field("user_updates", Type::Object),
    ];
    let sent = ask.body()?.fields(&[TABLE], &[])?;
    let bodies: Vec<(Value, Body)> = if sent.flag("all_users") == Some(true) {
        let changes = sent.get("user_updates").and_then(Value::as_object).cloned();
        let changes = changes.unwrap_or_default();
        let users = ask.every(EntityKind::User).await?;
        users
            .iter()
            .map(|user| (user.id.as_str().into(), for_user(changes.clone(), &user.id)))
            .collect()
    } else {
        let named = |item: Map<String, Value>| {
            let id = item.get("user_id").or_else(|| item.get("user_email"));
            (id.cloned().unwrap_or_default(), Body::of(item))
        };
        sent.objects("users").into_iter().map(named).collect()
    };
    if bodies.is_empty() {
        return Err(Refusal::bad("No users found to update"));
    }
    if bodies.len() > MOST {
        return Err(Refusal::bad(format!(
            "Maximum {MOST} users can be updated at once. Found {} users.",
            bodies.len()
        )));
    }
    let total = bodies.len();
    let mut results = Vec::new();
    for (id, body) in bodies {
        let changed = change(ask, &body.spread_metadata()).await;
        let (user, error) = match changed {
            Ok(mut answer) => (answer["data"].take(), None),
            Err(refusal) => (Value::Null, Some(refusal.into_message())),
        };
        results.push(json!({
            "user_id": user["user_id"].as_str().or_else(|| id.as_str()),
            "user_email": user["user_email"],
            "success": error.is_none(),
            "error": error,
            "updated_user": user,
        }));
    }
    let done = results
        .iter()
        .filter(|result| result["success"] == true)
        .count();
    Ok(json!({
        "results": results,
        "total_requested": total,
        "successful_updates": done,
        "failed_updates": total - done,
    }))
}
