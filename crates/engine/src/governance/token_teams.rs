//! Which teams the requests of a token may count for, by what the gateway knows of them.

use std::sync::Arc;

use lockgate_core::entity::EntityKind;
use lockgate_core::error::GatewayError;
use lockgate_identity::{Caller as Token, TeamChoice, UnknownTeam};
use lockgate_wire::canonical::ErrorKind;

use super::Governance;
use super::account::Account;
use super::refusal::forbidden;
use super::registry::Newcomer;
use super::stranger::AUTH;

/// The teams that a request may count for.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order in which they are tried.
    pub(super) teams: Vec<Arc<Account>>,
    /// Without one that may use the model the request is refused.
    pub(super) needs_one: bool,
}

// === impl Governance ===

impl Governance {
    /// The teams that `choice` means.
    pub(super) async fn teams(
        &self,
        token: &Token,
        choice: TeamChoice,
    ) -> Result<Found, GatewayError> {
        let one = |team: Option<Arc<Account>>| Found {
            teams: team.into_iter().collect(),
            needs_one: false,
        };
        match choice {
            TeamChoice::Id { id, unknown } => self.named(token, &[id], unknown).await,
            TeamChoice::FirstOf { ids, unknown } => self.named(token, &ids, unknown).await,
            TeamChoice::Alias(alias) => {
                let team = self.by_alias(&alias).ok_or_else(no_such_team)?;
                Ok(one(Some(team)))
            }
            TeamChoice::Header {
                named,
                among,
                or_membership,
            } => {
                let team = self.by_id_or_alias(&named).filter(|team| {
                    let claimed = among.iter().any(|id| **id == *team.id());
                    let own = || self.own_teams(token).any(|own| own.id() == team.id());
                    claimed || or_membership && own()
                });
                Ok(one(Some(team.ok_or_else(not_yours)?)))
            }
            TeamChoice::Membership { required } => {
                let teams: Vec<_> = self.own_teams(token).collect();
                if required && teams.is_empty() {
                    let why = "this token's user is a member of no team \
                               (enforce_team_based_model_access)";
                    return Err(forbidden(why, AUTH));
                }
                Ok(Found {
                    teams,
                    needs_one: required,
                })
            }
            TeamChoice::OnlyMembership => Ok(one(self.only_team(token))),
            TeamChoice::IfThere(named) => Ok(one(self.by_id_or_alias(&named))),
            TeamChoice::None => Ok(Found::default()),
        }
    }

    /// Those of `ids` that are there, the first of them made if none is and that is wanted.
    async fn named(
        &self,
        token: &Token,
        ids: &[String],
        unknown: UnknownTeam,
    ) -> Result<Found, GatewayError> {
        let there = || -> Vec<Arc<Account>> {
            let teams = ids.iter();
            let teams = teams.filter_map(|id| self.directory.find(EntityKind::Team, id));
            teams.collect()
        };
        let mut teams = there();
        if teams.is_empty() {
            match (unknown, ids.first()) {
                (UnknownTeam::Create, Some(id)) => {
                    self.register(Newcomer::Team { id: id.clone() }).await?;
                    teams = there();
                }
                (UnknownTeam::FallBack, _) => {
                    return Ok(Found {
                        teams: self.only_team(token).into_iter().collect(),
                        needs_one: false,
                    });
                }
                _ => {}
            }
        }
        if teams.is_empty() {
            return Err(if ids.len() > 1 {
                none_of_them()
            } else {
                no_such_team()
            });
        }
        Ok(Found {
            teams,
            needs_one: true,
        })
    }

    fn own_teams<'s>(&'s self, token: &Token) -> impl Iterator<Item = Arc<Account>> + use<'s> {
        let user = token.user_id.as_deref();
        let ids = user.map(|user| self.directory.relations.teams_of(user));
        let ids = ids.unwrap_or_default().into_iter();
        ids.filter_map(|id| self.directory.find(EntityKind::Team, &id))
    }

    fn only_team(&self, token: &Token) -> Option<Arc<Account>> {
        let mut teams = self.own_teams(token);
        let team = teams.next();
        team.filter(|_| teams.next().is_none())
    }

    fn by_alias(&self, alias: &str) -> Option<Arc<Account>> {
        let id = self.directory.relations.named(EntityKind::Team, alias)?;
        self.directory.find(EntityKind::Team, &id)
    }

    fn by_id_or_alias(&self, named: &str) -> Option<Arc<Account>> {
        let by_id = self.directory.find(EntityKind::Team, named);
        by_id.or_else(|| self.by_alias(named))
    }
}

fn no_such_team() -> GatewayError {
    let why = "the team of this token is not known here";
    GatewayError::client(ErrorKind::NotFound, why).with_type(AUTH)
}

pub(super) fn none_of_them() -> GatewayError {
    let why = "no team of this token is known here and may use the model";
    forbidden(why, "team_model_access_denied")
}

/// The same whether there is such a team or not.
pub(super) fn not_yours() -> GatewayError {
    forbidden(
        "the header x-litellm-team-id names no team of this token",
        AUTH,
    )
}
