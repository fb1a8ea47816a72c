//! `/team/new`

use lockgate_core::entity::{EntityId, EntityKind};
use serde_json::{Map, Value};

use super::form::{ASKED, FIELDS, Member, shown};
use super::members::{join, member};
use crate::ask::{Answer, Ask};
use crate::body::Sent;
use crate::caller::Caller;
use crate::config::overridden;
use crate::fields::LIMITS;
use crate::refusal::Refusal;

pub(super) async fn new(ask: &Ask<'_>) -> Answer {
    let body = ask.body()?.spread_metadata();
    let mut sent = body.fields(&[FIELDS, LIMITS, ASKED], &[])?;
    let defaults = &ask.admin.settings.default_team_params;
    sent.fill(&overridden(ask, "default_team_params", defaults).await?);
    let id = match sent.take_text("team_id").flatten() {
        Some(id) => free_id(ask, id).await?,
        None => uuid::Uuid::new_v4().to_string(),
    };
    let organization = organization(ask, &sent, None).await?;
    let mut edit = ask.edit();
    let mut team = edit.draft(EntityId::new(EntityKind::Team, id));
    team.organization_id = organization;
    let mut members = members(&sent)?;
    // Who makes a team manages it, or nobody but a proxy admin could.
    if let Some(user) = ask.caller().user_id()
        && matches!(ask.caller(), Caller::Key(_))
        && !members
            .iter()
            .any(|member| member.user_id.as_deref() == Some(user))
    {
        members.push(Member {
            user_id: Some(user.to_owned()),
            email: None,
            is_admin: true,
        });
    }
    sent.only(FIELDS).apply(&mut team.settings);
    sent.only(LIMITS).apply(&mut team.settings);
    let mut joined = Vec::new();
    for member in members {
        let nothing = Map::new();
        joined.push(join(ask, &mut edit, &team.id, member, &nothing).await?.0);
    }
    edit.insert(team.clone());
    edit.save().await?;
    let facts = ask.facts(std::slice::from_ref(&team)).await?;
    Ok(shown(&team, &joined, &facts).into())
}

async fn free_id(ask: &Ask<'_>, id: String) -> Result<String, Refusal> {
    if !EntityId::is_choosable(&id) {
        return Err(Refusal::bad(
            "team_id may not be empty or have control characters",
        ));
    }
    if ask.find(EntityKind::Team, &id).await?.is_some() {
        return Err(Refusal::bad(format!(
            "Team id = {id} already exists. Please use a different team id."
        )));
    }
    Ok(id)
}

/// The organization that a team is to be in, if the caller may put it there. `before`: where it is.
pub(super) async fn organization(
    ask: &Ask<'_>,
    sent: &Sent,
    before: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let wanted = if sent.has("organization_id") {
        sent.text("organization_id")
    } else {
        before
    };
    if let Some(id) = wanted
        && Some(id) != before
        && ask.find(EntityKind::Organization, id).await?.is_none()
    {
        return Err(Refusal::missing(format!(
            "Organization not found, passed organization_id={id}"
        )));
    }
    let caller = ask.caller();
    let unchanged = before.is_some() && wanted == before;
    if unchanged || caller.is_admin() || caller.administers(wanted) {
        return Ok(wanted.map(str::to_owned));
    }
    Err(Refusal::forbidden(
        "Only proxy admins make teams outside of organizations; admins of an organization make them in it.",
    ))
}

/// The members that a request for a team names, in its three ways.
fn members(sent: &Sent) -> Result<Vec<Member>, Refusal> {
    let mut members = Vec::new();
    for item in sent.objects("members_with_roles") {
        members.push(member(item)?);
    }
    for (name, is_admin) in [("admins", true), ("members", false)] {
        members.extend(sent.texts(name).into_iter().map(|id| Member {
            user_id: Some(id),
            email: None,
            is_admin,
        }));
    }
    Ok(members)
}

/// A list that a client sent as one object or as many.
pub(super) fn objects(value: Option<&Value>) -> Vec<Map<String, Value>> {
    match value {
        Some(Value::Object(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_object).cloned().collect(),
        _ => Vec::new(),
    }
}
