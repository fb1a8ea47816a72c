//! `/team/list`, `/v2/team/list`: the teams that a caller may see.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::{EntityQuery, Sort};
use serde_json::{Value, json};

use super::form::{membership, shown};
use crate::ask::{Answer, Ask, text};
use crate::keys;
use crate::paging::Wanted;
use crate::refusal::Refusal;

const SORTS: &[(&str, Sort)] = &[
    ("team_id", Sort::Id),
    ("created_at", Sort::Created),
    ("updated_at", Sort::Updated),
    ("spend", Sort::Spend),
];

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let teams = visible(ask).await?;
    let members = of_teams(ask, EntityKind::TeamMember, &teams).await?;
    let team_keys = of_teams(ask, EntityKind::Key, &teams).await?;
    let facts = ask
        .facts(&[teams.as_slice(), &members, &team_keys].concat())
        .await?;
    let own = ask.caller().user_id();
    let row = |team: &Entity| {
        let mut row = shown(team, &members, &facts);
        let of_team = |entity: &&Entity| entity.team_id.as_ref() == Some(&team.id);
        let managed = crate::access::Owner::of(team, None).is_managed_by(ask.caller());
        let may_see =
            |key: &&Entity| managed || ask.caller().sees_all() || key.user_id.as_deref() == own;
        let keys: Vec<_> = team_keys
            .iter()
            .filter(of_team)
            .filter(may_see)
            .map(|key| keys::shown_with_token(key, &facts))
            .collect();
        let joined: Vec<Value> = members
            .iter()
            .filter(of_team)
            .map(|member| membership(member, &facts))
            .collect();
        row.insert("keys".to_owned(), json!(keys));
        row.insert("team_memberships".to_owned(), joined.into());
        Value::Object(row)
    };
    Ok(teams.iter().map(row).collect::<Vec<_>>().into())
}

pub(super) async fn list_v2(ask: &Ask<'_>) -> Answer {
    let wanted = Wanted::read(&ask.query, "page_size", 10, 100)?;
    let teams = visible(ask).await?;
    let total = u64::try_from(teams.len()).unwrap_or(u64::MAX);
    let teams = wanted.of(teams);
    let members = of_teams(ask, EntityKind::TeamMember, &teams).await?;
    let team_keys = of_teams(ask, EntityKind::Key, &teams).await?;
    let facts = ask.facts(&teams).await?;
    let row = |team: &Entity| {
        let mut row = shown(team, &members, &facts);
        let count = |entities: &[Entity]| {
            let of_team = |entity: &&Entity| entity.team_id.as_ref() == Some(&team.id);
            entities.iter().filter(of_team).count()
        };
        row.insert("members_count".to_owned(), count(&members).into());
        row.insert("keys_count".to_owned(), count(&team_keys).into());
        Value::Object(row)
    };
    let rows: Vec<Value> = teams.iter().map(row).collect();
    Ok(wanted.answer("teams", &rows, total))
}

/// Everything of a kind that belongs to one of these teams.
async fn of_teams(
    ask: &Ask<'_>,
    kind: EntityKind,
    teams: &[Entity],
) -> Result<Vec<Entity>, Refusal> {
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    let query = EntityQuery {
        or_teams: teams.iter().map(|team| team.id.clone()).collect(),
        ..EntityQuery::new(kind)
    };
    ask.all(query).await
}

/// The teams that were asked for and that the caller may see, in order.
async fn visible(ask: &Ask<'_>) -> Result<Vec<Entity>, Refusal> {
    let caller = ask.caller();
    let mut query = EntityQuery {
        organization_id: ask.query.get("organization_id").map(str::to_owned),
        ids: ask.query.get("team_id").map(|id| vec![id.to_owned()]),
        ..EntityQuery::new(EntityKind::Team)
    };
    query.order = ask.order(SORTS)?;
    let of_user = match ask.query.get("user_id") {
        Some(user) if caller.sees_all() || caller.is(Some(user)) => Some(user.to_owned()),
        Some(_) => {
            return Err(Refusal::forbidden(format!(
                "Only admin users can query all teams/other teams. Your user role={}",
                caller.role().as_str()
            )));
        }
        None => None,
    };
    let mut teams = ask.all(query).await?;
    if let Some(user) = of_user {
        let joined = teams_of(ask, &user).await?;
        teams.retain(|team| joined.contains(&team.id));
    } else if !caller.sees_all() {
        teams.retain(|team| {
            let of_organization = caller.administers(team.organization_id.as_deref());
            of_organization || caller.is_in_team(&team.id)
        });
    }
    if let Some(part) = ask
        .query
        .get("team_alias")
        .or_else(|| ask.query.get("search"))
    {
        let part = part.to_lowercase();
        teams.retain(|team| {
            let alias = text(&team.settings, "team_alias").unwrap_or_default();
            alias.to_lowercase().contains(&part) || team.id.to_lowercase().contains(&part)
        });
    }
    Ok(teams)
}

async fn teams_of(ask: &Ask<'_>, user: &str) -> Result<Vec<String>, Refusal> {
    let query = EntityQuery {
        user_id: Some(user.to_owned()),
        ..EntityQuery::new(EntityKind::TeamMember)
    };
    let joined = ask.all(query).await?;
    Ok(joined
        .into_iter()
        .filter_map(|member| member.team_id)
        .collect())
}
