//! `/key/info`, `/key/list` and the like: what a caller may see of keys.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::{EntityQuery, Sort};
use serde_json::{Value, json};

use super::form::{shown, shown_with_token};
use super::{rights, secret};
use crate::ask::{Answer, Ask, text, texts};
use crate::caller::Caller;
use crate::fields::{Field, Type, field};
use crate::paging::Wanted;
use crate::refusal::Refusal;

pub(super) async fn info(ask: &Ask<'_>) -> Answer {
    let named = ask.query.get("key").map(str::to_owned);
    let named = named.or_else(|| ask.caller().key_id().map(str::to_owned));
    let Some(named) = named else {
        return Err(Refusal::missing("Key not found in database").at("key"));
    };
    let key = ask.find(EntityKind::Key, &secret::id_of(&named)).await?;
    let key = key.ok_or_else(|| Refusal::missing("Key not found in database").at("key"))?;
    rights::see(ask, &key).await?;
    let facts = ask.facts(std::slice::from_ref(&key)).await?;
    Ok(json!({"key": named, "info": shown(&key, &facts)}))
}

pub(super) async fn info_many(ask: &Ask<'_>) -> Answer {
    const FIELDS: &[Field] = &[field("keys", Type::Texts)];
    let sent = ask.body()?.fields(&[FIELDS], &["keys"])?;
    let named = sent.texts("keys");
    let ids: Vec<String> = named.iter().map(|key| secret::id_of(key)).collect();
    let mut keys = Vec::new();
    for key in ask.those(EntityKind::Key, &ids).await? {
        if rights::see(ask, &key).await.is_ok() {
            keys.push(key);
        }
    }
    if keys.is_empty() {
        return Err(Refusal::missing("No keys found").at("keys"));
    }
    let facts = ask.facts(&keys).await?;
    let infos: Vec<_> = keys.iter().map(|key| shown(key, &facts)).collect();
    Ok(json!({"key": named, "info": infos}))
}

const SORTS: &[(&str, Sort)] = &[
    ("spend", Sort::Spend),
    ("created_at", Sort::Created),
    ("updated_at", Sort::Updated),
    ("expires", Sort::Expires),
    ("key_alias", Sort::Name),
    ("token", Sort::Id),
];

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let wanted = Wanted::read(&ask.query, "size", 10, 100)?;
    let mut query = scope(ask)?;
    query.order = ask.order(SORTS)?;
    let (keys, total) = if needs_a_closer_look(ask)? {
        let keys: Vec<Entity> = ask.all(query).await?;
        let keys: Vec<Entity> = keys.into_iter().filter(|key| passes(ask, key)).collect();
        let total = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        (wanted.of(keys), total)
    } else {
        query.paging = wanted.paging();
        let page = ask.page(&query).await?;
        (page.rows, page.total)
    };
    let rows = if ask.query.is_on("return_full_object") || ask.query.get("expand").is_some() {
        full(ask, &keys).await?
    } else {
        keys.into_iter().map(|key| key.id.into()).collect()
    };
    Ok(wanted.key_answer("keys", &rows, total))
}

async fn full(ask: &Ask<'_>, keys: &[Entity]) -> Result<Vec<Value>, Refusal> {
    let facts = ask.facts(keys).await?;
    let users = if ask.query.all("expand").any(|what| what == "user") {
        let ids: Vec<String> = keys.iter().filter_map(|key| key.user_id.clone()).collect();
        ask.those(EntityKind::User, &ids).await?
    } else {
        Vec::new()
    };
    let row = |key: &Entity| {
        let mut row = shown_with_token(key, &facts);
        let user = users
            .iter()
            .find(|user| Some(&user.id) == key.user_id.as_ref());
        if let Some(user) = user {
            let shown = json!({
                "user_id": user.id,
                "user_email": user.unique_name,
                "user_alias": text(&user.settings, "user_alias"),
            });
            row.insert("user".to_owned(), shown);
        }
        row.into()
    };
    Ok(keys.iter().map(row).collect())
}

/// Which keys were asked for, as far as the caller may see them.
fn scope(ask: &Ask<'_>) -> Result<EntityQuery, Refusal> {
    let kind = match ask.query.get("status") {
        Some("deleted") => EntityKind::DeletedKey,
        None | Some("active" | "expired" | "revoked") => EntityKind::Key,
        Some(_) => {
            return Err(Refusal::bad(
                "Invalid status value. Supported: 'active', 'expired', 'revoked', 'deleted'.",
            ));
        }
    };
    let asked = |name: &str| ask.query.get(name).map(str::to_owned);
    let mut query = EntityQuery {
        team_id: asked("team_id"),
        user_id: asked("user_id"),
        organization_id: asked("organization_id"),
        ids: asked("key_hash").map(|key| vec![secret::id_of(&key)]),
        search: asked("search"),
        ..EntityQuery::new(kind)
    };
    match asked("key_alias") {
        Some(part) if ask.query.is_on("substring_matching") => query.search = Some(part),
        alias => query.unique_name = alias,
    }
    let Caller::Key(caller) = ask.caller() else {
        return Ok(query);
    };
    if ask.caller().sees_all() {
        return Ok(query);
    }
    narrow(
        ask.caller(),
        caller.user_id.as_deref(),
        ask.query.is_on("include_team_keys"),
        query,
    )
}

/// Narrows a query to what a caller without general rights may see.
fn narrow(
    caller: &Caller,
    user_id: Option<&str>,
    with_teams: bool,
    mut query: EntityQuery,
) -> Result<EntityQuery, Refusal> {
    if let Some(id) = &query.organization_id {
        if !caller.administers(Some(id)) {
            let message = "You are not authorized to check this organization's keys";
            return Err(Refusal::forbidden(message).at("organization_id"));
        }
        return Ok(query);
    }
    let administered = caller.administered_teams();
    if let Some(id) = &query.team_id {
        if administered.contains(id) {
            return Ok(query);
        }
        if !caller.is_in_team(id) {
            let message = "You are not authorized to check this team's keys";
            return Err(Refusal::forbidden(message).at("team_id"));
        }
    }
    let Some(own) = user_id else {
        return Err(Refusal::forbidden(
            "You are not authorized to access this endpoint. No 'user_id' is associated with your API key.",
        ));
    };
    if query.user_id.as_deref().is_some_and(|asked| asked != own) {
        let message = "You are not authorized to check another user's keys";
        return Err(Refusal::forbidden(message).at("user_id"));
    }
    if with_teams && query.user_id.is_none() && query.team_id.is_none() {
        query.or_teams = administered;
    }
    query.user_id = Some(own.to_owned());
    Ok(query)
}

/// Whether something was asked for that the store does not look for.
fn needs_a_closer_look(ask: &Ask<'_>) -> Result<bool, Refusal> {
    match ask.query.get("expires") {
        None | Some("active" | "expired") => {}
        Some(_) => {
            return Err(Refusal::bad(
                "Invalid expires value. Supported: 'active', 'expired'.",
            ));
        }
    }
    let status = matches!(
        ask.query.get("status"),
        Some("active" | "expired" | "revoked")
    );
    let others = ["expires", "project_id", "agent_id", "access_group_id"];
    Ok(status || others.iter().any(|name| ask.query.get(name).is_some()))
}

fn passes(ask: &Ask<'_>, key: &Entity) -> bool {
    let expired = key.expires_at.is_some_and(|at| at <= ask.now);
    let blocked = key.settings.get("blocked") == Some(&Value::Bool(true));
    let by_status = match ask.query.get("status") {
        Some("active") => !expired && !blocked,
        Some("expired") => expired,
        Some("revoked") => blocked,
        _ => true,
    };
    let by_expiry = match ask.query.get("expires") {
        Some("active") => !expired,
        Some("expired") => expired,
        _ => true,
    };
    let by_setting = ["project_id", "agent_id"].iter().all(|name| {
        let wanted = ask.query.get(name);
        wanted.is_none() || text(&key.settings, name) == wanted
    });
    let by_group = ask.query.get("access_group_id").is_none_or(|wanted| {
        texts(&key.settings, "access_group_ids")
            .iter()
            .any(|id| id == wanted)
    });
    by_status && by_expiry && by_setting && by_group
}

pub(super) async fn aliases(ask: &Ask<'_>) -> Answer {
    let wanted = Wanted::read(&ask.query, "size", 50, 100)?;
    let mut query = scope(ask)?;
    query.order.by = Sort::Name;
    let keys = ask.all(query).await?;
    let mut aliases: Vec<String> = keys.into_iter().filter_map(|key| key.unique_name).collect();
    aliases.sort_unstable();
    let total = u64::try_from(aliases.len()).unwrap_or(u64::MAX);
    let rows: Vec<Value> = wanted.of(aliases).into_iter().map(Value::from).collect();
    Ok(wanted.key_answer("aliases", &rows, total))
}

/// The key that asks is healthy, or its request had not come here; callbacks of keys are not there yet.
pub(super) fn health() -> Value {
    json!({"key": "healthy", "logging_callbacks": null})
}
