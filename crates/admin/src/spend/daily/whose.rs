//! Whose daily activity was asked for, as far as the caller may see it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lockgate_core::entity::{Entity, EntityKind};
use lockgate_core::ports::{Activity, ActivityQuery, Dimension};
use serde_json::json;

use super::super::days::Days;
use super::super::own;
use super::breakdown::{Day, Names};
use crate::ask::{Ask, text};
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::table::AdminRoute as Route;
use crate::teams;

/// The permission of members that opens the activity of their team.
const SEE_TEAM: &str = "/team/daily/activity";

/// Whose activity.
#[derive(Debug)]
pub(super) struct Whose {
    /// What the route is about.
    pub(super) kind: EntityKind,
    /// Whose rollup answers; `None`: that of all requests.
    pub(super) of: Option<EntityKind>,
    ids: Option<Vec<String>>,
    without: Vec<String>,
    /// Only what these keys did.
    keys: Option<HashSet<String>>,
}

/// What a route is about.
pub(super) fn kind(ask: &Ask<'_>) -> EntityKind {
    match ask.request.route {
        Route::TeamDaily | Route::TeamDailySum => EntityKind::Team,
        Route::TagDaily | Route::TagDailySum => EntityKind::Tag,
        Route::OrganizationDaily | Route::OrganizationDailySum => EntityKind::Organization,
        Route::CustomerDaily | Route::CustomerDailySum => EntityKind::Customer,
        _ => EntityKind::User,
    }
}

/// What the id of one is called.
pub(super) const fn member(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Team => "team_id",
        EntityKind::Tag => "tag",
        EntityKind::Organization => "organization_id",
        EntityKind::Customer => "end_user_id",
        _ => "user_id",
    }
}

/// The ids in a member of the query, with commas between them.
fn ids(ask: &Ask<'_>, name: &str) -> Option<Vec<String>> {
    let list = ask.query.get(name)?;
    Some(list.split(',').map(|id| id.trim().to_owned()).collect())
}

// === impl Whose ===

impl Whose {
    /// What the query asks for.
    pub(super) async fn asked(ask: &Ask<'_>) -> Result<Self, Refusal> {
        let kind = kind(ask);
        let (named, excluded) = match kind {
            EntityKind::Team => ("team_ids", "exclude_team_ids"),
            EntityKind::Tag => ("tags", "exclude_tags"),
            EntityKind::Organization => ("organization_ids", "exclude_organization_ids"),
            EntityKind::Customer => ("end_user_ids", "exclude_end_user_ids"),
            _ => ("user_id", "exclude_user_ids"),
        };
        let mut whose = Self {
            kind,
            of: Some(kind),
            ids: ids(ask, named),
            without: ids(ask, excluded).unwrap_or_default(),
            keys: None,
        };
        if ask.caller().sees_all() {
            if kind == EntityKind::User && whose.ids.is_none() {
                // Requests of nobody count, too.
                whose.of = None;
            }
            return Ok(whose);
        }
        match kind {
            EntityKind::Team => whose.narrow_teams(ask).await?,
            EntityKind::Tag => whose.keys = Some(own::keys(ask).await?),
            EntityKind::Organization => whose.narrow_organizations(ask)?,
            _ => whose.narrow_user(ask)?,
        }
        Ok(whose)
    }

    fn narrow_user(&mut self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let Caller::Key(key) = ask.caller() else {
            return Ok(());
        };
        let (kind, id) = own::self_of(ask.caller(), key);
        let others = self.ids.as_ref().is_some_and(|asked| {
            asked
                .iter()
                .any(|asked| Some(asked) != key.user_id.as_ref())
        });
        if others {
            return Err(Refusal::forbidden(
                "Non-admin users can only view their own spend data.",
            ));
        }
        (self.of, self.ids) = (Some(kind), Some(vec![id.to_owned()]));
        Ok(())
    }

    fn narrow_organizations(&mut self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let administered = ask.caller().administered_organizations();
        match &self.ids {
            None => self.ids = Some(administered),
            Some(asked) => {
                if let Some(other) = asked.iter().find(|id| !administered.contains(id)) {
                    return Err(Refusal::forbidden(format!(
                        "User is not org_admin for Organization= {other}."
                    )));
                }
            }
        }
        Ok(())
    }

    /// Who manages all teams he asks about sees all of them; else everybody sees his own keys only.
    async fn narrow_teams(&mut self, ask: &Ask<'_>) -> Result<(), Refusal> {
        let asked = match self.ids.take() {
            Some(asked) => asked,
            None => ask.caller().teams(),
        };
        let found = ask.those(EntityKind::Team, &asked).await?;
        let sees = |team: &Entity| {
            let member = ask.caller().is_in_team(&team.id);
            let may = || {
                teams::member_permissions(team)
                    .iter()
                    .any(|one| one == SEE_TEAM)
            };
            own::manages(ask.caller(), team) || member && may()
        };
        for id in &asked {
            let team = found.iter().find(|team| team.id == *id);
            if !ask.caller().is_in_team(id) && !team.is_some_and(sees) {
                return Err(Refusal::missing(format!(
                    "User does not belong to Team= {id}. Call `/user/info` to see user's teams"
                )));
            }
        }
        if !found.iter().all(sees) {
            self.keys = Some(own::keys(ask).await?);
        }
        self.ids = Some(asked);
        Ok(())
    }

    /// A question about it.
    pub(super) fn query(&self, days: Days, by: &[Dimension]) -> ActivityQuery {
        let mut query = days.query(self.of, by);
        query.ids.clone_from(&self.ids);
        query
    }

    /// Whether a row is to be shown.
    pub(super) fn shows(&self, row: &Activity) -> bool {
        let excluded = row
            .entity_id
            .as_ref()
            .is_some_and(|id| self.without.contains(id));
        let own = self
            .keys
            .as_ref()
            .is_none_or(|keys| row.key_id.as_ref().is_some_and(|key| keys.contains(key)));
        own && !excluded
    }

    /// The kind whose members are told apart by a question of their own.
    pub(super) fn entities_apart(&self) -> Option<EntityKind> {
        self.of.is_none().then_some(self.kind)
    }

    /// What is told of the entities that were active.
    pub(super) async fn names(
        &self,
        ask: &Ask<'_>,
        days: &BTreeMap<Option<i32>, Day>,
    ) -> Result<Names, Refusal> {
        let ids: BTreeSet<&String> = days.values().flat_map(Day::entities).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let told = |one: &Entity| match self.kind {
            EntityKind::Team => json!({"team_alias": text(&one.settings, "team_alias")}),
            EntityKind::Organization => {
                json!({"organization_alias": text(&one.settings, "organization_alias")})
            }
            EntityKind::Customer => json!({"alias": text(&one.settings, "alias")}),
            EntityKind::User => json!({
                "user_email": one.unique_name,
                "user_alias": text(&one.settings, "user_alias"),
            }),
            _ => json!({}),
        };
        if self.kind == EntityKind::Tag || ids.is_empty() {
            return Ok(Names::new());
        }
        let found = ask.those(self.kind, &ids).await?;
        Ok(found
            .iter()
            .map(|one| (one.id.clone(), told(one)))
            .collect())
    }
}
