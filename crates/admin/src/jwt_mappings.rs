//! `/jwt/key/mapping/...`: which virtual key stands for who shows a token with a certain claim.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{EntityQuery, Order, Paging, Sort};
use serde_json::{Value, json};

use crate::ask::{Answer, Ask, text};
use crate::body::Sent;
use crate::edit::Edit;
use crate::fields::{Field, Type, field};
use crate::keys;
use crate::refusal::Refusal;
use crate::table::AdminRoute;
use crate::time::iso;

const FIELDS: &[Field] = &[
    field("id", Type::Text),
    field("jwt_issuer", Type::Text),
    field("jwt_claim_name", Type::Text),
    field("jwt_claim_value", Type::Text),
    field("key", Type::Text),
    field("token", Type::Text),
    field("description", Type::Text),
    field("is_active", Type::Flag),
];

/// Where a mapping names its key: as a key that was regenerated names its successor.
const KEY: &str = "active_token_id";
/// How many are listed at once.
const MOST: u32 = 100;

/// What is mapped.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// Of whose tokens; `None`: of anybody's.
    pub(crate) issuer: Option<String>,
    pub(crate) name: String,
    pub(crate) value: String,
}

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::JwtMappingNew => new(ask).await,
        AdminRoute::JwtMappingUpdate => update(ask).await,
        AdminRoute::JwtMappingDelete => delete(ask).await,
        AdminRoute::JwtMappingList => list(ask).await,
        AdminRoute::JwtMappingInfo => info(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

// === impl Claim ===

impl Claim {
    fn id(&self) -> EntityId {
        EntityId::claim(self.issuer.as_deref(), &self.name, &self.value)
    }

    /// The claim of a mapping that is there.
    fn of(mapping: &Entity) -> Self {
        let said = |name: &str| text(&mapping.settings, name).map(str::to_owned);
        Self {
            issuer: said("jwt_issuer"),
            name: said("jwt_claim_name").unwrap_or_default(),
            value: said("jwt_claim_value").unwrap_or_default(),
        }
    }

    /// The claim with what a request says about it.
    fn with(mut self, sent: &Sent) -> Result<Self, Refusal> {
        if sent.has("jwt_issuer") {
            let issuer = sent.text("jwt_issuer");
            self.issuer = issuer
                .filter(|issuer| !issuer.is_empty())
                .map(str::to_owned);
        }
        for (name, place) in [
            ("jwt_claim_name", &mut self.name),
            ("jwt_claim_value", &mut self.value),
        ] {
            if let Some(said) = sent.text(name) {
                said.clone_into(place);
            }
        }
        let issuer = self.issuer.as_deref();
        let parts = [issuer.unwrap_or("any"), &self.name, &self.value];
        if !parts.into_iter().all(EntityId::is_choosable) {
            return Err(Refusal::bad(
                "an issuer, a claim and its value may not be empty or have control characters",
            ));
        }
        Ok(self)
    }

    fn write(&self, mapping: &mut Entity) {
        for (name, value) in [
            ("jwt_issuer", self.issuer.clone().into()),
            ("jwt_claim_name", Value::from(self.name.as_str())),
            ("jwt_claim_value", Value::from(self.value.as_str())),
        ] {
            mapping.settings.insert(name.to_owned(), value);
        }
    }
}

/// The mapping of `claim` to a key, about to be made.
pub(crate) fn draft(edit: &Edit<'_>, claim: &Claim, key_id: &str) -> Entity {
    let mut mapping = edit.draft(claim.id());
    mapping.unique_name = Some(uuid::Uuid::new_v4().to_string());
    claim.write(&mut mapping);
    mapping.settings.insert(KEY.to_owned(), key_id.into());
    mapping
}

/// Lets the mappings of a key that is gone go with it, or go on with its successor.
pub(crate) async fn follow(
    ask: &Ask<'_>,
    edit: &mut Edit<'_>,
    gone: &str,
    successor: Option<&str>,
) -> Result<(), Refusal> {
    for mapping in ask.every(EntityKind::JwtMapping).await? {
        if text(&mapping.settings, KEY) != Some(gone) {
            continue;
        }
        match successor {
            None => edit.remove(&mapping),
            Some(key_id) => {
                let mut after = mapping.clone();
                after.settings.insert(KEY.to_owned(), key_id.into());
                edit.update("updated", &mapping, after);
            }
        }
    }
    Ok(())
}

fn shown(mapping: &Entity) -> Value {
    let said = |name: &str| mapping.settings.get(name).cloned().unwrap_or_default();
    json!({
        "id": mapping.unique_name,
        "jwt_issuer": said("jwt_issuer"),
        "jwt_claim_name": said("jwt_claim_name"),
        "jwt_claim_value": said("jwt_claim_value"),
        "description": said("description"),
        "is_active": said("blocked") != true,
        "created_at": iso(Some(mapping.created_at)),
        "updated_at": iso(Some(mapping.updated_at)),
        "created_by": mapping.created_by,
        "updated_by": mapping.updated_by,
    })
}

/// The id of the key that a request names, by itself or by its hash; `None`: it names none.
async fn key_id(ask: &Ask<'_>, sent: &Sent) -> Result<Option<String>, Refusal> {
    let id = match (sent.text("key"), sent.text("token")) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "Send `key`, the whole virtual key, or `token`, its SHA-256, and not both.",
            ));
        }
        (Some(key), None) => keys::id_of(key),
        (None, Some(token)) => token.to_owned(),
    };
    let is_hash = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if id.len() != 64 || !id.chars().all(is_hash) {
        return Err(Refusal::bad(
            "`token` must be the SHA-256 of a virtual key, in 64 lower-case hex digits; send the \
             key itself as `key`.",
        ));
    }
    match ask.find(EntityKind::Key, &id).await? {
        Some(_) => Ok(Some(id)),
        None => Err(Refusal::bad("The key is no virtual key of this gateway.")),
    }
}

async fn need(ask: &Ask<'_>, id: Option<&str>) -> Result<Entity, Refusal> {
    let found = ask
        .named(EntityKind::JwtMapping, id.unwrap_or_default())
        .await?;
    found.ok_or_else(|| Refusal::missing("Mapping not found"))
}

async fn new(ask: &Ask<'_>) -> Answer {
    let needed = ["jwt_claim_name", "jwt_claim_value"];
    let sent = ask.body()?.fields(&[FIELDS], &needed)?;
    let claim = Claim {
        issuer: None,
        name: String::new(),
        value: String::new(),
    };
    let claim = claim.with(&sent)?;
    let Some(key_id) = key_id(ask, &sent).await? else {
        return Err(Refusal::bad(
            "Send `key`, the whole virtual key, or `token`, its SHA-256.",
        ));
    };
    if ask.admin.store.entity(&claim.id()).await?.is_some() {
        return Err(taken());
    }
    let mut edit = ask.edit();
    let mut mapping = draft(&edit, &claim, &key_id);
    describe(&sent, &mut mapping);
    edit.insert(mapping.clone());
    edit.save().await?;
    Ok(shown(&mapping))
}

fn taken() -> Refusal {
    Refusal::exists("There is a mapping of this claim with this value for this issuer already.")
}

fn describe(sent: &Sent, mapping: &mut Entity) {
    if sent.has("description") {
        let said = sent.get("description").cloned().unwrap_or_default();
        mapping.settings.insert("description".to_owned(), said);
    }
    if let Some(active) = sent.flag("is_active") {
        let blocked = Value::from(!active);
        mapping.settings.insert("blocked".to_owned(), blocked);
    }
}

async fn update(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["id"])?;
    let before = need(ask, sent.text("id")).await?;
    let claim = Claim::of(&before).with(&sent)?;
    let mut after = before.clone();
    if let Some(key_id) = key_id(ask, &sent).await? {
        after.settings.insert(KEY.to_owned(), key_id.into());
    }
    describe(&sent, &mut after);
    claim.write(&mut after);
    after.id = claim.id().id;
    let mut edit = ask.edit();
    if after.id == before.id {
        after = edit.update("updated", &before, after);
    } else {
        if ask.admin.store.entity(&after.id()).await?.is_some() {
            return Err(taken());
        }
        after.updated_at = ask.now.max(before.updated_at + 1);
        after.updated_by = ask.caller().user_id().map(str::to_owned);
        edit.remove(&before);
        edit.insert(after.clone());
    }
    edit.save().await?;
    Ok(shown(&after))
}

async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &["id"])?;
    let mapping = need(ask, sent.text("id")).await?;
    let mut edit = ask.edit();
    edit.remove(&mapping);
    edit.save().await?;
    Ok(json!({ "status": "success" }))
}

async fn info(ask: &Ask<'_>) -> Answer {
    Ok(shown(&need(ask, ask.query.get("id")).await?))
}

async fn list(ask: &Ask<'_>) -> Answer {
    let number = |name: &str, usual: u32| {
        let said = ask.query.get(name).map(str::parse::<u32>);
        said.map_or(usual, |said| said.unwrap_or(usual)).max(1)
    };
    let (page, size) = (number("page", 1), number("size", 50).min(MOST));
    let mut query = EntityQuery::new(EntityKind::JwtMapping);
    query.order = Order {
        by: Sort::Created,
        descending: true,
    };
    query.paging = Paging {
        offset: u64::from(page - 1) * u64::from(size),
        size,
    };
    let found = ask.page(&query).await?;
    Ok(json!({
        "mappings": found.rows.iter().map(shown).collect::<Vec<_>>(),
        "total_count": found.total,
        "current_page": page,
        "total_pages": found.total.div_ceil(u64::from(size)),
    }))
}
