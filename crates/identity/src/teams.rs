//! Which team a request counts for, as far as the token and the client say so.

use lockgate_core::entity::EntityId;

use crate::error::IdentityError;

/// Which team a request counts for. What the gateway knows of teams decides the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamChoice {
    /// This one.
    Id {
        /// Its id.
        id: String,
        /// What to do if it is not there.
        unknown: UnknownTeam,
    },
    /// The one of this alias, which must be there.
    Alias(String),
    /// The first of these that is there and may use the model; if none may, the request is refused
    /// with 403, unless none of them is there and `unknown` says otherwise.
    FirstOf {
        /// Their ids, in the order of the token.
        ids: Vec<String>,
        /// What to do if none is there.
        unknown: UnknownTeam,
    },
    /// The one that the header `x-litellm-team-id` names by its id or by its alias, if it is one of
    /// `among`, or, with `or_membership`, one that the user is a member of. Otherwise the request is
    /// refused with 403, the same way whether there is such a team or not.
    Header {
        /// What the client sent.
        named: String,
        /// Teams that the token names.
        among: Vec<String>,
        /// Teams that the user is a member of count, too.
        or_membership: bool,
    },
    /// The first that the user is a member of and that may use the model.
    Membership {
        /// Without one the request is refused with 403.
        required: bool,
    },
    /// The one that the user is a member of, if it is exactly one; none otherwise.
    OnlyMembership,
    /// An administrator acts for this one, if it is there.
    IfThere(String),
    /// None.
    None,
}

/// What to do with a team that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownTeam {
    /// Make it: `team_id_upsert`.
    Create,
    /// Go on as with [`TeamChoice::OnlyMembership`]: `team_claim_fallback`.
    FallBack,
    /// Refuse with 404, as LiteLLM does.
    Refuse,
}

/// What a token says about teams, and the settings that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Teams {
    /// The bearer is an administrator, whom no team limits.
    pub(crate) admin: bool,
    /// `object_id_jwt_field` of a caller that is a team: nothing else counts then.
    pub(crate) object: Option<String>,
    /// `team_id_jwt_field`: the first counts.
    pub(crate) single: Vec<String>,
    /// `team_ids_jwt_field`
    pub(crate) several: Vec<String>,
    /// `team_alias_jwt_field`
    pub(crate) alias: Option<String>,
    /// `team_id_default`
    pub(crate) default: Option<String>,
    /// The claim that names a team must be there: `team_id_jwt_field`, else `team_alias_jwt_field`.
    pub(crate) required: Option<String>,
    /// `enforce_team_based_model_access`
    pub(crate) enforced: bool,
    /// `fallback_to_db_teams`
    pub(crate) by_membership: bool,
    pub(crate) unknown: UnknownTeam,
}

const HEADER: &str = "x-litellm-team-id";

// === impl Teams ===

impl Teams {
    /// All that the token names, each once.
    pub(crate) fn claimed(&self) -> Vec<String> {
        let mut all = self.several.clone();
        for id in self.object.iter().chain(&self.single) {
            if !all.contains(id) {
                all.push(id.clone());
            }
        }
        all
    }

    /// Whether the token, or the setting for tokens that name none, names a team at all.
    pub(crate) fn names_any(&self) -> bool {
        self.object.is_some()
            || !self.single.is_empty()
            || !self.several.is_empty()
            || self.alias.is_some()
            || self.default.is_some()
    }

    /// Whether the team is picked among several, or from what the gateway knows of the user: then
    /// `team_allowed_routes` counts, also for users.
    pub(crate) fn is_picked(&self) -> bool {
        let named = self.object.is_some() || !self.single.is_empty() || self.alias.is_some();
        !self.admin && !named && (!self.several.is_empty() || self.by_membership)
    }

    pub(crate) fn choose(&self, header: Option<&str>) -> Result<TeamChoice, IdentityError> {
        let header = header.map(str::trim).filter(|named| !named.is_empty());
        if header.is_some_and(|named| !EntityId::is_choosable(named)) {
            return Err(not_yours());
        }
        if self.admin {
            return Ok(header.map_or(TeamChoice::None, |named| {
                TeamChoice::IfThere(named.to_owned())
            }));
        }
        match header {
            Some(named) => self.named_by(named),
            None => self.named_by_token(),
        }
    }

    fn named_by(&self, named: &str) -> Result<TeamChoice, IdentityError> {
        let mut among = self.claimed();
        if among.is_empty() {
            among.extend(self.default.clone());
        }
        let unknown = self.unknown;
        if among.iter().any(|id| id == named) {
            let id = named.to_owned();
            return Ok(TeamChoice::Id { id, unknown });
        }
        if self.alias.as_deref() == Some(named) {
            return Ok(TeamChoice::Alias(named.to_owned()));
        }
        let or_membership = self.by_membership && self.object.is_none();
        if among.is_empty() && !or_membership {
            return Err(not_yours());
        }
        let named = named.to_owned();
        Ok(TeamChoice::Header {
            named,
            among,
            or_membership,
        })
    }

    fn named_by_token(&self) -> Result<TeamChoice, IdentityError> {
        let unknown = self.unknown;
        let by_id = |id: &String| TeamChoice::Id {
            id: id.clone(),
            unknown,
        };
        if let Some(id) = self.object.as_ref().or_else(|| self.single.first()) {
            return Ok(by_id(id));
        }
        if let Some(alias) = &self.alias {
            return Ok(TeamChoice::Alias(alias.clone()));
        }
        if !self.several.is_empty() {
            let ids = self.several.clone();
            return Ok(TeamChoice::FirstOf { ids, unknown });
        }
        // LiteLLM's order: what the gateway knows of the user wins over the default.
        if self.by_membership {
            return Ok(TeamChoice::Membership {
                required: self.enforced,
            });
        }
        if let Some(id) = &self.default {
            return Ok(by_id(id));
        }
        if let Some(claim) = &self.required {
            return Err(IdentityError::claim(
                claim,
                "is missing, and no other names a team",
            ));
        }
        if self.enforced {
            let setting = "enforce_team_based_model_access";
            return Err(IdentityError::forbidden(setting, "the token names no team"));
        }
        Ok(TeamChoice::OnlyMembership)
    }
}

/// The same whether there is such a team or not.
fn not_yours() -> IdentityError {
    IdentityError::forbidden(HEADER, "the header names no team of the token")
}
