//! `/key/generate`, `/key/service-account/generate`: a new key, which is shown this once.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use serde_json::{Value, json};

use super::form::{ASKED, FIELDS, shown_with_token};
use super::{bounds, rights, secret};
use crate::ask::{Answer, Ask};
use crate::body::Sent;
use crate::edit::Edit;
use crate::fields::LIMITS;
use crate::refusal::Refusal;
use crate::row::with;
use crate::time::later;

/// A key that is about to be stored.
pub(crate) struct Made {
    pub(crate) entity: Entity,
    /// The whole key.
    pub(crate) key: String,
    /// What it counts as spent from the start.
    spend: f64,
}

const GENERATE: &str = "/key/generate";

pub(super) async fn generate(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    rights::give(ask, &mut sent, GENERATE, false).await?;
    make(ask, sent).await
}

pub(super) async fn service_account(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    sent.take("user_id");
    if sent.text("team_id").is_none() {
        return Err(Refusal::bad(
            "team_id is required for service account keys. Please specify `team_id` in the request \
             body.",
        ));
    }
    rights::give(ask, &mut sent, "/key/service-account/generate", true).await?;
    make(ask, sent).await
}

async fn make(ask: &Ask<'_>, sent: Sent) -> Answer {
    let duration = sent.get("duration").cloned();
    let mut edit = ask.edit();
    let made = draft(ask, &mut edit, sent).await?;
    edit.insert(made.entity.clone());
    edit.save().await?;
    made.answer(ask, duration).await
}

/// A key as `sent` wants it, whose caller may have it.
pub(crate) async fn draft(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    mut sent: Sent,
) -> Result<Made, Refusal> {
    let key = match sent.take_text("key").flatten() {
        None => secret::fresh(),
        Some(_) if ask.admin.settings.disable_custom_api_keys => {
            return Err(Refusal::forbidden(
                "Custom API key values are disabled by your administrator. Keys must be \
                 auto-generated.",
            ));
        }
        Some(key) => secret::chosen(&key)?,
    };
    let id = secret::id_of(&key);
    if ask.find(EntityKind::Key, &id).await?.is_some() {
        return Err(Refusal::bad("This key exists already."));
    }
    bounds::complete(ask, &mut sent).await?;
    bounds::check_increase(&sent)?;
    bounds::check_budget(ask, &sent).await?;
    bounds::check_project(ask, &sent, sent.text("team_id")).await?;
    let mut entity = edit.draft(EntityId::new(EntityKind::Key, id));
    let spend = fill(ask, &mut entity, sent).await?;
    entity
        .settings
        .insert("key_name".to_owned(), secret::abbreviated(&key).into());
    Ok(Made { entity, key, spend })
}

async fn fill(ask: &Ask<'_>, entity: &mut Entity, mut sent: Sent) -> Result<f64, Refusal> {
    let spend = sent.number("spend").unwrap_or(0.0);
    entity.user_id = sent.take_text("user_id").flatten();
    entity.team_id = sent.take_text("team_id").flatten();
    entity.organization_id = sent.take_text("organization_id").flatten();
    if let Some(duration) = sent.take_text("duration").flatten().filter(|d| d != "-1") {
        entity.expires_at = Some(later(ask.now, &duration)?);
    }
    if let Some(alias) = sent.take_text("key_alias").flatten() {
        free_alias(ask, &alias).await?;
        entity.unique_name = Some(alias);
    }
    if let Some(kind) = sent.take_text("key_type").flatten() {
        if let Some(routes) = bounds::routes_of(&kind)
            && sent.texts("allowed_routes").is_empty()
        {
            sent.set("allowed_routes", json!([routes]));
        }
        entity.settings.insert("key_type".to_owned(), kind.into());
    }
    sent.only(FIELDS).apply(&mut entity.settings);
    sent.only(LIMITS).apply(&mut entity.settings);
    Ok(spend)
}

/// Refuses an alias that another key has.
pub(super) async fn free_alias(ask: &Ask<'_>, alias: &str) -> Result<(), Refusal> {
    if ask.named(EntityKind::Key, alias).await?.is_none() {
        return Ok(());
    }
    let message = format!(
        "Key with alias '{alias}' already exists. Unique key aliases across all keys are required."
    );
    Err(Refusal::bad(message).at("key_alias"))
}

// === impl Made ===

impl Made {
    /// A key that takes the place of another.
    pub(super) fn again(entity: Entity, key: String) -> Self {
        Self {
            entity,
            key,
            spend: 0.0,
        }
    }

    /// The answer that shows the whole key, after it was stored.
    pub(crate) async fn answer(self, ask: &Ask<'_>, duration: Option<Value>) -> Answer {
        if self.spend > 0.0
            && let Some(store) = &ask.admin.spend
            && let Some(amount) = Nanodollars::from_dollars(self.spend)
        {
            store.set_spend(&self.entity.id(), amount).await?;
        }
        let entity = &self.entity;
        let facts = ask.facts(std::slice::from_ref(entity)).await?;
        Ok(with(
            shown_with_token(entity, &facts),
            json!({
                "key": self.key,
                "token_id": entity.id,
                "duration": duration,
            }),
        ))
    }
}
