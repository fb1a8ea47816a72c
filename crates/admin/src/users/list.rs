//! `/user/list`: users in pages.

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::{EntityQuery, Sort};

use super::form::rows;
use crate::ask::{Answer, Ask, text};
use crate::paging::Wanted;
use crate::refusal::Refusal;

const SORTS: &[(&str, Sort)] = &[
    ("user_id", Sort::Id),
    ("user_email", Sort::Name),
    ("created_at", Sort::Created),
    ("updated_at", Sort::Updated),
    ("spend", Sort::Spend),
];

pub(super) async fn list(ask: &Ask<'_>) -> Answer {
    let wanted = Wanted::read(&ask.query, "page_size", 25, 100)?;
    let mut query = EntityQuery {
        search: ask
            .query
            .get("user_email")
            .or_else(|| ask.query.get("search"))
            .map(str::to_owned),
        ids: asked_ids(ask).await?,
        ..EntityQuery::new(EntityKind::User)
    };
    query.order = ask.order(SORTS)?;
    let filtered = ["role", "team", "sso_user_ids"]
        .iter()
        .any(|name| ask.query.get(name).is_some());
    let (users, total) = if filtered {
        let mut users = ask.all(query).await?;
        let role = ask.query.get("role");
        users.retain(|user| role.is_none() || text(&user.settings, "user_role") == role);
        if let Some(team) = ask.query.get("team") {
            let members = crate::teams::memberships(ask, team).await?;
            users.retain(|user| {
                members
                    .iter()
                    .any(|one| one.user_id.as_ref() == Some(&user.id))
            });
        }
        let total = u64::try_from(users.len()).unwrap_or(u64::MAX);
        (wanted.of(users), total)
    } else {
        query.paging = wanted.paging();
        let page = ask.page(&query).await?;
        (page.rows, page.total)
    };
    Ok(wanted.answer("users", &rows(ask, &users).await?, total))
}

/// The users that were asked for, as far as the caller may see them; `None`: all.
async fn asked_ids(ask: &Ask<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let asked: Vec<String> = ask
        .query
        .all("user_ids")
        .flat_map(|ids| ids.split(','))
        .map(|id| id.trim().to_owned())
        .collect();
    let asked = (!asked.is_empty()).then_some(asked);
    if ask.caller().sees_all() {
        return Ok(asked);
    }
    let mut seen = Vec::new();
    for organization in ask.caller().administered_organizations() {
        let query = EntityQuery {
            organization_id: Some(organization),
            ..EntityQuery::new(EntityKind::OrganizationMember)
        };
        let members: Vec<Entity> = ask.all(query).await?;
        seen.extend(members.into_iter().filter_map(|member| member.user_id));
    }
    if let Some(asked) = asked {
        seen.retain(|id| asked.contains(id));
    }
    Ok(Some(seen))
}
