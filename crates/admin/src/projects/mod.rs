//! `/project/...`: projects of a team.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use serde_json::{Map, Value, json};

use crate::access::Owner;
use crate::ask::{Answer, Ask};
use crate::fields::{Empty, Field, LIMITS, Type, field, filled};
use crate::refusal::Refusal;
use crate::row::{Column, Row};
use crate::table::AdminRoute;
use crate::{budgets, teams};

const FIELDS: &[Field] = &[
    field("project_alias", Type::Text),
    field("description", Type::Text),
    filled("models", Type::Texts, Empty::List),
    filled("metadata", Type::Object, Empty::Object),
    filled("blocked", Type::Flag, Empty::No),
    field("budget_id", Type::Text),
    field("tags", Type::Texts),
    field("guardrails", Type::Texts),
    field("policies", Type::Texts),
    field("model_rpm_limit", Type::Counts),
    field("model_tpm_limit", Type::Counts),
    field("object_permission", Type::Object),
];

const ASKED: &[Field] = &[
    field("project_id", Type::Text),
    field("project_ids", Type::Texts),
    field("team_id", Type::Text),
];

const ROW: Row = Row {
    id: "project_id",
    name: None,
    columns: &[Column::Team],
    fields: &[FIELDS],
    budget: Some("litellm_budget_table"),
};

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::ProjectNew => new(ask).await,
        AdminRoute::ProjectInfo => info(ask).await,
        AdminRoute::ProjectList => list(ask).await,
        AdminRoute::ProjectUpdate => update(ask).await,
        AdminRoute::ProjectDelete => delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

async fn rows(ask: &Ask<'_>, projects: &[Entity]) -> Result<Vec<Map<String, Value>>, Refusal> {
    let facts = ask.facts(projects).await?;
    Ok(projects
        .iter()
        .map(|project| ROW.of(project, &facts))
        .collect())
}

async fn row(ask: &Ask<'_>, project: &Entity) -> Answer {
    Ok(json!(
        rows(ask, std::slice::from_ref(project)).await?.first()
    ))
}

async fn need(ask: &Ask<'_>, id: &str) -> Result<Entity, Refusal> {
    let found = ask.find(EntityKind::Project, id).await?;
    found.ok_or_else(|| Refusal::missing(format!("Project not found, project_id={id}")))
}

/// The team of a project, when the caller manages it.
async fn managed_team(ask: &Ask<'_>, id: Option<&str>) -> Result<(), Refusal> {
    let managed = match id {
        Some(id) => {
            let team = teams::need(ask, id).await?;
            Owner::of(&team, None).is_managed_by(ask.caller())
        }
        None => ask.caller().is_admin(),
    };
    if managed {
        return Ok(());
    }
    Err(Refusal::forbidden(
        "Only proxy admins and admins of the project's team may change a project",
    ))
}

async fn new(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &["team_id"])?;
    let team = sent.take_text("team_id").flatten();
    managed_team(ask, team.as_deref()).await?;
    budgets::check(ask, &sent).await?;
    let id = match sent.take_text("project_id").flatten() {
        None => uuid::Uuid::new_v4().to_string(),
        Some(id) if EntityId::is_choosable(&id) => id,
        Some(_) => {
            let message = "project_id may not be empty or have control characters";
            return Err(Refusal::bad(message));
        }
    };
    if ask.find(EntityKind::Project, &id).await?.is_some() {
        return Err(Refusal::bad(format!("project_id={id} already exists")));
    }
    let mut edit = ask.edit();
    let mut project = edit.draft(EntityId::new(EntityKind::Project, id));
    project.team_id = team;
    sent.only(FIELDS).apply(&mut project.settings);
    sent.only(LIMITS).apply(&mut project.settings);
    edit.insert(project.clone());
    edit.save().await?;
    row(ask, &project).await
}

fn is_seen(ask: &Ask<'_>, project: &Entity) -> bool {
    let caller = ask.caller();
    caller.sees_all()
        || project
            .team_id
            .as_deref()
            .is_some_and(|id| caller.is_in_team(id))
}

async fn info(ask: &Ask<'_>) -> Answer {
    let project = need(ask, ask.query.need("project_id")?).await?;
    let managed = managed_team(ask, project.team_id.as_deref()).await.is_ok();
    if !managed && !is_seen(ask, &project) {
        return Err(Refusal::forbidden("You do not have access to this project"));
    }
    row(ask, &project).await
}

async fn list(ask: &Ask<'_>) -> Answer {
    let mut projects = ask.every(EntityKind::Project).await?;
    projects.retain(|project| is_seen(ask, project));
    if let Some(team) = ask.query.get("team_id") {
        projects.retain(|project| project.team_id.as_deref() == Some(team));
    }
    Ok(json!(rows(ask, &projects).await?))
}

async fn update(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &["project_id"])?;
    let id = sent.take_text("project_id").flatten().unwrap_or_default();
    let before = need(ask, &id).await?;
    managed_team(ask, before.team_id.as_deref()).await?;
    budgets::check(ask, &sent).await?;
    let mut after = before.clone();
    if let Some(team) = sent.take_text("team_id") {
        managed_team(ask, team.as_deref()).await?;
        after.team_id = team;
    }
    sent.only(FIELDS).apply(&mut after.settings);
    sent.only(LIMITS).apply(&mut after.settings);
    let mut edit = ask.edit();
    let after = edit.update("updated", &before, after);
    edit.save().await?;
    row(ask, &after).await
}

/// A project with keys stays: they would lose the limits that it sets them.
async fn delete(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[ASKED], &["project_ids"])?;
    let mut projects = Vec::new();
    for id in sent.texts("project_ids") {
        projects.push(need(ask, &id).await?);
    }
    let used = |key: &&Entity| {
        let project = crate::ask::text(&key.settings, "project_id");
        projects.iter().any(|one| project == Some(&one.id))
    };
    if let Some(key) = ask.every(EntityKind::Key).await?.iter().find(used) {
        return Err(Refusal::bad(format!(
            "a key belongs to the project still: {}",
            key.unique_name.as_deref().unwrap_or(&key.id)
        )));
    }
    let told = rows(ask, &projects).await?;
    let mut edit = ask.edit();
    for project in &projects {
        edit.remove(project);
    }
    edit.save().await?;
    Ok(json!(told))
}
