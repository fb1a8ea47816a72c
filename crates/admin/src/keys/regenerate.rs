//! `/key/regenerate`: another key with the same settings, and a time in which the old one still opens.

use jiff::Timestamp;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Value, json};

use super::change::{changed, need};
use super::form::{ASKED, FIELDS};
use super::generate::Made;
use super::{rights, secret};
use crate::ask::{Answer, Ask, text};
use crate::edit::{Edit, view};
use crate::facts::{ACCOUNT, account};
use crate::fields::LIMITS;
use crate::jwt_mappings;
use crate::refusal::Refusal;
use crate::time::{iso, later};

pub(super) async fn regenerate(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    if sent.get("new_master_key").is_some() {
        return Err(Refusal::bad(
            "The master key is where the operator put it, in a file or a variable, and is changed there.",
        ));
    }
    let named = sent.take_text("key").flatten();
    let named = match ask.request.params.first() {
        Some(key) => key.clone(),
        None => named
            .or_else(|| ask.caller().key_id().map(str::to_owned))
            .ok_or_else(|| Refusal::bad("key is required").at("key"))?,
    };
    let old = need(ask, &named).await?;
    rights::change(ask, &old, "/key/regenerate").await?;
    let grace = grace(ask, sent.take_text("grace_period").flatten())?;
    let key = match sent.take_text("new_key").flatten() {
        Some(_) if ask.admin.settings.disable_custom_api_keys => {
            return Err(Refusal::forbidden(
                "Custom API key values are disabled by your administrator. Keys must be \
                 auto-generated.",
            ));
        }
        Some(key) => secret::chosen(&key)?,
        None => secret::fresh(),
    };
    let id = secret::id_of(&key);
    if ask.find(EntityKind::Key, &id).await?.is_some() {
        return Err(Refusal::bad("This key exists already."));
    }
    let mut entity = changed(ask, &old, &mut sent).await?;
    entity.id.clone_from(&id);
    stamp(ask, &old, &mut entity, &key);
    let mut edit = ask.edit();
    replace(ask, &mut edit, &old, &entity, grace);
    jwt_mappings::follow(ask, &mut edit, &old.id, Some(&id)).await?;
    edit.save().await?;
    let made = Made::again(entity, key);
    made.answer(ask, None).await
}

/// When a key is to be replaced by the gateway itself, in microseconds since 1970; `None`: never.
pub(crate) fn rotation_at(key: &Entity) -> Option<i64> {
    let is_on = key.settings.get("auto_rotate").and_then(Value::as_bool);
    let interval = text(&key.settings, "rotation_interval").filter(|_| is_on == Some(true))?;
    let last = text(&key.settings, "last_rotation_at").and_then(|at| at.parse::<Timestamp>().ok());
    let last = last.map_or(key.created_at, Timestamp::as_microsecond);
    later(last, interval).ok()
}

/// Until when the old key still opens; `None`: it does not.
fn grace(ask: &Ask<'_>, said: Option<String>) -> Result<Option<i64>, Refusal> {
    let usual = ask.admin.settings.rotation_grace_period.clone();
    match said.or(usual).as_deref() {
        None | Some("" | "0" | "0s") => Ok(None),
        Some(period) => later(ask.now, period).map(Some),
    }
}

fn stamp(ask: &Ask<'_>, old: &Entity, entity: &mut Entity, key: &str) {
    let rotations = old.settings.get("rotation_count").and_then(Value::as_i64);
    entity.updated_at = ask.now;
    entity.updated_by = ask.caller().user_id().map(str::to_owned);
    for (name, value) in [
        ("key_name", secret::abbreviated(key).into()),
        // Budgets go on where they were: a new key is no new money.
        (ACCOUNT, account(old).id.into()),
        ("rotation_count", (rotations.unwrap_or(0) + 1).into()),
        ("last_rotation_at", iso(Some(ask.now))),
    ] {
        entity.settings.insert(name.to_owned(), value);
    }
}

fn replace(ask: &Ask<'_>, edit: &mut Edit<'_>, old: &Entity, new: &Entity, grace: Option<i64>) {
    edit.drop_quietly(old.id());
    edit.insert_quietly(new.clone());
    let mut after = view(new);
    after.insert("new_key_id".to_owned(), new.id.as_str().into());
    edit.log("rotated", &old.id(), Some(view(old)), Some(after));
    if let Some(until) = grace {
        let id = EntityId::new(EntityKind::RetiredKey, old.id.clone());
        let mut retired = Entity::new(id, ask.now);
        retired.expires_at = Some(until);
        retired.user_id.clone_from(&new.user_id);
        retired.team_id.clone_from(&new.team_id);
        retired.settings.extend(
            json!({"active_token_id": new.id})
                .as_object()
                .cloned()
                .unwrap_or_default(),
        );
        edit.keep(retired);
    }
}
