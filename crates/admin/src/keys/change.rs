//! `/key/update` and its like: changes of keys that are there.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::Spender;
use serde_json::{Map, Value, json};

use super::form::{ASKED, FIELDS, shown, shown_with_token};
use super::generate::free_alias;
use super::{bounds, rights, secret};
use crate::ask::{Answer, Ask};
use crate::body::{Body, Sent};
use crate::facts::account;
use crate::fields::{Field, LIMITS, Type, field};
use crate::refusal::Refusal;
use crate::row::with;
use crate::time::later;

const UPDATE: &str = "/key/update";
/// How many keys one request may change.
const MOST: usize = 500;

/// The key that a client means by the key itself or by its id.
pub(super) async fn need(ask: &Ask<'_>, key: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Key, &secret::id_of(key)).await?;
    found.ok_or_else(|| Refusal::missing("Key not found.").at("key"))
}

/// The key that `key` or `key_alias` of a request means, and what else the request says.
async fn meant(ask: &Ask<'_>, sent: &mut Sent) -> Result<(Entity, String), Refusal> {
    if let Some(key) = sent.take_text("key").flatten() {
        return Ok((need(ask, &key).await?, key));
    }
    let Some(alias) = sent.text("key_alias") else {
        let message = "either key or key_alias must be provided";
        return Err(Refusal::bad(message).at("key"));
    };
    let found = ask.named(EntityKind::Key, alias).await?;
    let found = found.ok_or_else(|| {
        let message = format!("Key not found. No key with key_alias='{alias}'.");
        Refusal::missing(message).at("key_alias")
    })?;
    let id = found.id.clone();
    Ok((found, id))
}

pub(super) async fn update(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    let (before, named) = meant(ask, &mut sent).await?;
    let row = change(ask, &before, sent).await?;
    Ok(with(row, json!({"key": named})))
}

/// Changes a key, and gives its row.
async fn change(
    ask: &Ask<'_>,
    before: &Entity,
    mut sent: Sent,
) -> Result<Map<String, Value>, Refusal> {
    rights::change(ask, before, UPDATE).await?;
    let spend = sent.number("spend");
    let after = changed(ask, before, &mut sent).await?;
    let mut edit = ask.edit();
    let after = edit.update("updated", before, after);
    edit.save().await?;
    if let (Some(store), Some(amount)) =
        (&ask.admin.spend, spend.and_then(Nanodollars::from_dollars))
    {
        store.set_spend(&account(&after), amount).await?;
    }
    let facts = ask.facts(std::slice::from_ref(&after)).await?;
    Ok(shown(&after, &facts))
}

/// `before` as `sent` wants it.
pub(super) async fn changed(
    ask: &Ask<'_>,
    before: &Entity,
    sent: &mut Sent,
) -> Result<Entity, Refusal> {
    let mut after = before.clone();
    bounds::check(ask, sent).await?;
    bounds::check_increase(sent)?;
    bounds::check_budget(ask, sent).await?;
    let moves = ["team_id", "user_id", "organization_id"]
        .iter()
        .any(|name| sent.has(name));
    if moves {
        hand_over(ask, before, sent, &mut after).await?;
    } else {
        let mut limited = sent.clone();
        limited.set("team_id", before.team_id.clone().into());
        limited.set("user_id", before.user_id.clone().into());
        if !ask.caller().is_admin() {
            rights::give(ask, &mut limited, UPDATE, before.user_id.is_none()).await?;
        }
    }
    bounds::check_project(ask, sent, after.team_id.as_deref()).await?;
    if let Some(duration) = sent.take_text("duration") {
        after.expires_at = match duration.as_deref() {
            None | Some("-1") => None,
            Some(duration) => Some(later(ask.now, duration)?),
        };
    }
    if let Some(alias) = sent.take_text("key_alias") {
        if let Some(alias) = alias.as_deref()
            && before.unique_name.as_deref() != Some(alias)
        {
            free_alias(ask, alias).await?;
        }
        after.unique_name = alias;
    }
    if let Some(kind) = sent.take_text("key_type").flatten() {
        let routes: Vec<&str> = bounds::routes_of(&kind).into_iter().collect();
        after
            .settings
            .insert("allowed_routes".to_owned(), json!(routes));
        after.settings.insert("key_type".to_owned(), kind.into());
    }
    sent.only(FIELDS).apply(&mut after.settings);
    sent.only(LIMITS).apply(&mut after.settings);
    Ok(after)
}

/// Gives the key to whom `sent` says, if the caller may.
async fn hand_over(
    ask: &Ask<'_>,
    before: &Entity,
    sent: &mut Sent,
    after: &mut Entity,
) -> Result<(), Refusal> {
    let mut wanted = sent.clone();
    let columns = [
        ("team_id", &before.team_id),
        ("user_id", &before.user_id),
        ("organization_id", &before.organization_id),
    ];
    for (name, value) in columns {
        if !wanted.has(name) {
            wanted.set(name, value.clone().into());
        }
    }
    rights::give(ask, &mut wanted, UPDATE, false).await?;
    after.team_id = wanted.text("team_id").map(str::to_owned);
    after.user_id = wanted.text("user_id").map(str::to_owned);
    after.organization_id = wanted.text("organization_id").map(str::to_owned);
    Ok(())
}

pub(super) async fn bulk(ask: &Ask<'_>) -> Answer {
    const TABLE: &[Field] = &[field("keys", Type::List)];
    let sent = ask.body()?.fields(&[TABLE], &["keys"])?;
    let items = sent.objects("keys");
    if items.is_empty() {
        return Err(Refusal::bad("No keys provided for update"));
    }
    if items.len() > MOST {
        return Err(Refusal::bad(format!(
            "Maximum {MOST} keys can be updated at once. Found {} keys.",
            items.len()
        )));
    }
    let total = items.len();
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for item in items {
        let key = item.get("key").cloned().unwrap_or_default();
        match bulk_item(ask, item).await {
            Ok(info) => done.push(json!({"key": key, "key_info": info})),
            Err(refusal) => failed.push(json!({
                "key": key,
                "key_info": null,
                "failed_reason": refusal.into_message(),
            })),
        }
    }
    Ok(json!({
        "total_requested": total,
        "successful_updates": done,
        "failed_updates": failed,
    }))
}

async fn bulk_item(ask: &Ask<'_>, item: Map<String, Value>) -> Answer {
    let body = Body::of(item).spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &["key"])?;
    let (before, _) = meant(ask, &mut sent).await?;
    Ok(change(ask, &before, sent).await?.into())
}

pub(super) async fn block(ask: &Ask<'_>, blocked: bool) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["key"])?;
    let key = sent.text("key").unwrap_or_default();
    let before = need(ask, key).await?;
    let (action, path) = if blocked {
        ("blocked", "/key/block")
    } else {
        ("unblocked", "/key/unblock")
    };
    rights::change(ask, &before, path).await?;
    let mut after = before.clone();
    after.settings.insert("blocked".to_owned(), blocked.into());
    let mut edit = ask.edit();
    let after = edit.update(action, &before, after);
    edit.save().await?;
    let facts = ask.facts(std::slice::from_ref(&after)).await?;
    Ok(shown_with_token(&after, &facts).into())
}

pub(super) async fn reset_spend(ask: &Ask<'_>) -> Answer {
    const TABLE: &[Field] = &[field("reset_to", Type::Amount)];
    let sent = ask.body()?.fields(&[TABLE], &["reset_to"])?;
    let key = need(ask, ask.param(0)).await?;
    let caller = ask.caller();
    let team = rights::team(ask, key.team_id.as_deref()).await?;
    if !crate::access::Owner::of(&key, team.as_ref()).is_managed_by(caller) {
        return Err(Refusal::forbidden(
            "You must be a proxy admin or team admin to reset key spend",
        ));
    }
    let wanted = sent.number("reset_to").unwrap_or(0.0);
    let facts = ask.facts(std::slice::from_ref(&key)).await?;
    let spent = facts.spent(&key).ever;
    if wanted > spent {
        return Err(Refusal::bad(format!(
            "reset_to ({wanted}) must be <= current spend ({spent})"
        )));
    }
    let amount = Nanodollars::from_dollars(wanted).unwrap_or_default();
    crate::spend::forgive(ask, Spender::One(&account(&key)), amount).await?;
    let mut edit = ask.edit();
    let before = json!({"spend": spent});
    let after = json!({"spend": wanted});
    edit.log(
        "spend_reset",
        &key.id(),
        before.as_object().cloned(),
        after.as_object().cloned(),
    );
    edit.save().await?;
    let facts = ask.facts(std::slice::from_ref(&key)).await?;
    Ok(with(
        shown(&key, &facts),
        json!({"key_hash": key.id, "previous_spend": spent, "spend": wanted}),
    ))
}
