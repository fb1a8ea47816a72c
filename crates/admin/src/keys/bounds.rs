//! What the operator decided about all keys: defaults, and bounds that none may exceed.

use serde_json::{Map, Value};

use crate::ask::{Ask, text};
use crate::body::Sent;
use crate::config::overridden;
use crate::refusal::Refusal;
use crate::time::period;

/// Fills in the defaults, then holds against the bounds: what is not set becomes the bound.
pub(super) async fn complete(ask: &Ask<'_>, sent: &mut Sent) -> Result<(), Refusal> {
    let settings = &ask.admin.settings;
    let name = "default_key_generate_params";
    let defaults = overridden(ask, name, &settings.default_key_generate_params).await?;
    sent.fill(&defaults);
    let bounds = bounds(ask).await?;
    for (name, bound) in &bounds {
        hold(sent, name, bound)?;
    }
    Ok(())
}

/// Holds what a change names against the bounds.
pub(super) async fn check(ask: &Ask<'_>, sent: &mut Sent) -> Result<(), Refusal> {
    for (name, bound) in &bounds(ask).await? {
        if sent.has(name) {
            hold(sent, name, bound)?;
        }
    }
    Ok(())
}

async fn bounds(ask: &Ask<'_>) -> Result<Map<String, Value>, Refusal> {
    let configured = &ask.admin.settings.upperbound_key_generate_params;
    overridden(ask, "upperbound_key_generate_params", configured).await
}

fn hold(sent: &mut Sent, name: &str, bound: &Value) -> Result<(), Refusal> {
    if bound.is_null() {
        return Ok(());
    }
    let Some(value) = sent.get(name) else {
        sent.set(name, bound.clone());
        return Ok(());
    };
    let (wanted, most) = match (value, bound) {
        (Value::String(wanted), Value::String(most)) if is_duration(name) => {
            (seconds(wanted)?, seconds(most)?)
        }
        (wanted, most) => match (wanted.as_f64(), most.as_f64()) {
            (Some(wanted), Some(most)) => (wanted, most),
            _ => return Ok(()),
        },
    };
    if wanted <= most {
        return Ok(());
    }
    Err(Refusal::bad(format!(
        "{name} is over max limit set in config - user_value={value}; max_value={bound}"
    )))
}

fn is_duration(name: &str) -> bool {
    name.ends_with("duration")
}

/// A duration in seconds; `-1` is for ever.
fn seconds(text: &str) -> Result<f64, Refusal> {
    if text == "-1" {
        return Ok(f64::INFINITY);
    }
    let seconds = u32::try_from(period(text)?.seconds()).map_or(f64::MAX, f64::from);
    Ok(seconds)
}

/// What `key_type` stands for.
pub(super) fn routes_of(key_type: &str) -> Option<&'static str> {
    match key_type {
        "llm_api" => Some("llm_api_routes"),
        "management" => Some("management_routes"),
        "read_only" => Some("info_routes"),
        _ => None,
    }
}

/// Temporary increases have an end.
pub(super) fn check_increase(sent: &Sent) -> Result<(), Refusal> {
    let both = ["temp_budget_increase", "temp_budget_expiry"].map(|name| sent.get(name).is_some());
    if both[0] == both[1] {
        return Ok(());
    }
    Err(Refusal::fields(vec![serde_json::json!({
        "type": "value_error",
        "loc": ["body"],
        "msg": "Value error, temp_budget_increase and temp_budget_expiry must be set together",
        "input": null,
    })]))
}

/// The project must be of the key's team.
pub(super) async fn check_project(
    ask: &Ask<'_>,
    sent: &Sent,
    team_id: Option<&str>,
) -> Result<(), Refusal> {
    let Some(id) = sent.text("project_id") else {
        return Ok(());
    };
    let kind = lockgate_core::entity::EntityKind::Project;
    let project = ask.find(kind, id).await?;
    let project =
        project.ok_or_else(|| Refusal::bad(format!("Project not found, project_id={id}")))?;
    if project.team_id.as_deref() == team_id || project.team_id.is_none() {
        return Ok(());
    }
    let team = project.team_id.unwrap_or_default();
    Err(Refusal::bad(format!(
        "project_id={id} belongs to team_id={team}; the key must, too"
    )))
}

/// The budget that is referred to must be there.
pub(super) async fn check_budget(ask: &Ask<'_>, sent: &Sent) -> Result<(), Refusal> {
    for name in ["budget_id", "end_user_budget_id"] {
        let Some(id) = text(sent.members(), name) else {
            continue;
        };
        let kind = lockgate_core::entity::EntityKind::Budget;
        if ask.find(kind, id).await?.is_none() {
            return Err(Refusal::bad(format!(
                "{name}={id} does not match any budget."
            )));
        }
    }
    Ok(())
}
