//! `/audit`: who changed what, when, and from where.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::ports::{AuditEntry, AuditQuery, Paging};
use serde_json::{Value, json};

use crate::ask::{Answer, Ask};
use crate::paging::Wanted;
use crate::refusal::Refusal;
use crate::table::AdminRoute;
use crate::time::{iso, moment};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::Audit => list(ask).await,
        AdminRoute::AuditEntry => one(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// LiteLLM's names of the tables that it audits; ours for the rest.
const TABLES: [(EntityKind, &str); 4] = [
    (EntityKind::Key, "LiteLLM_VerificationToken"),
    (EntityKind::User, "LiteLLM_UserTable"),
    (EntityKind::Team, "LiteLLM_TeamTable"),
    (EntityKind::Model, "LiteLLM_ProxyModelTable"),
];

fn table(kind: EntityKind) -> &'static str {
    let found = TABLES.iter().find(|(named, _)| *named == kind);
    found.map_or(kind.as_str(), |(_, name)| name)
}

fn kind(table: &str) -> Option<EntityKind> {
    let found = TABLES.iter().find(|(_, name)| *name == table);
    found
        .map(|(kind, _)| *kind)
        .or_else(|| EntityKind::named(table))
}

fn everything() -> AuditQuery {
    AuditQuery {
        entity: None,
        kind: None,
        actor: None,
        action: None,
        from: None,
        until: None,
        paging: Paging { offset: 0, size: 1 },
    }
}

fn shown(entry: &AuditEntry) -> Value {
    let said = &entry.said;
    json!({
        "id": entry.sequence.to_string(),
        "updated_at": iso(Some(said.at)),
        "changed_by": said.actor,
        "changed_by_api_key": said.actor_key,
        "action": said.action,
        "table_name": table(said.entity.kind),
        "object_id": said.entity.id,
        "before_value": said.before,
        "updated_values": said.after,
        "address": said.address,
        "hash": entry.hash,
    })
}

async fn list(ask: &Ask<'_>) -> Answer {
    let wanted = Wanted::read(&ask.query, "page_size", 10, 100)?;
    let asked = |name: &str| ask.query.get(name).map(str::to_owned);
    let time = |name: &str| match ask.query.get(name) {
        None => Ok(None),
        Some(text) => moment(text).map(Some).ok_or_else(|| {
            Refusal::bad(format!(
                "{name} is no date: write 2026-11-23T12:00:00Z or 2026-11-23T12:00:00"
            ))
        }),
    };
    let mut query = AuditQuery {
        actor: asked("changed_by"),
        action: asked("action"),
        from: time("start_date")?,
        until: time("end_date")?,
        paging: wanted.paging(),
        ..everything()
    };
    if let Some(name) = ask.query.get("table_name") {
        let found = kind(name);
        let found = found.ok_or_else(|| Refusal::bad(format!("nothing is named {name}")))?;
        match ask.query.get("object_id") {
            Some(id) => query.entity = Some(EntityId::new(found, id)),
            None => query.kind = Some(found),
        }
    } else if ask.query.get("object_id").is_some() {
        return Err(Refusal::bad("object_id needs table_name"));
    }
    let page = ask.admin.store.audit(&query).await?;
    let rows: Vec<Value> = page.rows.iter().map(shown).collect();
    Ok(wanted.answer("audit_logs", &rows, page.total))
}

/// The entry of one id. Entries come newest first and may have gaps: it is looked for by halves.
async fn one(ask: &Ask<'_>) -> Answer {
    let missing = || Refusal::missing(format!("Audit log with ID {} not found", ask.param(0)));
    let wanted: i64 = ask.param(0).parse().map_err(|_| missing())?;
    let mut query = everything();
    let (mut low, mut high) = (0, ask.admin.store.audit(&query).await?.total);
    while low < high {
        query.paging.offset = low + (high - low) / 2;
        let page = ask.admin.store.audit(&query).await?;
        let entry = page.rows.first().ok_or_else(missing)?;
        match entry.sequence.cmp(&wanted) {
            std::cmp::Ordering::Equal => return Ok(shown(entry)),
            std::cmp::Ordering::Greater => low = query.paging.offset + 1,
            std::cmp::Ordering::Less => high = query.paging.offset,
        }
    }
    Err(missing())
}
